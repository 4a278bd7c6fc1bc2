"""`optim train --recover` and its neighbours, in this process: the run that goes on is the run that was never left."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from left_runs import arguments, configs, differences, left_at, only_run, result
from stranger_training import PLUGINS

from optim_core import OptimError, registry
from optim_training.command import command

pytestmark = pytest.mark.filterwarnings("ignore:.*isinstance.treespec, LeafSpec:FutureWarning")


@pytest.fixture(autouse=True)
def strangers() -> None:
    for (kind, name), cls in PLUGINS.items():
        registry.register(kind, name, cls)  # type: ignore[arg-type]


def train(given: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(given, standalone_mode=False)
    assert not ended.value.code


@pytest.fixture
def whole(tmp_path: Path) -> tuple[Path, list[str]]:
    """A run of 12 steps that was never left, and its arguments but for where it is saved."""
    given = [*configs(tmp_path / "configs"), "--num-workers", "0", "--max-epochs", "2", "--accum-batches", "1"]
    given += ["--val-dataset-config", str(tmp_path / "configs/val.json"), "--val-every", "3"]
    train(arguments(tmp_path / "whole", given))
    return tmp_path / "whole", given


def test_damaged_checkpoints_are_passed_over_and_replaced(
    whole: tuple[Path, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a cut and an empty checkpoint and one that is a folder, the run goes back to the newest that loads, goes on
    in its own folder, ends as it would have, and keeps as many as it was told to."""
    run, given = whole
    left_at(run, tmp_path / "left", 9)
    folder = only_run(tmp_path / "left") / "checkpoints"
    cut = folder / "epoch=1-step=9.ckpt"
    cut.write_bytes(cut.read_bytes()[:-1000])
    (folder / "epoch=1-step=8.ckpt").write_bytes(b"")
    (folder / "epoch=1-step=7.ckpt").unlink()
    (folder / "epoch=1-step=7.ckpt").mkdir()
    capsys.readouterr()
    train(arguments(tmp_path / "left", given, "--recover", "--save-top-k", "2"))
    told = capsys.readouterr().err
    for step in (7, 8, 9):
        assert f"skipped: {folder / f'epoch=1-step={step}.ckpt'}" in told
    assert f"goes on from {folder / 'epoch=0-step=6.ckpt'}" in told
    assert [] == differences(result(run), result(tmp_path / "left"))
    assert ["epoch=1-step=11.ckpt", "epoch=1-step=12.ckpt"] == sorted(path.name for path in folder.iterdir())


def test_without_a_run_one_begins(
    whole: tuple[Path, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of another project, or another folder, there is nothing to go on with."""
    run, given = whole
    train(arguments(run, given, "--recover", "--project", "q"))
    assert "no run of q" in capsys.readouterr().err
    assert 1 == len(list((run / "q").iterdir()))
    assert (next((run / "q").iterdir()) / "metrics.csv").read_text() == (only_run(run) / "metrics.csv").read_text()


def test_a_job_that_was_queued_again_goes_on_with_its_run(
    whole: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --recover, and though another run of the project is newer."""
    run, given = whole
    left_at(run, tmp_path / "left", 5)
    (only_run(tmp_path / "left") / "slurm_job").write_text("7")
    shutil.copytree(only_run(run), tmp_path / "left/p/29991231-000000-other")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    train(arguments(tmp_path / "left", given))
    shutil.rmtree(tmp_path / "left/p/29991231-000000-other")
    assert [] == differences(result(run), result(tmp_path / "left"))


def test_a_checkpoint_needs_no_configs(whole: tuple[Path, list[str]], tmp_path: Path) -> None:
    """It holds those of model and data; the run that goes on from it is a new one, and has the rows after it."""
    run, _ = whole
    checkpoint = only_run(run) / "checkpoints/epoch=0-step=5.ckpt"
    assert "watching" == torch.load(checkpoint, weights_only=True)["model_config"]["model_type"]
    val = ["--val-dataset-config", str(tmp_path / "configs/val.json"), "--val-every", "3"]
    more = ["--num-workers", "0", "--max-epochs", "2", *val]
    train(arguments(tmp_path / "on", ["--ckpt-path", str(checkpoint)], *more))
    before, after = result(run), result(tmp_path / "on")
    assert before["rows"][6:] == after["rows"][1:]
    assert [] == differences(before["checkpoint"], after["checkpoint"])


def test_a_run_that_is_being_trained_is_left_alone(
    whole: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes that go on with one run would write over each other's files: the second one is refused."""
    run, given = whole
    left_at(run, tmp_path / "left", 5)
    hold = f"""
import time
from pathlib import Path
from optim_training.run_lock import locked
with locked(Path({str(only_run(tmp_path / "left"))!r})):
    print("held", flush=True)
    time.sleep(60)
"""
    monkeypatch.setattr("optim_training.run_lock.PATIENCE", 0.2)
    with subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert "held\n" == holder.stdout.readline()
        with pytest.raises(OptimError, match="is being trained by another process"):
            command.main(arguments(tmp_path / "left", given, "--recover"), standalone_mode=False)
        # Whatever ends the process ends its lock.
        holder.kill()
    train(arguments(tmp_path / "left", given, "--recover"))
    assert [] == differences(result(run), result(tmp_path / "left"))
