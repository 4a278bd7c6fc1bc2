"""`optim conformance`: whether plugins are as they must be."""

from __future__ import annotations

from importlib.util import find_spec

import click

from optim_core import OptimError, registry
from optim_core.cli.output import print_json, say
from optim_core.discovery import KINDS, Kind
from optim_core.names import visible

__all__ = ["command"]


@click.command(name="conformance")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--kind", type=click.Choice(KINDS), help="Needed only where one name is used for two kinds.")
@click.option("--all", "everything", is_flag=True, help="Check everything that is installed and can be used.")
@click.option("--list", "listed", is_flag=True, help="Say what is checked, and check nothing.")
@click.option("-v", "--verbose", is_flag=True, help="Show also what passed.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    names: tuple[str, ...], kind: Kind | None, everything: bool, listed: bool, verbose: bool, form: str
) -> None:
    """Check optimizers, schedulers and clippers: the conformance kit.

    Builds and runs them with torch on tiny problems. Exit status: 1 when a property failed, else 0.
    """
    if listed:
        _list(kind, form)
        return
    if bool(names) == everything:
        raise click.UsageError("name the plugins to check, or write --all")
    if find_spec("torch") is None:
        raise OptimError("the conformance kit runs what it checks, and torch is not installed: pip install torch")
    passed = _check(_wanted(names, kind, everything), form, verbose)
    if not passed:
        raise SystemExit(1)


def _wanted(names: tuple[str, ...], kind: Kind | None, everything: bool) -> list[tuple[str, Kind | None]]:
    if not everything:
        return [(name, kind) for name in names]
    return [(name, each) for each in ([kind] if kind else KINDS) for name in registry.names(each)]


def _check(wanted: list[tuple[str, Kind | None]], form: str, verbose: bool) -> bool:
    """Checks each, and shows the reports as they come, or all as JSON; whether nothing failed."""
    from optim_core.testing import Kit, subject_of

    kit = Kit([subject_of(name, kind) for name, kind in wanted])
    reports = []
    for subject in kit.subjects:
        report = kit.report(subject)
        reports.append(report)
        if form == "text":
            say(report.in_words(everything=verbose))
    if form == "json":
        print_json([report.as_data() for report in reports])
    elif len(reports) > 1:
        failed = ", ".join(visible(report.name) for report in reports if not report.passed)
        say(f"{len(reports)} checked; " + (f"something failed in {failed}" if failed else "nothing failed"))
    return all(report.passed for report in reports)


def _list(kind: Kind | None, form: str) -> None:
    from optim_core.testing import properties_of

    kinds: list[Kind] = [kind] if kind else list(KINDS)
    rows = [
        {"kind": each, "property": made.name, "declarable": made.declarable, "sentence": made.sentence}
        for each in kinds
        for made in properties_of(each).values()
    ]
    if form == "json":
        print_json(rows)
        return
    for each in kinds:
        say(f"{each}s")
        for row in rows:
            if row["kind"] == each:
                say(f"  {row['property']}: {row['sentence']}")
