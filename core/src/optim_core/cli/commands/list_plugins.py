"""`optim list`: what is installed, read without importing it."""

from __future__ import annotations

import attrs
import click

from optim_core import PluginRecord, registry
from optim_core.cli.output import print_json, say, width
from optim_core.plugin_tools import KINDS, install_line, summary_without_import, visible

__all__ = ["command"]

# What an extra brings, in words.
_SOURCES = {"torch": "those of torch", "training": "some"}


@click.command(name="list")
@click.argument(
    "kinds",
    required=False,
    type=click.Choice([f"{kind}s" for kind in KINDS]),
)
@click.option("--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(kinds: str | None, style: str) -> None:
    """List the plugins that are installed, in whatever state.

    The state is what metadata shows: `optim doctor` also imports them.
    """
    wanted = [kind for kind in KINDS if kinds in (None, f"{kind}s")]
    records = [record for kind in wanted for record in registry.catalog(kind).plugins()]
    if style == "json":
        print_json([{**attrs.asdict(record), "summary": summary_without_import(record)} for record in records])
    elif not records:
        extra = "training" if all(KINDS[kind].apart for kind in wanted) else "torch"
        say(f"no {kinds or 'plugins'} are installed; {_SOURCES[extra]} come with: {install_line(extra)}")
    else:
        _print(records, with_kind=len(wanted) > 1)


def _print(records: list[PluginRecord], *, with_kind: bool) -> None:
    from optim_core.cli.table import print_table

    headings = ["name", *(["kind"] if with_kind else []), "distribution", "version", "state", "what it is"]
    rows = [[*_cells(record, with_kind=with_kind), _meaning(record)] for record in records]
    print_table(headings, rows, width())


def _cells(record: PluginRecord, *, with_kind: bool) -> list[str]:
    kind = [record.kind] if with_kind else []
    return [visible(record.name), *kind, visible(record.distribution), record.version or "unknown", record.state]


def _meaning(record: PluginRecord) -> str:
    if record.state in ("broken", "incompatible", "blocked"):
        return visible(record.error or "").partition("\n")[0]
    if record.alias_of is not None:
        return f"another name of {visible(record.alias_of)}"
    if record.provider is not None:
        return f"from the provider {visible(record.provider)}"
    return visible(summary_without_import(record) or "")
