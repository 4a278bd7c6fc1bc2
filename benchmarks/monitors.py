"""What a monitor takes of a run, as a share of its steps, with a report every hundred steps into a CSV file.

Run it with ``python benchmarks/monitors.py``. The time that the monitor takes is measured inside the very steps of
which it is a share, and is that of the processor in one thread: on a machine that does other things, two loops side by
side differ by more than a monitor takes.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.amp import GradScaler

from common import header, table
from optim_core import StepResult, registry
from optim_core.run.loop import StepWatch
from optim_core.run.monitors import CsvWriter, Monitor

ROUNDS = 11
EVERY = 100
RECIPE = {
    "optimizer": {"type": "AdamW", "config": {"lr": 1e-4}},
    "scheduler": {"type": "cosine", "config": {"num_training_steps": 1_000_000}},
    "gradient_clipping": {"type": "norm", "max_norm": 1.0},
}
# Width, layers and batch.
SHAPES = {"2 layers of 128": (128, 2, 64), "8 layers of 128": (128, 8, 64), "32 layers of 64": (64, 32, 64)}
MONITORS: dict[str, dict[str, Any]] = {
    "all": {},
    "without modules": {"depth": 0},
    "without update ratios": {"updates": False},
}


class Timed:
    """Hands on what a loop tells its monitor, and measures how long that takes."""

    def __init__(self, watch: StepWatch) -> None:
        self.watch = watch
        self.seconds: list[float] = []

    def before_step(self, scaler: GradScaler | None) -> None:
        """Hand it on; a new step begins."""
        self.seconds.append(_took(lambda: self.watch.before_step(scaler)))

    def after_step(self, done: StepResult) -> None:
        """Hand it on."""
        self.seconds[-1] += _took(lambda: self.watch.after_step(done))


def _took(call: Callable[[], None]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


def measured(shape: tuple[int, int, int], monitor: dict[str, Any], folder: Path) -> dict[str, str]:
    """Train for some intervals; return the medians of a step, of the report, of another step's part, and the share."""
    width, layers, size = shape
    torch.manual_seed(0)
    model = nn.Sequential(*[nn.Sequential(nn.Linear(width, width), nn.ReLU()) for _ in range(layers)])
    run = registry.recipe(RECIPE).create(model)
    Monitor(run, EVERY, CsvWriter(folder / f"{width}{layers}{len(monitor)}.csv"), **monitor)
    watch = run["default"].watch
    if watch is None:
        raise RuntimeError("the run has no monitor")
    timed = run["default"].watch = Timed(watch)
    batch = torch.randn(size, width)
    steps, reports, others, shares = [], [], [], []

    def train() -> None:
        for _ in range(EVERY):
            run.step(lambda: model(batch).square().mean())

    for _ in range(ROUNDS):
        timed.seconds.clear()
        taken = _took(train)
        steps.append((taken - sum(timed.seconds)) / EVERY)
        reports.append(timed.seconds[-1])
        others.append(statistics.median(timed.seconds[:-1]))
        shares.append(sum(timed.seconds) / (taken - sum(timed.seconds)))
    return {
        "a step": f"{statistics.median(steps) * 1e6:,.0f} µs",
        "the report": f"{statistics.median(reports) * 1e6:,.0f} µs",
        "at another step": f"{statistics.median(others) * 1e6:.1f} µs",
        "share": f"{statistics.median(shares):.2%}",
    }


def main() -> None:
    torch.set_num_threads(1)
    print(header("torch"))
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            {"model": name, "monitor": title, **measured(shape, monitor, Path(folder))}
            for name, shape in SHAPES.items()
            for title, monitor in MONITORS.items()
        ]
    print(table(f"What a monitor takes, with a report every {EVERY} steps", rows))


if __name__ == "__main__":
    main()
