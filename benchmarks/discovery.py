"""First use of a plugin among 1,000 installed distributions, 300 of them with plugins: this project and its peers.

    python benchmarks/discovery.py [runs]

Each measurement is a fresh process that finds one plugin by name and imports it, against metadata folders that are
generated in a temporary folder. "first use" counts from after the imports of the library and of importlib.metadata,
which all of them stand on; "process" is the whole process. Peers that are not installed are shown as such.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from textwrap import dedent

import attrs

from common import header, installed, interleaved, process_seconds, reported_seconds, run_python, table

DISTRIBUTIONS = 1_000
EVERY = 10
WITH_PLUGIN = 3  # of EVERY; as many have entry points for others
CHOSEN = "Opt300"
MOST = 1.2


@attrs.frozen
class Contestant:
    """A way to find a plugin, as it is measured.

    Args:
        title: its name in the table.
        needs: the distribution that it needs, None for what every Python has.
        before: code that runs before the clock starts, for imports that are not measured.
        use: the code that is measured.
        environment: variables to set.
    """

    title: str
    needs: str | None
    before: str
    use: str
    environment: Mapping[str, str] = {}

    def code(self, site: Path) -> str:
        """Return the program, which prints the plugin modules that `use` imported and the seconds that it took."""
        return dedent(
            f"""
            import sys
            sys.path.insert(0, {str(site)!r})
            import importlib.metadata, json
            from time import perf_counter
            {self.before}
            began = perf_counter()
            {self.use}
            took = perf_counter() - began
            sys.stdout.write(json.dumps([name for name in sys.modules if name.startswith("generated_")]) + "\\n")
            sys.stdout.write(str(took))
            """
        )


def contestants(site: Path) -> list[Contestant]:
    """Return the contestants; the first is the plain scan, with which the others are compared."""
    group = "optim_core.optimizers"
    without_cache = str(site / "cache")
    return [
        Contestant(
            "importlib.metadata.entry_points(), nothing imported",
            None,
            "from importlib.metadata import entry_points",
            "entry_points()",
        ),
        Contestant(
            f'optim-core, registry.build("{CHOSEN}")',
            "optim-core",
            "from optim_core import registry",
            f'registry.build({{"type": "{CHOSEN}", "config": {{"lr": 0.2}}}})',
        ),
        Contestant(
            "optim-core, a record of each of the 300",
            "optim-core",
            "from optim_core import registry",
            "registry.optimizers.plugins()",
        ),
        Contestant(
            "importlib.metadata, by name",
            None,
            "from importlib.metadata import entry_points",
            f'next(iter(entry_points(group="{group}", name="{CHOSEN}"))).load()',
        ),
        Contestant(
            "stevedore DriverManager, without its disk cache",
            "stevedore",
            "from stevedore.driver import DriverManager",
            f'DriverManager("{group}", "{CHOSEN}").driver',
            {"XDG_CACHE_HOME": without_cache},
        ),
        Contestant(
            "pluggy load_setuptools_entrypoints",
            "pluggy",
            "from pluggy import PluginManager",
            f'PluginManager("optim_core").load_setuptools_entrypoints("{group}", "{CHOSEN}")',
        ),
        Contestant(
            "catalogue get, with its import, which scans",
            "catalogue",
            "",
            f'import catalogue; catalogue.create("optim_core_optimizers", entry_points=True).get("{CHOSEN}")',
        ),
    ]


def generate(site: Path) -> None:
    """Write the distributions, with METADATA of a usual length."""
    rest = "\n".join(f"Classifier: Topic :: Number {number}" for number in range(30))
    description = "What it does, at some length.\n" * 60
    for number in range(DISTRIBUTIONS):
        place = number % EVERY
        needs = "optim-core>=0.1" if place < WITH_PLUGIN else "attrs"
        info = site / f"generated_{number}-1.{number}.dist-info"
        info.mkdir()
        headers = (
            f"Metadata-Version: 2.4\nName: generated-{number}\nVersion: 1.{number}\n{rest}\nRequires-Dist: {needs}"
        )
        (info / "METADATA").write_text(f"{headers}\n\n{description}", encoding="utf-8")
        if place < WITH_PLUGIN:
            line = f"Opt{number} = generated_{number}:Opt\n"
            # catalogue writes an entry-point group with `_` where others have a dot.
            text = f"[optim_core.optimizers]\n{line}\n[optim_core_optimizers]\n{line}"
            (info / "entry_points.txt").write_text(text, encoding="utf-8")
            (site / f"generated_{number}.py").write_text(PLUGIN, encoding="utf-8")
        elif place < 2 * WITH_PLUGIN:
            text = f"[console_scripts]\nprogram-{number} = generated_{number}:main\n"
            (info / "entry_points.txt").write_text(text, encoding="utf-8")
    cache = site / "cache" / "python-entrypoints"
    cache.mkdir(parents=True)
    (cache / ".disable").touch()


PLUGIN = '''
import attrs


@attrs.frozen(kw_only=True)
class Opt:
    """A generated optimizer."""

    lr: float = 0.1

    def build(self, params):
        raise NotImplementedError
'''


def imported_plugins(contestant: Contestant, site: Path) -> list[str]:
    """Return the plugin modules that a contestant imports."""
    listed = run_python(contestant.code(site), environment=contestant.environment).splitlines()[0]
    return [str(name) for name in json.loads(listed)]


def measure(site: Path, present: list[Contestant], runs: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return the medians of the first use and of the whole process, by title."""
    inside: dict[str, Callable[[], float]] = {}
    whole: dict[str, Callable[[], float]] = {}
    for contestant in present:
        code, environment = contestant.code(site), contestant.environment
        inside[contestant.title] = partial(reported_seconds, code, environment=environment)
        whole[contestant.title] = partial(process_seconds, [sys.executable, "-c", code], environment)
    return interleaved(inside, runs), interleaved(whole, runs)


def rows(
    everyone: list[Contestant], inside: Mapping[str, float], whole: Mapping[str, float], imported: Mapping[str, int]
) -> list[dict[str, str]]:
    """Return the table's rows; ratios are to the first contestant."""
    first = everyone[0].title
    lines = []
    for contestant in everyone:
        title = contestant.title
        if title not in inside:
            lines.append(dict.fromkeys(COLUMNS, "") | {COLUMNS[0]: title, COLUMNS[1]: "not installed"})
            continue
        cells = (
            title,
            f"{inside[title] * 1e3:.1f} ms",
            f"{inside[title] / inside[first]:.2f}",
            f"{whole[title] * 1e3:.0f} ms",
            f"{whole[title] / whole[first]:.2f}",
            str(imported[title]),
        )
        lines.append(dict(zip(COLUMNS, cells, strict=True)))
    return lines


COLUMNS = ("contestant", "first use", "ratio", "process", "ratio of processes", "plugins imported")


def main() -> int:
    """Print the table; return 1 where building one name imported anything but one plugin module, else 0."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        generate(site)
        everyone = contestants(site)
        present = [each for each in everyone if each.needs is None or installed(each.needs)]
        imported = {each.title: imported_plugins(each, site) for each in present}
        inside, whole = measure(site, present, runs)
    print(header("stevedore", "pluggy", "catalogue"), end="\n\n")
    title = f"First use among {DISTRIBUTIONS:,} distributions, medians of {runs} processes each, in turn"
    counts = {name: len(modules) for name, modules in imported.items()}
    print(table(title, rows(everyone, inside, whole, counts)), end="\n\n")
    scan, ours = everyone[0].title, everyone[1].title
    print(f"First use costs {inside[ours] / inside[scan]:.2f} times one plain scan (at most {MOST} is wanted).")
    among = DISTRIBUTIONS * WITH_PLUGIN // EVERY
    print(f"Building one name imported {', '.join(imported[ours]) or 'nothing'}, of {among} plugin modules.")
    return 0 if imported[ours] == [f"generated_{CHOSEN.removeprefix('Opt')}"] else 1


if __name__ == "__main__":
    # Settings in the environment of the one who measures would change which plugins may be used.
    for variable in ("ALLOW", "BLOCK", "PREFER"):
        os.environ.pop(f"OPTIM_CORE_{variable}", None)
    sys.exit(main())
