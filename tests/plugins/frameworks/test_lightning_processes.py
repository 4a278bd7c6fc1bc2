"""Two processes of Lightning end with the weights of the plain loop in two processes, bit for bit."""

import json
from pathlib import Path

import pytest
from script_process import run_script

pytest.importorskip("torch.distributed")

SCRIPT = Path(__file__).with_name("lightning_processes.py")
RATE = "optimizer.config.lr: saved 0.01, now 0.02"


# Both share a run of the processes.
pytestmark = pytest.mark.xdist_group("lightning_processes")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What each of the two processes found."""
    folder = tmp_path_factory.mktemp("processes")
    run_script(SCRIPT, folder)
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


def test_two_processes_of_the_whole_model(found):
    """DistributedDataParallel: one optimizer, two by hand, and a checkpoint that does not fit."""
    for one in (each["ddp"] for each in found):
        assert one.pop("ddp refused").count(RATE)
        assert {"ddp": True, "ddp steps": [12, 12], "gan": True} == one


def test_two_processes_that_share_the_model(found):
    """ModelParallelStrategy with fully_shard: a run, its continuation, with another length, with another config."""
    for one in (each["divided"] for each in found):
        assert one.pop("divided refused").count(RATE)
        expected = {"divided": True, "divided steps": [12, 12], "divided continued": True, "divided rate": 0.0}
        assert expected == one
