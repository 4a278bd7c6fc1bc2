"""Every way in which a distribution's metadata can be broken, each as something to install beside healthy ones."""

from __future__ import annotations

import importlib.metadata
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from site_folder import SiteFolder, plugin_source

__all__ = ["DISTRIBUTIONS", "FINDERS", "PLACES"]

OPTIMIZERS = "[optim_core.optimizers]\n"
ENTRY = f"{OPTIMIZERS}Bad = bad:Bad\n"
METADATA = "Metadata-Version: 2.1\nName: bad-plugin\nVersion: 2.0\n"
HUGE = 1_000_000

Install = Callable[[SiteFolder], object]


def _added(**more: Any) -> Install:
    """Return what installs bad-plugin 2.0, in which `more` is broken."""
    arguments = {"version": "2.0", "entry_points": ENTRY, "modules": {"bad": plugin_source("Bad")}, **more}
    return lambda site: site.add("bad-plugin", **arguments)


def _requiring(requirement: str) -> Install:
    return _added(metadata=f"{METADATA}Requires-Dist: {requirement}\n")


def _needing(requirement: str) -> Install:
    """Return what installs it with a requirement of the extra that its entry point asks for."""
    return _added(metadata=f"{METADATA}Requires-Dist: {requirement}\n", entry_points=f"{OPTIMIZERS}Bad = bad:Bad [x]\n")


def _with_file(file: str, make: Callable[[Path], object]) -> Install:
    def install(site: SiteFolder) -> None:
        path = Path(_added()(site)) / file
        path.unlink()
        make(path)

    return install


def _in_circle(path: Path) -> None:
    path.symlink_to(path.name)


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(1 << 33)


def _twice(*versions: str) -> Install:
    """Return what installs it in a folder of each version, of which METADATA has the whole."""

    def install(site: SiteFolder) -> None:
        for version in versions:
            metadata = f"Name: bad-plugin\nVersion: {version}\n"
            _added(info=f"bad_plugin-{version[:50]}.dist-info", metadata=metadata)(site)

    return install


FILES: dict[str, Callable[[Path], object]] = {
    "is a folder": Path.mkdir,
    "is a pipe": os.mkfifo,
    "is a device without an end": lambda path: path.symlink_to("/dev/zero"),
    "is a link in a circle": _in_circle,
    "is of 8 GB": _sparse,
    "is another process's memory": lambda path: path.symlink_to("/proc/self/mem"),
    "is binary": lambda path: path.write_bytes(b"\xff\xfe\x00" * 99),
    "is one endless line": lambda path: path.write_text("x" * 3 * HUGE),
}
DIGITS = "1" * 5000

DISTRIBUTIONS: Mapping[str, Install] = {
    **{f"METADATA {what}": _with_file("METADATA", make) for what, make in FILES.items()},
    **{f"entry_points.txt {what}": _with_file("entry_points.txt", make) for what, make in FILES.items()},
    "METADATA is not there": _added(metadata=None),
    "METADATA is empty": _added(metadata=b"\n"),
    "METADATA has a byte that is none": _added(metadata=METADATA.encode() + b"Summary: \xff\n"),
    "METADATA is UTF-16": _added(metadata=METADATA.encode("utf-16")),
    "its head has no end": _added(metadata=METADATA + "X: y\n" * HUGE),
    "no Name": _added(metadata="Version: 2.0\n"),
    "no Version": _added(metadata="Name: bad-plugin\n"),
    "an empty Version": _added(metadata="Name: bad-plugin\nVersion:\n"),
    "a Name of 1 MB": _added(metadata=METADATA.replace("bad-plugin", "x" * HUGE)),
    "a Version of 5,000 digits": _added(metadata=METADATA.replace("2.0", DIGITS)),
    "a Version of 1 MB": _added(metadata=METADATA.replace("2.0", "1." * HUGE)),
    **{
        f"a requirement of 5,000 digits after {operator}": _requiring(f"optim-core{operator}1{DIGITS}")
        for operator in (">=", "==", "~=1.", ">=1.0rc", ">=1!", "!=")
    },
    "a requirement of 5,000 digits as epoch": _requiring(f"optim-core>={DIGITS}!1"),
    "a requirement that is none": _requiring("optim-core >=>= 1"),
    "a requirement in other digits": _requiring("optim-core>=٣"),
    "a requirement with NUL": _requiring("optim-core>=0\0"),
    "a requirement with an address that is none": _requiring("optim-core @ https://exa mple/["),
    "a marker of another world": _requiring("optim-core>=9; nothing > '1'"),
    "a marker that cannot be compared": _requiring("optim-core>=9; platform_release ~= 'a b'"),
    "a marker of many brackets": _requiring(f"optim-core>=9; {'(' * 3000}os_name>'3'{')' * 3000}"),
    "a marker of brackets just short enough": _requiring(f"optim-core>=9; {'(' * 980}os_name>'3'{')' * 980}"),
    "an extra that needs 5,000 digits": _needing(f'attrs>={DIGITS}; extra == "x"'),
    "an extra of many brackets": _needing(f"attrs; extra == 'x' and {'(' * 3000}os_name>'3'{')' * 3000}"),
    "entry_points.txt in Latin-1": _added(entry_points=b"\xff" + ENTRY.encode()),
    "entry_points.txt with a mark of its byte order": _added(entry_points=f"\ufeff{ENTRY}"),
    "a section that is not closed": _added(entry_points=ENTRY.replace("]", "")),
    "a line with a colon": _added(entry_points=ENTRY.replace("=", ":")),
    "one name for two targets": _added(entry_points=f"{ENTRY}{OPTIMIZERS}Bad = bad:Worse\n"),
    "a name with NUL": _added(entry_points=f"{OPTIMIZERS}B\0d = bad:Bad\n"),
    "a name of 1 MB": _added(entry_points=f"{OPTIMIZERS}{'B' * HUGE} = bad:Bad\n"),
    "a target of 1 MB": _added(entry_points=f"{OPTIMIZERS}Bad = bad:{'B' * HUGE}\n"),
    "a module of many parts": _added(entry_points=f"{OPTIMIZERS}Bad = {'a.' * 250_000}b:Bad\n"),
    "a target that a pattern gets lost in": _added(entry_points=f"{OPTIMIZERS}Bad = bad:{'a.' * 50_000}!\n"),
    "many groups that nobody knows": _added(entry_points="".join(f"[optim_core.g{n}]\na=b:c\n" for n in range(9000))),
    "its folder cannot be text": lambda site: _folder_of_bytes(site, b"bad_plugin\xff-2.0.dist-info"),
    "its folder's name has a line end": lambda site: _folder_of_bytes(site, b"bad_plugin\n-2.0.dist-info"),
    "its folder is a link in a circle": lambda site: _in_circle(site.folder / "bad_plugin-2.0.dist-info"),
    "an egg-info that is binary": _added(info="bad_plugin-2.0.egg-info", metadata=b"\xff\x00"),
    "two folders, one of a version that is none": _twice("2.0", "of mine"),
    "two folders, one of 5,000 digits": _twice("2.0", DIGITS),
    "two folders, one of 5,000 digits after post": _twice("2.0", f"1.post{DIGITS}"),
    "two folders": _twice("2.0", "3.0"),
}
"""What each does is told as bad-plugin's, or by a name that its folder has."""


def _folder_of_bytes(site: SiteFolder, name: bytes) -> None:
    path = os.fsencode(site.folder) + b"/" + name
    os.mkdir(path)  # noqa: PTH102 - the name is no text
    with open(path + b"/entry_points.txt", "w") as stream:  # noqa: PTH123 - as above
        stream.write(ENTRY)


def _zipped(spoil: Callable[[bytes], bytes], compression: int = zipfile.ZIP_STORED, much: int = 1000) -> Install:
    """Return what puts a zip file with the distribution on sys.path, its bytes spoilt."""

    def install(site: SiteFolder) -> None:
        archive = site.folder / "bad-plugin.zip"
        with zipfile.ZipFile(archive, "w", compression) as file:
            file.writestr("bad_plugin-2.0.dist-info/METADATA", METADATA + "\nx" * 1000)
            file.writestr("bad_plugin-2.0.dist-info/entry_points.txt", ENTRY + "#" * much)
        archive.write_bytes(spoil(archive.read_bytes()))
        _on_path(str(archive))(site)

    return install


def _on_path(entry: Any) -> Install:
    return lambda site: site.path.append(entry)


def _piped(site: SiteFolder) -> None:
    os.mkfifo(site.folder / "pipe")
    _on_path(str(site.folder / "pipe"))(site)


PLACES: Mapping[str, Install] = {
    "a zip file with a false sum in METADATA": _zipped(lambda data: data.replace(b"Name: bad", b"Name: bax")),
    "a zip file with a false sum in entry_points.txt": _zipped(lambda data: data.replace(b"Bad = bad", b"Bad = bax")),
    "a zip file whose end is gone": _zipped(lambda data: data[:-30]),
    "a zip file whose middle is spoilt": _zipped(
        lambda data: data[:90] + b"\xff" * 40 + data[130:], zipfile.ZIP_DEFLATED
    ),
    "a zip file whose LZMA is spoilt": _zipped(lambda data: data[:90] + b"\xff" * 40 + data[130:], zipfile.ZIP_LZMA),
    "a zip file of an unknown compression": _zipped(
        lambda data: data.replace(b"\x14\x03\x14\0\0\0\0\0", b"\x14\x03\x14\0\0\0c\0")
    ),
    "a zip file that is enormous when it is unpacked": _zipped(bytes, zipfile.ZIP_DEFLATED, 30 * HUGE),
    "a file that is no zip file": lambda site: _on_path(str(site.add("bad-plugin") / "METADATA"))(site),
    "a pipe": _piped,
    "a device without an end": _on_path("/dev/zero"),
    "a path with NUL": _on_path("a\0b"),
    "a path of 1 MB": _on_path("x" * HUGE),
    "a path that no system takes": _on_path("/\ud800"),
}
"""Each is put on the path, as a place or as a file with bad-plugin in it."""


class _Strange(importlib.metadata.Distribution):
    """A distribution of a stranger's finder."""

    def read_text(self, filename: str) -> Any:
        return {"METADATA": METADATA, "entry_points.txt": ENTRY}.get(filename)

    def locate_file(self, path: Any) -> Any:
        return path


def _raising(error: BaseException) -> Callable[..., Any]:
    def raise_it(*_: object, **__: object) -> Any:
        raise error

    return raise_it


def _giving(*distributions: Any) -> Callable[..., Any]:
    return lambda *_: list(distributions)


def _without_end(*_: object) -> Any:
    while True:
        yield _Strange()


def _up_to_here(*_: object) -> Any:
    yield _Strange()
    raise RuntimeError("no more")


def _that(**attributes: Any) -> Any:
    return type("Strange", (_Strange,), attributes)()


class _Opaque(_Strange):
    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(f"no {name} for you")


class _OddText(str):
    def partition(self, *_: object) -> Any:
        raise RuntimeError("no parts")

    splitlines = encode = partition  # type: ignore[assignment]


FINDERS: Mapping[str, Any] = {
    name: type(f"Finder{number}", (), {"find_spec": lambda *_: None, "find_distributions": find})()
    for number, (name, find) in enumerate(
        {
            "raises": _raising(RuntimeError("no such luck")),
            "exits": _raising(SystemExit(3)),
            "raises GeneratorExit": _raising(GeneratorExit()),
            "gives nothing": lambda *_: None,
            "gives what is no distribution": _giving(1, None, "x", object()),
            "never ends": _without_end,
            "fails on its way": _up_to_here,
            "gives one that cannot be read": _giving(_that(read_text=_raising(RuntimeError("no")))),
            "gives one that exits": _giving(_that(read_text=_raising(SystemExit(2)))),
            "gives one whose text is bytes": _giving(_that(read_text=lambda *_: ENTRY.encode())),
            "gives one whose text is a number": _giving(_that(read_text=lambda *_: 5)),
            "gives one whose text is odd": _giving(_that(read_text=lambda *_: _OddText(ENTRY))),
            "gives one without a place": _giving(_that(_path=property(_raising(RuntimeError("nowhere"))))),
            "gives one whose every attribute raises": _giving(_Opaque()),
        }.items()
    )
}
"""Objects for ``sys.meta_path``."""


def on_meta_path(finder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a finder first, where it is asked before all others."""
    import sys

    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
