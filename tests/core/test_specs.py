"""Specs and recipes as values."""

from __future__ import annotations

import copy
import pickle
from functools import partial

import attrs
import pytest
from model_tree import Linear
from plugin_classes import LiveOptimizer, empty_registry

from optim_core import ConfigError, ParamGroupError, Recipe

OPTIMIZER = {"type": "Momentum", "config": {"lr": 0.5}}


SCHEDULER = {"type": "ExponentialLR", "config": {"gamma": 0.9}}


def test_specs_and_errors_survive_pickling_and_copying():
    """What `build` returns and raises can cross to another process."""
    recipe = empty_registry().build({"optimizer": OPTIMIZER, "scheduler": SCHEDULER})
    assert isinstance(recipe, Recipe)
    assert recipe == pickle.loads(pickle.dumps(recipe)) == copy.deepcopy(recipe)
    with pytest.raises(ConfigError) as caught:
        empty_registry().build({"type": "nothing"})
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(caught.value), caught.value.problems) == (type(again), again.problems)


@attrs.frozen(kw_only=True)
class OfModel:
    """An optimizer that is made from the model."""

    lr: float = 0.1

    def build(self, params, model):
        made = LiveOptimizer(params, self.lr)
        made.model = model
        return made


@attrs.frozen(kw_only=True)
class OfModelIfThereIsOne(OfModel):
    """An optimizer that also does without the model."""

    def build(self, params, model=None):
        return super().build(params, model)


@attrs.frozen(kw_only=True)
class OfAnything:
    """An optimizer whose build takes whatever it is given, and declares no model."""

    def build(self, params, **others):
        assert {} == others
        return LiveOptimizer(params, 0.1)


def made_by(cls, **beside):
    registry = empty_registry()
    registry.register("optimizer", "Own", cls)
    return registry.build({"type": "Own", **beside})


@pytest.mark.parametrize("cls", [OfModel, OfModelIfThereIsOne])
def test_a_build_that_declares_the_model_is_given_it(cls):
    """It is the object that the caller handed over; the groups are those of the config, with names."""
    nn = pytest.importorskip("torch.nn")
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    made = made_by(cls, param_groups=[{"match": "1.*", "lr": 0.5}]).create_optimizer(model)
    assert model is made.model
    assert [["0.weight", "0.bias"], ["1.weight", "1.bias"]] == [group["param_names"] for group in made.param_groups]


def test_several_models_are_given_as_one():
    """Its names are those of the groups, which begin with the model's index; the models in it are the caller's."""
    nn = pytest.importorskip("torch.nn")
    models = [nn.Linear(2, 3), nn.Linear(3, 1)]
    made = made_by(OfModel).create_optimizer_for_multiple(models)
    assert models == list(made.model)
    assert made.param_groups[0]["param_names"] == [name for name, _ in made.model.named_parameters()]


@pytest.mark.parametrize(
    "params",
    [
        lambda model: model.parameters(),
        lambda model: model.named_parameters(),
        lambda model: [{"params": list(model.parameters())}],
    ],
)
def test_without_the_model_it_is_asked_for(params):
    """An iterable does not have it; a build that does without the model is then called without it."""
    nn = pytest.importorskip("torch.nn")
    model = nn.Linear(2, 3)
    with pytest.raises(ParamGroupError, match=r"Own is made from the model.*: hand over the model instead"):
        made_by(OfModel).create_optimizer(params(model))
    assert None is made_by(OfModelIfThereIsOne).create_optimizer(params(model)).model


def test_who_declares_no_model_is_given_none():
    """Also where the build would take anything."""
    nn = pytest.importorskip("torch.nn")
    assert 0.1 == made_by(OfAnything).create_optimizer(nn.Linear(2, 3)).lr


@attrs.frozen(kw_only=True)
class MadeInEvalMode:
    """An optimizer with modes, which begins in that of evaluation."""

    def build(self, params):
        made = LiveOptimizer(params, 0.1)
        made.mode = "eval"
        made.train, made.eval = (partial(setattr, made, "mode", mode) for mode in ("train", "eval"))
        return made


def test_an_optimizer_that_has_modes_is_made_in_train_mode():
    """Whatever mode its plugin class leaves it in; of a model, and of parameters."""
    model = Linear()
    spec = made_by(MadeInEvalMode)
    made = [spec.create_optimizer(model), spec.create_optimizer(list(model.parameters()))]
    assert ["train"] * 2 == [each.mode for each in made]
