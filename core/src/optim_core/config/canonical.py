"""Specs and recipes back to configs: the canonical form, with every default filled in."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

from optim_core.config.issues import ConfigPath, Hint, Issue
from optim_core.config.keys import KIND, LAYER_DECAY, NO_DECAY, PARAM_GROUPS
from optim_core.errors import OptimError
from optim_core.groups.rule import GroupRule
from optim_core.plugin_class.fields import config_fields
from optim_core.plugin_class.records import with_fields
from optim_core.recipe import SINGLE, Recipe
from optim_core.run.durations import Duration
from optim_core.run.shares import Share
from optim_core.specs import OptimizerSpec, PluginSpec, SchedulerSpec

__all__ = ["canonical_config", "is_finite", "plain_value"]

CLIPPING = "gradient_clipping"


def canonical_config(built: Any) -> dict[str, Any]:
    """Return the config of a spec or recipe, as plain data.

    Raises:
        ConfigError: a field holds what no file can.
        OptimError: `built` is neither a spec nor a recipe.
    """
    issues: list[Issue] = []
    if isinstance(built, Recipe):
        config = _recipe_config(built, issues)
    elif isinstance(built, PluginSpec):
        config = _spec_config(built, (), issues)
    else:
        raise OptimError(f"to_config takes a spec or a recipe, not {type(built).__name__}")
    if issues:
        from optim_core.config.problems import config_error

        raise config_error(issues)
    return config


def _recipe_config(recipe: Recipe, issues: list[Issue]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    single = list(recipe.optimizers) == [SINGLE]
    for name, optimizer in recipe.optimizers.items():
        prefix = () if single else ("optimizer_configs", name)
        part = {"optimizer": _spec_config(optimizer, (*prefix, "optimizer"), issues)}
        if name in recipe.schedulers:
            part["scheduler"] = _spec_config(recipe.schedulers[name], (*prefix, "scheduler"), issues)
        if name in recipe.clippers:
            part[CLIPPING] = _spec_config(recipe.clippers[name], (*prefix, CLIPPING), issues)
        if single:
            config.update(part)
        else:
            config.setdefault("optimizer_configs", {})[name] = part
    if recipe.clipper is not None:
        config[CLIPPING] = _spec_config(recipe.clipper, (CLIPPING,), issues)
    return config


def _spec_config(spec: Any, path: ConfigPath, issues: list[Issue]) -> dict[str, Any]:
    config = {"type": spec.type, "config": plain_value(spec.config, (*path, "config"), issues)}
    if isinstance(spec, SchedulerSpec):
        config["interval"] = spec.interval
    if isinstance(spec, OptimizerSpec) and spec.lr_decay_gamma is not None:
        config["lr_decay_gamma"] = spec.lr_decay_gamma
    if isinstance(spec, OptimizerSpec):
        config |= _groups_config(spec, path, issues)
    return config


def _groups_config(spec: OptimizerSpec, path: ConfigPath, issues: list[Issue]) -> dict[str, Any]:
    """Return what an optimizer does otherwise for some of its parameters; nothing where it does not."""
    rules = [_rule_config(rule, (*path, PARAM_GROUPS, index), issues) for index, rule in enumerate(spec.param_groups)]
    said = {PARAM_GROUPS: rules, NO_DECAY: list(spec.no_decay), LAYER_DECAY: spec.layer_decay}
    return {key: value for key, value in said.items() if value is not None and value != []}


def _rule_config(rule: GroupRule, path: ConfigPath, issues: list[Issue]) -> dict[str, Any]:
    config: dict[str, Any] = {"match": _match_config(rule)}
    config |= {key: plain_value(value, (*path, key), issues) for key, value in rule.overrides.items()}
    if rule.lr_multiplier != 1:
        config["lr_multiplier"] = rule.lr_multiplier
    if rule.freeze:
        config["freeze"] = True
    return config


def _match_config(rule: GroupRule) -> Any:
    kinds = [{KIND: rule.kinds[0] if len(rule.kinds) == 1 else list(rule.kinds)}] if rule.kinds else []
    items = [*rule.match, *kinds]
    return items[0] if len(items) == 1 else items


def is_finite(value: Any) -> bool:
    """Return whether plain data holds neither infinity nor NaN, which JSON and configs do not have."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(map(is_finite, value.values()))
    return all(map(is_finite, value)) if isinstance(value, (list, tuple)) else True


def plain_value(value: Any, path: ConfigPath, issues: list[Issue]) -> Any:
    """Return `value` as a file can hold it; of what it cannot, None, with an issue added to `issues`."""
    if isinstance(value, Enum):
        return plain_value(value.value, path, issues)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (Duration, Share)):
        return value.plain()
    if isinstance(value, PluginSpec):
        return _spec_config(value, path, issues)
    fielded = with_fields(type(value))
    if fielded is not None:
        fields = config_fields(fielded)
        plain = {key: plain_value(getattr(value, field.name), (*path, key), issues) for key, field in fields.items()}
        # Infinity is refused in configs, so that it is a default, which is left out.
        return {key: each for key, each in plain.items() if is_finite(each)}
    if isinstance(value, Mapping):
        return {key: plain_value(item, (*path, key), issues) for key, item in value.items()}
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, (set, frozenset)):
        # A set has no order of its own, and a config of one should not differ from run to run.
        value = sorted(value, key=repr)
    if isinstance(value, (list, tuple, deque)):
        return [plain_value(item, (*path, index), issues) for index, item in enumerate(value)]
    issues.append(Issue("no-file-holds", path, value, hint=Hint("python-code")))
    return None
