"""The command `optim`, and what commands of others share with ours, which is imported when it is asked for.

- printing text that the terminal can show, and JSON: `own_output`, `say`, `print_json`;
- the learning rates of configs over the steps of a run: `chart_of_configs`;
- the model that ``--model MODULE:CALLABLE`` names, `users_model`; the table of its parameters, `rows_of`, below
  `HEADINGS`, and of its groups, `summary_of`;
- a file that holds what it held before until it holds all of the new: `write_file`.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from optim_core.cli.completing import plugins as plugin_names
from optim_core.cli.output import own_output, print_json, say
from optim_core.on_demand import names_on_demand

if TYPE_CHECKING:
    from optim_core.cli.explain.rows import HEADINGS, rows_of, summary_of
    from optim_core.cli.explain.users_model import users_model
    from optim_core.cli.plot.drawing import chart_of_configs
    from optim_core.cli.writing import write_file

__all__ = [
    "HEADINGS",
    "chart_of_configs",
    "main",
    "own_output",
    "plugin_names",
    "print_json",
    "rows_of",
    "say",
    "summary_of",
    "users_model",
    "write_file",
]

__getattr__ = names_on_demand(
    globals(),
    {
        "optim_core.cli.explain.rows": ("HEADINGS", "rows_of", "summary_of"),
        "optim_core.cli.explain.users_model": ("users_model",),
        "optim_core.cli.plot.drawing": ("chart_of_configs",),
        "optim_core.cli.writing": ("write_file",),
    },
)


def main() -> None:
    """Run the command, as the console script does.

    Example:
        >>> import contextlib, json, pathlib, sys
        >>> from optim_core.cli import main
        >>> written = pathlib.Path("train.json").write_text(json.dumps({"optimizer": {"type": "AdamW"}}))
        >>> sys.argv = ["optim", "migrate", "train.json"]
        >>> with contextlib.suppress(SystemExit):
        ...     main()
        {
          "optimizer": {
            "type": "AdamW"
          }
        }
    """
    # What a start makes is no garbage, and the search for some would take a twentieth of a short command's time.
    gc.disable()
    try:
        from optim_core.cli.group import cli

        cli(prog_name="optim")
    finally:
        gc.enable()
