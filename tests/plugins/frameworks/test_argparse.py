"""Tests of the flags of argparse; those of `test_from_flags.py` are about the recipe that flags ask for."""

import argparse
import json
import os
import subprocess
import sys

import pytest

from optim_core import ConfigError, OptimError, Registry
from optim_frameworks.argparse import add_arguments, recipe_of


@pytest.fixture
def parser():
    made = argparse.ArgumentParser(prog="train")
    add_arguments(made)
    return made


def recipe(parser, *argv, **options):
    return recipe_of(parser.parse_args(argv), **options)


def error_of(capsys, parser, *argv, **options):
    """Return what a program writes that is typed so, which ends with the exit status of wrong usage."""
    with pytest.raises(SystemExit) as ended:
        recipe_of(parser.parse_args(argv), parser, **options)
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_flags_make_a_recipe(parser):
    made = recipe(
        parser, "--optimizer", "adam_w", "--lr=3e-4", "--scheduler", "cosine", "--warmup", "5%", "--clip", "1.0"
    )
    assert ("AdamW", 0.0003) == (made.optimizer.type, made.optimizer.config.lr)
    assert ("cosine", "5%") == (made.scheduler.type, str(made.scheduler.config.num_warmup_steps))
    assert ("norm", 1.0) == (made.clipper.type, made.clipper.config.max_norm)


def test_a_mistake_ends_the_program_with_the_usage_and_the_flag(parser, capsys):
    written = error_of(capsys, parser, "--optimizer", "AdamW", "--scheduler", "cosine", "--warmup", "0.05")
    assert written.startswith("usage: train ")
    assert "train: error: --warmup: must be a length" in written
    assert "did you mean `5%`?" in written


def test_several_mistakes_are_told_at_once(parser, capsys):
    written = error_of(capsys, parser, "--optimizer", "AdamW", "--lr", "-1", "--warmup", "5%", "--set", "a.b=1")
    assert "3 mistakes" in written
    assert "  --lr: must be > 0, is -1.0" in written
    assert "  --warmup: there is no schedule" in written
    assert "  --set a.b: the config has no `a`" in written


def test_without_a_parser_a_mistake_is_an_exception(parser):
    with pytest.raises(ConfigError) as raised:
        recipe(parser, "--optimizer", "AdamW", "--lr", "fast")
    assert ["--lr"] == [problem.path for problem in raised.value.problems]


def test_a_program_without_optimizer_and_config_is_told_of_both(parser, capsys):
    written = error_of(capsys, parser)
    assert "--optimizer: is required, or --config" in written


def test_defaults_of_the_program_count_where_no_file_is_given(parser):
    parser.set_defaults(optimizer="AdamW", lr=1e-3, scheduler="cosine", warmup="10%", clip=1.0)
    made = recipe(parser, "--lr", "0.1")
    assert ("AdamW", 0.1, "cosine", 1.0) == (
        made.optimizer.type,
        made.optimizer.config.lr,
        made.scheduler.type,
        made.clipper.config.max_norm,
    )


def test_a_file_stands_in_place_of_the_defaults_and_below_what_is_typed(parser, tmp_path):
    file = tmp_path / "train.yaml"
    file.write_text("optimizer: {type: SGD, config: {lr: 0.5, momentum: 0.9}}")
    parser.set_defaults(optimizer="AdamW", lr=1e-3, scheduler="cosine")
    made = recipe(parser, "--config", str(file))
    assert ("SGD", 0.5, None) == (made.optimizer.type, made.optimizer.config.lr, made.scheduler)
    made = recipe(parser, "--config", str(file), "--lr", "0.001")
    assert (0.001, 0.9) == (made.optimizer.config.lr, made.optimizer.config.momentum)


def test_a_default_file_and_defaults_count_together(parser, tmp_path):
    file = tmp_path / "train.yaml"
    file.write_text("optimizer: {type: SGD, config: {lr: 0.5, momentum: 0.9}}")
    parser.set_defaults(config=str(file), lr=0.25)
    made = recipe(parser)
    assert (0.25, 0.9) == (made.optimizer.config.lr, made.optimizer.config.momentum)


def test_arguments_survive_json_with_what_was_typed(parser, tmp_path):
    file = tmp_path / "train.yaml"
    file.write_text("optimizer: {type: SGD, config: {lr: 0.5}}")
    parser.set_defaults(lr=1e-3)
    args = parser.parse_args(["--config", str(file), "--set", "optimizer.config.momentum=0.9", "--clip", "2"])
    saved = json.loads(json.dumps(vars(args)))
    assert recipe_of(args) == recipe_of(saved) == recipe_of(argparse.Namespace(**saved))
    assert 0.5 == recipe_of(saved).optimizer.config.lr


def test_a_namespace_made_by_hand_counts_as_typed(tmp_path):
    file = tmp_path / "train.yaml"
    file.write_text("optimizer: {type: SGD, config: {lr: 0.5}}")
    assert 0.1 == recipe_of(argparse.Namespace(config=str(file), lr=0.1)).optimizer.config.lr


def test_a_program_may_reckon_with_the_rate(parser):
    args = parser.parse_args(["--optimizer", "SGD", "--lr", "0.1"])
    args.lr *= 4
    assert 0.4 == recipe_of(args).optimizer.config.lr


def test_a_program_sets_values_last(parser):
    args = parser.parse_args(["--optimizer", "SGD", "--lr", "0.1"])
    made = recipe_of(args, overrides=[f"optimizer.config.lr={args.lr / 2}"])
    assert 0.05 == made.optimizer.config.lr


def test_a_flag_that_the_parser_has_already_is_refused_with_the_ways_out():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float)
    with pytest.raises(OptimError, match=r"^--lr: the program has it already.*without=\['lr'\].*prefix='optim'"):
        add_arguments(parser)
    add_arguments(parser, without=["lr"])
    args = parser.parse_args(["--lr", "0.1", "--optimizer", "SGD"])
    assert 0.001 == recipe_of(args).optimizer.config.lr
    assert 0.1 == recipe_of(args, overrides=[f"optimizer.config.lr={args.lr}"]).optimizer.config.lr


def test_an_argument_of_the_same_name_is_refused():
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    with pytest.raises(OptimError, match=r"^--config: the program has it already"):
        add_arguments(parser)


def test_a_refusal_leaves_the_parser_as_it_was():
    parser = argparse.ArgumentParser()
    parser.add_argument("--set")
    before = parser.format_help()
    with pytest.raises(OptimError):
        add_arguments(parser)
    assert before == parser.format_help()


def test_prefixes_keep_two_recipes_apart():
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    add_arguments(parser, prefix="critic")
    args = parser.parse_args(["--optimizer", "AdamW", "--critic-optimizer", "SGD", "--critic-lr", "0.1"])
    assert "AdamW" == recipe_of(args).optimizer.type
    critic = recipe_of(args, prefix="critic")
    assert ("SGD", 0.1) == (critic.optimizer.type, critic.optimizer.config.lr)


def test_a_mistake_behind_a_prefix_names_the_whole_flag(capsys):
    parser = argparse.ArgumentParser()
    add_arguments(parser, prefix="critic-")
    written = error_of(capsys, parser, "--critic-optimizer", "SGD", "--critic-lr", "0", prefix="critic-")
    assert "error: --critic-lr: must be > 0" in written


def test_names_make_one_recipe_of_several_optimizers(capsys):
    parser = argparse.ArgumentParser()
    names = ["generator", "discriminator"]
    add_arguments(parser, names=names)
    argv = ["--generator-optimizer", "AdamW", "--generator-scheduler", "cosine", "--generator-warmup", "9"]
    made = recipe(parser, *argv, "--discriminator-optimizer", "SGD", "--clip", "1", names=names)
    assert {"generator": "AdamW", "discriminator": "SGD"} == {name: s.type for name, s in made.optimizers.items()}
    assert 9 == made.schedule_of("generator").config.num_warmup_steps.amount
    assert made.schedule_of("discriminator") is None
    written = error_of(capsys, parser, *argv, "--generator-lr", "-1", names=names)
    assert "--discriminator-optimizer: is required, or --config" in written
    assert "--generator-lr: must be > 0" in written


def test_forgetting_add_arguments_is_told():
    with pytest.raises(OptimError, match=r"call add_arguments\(parser\) before"):
        recipe_of(argparse.ArgumentParser().parse_args([]))


def test_forgetting_the_prefix_is_told():
    parser = argparse.ArgumentParser()
    add_arguments(parser, prefix="critic")
    with pytest.raises(OptimError, match=r"call add_arguments\(parser\) before"):
        recipe_of(parser.parse_args(["--critic-optimizer", "SGD"]))


def test_other_names_than_those_of_the_flags_are_refused():
    parser = argparse.ArgumentParser()
    add_arguments(parser, names=["generator", "critic"])
    args = parser.parse_args(["--generator-lr", "0.1"])
    with pytest.raises(OptimError, match=r"^--generator-optimizer was added, and recipe_of has other names"):
        recipe_of(args)
    with pytest.raises(OptimError, match=r"the same names="):
        recipe_of(args, names=["generator"])
    with pytest.raises(OptimError, match=r"^no flag of probe was added"):
        recipe_of(args, names=["generator", "critic", "probe"])


def test_defaults_of_overrides_come_before_those_that_are_typed():
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    for default in ("optimizer.config.momentum=0.5", ["optimizer.config.momentum=0.5"]):
        parser.set_defaults(optimizer="SGD", set=default)
        made = recipe(parser, "--set", "optimizer.config.nesterov=true").optimizer.config
        assert (0.5, True) == (made.momentum, made.nesterov)
        assert 0.5 == recipe(parser).optimizer.config.momentum


def test_subcommands_and_parents_have_the_flags():
    common = argparse.ArgumentParser(add_help=False)
    add_arguments(common)
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    commands.add_parser("train", parents=[common]).set_defaults(lr=0.1)
    args = parser.parse_args(["train", "--optimizer", "SGD", "--clip", "none"])
    assert 0.1 == recipe_of(args).optimizer.config.lr


def test_what_a_subcommand_with_the_same_flags_throws_away_is_told():
    common = argparse.ArgumentParser(add_help=False)
    add_arguments(common)
    parser = argparse.ArgumentParser(parents=[common])
    parser.add_subparsers().add_parser("train", parents=[common])
    with pytest.raises(OptimError, match=r"^--lr was typed, and its value is gone"):
        recipe(parser, "--lr", "0.1", "train", "--optimizer", "SGD")
    assert 0.1 == recipe(parser, "train", "--lr", "0.1", "--optimizer", "SGD").optimizer.config.lr


def test_groups_abbreviations_files_of_arguments_and_unknown_ones(tmp_path):
    parser = argparse.ArgumentParser(fromfile_prefix_chars="@")
    add_arguments(parser.add_argument_group("training"))
    (tmp_path / "argv").write_text("--optim=SGD\n--set=optimizer.config.momentum=0.9\n--set\noptimizer.config.lr=1")
    args, unknown = parser.parse_known_args([f"@{tmp_path / 'argv'}", "--epochs", "3"])
    made = recipe_of(args, parser)
    assert (0.9, 1.0, ["--epochs", "3"]) == (made.optimizer.config.momentum, made.optimizer.config.lr, unknown)


def test_other_dashes_are_those_of_the_parser(capsys):
    parser = argparse.ArgumentParser(prefix_chars="+")
    add_arguments(parser)
    assert "++lr: must be > 0" in error_of(capsys, parser, "++optimizer", "SGD", "++lr", "0")


@pytest.mark.parametrize("formatter", [argparse.HelpFormatter, argparse.ArgumentDefaultsHelpFormatter])
def test_the_help_names_what_is_installed_and_where_the_rest_is(formatter):
    parser = argparse.ArgumentParser(formatter_class=formatter)
    add_arguments(parser)
    parser.set_defaults(lr=0.1)
    shown = " ".join(parser.format_help().split())
    assert "AdamW" in shown
    assert "`optim list optimizers`" in shown
    assert "500 (steps), 5%, 2 epochs" in shown
    assert (formatter is argparse.ArgumentDefaultsHelpFormatter) == ("(default: 0.1)" in shown)


def test_names_complete_without_case_and_from_the_registry(parser):
    actions = {action.dest: action for action in parser._actions}
    assert ["adadelta"] == actions["optimizer"].completer(prefix="adadelt", parsed_args=None, action=None, parser=None)
    assert ["none"] == actions["scheduler"].completer(prefix="no")
    assert ["norm", "none"] == actions["clip"].completer(prefix="no")
    empty = argparse.ArgumentParser()
    add_arguments(empty, registry=Registry(block=["*"]))
    assert [] == {action.dest: action for action in empty._actions}["optimizer"].completer(prefix="")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [("--optimizer adadelt", ["adadelta "]), ("--sched", ["--scheduler "]), ("--clip no", ["none", "norm"])],
)
def test_argcomplete_completes_them(typed, completed, tmp_path):
    program = """
import argparse, argcomplete
from optim_frameworks.argparse import add_arguments
parser = argparse.ArgumentParser()
add_arguments(parser)
argcomplete.autocomplete(parser)
"""
    line = f"train {typed}"
    variables = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "out"),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "_ARGCOMPLETE_IFS": "\n",
    }
    subprocess.run([sys.executable, "-c", program], env={**os.environ, **variables}, check=True)
    assert completed == sorted((tmp_path / "out").read_text().split("\n"))


def test_names_are_looked_up_in_the_registry_of_the_program(parser, capsys):
    written = error_of(capsys, parser, "--optimizer", "AdamW", registry=Registry(block=["AdamW"]))
    assert "AdamW" in written
    assert "block" in written


def test_parsing_imports_neither_torch_nor_a_plugin_that_is_not_named():
    program = """
import argparse, sys
from optim_frameworks.argparse import add_arguments, recipe_of
parser = argparse.ArgumentParser()
add_arguments(parser)
args = parser.parse_args(["--optimizer", "AdamW", "--lr", "0.1"])
assert "optim_torch_builtin" not in sys.modules
recipe_of(args, parser)
heavy = {"torch", "click", "typer", "optim_muon", "pytorch_optimizer", "optim_schedules", "optim_pytorch_optimizer"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()
