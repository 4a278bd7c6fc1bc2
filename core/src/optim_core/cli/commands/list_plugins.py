"""`optim list`: what is installed, read without importing it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import attrs
import click

from optim_core import PluginRecord, registry
from optim_core.cli.completing import words as plugins_and_kinds
from optim_core.cli.output import cells, fitted, print_json, say, showable, width
from optim_core.plugin_tools import KINDS, Kind, extra_of, install_line, listing, nearest, normalise, visible

__all__ = ["command"]

# What a row has where the output is no terminal: rows are read by people, and --format json by programs.
COLUMNS = 80
# A name that is longer has the rest of its row on a line of its own.
LONGEST_NAME = 28
GAP = 2
LEAST_FOR_TEXT = 20

# Matches the end of a sentence before another one; the point of an abbreviation ends none.
_END = re.compile(r"(?<!\bal)(?<!\bvs)(?<!e\.g)(?<!i\.e)\.(?=\s+[^\sa-z])")

# What an extra brings, in words.
_SOURCES = {"torch": "those of torch", "training": "some"}
_KINDS_BY_WORD: dict[str, Kind] = {word: kind for kind in KINDS for word in (kind, f"{kind}s")}


@attrs.frozen
class _Row:
    record: PluginRecord
    summary: str | None

    @property
    def meaning(self) -> str:
        """What the plugin is, or what is wrong with it, in one line."""
        record = self.record
        if record.state != "ok":
            return f"{record.state}: {(record.error or '').partition(chr(10))[0]}"
        if record.alias_of is not None:
            return f"another name of {record.alias_of}"
        if self.summary is None:
            return "" if record.provider is None else f"from the provider {record.provider}"
        # The name stands in front of it already.
        begin, colon, rest = self.summary.partition(": ")
        return rest if colon and normalise(begin) == normalise(record.name) else self.summary

    def has(self, word: str) -> bool:
        """Tell whether a word is in the name, in what the plugin is, in its distribution or in its other names."""
        record = self.record
        names = (record.name, record.alias_of or "", record.distribution, record.provider or "")
        texts = (*names, self.summary or "", record.error or "")
        plain = normalise(word)
        return (plain != "" and any(plain in normalise(name) for name in names)) or any(
            word.casefold() in text.casefold() for text in texts
        )


@click.command(name="list")
@click.argument("words", nargs=-1, shell_complete=plugins_and_kinds)
@click.option(
    "--kind", "kinds", type=click.Choice(list(KINDS)), multiple=True, help="Only this kind; may be given several times."
)
@click.option("--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(words: tuple[str, ...], kinds: tuple[Kind, ...], style: str) -> None:
    """List what is installed, or what of it has all WORDS.

    A word is looked for in the name, in what the plugin is, and in its distribution; one that is a kind, such as
    `schedulers`, limits the list to it. The state, shown where something is wrong, is what metadata shows:
    `optim doctor` also imports the plugins.
    """
    wanted = {*kinds, *(kind for word in words if (kind := _KINDS_BY_WORD.get(word.casefold())))}
    sought = [word for word in words if word.casefold() not in _KINDS_BY_WORD]
    shown = [kind for kind in KINDS if not wanted or kind in wanted]
    rows = [_Row(record, registry.summary(record)) for kind in shown for record in registry.plugins(kind)]
    found = [row for row in rows if all(map(row.has, sought))]
    if style == "json":
        print_json([{**attrs.asdict(row.record), "summary": row.summary} for row in found])
        return
    silent = dict.fromkeys(fault.distribution for fault in registry.faults() if fault.state == "broken")
    wrong = f"something is wrong with {listing(map(visible, silent))}, see `optim doctor`" if silent else ""
    if found:
        say("\n".join(_lines(found, width(COLUMNS))))
        if wrong and not sought:
            say(wrong, err=True)
    elif rows:
        raise click.UsageError(_nothing_has(sought, rows, shown, wrong))
    else:
        extra = "training" if all(KINDS[kind].apart for kind in shown) else "torch"
        named = " or ".join(f"{kind}s" for kind in shown) if wanted else "plugins"
        say(f"no {named} are installed; {_SOURCES[extra]} come with: {install_line(extra)}")


def _lines(rows: Iterable[_Row], columns: int) -> Iterator[str]:
    """Yield a line for each plugin, below headings that say whose it is, none wider than `columns`."""
    heading = ""
    rows = sorted(rows, key=lambda row: (list(KINDS).index(row.record.kind), row.record.distribution.casefold()))
    names = [cells(_name(row.record)) for row in rows]
    column = min(GAP + max(size for size in (*names, 0) if size <= LONGEST_NAME), columns // 2)
    for row in rows:
        own = _heading(row.record)
        if own != heading:
            yield from ([""] if heading else [])
            yield fitted(own, columns)
            heading = own
        yield from _row(fitted(_name(row.record), columns), row.meaning, column, columns)
    if any(row.record.state != "ok" for row in rows):
        yield from ["", fitted("`optim doctor` says in full what is wrong.", columns)]


def _row(name: str, meaning: str, column: int, columns: int) -> Iterator[str]:
    """Yield the line of one plugin, two where a long name leaves no room for what it is."""
    begin = name + " " * max(column - cells(name), GAP)
    if meaning and columns - cells(begin) < min(LEAST_FOR_TEXT, cells(meaning)):
        yield name
        begin = " " * column
    yield (begin + _shortened(meaning, columns - cells(begin))).rstrip()


def _shortened(meaning: str, room: int) -> str:
    """Return a text, or else its first sentence, or what stands before its first semicolon; if need be it is cut."""
    sentence = _END.split(meaning, maxsplit=1)[0].removesuffix(".")
    part = meaning.partition("; ")[0].removesuffix(".")
    whole = (meaning, f"{sentence}.", f"{part}.")
    return next((text for text in whole if cells(text) <= room), fitted(meaning, room))


def _name(record: PluginRecord) -> str:
    return showable(visible(record.name))


def _heading(record: PluginRecord) -> str:
    return f"{record.kind}s of {visible(record.distribution)} {record.version or ''}".rstrip()


def _nothing_has(words: list[str], rows: list[_Row], kinds: list[Kind], wrong: str) -> str:
    """Return that no plugin has all of the words, what may have been meant, and what is wrong, if anything is."""
    also = f"; {wrong}" if wrong else ""
    unknown = next((word for word in words if not any(row.has(word) for row in rows)), None)
    if unknown is None:
        return f"nothing that is installed has all of: {listing(map(visible, words))}{also}"
    said = f"nothing that is installed has `{visible(unknown)}`"
    if extra_of(kinds, unknown) is not None:
        # The hint tells of what is wrong.
        return f"{said}; {registry.unknown(kinds[0] if len(kinds) == 1 else None, unknown, '').hint}"
    near = nearest(unknown, [*_KINDS_BY_WORD, *(row.record.name for row in rows)])
    return (f"{said}; did you mean `optim list {near}`?" if near else said) + also
