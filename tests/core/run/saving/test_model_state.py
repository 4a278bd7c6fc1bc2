"""Weights by the user's names: through wrappers, compared, and put back where loading fails."""

from __future__ import annotations

import copy
from collections import Counter

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import checkpoint_wrapper
from torch.optim.swa_utils import AveragedModel

from optim_core import CheckpointMismatchError, OptimError
from optim_core.run.saving.model_state import differences, loaded, models_by_name, models_state, on_cpu
from optim_core.run.saving.plain import refuse_other_than_plain


def compiled(model):
    # Any other backend imports a compiler, which these tests do not need.
    return torch.compile(model, backend="eager")


class Net(nn.Module):
    """A model with parameters, buffers of both kinds, a tied weight, a child called `module`, and extra state."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.module = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
        self.head = nn.Linear(4, 5, bias=False)
        self.head.weight = self.embedding.weight
        self.register_buffer("scale", torch.rand(3))
        self.register_buffer("cache", torch.rand(3), persistent=False)
        self.seen = 3

    def forward(self, numbers):
        return self.head(self.module(self.embedding(numbers)))

    def get_extra_state(self):
        return {"seen": self.seen}

    def set_extra_state(self, state):
        self.seen = state["seen"]


def inside(model):
    """A model in which a part is wrapped."""
    model.module[0] = checkpoint_wrapper(model.module[0])
    model.head = compiled(model.head)
    return model


WRAPPERS = {
    "plain": lambda model: model,
    "compiled": compiled,
    "DataParallel": nn.DataParallel,
    "AveragedModel": AveragedModel,
    "checkpoint_wrapper": checkpoint_wrapper,
    "inside": inside,
    "compiled, averaged": lambda model: AveragedModel(compiled(model)),
}


def net(seed):
    torch.manual_seed(seed)
    model = Net()
    model.seen = seed
    return model


def core_of(wrapped):
    return next(module for module in wrapped.modules() if isinstance(module, Net))


def values(model):
    return {**{name: tensor.clone() for name, tensor in core_of(model).state_dict().items() if "_extra" not in name}}


def equal(one, other):
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)


def load(state, models):
    assert [] == list(differences(state, models))
    with loaded(state, models):
        pass


@pytest.mark.parametrize("target", WRAPPERS)
@pytest.mark.parametrize("source", WRAPPERS)
@pytest.mark.filterwarnings("ignore:.*the checkpoint has no n_averaged")
def test_what_is_saved_under_one_wrapper_loads_under_any_other(source, target):
    """Every pair: the names are the user's, and weights, buffers and extra state are those that were saved."""
    saved, other = WRAPPERS[source](net(1)), WRAPPERS[target](net(2))
    state = models_state(models_by_name(saved))
    assert list(Net().state_dict()) == list(state[""]["state"])
    load(state, models_by_name(other))
    theirs = [value for name, value in saved.state_dict().items() if not name.endswith(("_extra_state", "n_averaged"))]
    ours = [value for name, value in other.state_dict().items() if not name.endswith(("_extra_state", "n_averaged"))]
    assert all(torch.equal(one, two) for one, two in zip(theirs, ours, strict=True))
    assert 1 == core_of(other).seen


def test_a_buffer_that_is_not_persistent_is_left_alone():
    """The model says that it is not part of its state."""
    state = models_state(models_by_name(net(1)))
    other = net(2)
    cache = other.cache.clone()
    load(state, models_by_name(other))
    assert "cache" not in state[""]["state"]
    assert torch.equal(cache, other.cache)


def test_the_count_of_an_averaged_model_is_kept():
    """Saved and loaded as AveragedModel, it averages on with the right weight."""
    averaged, other = AveragedModel(net(1)), AveragedModel(net(2))
    averaged.update_parameters(net(3))
    averaged.update_parameters(net(4))
    load(models_state(models_by_name(averaged)), models_by_name(other))
    assert 2 == other.n_averaged


def test_a_count_that_was_not_saved_is_told_and_stays():
    """A plain model has none."""
    averaged = AveragedModel(net(2))
    averaged.update_parameters(net(3))
    with pytest.warns(UserWarning, match="model: the checkpoint has no n_averaged of AveragedModel, which stays"):
        load(models_state(models_by_name(net(1))), models_by_name(averaged))
    assert 1 == averaged.n_averaged


def test_several_models_go_by_name():
    """A mapping of names to models is saved and loaded as one; other names are told."""
    models = {"generator": net(1), "discriminator": net(2)}
    state = models_state(models_by_name(models))
    others = models_by_name({"discriminator": net(3), "generator": net(4)})
    load(state, others)
    assert equal(values(models["generator"]), values(others["generator"]))
    assert equal(values(models["discriminator"]), values(others["discriminator"]))
    told = "the checkpoint holds the models generator, discriminator, and this is one model without a name"
    assert [told] == list(differences(state, models_by_name(net(1))))


def test_each_difference_is_told_by_name():
    """Names, shapes and types, all of them at once."""
    state = models_state(models_by_name({"net": nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4), nn.BatchNorm1d(4))}))
    other = nn.Sequential(nn.Linear(2, 3, bias=False), nn.Linear(3, 5), nn.BatchNorm1d(4).half(), nn.PReLU())
    expected = """
        model['net']: not in the checkpoint: 3.weight
        model['net']: only in the checkpoint: 0.bias
        model['net']: 1.weight had the shape [4, 3] and has [5, 3]
        model['net']: 1.bias had the shape [4] and has [5]
        model['net']: 2.weight was torch.float32 and is torch.float16
        model['net']: 2.bias was torch.float32 and is torch.float16
        model['net']: 2.running_mean was torch.float32 and is torch.float16
        model['net']: 2.running_var was torch.float32 and is torch.float16
    """
    assert [line.strip() for line in expected.strip().splitlines()] == list(differences(state, {"net": other}))


def test_weights_that_were_two_are_not_loaded_into_one():
    """A tied weight takes one value; two different ones are told, two equal ones are none."""
    apart = net(1)
    apart.head.weight = nn.Parameter(torch.rand(5, 4))
    tied = models_by_name(net(2))
    state = models_state(models_by_name(apart))
    assert ["model: embedding.weight and head.weight are one tensor, and were two"] == list(differences(state, tied))
    apart.head.weight.data.copy_(apart.embedding.weight.data)
    load(models_state(models_by_name(apart)), tied)
    load(models_state(tied), models_by_name(apart))
    assert equal(values(apart), values(tied[""]))


class Broken(nn.Module):
    """A model that refuses its state after a part of it was loaded."""

    def __init__(self, error):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))
        self.error = None
        self.raised = error

    def get_extra_state(self):
        return {}

    def set_extra_state(self, state):
        if self.error is not None:
            error, self.error = self.error, None
            raise error


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyError("no"), KeyboardInterrupt()])
def test_where_a_model_refuses_its_state_all_models_are_what_they_were(error):
    """What torch refuses is a CheckpointMismatchError; what the model's own code raises stays what it is."""
    models = {"first": net(1), "second": Broken(error)}
    state = copy.deepcopy(models_state(models_by_name(models)))
    with torch.no_grad():
        models["second"].weight.zero_()
        models["first"].scale.zero_()
    models["second"].error = error
    with (
        pytest.raises(CheckpointMismatchError if isinstance(error, RuntimeError) else type(error)),
        loaded(state, models),
    ):
        raise AssertionError("loading raises")
    assert [0.0, 0.0] == models["second"].weight.tolist()
    assert 0 == models["first"].scale.count_nonzero()


def test_what_fails_after_the_models_were_loaded_puts_them_back():
    """The body of the with statement belongs to the loading."""
    model = net(2)
    before = values(model)
    others = []

    def fail():
        others.append(values(model))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), loaded(models_state(models_by_name(net(1))), models_by_name(model)):
        fail()
    assert equal(others[0], values(net(1)))
    assert equal(before, values(model))
    assert 2 == model.seen


@pytest.mark.parametrize("wrong", [None, 3, {"net": 3}, {1: nn.Linear(1, 1)}, [nn.Linear(1, 1)]])
def test_what_is_no_model_is_refused(wrong):
    """The error says what a model may be."""
    with pytest.raises(OptimError, match=r"must be a torch\.nn\.Module or a mapping"):
        models_by_name(wrong)


def test_a_part_that_has_no_shape_yet_is_refused():
    """A lazy layer is saved after its first batch, and is loaded after one as well."""
    lazy = models_by_name(nn.LazyLinear(3))
    with pytest.raises(
        OptimError, match="model: weight, bias have no shape yet; run the model once before it is saved"
    ):
        models_state(lazy)
    state = models_state(models_by_name(nn.Linear(2, 3)))
    told = "has no shape yet; run the model once before it is loaded"
    assert [f"model: weight {told}", f"model: bias {told}"] == list(differences(state, lazy))


def test_a_model_without_memory_is_refused():
    """What is loaded to the device meta is nowhere; what is saved from there has no values."""
    meta = models_by_name(nn.Linear(2, 3, device="meta"))
    found = list(differences(models_state(models_by_name(nn.Linear(2, 3))), meta))
    told = "is on the device meta, which holds no values; give it memory with model.to_empty(device=…) first"
    assert [f"model: weight {told}", f"model: bias {told}"] == found
    with pytest.raises(OptimError, match=r"model\[''\].* is on the device meta, where tensors have no values"):
        refuse_other_than_plain({"model": models_state(meta)})


class Versioned(nn.Module):
    """A model whose entries have changed their meaning once, so that those without a version are turned around."""

    _version = 2

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *others):
        if local_metadata.get("version", 1) < 2:
            state_dict[prefix + "weight"] = -state_dict[prefix + "weight"]
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *others)


@pytest.mark.parametrize("wrap", [nn.Sequential, AveragedModel])
def test_modules_are_told_their_version(wrap):
    """What is loaded, and what is put back, is not taken for the state of an older program."""
    model = wrap(Versioned())
    state = models_state(models_by_name(model))
    load(copy.deepcopy(state), models_by_name(model))
    with pytest.raises(ZeroDivisionError), loaded(copy.deepcopy(state), models_by_name(model)):
        raise ZeroDivisionError
    assert [1.0, 1.0] == next(model.parameters()).tolist()


def test_a_copy_of_a_state_keeps_its_types():
    """A schedule counts in a Counter."""
    state = {"milestones": Counter([3, 3]), "lrs": [torch.ones(2), (1, None)]}
    copied = on_cpu(state)
    assert isinstance(copied["milestones"], Counter)
    assert repr(state) == repr(copied)
    assert state["lrs"][0] is not copied["lrs"][0]
