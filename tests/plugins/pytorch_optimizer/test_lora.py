"""LoRARite gets the two factors of each LoRA layer one after the other, whatever the order in the model."""

from __future__ import annotations

import pytest
import pytorch_optimizer
import torch
from torch import nn

from optim_core import ParamGroupError, registry


class Layer(nn.Module):
    """A frozen linear layer with the factors of two adapters, named and ordered as PEFT has them."""

    def __init__(self, wide, narrow, rank=2):
        super().__init__()
        self.base_layer = nn.Linear(wide, narrow).requires_grad_(False)
        adapters = ("default", "second")
        self.lora_A = nn.ModuleDict({name: nn.Linear(wide, rank, bias=False) for name in adapters})
        self.lora_B = nn.ModuleDict({name: nn.Linear(rank, narrow, bias=False) for name in adapters})

    def forward(self, x):
        return self.base_layer(x) + sum(self.lora_B[name](self.lora_A[name](x)) for name in self.lora_A)


def model_of():
    torch.manual_seed(0)
    return nn.Sequential(Layer(4, 6), nn.Tanh(), Layer(6, 3))


def train(model, optimizer):
    for step in range(4):
        optimizer.zero_grad()
        model(torch.randn(16, 4, generator=torch.Generator().manual_seed(step))).square().mean().backward()
        optimizer.step()
    return list(model.parameters())


def pairs(model):
    """The factors as the class wants them."""
    return [
        each
        for layer in (model[0], model[2])
        for name in layer.lora_A
        for each in (layer.lora_A[name].weight, layer.lora_B[name].weight)
    ]


def spec(**beside):
    return registry.build({"type": "LoRARite", "config": {"lr": 0.01}, **beside})


def test_it_trains_as_the_class_does_with_the_factors_in_their_order():
    """Bit for bit; the model has both first factors of a layer before its second ones."""
    own, ours = model_of(), model_of()
    wanted = train(own, pytorch_optimizer.LoRARite(pairs(own), lr=0.01))
    optimizer = spec().create_optimizer(ours)
    found = train(ours, optimizer)
    assert all(torch.equal(one, other) for one, other in zip(wanted, found, strict=True))
    assert ["0.lora_A.default.weight", "0.lora_B.default.weight", "0.lora_A.second.weight"] == (
        optimizer.param_groups[0]["param_names"][:3]
    )
    assert not torch.equal(model_of()[0].lora_B["second"].weight, ours[0].lora_B["second"].weight)


def test_rules_make_groups_of_whole_layers():
    """Each group has its factors in their order, and its own rate."""
    optimizer = spec(param_groups=[{"match": "2.*", "lr": 0.5}]).create_optimizer(model_of())
    assert [(0.01, 4), (0.5, 4)] == [(group["lr"], len(group["params"])) for group in optimizer.param_groups]
    assert "0.lora_B.default.weight" == optimizer.param_groups[0]["param_names"][1]


class Plain(nn.Module):
    """Factors as loralib names them."""

    def __init__(self, ranks=(2, 2)):
        super().__init__()
        self.lora_A = nn.Parameter(torch.ones(ranks[0], 4))
        self.lora_B = nn.Parameter(torch.ones(3, ranks[1]))


def test_parameters_may_be_the_factors_themselves():
    """As in loralib."""
    assert ["lora_A", "lora_B"] == spec().create_optimizer(Plain()).param_groups[0]["param_names"]


def test_what_is_no_pair_is_refused():
    """A parameter of another sort, a factor by itself, factors in two groups or of two ranks; each is named."""
    model = nn.ModuleDict({"layer": Plain(), "head": nn.Linear(3, 2)})
    with pytest.raises(ParamGroupError, match=r"head\.weight is no factor of a LoRA layer.*freeze it by a rule"):
        spec().create_optimizer(model)
    frozen = spec(param_groups=[{"match": "head.*", "freeze": True}]).create_optimizer(model)
    assert 2 == len(frozen.param_groups[0]["params"])
    model["layer"].lora_A.requires_grad_(False)
    with pytest.raises(ParamGroupError, match=r"layer\.lora_B is trained by itself"):
        spec(param_groups=[{"match": "head.*", "freeze": True}]).create_optimizer(model)
    with pytest.raises(ParamGroupError, match="lora_A and lora_B are in different groups"):
        spec(param_groups=[{"match": "lora_B", "lr": 0.5}]).create_optimizer(Plain())
    with pytest.raises(ParamGroupError, match=r"lora_A of shape \(2, 4\) has the rank 2, and lora_B .* the rank 5"):
        spec().create_optimizer(Plain((2, 5)))
    with pytest.raises(ParamGroupError, match="LoRARite is made from the model"):
        spec().create_optimizer(Plain().parameters())
