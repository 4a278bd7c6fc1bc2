"""The forms of configs are one list, and the first that fits a config reads it."""

from __future__ import annotations

import pytest
from plugin_classes import Momentum, empty_registry

from optim_core import ConfigError
from optim_core.config.forms import recognise
from optim_core.config.forms.form import Asked, ConfigForm, Reading

OPTIMIZER = {"type": "Momentum", "config": {"lr": 0.5}}
PAIR = {"optimizer": OPTIMIZER}


def asked(**given):
    components = empty_registry()._builder._components
    return Asked(components.fields, components.kind_of, **given)


def forms_of(config):
    """The names of all forms that a config has, the one that counts first."""
    return [form.name for form in recognise.FORMS if form.recognises(config, asked())]


def test_the_order_of_the_forms():
    """The usual ones come first; what is known by its keys alone comes before what is known by what stands below."""
    assert [
        "component",
        "nested recipe",
        "section of a training config",
        "named sets",
        "serialized pairs",
        "flat set",
        "recipe with other keys",
        "named sets without the key above them",
    ] == [form.name for form in recognise.FORMS]


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (OPTIMIZER, "component"),
        ({"type": "Momentum", "optimizer_name": "Momentum"}, "component"),
        (PAIR, "nested recipe"),
        ({"training": PAIR, "model": {"optimizer": OPTIMIZER}}, "section of a training config"),
        ({"optimizer_configs": {"a": PAIR}, "optimizer": OPTIMIZER, "training": PAIR}, "named sets"),
        ({"scheduler_configs": {}, "optimizer_name": "Momentum"}, "named sets"),
        ({"optimizer_type": "Momentum", "optimizer_params": {"lr": 0.5}, "scheduler_name": "x"}, "serialized pairs"),
        ({"optimizer_name": "Momentum", "scheduler": {"type": "x"}}, "flat set"),
        ({"optimizer": "Momentum", "lr": 0.5}, "flat set"),
        ({"optimizer": OPTIMIZER, "model": 3}, "recipe with other keys"),
        ({"gradient_clipping": 1.0}, "recipe with other keys"),
        ({"generator": PAIR, "critic": PAIR}, "named sets without the key above them"),
        ({"generator": OPTIMIZER}, "named sets without the key above them"),
    ],
)
def test_the_first_form_that_a_config_has(config, name):
    """Of several that fit, the first of the list counts."""
    assert name == forms_of(config)[0]


@pytest.mark.parametrize("config", [{}, {"model": 3}, {"lr": 0.5}, {"data": {"path": "x"}}])
def test_a_config_of_no_form(config):
    """Nothing is guessed."""
    assert recognise.read_form(config, asked()) is None


def test_a_section_has_no_component_and_no_section():
    """What stands below `training` is a recipe, in any of its forms."""
    inner = asked(section=True)
    assert recognise.read_form(OPTIMIZER, inner) is None
    assert recognise.read_form({"training": PAIR}, inner) is None
    assert Reading(PAIR) == recognise.read_form(PAIR, inner)


# -- one more --------------------------------------------------------------------------------------------------------


def _read_lines(config, _):
    """``{"use": "Momentum with lr 0.5"}``."""
    name, _, rest = config["use"].partition(" with ")
    field, _, value = rest.partition(" ")
    component = {"type": name, "config": {field: value} if field else {}}
    return Reading({"optimizer": component}, written=((("optimizer",), ("use",)),))


@pytest.fixture
def toy(monkeypatch):
    """One row more in the list."""
    row = ConfigForm("one line", lambda config, _: "use" in config, _read_lines)
    monkeypatch.setattr(recognise, "FORMS", (*recognise.FORMS[:2], row, *recognise.FORMS[2:]))


def test_a_new_form_is_built(toy):
    """A row in the list is all that it needs, in the section of a training config too."""
    config = {"use": "Momentum with lr 0.5"}
    assert Momentum(lr=0.5) == empty_registry().build(config).optimizer.config
    assert Momentum(lr=0.5) == empty_registry().build({"training": config, "seed": 3}).optimizer.config
    assert {"optimizer": OPTIMIZER} == empty_registry().migrate(config)


def test_what_is_wrong_in_a_new_form_is_told_where_its_author_wrote_it(toy):
    """The form says where."""
    with pytest.raises(ConfigError) as caught:
        empty_registry().build({"training": {"use": "Momentum with lr -1"}})
    assert [("training.use.config.lr", "must be > 0, is -1.0")] == [
        (problem.path, problem.message) for problem in caught.value.problems
    ]
