"""Which distributions are installed, as importlib.metadata finds them, and what their metadata says.

Each is read on its own. What importlib.metadata keeps to itself is said here: which folder cannot be listed, which file
is there and cannot be read, and which of two metadata folders of one name counts.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from optim_core.discovery.requirements import against_core, unmet
from optim_core.text.names import normalise_distribution
from optim_core.text.prose import said, visible, with_article

if TYPE_CHECKING:
    from importlib.metadata import Distribution

    from packaging.version import Version

__all__ = ["Source", "UnreadableError", "installed"]

_DIST_INFO = ".dist-info"
_EGG_INFO = ".egg-info"
# What pip takes without quotes, and so the shell.
_PLAIN = re.compile(r"[A-Za-z0-9._-]+")
# How much of a metadata file is read: the longest that people have are a tenth of it.
LARGEST = 1 << 20
# No name or version that anybody gave on purpose is longer.
LONGEST_HEADER = 200
# A finder that finds so many finds them without end.
MOST_FOUND = 20_000


class OnError(Protocol):
    """What is told of a place that cannot be looked into, and of the class of the finder that failed."""

    def __call__(self, where: str, error: BaseException, finder: str = "", /) -> None: ...


class UnreadableError(Exception):
    """A metadata file is there and cannot be read: the text continues a sentence about it.

    Example:
        >>> from optim_core.discovery.distributions import UnreadableError
        >>> str(UnreadableError("is not UTF-8 text"))
        'is not UTF-8 text'
    """


class Source:
    """One installed distribution; its METADATA is read when it is first asked for.

    A distribution that a stranger's finder gives is a stranger's code: whatever it raises is a fault of its own.

    Args:
        distribution: as importlib.metadata found it.
    """

    def __init__(self, distribution: Distribution) -> None:
        self._distribution = distribution
        self.location = _location(distribution)
        self.installed: Mapping[str, Source] = {}
        """Everything installed beside it, by normalised name; the scan that found it sets this."""

    def __repr__(self) -> str:
        return f"Source({self.label})"

    def read(self, file: str) -> str | None:
        """Return the text of one of its metadata files, None where it has no such file.

        Raises:
            UnreadableError: it has one that cannot be read.
        """
        content = self._content(file)
        if content is None:
            return None
        if len(content) > LARGEST:
            raise UnreadableError(f"is larger than {LARGEST >> 20} MiB")
        return _text(content)

    def _content(self, file: str) -> bytes | None:
        """Return what stands in one of its metadata files, and of a file that is too large somewhat more than LARGEST.

        Raises:
            UnreadableError: it cannot be read.
        """
        try:
            return self._bytes(file)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except UnreadableError:
            raise
        except OSError as error:
            raise UnreadableError(f"cannot be read ({error.strerror or said(error)})") from error
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            # A damaged zip file raises many things, and a finder of others whatever it likes.
            raise UnreadableError(f"cannot be read ({said(error)})") from error

    def _bytes(self, file: str) -> bytes | None:
        from importlib.metadata import PathDistribution

        if type(self._distribution) is not PathDistribution:
            text: object = self._distribution.read_text(file)
            if text is None and self.location:
                # The libraries keep quiet about a folder in place of a file, and about want of permission.
                return _bytes_of(f"{self.location}/{file}")
            if not isinstance(text, str | None):
                raise UnreadableError(f"is no text but {with_article(type(text).__name__)}")
            return None if text is None else str.encode(text, errors="surrogatepass")
        folder: Any = self._distribution._path
        if isinstance(folder, os.PathLike):
            return _bytes_of(f"{self.location}/{file}")
        # It lies in a zip file, whose size unpacked is another than it looks.
        with folder.joinpath(file).open("rb") as stream:
            content: bytes = stream.read(LARGEST + 1)
            return content

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
        return self._metadata.name or own or "a distribution without a name"

    @cached_property
    def version(self) -> str | None:
        """Its version; where METADATA does not give it, the one in its folder's name."""
        return self._metadata.version or visible(self._folder_parts[1]) or None

    @property
    def in_commands(self) -> str:
        """The distribution's name as a command line takes it, whatever characters somebody gave it."""
        if _PLAIN.fullmatch(self.name):
            return self.name
        import shlex

        return shlex.quote(self.name)

    @property
    def label(self) -> str:
        """Name and version, for messages."""
        return f"{self.name} {self.version}" if self.version else self.name

    @cached_property
    def fault(self) -> str | None:
        """What is wrong with its METADATA, None where nothing is."""
        wrong = self._metadata.wrong
        if wrong is None:
            return None
        return f"its METADATA is missing or unreadable: {wrong} ({visible(self.location)}); {self.reinstall}"

    @property
    def reinstall(self) -> str:
        """The command that most likely mends a broken installation."""
        return f"reinstall it: pip install --force-reinstall --no-deps {self.in_commands}"

    @cached_property
    def incompatibility(self) -> str | None:
        """Why its own requirements do not admit the installed optim-core, and the repair; None where they do."""
        reason = against_core(self.requires)
        return None if reason is None else f"{reason}; pip install --upgrade {self.in_commands} optim-core"

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
    def _metadata(self) -> _Metadata:
        try:
            content = self._content("METADATA") or self._content("PKG-INFO")
            if not content:
                return _Metadata.of("", "there is none" if content is None else "it is empty")
            # What follows the blank line is the description, which may be in any encoding and of any length.
            head, blank_line, _ = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").partition(b"\n\n")
            if not blank_line and len(content) > LARGEST:
                return _Metadata.of("", f"its head is larger than {LARGEST >> 20} MiB")
            return _Metadata.of(_text(head))
        except UnreadableError as error:
            return _Metadata.of("", f"it {error}")

    @property
    def requires(self) -> list[str]:
        """What it needs, each as its METADATA writes it."""
        return self._metadata.requires


class _Metadata(NamedTuple):
    """What METADATA says.

    Args:
        name: None where it gives none that could be one.
        version: None where it gives none that could be one.
        requires: the requirements, each as it stands.
        wrong: what is wrong with the file, None where nothing is.
    """

    name: str | None
    version: str | None
    requires: list[str]
    wrong: str | None

    @classmethod
    def of(cls, head: str, wrong: str | None = None) -> _Metadata:
        """Return what the lines above the description say.

        Args:
            head: these lines.
            wrong: what is wrong with the file itself.
        """
        headers: dict[str, list[str]] = {"name": [], "version": [], "requires-dist": []}
        for line in head.splitlines():
            key, _, value = line.partition(":")
            values = headers.get(key.rstrip().lower())
            if values is not None:
                values.append(value.strip())
        name, version = (next(iter(headers[key]), "") for key in ("name", "version"))
        for key, value in (("Name", name), ("Version", version)):
            wrong = wrong or _fault_of_header(key, value)
        return cls(_fitting(name), _fitting(version), headers["requires-dist"], wrong)


def _fault_of_header(key: str, value: str) -> str | None:
    if not value:
        return f"it gives no {key}"
    return None if _fitting(value) else f"its {key} has {len(value):,} characters"


def _fitting(value: str) -> str | None:
    """Return a name or version as it can be printed, None where it is empty or too long to be one."""
    return visible(value) if 0 < len(value) <= LONGEST_HEADER else None


def _location(distribution: Distribution) -> str:
    """Return where a metadata folder lies, "" where nobody knows.

    The library has no public name for it, and some distributions lie in none.
    """
    try:
        return str.__str__(str(getattr(distribution, "_path", ""))).rstrip("/\\")
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - a stranger's class may raise anything, and then it lies in no folder
        return ""


def _bytes_of(path: str) -> bytes:
    """Return what stands in a file, and of one that is too large somewhat more than LARGEST.

    Raises:
        OSError: it is not there, or cannot be read.
        UnreadableError: it is a pipe, a device or the like, whose reading may never end.
    """
    mode = os.stat(path).st_mode  # noqa: PTH116 - plain strings, a thousand of them
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise UnreadableError("is neither a file nor a link to one")
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - as above
        return stream.read(LARGEST + 1)


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UnreadableError("is not UTF-8 text") from error


def installed(path: Iterable[str], on_error: OnError) -> Iterator[Source]:
    """Yield every distribution on `path`, in the order in which Python looks.

    Of several in one folder and of one name, the one that is whole and newest comes first.

    Args:
        path: folders and zip files.
        on_error: is told of each folder or zip file that is there and cannot be listed, and of a finder of others that
            fails, whose place is ``sys.meta_path``.
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


def _readable(path: Iterable[str], on_error: OnError) -> list[str]:
    """Return what importlib.metadata can look into, and tell of each place that it would pass over in silence."""
    entries = []
    for entry in dict.fromkeys(str.__str__(entry) for entry in path if isinstance(entry, str)):
        try:
            if _is_listed(entry):
                entries.append(entry)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            on_error(entry, error)
    return entries


def _is_listed(entry: str) -> bool:
    """Return whether a folder or a zip file can be listed; False is neither: imports pass over it, too.

    Raises:
        OSError, ValueError: it is one, and cannot be.
    """
    try:
        os.scandir(entry or ".").close()
    except NotADirectoryError:
        return _is_zip(entry)
    return True


def _is_zip(path: str) -> bool:
    """Return whether a file is a zip file.

    Raises:
        OSError: it cannot be read.
        ValueError: it begins as one, and is not whole.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - as it stands
        # Nothing may ever come out of a pipe, and no end out of a device.
        return False
    import zipfile

    try:
        zipfile.ZipFile(path).close()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        with open(path, "rb") as stream:  # noqa: PTH123 - as it stands
            if stream.read(2) == b"PK":
                raise ValueError(f"it is no whole zip file: {error}") from error
        return False
    return True


def _found(entries: list[str], on_error: OnError) -> Iterator[Distribution]:
    """Yield what the finders on ``sys.meta_path`` find, of each up to where it fails."""
    from importlib.metadata import DistributionFinder, MetadataPathFinder

    # The library goes by the time stamp of a folder, which may not show what was installed a moment ago.
    MetadataPathFinder().invalidate_caches()
    for finder in list(sys.meta_path):
        found: list[Distribution] = []
        try:
            find = getattr(finder, "find_distributions", None)
            if find is not None:
                found.extend(islice(find(DistributionFinder.Context(path=entries)), MOST_FOUND))
            if len(found) == MOST_FOUND:
                raise OverflowError(f"it finds {MOST_FOUND:,} distributions, and no end to them")
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a finder of others may raise anything
            on_error("sys.meta_path", error, _name_of(finder))
        yield from found


def _name_of(finder: object) -> str:
    """Return the name of a finder's class; a finder may also be a class itself."""
    cls = finder if isinstance(finder, type) else type(finder)
    return f"{cls.__module__}.{cls.__qualname__}"


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
    from packaging.version import Version

    try:
        version = Version(source.version or "0")
    except ValueError:
        version = Version("0")
    return source.fault is None, version
