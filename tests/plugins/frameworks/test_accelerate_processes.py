"""A run in a loop of accelerate, in two and four processes."""

import json
import re
from pathlib import Path

import pytest
from script_process import run_script

pytest.importorskip("accelerate")

SCRIPT = Path(__file__).with_name("accelerate_processes.py")
CHECKS = re.findall(r"^def (check_\w+)", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)

# All checks share a run of the processes.
pytestmark = pytest.mark.xdist_group("accelerate_processes")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """For each number of processes and each check what went wrong on each process."""
    folder = tmp_path_factory.mktemp("processes")
    run_script(SCRIPT, folder)
    return {
        world: [json.loads((folder / f"{world}-{rank}.json").read_text(encoding="utf-8")) for rank in range(world)]
        for world in (2, 4)
    }


@pytest.mark.parametrize("world", [2, 4])
@pytest.mark.parametrize("check", CHECKS)
def test_several_processes_train_as_by_hand(outcomes, check, world):
    """Each holds what the check of this name in accelerate_processes.py says."""
    assert [""] * world == [problems[check] for problems in outcomes[world]]
