"""Curves as a table of comma-separated values."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from itertools import zip_longest

from optim_core.cli.plot.curves import Curve

__all__ = ["MOST_ROWS", "csv_of"]

MOST_ROWS = 1_000_000


def csv_of(curves: Sequence[Curve], labels: Sequence[str]) -> tuple[bytes, int]:
    """Return the table, and how many steps there are from one row to the next.

    It has a column for the step or epoch and one for each curve, whose rates have all their digits; beyond the end of
    a curve they are empty.
    """
    import numpy as np

    length = max(curve.length for curve in curves)
    every = math.ceil(length / MOST_ROWS)
    places = np.arange(0, length, every)
    columns = [[repr(rate) for rate in curve.at(places[places < curve.length]).tolist()] for curve in curves]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([curves[0].unit, *labels])
    table.writerows(zip_longest(places.tolist(), *columns, fillvalue=""))
    return text.getvalue().encode(), every
