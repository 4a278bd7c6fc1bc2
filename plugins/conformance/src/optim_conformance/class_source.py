"""The declarations of a plugin class in its source file: found there, and changed with nothing else."""

from __future__ import annotations

import ast
import difflib
import inspect
import io
import json
import os
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from optim_core.errors import OptimError
from optim_core.plugin_class.declarations import ATTRIBUTE
from optim_core.plugin_tools import write_durably

__all__ = ["ClassSource"]


@attrs.frozen
class _Entry:
    """A declaration in source: its key, and where key and value begin and end, in characters."""

    key: str
    start: int
    end: int


@attrs.frozen
class ClassSource:
    """The file in which a plugin class is defined.

    Args:
        file: the file.
        text: what it holds, line endings as they are.
        encoding: its encoding.
        node: the definition of the class.
    """

    file: Path
    text: str
    encoding: str
    node: ast.ClassDef

    @classmethod
    def of(cls, found: type[Any]) -> ClassSource:
        """Find the source of a class.

        Raises:
            OptimError: the class is made by code, or its file cannot be read or written, or its declarations are worked
                out there and not written down.
        """
        name = f"`{found.__qualname__}`"
        try:
            file = inspect.getsourcefile(found)
        except TypeError:
            file = None
        if file is None or not Path(file).is_file():
            raise OptimError(f"{name} has no source file, so that nothing can be declared in it")
        data = Path(file).read_bytes()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
        node = _definition(ast.parse(data), found.__qualname__)
        if node is None:
            raise OptimError(f"{name} is made by code and stands in no source, so that nothing can be declared in it")
        if not os.access(file, os.W_OK):
            raise OptimError(f"{file}: cannot be written, so that nothing can be declared in it")
        source = cls(Path(file), text, encoding, node)
        source._mapping()
        return source

    def declaring(self, declared: Mapping[str, str]) -> str:
        """Return the text of the file in which the class declares this, and which is the same everywhere else."""
        mapping = self._mapping()
        if mapping is None:
            return self._inserted(declared) if declared else self.text
        before = _values(mapping)
        entries = list(self._entries(mapping))
        gone = [entry for entry in entries if declared.get(entry.key) != before[entry.key]]
        new = {key: text for key, text in declared.items() if before.get(key) != text}
        if not gone and not new:
            return self.text
        start, end = (
            self._place(mapping.lineno, mapping.col_offset),
            self._place(mapping.end_lineno or 0, mapping.end_col_offset or 0),
        )
        kept = [entry for entry in entries if entry not in gone]
        lines = self.text[start:end].splitlines()
        if len(lines) > 1 and kept and self._stand_alone(entries, end):
            return self._changed_lines(gone, kept, new, end)
        texts = [*(self.text[entry.start : entry.end] for entry in kept), *map(_entry, new.items())]
        written = self._exploded(texts, mapping.lineno) if texts else "{}"
        return self.text[:start] + written + self.text[end:]

    def difference(self, text: str) -> str:
        """Return what is different in `text`, as a unified diff."""
        name = os.path.relpath(self.file)
        lines = difflib.unified_diff(self.text.splitlines(), text.splitlines(), name, name, lineterm="")
        return "\n".join(lines)

    def write(self, text: str) -> None:
        """Write the file anew."""
        write_durably(self.file, lambda stream: stream.write(text.encode(self.encoding)))

    # -- finding ---------------------------------------------------------------------------------------------------

    def _mapping(self) -> ast.Dict | None:
        """Return the mapping that the class has for its declarations, None where it has none of its own.

        Raises:
            OptimError: it is no mapping of texts to texts.
        """
        for statement in self.node.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == ATTRIBUTE:
                    pass
                case ast.AnnAssign(target=ast.Name(id=name), value=value) if name == ATTRIBUTE and value is not None:
                    pass
                case _:
                    continue
            if not isinstance(value, ast.Dict) or not all(_is_text(each) for each in (*value.keys, *value.values)):
                line = f"{self.file}:{statement.lineno}"
                raise OptimError(f"{line}: `{ATTRIBUTE}` is no mapping of texts that is written out; change it by hand")
            return value
        return None

    def _entries(self, mapping: ast.Dict) -> Iterator[_Entry]:
        for key, value in zip(mapping.keys, mapping.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                end = self._place(value.end_lineno or 0, value.end_col_offset or 0)
                # A value in parentheses ends with these.
                rest = self.text[end:]
                closing = rest.lstrip()
                if closing.startswith(")"):
                    end += len(rest) - len(closing) + 1
                yield _Entry(key.value, self._place(key.lineno, key.col_offset), end)

    def _place(self, line: int, column: int) -> int:
        """Return the place of a syntax tree, whose columns are bytes of UTF-8, in characters of the text."""
        lines = self._lines()
        return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())

    def _lines(self) -> list[str]:
        return io.StringIO(self.text, newline="").readlines()

    def _stand_alone(self, entries: Sequence[_Entry], end: int) -> bool:
        """Return whether each declaration begins a line, and the bracket behind them does."""
        starts = [entry.start for entry in entries] + [end - 1]
        return all(not self.text[self._line_start(start) : start].strip() for start in starts)

    def _line_start(self, place: int) -> int:
        return max(self.text.rfind("\n", 0, place), self.text.rfind("\r", 0, place)) + 1

    def _line_end(self, place: int) -> int:
        found = self.text.find("\n", place)
        return len(self.text) if found < 0 else found + 1

    @property
    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    # -- changing --------------------------------------------------------------------------------------------------

    def _changed_lines(self, gone: Sequence[_Entry], kept: Sequence[_Entry], new: Mapping[str, str], end: int) -> str:
        """Return the text without the lines of some declarations, and with those of others before the bracket."""
        bracket = self._line_start(end - 1)
        indent = self.text[self._line_start(kept[0].start) : kept[0].start]
        edits = [(self._line_start(entry.start), self._line_end(entry.end), "") for entry in gone]
        added = "".join(f"{indent}{_entry(item)},{self._newline}" for item in new.items())
        edits.append((bracket, bracket, added))
        last = kept[-1].end
        if not self.text[last:].lstrip().startswith(","):
            edits.append((last, last, ","))
        text = self.text
        for first, behind, written in sorted(edits, reverse=True):
            text = text[:first] + written + text[behind:]
        return text

    def _exploded(self, entries: Sequence[str], line: int) -> str:
        own = self._lines()[line - 1]
        indent = own[: len(own) - len(own.lstrip())]
        inner = "".join(f"{indent}    {entry},{self._newline}" for entry in entries)
        return "{" + self._newline + inner + indent + "}"

    def _inserted(self, declared: Mapping[str, str]) -> str:
        """Return the text with declarations before the first method of the class, or at its end."""
        first = next((each for each in self.node.body if isinstance(each, (ast.FunctionDef, ast.ClassDef))), None)
        body = self.node.body[0]
        lines = self._lines()
        indent = lines[body.lineno - 1][: body.col_offset]
        names = {alias.asname or alias.name for alias in _typing_names(self.text)}
        annotation = ": ClassVar[dict[str, str]]" if "ClassVar" in names else ""
        inner = "".join(f"{indent}    {_entry(item)},{self._newline}" for item in declared.items())
        statement = f"{indent}{ATTRIBUTE}{annotation} = {{{self._newline}{inner}{indent}}}{self._newline}"
        if first is not None:
            line = min([first.lineno, *(each.lineno for each in first.decorator_list)])
            place = sum(map(len, lines[: line - 1]))
            return self.text[:place] + statement + self._newline + self.text[place:]
        place = self._line_end(self._place(self.node.end_lineno or 0, 0))
        before = self.text[:place]
        if not before.endswith(("\n", "\r")):
            before += self._newline
        return before + self._newline + statement + self.text[place:]


def _definition(tree: ast.Module, qualname: str) -> ast.ClassDef | None:
    """Return the definition of a class in its module; the last one, where there are several."""
    body: Sequence[ast.stmt] = tree.body
    found: ast.ClassDef | None = None
    for part in qualname.split("."):
        found = next((node for node in reversed(body) if isinstance(node, ast.ClassDef) and node.name == part), None)
        if found is None:
            return None
        body = found.body
    return found


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _values(mapping: ast.Dict) -> dict[str, str]:
    return dict(ast.literal_eval(mapping))


def _entry(item: tuple[str, str]) -> str:
    return ": ".join(json.dumps(text, ensure_ascii=False) for text in item)


def _typing_names(text: str) -> Iterator[ast.alias]:
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and node.module == "typing":
            yield from node.names
