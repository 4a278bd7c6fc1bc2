"""Text files as bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from glob import glob, has_magic
from pathlib import Path
from typing import Any, ClassVar, Literal

import attrs

from optim_core import OptimError
from optim_core.validators import FieldError, in_range
from optim_training.datasets.problems import Problems, missing_path

__all__ = ["TextFiles"]


@attrs.frozen(kw_only=True)
class TextFiles:
    """The bytes of text files, in windows: for a language model whose vocabulary is the 256 bytes.

    An item is the bytes of a window and those that come one later, both int64 of shape (length,). The files follow
    each other in the order of their names, each ended by a zero byte, and the windows cover all of it: the last one
    begins so early that it is whole.

    Args:
        path: a file, a folder, a pattern such as ``books/**/*.txt``, or several of them.
        pattern: which files below a folder are read.
        exclude: patterns of names, as they are below the folder or as `path` gives them, that are left out.
        length: how many bytes are predicted in a window, ≥ 1.
        part: "training" or "validation", which share no byte, or "all".
        validation_share: about the share of the bytes that are for validation, in (0, 1): whole files, which their
            names decide, or of a single file its end.
        validation_pattern: the names of the files that are for validation; null leaves it to `validation_share`.
        utf8: a file that is not UTF-8 is an error; false takes any bytes.
    """

    example: ClassVar[Mapping[str, Any]] = {"path": "books", "length": 16}

    path: str | tuple[str, ...] = attrs.field()
    pattern: str = "*.txt"
    exclude: tuple[str, ...] = ()
    length: int = attrs.field(default=256, validator=in_range(ge=1))
    part: Literal["training", "validation", "all"] = "training"
    validation_share: float = attrs.field(default=0.1, validator=in_range(gt=0, lt=1))
    validation_pattern: str | None = None
    utf8: bool = True

    @path.validator
    def _is_there(self, attribute: attrs.Attribute[Any], value: str | tuple[str, ...]) -> None:
        if not all((value,) if isinstance(value, str) else value) or not value:
            raise FieldError("must name a file or folder")

    @classmethod
    def example_files(cls, folder: Path) -> None:
        """Write the files of `example` into a folder."""
        (folder / "books").mkdir()
        for number, line in enumerate(("a rose is a rose\n", "to be or not to be\n", "call me Ishmael\n")):
            (folder / "books" / f"{number}.txt").write_text(line * 20, encoding="utf-8")

    def check(self) -> list[str]:
        """Return what is wrong with the files."""
        problems = Problems()
        found = self._files(problems)
        if self.utf8:
            for _, file in found:
                _require_utf8(file, problems)
        if problems:
            return problems.told()
        size = sum(piece.size for piece in self._pieces(found))
        if not size:
            problems.add(f"{self._shown}: of {len(found)} files none is for {self.part}; see {self._how_divided}")
        elif size <= self.length:
            problems.add(f"{self._shown}: {size} bytes for {self.part} make no window of {self.length} and one more")
        return problems.told()

    def count(self) -> int | None:
        """Return how many windows there are, None where that cannot be said."""
        problems = Problems()
        size = sum(piece.size for piece in self._pieces(self._files(problems)))
        return None if problems else _windows(size, self.length)

    def build(self) -> Any:
        """Read the files.

        Raises:
            OptimError: something is wrong with them.
        """
        from optim_training.datasets.windows import Windows

        wrong = self.check()
        if wrong:
            raise OptimError("\n".join(wrong))
        pieces = self._pieces(self._files(Problems()))
        return Windows(b"".join(piece.read() for piece in pieces), self.length)

    @property
    def _paths(self) -> tuple[str, ...]:
        return (self.path,) if isinstance(self.path, str) else tuple(self.path)

    @property
    def _shown(self) -> str:
        return ", ".join(self._paths)

    @property
    def _how_divided(self) -> str:
        return "`validation_share`" if self.validation_pattern is None else "`validation_pattern`"

    def _files(self, problems: Problems) -> list[tuple[str, Path]]:
        """Return the files with the names by which they are chosen, in the order of the names."""
        found: dict[Path, str] = {}
        for path in self._paths:
            there = _below(path, self.pattern, problems)
            left = {file: name for name, file in there if not any(fnmatchcase(name, each) for each in self.exclude)}
            found |= left
            if there and not left:
                problems.add(f"{path}: `exclude` leaves out each of its {len(there)} files")
        return sorted((name, file) for file, name in found.items())

    def _pieces(self, files: Sequence[tuple[str, Path]]) -> list[_Piece]:
        """Return what of which file is of this part."""
        sizes = {file: file.stat().st_size + 1 for _, file in files}
        if self.part == "all":
            return [_Piece(file, 0, size) for file, size in sizes.items()]
        if len(files) == 1 and self.validation_pattern is None:
            ((file, size),) = sizes.items()
            border = size - round(size * self.validation_share)
            return [_Piece(file, border, size) if self.part == "validation" else _Piece(file, 0, border)]
        chosen = self._for_validation(files, sizes)
        return [_Piece(file, 0, sizes[file]) for _, file in files if (file in chosen) == (self.part == "validation")]

    def _for_validation(self, files: Sequence[tuple[str, Path]], sizes: Mapping[Path, int]) -> set[Path]:
        if self.validation_pattern is not None:
            return {file for name, file in files if fnmatchcase(name, self.validation_pattern)}
        chosen: set[Path] = set()
        left = sum(sizes.values()) * self.validation_share
        # The order is that of a hash, since neighbours in a folder are alike; a file that is too large is passed over.
        for _, file in sorted(files, key=lambda each: hashlib.sha256(each[0].encode()).digest()):
            if sizes[file] <= left:
                chosen.add(file)
                left -= sizes[file]
        return chosen


@attrs.frozen
class _Piece:
    """The bytes of a file from `start` to before `stop`; the last one of a file is a zero that ends it."""

    file: Path
    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start

    def read(self) -> bytes:
        return (self.file.read_bytes() + b"\0")[self.start : self.stop]


def _windows(size: int, length: int) -> int:
    """Return how many windows of `length`, each with one byte more, cover so many bytes."""
    return -(-(size - 1) // length) if size > length else 0


def _below(path: str, pattern: str, problems: Problems) -> list[tuple[str, Path]]:
    """Return the files that a path means, each with its name below the folder, or as the path gives it."""
    if has_magic(path):
        files = [Path(each) for each in glob(path, recursive=True) if os.path.isfile(each)]  # noqa: PTH113, PTH207
        if not files:
            problems.add(f"{path}: no file has such a name")
        return [(file.as_posix(), file) for file in files]
    there = Path(path)
    if there.is_file():
        return [(there.name, there)]
    if not there.exists():
        problems.add(missing_path(there, "file or folder"))
        return []
    files = [file for file in there.rglob(pattern) if file.is_file()]
    if not files:
        some = sorted(file.name for file in there.iterdir())[:5]
        problems.add(f"{path}: no file below it matches `pattern: {pattern}`; it holds {', '.join(some) or 'nothing'}")
    return [(file.relative_to(there).as_posix(), file) for file in files]


def _require_utf8(file: Path, problems: Problems) -> None:
    try:
        data = file.read_bytes()
    except OSError as error:
        problems.add(f"{file}: it cannot be read: {error.strerror}")
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start : error.start + 1]
        problems.add(f"{file}:{line}: it is not UTF-8: the byte {byte!r} begins no character; `utf8: false` takes it")
