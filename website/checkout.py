"""Which files of the checkout are pages of the site, under which names, and what their links lead to there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["NAMED", "ROOT", "rewritten", "site_name", "text_of", "with_what_they_link_to"]

ROOT = Path(__file__).resolve().parents[1]
DOCS = "docs/"

# The files that have another name on the site; the others of docs/ stand at its top, and the rest in their folders.
NAMED = {"README.md": "index.md", "docs/README.md": "overview.md"}

_FENCES = re.compile(r"^(```.*?^```$)", re.MULTILINE | re.DOTALL)
_NAMED_FENCE = re.compile(r"^```(\w+) +(\S+)$", re.MULTILINE)
_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
# A link or a picture: its text, the file, and what stands behind that.
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)#\s]+)((?:#[^)]*)?)\)")
_PICTURES = (".png", ".svg")


def site_name(path: str) -> str:
    """Return where a file of the checkout is in the site's source."""
    if path in NAMED:
        return NAMED[path]
    name = path.removeprefix(DOCS)
    return name if name.endswith((".md", *_PICTURES)) else f"{name}.md"


def text_of(path: str) -> str | None:
    """Return the page that is made of a file of the checkout, None where the file is a picture."""
    if path.endswith(_PICTURES):
        return None
    text = (ROOT / path).read_text(encoding="utf-8")
    return text if path.endswith(".md") else f"# {path}\n\n```{path.rpartition('.')[2]}\n{text.rstrip()}\n```\n"


def with_what_they_link_to(paths: list[str]) -> list[str]:
    """Return these files of the checkout, with all that their documents link to, and what these link to."""
    found: dict[str, None] = {}
    waiting = list(reversed(paths))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = None
            if path.endswith(".md"):
                waiting += reversed(list(_linked(path)))
    return list(found)


def rewritten(path: str, text: str) -> str:
    """Return a document of the checkout as the site is to have it: titles over named blocks, links within the site.

    Of a link to a folder the text is left. A link that shows the name of a document shows its title.
    """

    def link(match: re.Match[str]) -> str:
        words, address, anchor = match.groups()
        target = _file(path, address)
        if target is None:
            return match.group()
        if (ROOT / target).is_dir():
            return words
        if words.endswith(".md"):
            words = _title(target)
        way = posixpath.relpath(site_name(target), posixpath.dirname(site_name(path)) or ".")
        return f"[{words}]({way}{anchor})"

    parts = _FENCES.split(text)
    parts[::2] = [_LINK.sub(link, part) for part in parts[::2]]
    return _NAMED_FENCE.sub(r'```\1 title="\2"', "".join(parts))


def _title(path: str) -> str:
    found = _HEADING.search((ROOT / path).read_text(encoding="utf-8"))
    return found[1] if found else path


def _linked(path: str) -> Iterator[str]:
    for part in _FENCES.split(text_of(path) or "")[::2]:
        for match in _LINK.finditer(part):
            target = _file(path, match[2])
            if target is not None and (ROOT / target).is_file():
                yield target


def _file(path: str, address: str) -> str | None:
    """Return what a link in a document names, from the root of the checkout; None for an address of the web."""
    if ":" in address:
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), address))
