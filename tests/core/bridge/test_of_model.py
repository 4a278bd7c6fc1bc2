"""Optimizers that are made from a model: which parameters they see, and which options their groups get."""

from __future__ import annotations

import copy

import attrs
import pytest

pytest.importorskip("torch")

import torch

from optim_core import ParamGroupError
from optim_core.bridge.of_model import TrainedModel, made_from_model


@attrs.frozen
class Config:
    lr: float = 0.1
    momentum: float = 0.5


class ByModule(torch.optim.SGD):
    """One group for each layer."""

    def __init__(self, model):
        by_layer = {}
        for name, parameter in model.named_parameters():
            by_layer.setdefault(name.partition(".")[0], []).append(parameter)
        super().__init__([{"params": own, "momentum": 0.5, "layer": name} for name, own in by_layer.items()], lr=0.1)
        del self.defaults["momentum"]


class OfWeights(torch.optim.SGD):
    """It takes matrices only."""

    def __init__(self, model):
        super().__init__([parameter for parameter in model.parameters() if parameter.ndim == 2], lr=0.1)


@pytest.fixture
def model():
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))


def test_a_group_of_the_optimizers_gets_the_options_of_its_parameters(model):
    """It keeps what the constructor put into it; a field that stands in the groups is a default of groups."""
    first, last = list(model[0].parameters()), list(model[1].parameters())
    groups = [{"params": last, "lr": 0.5, "param_names": ["a", "b"]}, {"params": first, "param_names": ["c", "d"]}]
    made = made_from_model(ByModule, Config(), groups, model)
    assert [("a", 0.5), ("b", 0.5), ("c", 0.1), ("d", 0.1)] == [
        (group["layer"], group["lr"]) for group in made.param_groups
    ]
    assert 0.5 == made.defaults["momentum"]


def test_names_are_those_of_the_groups_or_the_models(model):
    """Tensors and pairs are taken too; what is not given is not seen."""
    pairs = made_from_model(ByModule, Config(), list(model.named_parameters())[1:], model)
    assert [["0.bias"], ["1.weight", "1.bias"]] == [group["param_names"] for group in pairs.param_groups]
    tensors = made_from_model(ByModule, Config(), list(model.parameters())[1:], model)
    assert [["0.bias"], ["1.weight", "1.bias"]] == [group["param_names"] for group in tensors.param_groups]


def test_what_would_be_lost_is_refused(model):
    """Different options in one group, a parameter that is left out, one that the model does not have."""
    weight, bias = model[0].parameters()
    apart = [{"params": [weight]}, {"params": [bias], "lr": 0.5}]
    with pytest.raises(ParamGroupError, match=r"ByModule has 0.weight and 0.bias in one group, .* different options"):
        made_from_model(ByModule, Config(), apart, model)
    with pytest.raises(ParamGroupError, match=r"OfWeights does not train 0.bias; freeze it by a rule"):
        made_from_model(OfWeights, Config(), list(model.parameters()), model)
    with pytest.raises(ParamGroupError, match=r"a parameter of shape \(7,\) is no part of the model"):
        made_from_model(ByModule, Config(), [torch.nn.Parameter(torch.zeros(7))], model)


def test_the_rest_of_the_model_can_be_asked(model):
    """A constructor may look at modules; the view of the model can be copied."""
    seen = copy.deepcopy(TrainedModel(model, {"0.bias": model[0].bias}))
    assert ["0.bias"] == [name for name, _ in seen.named_parameters()]
    assert 1 == len(list(seen.parameters()))
    assert 3 == len(list(seen.modules()))
