"""The rows of a table in a file, each with its number, and what is wrong with the file itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from optim_training.datasets.problems import Problems, missing_path

__all__ = ["Row", "Rows", "read_rows"]

PARQUET = (".parquet", ".pq")
# What a cell may hold; parquet has numbers, a CSV file has texts.
Cell = str | int | float | bool | None


@attrs.frozen
class Row:
    """One row.

    Args:
        number: from 1, the header left out.
        place: the file, its line where it has lines, and the row, as messages begin.
        cells: in the order of the columns.
    """

    number: int
    place: str
    cells: Sequence[Cell]


@attrs.frozen
class Rows:
    """The rows of a table.

    Args:
        path: the file.
        columns: the names in the header.
        rows: those that have as many cells as there are columns.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows)


def read_rows(path: Path, delimiter: str, problems: Problems) -> Rows | None:
    r"""Read a table; return None where there is none to look at.

    A CSV file is UTF-8, and has a header; a file that ends in ``.parquet`` is read with pyarrow.

    Args:
        path: the file.
        delimiter: what stands between two cells of a CSV file.
        problems: what is wrong is added here.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.datasets.problems import Problems
        >>> from optim_training.datasets.tables.rows import read_rows
        >>> _ = Path("people.csv").write_text("name,age\nAda,36\nAlan\n")
        >>> problems = Problems()
        >>> len(read_rows(Path("people.csv"), ",", problems)), problems.told()
        (1, ['people.csv:3: row 2 has 1 cell, and the header 2'])
    """
    if not path.exists():
        problems.add(missing_path(path, "file"))
        return None
    if path.is_dir():
        problems.add(f"{path}: this is a folder, and has to be a file")
        return None
    read = _parquet(path, problems) if path.suffix.lower() in PARQUET else _csv(path, delimiter, problems)
    if read is not None and not read.rows and not problems:
        problems.add(f"{path}: it has a header, and no rows")
    return read


def _csv(path: Path, delimiter: str, problems: Problems) -> Rows | None:
    text = _text(path, problems)
    if text is None:
        return None
    records = _records(path, text, delimiter, problems)
    first = next(records, None)
    if first is None:
        if not problems:
            problems.add(f"{path}: it is empty")
        return None
    _, columns = first
    if not _is_header(path, columns, problems):
        return None
    rows = []
    for number, (line, cells) in enumerate(records, start=1):
        if len(cells) != len(columns):
            problems.add(f"{path}:{line}: row {number} has {_cells(len(cells))}, and the header {len(columns)}")
            continue
        rows.append(Row(number, f"{path}:{line}: row {number}", cells))
    return Rows(path, tuple(columns), tuple(rows))


def _text(path: Path, problems: Problems) -> str | None:
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.add(
            f"{path}:{line}: it is not UTF-8: the byte {data[error.start : error.start + 1]!r} begins no character; "
            f"save it as UTF-8, such as by `iconv -f latin1 -t utf-8`"
        )
        return None


def _records(path: Path, text: str, delimiter: str, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each record with the line in which it begins; empty lines at the end are none."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    empty: list[int] = []
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.add(f"{path}:{line}: it is no CSV from here on: {error}")
            return
        if cells:
            yield from ((each, []) for each in empty)
            empty.clear()
            yield line, cells
        else:
            empty.append(line)
        line = reader.line_num + 1


def _is_header(path: Path, columns: list[str], problems: Problems) -> bool:
    """Tell whether the columns have names of their own."""
    twice = sorted({name for name in columns if columns.count(name) > 1})
    unnamed = [place for place, name in enumerate(columns, start=1) if not name.strip()]
    for name in twice:
        if name.strip():
            problems.add(
                f"{path}: the header has `{name}` {columns.count(name)} times; columns need names of their own"
            )
    if unnamed:
        problems.add(f"{path}: column {', '.join(map(str, unnamed))} of the header has no name")
    return not (twice or unnamed)


def _parquet(path: Path, problems: Problems) -> Rows | None:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        problems.add(f"{path}: to read parquet takes pyarrow: pip install 'optim-training[parquet]'")
        return None
    try:
        table = parquet.read_table(path)
    except (ArrowException, OSError) as error:
        problems.add(f"{path}: it is no parquet file that can be read: {str(error).splitlines()[0]}")
        return None
    columns = list(table.column_names)
    if not _is_header(path, columns, problems):
        return None
    cells = zip(*(column.to_pylist() for column in table.columns), strict=True)
    rows = (Row(number, f"{path}: row {number}", each) for number, each in enumerate(cells, start=1))
    return Rows(path, tuple(columns), tuple(rows))


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"
