"""`optim conformance`: whether plugins are as they must be."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from optim_conformance.kinds import EVERY_KIND
from optim_core import OptimError, PluginError, registry
from optim_core.cli import own_output, plugin_names, print_json, say
from optim_core.plugin_tools import KINDS, Kind, visible

if TYPE_CHECKING:
    from optim_conformance import Report, Subject

__all__ = ["command"]

# So many plugins share their processes: starting one takes longer than checking a plugin, but reports wait for all.
TOGETHER = 8


@click.command(name="conformance", short_help="Check plugins: the conformance kit.")
@click.argument("names", metavar="[NAME | MODULE:CLASS]...", nargs=-1, shell_complete=plugin_names)
@click.option("--kind", type=click.Choice(EVERY_KIND), help="Needed only where one name is used for two kinds.")
@click.option("--all", "everything", is_flag=True, help="Check everything that is installed and can be used.")
@click.option("--list", "listed", is_flag=True, help="Say what is checked, and check nothing.")
@click.option(
    "--declare", is_flag=True, help="Write what they cannot do into the source of their classes, as `conformance`."
)
@click.option("-v", "--verbose", is_flag=True, help="Show also what passed.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@own_output()
def command(
    names: tuple[str, ...],
    kind: Kind | None,
    everything: bool,
    listed: bool,
    declare: bool,
    verbose: bool,
    form: str,
) -> None:
    """Check plugins: optimizers, schedulers and clippers; models, datasets, loggers and demos of a training.

    Builds and runs them with torch on tiny problems. A class that is not installed is named by its module, which is
    looked for in the current folder too: my_module:MyClass.

    With --declare a plugin is checked until what it declares is what is so: what it cannot do is written into the
    source of its class, with what was seen as the reason, and what it declares and can do is taken out. Read what is
    printed: what is no nature of the plugin is a mistake in it, and is to be mended, not declared.

    Exit status: 1 when a property failed or a plugin cannot be loaded, 2 when a name means nothing, else 0.
    """
    if listed:
        _list(kind, form)
        return
    if bool(names) == everything:
        raise click.UsageError("name the plugins to check, or write --all")
    if find_spec("torch") is None:
        raise OptimError("the conformance kit runs what it checks, and torch is not installed: pip install torch")
    if declare:
        if everything or form == "json":
            raise click.UsageError("--declare goes with names of plugins alone, and with no --all or --format json")
        passed = [_declare(_found(name, kind), verbose) for name in names]
        if not all(passed):
            raise SystemExit(1)
        return
    broken = _broken() if everything else {}
    found = [broken.get((each, name)) or _found(name, each) for name, each in _wanted(names, kind, everything)]
    if not _check(found, form, verbose):
        raise SystemExit(1)


def _wanted(names: tuple[str, ...], kind: Kind | None, everything: bool) -> list[tuple[str, Kind | None]]:
    if not everything:
        return [(name, kind) for name in names]
    return [(name, each) for each in ([kind] if kind else EVERY_KIND) for name in registry.names(each)]


def _broken() -> dict[tuple[Kind | None, str], Report]:
    """Return kind and name to the report of what cannot be loaded; it is tried in a child, which an import may end."""
    from optim_core.probing.probe import probe

    reports: dict[tuple[Kind | None, str], Report] = {}
    for (of, distribution, name), problem in probe().items():
        for kind in EVERY_KIND:
            if of == kind:
                for address in (name, f"{distribution}:{name}"):
                    reports[kind, address] = _unloadable(address, kind, problem)
    return reports


def _check(found: list[Subject | Report], form: str, verbose: bool) -> bool:
    """Check each, show the reports as they come, or all as JSON, and tell whether nothing failed."""
    reports = []
    for report in _reports(found):
        reports.append(report)
        if form == "text":
            say(report.in_words(everything=verbose))
    if form == "json":
        print_json([report.as_data() for report in reports])
    elif len(reports) > 1:
        failed = ", ".join(visible(report.name) for report in reports if not report.passed)
        say(f"{len(reports)} checked; " + (f"something failed in {failed}" if failed else "nothing failed"))
    return all(report.passed for report in reports)


def _reports(found: list[Subject | Report]) -> Iterator[Report]:
    """Yield the reports in their order; those of plugins that share their processes come together."""
    from optim_conformance import Kit, Subject

    for start in range(0, len(found), TOGETHER):
        together = found[start : start + TOGETHER]
        kit = Kit(each for each in together if isinstance(each, Subject))
        yield from (kit.report(each) if isinstance(each, Subject) else each for each in together)


def _found(name: str, kind: Kind | None) -> Subject | Report:
    """Return the plugin of that name, or the report of one that cannot be loaded.

    Raises:
        click.UsageError: the name means nothing, or several things.
    """
    from optim_conformance.named import subject_named

    try:
        return subject_named(name, kind)
    except PluginError as error:
        known = (each for each in KINDS if registry.knows(each, name))
        return _unloadable(name, kind or next(known, None), str(error))
    except OptimError as error:
        raise click.UsageError(str(error)) from error


def _declare(found: Subject | Report, verbose: bool) -> bool:
    """Write into the source of a plugin class what holds, show that and the report, and tell whether nothing failed."""
    from optim_conformance import Report
    from optim_conformance.class_source import ClassSource
    from optim_conformance.declaring import declarations_that_hold

    if isinstance(found, Report):
        say(found.in_words())
        return False
    source = ClassSource.of(found.cls)
    declared, report = declarations_that_hold(found)
    text = source.declaring(declared)
    if text == source.text:
        say(f"{found.kind} {visible(found.name)}: there is nothing to declare or to take out")
    else:
        source.write(text)
        say(source.difference(text))
        if "site-packages" in source.file.parts:
            say(
                f"{source.file} is the installed copy: make the same change in the source that it is made from",
                err=True,
            )
    say(report.in_words(everything=verbose))
    return report.passed


def _unloadable(name: str, kind: Kind | None, problem: str) -> Report:
    from optim_conformance import Report

    return Report(name=name, kind=kind, provided_by="", results=(), problem=problem)


def _list(kind: Kind | None, form: str) -> None:
    from optim_conformance import properties_of

    kinds: list[Kind] = [kind] if kind else list(EVERY_KIND)
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
