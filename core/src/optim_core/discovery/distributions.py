"""Which distributions are installed: their metadata folders on the path, and what METADATA says.

This is the only module that uses importlib.metadata, and only for what is no plain folder: zip files, and finders that
others put on ``sys.meta_path``. Plain folders are read directly. That takes a quarter of the time, leaves the import of
importlib.metadata (as long as that of attrs) out of a cold start, and one unreadable file ends nothing else.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

from optim_core.discovery.requirements import against_core, unmet
from optim_core.text.names import normalise_distribution
from optim_core.text.prose import visible

if TYPE_CHECKING:
    from importlib.metadata import Distribution

    from packaging.version import Version

__all__ = ["Source", "installed"]

_DIST_INFO = ".dist-info"
_EGG_INFO = ".egg-info"
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


class Source:
    """One installed distribution; its METADATA is read when it is first asked for.

    Args:
        location: its metadata folder, "" where it has none.
        distribution: how importlib.metadata found it, None for a plain folder.
    """

    def __init__(self, location: str, distribution: Distribution | None = None) -> None:
        self.location = location
        self._distribution = distribution
        self.installed: Mapping[str, Source] = {}
        """Everything installed beside it, by normalised name; the scan that found it sets this."""

    def __repr__(self) -> str:
        return f"Source({self.label})"

    def read(self, file: str) -> bytes | None:
        """The content of one of its metadata files, None where it has no such file.

        Raises:
            OSError: the file is a folder, or cannot be read.
            UnicodeDecodeError: it is not UTF-8, in a distribution that is no plain folder.
        """
        if self._distribution is not None:
            text = self._distribution.read_text(file)
            return None if text is None else text.encode()
        try:
            # Without pathlib, and unbuffered: a first use does this a thousand times.
            with open(f"{self.location}/{file}", "rb", buffering=0) as stream:  # noqa: PTH123
                return stream.readall()
        except (FileNotFoundError, NotADirectoryError):
            return None

    @cached_property
    def folder(self) -> str:
        """The name of its metadata folder."""
        return os.path.basename(self.location.rstrip("/\\"))  # noqa: PTH119

    @cached_property
    def key(self) -> str:
        """The normalised name by which one installation hides another."""
        return normalise_distribution(self._folder_parts[0] or self.name)

    @cached_property
    def name(self) -> str:
        """The distribution's name; where METADATA does not give it, the one in its folder's name."""
        own = normalise_distribution(visible(self._folder_parts[0]))
        return self._header("name") or own or "a distribution without a name"

    @cached_property
    def version(self) -> str | None:
        """Its version; where METADATA does not give it, the one in its folder's name."""
        return self._header("version") or visible(self._folder_parts[1]) or None

    @property
    def label(self) -> str:
        """Name and version, for messages."""
        return f"{self.name} {self.version}" if self.version else self.name

    @property
    def requires(self) -> list[str]:
        """What it needs, each as its METADATA writes it."""
        return self._headers["requires-dist"]

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
        """Why its own requirements do not admit the installed optim-core, and the repair; None where they do."""
        reason = against_core(self.requires)
        return None if reason is None else f"{reason}; pip install --upgrade {self.name} optim-core"

    def unmet(self, extras: Iterable[str]) -> list[str]:
        """What `extras` need and is not installed."""
        versions = ((name, source.version) for name, source in self.installed.items())
        return unmet(self.requires, extras, {name: version for name, version in versions if version}, self.name)

    @cached_property
    def _folder_parts(self) -> tuple[str, str]:
        """Name and version out of ``name-version.dist-info`` or ``name-version-py3.11.egg-info``."""
        stem = self.folder
        if stem.upper() == "EGG-INFO":
            stem = os.path.basename(os.path.dirname(self.location)).removesuffix(".egg")  # noqa: PTH119, PTH120
        if stem.lower().endswith(_DIST_INFO):
            stem = stem[: -len(_DIST_INFO)]
            # A version holds no dash here, a name may in wheels of old.
            name, dash, version = stem.rpartition("-")
            return (name, version) if dash else (stem, "")
        if stem.lower().endswith(_EGG_INFO):
            stem = stem[: -len(_EGG_INFO)]
        name, _, rest = stem.partition("-")
        return name, rest.partition("-")[0]

    @cached_property
    def _headers(self) -> dict[str, list[str]]:
        """What METADATA says of name, version and requirements."""
        headers: dict[str, list[str]] = {"name": [], "version": [], "requires-dist": []}
        try:
            content = self.read("METADATA") or self.read("PKG-INFO") or b""
            # Only what stands above the description, which may be in any encoding.
            end = _BLANK_LINE.search(content)
            text = (content[: end.start()] if end else content).decode()
        except (OSError, UnicodeDecodeError):
            return headers
        for line in text.splitlines():
            key, _, value = line.partition(":")
            values = headers.get(key.rstrip().lower())
            if values is not None:
                values.append(value.strip())
        return headers

    def _header(self, key: str) -> str | None:
        return next(map(visible, self._headers[key]), None)


def installed(path: Iterable[str], on_error: Callable[[str, OSError], None]) -> Iterator[Source]:
    """Every metadata folder on `path`, in the order in which Python looks.

    Of several in one folder and of one name, the one that is whole and newest comes first.

    Args:
        path: folders and zip files.
        on_error: is told of each folder that is there and cannot be listed.
    """
    entries = [entry for entry in dict.fromkeys(path) if isinstance(entry, str)]
    seen: set[str] = set()
    for entry in entries:
        try:
            sources = _in_entry(entry)
        except OSError as error:
            on_error(entry, error)
            continue
        seen.update(os.path.normpath(source.location) for source in sources)
        yield from sources
    if _has_foreign_finder():
        found = _by_importlib(entries)
        yield from (source for source in found if os.path.normpath(source.location) not in seen)


def _in_entry(entry: str) -> list[Source]:
    """The distributions in one folder or zip file.

    Raises:
        OSError: the folder is there and cannot be listed.
    """
    folder = entry or "."
    try:
        names = os.listdir(folder)  # noqa: PTH208 - plain strings, thousands of them
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        return _by_importlib([entry])
    endings: tuple[str, ...] = (_DIST_INFO, _EGG_INFO)
    if folder.lower().endswith(".egg"):
        endings += ("egg-info",)
    return _best_first([Source(f"{folder}/{name}") for name in sorted(names) if name.lower().endswith(endings)])


def _best_first(sources: list[Source]) -> list[Source]:
    by_key: dict[str, list[Source]] = {}
    for source in sources:
        by_key.setdefault(source.key, []).append(source)
    if len(by_key) == len(sources):
        return sources
    for same in by_key.values():
        if len(same) > 1:
            same.sort(key=_worth, reverse=True)
    return [source for same in by_key.values() for source in same]


def _worth(source: Source) -> tuple[bool, Version]:
    """What decides between two metadata folders of one name: METADATA that can be read, then the version."""
    from packaging.version import InvalidVersion, Version

    try:
        version = Version(source.version or "0")
    except InvalidVersion:
        version = Version("0")
    return source.fault is None, version


def _by_importlib(entries: list[str]) -> list[Source]:
    from importlib.metadata import distributions

    found = distributions(path=entries)
    return [Source(str(getattr(distribution, "_path", "")), distribution) for distribution in found]


def _has_foreign_finder() -> bool:
    return any(hasattr(finder, "find_distributions") for finder in sys.meta_path if finder is not PathFinder)
