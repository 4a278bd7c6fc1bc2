"""`optim train` on two processes that a signal stops, and that go on."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from left_runs import arguments, begin, configs, differences, finished, only_run, result, seen
from warm_python import WarmPython

pytestmark = pytest.mark.xdist_group("training_processes")

SIZE = 46


def test_two_processes_that_were_stopped_go_on_as_if_they_had_not(python: WarmPython, tmp_path: Path) -> None:
    """Stopped by SIGTERM to the second one, and told by SLURM_PROCID that it is another: rows, weights and random
    numbers are those of a run that was never left, and each item is seen once in an epoch."""
    given = [*configs(tmp_path / "configs", size=SIZE, slow=0.05), "--num-workers", "0", "--max-epochs", "4"]
    given += ["--val-dataset-config", str(tmp_path / "configs/val.json"), "--val-every", "4", "--devices", "2"]
    slurm = {"SLURM_PROCID": "3"}
    finished(python, arguments(tmp_path / "whole", given), tmp_path / "notes", **slurm)
    notes = [seen(tmp_path / "notes", process) for process in (0, 1)]
    per_epoch = len(notes[0]) // 4
    first_epoch = [int(item) for process in notes for line in process[:per_epoch] for item in line.split()]
    assert list(range(SIZE)) == sorted(first_epoch)

    run = begin(python, arguments(tmp_path / "left", given), tmp_path / "left notes", **slurm)
    pid = tmp_path / "left notes/process-1.pid"
    deadline = time.monotonic() + 200
    while not (pid.exists() and list(tmp_path.glob("left/p/*/checkpoints/*-step=2.ckpt"))):
        assert time.monotonic() < deadline
        assert run.is_running()
        time.sleep(0.02)
    os.kill(int(pid.read_text()), signal.SIGTERM)
    ended = run.wait()
    assert 143 == ended.returncode, ended.stderr
    names = sorted(path.name for path in only_run(tmp_path / "left").glob("checkpoints/*"))
    finished(python, arguments(tmp_path / "left", given, "--recover"), tmp_path / "notes of the rest", **slurm)
    assert len(names) < len(list(only_run(tmp_path / "left").glob("checkpoints/*")))
    assert [] == differences(result(tmp_path / "whole"), result(tmp_path / "left"))
    for process in (0, 1):
        rest = seen(tmp_path / "notes of the rest", process)
        assert notes[process][-len(rest) :] == rest
