"""Docstrings in Google's style, in parts."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator

import attrs

__all__ = ["Docstring", "parse_docstring", "summary_of"]

_FIELDS = re.compile(r"(Args|Arguments|Attributes):\s*")
_FORMULA = re.compile(r"Formula:\s*")
_EXAMPLES = re.compile(r"Examples?:\s*")
_ENTRY = re.compile(r"\*{0,2}(\w+)\s*(?:\(([^)]*)\))?\s*:\s*(.*)")


@attrs.frozen
class Docstring:
    """A docstring in parts.

    Args:
        summary: the first line; "" where there is none.
        body: the rest, without the sections on the fields, with examples, and with the formula.
        formula: the lines of its section ``Formula:``, as they stand there; "" where there is none.
        fields: field name to what ``Args:`` says about it, on one line.
        types: field name to what stands in parentheses behind it; those without are left out.
    """

    summary: str
    body: str
    formula: str
    fields: dict[str, str]
    types: dict[str, str]


def parse_docstring(text: str | None) -> Docstring:
    r"""Return the parts of a docstring; its examples, Python for readers of the source, are in none of them.

    Example:
        >>> from optim_core.bridge import parse_docstring
        >>> parse_docstring("Plain SGD.\n\nArgs:\n    lr: learning rate, > 0.").fields
        {'lr': 'learning rate, > 0.'}
    """
    lines = _lines(text)
    body: list[str] = []
    fields: list[str] = []
    formula: list[str] = []
    examples: list[str] = []
    section = body
    for line in lines[1:]:
        if line and not line[0].isspace():
            begun = ((_FIELDS, fields), (_FORMULA, formula), (_EXAMPLES, examples))
            section = next((lines for heading, lines in begun if heading.fullmatch(line)), body)
            if section is not body:
                continue
        section.append(line)
    entries = list(_entries(fields))
    return Docstring(
        summary=lines[0] if lines else "",
        body="\n".join(body).strip(),
        formula=textwrap.dedent("\n".join(formula)).strip("\n").rstrip(),
        fields={name: text for name, _, text in entries},
        types={name: kind for name, kind, _ in entries if kind},
    )


def summary_of(text: str | None) -> str | None:
    """Return the first line of a docstring, None where there is none."""
    return next(iter(_lines(text)), "") or None


def _lines(text: str | None) -> list[str]:
    return inspect.cleandoc(text or "").replace("``", "`").splitlines()


def _entries(section: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and text of each entry, which goes on in the lines that are indented deeper than its first."""
    indents = [len(line) - len(line.lstrip()) for line in section if line.strip()]
    outermost = min(indents, default=0)
    name = kind = ""
    words: list[str] = []
    for line in section:
        if not line.strip():
            continue
        entry = _ENTRY.fullmatch(line.strip()) if len(line) - len(line.lstrip()) == outermost else None
        if entry:
            if name:
                yield name, kind, " ".join(words)
            name, kind, words = entry[1], entry[2] or "", [entry[3]] if entry[3] else []
        else:
            words.append(line.strip())
    if name:
        yield name, kind, " ".join(words)
