"""The command `optim explain`."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import click

from optim_core import registry
from optim_core.cli.completing import files, set_option
from optim_core.cli.output import print_json, say, width
from optim_core.plugin_tools import plain_data

if TYPE_CHECKING:
    from optim_core.registry import Explanation

__all__ = ["command"]


@click.command(name="explain")
@click.argument("file", metavar="FILE", shell_complete=files)
@click.option("--model", "words", metavar="MODULE:CALLABLE", required=True, help="What returns the model.")
@set_option
@click.option("--all", "everything", is_flag=True, help="A row for each parameter, also where layers are alike.")
@click.option("--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(file: str, words: str, overrides: tuple[str, ...], everything: bool, style: str) -> None:
    """Explain what a config does with each parameter of a model.

    Its group, rate and weight decay, and which rule decided. Nothing is trained, and no optimizer is made.

    The model is what a function or class returns that takes no arguments, or a model in the module: train:build_model.
    The module is imported, from the current folder too. For named optimizers it is a mapping of their names to models,
    and a list of models for one optimizer of several. Names and shapes are all that is read of it, so that a model on
    the meta device does.

    Exit status: 1 where the config is wrong or does not fit the model, 2 where there is no such model, else 0.
    """
    from optim_core.cli.explain.users_model import users_model

    recipe = registry.recipe(file, overrides=overrides)
    # A model is more than what a short command leaves behind.
    gc.enable()
    explanation = registry.explain(recipe, users_model(words))
    if style == "json":
        print_json(_as_json(explanation))
    else:
        _print(explanation, everything=everything)


def _as_json(explanation: Explanation) -> dict[str, Any]:
    import attrs

    def plain(plan: Any) -> dict[str, Any]:
        options = {name: plain_data(value) for name, value in plan.options.items()}
        return {**attrs.asdict(plan, recurse=False), "options": options}

    return {
        "parameters": [plain(plan) for plan in explanation],
        "groups": [plain(group) for group in explanation.groups()],
    }


def _print(explanation: Explanation, *, everything: bool) -> None:
    from optim_core.cli.explain.rows import print_groups, print_rows

    names = list(dict.fromkeys(plan.optimizer for plan in explanation))
    for number, name in enumerate(names):
        if len(names) > 1:
            say(f"\n{name}\n" if number else f"{name}\n")
        print_rows([plan for plan in explanation if plan.optimizer == name], width(), everything=everything)
        say("")
        print_groups([group for group in explanation.groups() if group.optimizer == name], width())
