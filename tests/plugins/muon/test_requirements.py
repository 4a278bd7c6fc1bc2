"""Muon is as the document on optimizer specifications describes MuonSpec."""

import pytest
import torch
from torch import nn

from optim_core import registry
from optim_core.compat import MuonSpec, OptimizerSpecification, create_optimizer


def rates(optimizer):
    """The rate of each parameter by name."""
    return {name: group["lr"] for group in optimizer.param_groups for name in group["param_names"]}


def test_the_halves_of_a_transformer(model, halves):
    """The document: Muon "for ≥2D transformer weight matrices", AdamW "for everything else (biases, layer norms,
    scoring heads)"; "For parameters without 'transformer' in their name or with <2D, AdamW is automatically used"."""
    ours, others = halves(MuonSpec().create_optimizer(model))

    expected = [name for name, one in model.named_parameters() if one.ndim >= 2 and "transformer" in name]
    assert expected == ours
    assert 8 == len(ours)
    assert {name for name, _ in model.named_parameters()} - set(ours) == set(others)


def test_rates_of_the_halves(model):
    """The document: `learning_rate` "for Muon (transformer weights)", `adamw_lr` "for other parameters"."""
    optimizer = MuonSpec(learning_rate=0.03, adamw_lr=0.0004).create_optimizer(model)

    found = rates(optimizer)
    assert 0.03 == found["transformer.layers.0.linear1.weight"]
    assert 0.0004 == found["transformer.layers.0.linear1.bias"] == found["scoring_head.weight"]


def test_parameters_of_the_halves(model):
    """The document: `momentum` and `nesterov` are Muon's, `weight_decay` and `betas` AdamW's."""
    spec = MuonSpec(momentum=0.9, nesterov=False, weight_decay=0.2, betas=(0.8, 0.99))
    by_half = {group["use_muon"]: group for group in spec.create_optimizer(model).param_groups}
    ours, others = by_half[True], by_half[False]

    assert (0.9, False, 0.0) == (ours["momentum"], ours["nesterov"], ours["weight_decay"])
    assert (0.2, (0.8, 0.99)) == (others["weight_decay"], others["betas"])


def test_multipliers_apply_to_the_adamw_half(model, recwarn):
    """The document: "Scoring head trains 5x faster"; "Multipliers only apply to AdamW parameters (biases, norms,
    heads)"."""
    optimizer = MuonSpec(adamw_lr=0.0003).create_optimizer(model=model, lr_multipliers={model.scoring_head: 5.0})

    found = rates(optimizer)
    assert pytest.approx(0.0015) == found["scoring_head.weight"] == found["scoring_head.bias"]
    assert 0.0003 == found["output_head.weight"]
    assert 0.02 == found["transformer.layers.0.linear1.weight"]
    assert [] == recwarn.list


def test_muon_parameters_always_use_the_muon_rate(model):
    """The document: "Muon parameters (≥2D transformer weights) always use the Muon LR"; it warns once which."""
    with pytest.warns(UserWarning, match="AdamW half only") as caught:
        optimizer = MuonSpec().create_optimizer(model, {model.transformer: 0.1})

    found = rates(optimizer)
    assert 0.02 == found["transformer.layers.0.linear1.weight"]
    assert pytest.approx(0.00003) == found["transformer.layers.0.linear1.bias"]
    assert 1 == len(caught)
    said = str(caught[0].message)
    assert "lr_multipliers would multiply the rate of 8 of Muon's matrices" in said
    assert "transformer.layers.0.self_attn.in_proj_weight" in said
    assert "and 5 more" in said
    assert 'param_groups: [{match: "transformer.layers.0.self_attn.in_proj_weight", lr: 0.002}]' in said


def test_decay_is_applied_to_both_halves(model, losses):
    """The document: `lr_decay_gamma` is "applied to both optimizers"."""
    spec = MuonSpec(learning_rate=0.02, adamw_lr=0.0003, lr_decay_gamma=0.98)
    optimizer = spec.create_optimizer(model)
    scheduler = spec.create_scheduler(optimizer)
    losses(model, optimizer, 1, scheduler)

    assert torch.optim.lr_scheduler.ExponentialLR is type(scheduler)
    assert pytest.approx([0.0003 * 0.98, 0.02 * 0.98]) == sorted(set(rates(optimizer).values()))


def test_several_models(model, halves):
    """The document: "Supports optimizing parameters from multiple models simultaneously"; each has its own head."""
    other = type(model)()
    optimizer = MuonSpec().create_optimizer_for_multiple([model, other], {other.scoring_head: 2.0})

    ours, _ = halves(optimizer)
    assert 16 == len(ours)
    assert all("transformer" in name for name in ours)
    assert pytest.approx(0.0006) == rates(optimizer)["1.scoring_head.weight"]
    assert 0.0003 == rates(optimizer)["0.scoring_head.weight"]


def test_heads_of_several_models_without_transformer_in_their_names(halves):
    """Each model's last layer is AdamW's."""
    models = [nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)) for _ in range(2)]
    ours, others = halves(MuonSpec().create_optimizer_for_multiple(models))

    assert ["0.0.weight", "1.0.weight"] == ours
    assert {"0.2.weight", "1.2.weight"} <= set(others)


def test_from_serialized(model):
    """The document: `OptimizerSpecification.from_serialized(optimizer_type, optimizer_params)`."""
    spec = MuonSpec(learning_rate=0.01, lr_decay_gamma=0.98)
    again = OptimizerSpecification.from_serialized("muon", spec.to_dict())

    assert spec == again
    assert {0.01, 0.0003} == set(rates(again.create_optimizer(model)).values())


@pytest.mark.parametrize(
    "config",
    [
        {"type": "muon", "learning_rate": 0.01, "adamw_lr": 1e-3},
        {"type": "Muon", "config": {"lr": 0.01, "adamw_lr": "1e-3"}},
        {
            "optimizer_type": "muon",
            "optimizer_params": {"learning_rate": 0.01, "adamw_lr": 1e-3, "lr_decay_gamma": 0.9},
        },
    ],
)
def test_every_form_of_a_config_names_it(config, model):
    """Nested, flat, and as a serialized pair."""
    assert {0.01, 1e-3} == set(rates(registry.build(config).create_optimizer(model)).values())


def test_the_factory_makes_it(model):
    """Keyword arguments with `optimizer_type`, as for every other optimizer."""
    optimizer = create_optimizer(model=model, optimizer_type="muon", learning_rate=0.01, adamw_lr=1e-3)
    assert {0.01, 1e-3} == set(rates(optimizer).values())
