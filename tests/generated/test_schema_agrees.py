"""JSON Schema and `build` agree on generated configs of every plugin that is installed."""

from __future__ import annotations

from typing import Any

import pytest
from component_configs import components_of, edge_components, installed, plainly_wrong
from field_values import junk
from group_configs import plainly_wrong_beside
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from mutations import MUTATIONS, mutated
from other_forms import forms
from pinned import pinned
from recipe_configs import configs, named_sets, recipes

from optim_core import ConfigError, registry
from optim_core.plugin_class.fields import rate_field

# Of a config that is taken there may be more to say, which is not looked at here.
pytestmark = pytest.mark.filterwarnings("ignore::optim_core.errors.ConfigWarning")

schema = Draft202012Validator(registry.schema())
FIRST = registry.names("optimizer")[0]
keys = st.sampled_from(["?", "x", "unknown", "name"])


def built(config: Any, kind: Any = None) -> Any:
    """The spec or recipe of a config, None where `build` refuses it."""
    try:
        return registry.build(config, kind)
    except ConfigError:
        return None


def has_rate(name: str) -> bool:
    return rate_field(registry.catalog("optimizer")[name]) is not None


def whole(kind: Any, component: Any) -> Any:
    """A component where its kind is plain."""
    filler = {"type": FIRST, "config": None}
    key = {"optimizer": "optimizer", "scheduler": "scheduler", "clipper": "gradient_clipping"}[kind]
    return {"optimizer": filler, key: component}


@pytest.mark.parametrize(("kind", "name"), installed())
@pinned(8)
@given(data=st.data())
def test_what_build_takes_fits(kind, name, data):
    """A component that `build` takes fits the schema, and so does what `to_config` writes of it."""
    config = whole(kind, data.draw(components_of(kind, name)))
    spec = built(config)
    assume(spec is not None)

    assert schema.is_valid(config)
    assert schema.is_valid(registry.to_config(spec))


@pytest.mark.parametrize(("kind", "name"), installed())
@pinned(15)
@given(data=st.data())
def test_what_does_not_fit_is_refused(kind, name, data):
    """A component with values at the edges of their ranges, wrong or unknown: what the schema refuses, `build` does."""
    config = whole(kind, data.draw(edge_components(kind, name)))
    if not schema.is_valid(config):
        assert built(config) is None


@pytest.mark.parametrize(("kind", "name"), installed())
@pinned(8)
@given(data=st.data())
def test_what_is_plainly_wrong_does_not_fit(kind, name, data):
    """A field of no right type, one outside its range, an unknown one, a required one left out: both refuse each."""
    config = whole(kind, data.draw(components_of(kind, name, 0)))
    assume(built(config) is not None)
    part = {"optimizer": "optimizer", "scheduler": "scheduler", "clipper": "gradient_clipping"}[kind]
    config[part]["config"] = data.draw(plainly_wrong(registry.catalog(kind)[name], config[part]["config"] or {}))

    assert not schema.is_valid(config)
    assert built(config) is None


@pytest.mark.parametrize("name", [name for name in registry.names("optimizer") if has_rate(name)])
@pinned(8)
@given(data=st.data())
def test_what_is_plainly_wrong_of_some_parameters_does_not_fit(name, data):
    """A rule, a kind without decay or a layer decay that is none: both refuse each."""
    config = whole("optimizer", data.draw(components_of("optimizer", name, 0)))
    assume(built(config) is not None)
    config["optimizer"] |= data.draw(plainly_wrong_beside(registry.catalog("optimizer")[name]))

    assert not schema.is_valid(config)
    assert built(config) is None


@pytest.mark.parametrize("form", [recipes(), named_sets()], ids=["recipe", "named set"])
@pinned(40)
@given(data=st.data())
def test_what_build_takes_of_a_whole_config_fits(form, data):
    """A recipe or a named set that `build` takes fits the schema, and so does what `to_config` writes of it."""
    config = data.draw(form)
    recipe = built(config)
    assume(recipe is not None)

    assert schema.is_valid(config)
    assert schema.is_valid(registry.to_config(recipe))


@pinned(150)
@given(config=mutated(configs() | forms(), junk, keys, MUTATIONS))
def test_what_build_takes_of_a_spoiled_config_fits(config):
    """A config with a node or two deleted, renamed, replaced or moved: if `build` takes it all the same, it fits."""
    if built(config) is not None:
        assert schema.is_valid(config)


@pinned(150)
@given(config=forms())
def test_what_build_takes_in_another_form_fits(config):
    """A flat set, a serialized pair, fields beside a type, a section, sets by their names alone."""
    if built(config) is not None:
        assert schema.is_valid(config)
