"""A model config in the original's form: what it names is found, and what is wrong is told where it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optim_core import ConfigError
from optim_core.plugin_tools import read_document
from optim_training.configs.dataset_config import dataset_config_of
from optim_training.configs.model_config import model_config_of

OPTIMIZER = {"type": "AdamW", "config": {"lr": 1e-3}}


def read(config: object, *overrides: str) -> object:
    Path("model.json").write_text(json.dumps(config, indent=1))
    return model_config_of(read_document("model.json", overrides))


@pytest.mark.parametrize(
    "training",
    [
        {"optimizer": "adamw", "learning_rate": 1e-3},
        {"optimizer": OPTIMIZER},
        {"optimizer_configs": {"default": {"optimizer": OPTIMIZER}}},
        {"optimizer_type": "adamw", "optimizer_params": {"learning_rate": 1e-3}},
    ],
)
def test_the_recipe_has_any_form(training):
    """Flat, nested, named, serialized."""
    recipe = read({"model_type": "toy_net", "training": training}).recipe
    assert [("AdamW", 1e-3)] == [(spec.type, spec.config.lr) for spec in recipe.optimizers.values()]


def test_what_stands_beside_goes_to_those_that_have_such_a_field():
    """To the model and to the data, of the top level and of `training`; the rest is told."""
    config = {
        "model_type": "toy_net",
        "sample_rate": 8000,
        "sample_size": 100,
        "model": {"width": 3},
        "training": {"optimizer_configs": {"net": {"optimizer": OPTIMIZER}}, "warmup_steps": 7, "use_ema": True},
    }
    found = read(config)
    assert (3, 8000, 7) == (found.spec.config.width, found.spec.config.sample_rate, found.spec.config.warmup_steps)
    assert ["training.use_ema"] == found.unread
    Path("data.json").write_text('{"dataset_type": "toy_data"}')
    assert 8000 == dataset_config_of(read_document("data.json"), found.shared).spec.config.sample_rate
    Path("data.json").write_text('{"dataset_type": "toy_data", "sample_rate": 44100}')
    with pytest.raises(ConfigError, match="sample_rate: is 44100, and the model config says 8000"):
        dataset_config_of(read_document("data.json"), found.shared)


@pytest.mark.parametrize(
    ("config", "path", "message"),
    [
        ({"training": {"optimizer": OPTIMIZER}}, "model_type", "is missing"),
        ({"modeltype": "toy_net", "training": {"optimizer": OPTIMIZER}}, "modeltype", "did you mean `model_type`"),
        ({"model_type": "toy_nett", "training": {"optimizer": OPTIMIZER}}, "model_type", "did you mean `toy_net`"),
        ({"model_type": "toy_net", "modle": {}, "training": {"optimizer": OPTIMIZER}}, "modle", "mean `model`"),
        ({"model_type": "toy_net"}, "training", "is missing"),
        ({"model_type": "toy_net", "training": {"learning_rate": 1}}, "training", "no optimizer"),
        (
            {"model_type": "toy_net", "model": {"widht": 3}, "training": {"optimizer": OPTIMIZER}},
            "model.widht",
            "width",
        ),
        ({"model_type": "toy_net", "model": {"width": 0}, "training": {"optimizer": OPTIMIZER}}, "model.width", ">= 1"),
        ({"model_type": "toy_net", "model": [], "training": {"optimizer": OPTIMIZER}}, "model", "mapping"),
        (
            {"model_type": "toy_net", "training": {"optimizer": {"type": "AdamW", "config": {"lr": -1}}}},
            "training.optimizer.config.lr",
            "must be > 0",
        ),
        (
            {"model_type": "toy_net", "training": {"optimizer": OPTIMIZER, "demo": {"demo_every": 0}}},
            "training.demo.demo_type",
            "is missing",
        ),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(config, path, message):
    """With the file, the path in it, and what to write."""
    with pytest.raises(ConfigError, match=message) as caught:
        read(config)
    found = [problem for problem in caught.value.problems if problem.path == path]
    assert found
    assert {"model.json"} == {problem.file for problem in found}


def test_problems_of_all_parts_are_told_together():
    """Of the model, the recipe and an override."""
    config = {"model_type": "toy_net", "model": {"width": 0}, "training": {"optimizer": {"type": "AdamX"}}}
    with pytest.raises(ConfigError) as caught:
        read(config)
    assert {"model.width", "training.optimizer.type"} == {problem.path for problem in caught.value.problems}
    with pytest.raises(ConfigError, match=r"--set: model\.width"):
        read({"model_type": "toy_net", "training": {"optimizer": OPTIMIZER}, "model": {}}, "model.width=0")


@pytest.mark.parametrize(
    "spec",
    [
        OPTIMIZER,
        {"type": "adamw", "learning_rate": 1e-3},
        {"optimizer": OPTIMIZER},
        {"optimizer_type": "adamw", "optimizer_params": {"learning_rate": 1e-3}},
        {"optimizer_name": "adamw", "lr": 1e-3},
    ],
)
def test_a_model_with_an_optimizer_spec_has_its_recipe_there_in_any_form(spec):
    """`model.optimizer_spec` is the recipe where `training` has none, and a rate there is that of the spec."""
    config = {"model_type": "dense", "model": {"optimizer_spec": spec}}
    assert ("AdamW", 1e-3) == (read(config).recipe.optimizer.type, read(config).recipe.optimizer.config.lr)
    config["training"] = {"learning_rate": 0.5}
    assert (0.5, []) == (read(config).recipe.optimizer.config.lr, read(config).unread)


def test_what_is_wrong_with_an_optimizer_spec_is_told_once_and_in_its_place():
    """A misspelt key is told with its line, and so is a second recipe."""
    config = {"model_type": "dense", "model": {"optimizer_spec": {"type": "AdamW", "config": {"lrr": 1}}}}
    with pytest.raises(ConfigError) as error:
        read(config)
    assert [("model.optimizer_spec.config.lrr", 7)] == [(each.path, each.line) for each in error.value.problems]
    config = {"model_type": "dense", "model": {"optimizer_spec": OPTIMIZER}, "training": {"optimizer": OPTIMIZER}}
    with pytest.raises(ConfigError, match=r"model.optimizer_spec: is a second recipe: `training` has one"):
        read(config)
