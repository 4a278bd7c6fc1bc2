"""Charts as a web page that stands alone: it loads nothing, and shows step and rates under the pointer."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from html import escape
from importlib.resources import files

from optim_core.cli.plot.chart import Chart, Line
from optim_core.cli.plot.numbers import short

__all__ = ["page_of"]

# These lengths are in units of the drawing, which the page stretches.
LEFT, TOP, WIDE, HIGH = 70, 14, 870, 380
COLOURS = 8
SHOWN_DIGITS = 6


def page_of(chart: Chart) -> bytes:
    """Return the page, in UTF-8. All text in it, such as names of files, is escaped."""
    numbers = range(len(chart.lines))
    drawing = "\n".join([*_grid(chart), *(_line(chart, number) for number in numbers)])
    entries = "\n".join(_entry(line, number) for number, line in enumerate(chart.lines))
    page = (files("optim_core.cli.plot") / "page.html").read_text(encoding="utf-8")
    parts = {
        "ACROSS": escape(chart.across),
        "UP": escape(chart.up + (", logarithmic" if chart.log else "")),
        "DRAWING": drawing,
        "DOTS": "".join(f'<circle class="dot c{number % COLOURS}" r="4"/>' for number in numbers),
        "DATA": _data(chart),
        "ENTRIES": entries,
        "TITLE": escape(chart.title),
    }
    pieces = page.split("@@")
    return "".join(parts[piece] if place % 2 else piece for place, piece in enumerate(pieces)).encode(
        "utf-8", "backslashreplace"
    )


def _across(chart: Chart, place: float) -> float:
    return LEFT + place / chart.right * WIDE


def _down(chart: Chart, rate: float) -> float:
    return TOP + (1 - chart.height_of(rate)) * HIGH


def _grid(chart: Chart) -> Iterator[str]:
    for rate, text in chart.rate_ticks(8):
        at = f"{_down(chart, rate):.1f}"
        yield f'<line class="grid" x1="{LEFT}" x2="{LEFT + WIDE}" y1="{at}" y2="{at}"/>'
        yield f'<text class="rate" x="{LEFT - 8}" y="{at}">{text}</text>'
    for place, text in chart.place_ticks(8):
        at = f"{_across(chart, place):.1f}"
        yield f'<line class="tick" x1="{at}" x2="{at}" y1="{TOP + HIGH}" y2="{TOP + HIGH + 5}"/>'
        yield f'<text class="place" x="{at}" y="{TOP + HIGH + 20}">{text}</text>'


def _line(chart: Chart, number: int) -> str:
    line, path, before = chart.lines[number], [], ""
    for place, rate in zip(chart.places, line.rates, strict=True):
        if not math.isfinite(chart.height_of(rate)):
            before = ""
            continue
        across, down = f"{_across(chart, place):.2f}", f"{_down(chart, rate):.2f}"
        # Stairs go on at the old height first.
        if not before:
            path.append(f"M{across} {down}")
        else:
            path.append(f"H{across}V{down}" if line.is_stairs else f"L{across} {down}")
        before = down
    return f'<path class="curve c{number % COLOURS} d{number % 4}" d="{"".join(path)}"/>'


def _entry(line: Line, number: int) -> str:
    """Return a row of the legend, whose last cell shows the rate under the pointer."""
    look = f"curve c{number % COLOURS} d{number % 4}"
    sample = f'<svg class="sample" viewBox="0 0 30 10" aria-hidden="true"><path class="{look}" d="M0 5H30"/></svg>'
    return f'<tr><td>{sample}</td><td>{escape(line.label)}</td><td class="value" id="value{number}"></td></tr>'


def _data(chart: Chart) -> str:
    """Return places, and the rates there as text, as JSON that cannot end the element that it stands in."""
    rates = [[None if math.isnan(rate) else short(rate, SHOWN_DIGITS) for rate in line.rates] for line in chart.lines]
    heights = [
        [None if math.isnan(chart.height_of(rate)) else round(_down(chart, rate), 2) for rate in line.rates]
        for line in chart.lines
    ]
    data = {
        "unit": chart.across,
        "left": LEFT,
        "wide": WIDE,
        "right": chart.right,
        "places": chart.places,
        "rates": rates,
        "heights": heights,
    }
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
