"""torch.distributed.checkpoint: a run that some processes save goes on in more, in fewer, and in one."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# They look at the results of one run.
pytestmark = pytest.mark.xdist_group("distributed_checkpoint")

SCRIPT = Path(__file__).with_name("dividing_processes.py")
CASES = ("AdamW", "Muon", "Muon copied", "SAM in Lookahead", "FusedAdam")
PROCESSES = {"four": 4, "two": 2, "one": 1, "two again": 2}


@pytest.fixture(scope="module")
def problems(tmp_path_factory):
    """What went wrong in each check: nothing, or a traceback of each process."""
    folder = tmp_path_factory.mktemp("checkpoints")
    with (folder / "output").open("w") as output:
        child = subprocess.Popen([sys.executable, SCRIPT, folder], stderr=output, start_new_session=True)
        try:
            child.wait(timeout=300)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    assert 0 == child.returncode, (folder / "output").read_text()
    found = {}
    for phase, size in PROCESSES.items():
        for rank in range(size):
            for check, problem in json.loads((folder / f"{phase} {rank}.json").read_text()).items():
                found[check] = found.get(check, "") + problem
    return found


@pytest.mark.parametrize("case", CASES)
def test_as_many_processes_go_on_bit_for_bit(problems, case):
    """Four go on from what four have saved, with the random generators of each, as if nothing had been."""
    assert "" == problems[f"save {case}"]
    assert "" == problems[f"4 to 4 {case}"]


@pytest.mark.parametrize("case", CASES)
def test_fewer_processes_have_the_same_bits(problems, case):
    """Two, and one without a process group, have the weights and moments of four; their steps differ by rounding."""
    assert "" == problems[f"4 to 2 {case}"]
    assert "" == problems[f"4 to 1 {case}"]


def test_what_fewer_have_continued_and_saved_goes_on(problems):
    """One process goes on from the two that went on from four."""
    assert "" == problems["2 to 1 Muon"]


@pytest.mark.parametrize("case", ["AdamW", "Muon"])
def test_more_processes_have_the_same_bits(problems, case):
    """What one process has saved, of a model that is whole, two divide between them."""
    assert "" == problems[f"1 to 2 {case}"]


@pytest.mark.parametrize("check", ["async_save", "another model", "another rate", "refusals"])
def test_what_several_processes_are_told(problems, check):
    """The docstring of each check says it."""
    assert "" == problems[check]
