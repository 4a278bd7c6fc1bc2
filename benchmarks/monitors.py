"""What a monitor adds to a step of a run, as a share of that step, with a report every hundred steps.

Run it with ``python benchmarks/monitors.py``. The loops with a monitor and without take their steps in turn, in one
process: each on a model of its own, of the same shape and with the same data. The reports go to a CSV file.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from common import header, interleaved, table
from optim_core import registry
from optim_core.run.monitors import CsvWriter, Monitor

ROUNDS = 9
EVERY = 100
RECIPE = {
    "optimizer": {"type": "AdamW", "config": {"lr": 1e-4}},
    "scheduler": {"type": "cosine", "config": {"num_training_steps": 1_000_000}},
    "gradient_clipping": {"type": "norm", "max_norm": 1.0},
}
# Width, layers and batch.
SHAPES = {"2 layers of 128": (128, 2, 32), "8 layers of 256": (256, 8, 64), "32 layers of 128": (128, 32, 32)}
MONITORS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "all": {},
    "without update ratios": {"updates": False},
}


def loop(shape: tuple[int, int, int], monitor: dict[str, Any] | None, folder: Path) -> Callable[[], float]:
    """Return what trains for one interval, and returns the seconds that a step took."""
    width, layers, size = shape
    torch.manual_seed(0)
    model = nn.Sequential(*[nn.Sequential(nn.Linear(width, width), nn.ReLU()) for _ in range(layers)])
    run = registry.recipe(RECIPE).create(model)
    if monitor is not None:
        Monitor(run, EVERY, CsvWriter(folder / f"{width}{len(monitor)}.csv"), **monitor)
    batch = torch.randn(size, width)

    def train() -> float:
        began = time.perf_counter()
        for _ in range(EVERY):
            run.step(lambda: model(batch).square().mean())
        return (time.perf_counter() - began) / EVERY

    return train


def main() -> None:
    torch.set_num_threads(1)
    print(header("torch"))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, shape in SHAPES.items():
            loops = {title: loop(shape, monitor, Path(folder)) for title, monitor in MONITORS.items()}
            taken = interleaved(loops, ROUNDS)
            for title, seconds in taken.items():
                share = seconds / taken["none"] - 1
                said = "" if title == "none" else f"{share:+.1%}"
                rows.append({"model": name, "monitor": title, "a step": f"{seconds * 1e6:,.0f} µs", "more": said})
    print(table(f"A step, with a report every {EVERY}", rows))


if __name__ == "__main__":
    main()
