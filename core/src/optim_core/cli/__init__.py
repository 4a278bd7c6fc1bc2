"""The command `optim`, and how a command prints: text that the terminal can show, and JSON."""

from __future__ import annotations

from optim_core.cli.output import print_json, say

__all__ = ["main", "print_json", "say"]


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
    from optim_core.cli.group import cli

    cli(prog_name="optim")
