"""Runs that are stopped by a signal, and runs of which a process dies; each is a process, or two."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from warm_python import WarmPython

pytestmark = pytest.mark.xdist_group("training_processes")

SCRIPT = Path(__file__).with_name("stopped_run.py")


class Ended(NamedTuple):
    status: int
    seconds: float
    stderr: str
    pids: list[int]
    checkpoints: list[str]


def stopped(
    python: WarmPython,
    folder: Path,
    processes: int,
    sent: list[int],
    *,
    to: int = 0,
    what: str = "slow",
    **variables: str,
) -> Ended:
    """Start a run, send signals to one of its processes while it trains, and return how it has ended."""
    run = python.begin(SCRIPT, str(folder), str(processes), what, cwd=Path.cwd(), env=variables)
    files = [folder / f"rank{number}" for number in range(processes)]
    begun = time.monotonic()
    while not all(file.exists() and file.read_text() for file in files) and run.is_running():
        assert time.monotonic() - begun < 120
        time.sleep(0.05)
    time.sleep(1.5)
    pids = [int(file.read_text()) for file in files]
    begun = time.monotonic()
    for each in sent:
        os.kill(pids[to], each)
        time.sleep(0.2)
    done = run.wait(60)
    while any(map(is_alive, pids)) and time.monotonic() - begun < 30:
        time.sleep(0.1)
    seconds = time.monotonic() - begun
    names = sorted(path.name for path in folder.glob("checkpoints/*"))
    return Ended(done.returncode, seconds, done.stderr, pids, names)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_signal_ends_the_step_and_writes_a_checkpoint(python: WarmPython, tmp_path: Path) -> None:
    """SIGINT ends a run with its status, one checkpoint of a whole step, and a line that says so."""
    ended = stopped(python, tmp_path, 1, [signal.SIGINT])
    assert 130 == ended.status
    (name,) = ended.checkpoints
    step = name.partition("step=")[2].removesuffix(".ckpt")
    assert f"the run has stopped after step {step}; --recover goes on with it" in ended.stderr


def test_a_second_interrupt_ends_at_once(python: WarmPython, tmp_path: Path) -> None:
    """The second SIGINT does not wait for a step."""
    ended = stopped(python, tmp_path, 1, [signal.SIGINT, signal.SIGINT], what="stuck")
    assert 130 == ended.status
    assert [] == ended.checkpoints
    assert "SIGINT, for the second time" in ended.stderr


def test_slurm_is_asked_to_queue_the_job_again(python: WarmPython, tmp_path: Path) -> None:
    """On SIGUSR1 in a job of SLURM's, the run is saved, and its job queued again, as a part of an array too."""
    (tmp_path / "scontrol").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n')
    (tmp_path / "scontrol").chmod(0o755)
    ended = stopped(
        python,
        tmp_path / "run",
        1,
        [signal.SIGUSR1],
        PATH=f"{tmp_path}:{os.environ['PATH']}",
        SLURM_JOB_ID="7",
        SLURM_ARRAY_JOB_ID="6",
        SLURM_ARRAY_TASK_ID="1",
    )
    assert 128 + signal.SIGUSR1 == ended.status
    assert "requeue 6_1\n" == (tmp_path / "asked").read_text()
    assert "the job 6_1 is queued again" in ended.stderr
    assert 1 == len(ended.checkpoints)


def test_a_process_that_dies_ends_the_others(python: WarmPython, tmp_path: Path) -> None:
    """When the second of two processes is killed, the first says so, names it, and ends within 30 seconds."""
    ended = stopped(python, tmp_path, 2, [signal.SIGKILL], to=1)
    assert 1 == ended.status
    assert f"process 1 (pid {ended.pids[1]}) was ended by SIGKILL" in ended.stderr
    assert ended.seconds < 30
    assert not any(map(is_alive, ended.pids))


def test_a_process_that_fails_says_why(python: WarmPython, tmp_path: Path) -> None:
    """When the second of two processes fails, the first passes on its reason."""
    ended = stopped(python, tmp_path, 2, [], what="fails")
    assert 1 == ended.status
    assert "process 1 has failed: ValueError: no such luck" in ended.stderr
    assert not any(map(is_alive, ended.pids))
