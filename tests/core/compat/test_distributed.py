"""An optimizer whose state is divided among processes."""

from pathlib import Path

import pytest
import torch
from script_process import run_script
from torch import distributed, nn

from optim_core import CheckpointMismatchError, OptimError
from optim_core.compat import DistributedOptimizer, OptimizerMonitor, create_optimizer_and_scheduler

from .distributed_processes import CONFIG, STEPS, loss_of, model, train, weights_of

SCRIPT = Path(__file__).with_name("distributed_processes.py")
pytestmark = pytest.mark.xdist_group("distributed_processes")


@pytest.fixture
def alone():
    """A group of one process."""
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """What two processes wrote, each on its half of the data."""
    folder = tmp_path_factory.mktemp("two")
    run_script(SCRIPT, folder)
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.fixture(scope="module")
def whole():
    """The weights of one process after STEPS on all the data, in the same loop with torch's calls."""
    trained = model()
    made = create_optimizer_and_scheduler(trained, **CONFIG)
    for number in range(STEPS):
        made.optimizer.zero_grad()
        loss_of(trained, number).backward()
        made.clipper.clip(list(trained.parameters()))
        made.optimizer.step()
        made.scheduler.step()
    return weights_of(trained)


@pytest.mark.parametrize("name", ["plain", "ddp"])
def test_two_processes_train_as_one_does_on_all_the_data(two, whole, name):
    """In both the same weights; each holds a share of the moments."""
    assert torch.equal(two[0][name], two[1][name])
    torch.testing.assert_close(whole, two[0][name], rtol=1e-5, atol=1e-6)
    held = [found[f"{name} held"] for found in two]
    assert 2 * whole.numel() == sum(held)
    assert min(held) > 0


@pytest.mark.parametrize("name", ["plain", "ddp"])
def test_a_run_that_is_saved_goes_on(two, name):
    """Every process has the whole state, which loads with weights_only, and goes on bit for bit."""
    assert torch.equal(two[0][name], two[0][f"{name} resumed"])
    first, second = (found[f"{name} state"]["optimizer"]["state"] for found in two)
    assert first.keys() == second.keys() == set(range(4))
    assert all(torch.equal(first[key]["exp_avg"], second[key]["exp_avg"]) for key in first)


def test_one_process_goes_on_where_two_stopped(two, whole, alone):
    """The names are those of the model without DistributedDataParallel."""
    trained = model()
    nn.utils.vector_to_parameters(two[0]["ddp halfway"], trained.parameters())
    optimizer = DistributedOptimizer(trained, **CONFIG)
    optimizer.load_state_dict(two[0]["ddp state"])
    train(trained, optimizer, range(2, STEPS))

    torch.testing.assert_close(whole, weights_of(trained), rtol=1e-5, atol=1e-6)


def test_it_stands_where_an_optimizer_is_looked_at(alone, capsys):
    """It has parameter groups, a schedule, and says what it is."""
    optimizer = DistributedOptimizer(model(), no_decay=["bias"], **CONFIG)
    OptimizerMonitor(optimizer, to=print).log_lr(0)

    assert "{'step': 0, 'lr/default': 0.05, 'lr/no_decay': 0.05}\n" == capsys.readouterr().out
    assert [0.05, 0.05] == optimizer.scheduler.get_last_lr()
    assert "<DistributedOptimizer: AdamW, process 0 of 1>" == repr(optimizer)


def test_without_processes_the_repair_is_told():
    """torch.distributed is not initialised."""
    with pytest.raises(OptimError, match=r"init_process_group.*torchrun --nproc-per-node=4"):
        DistributedOptimizer(model(), world_size=4, **CONFIG)


def test_another_number_of_processes_is_told(alone):
    """With both numbers."""
    with pytest.raises(OptimError, match=r"among 4 processes, and torch.distributed has 1"):
        DistributedOptimizer(model(), world_size=4, **CONFIG)


def test_an_optimizer_that_needs_all_parameters_is_refused(alone):
    """LBFGS computes the loss several times, for all parameters together."""
    with pytest.raises(OptimError, match="LBFGS cannot work on a share of the parameters"):
        DistributedOptimizer(model(), optimizer_type="LBFGS")


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"optimizer_type": "sgd"}, "type: saved AdamW, is SGD"),
        ({"no_decay": ["bias"]}, "groups: saved"),
        ({"scheduler_type": None}, "scheduler: saved"),
    ],
)
def test_a_state_of_another_optimizer_is_told(alone, other, says):
    """Its type, its groups, or that it has a schedule; nothing has been loaded."""
    config = {"optimizer_type": "adamw", "scheduler_type": "linear", "total_steps": 8}
    trained = model()
    first = DistributedOptimizer(trained, **config)
    train(trained, first, range(1))
    changed = {key: value for key, value in {**config, **other}.items() if value is not None}
    if "scheduler_type" not in changed:
        del changed["total_steps"]
    second = DistributedOptimizer(model(), **changed)
    with pytest.raises(CheckpointMismatchError, match=says):
        second.load_state_dict(first.state_dict())

    assert {} == dict(second.optimizer.state)
