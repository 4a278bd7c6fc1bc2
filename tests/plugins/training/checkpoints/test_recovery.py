"""Which run goes on, and from which checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from optim_training.checkpoints.contents import configs_in
from optim_training.checkpoints.durable_io import DurableCheckpointIO
from optim_training.checkpoints.folders import seal
from optim_training.checkpoints.recovery import newest_run
from optim_training.run_folder import RUN_VARIABLE

OLD, NEW = "20261130-235959-aaaaaa", "20261201-000000-000000"


def checkpoint(save_dir: Path, run: str, step: int, **also: Any) -> Path:
    path = save_dir / "digits" / run / "checkpoints" / f"epoch=0-step={step}.ckpt"
    whole = {"state_dict": {"weight": torch.rand(100)}, "optimizer_states": [], "loops": {}, **also}
    DurableCheckpointIO().save_checkpoint(whole, path)
    return path


def folder(save_dir: Path, run: str, step: int) -> Path:
    path = save_dir / "digits" / run / "checkpoints" / f"epoch=0-step={step}.ckpt"
    (path / "inner").mkdir(parents=True)
    (path / "inner/part.distcp").write_bytes(b"weights" * 1000)
    (path / "meta.pt").write_bytes(b"the rest")
    seal(path, {"model_config": {"model_type": "dense"}})
    return path


def test_the_newest_checkpoint_of_the_newest_run_is_taken(tmp_path: Path) -> None:
    """Runs count by when they began, checkpoints by their steps, and not by their names or when files changed."""
    checkpoint(tmp_path, NEW, 9)
    expected = checkpoint(tmp_path, NEW, 10)
    checkpoint(tmp_path, OLD, 2000)
    found = newest_run(tmp_path, "digits")
    assert found is not None
    assert (NEW, expected) == (found[0].run, found[1])
    assert newest_run(tmp_path, "other") is None


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.write_bytes(b""), "is cut off or no checkpoint"),
        (lambda path: path.write_bytes(path.read_bytes()[:-200]), "is cut off or no checkpoint"),
        (lambda path: path.write_bytes(b"\0" + path.read_bytes()[1:]), "is damaged: its checksum is wrong"),
        (lambda path: path.write_bytes(b"no checkpoint at all"), "is cut off or no checkpoint"),
        (lambda path: torch.save({"weights": torch.rand(3)}, path), "it has no state_dict, optimizer_states, loops"),
        (lambda path: torch.save({"state_dict": Path()}, path), "does not load as plain data"),
        (lambda path: (path.unlink(), path.mkdir()), "contents.json is missing"),
        (lambda path: (path.unlink(), path.symlink_to("nowhere")), "there is no checkpoint at"),
    ],
    ids=["empty", "cut off", "a flipped bit", "text", "no run", "no plain data", "an empty folder", "a dead link"],
)
def test_what_does_not_load_is_passed_over_and_told(
    damage: Any, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A damaged checkpoint is named with what is wrong with it, and the one before it is taken."""
    good, bad = checkpoint(tmp_path, NEW, 10), checkpoint(tmp_path, NEW, 20)
    damage(bad)
    found = newest_run(tmp_path, "digits")
    assert found is not None
    assert good == found[1]
    told = capsys.readouterr().err
    assert f"skipped: {'there is no checkpoint at ' if 'link' in said else ''}" in told
    assert "step=20.ckpt" in told
    assert said in told


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: (path / "contents.json").unlink(), "contents.json is missing"),
        (lambda path: (path / "meta.pt").unlink(), "meta.pt is missing"),
        (lambda path: (path / "inner/part.distcp").write_bytes(b"weights"), "inner/part.distcp has 7 bytes"),
        (lambda path: (path / "inner/part.distcp").write_bytes(b"WEIGHTS" * 1000), "the checksum of inner/part.distcp"),
        (lambda path: (path / "contents.json").write_text("{"), "is damaged: contents.json"),
    ],
    ids=["no seal", "a missing file", "a short file", "other bytes", "half a seal"],
)
def test_a_folder_is_looked_through(damage: Any, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A checkpoint that is a folder is taken where every file of it is what it was, and else told and passed over."""
    good, bad = folder(tmp_path, NEW, 10), folder(tmp_path, NEW, 20)
    assert {"model_type": "dense"} == configs_in(bad).model_config
    damage(bad)
    found = newest_run(tmp_path, "digits")
    assert found is not None
    assert good == found[1]
    assert said in capsys.readouterr().err


def test_a_run_without_a_checkpoint_is_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that was killed before its first checkpoint is told of, and the one before it goes on."""
    expected = checkpoint(tmp_path, OLD, 3)
    (tmp_path / "digits" / NEW / "checkpoints").mkdir(parents=True)
    found = newest_run(tmp_path, "digits")
    assert found is not None
    assert (OLD, expected) == (found[0].run, found[1])
    assert f"skipped: run {NEW} has no checkpoint" in capsys.readouterr().err


def test_the_processes_of_a_run_look_at_that_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that a run has started goes on with that run, also where another one is newer."""
    expected = checkpoint(tmp_path, OLD, 3)
    checkpoint(tmp_path, NEW, 3)
    monkeypatch.setenv(RUN_VARIABLE, OLD)
    found = newest_run(tmp_path, "digits")
    assert found is not None
    assert (OLD, expected) == (found[0].run, found[1])
