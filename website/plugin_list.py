"""Writes the list of every optimizer, schedule and clipper of this project's distributions, docs/list.md: `make list`.

The list is committed, so that it can be read where nothing is installed. Each line is what `optim show` says.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from checkout import ROOT
from optim_core.kinds import Kind
from reference import shown_of_kind, words_of

LIST = ROOT / "docs/list.md"
OURS = {f"optim-{manifest.parent.name.replace('_', '-')}" for manifest in ROOT.glob("plugins/*/pyproject.toml")}
HEADINGS: dict[Kind, str] = {"optimizer": "Optimizers", "scheduler": "Schedules", "clipper": "Clipping"}
BEGINNING = """\
# Every optimizer, schedule and clipper

What the distributions of this project bring, with the libraries that they are tested with. `optim list` prints what is
installed on a machine, with the plugins of anybody; `optim show NAME` has the fields of one, their ranges and defaults.
`make list` wrote this page from the classes themselves.
"""


def sections() -> Iterator[str]:
    """Yield the page, a heading or a table at a time."""
    for kind, heading in HEADINGS.items():
        rows = [row(plugin) for plugin in shown_of_kind(kind) if plugin["distribution"] in OURS]
        yield f"## {heading}\n\n{len(rows)} of them.\n"
        yield "| name | what it is | source | distribution |\n|---|---|---|---|\n" + "".join(rows)


def row(plugin: dict[str, Any]) -> str:
    """Return the row of a plugin: its names, what it is, the first of its sources that is a paper, or the first."""
    names = " · ".join(f"`{name}`" for name in (plugin["name"], *plugin["aliases"]))
    # A class of another library is called by its place there, `pytorch_optimizer.SOAP: …`, which the last column says.
    summary = re.sub(r"^\w[\w.]*\.\w+: ", "", plugin["summary"] or "").rstrip(".").replace("|", "\\|")
    sources = sorted(plugin["sources"], key=lambda source: "arxiv.org" not in source)
    source = f"[{words_of(sources[0])}]({sources[0]})" if sources else ""
    return f"| {names} | {summary} | {source} | {plugin['distribution']} |\n"


def main(file: Path = LIST) -> None:
    file.write_text("\n".join([BEGINNING, *sections()]), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
