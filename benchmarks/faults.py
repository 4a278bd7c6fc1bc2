"""Broken distributions and plugins beside two healthy ones: which of these can still be used, and is the guilty named?

    python benchmarks/faults.py

Each cell is a fresh process that uses both healthy plugins in the library's ordinary way and then asks for the broken
one: how many of the two could be used, and whether what the library said names the broken distribution, bad-plugin. For
this project that is what `optim doctor` says. Peers that are not installed are shown as such.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

from common import header, installed, table

GROUP = "[optim_core.optimizers]\n"
ENTRY = f"{GROUP}Bad = bad:Bad\n"
CLASS = "import attrs\n@attrs.frozen(kw_only=True)\nclass {}:\n    lr: float = 0.1\n    def build(self, params): ...\n"
SECONDS = 20

# What is printed is what was used, and then, on a line of its own, what was said of the broken one.
WAYS: Mapping[str, tuple[str | None, str]] = {
    "optim-core": (
        None,
        """
        from optim_core import Registry
        from optim_core.plugin_tools import probe
        registry = Registry()
        use(lambda name: registry.build({"type": name}).type)
        said = [record.error for record in registry.optimizers.plugins()] + [str(probe(5))]
        tell(said + [fault.distribution + fault.message for fault in registry.faults(thorough=True)])
        """,
    ),
    "catalogue": (
        "catalogue",
        """
        import catalogue
        registry = catalogue.Registry(("optim_core.optimizers",), entry_points=True)
        registry.entry_point_namespace = "optim_core.optimizers"
        use(registry.get)
        tell([attempt(lambda: registry.get("Bad"))])
        """,
    ),
    "stevedore": (
        "stevedore",
        """
        import logging, io
        log = io.StringIO()
        logging.basicConfig(stream=log)
        from stevedore import ExtensionManager
        manager = attempt(lambda: ExtensionManager("optim_core.optimizers"))
        use(lambda name: manager[name].plugin)
        tell([log.getvalue(), manager, attempt(lambda: manager["Bad"].plugin)])
        """,
    ),
    "pluggy": (
        "pluggy",
        """
        import pluggy
        manager = pluggy.PluginManager("optim_core")
        said = attempt(lambda: manager.load_setuptools_entrypoints("optim_core.optimizers"))
        use(lambda name: {"None": None}.get(str(manager.get_plugin(name)), 1) or 1 / 0)
        tell([said])
        """,
    ),
}
PRELUDE = """
import json, sys
sys.path.insert(0, sys.argv[1])
def attempt(ask):
    try:
        return ask()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
def use(find):
    used = 0
    for name in ("Ant", "Zebra"):
        try:
            find(name)
            used += 1
        except BaseException:
            pass
    print(json.dumps(used), flush=True)
def tell(said):
    print(json.dumps(any("bad-plugin" in str(each) for each in said)), flush=True)
"""


def _offer(
    site: Path, name: str, entry_points: str | bytes | None, module: str = "", metadata: bytes | None = None
) -> Path:
    folder = site / f"{name.replace('-', '_')}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_bytes(metadata or f"Name: {name}\nVersion: 1.0\n".encode())
    if entry_points is not None:
        text = entry_points if isinstance(entry_points, bytes) else entry_points.encode()
        (folder / "entry_points.txt").write_bytes(text)
    if module:
        (site / f"{name.partition('-')[0]}.py").write_text(module)
    return folder


def _importing(top: str) -> Callable[[Path], object]:
    return lambda site: _offer(site, "bad-plugin", ENTRY, f"{top}\n{CLASS.format('Bad')}")


def _entries(text: str | bytes) -> Callable[[Path], object]:
    return lambda site: _offer(site, "bad-plugin", text, CLASS.format("Bad"))


def _metadata(text: bytes) -> Callable[[Path], object]:
    return lambda site: _offer(site, "bad-plugin", ENTRY, CLASS.format("Bad"), text)


def _without(file: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
    def spoil(site: Path) -> None:
        path = _offer(site, "bad-plugin", ENTRY, CLASS.format("Bad")) / file
        path.unlink()
        make(path)

    return spoil


FAULTS: Mapping[str, Callable[[Path], object]] = {
    "import raises": _importing("raise ValueError('no such luck')"),
    "a dependency is missing": _importing("import not_there_at_all"),
    "a syntax error": _importing("class ("),
    "sys.exit at import": _importing("import sys; sys.exit(3)"),
    "os._exit at import": _importing("import os; os._exit(3)"),
    "a crash at import": _importing("import ctypes; ctypes.string_at(0)"),
    "waits for ever at import": _importing("import time; time.sleep(600)"),
    "a module that is not there": _entries(f"{GROUP}Bad = gone:Bad\n"),
    "a class that is not there": _entries(f"{GROUP}Bad = bad:Worse\n"),
    "a target that is none": _entries(f"{GROUP}Bad = bad plugin !!\n"),
    "a line without =": _entries(f"{GROUP}Bad\n"),
    "no section": _entries("Bad = bad:Bad\n"),
    "entry_points.txt is binary": _entries(b"\xff\xfe\x00"),
    "entry_points.txt is a folder": _without("entry_points.txt", Path.mkdir),
    "entry_points.txt is a pipe": _without("entry_points.txt", os.mkfifo),
    "METADATA is not there": _without("METADATA", lambda _: None),
    "METADATA is binary": _metadata(b"\xff\xfe\x00"),
    "METADATA is a folder": _without("METADATA", Path.mkdir),
    "no Version": _metadata(b"Name: bad-plugin\n"),
    "a requirement of 5,000 digits": _metadata(
        b"Name: bad-plugin\nVersion: 1.0\nRequires-Dist: optim-core>=" + b"1" * 5000 + b"\n"
    ),
    "a field that no config can hold": lambda site: _offer(
        site, "bad-plugin", ENTRY, CLASS.format("Bad").replace("float = 0.1", "complex = 0j")
    ),
}


def _cell(title: str, spoil: Callable[[Path], object]) -> str:
    needs, way = WAYS[title]
    if needs is not None and installed(needs) is None:
        return "not installed"
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        site.mkdir()
        _offer(site, "ant-plugin", f"{GROUP}Ant = ant:Ant\n", CLASS.format("Ant"))
        _offer(site, "zebra-plugin", f"{GROUP}Zebra = zebra:Zebra\n", CLASS.format("Zebra"))
        spoil(site)
        arguments = [sys.executable, "-c", PRELUDE + dedent(way), str(site)]
        environment = {**os.environ, "XDG_CACHE_HOME": folder}
        try:
            done = subprocess.run(
                arguments, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            told = error.stdout or b""
            lines = (told.decode() if isinstance(told, bytes) else told).split()
        else:
            lines = done.stdout.split()
    used = json.loads(lines[0]) if lines else 0
    named = len(lines) > 1 and lines[-1] == "true"
    return f"{used} of 2, {'named' if named else 'not named'}"


def main() -> None:
    print(header("catalogue", "stevedore", "pluggy"))
    print(
        "How many of two healthy plugins can be used beside a broken one, and whether that one's distribution is named."
    )
    rows = [
        {"what is broken": what, **{title: _cell(title, spoil) for title in WAYS}} for what, spoil in FAULTS.items()
    ]
    whole = {title: sum(row[title] == "2 of 2, named" for row in rows) for title in WAYS}
    rows.append({"what is broken": "both, and named", **{title: f"{n} of {len(FAULTS)}" for title, n in whole.items()}})
    print(f"\n{table('Broken plugins', rows)}")


if __name__ == "__main__":
    main()
