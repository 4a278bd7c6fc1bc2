"""Which group each parameter comes into, and what decided that."""

from __future__ import annotations

from model_tree import Linear, Model
from parameter_groups import spec
from plugin_classes import empty_registry


def test_explain_says_what_decided():
    """Each parameter with its group, rate, decay and the rules behind them; the model stays as it is."""
    model = Model(2)
    built = spec(
        param_groups=[{"match": "embed.*", "freeze": True}, {"match": "head.*", "lr_multiplier": 5.0}],
        no_decay=["norm"],
        layer_decay=0.5,
    )
    plans = empty_registry().explain(built, model, lr_multipliers={model.norm: 2.0})
    assert plans["embed.weight"].frozen
    assert model.embed.weight.requires_grad
    assert ("param_groups[1] `head.*`: lr_multiplier 5", "layer_decay depth 3 of 3: lr x 1") == plans[
        "head.weight"
    ].decided_by
    norm = plans["norm.weight"]
    assert (0.2, 0.0, 2.0) == (norm.lr, norm.weight_decay, norm.lr_multiplier)
    assert "no_decay norm: weight_decay 0" == norm.decided_by[0]
    assert "lr_multipliers LayerNorm: lr x 2" == norm.decided_by[-1]
    made = built.create_optimizer(model, lr_multipliers={model.norm: 2.0}).param_groups
    assert {name: number for number, group in enumerate(made) for name in group["param_names"]} == {
        plan.name: plan.group for plan in plans if not plan.frozen
    }


def test_explain_of_named_optimizers_shows_each():
    """The table has a part for each optimizer, and a row for each parameter."""
    registry = empty_registry()
    recipe = registry.build({"optimizer_configs": {"a": {"type": "Momentum"}, "b": {"type": "Momentum", "lr": 0.5}}})
    plans = registry.explain(recipe, {"a": Linear(), "b": Linear()})
    assert [("a", 0.1), ("a", 0.1), ("b", 0.5), ("b", 0.5)] == [(plan.optimizer, plan.lr) for plan in plans]
    assert ["a", "parameter  shape  group    lr   weight_decay", "weight     4x4    default  0.1  0"] == str(
        plans
    ).splitlines()[:3]
