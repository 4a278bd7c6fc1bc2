"""Why a text is not YAML, in the words of the one who wrote it; a parser says at what it stumbled, not what to mend."""

from __future__ import annotations

import re
from itertools import islice

import yaml

from optim_core.config.issues import Position

__all__ = ["explained"]

# Lines that say nothing may stand between two that do, up to so many.
FAR = 1000

_CONFLICT = re.compile(r"^(?:<{7}|>{7}|={7})(?: |\r?$)", re.MULTILINE)
_NO_SPACE = re.compile(r"[\w-]+:[^\s:/]")
_OPENED = re.compile(r"flow (?:sequence|mapping)")


def explained(error: yaml.YAMLError, text: str) -> tuple[str, Position, str | None]:
    """Return what is wrong, where (1-based line and column, zeros where unknown), and the repair where one is known."""
    conflict = _CONFLICT.search(text)
    if conflict is not None:
        line = text.count("\n", 0, conflict.start()) + 1
        return "holds a merge conflict", (line, 1), "keep one side, and take the lines with <<<, === and >>> out"
    if isinstance(error, yaml.reader.ReaderError):
        return _forbidden(error, text)
    if not isinstance(error, yaml.MarkedYAMLError):
        return f"is not YAML: {error}", (0, 0), None
    said = error.problem or error.context or ""
    mark = error.problem_mark or error.context_mark
    place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    if "another document" in said:
        return "holds several documents", place, "a config is one: take out all but one, and the `---` between them"
    if "end of stream" in said and error.context_mark and "quoted" in (error.context or ""):
        opened = error.context_mark
        return "is not YAML: a quote is opened here and not closed", (opened.line + 1, opened.column + 1), None
    return f"is not YAML: {said}", place, _repair(said, error, text.splitlines(), place)


def _forbidden(error: yaml.reader.ReaderError, text: str) -> tuple[str, Position, str | None]:
    """Return what to say of a character that YAML does not take."""
    code = error.character if isinstance(error.character, int) else ord(error.character)
    # The position is counted in UTF-8 by libyaml and in characters by PyYAML.
    at = text.find(chr(code))
    place = (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)) if at >= 0 else (0, 0)
    return f"is not YAML: it holds the control character U+{code:04X}", place, "take it out"


def _repair(said: str, error: yaml.MarkedYAMLError, lines: list[str], place: Position) -> str | None:
    number, column = place
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    rest = line[column - 1 :]
    if rest.startswith("\t") or "tab character" in said:
        return "here stands a tab: YAML is indented with spaces"
    if "cannot start any token" in said and rest:
        sign = "a backtick" if rest[0] == "`" else f"`{rest[0]}`"
        return f"put a value that begins with {sign} in quotes"
    if "undefined alias" in said:
        name = rest.partition(" ")[0].lstrip("*")
        return f"there is no `&{name}` before this `*{name}`"
    if _OPENED.search(error.context or "") and error.context_mark:
        opened = error.context_mark
        sign = "[" if "sequence" in (error.context or "") else "{"
        return f"the `{sign}` of line {opened.line + 1}, column {opened.column + 1}, is not closed before this"
    if "mapping values" in said or "expected ':'" in said or "expected key" in said:
        return _line_by_line(said, lines, number)
    return None


def _line_by_line(said: str, lines: list[str], number: int) -> str | None:
    """Return the repair of lines that do not go together: the one at which the parser stumbled, and those before it."""
    last = min(number - 1, len(lines))
    before = ((at, lines[at - 1]) for at in range(last, max(0, last - FAR), -1))
    above = [*islice(((at, line) for at, line in before if _content(line)), 2)][::-1]
    line = lines[number - 1] if number <= len(lines) else ""
    for at, earlier in above[-2:]:
        content = _content(earlier)
        if _NO_SPACE.match(content) and ": " not in content and not content.endswith(":"):
            return f"line {at} has no space after its `:`"
    at, earlier = above[-1] if above else (number, line)
    deeper = _depth(line) - _depth(earlier)
    if "mapping values" in said and line.count(": ") > 1 and deeper <= 0:
        return "put a value that holds a `:` in quotes"
    if "mapping values" in said and deeper > 0 and ":" not in earlier:
        return f"line {at} has no `:` after its key"
    if deeper:
        how = "more" if deeper > 0 else "less"
        return f"line {number} is indented {how} than line {at}: keys of one mapping begin in one column"
    return None


def _content(line: str) -> str:
    """Return a line without its indentation; "" where it says nothing."""
    stripped = line.strip()
    return "" if stripped.startswith("#") else stripped


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
