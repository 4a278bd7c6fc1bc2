"""The options of a group: what rules and `no_decay` change, and what a plugin class's hook says."""

from __future__ import annotations

import attrs
import pytest
from model_tree import Model
from parameter_groups import Halves, Largest, groups, hooked, spec, value_of
from plugin_classes import Momentum

from optim_core import ParameterInfo, ParamGroupError


def test_a_rule_that_gives_weight_decay_itself_goes_before():
    """What a rule says of a field holds for norms and biases too."""
    built = spec(no_decay=["norm", "bias"], param_groups=[{"match": "norm.*", "weight_decay": 0.3}])
    found = groups(built, Model(1))
    assert 0.3 == value_of(found, "norm.weight", "weight_decay")
    assert 0.0 == value_of(found, "head.bias", "weight_decay")


def test_a_hook_divides_the_parameters():
    """Parameters with equal options share a group; embeddings and the head are not hidden matrices."""
    found = groups(hooked(Halves), Model(1))
    assert [False, True] == [options["matrix"] for _, options in found]
    assert ["blocks.0.fc.weight", "blocks.0.out.weight"] == found[1][0]


def test_a_hook_may_refuse_the_multiplier():
    """An `lr_multiplier` in the options counts instead of core's; elsewhere the rate is multiplied."""
    model = Model(1)
    found = groups(hooked(Halves), model, lr_multipliers={model: 3.0})
    assert (1.0, 1.0) == tuple(value_of(found, "blocks.0.fc.weight", key) for key in ("lr", "lr_multiplier"))
    assert (pytest.approx(0.3), 3.0) == tuple(value_of(found, "head.bias", key) for key in ("lr", "lr_multiplier"))


def test_a_hook_sees_all_parameters_and_the_overridden_config():
    """A rule's fields reach the hook of the config that has them."""
    found = groups(hooked(Halves, param_groups=[{"match": "*.fc.*", "matrix_lr": 0.25}]), Model(1))
    assert 0.25 == value_of(found, "blocks.0.fc.weight", "lr")
    assert 1.0 == value_of(found, "blocks.0.out.weight", "lr")
    marked = groups(hooked(Largest, param_groups=[{"match": "head.*", "momentum": 0.5}]), Model(1))
    assert {"largest": False, "momentum": 0.5} == marked[-1][1]
    assert ["embed.weight"] == next(names for names, options in marked if options["largest"])


def test_a_field_that_makes_no_difference_to_a_hook_is_refused():
    """A rule whose change the plugin class ignores is no silent no-op."""
    built = hooked(Halves, param_groups=[{"match": "blocks.0.fc.weight", "momentum": 0.5}])
    with pytest.raises(ParamGroupError, match=r"`blocks.0.fc.weight`: momentum makes no difference"):
        built.create_optimizer(Model(1))


def test_each_change_of_a_rule_is_looked_at_by_itself():
    """A change of a rule that makes no difference is refused beside one that makes a difference."""
    built = hooked(Halves, param_groups=[{"match": "blocks.0.fc.weight", "matrix_lr": 0.5, "momentum": 0.5}])
    with pytest.raises(ParamGroupError, match=r"`blocks.0.fc.weight`: momentum makes no difference"):
        built.create_optimizer(Model(1))


def test_what_a_hook_does_not_decay_need_not_be_spared():
    """no_decay changes nothing there, and says nothing."""

    @attrs.frozen(kw_only=True)
    class Spared(Momentum):
        weight_decay: float = 0.5

        def group_options(self, info: ParameterInfo):
            return {"weight_decay": 0.0 if info.is_embedding else self.weight_decay}

    found = groups(hooked(Spared, no_decay=["embedding"]), Model(1))
    assert 0.0 == value_of(found, "embed.weight", "weight_decay")
    assert 0.5 == value_of(found, "head.weight", "weight_decay")


def test_a_rule_need_not_matter_to_every_parameter_that_it_matches():
    """A field of one half may be set for both halves, with and without weight decay."""

    @attrs.frozen(kw_only=True)
    class Decaying(Halves):
        def group_options(self, info):
            if info.ndim > 1:
                return {"lr": self.matrix_lr, "weight_decay": 0.5}
            return {"lr": self.lr, "weight_decay": self.weight_decay}

    config = {"weight_decay": 0.1}
    rules = [{"match": "blocks.*", "lr": 0.25}]
    found = groups(hooked(Decaying, config=config, param_groups=rules, no_decay=["bias"]), Model(1))
    assert {"lr": 0.25, "weight_decay": 0.0} == next(o for names, o in found if "blocks.0.fc.bias" in names)
    assert {"lr": 0.25, "weight_decay": 0.1} == next(o for names, o in found if "blocks.0.norm.weight" in names)
    assert {"lr": 1.0, "weight_decay": 0.5} == next(o for names, o in found if "blocks.0.fc.weight" in names)


def test_no_decay_reaches_the_group_of_a_hook_that_only_marks():
    """Where the hook says nothing of the decay, core does."""
    rules = [{"match": "head.*", "momentum": 0.5}]
    built = hooked(Largest, config={"weight_decay": 0.1}, no_decay=["bias"], param_groups=rules)
    found = groups(built, Model(1))
    assert 0.5 == value_of(found, "head.bias", "momentum")
    assert 0.0 == value_of(found, "head.bias", "weight_decay")
    assert None is value_of(found, "head.weight", "weight_decay")
