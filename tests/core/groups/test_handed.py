"""Parameters of a model that are handed over by themselves, to the factory of a spec."""

from __future__ import annotations

import copy
import pickle

import pytest

pytest.importorskip("torch")

import torch
from model_tree import Model
from parameter_groups import spec

from optim_core import ConfigError, ParamGroupError, registry

RULES = {
    "param_groups": [{"match": "head.*", "lr_multiplier": 3.0}],
    "no_decay": ["bias", "norm"],
    "layer_decay": 0.5,
}


def described(optimizer):
    """The names and options of each group."""
    return [{key: value for key, value in group.items() if key != "params"} for group in optimizer.param_groups]


def test_tensors_alone_get_the_groups_and_names_of_the_model():
    """Whatever their order: as if the model had been handed over."""
    model = Model(3)
    built = spec(**RULES)
    expected = described(built.create_optimizer(model))
    make = built.factory(model)
    assert expected == described(make(model.parameters()))
    assert expected == described(make(list(model.parameters())[::-1]))
    assert expected == described(make(model.named_parameters()))


def test_some_of_the_tensors_get_what_they_have_in_the_whole():
    """A head alone keeps the factor that it has beside the rest."""
    model = Model(3)
    built = spec(**RULES)
    whole = {
        name: {key: value for key, value in group.items() if key != "param_names"}
        for group in described(built.create_optimizer(model))
        for name in group["param_names"]
    }
    for name, parameter in model.named_parameters():
        (group,) = described(built.factory(model)([parameter]))
        assert [name] == group.pop("param_names")
        assert whole[name] == group


def test_frozen_parameters_are_left_out_as_they_are_of_a_model():
    """And a rule freezes what it is to freeze."""
    model = Model(1)
    model.embed.weight.requires_grad = False
    built = spec(param_groups=[{"match": "head.*", "freeze": True}])
    optimizer = built.factory(model)(model.parameters())
    names = [name for group in optimizer.param_groups for name in group["param_names"]]
    assert [] == [name for name in names if name.startswith(("embed", "head"))]
    assert not model.head.weight.requires_grad
    with pytest.raises(ParamGroupError, match="none of the parameters is one that the config trains in Model"):
        spec().factory(model)([model.embed.weight])


def test_a_tensor_that_is_not_of_the_model_is_refused():
    """By its place or its name, and its shape."""
    make = spec().factory(Model(1))
    with pytest.raises(ParamGroupError, match=r"parameter 0, of shape \(2, 3\), is no parameter of Model"):
        make([torch.zeros(2, 3, requires_grad=True)])
    with pytest.raises(ParamGroupError, match=r"other.weight, of shape \(2,\), is no parameter of Model"):
        make([("other.weight", torch.zeros(2, requires_grad=True))])
    with pytest.raises(ParamGroupError, match=r"parameter 0 of group 0, of shape \(2,\), is no parameter of Model"):
        make([{"params": [torch.zeros(2, requires_grad=True)]}])


def test_ready_made_groups_stay_and_get_the_options_of_their_parameters():
    """Those of `groups()`, in parts, one of them empty, as a process of several has them."""
    model = Model(2)
    built = spec(**RULES)
    make = built.factory(model)
    groups = make.groups()
    expected = described(built.create_optimizer(model))
    assert [{key: value for key, value in group.items() if key != "param_names"} for group in expected] == described(
        make(groups)
    )
    parts = [{**group, "params": group["params"][::2] if number else []} for number, group in enumerate(groups)]
    assert len(groups) == len(make(parts).param_groups)


def test_a_ready_made_group_that_the_config_divides_is_refused():
    """It names two of its parameters, and what to hand over."""
    model = Model(1)
    make = spec(**RULES).factory(model)
    with pytest.raises(ParamGroupError, match=r"group 0 holds \S+ and \S+, which the config keeps apart: hand over"):
        make([{"params": list(model.parameters())}])


def test_a_ready_made_group_with_another_rate_than_the_config_has_is_refused():
    """No multiplier is lost without a word."""
    model = Model(1)
    make = spec(**RULES).factory(model)
    with pytest.raises(ParamGroupError, match=r"group 0 says lr: 0\.25, and the config has .* for its parameters"):
        make([{"params": [model.head.weight], "lr": 0.25}])


def test_overrides_are_checked_as_a_config_is():
    """Numbers as texts are taken, as in a config; all that is wrong is told at once; the spec stays as it was."""
    built = registry.build({"type": "AdamW", "config": {"lr": 0.1, "amsgrad": True}})
    make = built.factory()
    weights = [torch.zeros(2, requires_grad=True)]
    defaults = make(weights, learning_rate="2e-3", betas=[0.5, 0.6]).defaults
    assert (0.002, (0.5, 0.6), True) == (defaults["lr"], defaults["betas"], defaults["amsgrad"])
    with pytest.raises(ConfigError) as caught:
        make(weights, lr=-1, weight_decai=0.1, eps=True)
    assert ["lr", "weight_decai", "eps"] == [problem.path for problem in caught.value.problems]
    assert "did you mean `weight_decay`?" in str(caught.value)
    assert 0.1 == built.config.lr


def test_an_override_is_checked_together_with_what_stays():
    """A validator that looks at two fields sees the one that the config has."""
    built = registry.build({"type": "SGD", "config": {"lr": 0.1, "momentum": 0.9, "nesterov": True}})
    with pytest.raises(ConfigError):
        built.changed(momentum=0.0)
    assert 0.5 == built.changed(momentum=0.5).config.momentum


def test_a_factory_without_a_model_does_as_create_optimizer_does():
    """A rule that goes by names is refused for tensors that have none."""
    make = spec(**RULES).factory()
    with pytest.raises(ParamGroupError, match="goes by names, and these tensors have none"):
        make(Model(1).parameters())
    with pytest.raises(ParamGroupError, match=r"give it to factory\(model\)"):
        make.groups()


def test_a_factory_is_pickled_and_copied_with_its_model():
    """The copy knows the copied model's parameters, and is told apart from the original, as functions are."""
    model = Model(1)
    make = spec(**RULES).factory(model)
    expected = described(make(model.parameters()))
    for other in (pickle.loads(pickle.dumps(make)), copy.deepcopy(make)):
        assert expected == described(other(other.model.parameters()))
        assert other != make


def test_muon_is_made_of_tensors_alone():
    """Which of them are matrices inside the model, the model says."""
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 8), torch.nn.Linear(8, 2))
    built = registry.build({"type": "Muon"})
    assert described(built.create_optimizer(model)) == described(built.factory(model)(model.parameters(), lr=0.02))


def test_a_field_that_must_be_given_need_not_be_given_again():
    """It has the value of the spec."""
    built = registry.build({"type": "StepLR", "config": {"step_size": 10}})
    assert (10, 0.5) == (built.changed(gamma=0.5).config.step_size, built.changed(gamma=0.5).config.gamma)
    with pytest.raises(ConfigError, match="step_size"):
        built.changed(gama=0.5, step_size=0)


def test_a_field_that_is_changed_is_changed_for_the_parameters_of_a_rule_too():
    """What the rule itself says of them stays."""
    rules = [{"match": "1.*", "lr_multiplier": 3.0, "weight_decay": 0.25}]
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 2))
    built = registry.build({"type": "AdamW", "param_groups": rules})
    config = {"type": "AdamW", "config": {"lr": 0.5, "weight_decay": 0.75}, "param_groups": rules}
    expected = described(registry.build(config).create_optimizer(model))
    assert expected == described(built.changed(lr=0.5, weight_decay=0.75).create_optimizer(model))
    assert expected == described(built.factory(model)(model.parameters(), lr=0.5, weight_decay=0.75))
    assert {0.25, 0.75} == {group["weight_decay"] for group in expected}
