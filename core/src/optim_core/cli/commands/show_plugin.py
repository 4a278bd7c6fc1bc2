"""`optim show`: the fields of one plugin, what they mean, and an example."""

from __future__ import annotations

import json
import textwrap
from typing import Any

import attrs
import click

from optim_core import ConfigError, PluginRecord, UnknownNameError, registry
from optim_core.cli.completing import plugins
from optim_core.cli.output import INDENT, print_json, say, width
from optim_core.plugin_tools import (
    KINDS,
    FieldDescription,
    Kind,
    PluginDescription,
    declarations_of,
    describe,
    example,
    needs_of,
    plain_name,
    visible,
    with_article,
)

__all__ = ["command"]

WIDEST = 100
NEEDS = {
    "closure": "a function that computes the loss, several times in a step: run.step(lambda: loss_of(model(batch)))",
    "create_graph": "gradients that can be differentiated again, which run.step(loss) computes",
    "gradients": "gradients beside the function, which run.step computes before the step",
    "metric": "the metric that it follows: run.end_epoch(metric), or run.step(loss, metric=...) where it goes by steps",
    "modes": "run.eval() before evaluation, and run.train() after it",
}
# What moves a schedule on, by its interval.
MOVES = {
    "step": "run.step moves it on, after each step of the optimizer.",
    "epoch": "run.end_epoch() moves it on, once an epoch; with `interval: step` beside its type run.step does.",
}

# The letters of formulas, by the kind of plugin.
FORMULAS: dict[Kind, str] = {
    "optimizer": "w: weights, g: their gradient, t: the step, from 1",
    "scheduler": "base: the rate that a group starts from; step: calls of step(), from 0",
    "clipper": "g: a gradient, w: its weights",
}


@attrs.frozen
class _Shown:
    """All that is shown of a plugin; `example` is None where none was found that can be built."""

    name: str
    kind: Kind
    provided_by: str
    record: PluginRecord | None
    aliases: list[str]
    description: PluginDescription
    declared: dict[str, str]
    needs: list[str]
    moves: str | None
    example: dict[str, Any] | None


@click.command(name="show")
@click.argument("name", shell_complete=plugins)
@click.option("--kind", type=click.Choice(list(KINDS)), help="Needed only where one name is used for two kinds.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(name: str, kind: Kind | None, style: str) -> None:
    """Explain one plugin: fields, ranges, defaults.

    Also its docstring with the source, and an example that was built before it is shown.
    """
    shown = _look_up(name, kind or _kind_of(name))
    if style == "json":
        print_json(_as_json(shown))
    else:
        _print(shown)


def _kind_of(name: str) -> Kind:
    kinds = [kind for kind in KINDS if registry.knows(kind, name)]
    if len(kinds) > 1:
        ways = " or ".join(f"--kind {kind}" for kind in kinds)
        raise click.UsageError(f"`{visible(name)}` is the name of a plugin of several kinds: add {ways}")
    if not kinds:
        # Asking each kind for the name raises where it is blocked; after that, nothing has the name.
        for kind in KINDS:
            registry.find(kind, name)
        raise UnknownNameError([registry.unknown(None, name, "")])
    return kinds[0]


def _look_up(name: str, kind: Kind) -> _Shown:
    found = registry.find(kind, name)
    if found is None:
        raise UnknownNameError([registry.unknown(kind, name, "")])
    plain = plain_name(found.name)
    same = [record for record in registry.plugins(kind) if plain in (plain_name(record.name), record.alias_of)]
    same = [record for record in same if found.provided_by == f"{record.distribution} {record.version or ''}".rstrip()]
    config: dict[str, Any] = {"type": found.name, "config": example(found.cls)}
    built = _built(config, kind)
    return _Shown(
        name=found.name,
        kind=kind,
        provided_by=found.provided_by,
        record=next((record for record in same if plain_name(record.name) == plain), None),
        aliases=[record.name for record in same if plain_name(record.name) != plain],
        description=describe(found.cls),
        declared={key: str(declaration) for key, declaration in declarations_of(found.cls).items()},
        needs=sorted(needs_of(found.cls if built is None else built.config)),
        moves=MOVES.get(getattr(built, "interval", "")) if kind == "scheduler" else None,
        example=None if built is None else KINDS[kind].component(found.name, config["config"]),
    )


def _built(config: dict[str, Any], kind: Kind) -> Any:
    """Return the spec of a config that is shown as an example, None where it cannot be built."""
    try:
        return registry.build(config, kind)
    except ConfigError:
        return None


def _as_json(shown: _Shown) -> dict[str, Any]:
    record = shown.record
    return {
        "name": shown.name,
        "kind": shown.kind,
        "distribution": record.distribution if record else shown.provided_by,
        "version": record.version if record else None,
        "target": record.target if record else None,
        "aliases": shown.aliases,
        "summary": shown.description.summary,
        "description": shown.description.body,
        "formula": shown.description.formula,
        "sources": list(shown.description.sources),
        "fields": [attrs.asdict(field, recurse=False) for field in shown.description.fields],
        "beside": list(KINDS[shown.kind].beside),
        "declared": shown.declared,
        "needs": shown.needs,
        "example": shown.example,
    }


def _print(shown: _Shown) -> None:
    columns = min(width(), WIDEST)
    also = f", also called {', '.join(map(visible, shown.aliases))}" if shown.aliases else ""
    say(f"{visible(shown.name)}, {with_article(shown.kind)} from {shown.provided_by}{also}")
    for text in (shown.description.summary, shown.description.body):
        if text:
            say("\n" + click.wrap_text(text, columns, preserve_paragraphs=True))
    if shown.description.formula:
        letters = f" ({FORMULAS[shown.kind]})" if shown.kind in FORMULAS else ""
        say("\n" + click.wrap_text(f"Formula{letters}", columns))
        say(textwrap.indent(shown.description.formula, "  "))
    say("\nFields" if shown.description.fields else "\nIt has no fields.")
    for field in shown.description.fields:
        _print_field(field, columns)
    _print_loop(shown, columns)
    if shown.declared:
        say("\nWhat it cannot do, by its own word (`optim conformance --list` explains the names)")
    for key, text in shown.declared.items():
        say(click.wrap_text(f"{visible(key)} {visible(text)}", columns, "  ", INDENT * 2))
    if beside := KINDS[shown.kind].beside:
        say("\n" + click.wrap_text(f"Beside `type` and `config` may stand: {', '.join(beside)}", columns))
    _print_example(shown)


def _print_loop(shown: _Shown, columns: int) -> None:
    if shown.needs:
        say("\nWhat it needs of the training loop, where `run` is what a recipe creates")
    for need in shown.needs:
        say(click.wrap_text(f"{need}: {NEEDS[need]}", columns, "  ", INDENT * 2))
    if shown.moves and "metric" not in shown.needs:
        say("\n" + click.wrap_text(f"In the training loop {shown.moves} docs/loop.md has the loop.", columns))


def _print_field(field: FieldDescription, columns: int) -> None:
    demands = ", ".join(part for part in (field.type, field.range) if part)
    say(click.wrap_text(f"{field.name}: {demands}; {_default(field)}", columns, "  ", INDENT * 2))
    if field.text:
        say(click.wrap_text(field.text, columns, INDENT + "  ", INDENT + "  "))


def _default(field: FieldDescription) -> str:
    if field.required:
        return "required"
    return f"default {field.note or json.dumps(field.default, ensure_ascii=False)}"


def _print_example(shown: _Shown) -> None:
    if shown.example is None:
        say("\nNo example: one cannot be made up from types and ranges, and its class offers none.")
        return
    from optim_core.cli.config_text import render

    key = KINDS[shown.kind].key
    say(f"\nExample{f' (in a recipe it stands below `{key}:`)' if key else ''}\n")
    say("".join(f"  {line}\n" for line in render(shown.example, "yaml").splitlines()).rstrip("\n"))
