"""Tables of short cells whose last column is a sentence."""

from __future__ import annotations

import click

from optim_core.cli.output import INDENT, say, standard_output

__all__ = ["print_table"]

# Where fewer columns than this are left for the sentence, it gets a line of its own.
LEAST_FOR_SENTENCE = 45
GAP = 2

_STYLES = {
    "broken": "red",
    "ambiguous": "red",
    "incompatible": "red",
    "hidden": "yellow",
    "blocked": "yellow",
    "setting": "yellow",
}


def print_table(headings: list[str], rows: list[list[str]], columns: int) -> None:
    """Print rows as wide as `columns` allows; all cells are plain text."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)][:-1]
    if columns - sum(widths) - GAP * len(widths) >= LEAST_FOR_SENTENCE:
        _print_wide(headings, rows, columns)
    else:
        _print_narrow(headings, rows, widths, columns)


def _print_narrow(headings: list[str], rows: list[list[str]], widths: list[int], columns: int) -> None:
    for row in [[*headings[:-1], ""], *rows]:
        say((" " * GAP).join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip())
        if row[-1]:
            say(click.wrap_text(row[-1], columns, initial_indent=INDENT, subsequent_indent=INDENT))


def _print_wide(headings: list[str], rows: list[list[str]], columns: int) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in headings[:-1]:
        table.add_column(heading, no_wrap=True)
    table.add_column(headings[-1])
    for row in rows:
        # A plain string would have its brackets taken for markup.
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    console = Console(file=standard_output(), width=columns, highlight=False)
    with console.capture() as captured:
        console.print(table)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    say("\n".join(lines), color=console.is_terminal and not console.no_color)
