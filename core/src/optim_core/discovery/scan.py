"""Entry points to claims: which installed distribution offers which plugin, read from metadata alone.

No plugin is imported here. Each distribution is read on its own, and what is wrong with it becomes a fault of its own.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator

import attrs

from optim_core.discovery.claims import Claim, Fault
from optim_core.discovery.distributions import Source, installed
from optim_core.kinds import entry_point_groups
from optim_core.text.names import is_name
from optim_core.text.prose import visible
from optim_core.version import __version__

__all__ = ["Scan", "scan"]


_MARK = "optim_core."
_TARGET = re.compile(r"(\w+(?:\.\w+)*)\s*:\s*(\w+(?:\.\w+)*)\s*(?:\[([\w\s,.-]*)\])?")
# What pip puts before the names of folders that it is about to delete.
_LEFT_OVER = "~"


@attrs.define
class Scan:
    """What one pass over the installed distributions found."""

    claims: list[Claim] = attrs.Factory(list)
    faults: list[Fault] = attrs.Factory(list)

    def blame(self, source: Source, message: str) -> None:
        """Adds a fault of `source`."""
        self.faults.append(Fault(source.name, message, source.location))


def scan(path: Iterable[str] | None = None, *, thorough: bool = False) -> Scan:
    """Reads the entry points of every distribution on `path`, each on its own.

    Args:
        path: folders to look in, None is ``sys.path``.
        thorough: also report malformed entry points of distributions that offer nothing here, because such a file
            stops ``import torch`` and the standard library's ``entry_points()``.
    """
    found = Scan()
    texts: dict[str, str] = {}
    sources: dict[str, Source] = {}
    for source in installed(sys.path if path is None else path, lambda *what: found.faults.append(_unreadable(*what))):
        text, problem = _entry_points(source)
        if source.folder.startswith(_LEFT_OVER):
            if _MARK in text:
                found.blame(source, f"an interrupted pip left {source.location} behind; delete that folder")
            continue
        hider = sources.setdefault(source.key, source)
        if hider is not source:
            if _MARK in text + texts[source.key] and _clash(source, text, hider, texts[source.key]):
                found.faults.append(Fault(source.name, _hidden(source, hider), source.location, "hidden"))
            continue
        source.installed = sources
        texts[source.key] = text
        if problem:
            found.blame(source, problem)
        if _MARK in text or (thorough and text):
            _read(text, source, found)
    return found


def _unreadable(folder: str, error: OSError) -> Fault:
    message = (
        f"the folder {folder} on sys.path cannot be read ({error.strerror}), so what is installed there is unknown"
    )
    return Fault(folder, f"{message}; give yourself access, or take it out of sys.path", folder)


def _clash(source: Source, text: str, hider: Source, its_text: str) -> bool:
    """Whether it matters that `hider` hides `source`: an overlay of one folder over another often is meant."""
    beside = os.path.dirname(source.location) == os.path.dirname(hider.location)  # noqa: PTH120 - as it stands
    return beside or text != its_text


def _hidden(source: Source, hider: Source) -> str:
    return (
        f"{source.label} in {source.location} is hidden by {hider.label} in {hider.location}, which comes first; "
        f"remove one of the two: pip uninstall {source.name}"
    )


def _entry_points(source: Source) -> tuple[str, str | None]:
    """The text of entry_points.txt ("" where there is none), and what is wrong with the file."""
    try:
        content = source.read("entry_points.txt")
        return ("" if content is None else content.decode()), None
    except UnicodeDecodeError:
        problem = "is not UTF-8 text"
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    return "", f"its entry_points.txt {problem}, so what it offers is unknown; {source.reinstall}"


@attrs.frozen
class _Line:
    """One entry of entry_points.txt.

    Args:
        number: of the line, from 1.
        text: the line as it stands.
        group: the group that it stands in, None above the first one.
        name: what stands before ``=``.
        value: what stands after it; ``module:attribute`` without spaces, where it is that.
    """

    number: int
    text: str
    group: str | None
    name: str
    value: str

    @property
    def kind(self) -> str | None:
        return entry_point_groups().get(self.group or "")

    @property
    def problem(self) -> str | None:
        """What is wrong with it, None where nothing is; of others' groups little is known."""
        if self.group is None:
            return "stands above the first [group]"
        if "=" not in self.text:
            return "has no `=`"
        if self.kind is None:
            return None
        if not is_name(self.name):
            return "has a name that is empty, has a `:` or holds invisible characters"
        return None if _TARGET.fullmatch(self.value) else "does not name a target as `module:Class`"


def _lines(text: str) -> Iterator[_Line]:
    group = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif line and line[0] not in "#;":
            name, _, value = line.partition("=")
            yield _Line(number, line, group, name.strip(), _without_spaces(value.strip()))


def _without_spaces(value: str) -> str:
    match = _TARGET.fullmatch(value)
    if match is None:
        return value
    module, attribute, extras = match.groups()
    return f"{module}:{attribute}" + (f"[{extras}]" if extras else "")


def _read(text: str, source: Source, found: Scan) -> None:
    """Adds the claims in `text`; a malformed line is a claim with a fault, or a fault where it claims no name."""
    entries: dict[tuple[str, str], list[_Line]] = {}
    strange: dict[str, None] = {}
    for line in _lines(text):
        if line.kind is not None and line.name:
            entries.setdefault((line.kind, line.name), []).append(line)
        elif line.problem:
            found.blame(source, _at(line, source))
        elif line.group is not None and line.group.startswith(_MARK):
            strange[line.group] = None
    for group in strange:
        message = f"its entry_points.txt has a group [{visible(group)}], which optim-core {__version__} does not know"
        found.blame(source, f"{message}; the groups are {', '.join(entry_point_groups())}")
    found.claims += _claims(entries, source)


def _claims(entries: dict[tuple[str, str], list[_Line]], source: Source) -> list[Claim]:
    faults = {key: _fault(lines, source) for key, lines in entries.items()}
    names: dict[tuple[str, str], list[str]] = {}
    for (kind, name), lines in entries.items():
        if faults[kind, name] is None:
            names.setdefault((kind, lines[0].value), []).append(name)
    return [
        Claim(kind, name, lines[0].value, source, faults[kind, name], tuple(names.get((kind, lines[0].value), ())))
        for (kind, name), lines in entries.items()
    ]


def _fault(lines: list[_Line], source: Source) -> str | None:
    """What is wrong with the entries of one name, of which there should be one."""
    wrong = next((line for line in lines if line.problem), None)
    if wrong is not None:
        return _at(wrong, source)
    if len({line.value for line in lines}) > 1:
        return f"its entry_points.txt lists `{visible(lines[0].name)}` twice; {source.reinstall}"
    return None


def _at(line: _Line, source: Source) -> str:
    return f"line {line.number} of its entry_points.txt {line.problem}: '{visible(line.text)}'; {source.reinstall}"
