"""RecipeTrainer in two processes."""

import json
import re
from pathlib import Path

import pytest
from script_process import run_script

SCRIPT = Path(__file__).with_name("transformers_processes.py")
CHECKS = re.findall(r"^def (check_\w+)", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)

# All checks share a run of the processes.
pytestmark = pytest.mark.xdist_group("transformers_processes")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """For each process and each check what went wrong."""
    folder = tmp_path_factory.mktemp("processes")
    run_script(SCRIPT, folder)
    return [json.loads((folder / f"{number}.json").read_text(encoding="utf-8")) for number in range(2)]


@pytest.mark.parametrize("check", CHECKS)
def test_two_processes_train_as_by_hand(outcomes, check):
    """Each holds what the check of this name in transformers_processes.py says."""
    assert ["", ""] == [problems[check] for problems in outcomes]
