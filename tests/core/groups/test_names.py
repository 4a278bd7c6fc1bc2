"""The names of parameter groups: of an optimizer that a spec made, and of any other."""

import attrs
import pytest
from model_tree import Linear, Model, Module
from parameter_groups import Halves, Largest, hooked, spec
from plugin_classes import Momentum, empty_registry

from optim_core.groups.names import common_module, group_names, name_groups
from optim_core.plugin_tools import rule_name

BIAS_AND_NORM = {"no_decay": ["bias", "norm"]}
HEAD = {"match": "head.*", "lr_multiplier": 5.0}


class Groups:
    """What has parameter groups, and no more."""

    def __init__(self, *groups, **defaults):
        self.param_groups = [{"params": [], **group} for group in groups]
        self.defaults = defaults


def names(built, model=None, **options):
    """Return the names of the groups that a spec makes of a model, which those of `explain` are too."""
    model = model or Model(2)
    made = built.create_optimizer(model, **options)
    planned = [group.name for group in empty_registry().explain(built, model, **options).groups() if group.name]
    assert planned == [group["name"] for group in made.param_groups] == list(group_names(made))
    assert len(set(planned)) == len(planned)
    return planned


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        ({}, ["default"]),
        (BIAS_AND_NORM, ["default", "no_decay"]),
        ({"param_groups": [HEAD]}, ["default", "param_groups_0"]),
        (
            {"param_groups": [HEAD], **BIAS_AND_NORM},
            ["default", "no_decay", "param_groups_0", "param_groups_0_no_decay"],
        ),
        # It decays itself, so that nothing is without decay in the rule's group.
        (
            {"param_groups": [{"match": "head.*", "weight_decay": 0.5}], **BIAS_AND_NORM},
            ["default", "no_decay", "param_groups_0"],
        ),
        # Rules of equal options share a group, and a rule that changes nothing has none.
        (
            {"param_groups": [{"match": "head.*", "lr": 0.5}, {"match": "embed.*", "lr": 0.5}]},
            ["param_groups_1_param_groups_0", "default"],
        ),
        ({"param_groups": [{"match": "head.*"}]}, ["default"]),
        ({"param_groups": [{"match": "embed.*", "freeze": True}]}, ["default"]),
        ({"layer_decay": 0.5}, ["layer_0", "layer_1", "layer_2", "layer_3"]),
        ({"layer_decay": 1.0}, ["default"]),
    ],
)
def test_what_divides_the_parameters_names_their_groups(beside, expected):
    """What all parameters of a group have in common is its name."""
    assert expected == names(spec(**beside))


def test_more_rules_than_a_legend_has_room_for_are_counted():
    """The first two are named."""
    patterns = ("embed.*", "head.*", "norm.*", "blocks.0.*")
    rules = [{"match": pattern, "lr": 0.5} for pattern in patterns]
    assert ["param_groups_0_param_groups_3_and_2_more", "default"] == names(spec(param_groups=rules))


def test_a_decay_that_is_none_anyway_gives_no_name():
    """All are in one group."""
    assert ["default"] == names(spec(config={"lr": 0.1, "weight_decay": 0.0}, **BIAS_AND_NORM))


def test_a_module_with_a_multiplier_is_called_by_its_place():
    """By its class, too, where the place is a number, or is the whole model."""
    model = Model(2)
    first = getattr(model.blocks, "0")
    assert ["embed", "blocks.0", "default", "head"] == names(
        spec(), model, lr_multipliers={model.head: 2.0, first: 3.0, model.embed: 5.0}
    )
    assert ["default", "blocks.0_head"] == names(spec(), model, lr_multipliers={model.head: 2.0, first: 2.0})
    assert ["Model"] == names(spec(), model, lr_multipliers={model: 2.0})
    first, second = Linear(), Linear()
    made = spec().create_optimizer_for_multiple([first, second], lr_multipliers={second: 2.0})
    assert ("default", "Linear_1") == group_names(made)


def test_the_options_of_a_hook_tell_groups_apart():
    """A mark gives its word, a value its own; what the rules and factors explain is not said again."""
    assert ["largest", "default"] == names(hooked(Largest), Model(1))
    assert ["largest", "default", "param_groups_0"] == names(
        hooked(Largest, param_groups=[{"match": "head.*", "momentum": 0.5}]), Model(1)
    )
    assert ["default", "matrix"] == names(hooked(Halves), Model(1))


def test_a_hook_may_name_its_groups():
    """What divides them further stands behind that; a logger refuses nothing in it."""

    @attrs.frozen(kw_only=True)
    class Named(Momentum):
        def group_options(self, info):
            return {"name": "a matrix" if info.ndim > 1 else "vector", "momentum": float(info.ndim) / 4}

    assert ["a_matrix", "vector"] == names(hooked(Named))
    rules = [{"match": "head.*", "lr_multiplier": 2}]
    assert ["a_matrix", "vector", "a_matrix_param_groups_0", "vector_param_groups_0"] == names(
        hooked(Named, param_groups=rules)
    )


def test_tensors_have_a_group_of_the_same_name():
    """With and without names of their own."""
    model = Linear()
    assert ["default"] == [group["name"] for group in spec().create_optimizer(model.parameters()).param_groups]
    assert ["default"] == [group["name"] for group in spec().create_optimizer(model.named_parameters()).param_groups]


def test_ready_made_groups_keep_their_names():
    """A second one of the same name has a number; one without is called by its module, or by its own number."""
    found = [
        {"name": "body"},
        {"name": "body"},
        {"param_names": ["a.b.weight", "a.b.bias"]},
        {},
        {"param_names": ["weight"]},
        {"name": "group_3"},
    ]
    optimizer = Groups(*found)
    name_groups(optimizer)
    assert ("body", "body_2", "a.b", "group_3_2", "group_4", "group_3") == group_names(optimizer)


def test_an_optimizer_that_no_spec_made_has_names_in_reports_alone():
    """The one that a group has, or its number; nothing is written into the groups."""
    optimizer = Groups({}, {"name": "body"}, {"name": "body"}, {"name": 3})
    assert ("group_0", "body", "body_2", "group_3") == group_names(optimizer)
    assert "name" not in optimizer.param_groups[0]


def test_an_option_that_is_called_name_is_left_alone():
    """It is the optimizer's."""
    optimizer = Groups({"name": "kind"}, {"name": "kind"}, name="kind")
    name_groups(optimizer)
    assert ["kind", "kind"] == [group["name"] for group in optimizer.param_groups]
    assert ("kind", "kind_2") == group_names(optimizer)


def test_groups_that_an_optimizer_divides_by_dtype_say_the_dtype():
    """Where each holds one; else they have numbers."""

    class Of:
        def __init__(self, dtype):
            self.dtype = f"torch.{dtype}"

    half, single, other = Of("float16"), Of("float32"), Of("float32")
    planned = dict.fromkeys(map(id, (half, single, other)), "default")
    optimizer = Groups({"params": [half]}, {"params": [single, other]})
    name_groups(optimizer, planned)
    assert ("default_float16", "default_float32") == group_names(optimizer)
    optimizer = Groups({"params": [single]}, {"params": [other]})
    name_groups(optimizer, planned)
    assert ("default", "default_2") == group_names(optimizer)


@pytest.mark.parametrize(
    ("parameters", "module"),
    [
        (["encoder.0.weight", "encoder.0.bias"], "encoder.0"),
        (["encoder.0.weight", "encoder.1.weight"], "encoder"),
        (["encoder.weight", "head.weight"], ""),
        (["weight"], ""),
        ([], ""),
    ],
)
def test_the_module_of_parameters_is_what_their_names_begin_with(parameters, module):
    """As far as all of them do."""
    assert module == common_module(parameters)


def test_names_have_nothing_that_loggers_refuse():
    """MLflow, for one, raises at brackets, and TensorBoard writes another character."""
    model = Model(1)
    model.odd = Module(**{"in side": Linear()})
    made = spec(param_groups=[{"match": "head.*", "lr": 0.5}], layer_decay=0.5).create_optimizer(
        model, lr_multipliers={model.odd: 2.0}
    )
    assert all(
        set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
        for name in group_names(made)
    )
    assert "param_groups_3" == rule_name(3)
