"""A warmup around a schedule that waits for a metric."""

from __future__ import annotations

import copy

import pytest
import torch

from optim_core import registry

from .support import optimizer_of

PLATEAU = {"type": "ReduceLROnPlateau", "config": {"patience": 1, "factor": 0.5, "monitor": "val_loss", "mode": "min"}}
CONFIG = {"type": "warmup", "config": {"scheduler": PLATEAU, "num_warmup_steps": 4, "start_factor": 0.2}}
METRICS = [1.0, 0.9, 0.8, 0.7, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.3, 0.3, 0.3, 0.3]


def spec_of(**changes):
    return registry.build({"type": "warmup", "config": {**CONFIG["config"], **changes}})


def taken(scheduler, metrics):
    """The rates after each step with these metrics."""
    found = []
    for metric in metrics:
        scheduler.optimizer.step()
        scheduler.step(metric)
        found.append(scheduler.optimizer.param_groups[0]["lr"])
    return found


@pytest.mark.parametrize("inner", [PLATEAU, {"type": "greedy", "config": {"patience": 1, "factor": 0.5}}])
def test_after_the_rise_it_is_the_schedule_by_itself(inner):
    """Bit for bit, with the metrics from the end of the rise on; those before it change nothing."""
    optimizer, alone = optimizer_of(), optimizer_of()
    base = optimizer.param_groups[0]["lr"]
    scheduler = spec_of(scheduler=inner).create_scheduler(optimizer)
    rise = [optimizer.param_groups[0]["lr"], *taken(scheduler, METRICS[:4])]
    assert pytest.approx([base * share for share in (0.2, 0.4, 0.6, 0.8, 1.0)]) == rise
    plain = registry.build(inner).create_scheduler(alone)
    assert taken(plain, METRICS[4:]) == taken(scheduler, METRICS[4:])
    assert optimizer.param_groups[0]["lr"] != base


def test_it_says_what_the_schedule_in_it_says_of_the_metric():
    """It waits for the metric of that name, once an epoch; around one that waits for none it has no monitor."""
    spec = spec_of()
    assert (True, "val_loss", "min", "epoch") == (spec.waits_for_metric, spec.monitor, spec.config.mode, spec.interval)
    assert spec == registry.build(registry.to_config(spec))
    assert not spec_of(scheduler={"type": "constant"}).waits_for_metric
    recipe = registry.recipe({"optimizer": {"type": "SGD"}, "scheduler": CONFIG})
    assert {"metric"} == recipe.needs


def test_a_run_gives_it_the_metric_and_goes_on_where_it_was_saved():
    """`run.end_epoch` steps it, and a run that is loaded in between has the same rates."""
    recipe = registry.recipe({"optimizer": {"type": "SGD", "lr": 0.5}, "scheduler": CONFIG})

    def begun():
        model = torch.nn.Linear(2, 1)
        return model, recipe.create(model, steps_per_epoch=1, epochs=14)

    def go(begun, metrics):
        (model, run), rates = begun, []
        for metric in metrics:
            run.step(torch.nn.functional.mse_loss(model(torch.ones(1, 2)), torch.zeros(1, 1)))
            run.end_epoch({"val_loss": metric})
            rates.append(run.optimizer.param_groups[0]["lr"])
        return rates

    whole = go(begun(), METRICS)
    for cut in (2, 8):
        first, second = begun(), begun()
        head = go(first, METRICS[:cut])
        second[1].load_state_dict(copy.deepcopy(first[1].state_dict()))
        assert whole == head + go(second, METRICS[cut:])


@pytest.mark.parametrize("before", [2, 6])
def test_a_group_that_comes_later_joins(before):
    """In the rise it rises with the others; after it, it goes on from the rate that it has, and is lowered, too."""
    optimizer = optimizer_of()
    scheduler = spec_of().create_scheduler(optimizer)
    taken(scheduler, METRICS[:before])
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": 1.0})
    base = optimizer.defaults["lr"]
    taken(scheduler, METRICS[before:])
    first, later = (group["lr"] for group in optimizer.param_groups)
    assert first < base
    assert later == pytest.approx(first / base) if before < 4 else later < 1.0


def test_a_metric_has_to_be_given_once_it_counts():
    """In the rise none is needed."""
    scheduler = spec_of().create_scheduler(optimizer_of())
    for _ in range(4):
        scheduler.optimizer.step()
        scheduler.step()
    with pytest.raises(TypeError, match="has to be given a metric"):
        scheduler.step()
