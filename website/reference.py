"""The pages of reference: one for each installed plugin, made of what `optim show` says, and one for each kind."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import yaml
from click.testing import CliRunner
from matplotlib import rc_context

from checkout import ROOT
from curves import BASE_LR, HORIZON, curve_of, pictured
from optim_core import registry
from optim_core.cli.commands import show_plugin
from optim_core.cli.plot.chart import chart_of
from optim_core.cli.plot.picture import picture_of
from optim_core.plugin_tools import KINDS, Kind, install_line

__all__ = ["KIND_PAGES", "config_of", "page_of", "pages", "pictures", "shown", "shown_of_kind", "words_of"]

_TITLES: dict[Kind, str] = {
    "optimizer": "Optimizers",
    "scheduler": "Schedules",
    "clipper": "Clippers",
    "model": "Models",
    "dataset": "Datasets",
    "logger": "Loggers",
    "demo": "Demos",
}
_PREFACES: dict[Kind, str] = {
    "optimizer": (
        "Every optimizer of the distributions of this project and of the libraries that they wrap. A config names one "
        "by `optimizer.type`; `optim list` prints those that are installed."
    ),
    "scheduler": (
        "Every schedule of the learning rate. A config names one by `scheduler.type`; `optim plot FILE` draws the one "
        "of a config.\n\n[![The curves of all schedules](../schedules.svg)](../schedules.svg)"
    ),
    "clipper": "What may stand below `gradient_clipping`: each changes the gradients before a step.",
    "model": "What `model_type` may be in the config of [`optim train`](../training.md).",
    "dataset": "What `dataset_type` may be in the config of [`optim train`](../training.md).",
    "logger": "What `logger` may be in [`optim train`](../training.md).",
    "demo": "What `demo_type` may be in the config of [`optim train`](../training.md).",
}
KIND_PAGES = tuple(f"reference/{title.lower()}.md" for title in _TITLES.values())

# The background is left out, and these are seen on a light one and on a dark one.
_INK = "#808890"
_COLOURS = {"#d9d9d9": f"{_INK}; stroke-opacity: 0.3", "#0072b2": "#2b8cd6"}
_STYLE: dict[Any, Any] = {
    **dict.fromkeys(["figure.facecolor", "axes.facecolor", "savefig.facecolor"], "none"),
    **dict.fromkeys(["text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"], _INK),
}
_PARTS = re.compile(r"(`[^`]+`)")
_PREFIX = re.compile(r"^https?://(docs\.pytorch\.org/docs/stable/generated/)?")
_MARKS = re.compile(r"([\\*_\[\]<>#|])")


def pages() -> Iterator[tuple[str, str]]:
    """Yield name and Markdown of each page."""
    for kind, title in _TITLES.items():
        every = list(shown_of_kind(kind))
        yield f"reference/{title.lower()}.md", _index(kind, every)
        for plugin in every:
            yield f"{_folder(kind)}/{_file(plugin)}.md", page_of(plugin)


def pictures() -> Iterator[tuple[str, bytes]]:
    """Yield name and SVG of the picture of each schedule."""
    for record in registry.plugins("scheduler"):
        if not record.alias_of:
            yield f"{_folder('scheduler')}/{record.name}.svg", _picture(record.name)


def shown_of_kind(kind: Kind) -> Iterator[dict[str, Any]]:
    """Yield what there is to say of each installed plugin of a kind, in the order of their names."""
    for record in sorted(registry.plugins(kind), key=lambda each: each.name.lower()):
        if not record.alias_of:
            yield shown(kind, record.name)


def shown(kind: Kind, name: str) -> dict[str, Any]:
    """Return what `optim show` says of a plugin."""
    arguments = [name, "--kind", kind, "--format", "json"]
    done = CliRunner().invoke(show_plugin.command, arguments, catch_exceptions=False, standalone_mode=False)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def config_of(plugin: dict[str, Any]) -> dict[str, Any] | None:
    """Return the config that a page shows: a recipe where the plugin has a place in one; None where there is none."""
    component, key = plugin["example"], KINDS[plugin["kind"]].key
    return component if component is None or key is None else _recipe(key, component)


def _recipe(key: str, component: dict[str, Any]) -> dict[str, Any]:
    return {"optimizer": {"type": "AdamW", "config": {"lr": BASE_LR}}, key: component}


def page_of(plugin: dict[str, Any]) -> str:
    """Return the page of one plugin."""
    kind: Kind = plugin["kind"]
    parts = [
        f"# {_escaped(plugin['name'])}",
        _origin(plugin),
        _prose(plugin, plugin["summary"]),
        _prose(plugin, plugin["description"]),
    ]
    if not plugin["formula"] and kind == "optimizer":
        parts += ["## Formula", "The library's docstring gives none; the sources below do."]
    if plugin["formula"]:
        letters = show_plugin.FORMULAS.get(kind, "")
        parts += ["## Formula", f"```text\n{plugin['formula']}\n```", f"{letters}\n{{ .letters }}" if letters else ""]
    if kind == "scheduler":
        parts += ["## Curve", _curve(plugin)]
    parts += ["## Fields", *_fields(plugin)]
    config = config_of(plugin)
    if config is not None and (kind != "scheduler" or plugin["example"] != pictured(plugin["name"])):
        parts += ["## A config", _yaml(config)]
    if plugin["beside"]:
        keys = ", ".join(f"`{key}`" for key in plugin["beside"])
        parts.append(f"Beside `type` and `config` may stand: {keys}.")
    if plugin["needs"]:
        parts += ["## What it needs of the training loop", "`run` is what a recipe creates."]
        parts.append("\n".join(f"- {show_plugin.NEEDS[need]}" for need in plugin["needs"]))
    if plugin["declared"]:
        parts += ["## What it cannot do", "By its own word; `optim conformance --list` explains the names."]
        parts.append("\n".join(f"- `{key}` {_escaped(text)}" for key, text in plugin["declared"].items()))
    if plugin["sources"]:
        parts += ["## Sources", "\n".join(f"- <{source}>" for source in plugin["sources"])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _origin(plugin: dict[str, Any]) -> str:
    kind: Kind = plugin["kind"]
    also = ", also called " + ", ".join(f"`{name}`" for name in plugin["aliases"]) if plugin["aliases"] else ""
    listed = f"[{'Schedule' if kind == 'scheduler' else kind.capitalize()}](../{_TITLES[kind].lower()}.md)"
    return f"{listed} of {plugin['distribution']}{also}: `{_installed_by(plugin['distribution'])}`\n{{ .origin }}"


def _installed_by(distribution: str) -> str:
    """Return the command that installs a distribution of ours."""
    manifest = tomllib.loads((ROOT / "core/pyproject.toml").read_text(encoding="utf-8"))
    for extra, needs in manifest["project"]["optional-dependencies"].items():
        if any(need.startswith(f"{distribution}==") for need in needs):
            return install_line(extra)
    return f"pip install {distribution}"


def _fields(plugin: dict[str, Any]) -> list[str]:
    if not plugin["fields"]:
        return ["It has none."]
    rows = ["| field | type and range | default | what it does |", "|---|---|---|---|"]
    for field in plugin["fields"]:
        demands = ", ".join(part for part in (field["type"], field["range"]) if part)
        text = _prose(plugin, field["text"] or "")
        rows.append(f"| `{field['name']}` | {_escaped(demands)} | {_default(field)} | {text} |")
    return ["\n".join(rows)]


def _default(field: dict[str, Any]) -> str:
    if field["required"]:
        return "required"
    if field["note"]:
        return _escaped(field["note"])
    return f"`{json.dumps(field['default'], ensure_ascii=False)}`"


def _curve(plugin: dict[str, Any]) -> str:
    config = _recipe("scheduler", pictured(plugin["name"]))
    waits = "metric" in plugin["needs"]
    said = f"From a base rate of {BASE_LR:g}, over {HORIZON.epochs} epochs of {HORIZON.steps_per_epoch} steps"
    said += ", with a loss that falls, stays, falls again and stays" if waits else ""
    return f"![The curve of {_escaped(plugin['name'])}]({_file(plugin)}.svg)\n\n{said}:\n\n{_yaml(config)}"


def _picture(name: str) -> bytes:
    curve = curve_of(name)
    with rc_context(_STYLE):
        picture = picture_of(chart_of([curve], [name], title=name, up="learning rate", log=False), "svg")
    for colour, seen_on_both in _COLOURS.items():
        picture = picture.replace(f"stroke: {colour}".encode(), f"stroke: {seen_on_both}".encode())
    return picture


def _yaml(config: dict[str, Any]) -> str:
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)
    return f"```yaml\n{text}```"


def _index(kind: Kind, every: list[dict[str, Any]]) -> str:
    rows = ["| name | what it is | distribution |", "|---|---|---|"]
    for plugin in every:
        name = f"[{_escaped(plugin['name'])}]({_TITLES[kind].lower()}/{_file(plugin)}.md)"
        also = "".join(f", {_escaped(alias)}" for alias in plugin["aliases"])
        named = rf"^(?:\w+\.)*{re.escape(plugin['name'].rpartition(':')[2])}: (.)"
        summary = re.sub(named, lambda found: found[1].upper(), plugin["summary"])
        rows.append(f"| {name}{also} | {_prose(plugin, summary)} | {plugin['distribution']} {{ .unbroken }} |")
    # Each is found by its own page.
    table = "## By name { data-search-exclude }\n\n" + "\n".join(rows)
    return f"---\nhide: [toc]\n---\n\n# {_TITLES[kind]}\n\n{_PREFACES[kind]}\n\n{table}\n"


def _folder(kind: Kind) -> str:
    return f"reference/{_TITLES[kind].lower()}"


def _file(plugin: dict[str, Any]) -> str:
    name: str = plugin["name"]
    return name.replace(":", "-")


def _prose(plugin: dict[str, Any], text: str) -> str:
    """Return words of a docstring as Markdown, with links to the sources that they name."""
    known = {_escaped(words_of(source)): source for source in plugin["sources"]}
    # The longer ones stand first: one address may be how another begins.
    words = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    written = re.compile(rf"(?:https?://)?(?<![\w.])({words})(?:\.html)?(?![\w/])")
    parts = _PARTS.split(text)
    parts[::2] = [_escaped(part) for part in parts[::2]]
    if known:
        parts[::2] = [written.sub(lambda found: f"[{found[1]}]({known[found[1]]})", part) for part in parts[::2]]
    return "".join(parts)


def words_of(source: str) -> str:
    """Return the address of a source as docstrings write it."""
    if source.startswith("https://arxiv.org/abs/"):
        return source.replace("https://arxiv.org/abs/", "arXiv:")
    return _PREFIX.sub("", source).removesuffix(".html")


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)
