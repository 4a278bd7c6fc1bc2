"""Runs of `optim train` that are killed at random moments, with their folder on another file system than /tmp.

OPTIM_KILLS is how often a run is killed, once by default; OPTIM_KILLS_SEED makes the moments others.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from left_runs import arguments, begin, configs, differences, finished, only_run, result
from warm_python import WarmPython

pytestmark = pytest.mark.xdist_group("training_processes")

KILLS = int(os.environ.get("OPTIM_KILLS", "1"))
SEED = int(os.environ.get("OPTIM_KILLS_SEED", "0"))
STEPS = 60 + 25 * KILLS


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system, where there is one."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else tmp_path))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_that_is_killed_again_and_again_is_the_run_that_was_not(
    processes: int, python: WarmPython, elsewhere: Path, tmp_path: Path
) -> None:
    """SIGKILL at random moments, also while a checkpoint is written: no row is twice or missing, no weight differs."""
    if processes > 1 and "OPTIM_KILLS" not in os.environ:
        pytest.skip("two processes begin slowly: OPTIM_KILLS=20 kills them, too")
    moments = random.Random(SEED)
    given = configs(tmp_path / "configs", slow=0.01)
    given += ["--val-dataset-config", str(tmp_path / "configs/val.json"), "--val-every", "7", "--save-top-k", "3"]
    given += ["--max-steps", str(STEPS), "--num-workers", "0", "--devices", str(processes)]
    finished(python, arguments(tmp_path / "whole", given))
    recovered = arguments(elsewhere, given, "--recover")
    kills = 0
    for _ in range(4 * KILLS):
        run = begin(python, recovered)
        begun = _newest(elsewhere)
        deadline = time.monotonic() + 200
        while _newest(elsewhere) == begun and run.is_running() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 1.0))
        kills += run.is_running()
        run.kill()
        run.wait()
        if processes > 1:
            # The others end by themselves, within 30 seconds.
            time.sleep(3)
        if kills == KILLS or _newest(elsewhere) == STEPS:
            break
    finished(python, recovered)
    assert kills
    assert 3 == len(list(only_run(elsewhere).glob("checkpoints/*")))
    assert [] == [path.name for path in only_run(elsewhere).rglob(".*")]
    assert [] == differences(result(tmp_path / "whole"), result(elsewhere))


def _newest(folder: Path) -> int:
    """Return the newest step of which there is a checkpoint, 0 where there is none."""
    return max((int(path.stem.partition("step=")[2]) for path in folder.glob("p/*/checkpoints/e*.ckpt")), default=0)
