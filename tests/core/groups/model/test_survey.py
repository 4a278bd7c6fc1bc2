"""What a model's modules say of each parameter: its owner, its kind, and how deep it lies."""

from __future__ import annotations

import attrs
from model_tree import Model, Parameter
from parameter_groups import depths, groups, hooked, spec
from plugin_classes import Momentum

from optim_core import ParameterInfo


def test_depth_counts_from_the_embeddings_to_the_head():
    """Embeddings are 0, block i is i + 1, and the head and what follows the blocks come last."""
    found = depths(Model(3))
    assert ["0", "1", "3", "4", "4"] == [
        found[name] for name in ("embed.weight", "blocks.0.fc.bias", "blocks.2.norm.bias", "norm.weight", "head.weight")
    ]
    rates = groups(spec(layer_decay=0.5), Model(3))
    assert [0.1 / 16, 0.1 / 8, 0.1 / 4, 0.1 / 2, None] == [options.get("lr") for _, options in rates]


def test_a_hook_is_told_what_the_model_shows():
    """Name, shape, owner, kind, depth and what multiplies the rate."""
    seen = []

    @attrs.frozen(kw_only=True)
    class Watching(Momentum):
        def group_options(self, info):
            seen.append(info)
            return {}

    model = Model(2)
    hooked(Watching, layer_decay=0.5).create_optimizer(model, lr_multipliers={model.embed: 2.0})
    embed, norm = seen[0], seen[1]
    assert (
        ParameterInfo(
            name="embed.weight",
            shape=(9, 4),
            module="Embedding",
            is_embedding=True,
            is_head=False,
            in_block=False,
            depth=0,
            num_layers=2,
            lr_multiplier=0.25,
            multiplier_from=("layer_decay", "lr_multipliers"),
        )
        == embed
    )
    assert (True, True, 1, 36) == (norm.is_norm, norm.in_block, norm.depth, embed.numel)
    assert [True, True] == [info.is_head for info in seen if info.name.startswith("head")]
    seen.clear()
    hooked(Watching).create_optimizer([Parameter(2)])
    assert [(None, None, None)] == [(info.name, info.is_embedding, info.is_head) for info in seen]
