"""A value for each parameter group, by its name; in a list only where the groups are the user's own."""

import copy
import re

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from optim_core import ConfigError, OptimError, ParamGroupError, registry  # noqa: E402

ONE_FOR_EACH = [
    ("OneCycleLR", {"total_steps": 10}, "max_lr", (0.5, 0.1)),
    ("OneCycleLR", {"total_steps": 10, "max_lr": 1.0}, "max_momentum", (0.97, 0.96)),
    ("OneCycleLR", {"total_steps": 10, "max_lr": 1.0}, "base_momentum", (0.8, 0.7)),
    ("CyclicLR", {"max_lr": 1.0, "step_size_up": 3}, "base_lr", (0.5, 0.1)),
    ("CyclicLR", {"base_lr": 0.01, "step_size_up": 3}, "max_lr", (0.5, 0.1)),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 1.0, "step_size_up": 3}, "max_momentum", (0.97, 0.96)),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 1.0, "step_size_up": 3}, "base_momentum", (0.6, 0.7)),
    ("LambdaLR", {}, "lr_lambda", ("0.5 ** step", "0.9 ** step")),
    ("MultiplicativeLR", {}, "lr_lambda", ("0.5", "0.9")),
    ("ReduceLROnPlateau", {"patience": 0, "factor": 0.5}, "min_lr", (0.05, 0.01)),
    ("greedy", {"patience": 0, "factor": 0.5, "max_lr": 1.0}, "min_lr", (0.05, 0.01)),
    ("greedy", {"patience": 0, "factor": 0.5, "min_lr": 0.0, "mode": "max"}, "max_lr", (0.5, 0.15)),
]
SGD = {"type": "SGD", "config": {"lr": 0.1, "momentum": 0.9}}
BY_NO_DECAY = {**SGD, "config": {**SGD["config"], "weight_decay": 0.1}, "no_decay": ["bias"]}
BY_RULES = {**SGD, "param_groups": [{"match": "*.bias", "weight_decay": 0.5}]}


class Model(nn.Module):
    """Its first parameter is the one that other groups are named after."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.last = nn.Linear(4, 2)


def recipe_of(optimizer, name, **config):
    return registry.recipe({"optimizer": optimizer, "scheduler": {"type": name, "config": config}})


def options_over(run, steps=6):
    """What each group has after each step, by the name of the group."""
    seen = []
    for number in range(steps):
        run.optimizer.step()
        run.scheduler.step(*([float(number)] if run.recipe.scheduler.waits_for_metric else []))
        seen.append({group["name"]: (group["lr"], group["momentum"]) for group in run.optimizer.param_groups})
    return seen


@pytest.mark.parametrize(("name", "rest", "field", "values"), ONE_FOR_EACH)
def test_a_value_goes_to_the_group_of_its_name(name, rest, field, values):
    """In whatever order the mapping has them; what torch makes of the list in the groups' order is the same."""
    by_name = recipe_of(BY_NO_DECAY, name, **rest, **{field: {"no_decay": values[1], "default": values[0]}})
    run = by_name.create(Model())
    names = [group["name"] for group in run.optimizer.param_groups]
    listed = recipe_of(BY_RULES, name, **rest, **{field: list(values)}).create(Model())

    assert ["default", "no_decay"] == names
    mine = options_over(run)
    assert [list(each.values()) for each in options_over(listed)] == [list(each.values()) for each in mine]
    assert any(each["default"] != each["no_decay"] for each in mine)


@pytest.mark.parametrize(("name", "rest", "field", "values"), ONE_FOR_EACH)
def test_a_list_is_refused_where_the_order_of_the_groups_is_nobodys(name, rest, field, values):
    """The message has the names of the groups, as they are to be written."""
    recipe = recipe_of(BY_NO_DECAY, name, **rest, **{field: list(values)})
    with pytest.raises(ParamGroupError, match=rf"{name}\.{field} .*`default`, `no_decay`.*{field}: {{default: …, no_"):
        recipe.create(Model())


@pytest.mark.parametrize(
    "optimizer",
    [
        {"type": "Muon"},
        {"type": "AdamW", "layer_decay": 0.5},
        {"type": "AdamW", "no_decay": ["bias"], "param_groups": [{"match": "last.*", "lr": 0.5}]},
        {"type": "Lookahead", "config": {"optimizer": {"type": "AdamW", "no_decay": ["bias"]}}},
    ],
    ids=lambda optimizer: optimizer["type"],
)
def test_a_list_of_the_right_length_is_refused_too(optimizer):
    """Whoever has divided the parameters, alone or together with rules."""
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2))
    model.last = nn.Linear(4, 2)
    count = len(registry.build(optimizer).create_optimizer(model).param_groups)
    with pytest.raises(ParamGroupError, match="the places of these groups are nobody's choice"):
        recipe_of(optimizer, "OneCycleLR", total_steps=10, max_lr=[0.1] * count).create(model)


def test_multipliers_divide_the_parameters_too():
    """A list has no values for the groups that they make."""
    model = Model()
    with pytest.raises(ParamGroupError, match="`default`, `last`"):
        recipe_of(SGD, "LambdaLR", lr_lambda=["1", "1"]).create(model, lr_multipliers={model.last: 2.0})


def test_a_list_stays_for_groups_that_are_the_users():
    """By rules, handed over, or all in one."""
    model = Model()
    by_rules = recipe_of(BY_RULES, "OneCycleLR", total_steps=10, max_lr=[0.5, 0.1]).create(model)
    assert [0.5, 0.1] == [group["max_lr"] for group in by_rules.optimizer.param_groups]
    handed = [{"params": model.first.parameters()}, {"params": model.last.parameters()}]
    by_hand = recipe_of(SGD, "OneCycleLR", total_steps=10, max_lr=[0.5, 0.1]).create(handed)
    assert [0.5, 0.1] == [group["max_lr"] for group in by_hand.optimizer.param_groups]
    assert [0.5] == recipe_of(SGD, "ReduceLROnPlateau", min_lr=[0.5]).create(model).scheduler.min_lrs


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"default": 0.5, "no_dekay": 0.1},
            "`no_dekay` is no parameter group, did you mean `no_decay`?; `no_decay` has",
        ),
        ({"default": 0.5}, r"max_lr: `no_decay` has no value; the groups are `default`, `no_decay`"),
        ({"default": 0.5, "no_decay": 0.1, "head": 1.0}, "`head` is no parameter group; the groups are"),
        ({}, "`default`, `no_decay` have no value"),
    ],
)
def test_names_are_those_of_the_groups(values, words):
    """A name that is no group, and a group that has no value, are told with the groups that there are."""
    recipe = recipe_of(BY_NO_DECAY, "OneCycleLR", total_steps=10, max_lr=values)
    with pytest.raises(ParamGroupError, match=re.escape(words)):
        recipe.create(Model())


def test_it_holds_within_other_schedules():
    """In a sequence, and under a warmup."""
    cycle = {"type": "OneCycleLR", "config": {"total_steps": 10, "max_lr": {"default": 0.5, "no_decay": 0.1}}}
    run = recipe_of(BY_NO_DECAY, "warmup", num_warmup_steps=2, scheduler=cycle).create(Model())
    assert {0.5, 0.1} == {group["max_lr"] for group in run.optimizer.param_groups}
    spec = registry.build({"type": "warmup", "config": {"num_warmup_steps": 2, "scheduler": cycle}})
    assert ["default", "no_decay"] == spec.named_groups


def test_each_value_is_checked_at_its_own_place():
    """As an item of a list is."""
    with pytest.raises(ConfigError) as caught:
        recipe_of(SGD, "OneCycleLR", max_lr={"default": -1, "head": 0, "tail": 1})
    assert ["scheduler.config.max_lr.default", "scheduler.config.max_lr.head"] == sorted(
        problem.path for problem in caught.value.problems
    )
    with pytest.raises(ConfigError, match=r"lr_lambda.head: `1/step` has no value"):
        recipe_of(SGD, "LambdaLR", lr_lambda={"default": "1", "head": "1/step"})
    with pytest.raises(ConfigError, match=r"base_lr.head: must be ≤ 0.1, that of max_lr, is 0.2"):
        recipe_of(SGD, "CyclicLR", base_lr={"head": 0.2, "default": 0.1}, max_lr={"head": 0.1, "default": 0.2})
    with pytest.raises(
        ConfigError, match="must name the same parameter groups as max_lr; only one of the two has tail"
    ):
        recipe_of(SGD, "CyclicLR", base_lr={"head": 0.1}, max_lr={"head": 0.1, "tail": 0.2})


def test_a_mapping_is_what_the_schema_takes_and_a_config_keeps():
    """Its values are held to the range of the field; the canonical config builds the same again."""
    spec = registry.build({"type": "OneCycleLR", "max_lr": {"matrices": 0.02, "adamw": "3e-4"}, "total_steps": 5})
    assert {"matrices": 0.02, "adamw": 3e-4} == registry.to_config(spec)["config"]["max_lr"]
    assert spec == registry.build(registry.to_config(spec))
    of_field = registry.schema()["$defs"]["scheduler.OneCycleLR"]["properties"]["max_lr"]
    of_names = next(way["additionalProperties"] for way in of_field["anyOf"] if way["type"] == "object")
    assert "number" in of_names["type"]
    assert 0 == of_names["exclusiveMinimum"]


def test_a_curve_is_that_of_one_group():
    """Which one has to be said."""
    spec = registry.build({"type": "OneCycleLR", "total_steps": 11, "max_lr": {"matrices": 0.02, "adamw": 0.5}})
    assert 0.4 < spec.curve(11, 1.0, group="adamw").max() <= 0.5
    with pytest.raises(OptimError, match="say of which group, by group=…"):
        spec.curve(11, 1.0)
    by_place = registry.build({"type": "OneCycleLR", "total_steps": 11, "max_lr": [0.02, 0.5]})
    with pytest.raises(
        OptimError, match="by its place, which the curve of one group does not know: give each its value"
    ):
        by_place.curve(11, 1.0)
    with pytest.raises(OptimError, match="`adam` has no value; it has values for `matrices`, `adamw`"):
        spec.curve(11, 1.0, group="adam")


def test_a_group_that_comes_later_is_refused():
    """It has no value; before anything has changed."""
    model = Model()
    run = recipe_of(BY_NO_DECAY, "LambdaLR", lr_lambda={"default": "1", "no_decay": "0.5"}).create(model)
    with pytest.raises(OptimError, match="LambdaLR cannot take more parameter groups than the 2 it was made for"):
        run.optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(1))], "name": "new"})
    assert 2 == len(run.optimizer.param_groups)


@pytest.mark.parametrize("name", ["OneCycleLR", "ReduceLROnPlateau"])
def test_a_run_goes_on_with_other_values(name):
    """As it was saved, or with those of this config, of which the message names each."""
    field, rest = (
        ("max_lr", {"total_steps": 20}) if name == "OneCycleLR" else ("min_lr", {"patience": 0, "factor": 0.5})
    )

    def created(no_decay):
        torch.manual_seed(0)
        values = {field: {"default": 0.05, "no_decay": no_decay}}
        return recipe_of(BY_NO_DECAY, name, **rest, **values).create(Model())

    straight = created(0.02)
    expected = options_over(straight, 8)[4:]
    run = created(0.02)
    options_over(run, 4)
    state = copy.deepcopy(run.state_dict())

    again = created(0.02)
    again.load_state_dict(state)
    assert expected == options_over(again, 4)

    changed = created(0.03)
    with pytest.raises(OptimError, match=rf"scheduler.config.{field}.no_decay: saved 0.02, now 0.03"):
        changed.load_state_dict(state)
    changed.load_state_dict(state, changed="saved")
    assert expected == options_over(changed, 4)
    other = created(0.03)
    other.load_state_dict(state, changed="config")
    if name == "ReduceLROnPlateau":
        assert [0.05, 0.03] == other.scheduler.min_lrs
    else:
        assert options_over(created(0.03), 8)[4:] == options_over(other, 4)
