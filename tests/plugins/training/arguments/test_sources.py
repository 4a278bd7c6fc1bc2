"""The arguments of a run: INI files, config files and the command line, each with its place in messages."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from optim_core import ConfigError
from optim_training.arguments.sources import arguments_of, structured_arguments
from optim_training.arguments.training_config import TrainingConfig

# Each argument of the original's tables, with its default.
DOCUMENTED = {
    "model_config": "",
    "dataset_config": "",
    "val_dataset_config": "",
    "batch_size": 4,
    "num_workers": 6,
    "seed": 42,
    "accum_batches": 1,
    "gradient_clip_val": 0.0,
    "checkpoint_every": 10000,
    "save_dir": "",
    "save_top_k": -1,
    "ckpt_path": "",
    "pretrained_ckpt_path": "",
    "pretransform_ckpt_path": "",
    "num_nodes": 1,
    "strategy": "auto",
    "precision": "16-mixed",
    "val_every": -1,
    "name": "stable_audio_tools",
    "project": None,
    "recover": False,
    "remove_pretransform_weight_norm": "",
}

WRONG = {
    "batch_size": (0, "four", 1.5, True),
    "num_workers": (-1,),
    "seed": (-1, 2**32),
    "accum_batches": (0,),
    "gradient_clip_val": (-0.1, float("nan")),
    "checkpoint_every": (0,),
    "save_top_k": (-2,),
    "num_nodes": (0,),
    "strategy": ("dpp", ""),
    "precision": ("half", 64),
    "val_every": (0, -2),
    "name": ("", "a/b", "..", ".", "a\0b"),
    "project": ("", "../x"),
    "recover": ("false", 1),
    "remove_pretransform_weight_norm": ("preload",),
    "devices": (0, "two"),
    "max_steps": (0, -2),
    "max_epochs": (0, -5),
}


def write(name: str, text: str) -> str:
    Path(name).write_text(text)
    return name


def test_defaults_are_those_of_the_document():
    """Whoever says nothing gets what the original's tables say."""
    made = attrs.asdict(TrainingConfig())
    assert DOCUMENTED == {name: made[name] for name in DOCUMENTED}
    assert ("csv", "auto", -1, -1) == (made["logger"], made["devices"], made["max_steps"], made["max_epochs"])


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_what_cannot_be_is_refused_by_its_name(name, value):
    """Each argument has its range, and a value outside of it is told with the name."""
    with pytest.raises(ConfigError) as caught:
        structured_arguments({name: value})
    assert [name] == [problem.path for problem in caught.value.problems]


def test_the_command_line_counts_most_and_ini_files_least():
    """Whatever the order in which files are named."""
    ini = write("defaults.ini", "[DEFAULTS]\nbatch_size = 8\nseed = 1\nnum_workers = 2\n")
    yaml = write("run.yaml", "batch_size: 16\nseed: 2\n")
    made = arguments_of([yaml, ini], {"seed": "3"})
    assert (16, 3, 2) == (made.batch_size, made.seed, made.num_workers)


def test_an_ini_file_says_what_its_author_means():
    """False is false, None is nothing, quotes are none of the value, a percent sign is one."""
    ini = write(
        "defaults.ini",
        "# the original's\n[DEFAULTS]\n\n#of the run\nname = 100%\nrecover = false\nproject = None\nlogger = 'None'\n"
        'strategy = ""auto""\nprecision = "bf16"\nsave_dir = ./runs ; here\n'.replace('""auto""', '"auto"').replace(
            " ; here", ""
        ),
    )
    made = arguments_of([ini], {})
    assert ("100%", False, None, "none", "auto", "bf16", "./runs") == (
        made.name,
        made.recover,
        made.project,
        made.logger,
        made.strategy,
        made.precision,
        made.save_dir,
    )
    assert not made.logs


def test_all_that_is_wrong_is_told_at_once_with_its_place():
    """By file and line, or by option, with the repair."""
    ini = write("defaults.ini", "[DEFAULTS]\nnaem = x\n\nbatch_size = four\nnum_gpus = 2\n")
    yaml = write("run.yaml", "seed: 1\nstrategy: dpp\n")
    with pytest.raises(ConfigError) as caught:
        arguments_of([ini, yaml], {"devices": "0"})
    assert {
        ("naem", "defaults.ini", 2),
        ("batch_size", "defaults.ini", 4),
        ("num_gpus", "defaults.ini", 5),
        ("strategy", "run.yaml", 2),
        ("--devices", None, None),
    } == {(problem.path, problem.file, problem.line) for problem in caught.value.problems}
    hints = {problem.path: problem.hint or "" for problem in caught.value.problems}
    assert "`name`" in hints["naem"]
    assert "`devices`" in hints["num_gpus"]
    assert "`ddp`" in hints["strategy"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batch_size = 8\n", "no section"),
        ("[DEFAULT]\nbatch_size = 8\n", r"no section \[DEFAULTS\]"),
        ("[DEFAULTS]\nrecover = True ; comment\n", "comment"),
        ("[DEFAULTS]\nseed = 1\nseed = 2\n", "already exists"),
        ("[DEFAULTS]\n" + "#" * 20_000, "is longer than 16,384 characters"),
        ("[DEFAULTS]\nseed" + " " * 2_000 + "= 1", "has a thousand blanks on end"),
        ("[DEFAULTS]\nseed = 'a'" + "-" * 10_000 + "'a'", "seed: must be a whole number"),
        ("", "is empty"),
    ],
)
def test_an_ini_file_that_says_something_else_is_refused(text, message):
    """No section, another one, a comment behind a value, a key twice."""
    with pytest.raises(ConfigError, match=message):
        arguments_of([write("defaults.ini", text)], {})
