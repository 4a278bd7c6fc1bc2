"""Entry points to claims: which installed distribution offers which plugin, read from metadata alone.

No plugin is imported here. Each distribution is read on its own, and what is wrong with it becomes a fault of its own.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from optim_core.discovery.claims import Claim, Names
from optim_core.discovery.distributions import Source, UnreadableError, installed
from optim_core.kinds import entry_point_groups
from optim_core.text.names import is_name
from optim_core.text.prose import brief, said, visible
from optim_core.version import __version__

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from optim_core.discovery.records import Fault

__all__ = ["Scan", "deletion", "scan"]


_TARGET = re.compile(r"(\w+(?:\.\w+)*)\s*:\s*(\w+(?:\.\w+)*)\s*(?:\[([\w\s,.-]*)\])?")
# What pip puts before the names of folders that it is about to delete.
_LEFT_OVER = "~"
# No line that anybody wrote on purpose is longer.
LONGEST_LINE = 1000
LONGEST_NAME = 200
# How many lines of one file that are wrong are told, each by itself.
MOST_TOLD = 10


class Scan:
    """What one pass over the installed distributions found."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        self.faults: list[Fault] = []
        # What the names of our groups begin with.
        self._marks = tuple({f"{group.partition('.')[0]}." for group in entry_point_groups()})

    def is_marked(self, text: str) -> bool:
        """Tell whether an entry-point file speaks of a group of ours; most do not, and are not read further."""
        return any(mark in text for mark in self._marks)

    def is_of_ours(self, group: str) -> bool:
        """Tell whether a group is named as ours are."""
        return group.startswith(self._marks)

    def blame(
        self, distribution: str, message: str, location: str, state: Literal["broken", "hidden"] = "broken"
    ) -> None:
        """Add a fault."""
        # The module is imported here because nobody needs it where nothing is wrong.
        from optim_core.discovery.records import Fault

        self.faults.append(Fault(distribution, message, location, state))


def scan(path: Iterable[str] | None = None, *, thorough: bool = False) -> Scan:
    """Read the entry points of every distribution on `path`, each on its own.

    Args:
        path: folders to look in, None is ``sys.path``.
        thorough: also report malformed entry points of distributions that offer nothing here, because such a file
            stops ``import torch`` and the standard library's ``entry_points()``.
    """
    found = Scan()
    texts: dict[Source, str] = {}
    same: dict[str, list[Source]] = {}
    for source in installed(sys.path if path is None else path, partial(_blame_place, found)):
        text, fault = _entry_points(source)
        if source.folder.startswith(_LEFT_OVER):
            if found.is_marked(text):
                message = f"an interrupted pip left {visible(source.location)} behind; delete that folder"
                found.blame(source.name, message, source.location)
            continue
        texts[source] = text
        same.setdefault(source.key, []).append(source)
        if fault:
            found.blame(source.name, fault, source.location)
    counting = {key: _that_counts(sources) for key, sources in same.items()}
    for source, text in texts.items():
        hider = counting[source.key]
        if hider is not source:
            _tell_hidden(found, source, hider, texts)
            continue
        source.installed = counting
        if found.is_marked(text) or (thorough and text):
            _read(text, source, found)
    return found


def _that_counts(sources: Sequence[Source]) -> Source:
    """Return which of several metadata folders of one name counts: the first that says what it is, else the first."""
    if len(sources) == 1:
        return sources[0]
    return next((source for source in sources if source.fault is None), sources[0])


def _tell_hidden(found: Scan, source: Source, hider: Source, texts: Mapping[Source, str]) -> None:
    """Add the fault of a metadata folder that another one hides, where that matters."""
    if not found.is_marked(texts[source] + texts[hider]):
        return
    if source.fault is not None and hider.fault is None:
        message = (
            f"{visible(source.location)} has no METADATA, and {hider.label} in {visible(hider.location)} is whole; "
            f"delete that folder: {deletion(source.location)}"
        )
        found.blame(source.name, message, source.location)
    elif _clash(source, texts[source], hider, texts[hider]):
        found.blame(source.name, _hidden(source, hider), source.location, "hidden")


def deletion(folder: str) -> str:
    """Return the command that deletes a folder.

    Example:
        >>> from optim_core.discovery.scan import deletion
        >>> deletion("site-packages/my lion-1.0.dist-info")
        "rm -r 'site-packages/my lion-1.0.dist-info'"
    """
    import shlex

    return f'rmdir /s "{folder}"' if os.name == "nt" else f"rm -r {shlex.quote(folder)}"


def _blame_place(found: Scan, where: str, error: BaseException, finder: str = "", /) -> None:
    """Add a fault of a place on the path, or of a finder, that hides what is installed."""
    why = error.strerror if isinstance(error, OSError) else said(error)
    if finder:
        message = (
            f"a finder on sys.meta_path fails ({why}), so what it would find is unknown; "
            f"take {brief(finder)} out of there"
        )
    else:
        where = brief(where)
        message = (
            f"the folder {where} on sys.path cannot be read ({why}), so what is installed there is unknown; "
            "give yourself access, or take it out of sys.path"
        )
    found.blame(where, message, where)


def _clash(source: Source, text: str, hider: Source, its_text: str) -> bool:
    """Tell whether it matters that `hider` hides `source`: an overlay of one folder over another often is meant."""
    return _are_beside(source, hider) or text != its_text


def _hidden(source: Source, hider: Source) -> str:
    hidden = (
        f"{source.label} in {visible(source.location)} is hidden by {hider.label} in {visible(hider.location)}, which "
        "comes first; "
    )
    if _are_beside(source, hider):
        # Their modules are the same files, which pip would delete with either of the two.
        return (
            f"{hidden}remove one of the two: {deletion(source.location)}, or pip uninstall {source.in_commands} and "
            "install it again"
        )
    return f"{hidden}remove one of the two: pip uninstall {source.in_commands}"


def _are_beside(source: Source, other: Source) -> bool:
    return os.path.dirname(source.location) == os.path.dirname(other.location)  # noqa: PTH120 - as it stands


def _entry_points(source: Source) -> tuple[str, str | None]:
    """Return the text of entry_points.txt, "" where there is none, and what is wrong with the file."""
    try:
        return source.read("entry_points.txt") or "", None
    except UnreadableError as error:
        return "", f"its entry_points.txt {error}, so what it offers is unknown; {source.reinstall}"


class _Line(NamedTuple):
    """One entry of entry_points.txt.

    Args:
        number: of the line, from 1.
        text: the line as it stands.
        kind: what the entries of its group offer, None where that is nothing of ours.
        name: what stands before ``=``.
        value: what stands after it.
        fault: what is wrong with it, None where nothing is; of others' groups little is known.
        point: the entry point, None where something is wrong or it is not ours.
    """

    number: int
    text: str
    kind: str | None
    name: str
    value: str
    fault: str | None
    point: EntryPoint | None


def _lines(text: str) -> Iterator[tuple[str | None, _Line]]:
    """Yield each entry after its group, which is None above the first one.

    importlib.metadata, which refuses a whole file for one line without ``=``, is given those of ours one by one.
    """
    offers = entry_point_groups()
    group = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif line and line[0] not in "#;":
            yield group, _line(number, line, group, offers.get(group or ""))


def _line(number: int, text: str, group: str | None, kind: str | None) -> _Line:
    from importlib.metadata import EntryPoint

    name, equals, value = (part.strip() for part in text.partition("="))
    if len(text) > LONGEST_LINE:
        # What is longer takes minutes and gigabytes to be looked at, and is shown as long as it is.
        name = name if len(name) <= LONGEST_NAME else ""
        return _Line(number, text, kind, name, brief(value), f"has {len(text):,} characters", None)
    target = _TARGET.fullmatch(value)
    fault = _fault_of_line(group, kind, name, bool(equals), target is not None)
    if group is None or kind is None or target is None or fault is not None:
        return _Line(number, text, kind, name, value, fault, None)
    module, attribute, extras = target.groups()
    value = f"{module}:{attribute}" + (f"[{extras}]" if extras else "")
    return _Line(number, text, kind, name, value, None, EntryPoint(name, value, group))


def _fault_of_line(group: str | None, kind: str | None, name: str, has_equals: bool, has_target: bool) -> str | None:
    if group is None:
        return "stands above the first [group]"
    if not has_equals:
        return "has no `=`"
    if kind is None:
        return None
    if not is_name(name):
        return "has a name that is empty, has a `:` or holds invisible characters"
    return None if has_target else "does not name a target as `module:Class`"


def _read(text: str, source: Source, found: Scan) -> None:
    """Add the claims in `text`; a malformed line is a claim with a fault, or a fault where it claims no name."""
    entries: dict[tuple[str, str], list[_Line]] = {}
    strange: dict[str, None] = {}
    wrong: list[str] = []
    for group, line in _lines(text):
        if line.kind is not None and line.name:
            entries.setdefault((line.kind, line.name), []).append(line)
        elif line.fault:
            wrong.append(_at(line, source))
        elif group is not None and found.is_of_ours(group):
            strange[group] = None
    wrong += [_unknown_group(group) for group in strange]
    for message in wrong[:MOST_TOLD]:
        found.blame(source.name, message, source.location)
    if len(wrong) > MOST_TOLD:
        message = f"{len(wrong) - MOST_TOLD:,} more lines and groups of its entry_points.txt are wrong"
        found.blame(source.name, f"{message}; {source.reinstall}", source.location)
    found.claims += _claims(entries, source)


def _unknown_group(group: str) -> str:
    message = f"its entry_points.txt has a group [{brief(group)}], which optim-core {__version__} does not know"
    return f"{message}; the groups are {', '.join(entry_point_groups())}"


def _claims(entries: dict[tuple[str, str], list[_Line]], source: Source) -> list[Claim]:
    # A plugin may have thousands of names: its claims share one list of them.
    names: dict[tuple[str, str], Names] = {}
    claims = []
    for (kind, name), lines in entries.items():
        fault = _fault(lines, source)
        if fault is None:
            names.setdefault((kind, lines[0].value), Names()).add(name)
        claims.append((kind, name, lines[0], fault))
    return [
        Claim(kind, name, line.value, source, fault, names.get((kind, line.value), Names()), point=line.point)
        for kind, name, line, fault in claims
    ]


def _fault(lines: list[_Line], source: Source) -> str | None:
    """Return what is wrong with the entries of one name, of which there should be one."""
    wrong = next((line for line in lines if line.fault), None)
    if wrong is not None:
        return _at(wrong, source)
    if len({line.value for line in lines}) > 1:
        return f"its entry_points.txt lists `{brief(lines[0].name)}` twice; {source.reinstall}"
    return None


def _at(line: _Line, source: Source) -> str:
    return f"line {line.number} of its entry_points.txt {line.fault}: '{brief(line.text)}'; {source.reinstall}"
