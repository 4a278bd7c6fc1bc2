"""What an optimizer that a spec made checks of a state, whoever loads it, and in which copies it still does."""

from __future__ import annotations

import copy
import gc
import io
import pickle
import weakref

import pytest
import torch
from torch import nn
from wrappers import WRAPPERS, one_process, wrapped

from optim_core import CheckpointMismatchError, registry
from optim_core.groups.model.wrappers import clean_names
from optim_core.run.distributed.shards import divided_as, whole


class Net(nn.Module):
    """Has a list of blocks, whose order may be another."""

    def __init__(self, turned=False):
        super().__init__()
        torch.manual_seed(0)
        parts = {"first": nn.Linear(4, 4), "norm": nn.LayerNorm(4)}
        for name in reversed(parts) if turned else parts:
            setattr(self, name, parts[name])
        self.blocks = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))

    def forward(self, batch):
        for block in self.blocks:
            batch = block(batch)
        return self.norm(self.first(batch))


def trained(name="AdamW", model=None, **options):
    model = model or Net()
    optimizer = registry.build({"type": name, **options}).create_optimizer(model)
    for _ in range(3):
        model(torch.ones(2, 4).cumsum(0)).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return model, optimizer


def plain(state):
    """A state as a framework's file holds it."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def as_it_is(optimizer):
    return optimizer


def deep_copy(optimizer):
    return copy.deepcopy(optimizer)


def pickled(optimizer):
    return pickle.loads(pickle.dumps(optimizer))


def pickled_twice(optimizer):
    return pickled(pickled(optimizer))


COPIES = [as_it_is, deep_copy, pickled, pickled_twice]


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize(
    ("saved", "live", "says"),
    [
        ({"name": "Adam"}, {"name": "RAdam"}, "the saved one is Adam, this one is RAdam"),
        ({"name": "AdamW"}, {"name": "AdamW", "model": nn.Linear(4, 4)}, "not in the saved state: weight, bias"),
        (
            {"name": "AdamW", "no_decay": ["bias"]},
            {"name": "AdamW", "no_decay": ["norm"]},
            "the parameters were divided into other groups",
        ),
    ],
    ids=["class", "names", "groups"],
)
def test_load_state_dict_itself_refuses_what_does_not_fit(saved, live, says, copied):
    """Frameworks call the optimizer's own method; copies and pickles check as the first one does."""
    state = plain(trained(**saved)[1].state_dict())
    _, optimizer = trained(**live)
    optimizer = copied(optimizer)
    before = str(optimizer.state_dict())
    with pytest.raises(CheckpointMismatchError, match=says):
        optimizer.load_state_dict(state)
    assert before == str(optimizer.state_dict())


@pytest.mark.parametrize("copied", COPIES)
def test_copies_say_what_they_are(copied):
    """The state of a copy names class and parameters, and loads into the first."""
    _, optimizer = trained()
    state = plain(copied(optimizer).state_dict())
    assert state["made_as"]["type"] == "AdamW"
    assert [4, 4] == state["made_as"]["parameters"]["first.weight"]
    optimizer.load_state_dict(state)


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("name", ["AdamW", "Muon"])
def test_modules_in_another_order_get_their_own_state(name, copied):
    """A state is loaded by name, also by who knows nothing of names."""
    model, optimizer = trained(name, no_decay=["norm"])
    other = Net(turned=True)
    later = copied(registry.build({"type": name, "no_decay": ["norm"]}).create_optimizer(other))
    assert list(dict(model.named_parameters())) != list(dict(other.named_parameters()))
    later.load_state_dict(plain(optimizer.state_dict()))
    expected, found = by_name(optimizer), by_name(later)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[key], found[key]) for key in expected)


def by_name(optimizer):
    """Each tensor of the state by the parameter's name and its own."""
    return {
        (name, key): value
        for group in optimizer.param_groups
        for name, parameter in zip(group["param_names"], group["params"], strict=True)
        for key, value in optimizer.state[parameter].items()
        if isinstance(value, torch.Tensor)
    }


def test_a_state_of_torchs_own_optimizer_is_loaded_as_torch_does():
    """What says nothing of itself is not refused for that."""
    model = Net()
    bare = torch.optim.AdamW(model.parameters())
    model(torch.ones(2, 4).cumsum(0)).square().sum().backward()
    bare.step()
    optimizer = registry.build({"type": "AdamW"}).create_optimizer(model)
    optimizer.load_state_dict(bare.state_dict())
    assert len(optimizer.state) == len(list(model.parameters()))


def test_a_state_is_loaded_into_torchs_own_optimizer():
    """What it says of itself does not keep it from other programs."""
    model, optimizer = trained()
    torch.optim.AdamW(model.named_parameters()).load_state_dict(optimizer.state_dict())


@pytest.mark.parametrize("copied", [as_it_is, deep_copy, pickled])
@pytest.mark.parametrize("name", ["AdamW", "Muon", "LBFGS"])
@pytest.mark.parametrize("saved_as", [None, "another"])
def test_groups_keep_their_names_whatever_was_saved(name, saved_as, copied):
    """A state of a version without names has none; torch replaces the groups with the saved ones."""
    beside = {} if name == "LBFGS" else {"no_decay": ["bias"]}
    model = Net() if name != "LBFGS" else nn.Linear(4, 4)
    _, optimizer = trained(name, model, **beside) if name != "LBFGS" else (model, lbfgs(model))
    expected = [group["name"] for group in optimizer.param_groups]
    state = plain(optimizer.state_dict())
    for group in state["param_groups"]:
        del group["name"]
        if saved_as:
            group["name"] = saved_as
    optimizer = copied(optimizer)
    optimizer.load_state_dict(state)

    assert expected == [group["name"] for group in optimizer.param_groups]
    assert expected == [group["name"] for group in plain(optimizer.state_dict())["param_groups"]]
    assert all(group.get("name") == saved_as for group in state["param_groups"])


def lbfgs(model):
    return registry.build({"type": "LBFGS"}).create_optimizer(model)


@pytest.mark.parametrize("changed", ["error", "saved", "config"])
def test_a_run_that_was_saved_without_names_of_groups_goes_on(changed):
    """No difference is seen, and the names stay."""
    recipe = registry.recipe({"type": "AdamW", "no_decay": ["bias"], "config": {"lr": 0.1}})
    run = recipe.create(Net())
    state = plain(run.state_dict())
    saved = state["optimizers"]["default"]
    for group in saved["state"]["param_groups"]:
        del group["name"]
    assert not any("name" in group for group in saved["start"])
    if changed == "config":
        recipe = registry.recipe({"type": "AdamW", "no_decay": ["bias"], "config": {"lr": 0.2}})
        run = recipe.create(Net())
    run.load_state_dict(state, changed=changed)

    assert ["default", "no_decay"] == [group["name"] for group in run.optimizer.param_groups]


def test_a_guarded_optimizer_is_freed_without_the_garbage_collector():
    """No hook keeps it alive, nor its tensors."""
    gc.disable()
    try:
        model = Net()
        optimizer = registry.build({"type": "AdamW"}).create_optimizer(model)
        gone = weakref.ref(optimizer)
        copied = weakref.ref(copy.deepcopy(optimizer))
        del optimizer
        assert gone() is None
        assert copied() is None
    finally:
        gc.enable()


# -- every wrapper into every other ----------------------------------------------------------------------------------

# Its flat parameters of several processes have no names of their own.
DIVIDED = "FSDP1"
CONFIG = {
    "optimizer": {"type": "AdamW", "no_decay": ["norm"], "param_groups": [{"match": "blocks.1.*", "lr": 0.1}]},
    "scheduler": {"type": "cosine"},
}


def weights_of(model):
    """The weights by the names of the model without wrappers."""
    state = model.state_dict()
    return {user: whole(state[own].detach()).clone() for own, user in clean_names(model, state).items()}


def step(run):
    """Take a step with gradients that are a function of the parameters' names."""
    for group in run.optimizer.param_groups:
        for name, parameter in zip(group["param_names"], group["params"], strict=True):
            draw = torch.Generator().manual_seed(len(name))
            parameter.grad = divided_as(torch.randn(parameter.shape, generator=draw), parameter)
    run.step()


@pytest.mark.parametrize("first", [name for name in WRAPPERS if DIVIDED not in name])
def test_a_run_that_is_saved_in_one_wrapper_goes_on_in_every_other(first):
    """The state of the run is loaded by the user's names, and gives the same next step, bit for bit."""
    with one_process():
        outer = wrapped(first, Net())
        run = registry.recipe(CONFIG).create(outer, total_steps=9)
        step(run)
        state, start = copy.deepcopy(run.state_dict()), weights_of(outer)
        step(run)
        expected = weights_of(outer)
        for second in WRAPPERS:
            if DIVIDED in second:
                continue
            model = Net()
            model.load_state_dict(start)
            around = wrapped(second, model)
            later = registry.recipe(CONFIG).create(around, total_steps=9)
            later.load_state_dict(state)
            step(later)
            found = weights_of(around)
            assert expected.keys() == found.keys(), second
            assert all(torch.equal(expected[name], found[name]) for name in expected), second
