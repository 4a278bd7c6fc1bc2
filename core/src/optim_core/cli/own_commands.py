"""The subcommands that the core brings."""

from __future__ import annotations

__all__ = ["OWN_COMMANDS"]

# Each subcommand has a module below optim_core.cli; the help lists them in this order.
OWN_COMMANDS = {
    "list": "commands.list_plugins",
    "show": "commands.show_plugin",
    "validate": "commands.validate",
    "resolve": "commands.resolve",
    "migrate": "commands.migrate",
    "plot": "plot.command",
    "explain": "explain.command",
    "schema": "commands.print_schema",
    "doctor": "commands.doctor",
    "new": "new.command",
    "completion": "commands.print_completion",
    "sweep": "commands.sweep",
}
