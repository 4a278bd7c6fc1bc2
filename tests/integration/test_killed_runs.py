"""A run that is killed and continued is, bit for bit, the run that was not killed."""

import shutil
import tempfile
from pathlib import Path

import pytest
from warm_python import WarmPython

SCRIPT = Path(__file__).with_name("killed_run.py")
MEMORY = Path("/dev/shm")
MOMENTS = 20


@pytest.fixture(scope="module")
def python():
    """A Python that has imported torch, and has not used it."""
    with WarmPython(["torch._dynamo"]) as started:
        yield started


@pytest.fixture
def folders(tmp_path):
    """Empty folders, on the file system of temporary files and on another one."""
    if not MEMORY.is_dir():
        yield [tmp_path]
        return
    path = Path(tempfile.mkdtemp(dir=MEMORY))
    yield [tmp_path, path]
    shutil.rmtree(path)


@pytest.mark.parametrize("how", ["time", "save"])
def test_a_killed_run_continues_bit_for_bit(python, folders, how):
    """Killed at 20 moments, between and within its checkpoints, with dropout and data in a random order."""
    done = python.file(SCRIPT, how, str(MOMENTS), *map(str, folders), cwd=folders[0])
    assert (0, "") == (done.returncode, done.stderr)
    steps, same, tidy = zip(*(line.split() for line in done.stdout.splitlines()), strict=True)
    assert ("True",) * MOMENTS == same
    assert ("True",) * MOMENTS == tidy
    # They were continued from many places, and each of them is one where a checkpoint was written.
    assert 3 <= len(set(steps))
    assert {0} == {int(step) % 2 for step in steps}
