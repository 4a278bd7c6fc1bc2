"""Charts as pictures, by matplotlib."""

from __future__ import annotations

import io
import math
import textwrap
import warnings
from typing import TYPE_CHECKING, Any

from optim_core import OptimError
from optim_core.cli.plot.chart import Chart
from optim_core.plugin_tools import install_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["picture_of"]

# The size is in inches: small, so that its letters can be read where a phone shows the picture as wide as its screen.
WIDTH, HEIGHT, LEGEND_LINE, DOTS_PER_INCH = 6.0, 3.8, 0.24, 200
LETTERS = 12
# So many letters of a label and of a title fit.
LABEL, TITLE = 68, 58
# These are Okabe and Ito's colours, which most colour-blind people tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
STYLES = ("-", "--", "-.", ":")


def picture_of(chart: Chart, file_format: str) -> bytes:
    """Draw a chart as a picture.

    Args:
        chart: what is drawn.
        file_format: "png" or "svg".

    Raises:
        OptimError: matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise OptimError(
            f"a {file_format} is drawn by matplotlib, which is not installed: {install_line('plot')}"
        ) from None
    several = len(chart.lines) > 1
    below = LEGEND_LINE * (len(chart.lines) + 1) if several else 0.0
    stream = io.BytesIO()
    # Text stays text, and the same chart gives the same bytes.
    settings: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "optim", "text.usetex": False}
    settings |= {"font.size": LETTERS}
    with rc_context(settings), warnings.catch_warnings():
        # A file's name may have letters that the font lacks, which are drawn as boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        # A figure of its own, not pyplot's, needs no display.
        figure = Figure(figsize=(WIDTH, HEIGHT + below), dpi=DOTS_PER_INCH, layout="constrained")
        _draw(figure.add_subplot(), chart)
        if several:
            _add_legend(figure, [_plain(line.label, LABEL) for line in chart.lines])
        figure.savefig(stream, format=file_format, metadata={"Date": None} if file_format == "svg" else {})
    return stream.getvalue()


def _draw(axes: Axes, chart: Chart) -> None:
    for number, line in enumerate(chart.lines):
        # What the logarithmic axis cannot show is a gap there.
        rates = [rate if rate > 0 or not chart.log else math.nan for rate in line.rates]
        style: dict[str, Any] = {"color": COLOURS[number % len(COLOURS)], "linestyle": STYLES[number % len(STYLES)]}
        axes.plot(chart.places, rates, linewidth=1.6, drawstyle="steps-post" if line.is_stairs else "default", **style)
    if chart.log:
        axes.set_yscale("log")
        axes.minorticks_off()
        axes.set_ylim(chart.low / 1.3, chart.high * 1.3)
    else:
        axes.set_ylim(chart.low, chart.high)
    axes.set_xlim(0, chart.right)
    _set_ticks(axes, chart)
    axes.set_xlabel(chart.across)
    axes.set_ylabel(f"{chart.up}, logarithmic" if chart.log else chart.up)
    axes.set_title(_plain(chart.title, TITLE), fontsize="medium", parse_math=False)
    axes.grid(visible=True, color="#d9d9d9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _set_ticks(axes: Axes, chart: Chart) -> None:
    places, rates = chart.place_ticks(6), chart.rate_ticks(6)
    axes.set_xticks([place for place, _ in places], [text for _, text in places])
    axes.set_yticks([rate for rate, _ in rates], [text for _, text in rates])


def _add_legend(figure: Any, labels: list[str]) -> None:
    lines = figure.axes[0].get_lines()
    legend = figure.legend(lines, labels, loc="outside lower center", ncols=1, fontsize="small", frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)


def _plain(text: str, longest: int) -> str:
    """Return a text that matplotlib shows, which leaves labels out that begin with an underscore."""
    text = textwrap.shorten(text, longest, placeholder=" …")
    return f" {text}" if text.startswith("_") else text
