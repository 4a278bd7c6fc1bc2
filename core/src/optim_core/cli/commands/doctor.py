"""`optim doctor`: everything that is wrong with what is installed, and how to mend it."""

from __future__ import annotations

import platform
from collections.abc import Container, Iterable, Iterator, Mapping

import attrs
import click

from optim_core import ExtensionRecord, Fault, PluginRecord, Registry, __version__, registry
from optim_core.cli.output import INDENT, print_json, say
from optim_core.cli.plugin_commands import shadowed
from optim_core.plugin_tools import KINDS, visible

__all__ = ["command"]

# These states make the exit status 1.
WRONG = ("broken", "ambiguous", "incompatible")


@attrs.frozen
class Finding:
    """One thing to know about what is installed.

    Args:
        state: "broken", "ambiguous", "incompatible", "hidden", "blocked", "empty" or "setting".
        what: the plugins or the distribution that it is about.
        message: what it is, and the repair.
    """

    state: str
    what: str
    message: str


@click.command(name="doctor")
@click.option(
    "--probe/--no-probe", default=True, help="Import and check every plugin in a child process.", show_default=True
)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(probe: bool, style: str) -> None:
    """Find plugins that are broken, ambiguous, blocked or hidden.

    Exit status: 1 when something is broken, ambiguous or incompatible, else 0.
    """
    broken = _probe() if probe else {}
    examined = _without_providers(broken)
    findings = _findings(examined, broken)
    versions = _versions(examined, broken)
    if style == "json":
        distributions = [{"name": name, "version": version} for name, version in versions]
        found = [attrs.asdict(finding) for finding in findings]
        print_json(
            {
                "python": platform.python_version(),
                "optim_core": __version__,
                "distributions": distributions,
                "probed": probe,
                "findings": found,
            }
        )
    else:
        _print(versions, findings)
    if any(finding.state in WRONG for finding in findings):
        raise SystemExit(1)


def _probe() -> dict[tuple[str, str, str], str]:
    # This comes before anything else: a provider whose import ends the process must not be imported here.
    from optim_core.plugin_tools import probe

    return probe(check=True)


def _without_providers(broken: Iterable[tuple[str, str, str]]) -> Registry:
    """Return the default registry, or one without the providers that the child process found broken."""
    providers = [f"{distribution}:{name}" for kind, distribution, name in broken if kind == "provider"]
    return registry.without(providers) if providers else registry


def _findings(examined: Registry, broken: Mapping[tuple[str, str, str], str]) -> list[Finding]:
    """Return each thing once, however many plugins it is about."""
    told: dict[tuple[str, str], list[str]] = {}
    for state, what, message in (
        *_of_records(examined, broken),
        *(("broken", f"{kind} {name}", message) for (kind, _, name), message in broken.items() if kind not in KINDS),
        *_of_extensions(examined, broken),
        *map(_of_fault, examined.faults(thorough=True)),
    ):
        told.setdefault((state, message), []).append(visible(what))
    return [Finding(state, ", ".join(dict.fromkeys(what)), message) for (state, message), what in told.items()]


def _of_records(examined: Registry, broken: Mapping[tuple[str, str, str], str]) -> Iterator[tuple[str, str, str]]:
    """Yield state, plugin and message of each plugin in whose state there is something to tell."""
    for kind in KINDS:
        for record in examined.plugins(kind):
            what = f"{kind} {record.name}"
            if record.state != "ok":
                yield record.state, what, _message(record)
            message = broken.get((kind, record.distribution, record.name))
            if message is not None:
                yield "broken", what, message


def _of_extensions(examined: Registry, broken: Container[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """Yield state, name and message of each provider and command in whose state there is something to tell.

    What is wrong with a provider is among the faults.
    """
    for record in (*examined.providers(), *examined.commands()):
        what = f"{record.kind} {record.name}"
        if record.kind == "provider" and (record.kind, record.distribution, record.name) in broken:
            # It was told already, and is left alone for that.
            continue
        if record.state == "blocked" or (record.state != "ok" and record.kind == "command"):
            yield record.state, what, _message(record)
        elif record.kind == "command" and (taken := shadowed(record)):
            yield "ambiguous", what, taken


def _message(record: PluginRecord | ExtensionRecord) -> str:
    error = record.error or ""
    return f"{record.distribution}: {error}" if record.state == "incompatible" else error


def _of_fault(fault: Fault) -> tuple[str, str, str]:
    return fault.state, fault.distribution, fault.message


def _versions(examined: Registry, broken: Mapping[tuple[str, str, str], str]) -> list[tuple[str, str]]:
    """Return the distributions that offer something usable, with their versions."""
    plugins = [record for kind in KINDS for record in examined.plugins(kind)]
    records: list[PluginRecord | ExtensionRecord] = [*plugins, *examined.commands()]
    return sorted(
        {
            (record.distribution, record.version or "unknown")
            for record in records
            if record.state in ("ok", "ambiguous") and (record.kind, record.distribution, record.name) not in broken
        }
    )


def _print(versions: list[tuple[str, str]], findings: list[Finding]) -> None:
    say(f"python {platform.python_version()}, optim-core {__version__}")
    say(f"in use: {', '.join(f'{name} {version}' for name, version in versions) or 'no plugin'}")
    if not findings:
        say("everything is fine")
    for finding in findings:
        # The text is not wrapped, as it holds commands to copy.
        lines = "\n".join(f"{INDENT}{line.strip()}" for line in finding.message.splitlines())
        say(f"\n{finding.state}: {finding.what}\n{lines}")
