"""What the benchmarks share: the header, medians of runs taken in turn, and tables.

The machine under a benchmark is rarely quiet. Contestants are therefore run in turn, never one after the other, and
what counts is the ratio of their medians.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = [
    "header",
    "in_turn",
    "installed",
    "interleaved",
    "process_seconds",
    "reported_seconds",
    "run_python",
    "table",
]


def header(*distributions: str) -> str:
    """Return one line on the machine and Python, and one on the versions of `distributions`.

    Args:
        distributions: what the benchmark compares; one that is missing is shown as such.
    """
    machine = f"Python {platform.python_version()} on {_processor()}, {_usable_cpus()} CPUs, {platform.system()}"
    versions = ", ".join(f"{name} {installed(name) or 'not installed'}" for name in ("optim-core", *distributions))
    return f"{machine}\n{versions}"


def installed(distribution: str) -> str | None:
    """Return the installed version of `distribution`, None where it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def interleaved(commands: Mapping[str, Callable[[], float]], runs: int) -> dict[str, float]:
    """Return the median of what each command returns over `runs` rounds; `in_turn` says more."""
    return {name: statistics.median(seconds) for name, seconds in in_turn(commands, runs).items()}


def in_turn(commands: Mapping[str, Callable[[], float]], runs: int) -> dict[str, list[float]]:
    """Return what each command returned in each of `runs` rounds; every round calls each command once.

    Args:
        commands: name to a callable that runs once and returns what it took, in seconds. The order changes from round
            to round, so that none always follows the same neighbour.
        runs: rounds that count; one more comes first and does not, to fill the caches.
    """
    names = list(commands)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for number in range(runs + 1):
        first = number % len(names)
        order = names[first:] + names[:first]
        for name in order if number % 2 else reversed(order):
            seconds = commands[name]()
            if number:
                taken[name].append(seconds)
    return taken


def process_seconds(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
    """Return the wall time of a whole process, from its start to its end.

    Raises:
        subprocess.CalledProcessError: the process failed.
    """
    began = time.perf_counter()
    subprocess.run(arguments, env=_with(environment), check=True, capture_output=True)
    return time.perf_counter() - began


def reported_seconds(code: str, *arguments: str, environment: Mapping[str, str] | None = None) -> float:
    """Return the seconds that a fresh Python which runs `code` prints as its last word.

    Raises:
        subprocess.CalledProcessError: the process failed.
    """
    return float(run_python(code, *arguments, environment=environment).split()[-1])


def run_python(code: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Return what a fresh Python that runs `code` prints.

    Raises:
        subprocess.CalledProcessError: the process failed.
    """
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=_with(environment), check=True, stdout=subprocess.PIPE, text=True).stdout


def table(title: str, rows: Sequence[Mapping[str, object]]) -> str:
    """Return a Markdown table whose columns are the keys of the first row; those after the first are set to the right.

    Args:
        title: the heading above it.
        rows: at least one; each has the keys of the first.
    """
    columns = list(rows[0])
    cells = [columns, *([str(row[column]) for column in columns] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    lines = [_line(line, widths) for line in cells]
    rule = (
        "| "
        + " | ".join("-" * widths[0] if place == 0 else "-" * (width - 1) + ":" for place, width in enumerate(widths))
        + " |"
    )
    return "\n".join([f"## {title}", "", lines[0], rule, *lines[1:]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.ljust(width) if place == 0 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "| " + " | ".join([first, *others]) + " |"


def _with(environment: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, **(environment or {})}


def _usable_cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    """Return the processor's name as Linux gives it, or else as Python does."""
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
