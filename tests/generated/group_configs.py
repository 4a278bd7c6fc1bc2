"""Strategies for what a config says of some parameters: `param_groups`, `no_decay` and `layer_decay`."""

from __future__ import annotations

from typing import Any

from field_values import fitting_field, outside, wrong_type
from hypothesis import strategies as st

from optim_core.config.structuring.class_plan import ALIASES
from optim_core.groups.rule import NO_DECAY_KINDS
from optim_core.plugin_class.fields import config_fields, decay_fields, field_types, rate_field

__all__ = ["groups_of", "plainly_wrong_beside", "renamed"]

Config = dict[str, Any]

patterns = st.sampled_from(["*", "*.bias", "head.*", "[ab]*", "re:^a\\.", "re:.", "é", " "]) | st.text(
    "abc.*?[]!-", min_size=1, max_size=6
)
multipliers = st.sampled_from([1, 0.1, 5.0, 1e-30]) | st.floats(1e-6, 1e6)


def groups_of(cls: type[Any], components: Any) -> dict[str, st.SearchStrategy[Any]]:
    """A strategy for each of the keys that mean something for a plugin class.

    Args:
        cls: the class.
        components: a function from kind to a strategy for {type, config} that stands in a field.
    """
    kinds = st.sampled_from(NO_DECAY_KINDS)
    described: dict[str, st.SearchStrategy[Any]] = {"param_groups": st.none() | _rule_lists(cls, components)}
    if decay_fields(cls):
        described["no_decay"] = st.none() | kinds | st.lists(kinds, unique=True)
    if rate_field(cls):
        described["layer_decay"] = st.sampled_from([None, 1, 0.75]) | st.floats(0, 1, exclude_min=True)
    return described


@st.composite
def _rule_lists(draw: st.DrawFn, cls: type[Any], components: Any) -> list[Config]:
    """Up to three rules; no pattern stands in two of them."""
    chosen = draw(st.lists(st.lists(patterns, min_size=1, max_size=2), max_size=3))
    taken: set[str] = set()
    rules = []
    for some in chosen:
        own = [pattern for pattern in dict.fromkeys(some) if pattern not in taken]
        taken.update(own)
        if own:
            rules.append({"match": draw(st.sampled_from([own, own[0]])), **draw(_rule(cls, components))})
    return rules


@st.composite
def _rule(draw: st.DrawFn, cls: type[Any], components: Any) -> Config:
    """What a rule does."""
    if not draw(st.integers(0, 4)):
        return {"freeze": True}
    types = field_types(cls)
    fields = config_fields(cls)
    chosen = draw(st.lists(st.sampled_from(sorted(fields)), unique=True, max_size=2)) if fields else []
    config = {key: draw(fitting_field(fields[key], types[fields[key].name], components)) for key in chosen}
    own = {"freeze": st.just(False), **({"lr_multiplier": multipliers} if rate_field(cls) else {})}
    return {**draw(renamed(config, cls)), **draw(st.fixed_dictionaries({}, optional=own))}


def renamed(config: Config, cls: type[Any]) -> st.SearchStrategy[Config]:
    """The config of a plugin class, or the same under the other names that its fields have."""
    fields = config_fields(cls)
    other = {key: alias for alias, key in ALIASES.items() if key in config and alias not in fields}
    return st.sampled_from([config, {other.get(key, key): value for key, value in config.items()}])


@st.composite
def plainly_wrong_beside(draw: st.DrawFn, cls: type[Any]) -> Config:
    """One of the keys of groups with a mistake that is no matter of two fields, for a plugin class with a rate."""
    fields = config_fields(cls)
    types = field_types(cls)
    key = draw(st.sampled_from(sorted(fields)))
    wrong_rules = [
        {"match": "a", "unknown": 1},
        {},
        {"match": ""},
        {"match": []},
        {"match": ["a", "a"]},
        {"match": 1},
        {"match": "a", "lr_multiplier": draw(st.sampled_from([0, -1, None, True, "?"]))},
        {"match": "a", "freeze": draw(st.sampled_from([0, None, "true"]))},
        {"match": "a", "freeze": True, "lr_multiplier": 2},
        {"match": "a", key: draw(wrong_type(types[fields[key].name]) | outside(fields[key]))},
        None,
        "a",
    ]
    wrong_decays = ["?", ["?"], ["bias", "bias"], [None], True, 0, {}]
    return draw(
        st.fixed_dictionaries({"param_groups": st.sampled_from(wrong_rules).map(lambda rule: [rule])})
        | st.fixed_dictionaries({"param_groups": st.sampled_from([True, 0, "a", {}, {"match": "a"}])})
        | st.fixed_dictionaries({"no_decay": st.sampled_from(wrong_decays)})
        | st.fixed_dictionaries({"layer_decay": st.sampled_from([0, 1.5, -1, "?", [], True])})
    )
