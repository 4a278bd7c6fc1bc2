"""Writes the list of every optimizer, schedule and clipper of this project's distributions, docs/list.md: `make list`.

The list is committed, so that it can be read where nothing is installed. Each line is what the plugin's class says of
itself, read from its source.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from optim_core import PluginRecord, registry
from optim_core.kinds import Kind

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "docs/list.md"
OURS = {f"optim-{manifest.parent.name.replace('_', '-')}" for manifest in ROOT.glob("plugins/*/pyproject.toml")}
HEADINGS: dict[Kind, str] = {"optimizer": "Optimizers", "scheduler": "Schedules", "clipper": "Clipping"}
BEGINNING = """\
# Every optimizer, schedule and clipper

What the distributions of this project bring, with the newest library that each was tested with. `optim list` prints
what is installed on a machine, with the plugins of anybody; `optim show NAME` has the fields of one, their ranges and
defaults. The libraries behind optim-pytorch-optimizer and optim-bitsandbytes name no source for most of what they have.

`make list` wrote this page from the classes themselves.
"""
# (Zeiler 2012, arXiv:1212.5701), at the end of a sentence; its words may hold parentheses of one level.
SOURCE = re.compile(r" \(((?:[^()]|\([^()]*\))*\d{4}(?:[^()]|\([^()]*\))*)\)(?=[.,;:]|$)")
ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")


def sections() -> Iterator[str]:
    """Yield the page, a heading or a table at a time."""
    for kind, heading in HEADINGS.items():
        ours = (record for record in registry.plugins(kind) if record.distribution in OURS)
        records = sorted(ours, key=lambda record: (record.name.lower(), record.distribution))
        plugins = [record for record in records if record.alias_of is None]
        others: dict[str, list[str]] = {}
        for record in records:
            if record.alias_of is not None:
                others.setdefault(record.alias_of, []).append(f"`{record.name}`")
        yield f"## {heading}\n\n{len(plugins)} of them.\n"
        yield "| name | what it is | source | distribution |\n|---|---|---|---|\n" + "".join(
            f"| {' · '.join([f'`{record.name}`', *others.get(record.name, ())])} | {words} | {source} | "
            f"{record.distribution} |\n"
            for record in plugins
            for words, source in [described(record)]
        )


def described(record: PluginRecord) -> tuple[str, str]:
    """Return what a plugin is, without its own name before it, and its source, which may be empty."""
    summary = " ".join((registry.summary(record) or "").split()).replace("|", "\\|")
    found = SOURCE.search(summary)
    source = "" if found is None else found[1]
    words = summary if found is None else summary[: found.start()] + summary[found.end() :]
    return words.rstrip("."), ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", source)


def main(file: Path = LIST) -> None:
    file.write_text("\n".join([BEGINNING, *sections()]), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
