"""Draws every installed schedule in one picture, docs/schedules.svg: `make gallery`.

The picture is committed, so that documents can show it without a build of the site.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from curves import curve_of
from optim_core import registry

GALLERY = Path(__file__).resolve().parents[1] / "docs/schedules.svg"

COLUMNS, WIDTH, ROW = 5, 11.0, 1.42
# The background is left out, and these are seen on white and on black.
LINE, TEXT, AXIS = "#2b8cd6", "#808890", "#8088904d"
POINTS = 500


def gallery(names: list[str]) -> Figure:
    """Return a figure with a small plot of each schedule, from 0 to its highest rate over one run."""
    rows = math.ceil(len(names) / COLUMNS)
    spaces = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.06, wspace=0.03, hspace=0.06)
    figure = Figure(figsize=(WIDTH, ROW * rows), layout=spaces)
    for place, name in enumerate(names, 1):
        axes = figure.add_subplot(rows, COLUMNS, place)
        curve = curve_of(name)
        every = max(1, len(curve.rates) // POINTS)
        places = np.append(np.arange(0, len(curve.rates), every) * curve.each, curve.last)
        style = "steps-post" if curve.is_stairs else "default"
        axes.plot(places, curve.at(places) / curve.rates.max(), color=LINE, drawstyle=style, linewidth=1.7)
        axes.set_title(name, fontsize=9, color=TEXT, pad=3, parse_math=False)
        axes.set_xlim(0, curve.length)
        axes.set_ylim(0, 1.08)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(AXIS)
        axes.patch.set_visible(False)
    return figure


def main() -> None:
    names = sorted((record.name for record in registry.plugins("scheduler") if not record.alias_of), key=str.lower)
    settings: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "optim", "font.family": "sans-serif"}
    with rc_context(settings):
        gallery(names).savefig(GALLERY, format="svg", transparent=True, metadata={"Date": None})


if __name__ == "__main__":
    main()
