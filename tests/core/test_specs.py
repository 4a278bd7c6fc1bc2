"""Specs and recipes as values."""

from __future__ import annotations

import copy
import pickle

import pytest
from plugin_classes import empty_registry

from optim_core import (
    ConfigError,
    Recipe,
)

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
