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

# The width and the height of the drawing in its own units; the page stretches it.
SIZE = 1000
COLOURS, STROKES = 8, 4
SHOWN_DIGITS = 6
TICKS = 8


def page_of(chart: Chart) -> bytes:
    """Return the page, in UTF-8. All text in it, such as names of files, is escaped."""
    numbers = range(len(chart.lines))
    drawing = "\n".join([*_grid(chart), *(_line(chart, number) for number in numbers)])
    beside = "\n".join(_numbers(chart))
    entries = "\n".join(_entry(line, number) for number, line in enumerate(chart.lines))
    page = (files("optim_core.cli.plot") / "page.html").read_text(encoding="utf-8")
    parts = {
        "ACROSS": escape(chart.across),
        "UP": escape(chart.up_in_full),
        "DRAWING": drawing,
        "DOTS": "".join(f'<path class="dot c{number % COLOURS}"/>' for number in numbers),
        "NUMBERS": beside,
        "DATA": _data(chart),
        "ENTRIES": entries,
        "TITLE": escape(chart.title),
    }
    pieces = page.split("@@")
    return "".join(parts[piece] if place % 2 else piece for place, piece in enumerate(pieces)).encode(
        "utf-8", "backslashreplace"
    )


def _across(chart: Chart, place: float) -> float:
    return place / chart.right * SIZE


def _down(chart: Chart, rate: float) -> float:
    return (1 - chart.height_of(rate)) * SIZE


def _grid(chart: Chart) -> Iterator[str]:
    for rate, _ in chart.rate_ticks(TICKS):
        at = f"{_down(chart, rate):.1f}"
        yield f'<line class="grid" x1="0" x2="{SIZE}" y1="{at}" y2="{at}"/>'
    for place, _ in chart.place_ticks(TICKS):
        at = f"{_across(chart, place):.1f}"
        yield f'<line class="tick" x1="{at}" x2="{at}" y1="{SIZE}" y2="{SIZE + SIZE // 80}"/>'


def _numbers(chart: Chart) -> Iterator[str]:
    """Yield the numbers beside the axes, which are no part of what is stretched."""
    for rate, text in chart.rate_ticks(TICKS):
        yield f'<span class="rate" style="top:{100 * _down(chart, rate) / SIZE:.2f}%">{text}</span>'
    for number, (place, text) in enumerate(chart.place_ticks(TICKS)):
        at = f"{100 * _across(chart, place) / SIZE:.2f}"
        # Of these a narrow page shows every second.
        yield f'<span class="place{" odd" if number % 2 else ""}" style="left:{at}%">{text}</span>'


def _look(number: int) -> str:
    """Return the classes of a curve; of those of one colour each has another stroke."""
    return f"curve c{number % COLOURS} d{(number + number // COLOURS) % STROKES}"


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
    return f'<path class="{_look(number)}" d="{"".join(path)}"/>'


def _entry(line: Line, number: int) -> str:
    """Return a row of the legend, whose last cell shows the rate under the pointer."""
    sample = (
        f'<svg class="sample" viewBox="0 0 30 10" aria-hidden="true"><path class="{_look(number)}" d="M0 5H30"/></svg>'
    )
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
        "right": chart.right,
        "places": chart.places,
        "rates": rates,
        "heights": heights,
    }
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
