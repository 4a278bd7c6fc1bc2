"""Tests of the options of Typer; those of `test_from_flags.py` are about the recipe that flags ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import pytest
import typer
from typer.testing import CliRunner

from optim_core import OptimError
from optim_frameworks.typer import recipe_options

if TYPE_CHECKING:
    from optim_core import Recipe

app = typer.Typer()


@app.command()
@recipe_options(optimizer="AdamW", lr=1e-3)
def train(recipe: Recipe, epochs: Annotated[int, typer.Option(help="how often")] = 3):
    typer.echo(f"{recipe.optimizer.type} {recipe.optimizer.config.lr} {epochs}")


def invoke(application, *argv):
    return CliRunner().invoke(application, argv)


def one(function):
    """Return an application of one command."""
    application = typer.Typer()
    application.command()(function)
    return application


def test_a_command_is_given_the_recipe():
    assert "SGD 0.1 5\n" == invoke(app, "--optimizer", "sgd", "--lr", "0.1", "--epochs", "5").output


def test_mistakes_are_a_usage_error_all_at_once():
    done = invoke(app, "--lr", "-1", "--warmup", "5%")
    assert 2 == done.exit_code
    assert "Usage: " in done.stderr
    assert "--warmup: there is no schedule" in done.stderr
    assert "--lr: must be > 0" in done.stderr


def test_a_file_stands_in_place_of_the_defaults_and_below_what_is_typed(tmp_path):
    file = tmp_path / "train.yaml"
    file.write_text("optimizer: {type: SGD, lr: 0.5}")
    assert "SGD 0.5 3\n" == invoke(app, "--config", str(file)).output
    assert "SGD 0.25 3\n" == invoke(app, "--config", str(file), "--lr", "0.25").output


def test_the_context_of_the_command_is_its_own():
    @recipe_options
    def command(context: typer.Context, recipe: Recipe):
        typer.echo(f"{context.command.name} {recipe.optimizer.config.momentum}")

    assert (
        "command 0.9\n" == invoke(one(command), "--optimizer", "SGD", "--set", "optimizer.config.momentum=0.9").output
    )


def test_prefixes_and_names_keep_optimizers_apart():
    @recipe_options(names=["generator", "critic"], generator_optimizer="AdamW", critic_optimizer="SGD")
    @recipe_options(prefix="probe", into="probe", probe_optimizer="Adam")
    def command(recipe: Recipe, probe: Recipe):
        typer.echo([*(spec.type for spec in recipe.optimizers.values()), probe.optimizer.config.lr])

    assert "['AdamW', 'SGD', 0.5]\n" == invoke(one(command), "--probe-lr", "0.5").output


def test_arguments_that_the_command_has_already_are_refused():
    def command(recipe: Recipe, lr: float = 0.1):
        """Do nothing."""

    with pytest.raises(OptimError, match=r"^--lr: the program has it already"):
        recipe_options(command)

    def renamed(recipe: Recipe, rate: Annotated[float, typer.Option("--lr")] = 0.1):
        """Do nothing."""

    with pytest.raises(OptimError, match=r"^--lr: the program has it already"):
        recipe_options(renamed)


def test_a_command_without_a_place_for_the_recipe_and_an_unknown_default_are_told():
    with pytest.raises(OptimError, match="has no argument `recipe`"):
        recipe_options(lambda epochs: None)
    with pytest.raises(OptimError, match="did you mean `optimizer`"):
        recipe_options(optimiser="SGD")


def test_the_help_says_where_names_are():
    assert "optim list" in invoke(app, "--help").output


def test_names_complete():
    command = typer.main.get_command(app)
    context = command.make_context("train", [], resilient_parsing=True)
    options = {parameter.name: parameter for parameter in command.params}
    assert ["adadelta"] == [item.value for item in options["optimizer"].shell_complete(context, "adadelt")]
