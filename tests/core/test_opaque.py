"""Recipes and specs beside other hyperparameters: loggers and checkpoints."""

import copy
import io
import pickle

import attrs
import pytest

pytest.importorskip("torch")

import torch

from optim_core import registry
from optim_core.specs import spec_class

CONFIG = {"optimizer": {"type": "AdamW", "config": {"lr": 0.1}}, "scheduler": {"type": "cosine"}}


def everything():
    recipe = registry.build({**CONFIG, "gradient_clipping": {"type": "norm", "max_norm": 1.0}})
    return recipe, recipe.optimizer, recipe.scheduler, recipe.clipper


def test_the_classes_are_attrs_classes_and_their_instances_are_values():
    """What attrs, copies and pickles do with them is as it was."""
    for built in everything():
        assert attrs.has(type(built))
        assert not attrs.has(built)
        assert built == attrs.evolve(built) == copy.deepcopy(built) == pickle.loads(pickle.dumps(built))
        assert attrs.asdict(built, recurse=False).keys() == {field.name for field in attrs.fields(type(built))}


def test_the_specs_of_a_further_kind_are_so_too():
    """Their class is made from what all specs have in common."""
    assert not attrs.has(spec_class("toy")(type="Toy", config=None))


def test_omegaconf_says_that_it_cannot_hold_them():
    """The loggers of Lightning wait for this error, write the value otherwise, and go on."""
    omegaconf = pytest.importorskip("omegaconf")
    for built in everything():
        with pytest.raises(omegaconf.errors.UnsupportedValueType, match=type(built).__name__):
            omegaconf.OmegaConf.create({"hyperparameters": {"lr": 0.1, "built": built}})


def test_their_config_goes_through_omegaconf_and_a_checkpoint_as_data():
    """What comes out builds the same again."""
    omegaconf = pytest.importorskip("omegaconf")
    for built in everything():
        config = registry.to_config(built)
        held = omegaconf.OmegaConf.create({"built": config})
        assert built == registry.build(held.built)
        assert config == omegaconf.OmegaConf.create(omegaconf.OmegaConf.to_yaml(held)).built
        file = io.BytesIO()
        torch.save({"hyper_parameters": {"built": config}}, file)
        file.seek(0)
        assert built == registry.build(torch.load(file, weights_only=True)["hyper_parameters"]["built"])
