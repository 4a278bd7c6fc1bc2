"""Layers whose weight torch computes from other tensors, weight and spectral normalisation; layers without a shape."""

from __future__ import annotations

import pytest
from torch import nn
from torch.nn.utils import parametrizations

from optim_core import ParamGroupError, registry


def halves(model):
    """Name to whether it is a matrix of Muon's."""
    return {plan.name: plan.options["use_muon"] for plan in registry.explain(registry.build({"type": "Muon"}), model)}


@pytest.mark.parametrize("normalised", [{0}, {2}, {0, 1, 2}])
def test_they_are_layers_as_others_are(normalised):
    """Depth is counted as if nothing were computed."""
    layers = [nn.Linear(4, 4) for _ in range(3)]
    for place in normalised:
        parametrizations.weight_norm(layers[place])
    plans = registry.explain(registry.build({"type": "AdamW", "layer_decay": 0.5}), nn.Sequential(*layers))
    assert [0.25, 0.5, 1.0] == [plans[f"{place}.bias"].lr_multiplier for place in range(3)]
    assert all(plan.lr_multiplier == plans[f"{plan.name[0]}.bias"].lr_multiplier for plan in plans)


def test_embeddings_and_heads_stay_with_adamw():
    """What a parametrization has in place of an embedding's weight, or a head's, is one too."""
    layers = [nn.Embedding(9, 4), nn.Linear(4, 4), nn.Linear(4, 9)]
    found = halves(nn.Sequential(*map(parametrizations.spectral_norm, layers)))
    assert found["1.parametrizations.weight.original"]
    assert not found["0.parametrizations.weight.original"]
    assert not found["2.parametrizations.weight.original"]


def test_an_embedding_with_a_parametrization_has_no_decay():
    """It is known by the class that it was before."""
    model = nn.ModuleDict({"tokens": parametrizations.spectral_norm(nn.Embedding(9, 4)), "fc": nn.Linear(4, 4)})
    built = registry.build({"type": "AdamW", "config": {"weight_decay": 0.1}, "no_decay": ["embedding"]})
    plans = registry.explain(built, model)
    assert 0 == plans["tokens.parametrizations.weight.original"].weight_decay
    assert 0.1 == plans["fc.weight"].weight_decay


@pytest.mark.parametrize("config", [{"type": "Muon"}, {"type": "AdamW", "layer_decay": 0.5}])
def test_a_weight_without_a_shape_is_named(config):
    """A lazy layer has one after the model's first call."""
    model = nn.Sequential(nn.LazyLinear(4), nn.Linear(4, 4), nn.Linear(4, 2))
    with pytest.raises(ParamGroupError, match=r"0\.weight has no shape before the model's first call"):
        registry.build(config).create_optimizer(model)
