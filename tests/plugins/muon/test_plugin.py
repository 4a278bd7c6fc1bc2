"""The plugin `Muon`: its config, its groups, and what it says."""

import logging
import os
import subprocess
import sys
import warnings

import attrs
import pytest
import torch
from torch import nn

import optim_muon.optimizer
from optim_core import ConfigError, ParamGroupError, registry
from optim_muon.muon import Muon

DEFAULTS = {
    "lr": 0.02,
    "adamw_lr": 3e-4,
    "momentum": 0.95,
    "nesterov": True,
    "weight_decay": 0.01,
    "muon_weight_decay": 0.0,
    "betas": (0.9, 0.999),
    "eps": 1e-8,
    "ns_steps": 5,
    "ns_coefficients": "classic",
    "adjust_lr_fn": None,
    "ns_dtype": "auto",
    "divide_work": False,
    "matrices": "auto",
    "split": {},
}
OTHERS = {
    "lr": 0.01,
    "adamw_lr": 1e-3,
    "momentum": 0.9,
    "nesterov": False,
    "weight_decay": 0.2,
    "muon_weight_decay": 0.1,
    "betas": (0.8, 0.95),
    "eps": 1e-6,
    "ns_steps": 2,
    "ns_coefficients": [(3.0, -4.0, 2.0), (2.0, -1.5, 0.5)],
    "adjust_lr_fn": "match_rms_adamw",
    "ns_dtype": "float32",
    "divide_work": True,
    "matrices": ["transformer.*", "re:head"],
    "split": {"*.in_proj_weight": 3},
}


def build(**config):
    return registry.build({"type": "Muon", "config": config})


def groups_of(optimizer, *, use_muon):
    return [group for group in optimizer.param_groups if group["use_muon"] is use_muon]


# -- the config ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["muon", "Muon", "MUON", "optim-muon:Muon"])
def test_the_name_is_ours(name):
    """`muon` is this class; torch's is `TorchMuon`."""
    assert Muon is registry.optimizers[name]
    assert ("Muon", "optim-muon") == ((spec := registry.build({"type": name})).type, spec.provided_by.split()[0])
    assert registry.optimizers["TorchMuon"] is not Muon


def test_defaults():
    """Defaults are as documented; fields that the documents leave out do as little as can be."""
    assert DEFAULTS == attrs.asdict(build().config, recurse=False)


@pytest.mark.parametrize("config", [DEFAULTS, OTHERS])
def test_a_config_goes_there_and_back(config):
    """What `to_config` gives builds an equal spec."""
    spec = build(**config)
    assert config == attrs.asdict(spec.config, recurse=False)
    assert spec == registry.build(registry.to_config(spec))


@pytest.mark.parametrize(
    ("config", "path", "words"),
    [
        ({"lr": 0}, "lr", "must be > 0"),
        ({"learning_rate": -1}, "learning_rate", "must be > 0"),
        ({"adamw_lr": 0.0}, "adamw_lr", "must be > 0"),
        ({"momentum": 1.0}, "momentum", "must be in [0, 1)"),
        ({"nesterov": 1}, "nesterov", "true or false"),
        ({"weight_decay": -0.1}, "weight_decay", "must be ≥ 0"),
        ({"muon_weight_decay": -0.1}, "muon_weight_decay", "must be ≥ 0"),
        ({"betas": [0.9, 1.0]}, "betas[1]", "must be in [0, 1)"),
        ({"eps": 0}, "eps", "must be > 0"),
        ({"ns_steps": 0}, "ns_steps", "must be in [1, 100)"),
        ({"ns_steps": 2.5}, "ns_steps", "whole number"),
        ({"ns_coefficients": "jordan"}, "ns_coefficients", "`classic`"),
        ({"ns_coefficients": [1.0, 2.0]}, "ns_coefficients", "a list of 3"),
        ({"ns_coefficients": [1.0, 2.0, float("inf")]}, "ns_coefficients[2]", "finite"),
        ({"ns_coefficients": [[1.0, 2.0, 3.0]]}, "ns_coefficients", "a triple for each of ns_steps, 5, has 1"),
        ({"adjust_lr_fn": "spectral"}, "adjust_lr_fn", "`match_rms_adamw`"),
        ({"ns_dtype": "float16"}, "ns_dtype", "`bfloat16`"),
        ({"matrices": "hiden"}, "matrices", "`hidden`"),
        ({"matrices": []}, "matrices", "at least one pattern"),
        ({"matrices": ["ok", ""]}, "matrices[1]", "is empty"),
        ({"matrices": ["re:("]}, "matrices[0]", "must be a regular expression"),
        ({"split": {"*.qkv": 1}}, "split", "at least 2 parts"),
        ({"split": {"re:[": 2}}, "split", "must be a regular expression"),
        ({"split": {"*.qkv": "three"}}, "split.*.qkv", "whole number"),
    ],
)
def test_a_wrong_value_is_named(config, path, words):
    """The one problem is at the field, and says what it may be."""
    with pytest.raises(ConfigError) as caught:
        build(**config)
    (problem,) = caught.value.problems
    assert f"config.{path}" == problem.path
    assert words in problem.message


def test_a_config_needs_no_torch():
    """Finding the name, building the spec and refusing a wrong one import neither torch nor numpy."""
    code = """
import sys
from optim_core import registry
registry.build({"type": "Muon", "config": {"matrices": ["a.*"], "split": {"*.qkv": 3}}})
try:
    registry.build({"type": "Muon", "config": {"matrices": ["re:("]}})
except ValueError:
    print("torch" in sys.modules or "numpy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)
    assert "False\n" == done.stdout


# -- groups ----------------------------------------------------------------------------------------------------------


def test_each_half_has_its_numbers(model):
    """Every field reaches the groups of its half."""
    optimizer = build(**OTHERS).create_optimizer(model)
    (others,) = groups_of(optimizer, use_muon=False)
    whole, fused = sorted(groups_of(optimizer, use_muon=True), key=lambda group: group["split"])

    assert optim_muon.optimizer.Muon is type(optimizer)
    assert (1, 3) == (whole["split"], fused["split"])
    for group in (whole, fused):
        assert (0.01, 0.9, False, 0.1, 2) == tuple(
            group[key] for key in ("lr", "momentum", "nesterov", "weight_decay", "ns_steps")
        )
        assert ("match_rms_adamw", "float32") == (group["adjust_lr_fn"], group["ns_dtype"])
        assert [(3.0, -4.0, 2.0), (2.0, -1.5, 0.5)] == [*map(tuple, group["ns_coefficients"])]
    assert (1e-3, 0.2, (0.8, 0.95), 1e-6) == tuple(others[key] for key in ("lr", "weight_decay", "betas", "eps"))


def test_each_parameter_is_in_one_group(model, halves):
    """A tied parameter, an embedding's and a head's, is AdamW's alone; a frozen one is in no group."""
    model.decoder = nn.Linear(8, 11, bias=False)
    model.decoder.weight = model.embedding.weight
    model.output_head.requires_grad_(False)
    ours, others = halves(build(matrices="hidden").create_optimizer(model))

    expected = [name for name, one in model.named_parameters() if one.requires_grad]
    assert sorted(expected) == sorted(ours + others)
    assert "embedding.weight" in others


def test_a_rule_sets_what_it_names_for_the_matrices_that_it_matches(model):
    """A field of the matrix half, in a group of its own."""
    spec = registry.build(
        {"type": "Muon", "param_groups": [{"match": "transformer.layers.0.*", "lr": 0.1, "adamw_lr": 0.01}]}
    )
    optimizer = spec.create_optimizer(model)
    rates = {name: group["lr"] for group in optimizer.param_groups for name in group["param_names"]}

    assert (0.1, 0.02) == tuple(rates[f"transformer.layers.{layer}.linear1.weight"] for layer in (0, 1))
    assert (0.01, 3e-4) == tuple(rates[f"transformer.layers.{layer}.linear1.bias"] for layer in (0, 1))


def test_no_decay_holds_for_both_halves(model):
    """What it names gets none; the rest of both halves keeps its own."""
    spec = registry.build(
        {
            "type": "Muon",
            "config": {"weight_decay": 0.1, "muon_weight_decay": 0.2},
            "no_decay": ["bias", "norm", "embedding"],
        }
    )
    optimizer = spec.create_optimizer(model)
    decay = {name: group["weight_decay"] for group in optimizer.param_groups for name in group["param_names"]}

    assert 0.2 == decay["transformer.layers.0.linear1.weight"]
    assert 0.1 == decay["scoring_head.weight"]
    assert [0.0] * 3 == [
        decay[f"transformer.layers.0.{name}"] for name in ("linear1.bias", "norm1.weight", "norm1.bias")
    ]
    assert 0.0 == decay["embedding.weight"]


def test_layer_decay_holds_for_the_adamw_half(model):
    """Embeddings and biases get it, the head has the full rate; for the matrices it warns once."""
    spec = registry.build({"type": "Muon", "layer_decay": 0.5})
    with pytest.warns(UserWarning, match="layer_decay would multiply the rate of 8 of Muon's matrices") as caught:
        optimizer = spec.create_optimizer(model)
    rates = {name: group["lr"] for group in optimizer.param_groups for name in group["param_names"]}

    assert 1 == len(caught)
    assert pytest.approx(3e-4 / 8) == rates["embedding.weight"]
    assert pytest.approx(3e-4 / 4) == rates["transformer.layers.0.linear1.bias"]
    assert 0.02 == rates["transformer.layers.0.linear1.weight"]
    assert 3e-4 == rates["output_head.weight"]


@pytest.mark.parametrize("coefficients", ["classic", "polar_express", [2.0, -1.5, 0.5]])
def test_explain_says_what_the_groups_hold(model, coefficients):
    """Each option of a plan is the group's."""
    spec = registry.build({"type": "Muon", "config": {"ns_coefficients": coefficients}})
    plans = registry.explain(spec, model)
    for group in spec.create_optimizer(model).param_groups:
        for name in group["param_names"]:
            assert plans[name].options == {option: group[option] for option in plans[name].options}


def test_a_multiplier_that_a_rule_gives_matrices_warns_once_too(model):
    """It names the rule; a second optimizer for the same model is told again."""
    spec = registry.build(
        {
            "type": "Muon",
            "param_groups": [{"match": "*.bias", "weight_decay": 0.5}, {"match": "*.linear1.*", "lr_multiplier": 2.0}],
        }
    )
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            spec.create_optimizer(model)
        (warning,) = caught
        assert str(warning.message).startswith("param_groups[1] would multiply the rate of 2 of Muon's matrices")


def test_ready_made_groups_pass_through(model):
    """They say by `use_muon` which half they are; a rate that is left out is that of the half."""
    matrices = [one for name, one in model.named_parameters() if one.ndim > 1 and "transformer" in name]
    known = {id(one) for one in matrices}
    rest = [one for one in model.parameters() if id(one) not in known]
    optimizer = build(adamw_lr=0.5).create_optimizer(
        [{"params": matrices, "use_muon": True, "lr": 0.3}, {"params": rest, "use_muon": False}]
    )
    assert [(True, 0.3), (False, 0.5)] == [(group["use_muon"], group["lr"]) for group in optimizer.param_groups]


def test_a_ready_made_group_that_does_not_say_which_half_it_is(model):
    """It is refused: nothing is guessed."""
    with pytest.raises(ValueError, match="use_muon"):
        build().create_optimizer([{"params": [*model.parameters()]}])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda model: model.parameters(), "hand over the model"),
        (lambda model: model.named_parameters(), "hand over the model instead of its parameters"),
        (lambda _: nn.Sequential(nn.LayerNorm(3)), "none of the 2 parameters has two dimensions or more"),
        (lambda _: nn.Linear(3, 2), r"every matrix is .* weight \(output head\)"),
    ],
)
def test_what_has_no_matrix_for_the_rule_is_refused(model, given, words):
    """At `create_optimizer`, with what to do."""
    with pytest.raises(ParamGroupError, match=words):
        build().create_optimizer(given(model))


@pytest.mark.parametrize("matrices", ["transformer", ["transformer.*"]])
def test_pairs_are_enough_for_a_rule_by_name(model, matrices, halves):
    """Names are all that it needs."""
    by_pairs = build(matrices=matrices).create_optimizer(model.named_parameters())
    assert halves(build(matrices=matrices).create_optimizer(model)) == halves(by_pairs)
    assert 8 == len(halves(by_pairs)[0])


# -- what it says ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("matrices", "size", "rule"),
    [
        ("auto", 1024, "8 tensors with 1,024 parameters (matrices: auto, which is hidden and transformer in the name)"),
        ("hidden", 1024, "8 tensors with 1,024 parameters (matrices: hidden)"),
        (["*.linear1.weight"], 256, "2 tensors with 256 parameters (matrices: *.linear1.weight)"),
    ],
)
def test_it_says_once_what_it_did(model, caplog, matrices, size, rule):
    """How many tensors and numbers each half has, and by which rule, in one line at INFO."""
    with caplog.at_level(logging.INFO, logger="optim_muon"):
        build(matrices=matrices).create_optimizer(model)
    (record,) = [record for record in caplog.records if record.name == "optim_muon"]
    rest = sum(one.numel() for one in model.parameters()) - size

    assert logging.INFO == record.levelno
    assert record.getMessage().startswith(f"Muon has {rule}; AdamW has ")
    assert record.getMessage().endswith(f" tensors with {rest:,} parameters")


def test_it_is_a_torch_optimizer(model):
    """What torch's tools look for."""
    optimizer = build().create_optimizer(model)
    assert isinstance(optimizer, torch.optim.Optimizer)
    assert [] == [*optimizer.state]


@pytest.mark.parametrize("field", [{"matrices": ["w"]}, {"split": {"w": 2}}])
def test_ready_made_groups_leave_nothing_to_divide(field):
    """Groups that say `use_muon` themselves do not go with a config that says which parameters are matrices."""
    weight = torch.nn.Parameter(torch.ones(4, 4))
    spec = registry.build({"type": "Muon", "config": field}, kind="optimizer")
    with pytest.raises(ParamGroupError, match=f"what `{next(iter(field))}` would"):
        spec.create_optimizer([{"params": [weight], "use_muon": True}])
