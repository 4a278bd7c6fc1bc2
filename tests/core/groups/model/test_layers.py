"""Which modules of a model are its layers, counted from the input on."""

from __future__ import annotations

import pytest
from model_tree import Dropout, Embedding, Linear, Module, ModuleList, Sequential
from parameter_groups import depths, spec

from optim_core import ParamGroupError


def test_blocks_in_stages_are_counted_through():
    """Stages that hold blocks and one reduction are not layers themselves."""

    class Stage(Module):
        def __init__(self, count):
            blocks = [Module(a=Linear(), b=Linear()) for _ in range(count)]
            super().__init__(blocks=ModuleList(*blocks), downsample=Module(reduction=Linear()))

    found = depths(Module(embed=Embedding(), layers=ModuleList(Stage(1), Stage(3)), head=Linear()))
    assert ["1", "3"] == [found["layers.0.downsample.reduction.weight"], found["layers.1.blocks.1.a.weight"]]
    assert "5" == found["head.weight"]


def test_experts_in_a_block_are_part_of_it():
    """A block of a mixture of experts is one layer."""

    def block():
        experts = ModuleList(*(Module(up=Linear(), down=Linear()) for _ in range(4)))
        return Module(attention=Linear(), moe=Module(gate=Linear(), experts=experts))

    found = depths(Module(embed=Embedding(), layers=ModuleList(block(), block()), head=Linear()))
    assert ["1", "2", "3"] == [
        found[name] for name in ("layers.0.moe.experts.3.up.bias", "layers.1.attention.bias", "head.bias")
    ]


def test_a_plain_sequence_of_layers_is_counted_too():
    """In a multilayer perceptron each linear layer is one, and the last is the head."""
    found = depths(Sequential(Linear(), Dropout(), Linear(), Dropout(), Linear()))
    assert ["1", "2", "3"] == [found[f"{number}.weight"] for number in (0, 2, 4)]


def test_a_model_without_layers_is_refused():
    """Where nothing repeats, the error says what was looked for."""
    with pytest.raises(ParamGroupError, match="Module has no layers to count: no ModuleList or Sequential"):
        spec(layer_decay=0.5).create_optimizer(Module(a=Linear(), b=Linear()))
