"""Tests of the options of click; those of `test_from_flags.py` are about the recipe that flags ask for."""

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from optim_core import OptimError
from optim_frameworks.click import recipe_options


@click.command()
@click.option("--epochs", default=3)
@recipe_options(optimizer="AdamW", lr=1e-3)
def train(recipe, epochs):
    click.echo(f"{recipe.optimizer.type} {recipe.optimizer.config.lr} {epochs}")


def invoke(command, *argv, **options):
    return CliRunner().invoke(command, argv, **options)


def test_a_command_is_given_the_recipe():
    assert "SGD 0.1 5\n" == invoke(train, "--optimizer", "sgd", "--lr", "0.1", "--epochs", "5").output


def test_mistakes_are_a_usage_error_all_at_once():
    done = invoke(train, "--lr", "-1", "--warmup", "5%")
    assert 2 == done.exit_code
    assert "Usage: train" in done.stderr
    assert "--warmup: there is no schedule" in done.stderr
    assert "--lr: must be > 0" in done.stderr


def test_a_file_stands_in_place_of_the_defaults_and_below_what_is_typed(tmp_path):
    file = tmp_path / "train.yaml"
    file.write_text("optimizer: {type: SGD, lr: 0.5}")
    assert "SGD 0.5 3\n" == invoke(train, "--config", str(file)).output
    assert "SGD 0.25 3\n" == invoke(train, "--config", str(file), "--lr", "0.25").output
    assert "SGD 0.125 3\n" == invoke(train, "--config", str(file), env={"T_LR": "0.125"}, auto_envvar_prefix="T").output
    assert "SGD 0.5 3\n" == invoke(train, "--config", str(file), default_map={"lr": 0.125}).output
    assert "AdamW 0.125 3\n" == invoke(train, default_map={"lr": 0.125}).output


def test_overrides_can_be_repeated():
    @click.command()
    @recipe_options
    def command(recipe):
        click.echo(f"{recipe.optimizer.config.momentum} {recipe.optimizer.config.nesterov}")

    sets = ["optimizer.config.momentum=0.9", "optimizer.config.nesterov=true"]
    assert "0.9 True\n" == invoke(command, "--optimizer", "SGD", *(f"--set={text}" for text in sets)).output
    assert "--optimizer: is required, or --config" in invoke(command).stderr


def test_prefixes_and_names_keep_optimizers_apart():
    @click.command()
    @recipe_options(names=["generator", "critic"], generator_optimizer="AdamW", critic_optimizer="SGD")
    @recipe_options(prefix="probe", into="probe", probe_optimizer="Adam")
    def command(recipe, probe):
        click.echo([*(spec.type for spec in recipe.optimizers.values()), probe.optimizer.config.lr])

    assert "['AdamW', 'SGD', 0.5]\n" == invoke(command, "--probe-lr", "0.5").output
    assert "--critic-lr: must be > 0" in invoke(command, "--critic-lr", "0").stderr


def test_options_that_the_command_has_already_are_refused():
    def function(recipe, lr):
        """Do nothing."""

    with pytest.raises(OptimError, match=r"^--lr: the program has it already.*recipe_options\(without=\['lr'\]\)"):
        recipe_options(click.option("--lr")(function))
    # Options that stand above ours are not known before the command is called.
    above = click.command()(click.option("--lr")(recipe_options(lambda recipe, lr: None)))
    with pytest.warns(UserWarning, match="--lr is used more than once"), pytest.raises(OptimError, match=r"^--lr: the"):
        invoke(above, "--optimizer", "SGD", catch_exceptions=False)


def test_a_wrong_order_of_decorators_and_an_unknown_default_are_told():
    with pytest.raises(OptimError, match=r"below @click\.command"):
        recipe_options(train)
    with pytest.raises(OptimError, match="did you mean `optimizer`"):
        recipe_options(optimiser="SGD")


def test_the_help_names_what_is_installed():
    shown = " ".join(invoke(train, "--help").output.split())
    assert "AdamW" in shown
    assert "`optim list optimizers`" in shown


@pytest.mark.parametrize(
    ("args", "incomplete", "names"),
    [
        (["--optimizer"], "adadelt", ["adadelta"]),
        (["--scheduler"], "cosine_with_", ["cosine_with_min_lr", "cosine_with_restarts"]),
        (["--clip"], "no", ["norm", "none"]),
    ],
)
def test_names_complete(args, incomplete, names):
    completed = ShellComplete(train, {}, "train", "_TRAIN_COMPLETE").get_completions(args, incomplete)
    assert names == [item.value for item in completed]
