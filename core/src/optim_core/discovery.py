"""Entry points to claims: which installed distribution offers which plugin, read from metadata alone.

This is the only module that uses importlib.metadata. It imports no plugin: a distribution whose metadata is broken
harms nothing but itself, because each one is read on its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from typing import Any, Literal

import attrs

from optim_core.names import normalise_distribution, visible
from optim_core.version import __version__

__all__ = ["COMMANDS", "GROUPS", "KINDS", "PROVIDERS", "Claim", "Fault", "Kind", "Scan", "Source", "scan"]

Kind = Literal["optimizer", "scheduler", "clipper"]

KINDS: tuple[Kind, ...] = ("optimizer", "scheduler", "clipper")
GROUPS: dict[str, Kind] = {f"optim_core.{kind}s": kind for kind in KINDS}
PROVIDERS = "optim_core.providers"
COMMANDS = "optim_core.commands"

_MARK = "optim_core."
_FOLDERS = (".dist-info", ".egg-info")


class Source:
    """One installed distribution that offers something; its METADATA is read when it is first asked for."""

    def __init__(self, distribution: Distribution, location: Path | None) -> None:
        self._distribution = distribution
        self.location = location

    def __repr__(self) -> str:
        return f"Source({self.label})"

    @cached_property
    def _headers(self) -> list[tuple[str, str]]:
        try:
            text = self._distribution.read_text("METADATA") or self._distribution.read_text("PKG-INFO") or ""
        except (OSError, UnicodeDecodeError):
            return []
        lines = text.partition("\n\n")[0].splitlines()
        pairs = (line.partition(":") for line in lines if line and not line[0].isspace())
        return [(key.strip().lower(), value.strip()) for key, _, value in pairs]

    def _header(self, key: str) -> str | None:
        return next((value for found, value in self._headers if found == key), None)

    @cached_property
    def name(self) -> str:
        """The distribution's name; where METADATA does not give it, the one in its folder's name."""
        return self._header("name") or _folder_parts(self.location)[0]

    @cached_property
    def version(self) -> str | None:
        return self._header("version") or _folder_parts(self.location)[1]

    @property
    def label(self) -> str:
        """Name and version, for messages."""
        return f"{self.name} {self.version}" if self.version else self.name

    @cached_property
    def requires(self) -> list[str]:
        """What it needs, each as PEP 508 writes it."""
        return [value for key, value in self._headers if key == "requires-dist"]

    @cached_property
    def fault(self) -> str | None:
        """What is wrong with its METADATA, None where nothing is."""
        if self._header("name") and self._header("version"):
            return None
        return f"its METADATA is missing or unreadable ({self.location}); {self.reinstall}"

    @property
    def reinstall(self) -> str:
        """The command that most likely mends a broken installation."""
        return f"reinstall it: pip install --force-reinstall --no-deps {self.name}"

    @cached_property
    def incompatibility(self) -> str | None:
        """Why its own requirements do not admit the installed optim-core, None where they do."""
        for requirement in self.requires:
            if requirement == f"optim-core=={__version__}" or not _names_core(requirement):
                continue
            from packaging.requirements import InvalidRequirement, Requirement

            try:
                parsed = Requirement(requirement)
            except InvalidRequirement as error:
                return f"its requirement {requirement!r} is malformed: {error}"
            applies = parsed.marker is None or parsed.marker.evaluate({"extra": ""})
            if applies and not parsed.specifier.contains(__version__, prereleases=True):
                return f"it needs optim-core{parsed.specifier}, and optim-core {__version__} is installed"
        return None

    def unmet(self, extras: Iterable[str]) -> list[str]:
        """The requirements of `extras` that are not installed."""
        from importlib.metadata import PackageNotFoundError, version

        from packaging.requirements import Requirement

        missing = []
        for requirement in map(Requirement, self.requires):
            asked = requirement.marker is not None and any(
                requirement.marker.evaluate({"extra": extra}) and not requirement.marker.evaluate({"extra": ""})
                for extra in extras
            )
            if not asked:
                continue
            try:
                fits = requirement.specifier.contains(version(requirement.name), prereleases=True)
            except PackageNotFoundError:
                fits = False
            if not fits:
                missing.append(f"{requirement.name}{requirement.specifier}")
        return missing


@attrs.frozen(eq=False)
class Claim:
    """One line of one distribution's entry points.

    Args:
        kind: what it offers, "provider" for many at once, "command" for a subcommand.
        name: the name that it claims.
        value: the text after ``=``, ``module:attribute``.
        source: the distribution, None for what `Registry.register` added.
        fault: what is wrong with the line itself, None where nothing is.
        target: the plugin class, for what `Registry.register` added.
    """

    kind: str
    name: str
    value: str
    source: Source | None
    fault: str | None = None
    target: type[Any] | None = None

    @property
    def distribution(self) -> str:
        return self.source.name if self.source else "this process"

    @property
    def version(self) -> str | None:
        return self.source.version if self.source else None

    @property
    def label(self) -> str:
        """The distribution with its version, for messages."""
        return self.source.label if self.source else "this process"

    @property
    def entry_point(self) -> str:
        """The line as it stands in entry_points.txt."""
        return f"{visible(self.name)} = {self.value}" if self.value else visible(self.name)

    @property
    def module(self) -> str:
        return self.value.partition(":")[0].strip()

    @property
    def attribute(self) -> str:
        return self.value.partition(":")[2].partition("[")[0].strip()

    @property
    def extras(self) -> list[str]:
        listed = self.value.partition("[")[2].partition("]")[0]
        return [extra.strip() for extra in listed.split(",") if extra.strip()]


@attrs.frozen
class Fault:
    """A distribution that could not be read, or that another one hides.

    Args:
        distribution: its name, as its folder gives it where nothing better can be read.
        message: what is wrong, and the repair.
        location: its metadata folder.
    """

    distribution: str
    message: str
    location: str


@attrs.define
class Scan:
    """What one pass over the installed distributions found."""

    claims: list[Claim] = attrs.Factory(list)
    faults: list[Fault] = attrs.Factory(list)


def scan(path: Iterable[str] | None = None, *, thorough: bool = False) -> Scan:
    """Reads the entry points of every distribution on `path` (default ``sys.path``), each on its own.

    Args:
        path: folders to look in.
        thorough: also report malformed entry points of distributions that offer nothing here, because such a file
            stops ``import torch`` and the standard library's ``entry_points()``.
    """
    found = Scan()
    first_seen: dict[str, tuple[Source, str]] = {}
    for distribution, location in _installed(sys.path if path is None else path):
        name = normalise_distribution(_folder_parts(location)[0] if location else _declared_name(distribution))
        source = Source(distribution, location)
        if name in first_seen:
            hider, its_text = first_seen[name]
            text = _readable_entry_points(source)
            if text != its_text and (_MARK in text or _MARK in its_text):
                found.faults.append(_hidden(source, hider))
            continue
        text, problem = _entry_points(distribution, location)
        first_seen[name] = (source, text)
        if problem:
            found.faults.append(Fault(_folder_parts(location)[0], problem, str(location)))
        if _MARK in text or (thorough and text):
            _read(text, source, found, thorough=thorough)
    return found


def _installed(path: Iterable[str]) -> Iterator[tuple[Distribution, Path | None]]:
    """Every distribution on `path`, one folder at a time so that an unreadable one ends nothing else."""
    for folder in dict.fromkeys(path):
        try:
            for distribution in distributions(path=[folder]):
                yield distribution, getattr(distribution, "_path", None)
        except OSError:
            continue


def _declared_name(distribution: Distribution) -> str:
    source = Source(distribution, None)
    return source.name


def _folder_parts(location: Path | None) -> tuple[str, str | None]:
    """Name and version out of ``name-version.dist-info``."""
    if location is None:
        return "unknown distribution", None
    stem = location.name
    for ending in _FOLDERS:
        stem = stem.removesuffix(ending)
    name, _, version = stem.partition("-")
    return name, version.partition("-")[0] or None


def _names_core(requirement: str) -> bool:
    head = requirement[: len("optim-core") + 1].lower().replace("_", "-").replace(".", "-")
    return head[:10] == "optim-core" and not head[10:].isalnum() and head[10:] != "-"


def _entry_points(distribution: Distribution, location: Path | None) -> tuple[str, str | None]:
    """The text of entry_points.txt ("" where there is none), and what is wrong with the file."""
    try:
        text = distribution.read_text("entry_points.txt")
    except UnicodeDecodeError:
        problem = "is not UTF-8 text"
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    else:
        if text is not None:
            return text, None
        if location is None or not os.path.isdir(f"{location}/entry_points.txt"):  # noqa: PTH112 - a thousand times
            return "", None
        problem = "is a folder"
    name = _folder_parts(location)[0]
    return "", f"its entry_points.txt {problem}, so what it offers is unknown; pip install --force-reinstall {name}"


def _readable_entry_points(source: Source) -> str:
    return _entry_points(source._distribution, source.location)[0]


def _hidden(source: Source, hider: Source) -> Fault:
    return Fault(
        source.name,
        f"{source.label} in {source.location} is hidden by {hider.label} in {hider.location}, which comes first on "
        f"sys.path; remove one of the two: pip uninstall {source.name}",
        str(source.location),
    )


def _read(text: str, source: Source, found: Scan, *, thorough: bool) -> None:
    """Adds the claims in `text`; a line that is malformed is a claim with a fault, or a fault where it names nothing."""
    group = None
    seen: dict[tuple[str, str], Claim] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[" and line[-1] == "]":
            group = line[1:-1].strip()
            continue
        kind = _kind_of(group)
        name, equals, value = (part.strip() for part in line.partition("="))
        problem = _line_problem(name, equals, value)
        if problem:
            problem = f"line {number} of its entry_points.txt {problem}: {visible(line)!r}; {source.reinstall}"
        if group is None or (problem and (kind is None or not name)):
            if problem or group is None:
                where = (
                    problem or f"line {number} of its entry_points.txt stands before any [group]; {source.reinstall}"
                )
                found.faults.append(Fault(source.name, where, str(source.location)))
            continue
        if kind is None:
            continue
        earlier = seen.get((kind, name))
        if earlier is not None and earlier.value == value:
            continue
        if earlier is not None:
            problem = f"its entry_points.txt lists `{visible(name)}` twice; {source.reinstall}"
            found.claims.remove(earlier)
        claim = Claim(kind, name, value, source, problem)
        seen[kind, name] = claim
        found.claims.append(claim)


def _kind_of(group: str | None) -> str | None:
    if group == PROVIDERS:
        return "provider"
    if group == COMMANDS:
        return "command"
    return GROUPS.get(group or "")


def _line_problem(name: str, equals: str, value: str) -> str | None:
    if not equals:
        return "has no `=`"
    if not name or not name.isprintable():
        return "has a name that is empty or holds invisible characters"
    if not EntryPoint.pattern.match(value) or ":" not in value:
        return "does not name a target as `module:Class`"
    return None
