"""A schedule is copied and pickled with its optimizer, and the copy goes on as the original does."""

import copy
import io
import pickle

import pytest
import torch
from torch_schedules import OF_TORCH

from optim_core import Horizon, registry

from .support import optimizer_of, options, spec_of
from .tables import CLOSED, STEPPED

HORIZON = Horizon(total_steps=100, steps_per_epoch=1)
WITH_METRIC = [("greedy", {"patience": 0, "factor": 0.5, "min_lr": 1e-3}), ("reduce_lr_on_plateau", {"patience": 0})]
EVERY = [*CLOSED, *STEPPED, *OF_TORCH, *WITH_METRIC]


def saved(pair):
    """The pair after torch.save and torch.load of whole objects."""
    file = io.BytesIO()
    torch.save(pair, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


WAYS = {"deepcopy": copy.deepcopy, "pickle": lambda pair: pickle.loads(pickle.dumps(pair)), "torch.save": saved}


def run_of(spec, optimizer, scheduler, steps):
    """The options of each group after each of some steps."""
    seen = []
    for step in range(steps):
        optimizer.step()
        scheduler.step(*[1.0 + step % 3] * spec.waits_for_metric)
        seen.append(options(optimizer))
    return seen


def test_the_tables_hold_every_schedule_of_this_distribution():
    """What is tested here is everything that there is."""
    own = {record.name for record in registry.schedulers.plugins() if record.distribution == "optim-schedules"}
    tested = {registry.schedulers[name] for name, _ in EVERY}
    assert set() == {name for name in own if registry.schedulers[name] not in tested}


# torch's own SequentialLR, in a copy, does not find what torch watches the order of steps by.
@pytest.mark.filterwarnings("ignore:Seems like `optimizer.step")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("name", "values"), EVERY, ids=str)
def test_a_copied_pair_goes_on_bit_for_bit(name, values, way):
    """Copied before the first step, in a warmup, and late; with groups of several multipliers."""
    spec = spec_of(name, **values)
    for before in (1, 4, 35):
        optimizer = optimizer_of(1.0, 5.0)
        scheduler = spec.create_scheduler(optimizer, horizon=HORIZON)
        run_of(spec, optimizer, scheduler, before)
        other, copied = WAYS[way]((optimizer, scheduler))
        assert copied.optimizer is other
        assert type(scheduler) is type(copied)
        assert run_of(spec, optimizer, scheduler, 30) == run_of(spec, other, copied, 30)
        assert scheduler.state_dict() == copied.state_dict()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("name", "values"), CLOSED, ids=str)
def test_a_copy_of_a_fresh_pair_steps_without_a_warning(name, values, way):
    """torch's own say that the order of steps cannot be known; warnings are errors here."""
    spec = spec_of(name, **values)
    pair = optimizer_of()
    other, copied = WAYS[way]((pair, spec.create_scheduler(pair, horizon=HORIZON)))
    again = optimizer_of()
    scheduler = spec.create_scheduler(again, horizon=HORIZON)
    assert run_of(spec, again, scheduler, 3) == run_of(spec, other, copied, 3)


def test_a_copy_still_notices_steps_in_the_wrong_order():
    """The schedule's first step before the optimizer's is told, as by the original."""
    optimizer = optimizer_of()
    _, copied = copy.deepcopy((optimizer, spec_of("linear", num_training_steps=10).create_scheduler(optimizer)))
    with pytest.warns(UserWarning, match=r"lr_scheduler.step\(\)` before `optimizer.step"):
        copied.step()
