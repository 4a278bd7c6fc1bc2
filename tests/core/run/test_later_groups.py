"""Groups that come later to an optimizer that a spec made: their names, rates and schedules."""

import copy
import gc
import pickle
import weakref

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torch_schedules import OF_TORCH

from optim_core import Horizon, OptimError, registry
from optim_core.plugin_tools import join

HORIZON = Horizon(total_steps=100, steps_per_epoch=1)
ADAMW = {"type": "AdamW", "config": {"lr": 0.1}}


def network():
    return nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))


def half_frozen():
    """A model whose first layer is frozen, and an optimizer that was made for it."""
    model = network()
    model[0].requires_grad_(False)
    return model, registry.build(ADAMW).create_optimizer(model)


def thawed(layer):
    return list(layer.requires_grad_(True).parameters())


def names(optimizer):
    return [group.get("param_names") for group in optimizer.param_groups]


def rates(optimizer):
    return [group["lr"] for group in optimizer.param_groups]


def stepped(optimizer, scheduler, steps):
    """The rate, momentum and betas of each group after each of some steps."""
    seen = []
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        seen.append([(group["lr"], group.get("momentum"), group.get("betas")) for group in optimizer.param_groups])
    return seen


def test_tensors_of_the_model_get_the_names_that_it_has_for_them():
    """As Lightning's finetuning adds what it thaws, where torch alone refuses groups without names."""
    model, optimizer = half_frozen()
    optimizer.add_param_group({"params": thawed(model[0]), "lr": 0.01})
    assert [["1.weight", "1.bias"], ["0.weight", "0.bias"]] == names(optimizer)
    assert [0.1, 0.01] == rates(optimizer)


@pytest.mark.parametrize("params", [list, iter, lambda params: params[0]], ids=["list", "generator", "tensor"])
def test_other_tensors_are_named_by_their_group_and_place(params):
    """Names that are no parameter's, and the same in each run."""
    _, optimizer = half_frozen()
    new = [nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(3))]
    optimizer.add_param_group({"params": params(new)})
    assert "group 1, parameter 0" == names(optimizer)[1][0]
    assert len(optimizer.param_groups[1]["params"]) == len(names(optimizer)[1])


def test_names_that_are_given_are_kept():
    """As pairs, or as torch keeps them in a group."""
    _, optimizer = half_frozen()
    optimizer.add_param_group({"params": [("mine", nn.Parameter(torch.zeros(2)))]})
    optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(2))], "param_names": ["own"]})
    assert [["mine"], ["own"]] == names(optimizer)[1:]


def test_where_no_group_has_names_a_later_one_gets_none():
    """An optimizer of bare tensors stays one of bare tensors."""
    optimizer = registry.build(ADAMW).create_optimizer(network().parameters())
    optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(2))]})
    assert [None, None] == names(optimizer)


def test_what_torch_refuses_is_refused_as_torch_does():
    """A set, a parameter that is there already, and what is no group."""
    model, optimizer = half_frozen()
    with pytest.raises(TypeError, match="ordered collections"):
        optimizer.add_param_group({"params": set(model[0].parameters())})
    with pytest.raises(ValueError, match="more than one parameter group"):
        optimizer.add_param_group({"params": list(model[1].parameters())})
    with pytest.raises(TypeError, match="param_group must be a dict"):
        optimizer.add_param_group([])
    assert 1 == len(optimizer.param_groups)


def test_a_multiplier_makes_the_rate_of_a_group_without_one():
    """The default rate times the factor, as for a rule of the config."""
    model, optimizer = half_frozen()
    optimizer.add_param_group({"params": thawed(model[0]), "lr_multiplier": 0.5})
    assert [0.1, 0.05] == rates(optimizer)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_copy_names_its_own_groups(copied):
    """And adds nothing to the original."""
    _, optimizer = half_frozen()
    other = copied(copied(optimizer))
    other.add_param_group({"params": [nn.Parameter(torch.zeros(2))]})
    assert [["1.weight", "1.bias"], ["group 1, parameter 0"]] == names(other)
    assert 1 == len(optimizer.param_groups)


def test_an_optimizer_and_its_model_are_freed_when_nobody_has_them():
    """Without the garbage collector: nothing refers to itself."""
    gc.collect()
    gc.disable()
    try:
        model, optimizer = half_frozen()
        references = weakref.ref(model), weakref.ref(optimizer)
        del model, optimizer
        assert (None, None) == tuple(each() for each in references)
    finally:
        gc.enable()


@pytest.mark.parametrize("at", [0, 2, 5, 9, 20])
@pytest.mark.parametrize(("name", "values"), OF_TORCH, ids=str)
def test_torchs_schedules_take_a_group_in_at_once(name, values, at):
    """From when it comes it has the rate and momentum that it would have had from the start, with its multiplier."""
    spec = registry.build({"type": name, "config": values}, kind="scheduler")
    sgd = registry.build({"type": "SGD", "config": {"lr": 0.1, "momentum": 0.9}})

    def made(*groups):
        optimizer = sgd.create_optimizer([{"params": [nn.Parameter(torch.zeros(1))], **group} for group in groups])
        return optimizer, spec.create_scheduler(optimizer, horizon=HORIZON)

    late = {"lr": 0.3, "lr_multiplier": 3.0}
    optimizer, scheduler = made({})
    stepped(optimizer, scheduler, at)
    optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(1))], **late})
    whole = made({}, late)
    stepped(*whole, at)
    assert rates(whole[0]) == rates(optimizer)
    expected = stepped(*whole, 20)
    assert expected == stepped(optimizer, scheduler, 20)
    assert rates(optimizer) == scheduler.get_last_lr()


def test_a_plateau_takes_a_group_in_with_its_own_floor():
    """It goes on from its rate; the floor follows its multiplier."""
    spec = registry.build({"type": "ReduceLROnPlateau", "config": {"patience": 0, "factor": 0.5, "min_lr": 0.04}})
    optimizer = registry.build(ADAMW).create_optimizer([nn.Parameter(torch.zeros(1))])
    scheduler = spec.create_scheduler(optimizer)
    optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(1))], "lr_multiplier": 10.0})
    for _ in range(4):
        scheduler.step(1.0)
    assert [0.04, 0.4] == rates(optimizer)


def test_a_schedule_that_has_a_value_for_each_group_refuses_another_one():
    """Before anything has changed."""
    spec = registry.build({"type": "LambdaLR", "config": {"lr_lambda": ["1", "0.5"]}})
    groups = [{"params": [nn.Parameter(torch.zeros(1))]} for _ in range(2)]
    optimizer = registry.build(ADAMW).create_optimizer(groups)
    scheduler = spec.create_scheduler(optimizer)
    with pytest.raises(OptimError, match="LambdaLR cannot take more parameter groups than the 2 it was made for"):
        optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(1))]})
    assert 2 == len(optimizer.param_groups)
    stepped(optimizer, scheduler, 2)


def test_a_run_goes_on_with_the_groups_that_came():
    """With their moments, by the optimizer's and the schedule's states."""
    model, optimizer = half_frozen()
    spec = registry.build({"type": "StepLR", "config": {"step_size": 2}})
    scheduler = spec.create_scheduler(optimizer)
    stepped(optimizer, scheduler, 3)
    optimizer.add_param_group({"params": thawed(model[0]), "lr": 1.0})
    states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    expected = stepped(optimizer, scheduler, 6)
    other, again = half_frozen()
    continued = spec.create_scheduler(again)
    again.add_param_group({"params": thawed(other[0]), "lr": 1.0})
    again.load_state_dict(states[0])
    continued.load_state_dict(states[1])
    assert names(optimizer) == names(again)
    assert expected == stepped(again, continued, 6)


# -- names of groups -------------------------------------------------------------------------------------------------


def group_names(optimizer):
    return [group["name"] for group in optimizer.param_groups]


def test_a_later_group_is_called_by_its_module_or_number():
    """It is the module that holds all of its parameters; a name that it brings stays, unless another has it."""
    model = nn.ModuleDict({"body": network(), "head": nn.Linear(2, 2)})
    model["body"].requires_grad_(False)
    optimizer = registry.build(ADAMW).create_optimizer(model)
    optimizer.add_param_group({"params": thawed(model["body"][0])})
    optimizer.add_param_group({"params": thawed(model["body"][1]), "name": "last"})
    for own in ({}, {"name": "last"}, {"name": "default"}):
        optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(2))], **own})

    assert ["default", "body.0", "last", "group_3", "last_2", "default_2"] == group_names(optimizer)


def test_a_copy_names_later_groups_too():
    """By their numbers, as it has no model."""
    model, optimizer = half_frozen()
    for copied in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert ["default"] == group_names(copied)
        copied.add_param_group({"params": thawed(model[0])})
        assert ["default", "group_1"] == group_names(copied)


def test_a_group_that_a_schedule_finds_has_a_name_where_the_others_have_one():
    """Whoever added it went around the optimizer's own method; one that no spec made is left without names."""
    _, optimizer = half_frozen()
    bare = torch.optim.AdamW(network().parameters(), lr=0.1)
    for each in (optimizer, bare):
        scheduler = registry.build({"type": "ExponentialLR", "gamma": 0.5}).create_scheduler(each)
        later = {"params": [("later.weight", nn.Parameter(torch.zeros(2)))]}
        torch.optim.Optimizer.add_param_group(each, later if each is optimizer else {"params": [later["params"][0][1]]})
        join(scheduler, lambda other: torch.optim.lr_scheduler.ExponentialLR(other, 0.5), 1, steps=0)

    assert ["default", "later"] == group_names(optimizer)
    assert not any("name" in group for group in bare.param_groups)
