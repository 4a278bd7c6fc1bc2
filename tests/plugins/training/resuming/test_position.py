"""A run that is resumed is the run that was never left: items, weights, optimizers, schedules, rows, random numbers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from left_runs import differences

from optim_core import CheckpointWarning

from .resumed_run import LIGHTNINGS_OWN, train

pytestmark = LIGHTNINGS_OWN

# 23 items in batches of 4: 6 batches an epoch, the last of 3 items.
CASES: dict[str, tuple[list[int], dict[str, Any]]] = {
    "epochs": ([1, 5, 6, 7, 12], {"max_epochs": 3}),
    "steps": ([6, 8], {"max_steps": 14, "max_epochs": -1}),
    "accumulated": ([1, 2, 3], {"max_epochs": 2, "accumulate_grad_batches": 3}),
    "accumulated unevenly": ([1, 2, 3], {"max_steps": 5, "max_epochs": -1, "accumulate_grad_batches": 4}),
    "validation every 2 batches": ([2, 6, 7], {"max_epochs": 2, "val_check_interval": 2}),
    "validation by steps": (
        [4, 6, 8],
        {"max_steps": 13, "max_epochs": -1, "val_check_interval": 4, "check_val_every_n_epoch": None},
    ),
    "no validation": ([6, 7], {"max_epochs": 2, "limit_val_batches": 0}),
    "a plateau": ([6, 8, 12], {"max_epochs": 4, "model": "RecipePlateau"}),
    "a plateau and validation by steps": (
        [5, 7, 12],
        {"max_epochs": 4, "model": "RecipePlateau", "val_check_interval": 5, "check_val_every_n_epoch": None},
    ),
    "a stranger's plateau": ([6, 8, 12], {"max_epochs": 4, "model": "Plateau"}),
    "a stranger's plateau by steps": ([3], {"max_epochs": 2, "model": "PlateauBySteps"}),
    "a stranger that estimates the length": ([5, 6], {"max_epochs": 3, "model": "Estimating"}),
    "two optimizers": ([3, 6], {"max_epochs": 2, "model": "Two"}),
    "workers": ([6, 8], {"max_epochs": 2, "num_workers": 2}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_resumed_run_is_the_run_that_was_never_left(name: str, tmp_path: Path) -> None:
    """From whichever step it goes on, and with another number of workers, a run is bit for bit what it would be."""
    steps, options = CASES[name]
    whole = train(tmp_path / "whole", **options)
    for step in steps:
        folder = tmp_path / f"from {step}"
        shutil.copytree(tmp_path / "whole", folder)
        (checkpoint,) = folder.glob(f"checkpoints/*-step={step}.ckpt")
        resumed = train(folder, checkpoint=checkpoint, **{**options, "num_workers": 0})
        begin = len(whole["seen"]) - len(resumed["seen"])
        assert [] == differences({**whole, "seen": whole["seen"][begin:]}, resumed), step
        assert 0 < len(resumed["seen"]) < len(whole["seen"])


def test_a_run_that_was_left_within_an_accumulation_loses_nothing(tmp_path: Path) -> None:
    """The checkpoint is of the last optimizer step, rows of later batches are dropped, and the end is the same."""
    options: dict[str, Any] = {"max_epochs": 2, "accumulate_grad_batches": 3, "every": 1}
    whole = train(tmp_path / "whole", **options)
    left = train(tmp_path / "left", leave_after=8, **options)
    assert left["left"]
    checkpoint = tmp_path / "left/checkpoints/epoch=0-step=2.ckpt"
    assert [checkpoint] == sorted((tmp_path / "left/checkpoints").iterdir())[-1:]
    resumed = train(tmp_path / "left", checkpoint=checkpoint, **options)
    assert [] == differences({**whole, "seen": whole["seen"][6:]}, resumed)


def test_another_batch_size_is_told_and_the_epoch_goes_on(tmp_path: Path) -> None:
    """With batches of another size, the epoch goes on with its first item that was not seen, and a warning says so."""
    options: dict[str, Any] = {"max_epochs": 2, "size": 24, "model": "Constant"}
    whole = train(tmp_path, **options)
    checkpoint = tmp_path / "checkpoints/epoch=0-step=4.ckpt"
    with pytest.warns(CheckpointWarning, match="its batches had 4 items over all processes, and have 8"):
        resumed = train(tmp_path, checkpoint=checkpoint, **{**options, "batch_size": 8})
    flat = [item for batch in resumed["seen"] for item in batch]
    assert [item for batch in whole["seen"][4:] for item in batch] == flat


def test_a_checkpoint_is_plain_data(tmp_path: Path) -> None:
    """It loads with weights_only, and holds the model config and the position."""
    train(tmp_path, max_steps=2, max_epochs=-1)
    checkpoint = torch.load(tmp_path / "checkpoints/epoch=0-step=2.ckpt", weights_only=True)
    assert {"model_type": "Model"} == checkpoint["model_config"]
    assert (0, 2) == (checkpoint["optim_training"]["epoch"], checkpoint["optim_training"]["batch"])
    assert "optim_core" in checkpoint
