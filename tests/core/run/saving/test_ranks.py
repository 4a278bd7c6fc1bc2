"""What the processes of a run save together, and what one of them does alone."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

from optim_core.run.saving.ranks import processes, rank, together

SCRIPT = Path(__file__).with_name("saving_processes.py")
CHECKS = re.findall(r"^def ((?:check|alone)_\w+)", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)

# All checks share a run of the processes.
pytestmark = pytest.mark.xdist_group("saving_processes")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """For each check what went wrong on each process."""
    folder = tmp_path_factory.mktemp("processes")
    command = [sys.executable, SCRIPT, folder]
    parent = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        outputs = parent.communicate(timeout=200)
    finally:
        # The parent has ended by itself, or is ended with its forks.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)
        parent.wait()
    assert 0 == parent.returncode, outputs
    found: dict[str, list[str]] = {}
    for name in ("2-0", "2-1", "1-0"):
        for check, problem in json.loads((folder / f"{name}.json").read_text(encoding="utf-8")).items():
            found.setdefault(check, []).append(problem)
    return found


@pytest.mark.parametrize("check", CHECKS)
def test_several_processes_save_as_one(outcomes, check):
    """Each holds what the check of this name in saving_processes.py says."""
    assert [""] * (1 if check.startswith("alone") else 2) == outcomes[check]


def test_without_torch_distributed_a_process_is_alone():
    """Its number is 0, and what it raises is raised."""
    assert (0, 1, [3]) == (rank(), processes(), together(lambda: 3))
    with pytest.raises(KeyError, match="lost"):
        together(lambda: {}["lost"])
