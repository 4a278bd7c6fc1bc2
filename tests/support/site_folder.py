"""Real distributions in a folder on sys.path, for tests of discovery."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from optim_core import Registry

ARGUMENTS = {"optimizer": "self, params", "scheduler": "self, optimizer, horizon", "clipper": "self"}


def plugin_source(*names: str, kind: str = "optimizer", top: str = "") -> str:
    """Return the text of a module with a plugin class of each name; `top` stands above them."""
    classes = "".join(
        f"\n@attrs.frozen(kw_only=True)\nclass {name}:\n    lr: float = 0.1\n"
        f"    def build({ARGUMENTS[kind]}):\n        return {name!r}\n"
        for name in names
    )
    return f"import attrs\n{top}\n{classes}"


def provider_source(names: Iterable[str], kind: str = "optimizer", top: str = "") -> str:
    """Return the text of a module with a provider class `Provider` of plugins of these names."""
    return (
        f"{plugin_source(*names, kind=kind, top=top)}\nclass Provider:\n    kind = {kind!r}\n"
        f"    def names(self):\n        return {list(names)!r}\n"
        f"    def load(self, name):\n        return globals()[name]\n"
    )


class SiteFolder:
    """A folder into which distributions are put as pip does it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path: list[Any] = []
        """What else a test puts on the path, before the folder."""

    def add(
        self,
        name: str,
        *,
        version: str = "1.0",
        entry_points: Mapping[str, Mapping[str, str]] | str | bytes | None = None,
        modules: Mapping[str, str] | None = None,
        requires: Iterable[str] = (),
        metadata: str | bytes | None = "",
        info: str | None = None,
    ) -> Path:
        """Install a distribution; return its metadata folder.

        Args:
            name: its name.
            version: its version.
            entry_points: group to name to target; or the content of entry_points.txt.
            modules: name of a module to its text.
            requires: its Requires-Dist.
            metadata: the content of METADATA, "" for a good one, None for none.
            info: the name of the metadata folder, where it is not that of a wheel.
        """
        folder = self.folder / (info or f"{name.replace('-', '_')}-{version}.dist-info")
        folder.mkdir()
        for module, text in (modules or {}).items():
            (self.folder / f"{module}.py").write_text(text, encoding="utf-8")
        if metadata == "":
            lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {item}" for item in requires)]
            metadata = "\n".join(["Metadata-Version: 2.1", *lines, "", f"# {name}", ""])
        _write(folder / ("PKG-INFO" if folder.suffix == ".egg-info" else "METADATA"), metadata)
        _write(folder / "entry_points.txt", _text(entry_points))
        importlib.invalidate_caches()
        return folder

    def offer(self, distribution: str, *names: str, kind: str = "optimizer", **more) -> Path:
        """Install a distribution with a module of its name, and in it a plugin class of each of these names."""
        module = distribution.replace("-", "_")
        targets = {f"optim_core.{kind}s": {name: f"{module}:{name}" for name in names}}
        source = {module: plugin_source(*names, kind=kind)}
        return self.add(distribution, **{"entry_points": targets, "modules": source, **more})

    def registry(self, **settings) -> Registry:
        """Return a registry of what is installed in this folder, and of nothing else."""
        return Registry(path=[str(self.folder)], **settings)


def _text(entry_points: Mapping[str, Mapping[str, str]] | str | bytes | None) -> str | bytes | None:
    if not isinstance(entry_points, Mapping):
        return entry_points
    groups = (
        "\n".join([f"[{group}]", *(f"{name} = {target}" for name, target in lines.items()), ""])
        for group, lines in entry_points.items()
    )
    return "\n".join(groups)


def _write(file: Path, content: str | bytes | None) -> None:
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())


@contextlib.contextmanager
def site_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SiteFolder]:
    """Make a folder for distributions, the first on sys.path; forget the modules in it afterwards."""
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield SiteFolder(folder)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder.parent)):
            del sys.modules[name]
    importlib.invalidate_caches()
