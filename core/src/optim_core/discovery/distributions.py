"""Which distributions are installed, as importlib.metadata finds them, and what their metadata says.

Each is read on its own. What importlib.metadata keeps to itself is said here: which folder cannot be listed, which file
is there and cannot be read, and which of two metadata folders of one name counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from optim_core.discovery.requirements import against_core, unmet
from optim_core.text.names import normalise_distribution
from optim_core.text.prose import said, visible

if TYPE_CHECKING:
    from importlib.metadata import Distribution

    from packaging.version import Version

__all__ = ["Source", "UnreadableError", "installed"]

_DIST_INFO = ".dist-info"
_EGG_INFO = ".egg-info"


class UnreadableError(Exception):
    """A metadata file is there and cannot be read: the text continues a sentence about it.

    Args:
        fault: "is not UTF-8 text", "cannot be read (Is a directory)".
        legible: what stands in the file above the first character that is none.
    """

    def __init__(self, fault: str, legible: str = "") -> None:
        super().__init__(fault)
        self.legible = legible


class Source:
    """One installed distribution; its METADATA is read when it is first asked for.

    Args:
        distribution: as importlib.metadata found it.
    """

    def __init__(self, distribution: Distribution) -> None:
        self._distribution = distribution
        # The library has no public name for where a metadata folder lies, and some distributions lie in none.
        self.location = str(getattr(distribution, "_path", "")).rstrip("/\\")
        self.installed: Mapping[str, Source] = {}
        """Everything installed beside it, by normalised name; the scan that found it sets this."""

    def __repr__(self) -> str:
        return f"Source({self.label})"

    def read(self, file: str) -> str | None:
        """Return the text of one of its metadata files, None where it has no such file.

        Raises:
            UnreadableError: it has one that cannot be read.
        """
        try:
            text = self._distribution.read_text(file)
            return self._kept_quiet(file) if text is None and self.location else text
        except UnicodeDecodeError as error:
            raise UnreadableError("is not UTF-8 text", error.object[: error.start].decode()) from error
        except OSError as error:
            raise UnreadableError(f"cannot be read ({error.strerror})") from error
        except Exception as error:
            # A damaged zip file raises many things, and a finder of others whatever it likes.
            raise UnreadableError(f"cannot be read ({said(error)})") from error

    def _kept_quiet(self, file: str) -> str | None:
        """Return None where a file is not there; `read_text` returns it for a folder and for want of permission too.

        Raises:
            OSError: it is there.
        """
        try:
            with open(f"{self.location}/{file}", encoding="utf-8") as stream:  # noqa: PTH123 - a thousand of them
                return stream.read()
        except (FileNotFoundError, NotADirectoryError):
            return None

    @cached_property
    def folder(self) -> str:
        """The name of its metadata folder, "" where nobody knows it."""
        return os.path.basename(self.location)  # noqa: PTH119

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
        """Return what `extras` need and is not installed."""
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
            # A version in such a name holds no dash, but a name may, in wheels that old tools made.
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
        for line in self._head().splitlines():
            key, _, value = line.partition(":")
            values = headers.get(key.rstrip().lower())
            if values is not None:
                values.append(value.strip())
        return headers

    def _head(self) -> str:
        """Return what stands in METADATA above the description, which may be in any encoding."""
        try:
            text = self.read("METADATA") or self.read("PKG-INFO") or ""
            return text.partition("\n\n")[0]
        except UnreadableError as error:
            head, blank_line, _ = error.legible.replace("\r\n", "\n").partition("\n\n")
            return head if blank_line else ""

    def _header(self, key: str) -> str | None:
        return next(map(visible, self._headers[key]), None)


def installed(path: Iterable[str], on_error: Callable[[str, Exception], None]) -> Iterator[Source]:
    """Yield every distribution on `path`, in the order in which Python looks.

    Of several in one folder and of one name, the one that is whole and newest comes first.

    Args:
        path: folders and zip files.
        on_error: is told of each folder that is there and cannot be listed, and of a finder of others that fails, which
            is called ``sys.meta_path``.
    """
    found = _once(map(Source, _found(_readable(path, on_error), on_error)))
    for _, beside in groupby(found, key=_parent):
        yield from _best_first(sorted(beside, key=lambda source: source.folder))


def _once(sources: Iterable[Source]) -> Iterator[Source]:
    """Yield each metadata folder once, where several finders know it."""
    seen: set[str] = set()
    for source in sources:
        if source.location not in seen:
            yield source
        if source.location:
            seen.add(source.location)


def _readable(path: Iterable[str], on_error: Callable[[str, Exception], None]) -> list[str]:
    """Return what importlib.metadata can look into, and tell of each folder that it would pass over in silence."""
    entries = []
    for entry in dict.fromkeys(path):
        if not isinstance(entry, str):
            continue
        try:
            os.scandir(entry or ".").close()
        except NotADirectoryError:
            pass
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            on_error(entry, error)
            continue
        entries.append(entry)
    return entries


def _found(entries: list[str], on_error: Callable[[str, Exception], None]) -> Iterator[Distribution]:
    """Yield what importlib.metadata finds, all the same where a finder that is not its own fails."""
    from importlib.metadata import DistributionFinder, MetadataPathFinder, distributions

    # The library goes by the time stamp of a folder, which may not show what was installed a moment ago.
    MetadataPathFinder().invalidate_caches()
    try:
        yield from distributions(path=entries)
    except Exception as error:  # noqa: BLE001 - a finder of others may raise anything
        on_error("sys.meta_path", error)
        yield from MetadataPathFinder.find_distributions(DistributionFinder.Context(path=entries))


def _parent(source: Source) -> str:
    return os.path.dirname(source.location)  # noqa: PTH120 - plain strings, a thousand of them


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
    """Return what decides between two metadata folders of one name: METADATA that can be read, then the version."""
    from packaging.version import InvalidVersion, Version

    try:
        version = Version(source.version or "0")
    except InvalidVersion:
        version = Version("0")
    return source.fault is None, version
