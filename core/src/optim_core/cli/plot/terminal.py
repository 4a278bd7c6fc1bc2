"""Charts in a terminal: dots of Braille, or letters where the output has none.

Written here and not taken from a library: of those that are light, plotext changed its whole interface with version
6, and plotille writes axes such as ``0.00028000`` and knows no output without Braille.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator

import click
from rich.cells import cell_len, set_cell_size

from optim_core.cli.output import UNWRAPPED, can_say, say, width
from optim_core.cli.plot.chart import Chart, Line

__all__ = ["print_chart"]

ROWS, WITHOUT_TERMINAL, NARROWEST, WIDEST = 16, 80, 24, 160
COLOURS = ("blue", "red", "green", "magenta", "cyan", "yellow")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
BLANK = "\u2800"
# These are the dots of a cell, from the top, in its left and its right column.
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
# A curve has so many letters on it, so that it is known without colours.
MARKS = 4

Cell = tuple[int, int]


def print_chart(chart: Chart) -> None:
    """Print a chart as wide as the terminal, and 80 columns where there is none."""
    columns = width()
    columns = max(NARROWEST, min(WITHOUT_TERMINAL if columns == UNWRAPPED else columns, WIDEST))
    text = "\n".join(_drawn(chart, columns, fine=can_say(f"{BLANK}┤│└┬─")))
    # The variable NO_COLOR is obeyed as https://no-color.org asks.
    say(text, color=False if os.environ.get("NO_COLOR") else None)


def _drawn(chart: Chart, columns: int, *, fine: bool) -> Iterator[str]:
    ticks = _rows_of_ticks(chart)
    margin = max(map(len, ticks.values()))
    across = columns - margin - 2
    cells = _cells(chart, across, fine=fine)
    yield _cut(chart.title, columns)
    yield _cut(chart.up_in_full, columns)
    for row in range(ROWS):
        tick = ticks.get(row, "")
        edge = ("┤" if tick else "│") if fine else ("+" if tick else "|")
        yield f"{tick:>{margin}} {edge}{''.join(cells.get((row, at), ' ') for at in range(across))}".rstrip()
    yield from _axis(chart, margin, across, fine=fine)
    yield from _legend(chart, columns)


def _rows_of_ticks(chart: Chart) -> dict[int, str]:
    """Return the rate that stands beside a row, by the row, counted from the top."""
    return {_row(chart, rate): text for rate, text in chart.rate_ticks(6)}


def _row(chart: Chart, rate: float) -> int:
    return round((1 - chart.height_of(rate)) * (ROWS - 1))


def _axis(chart: Chart, margin: int, across: int, *, fine: bool) -> Iterator[str]:
    """Yield the line below the curves, its numbers, and what they count."""
    corner, line, tick_mark = ("└", "─", "┬") if fine else ("+", "-", "+")
    ticks = chart.place_ticks(max(2, across // 14))
    rule, numbers = [line] * across, ""
    for place, text in ticks:
        at = round(place / chart.right * (across - 1))
        start = min(max(at - len(text) // 2, 0), across - len(text))
        if numbers and start <= len(numbers):
            continue
        rule[at] = tick_mark
        numbers = f"{numbers:<{start}}{text}"
    yield f"{' ' * margin} {corner}{''.join(rule)}"
    yield f"{' ' * margin}  {numbers}"
    yield f"{' ' * margin}  {chart.across:^{across}}".rstrip()


def _legend(chart: Chart, columns: int) -> Iterator[str]:
    if len(chart.lines) == 1:
        return
    for number, line in enumerate(chart.lines):
        yield f"{_coloured(_letter(number), number)}  {_cut(line.label, columns - 3)}"


def _letter(number: int) -> str:
    return LETTERS[number % len(LETTERS)]


def _coloured(text: str, number: int) -> str:
    return click.style(text, fg=COLOURS[number % len(COLOURS)])


def _cut(text: str, columns: int) -> str:
    """Return the text, or as much of it as fits; letters such as those of Chinese are two columns wide."""
    return text if cell_len(text) <= columns else f"{set_cell_size(text, columns - 1).rstrip()}…"


def _cells(chart: Chart, across: int, *, fine: bool) -> dict[Cell, str]:
    """Return what stands in each cell, (row, column), that a curve goes through."""
    cells: dict[Cell, str] = {}
    marked: dict[Cell, str] = {}
    seen: dict[Cell, int] = {}
    several = len(chart.lines) > 1
    for number, line in enumerate(chart.lines):
        if fine:
            mine = _in_cells(_dots(chart, line, 2 * across, 4 * ROWS))
            # Where curves meet, the cell shows the dots of all in the colour of the last.
            seen.update({cell: bits | seen.get(cell, 0) for cell, bits in mine.items()})
            texts = {cell: chr(ord(BLANK) + seen[cell]) for cell in mine}
        else:
            texts = dict.fromkeys(_dots(chart, line, across, ROWS), _letter(number) if several else "*")
        cells.update({cell: _coloured(text, number) for cell, text in texts.items()})
        if several:
            marked.update(_marks(set(texts), number, len(chart.lines), across))
    return {**cells, **marked}


def _marks(mine: set[Cell], number: int, curves: int, across: int) -> dict[Cell, str]:
    """Return the curve's letter at some columns, other ones than those of the other curves."""
    marks: dict[Cell, str] = {}
    for turn in range(MARKS):
        at = round((turn + (number + 0.5) / curves) * across / MARKS)
        rows = [row for row, column in mine if column == at]
        if rows:
            marks[sorted(rows)[len(rows) // 2], at] = _coloured(_letter(number), number)
    return marks


def _dots(chart: Chart, line: Line, across: int, rows: int) -> set[Cell]:
    """Return the dots, (row, column), that a line goes through on a grid."""
    dots: set[Cell] = set()
    before: tuple[float, float] | None = None
    for place, rate in zip(chart.places, line.rates, strict=True):
        height = chart.height_of(rate)
        if math.isnan(height):
            before = None
            continue
        here = ((1 - height) * (rows - 1), place / chart.right * (across - 1))
        if before is None:
            dots.update(_between(here, here))
        elif line.is_stairs:
            dots.update(_between(before, (before[0], here[1])))
            dots.update(_between((before[0], here[1]), here))
        else:
            dots.update(_between(before, here))
        before = here
    return dots


def _between(start: tuple[float, float], end: tuple[float, float]) -> Iterator[Cell]:
    steps = max(1, math.ceil(max(abs(end[0] - start[0]), abs(end[1] - start[1]))))
    for step in range(steps + 1):
        share = step / steps
        yield round(start[0] + (end[0] - start[0]) * share), round(start[1] + (end[1] - start[1]) * share)


def _in_cells(dots: set[Cell]) -> dict[Cell, int]:
    cells: dict[Cell, int] = {}
    for row, column in dots:
        cell = (row // 4, column // 2)
        cells[cell] = cells.get(cell, 0) | DOTS[column % 2][row % 4]
    return cells
