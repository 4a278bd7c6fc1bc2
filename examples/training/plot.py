"""Draw columns of the metrics.csv of some runs: ``python plot.py runs/digits --columns val/accuracy -o digits.png``."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

METRICS = "metrics.csv"


def newest(folder: Path) -> Path:
    """Return the metrics of a run, or of the newest run of a project."""
    if (folder / METRICS).is_file():
        return folder / METRICS
    found = sorted(folder.glob(f"*/{METRICS}"))
    if not found:
        raise SystemExit(f"{folder} holds no {METRICS}: it is neither the folder of a run nor that of a project")
    return found[-1]


def points(file: Path, column: str) -> tuple[list[int], list[float]]:
    """Return the steps at which there is a value in a column, and the values."""
    with file.open(newline="", encoding="utf-8") as opened:
        rows = [row for row in csv.DictReader(opened) if row.get(column)]
    if not rows:
        raise SystemExit(f"{file} has no column `{column}` with a value in it")
    return [int(row["step"]) for row in rows], [float(row[column]) for row in rows]


def main() -> None:
    """Draw what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="folders of runs, or of projects: the newest run counts")
    parser.add_argument("--columns", nargs="+", required=True, help="each is a picture of its own")
    parser.add_argument("--labels", nargs="+", help="names of the runs, instead of those of the folders")
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    labels = asked.labels or [folder.name for folder in asked.folders]
    figure, all_axes = plt.subplots(1, len(asked.columns), figsize=(4.5 * len(asked.columns), 3.2), squeeze=False)
    for axes, column in zip(all_axes[0], asked.columns, strict=True):
        for folder, label in zip(asked.folders, labels, strict=True):
            steps, values = points(newest(folder), column)
            axes.plot(steps, values, label=label, linewidth=1.2)
            print(f"{label}: {column} {values[-1]:.4g} at step {steps[-1]}")
        axes.set(xlabel="step", title=column)
        axes.grid(alpha=0.3)
        if len(asked.folders) > 1:
            axes.legend()
    figure.tight_layout()
    figure.savefig(asked.output, dpi=100)
    print(asked.output)


if __name__ == "__main__":
    main()
