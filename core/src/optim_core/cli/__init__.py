"""The command `optim`, and how a command prints: text that the terminal can show, and JSON."""

from __future__ import annotations

import gc

from optim_core.cli.completing import plugins as plugin_names
from optim_core.cli.output import own_output, print_json, say

__all__ = ["main", "own_output", "plugin_names", "print_json", "say"]


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
