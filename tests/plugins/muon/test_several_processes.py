"""Muon over several processes: under FSDP2, DistributedDataParallel, and what it refuses there."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from optim_muon.optimizer import Muon
from optim_muon.processes.owners import owners_of

SCRIPT = Path(__file__).with_name("on_several_processes.py")
CHECKS = re.findall(r"^def check_(\w+)", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)

# All checks of one number of processes share a run of them.
pytestmark = pytest.mark.xdist_group("muon_on_several_processes")


@pytest.fixture(scope="module", params=[2, 4])
def outcomes(request, tmp_path_factory):
    """For each process what went wrong in each check."""
    folder = tmp_path_factory.mktemp("processes")
    command = [sys.executable, "-W", "error", SCRIPT, str(request.param), folder]
    parent = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        outputs = parent.communicate(timeout=150)
    finally:
        # The parent has ended by itself, or is ended with its forks.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)
        parent.wait()
    assert 0 == parent.returncode, outputs
    return [json.loads((folder / f"{rank}.json").read_text(encoding="utf-8")) for rank in range(request.param)]


@pytest.mark.parametrize("check", CHECKS)
def test_several_processes_are_as_one(outcomes, check):
    """Each holds what the check of this name in on_several_processes.py says."""
    assert [""] * len(outcomes) == [problems[f"check_{check}"] for problems in outcomes]


def test_work_is_divided_evenly():
    """The costliest first, each to the process that has least; on equal costs in turn."""
    assert (0, 1, 2, 2, 1, 0) == owners_of((60, 50, 40, 30, 20, 10), 3)
    assert (0, 1, 2, 3, 0) == owners_of((7, 7, 7, 7, 7), 4)
    assert (0,) == owners_of((5,), 4)


def test_dividing_the_work_needs_other_processes():
    """Alone, `divide_work` changes nothing."""
    weights = [nn.Parameter(torch.eye(3, 4)) for _ in range(2)]
    for weight, divide_work in zip(weights, (False, True), strict=True):
        weight.grad = torch.ones(3, 4)
        Muon([{"params": [weight], "use_muon": True}], divide_work=divide_work).step()
    assert torch.equal(*weights)


@pytest.mark.parametrize(
    ("param", "words"),
    [
        (torch.empty(3, 4, device="meta"), "to_empty"),
        (torch.ones(12), "flattened it"),
        (torch.ones(0), "flattened it"),
    ],
)
def test_what_is_no_whole_matrix_is_refused(param, words):
    """Whatever made it so; the message has the name and says what to do."""
    group = {"params": [("layer.weight", nn.Parameter(param))], "use_muon": True}
    with pytest.raises(ValueError, match=rf"layer\.weight .*{words}"):
        Muon([group])


def test_a_placeholder_of_zero_3_is_refused():
    """It has the attributes that DeepSpeed gives it, and no numbers."""
    weight = nn.Parameter(torch.empty(0))
    weight.ds_id, weight.ds_shape = 7, torch.Size((3, 4))
    with pytest.raises(ValueError, match=r"ZeRO-3, whose matrix of shape \(3, 4\)"):
        Muon([{"params": [weight], "use_muon": True}])


def test_a_flat_piece_that_took_the_place_of_a_matrix_is_refused():
    """A flat piece, which ZeRO 1 and 2 put in after the optimizer is made, moves nothing and is not remembered."""
    optimizer = Muon([{"params": [nn.Parameter(torch.ones(3, 4))], "use_muon": True}])
    flat = nn.Parameter(torch.ones(12))
    flat.grad = torch.ones(12)
    optimizer.param_groups[0]["params"] = [flat]
    with pytest.raises(ValueError, match="ZeRO flattened it"):
        optimizer.step()
    assert not optimizer.state
    assert torch.equal(torch.ones(12), flat)


def test_a_refused_group_is_not_added():
    """The optimizer is as it was."""
    optimizer = Muon([{"params": [nn.Parameter(torch.ones(3, 4))], "use_muon": True}])
    with pytest.raises(ValueError):
        optimizer.add_param_group({"params": [nn.Parameter(torch.ones(3))], "use_muon": True})
    assert 1 == len(optimizer.param_groups)
