"""Write ``gbsg2.csv``, with a column of folds: ``python fetch.py``.

The German breast cancer study (Schumacher et al. 1994) is part of lifelines' wheel (MIT): what is installed counts, or
else pip downloads that wheel, without what it needs.
"""

from __future__ import annotations

import csv
import random
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

LIFELINES = "lifelines==0.30.3"
MEMBER = "lifelines/datasets/gbsg2.csv"
FOLDS = 5


def content() -> str:
    """Return the file as it stands in lifelines."""
    try:
        installed = [file for file in files("lifelines") or () if file.as_posix() == MEMBER]
    except PackageNotFoundError:
        installed = []
    if installed:
        return Path(str(installed[0].locate())).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, LIFELINES]
        subprocess.run(download, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        return zipfile.ZipFile(wheel).read(MEMBER).decode()


def main() -> None:
    """Write the file, each row in one of the folds, which hold as many events."""
    rows = list(csv.DictReader(content().splitlines()))
    order = sorted(range(len(rows)), key=lambda number: (rows[number]["cens"], random.Random(number).random()))
    for place, number in enumerate(order):
        rows[number]["fold"] = str(place % FOLDS)
    target = Path(__file__).parent / "gbsg2.csv"
    with target.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} rows, {sum(row['cens'] == '1' for row in rows)} events, in {target}")


if __name__ == "__main__":
    main()
