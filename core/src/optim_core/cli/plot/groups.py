"""The parameter groups that a config asks for, as far as it is known without a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from optim_core import OptimError, OptimizerSpec, Recipe, SchedulerSpec
from optim_core.plugin_tools import DEFAULT_GROUP, rule_name, visible

__all__ = ["Group", "groups_of", "rates_of"]


@attrs.frozen(kw_only=True)
class Group:
    """The parameters of one optimizer that have one rate.

    Args:
        file: the config's file.
        variant: in what the config differs from others of the same file, as overrides say it; "" where there are none.
        name: the optimizer's name, "" for the one optimizer of a recipe, and for a schedule alone.
        group: what the group is called in the optimizer, as far as that is known without a model; "" where all
            parameters have one rate.
        patterns: those of the rule, or rules, that it is for.
        optimizer: None for a schedule alone.
        schedule: None for a rate that stays.
        base_lr: the rate that the schedule starts from, the multiplier included.
        multiplier: the group's lr multiplier.
    """

    file: str
    variant: str = ""
    name: str = ""
    group: str = ""
    patterns: str = ""
    optimizer: OptimizerSpec | None = None
    schedule: SchedulerSpec | None = None
    base_lr: float
    multiplier: float = 1.0

    @property
    def title(self) -> str:
        """What a message calls it."""
        spec = self.schedule or self.optimizer
        parts = (self.file, self.variant, *self.names, spec.type if spec else "")
        return ": ".join(visible(part) for part in parts if part)

    @property
    def names(self) -> list[str]:
        """What tells it from the other groups of its file."""
        return [name for name in (self.name, self.group, self.patterns) if name]


def groups_of(file: str, built: Any, base_lr: float) -> list[Group]:
    """Return the groups of a config, of each optimizer first that of the parameters that no rule is for.

    Args:
        file: where it was read.
        built: its spec or recipe.
        base_lr: what a schedule alone starts from.

    Raises:
        OptimError: it sets no rate.
    """
    if isinstance(built, SchedulerSpec):
        return _by_name([Group(file=file, schedule=built, base_lr=base_lr)], built.named_groups)
    if isinstance(built, OptimizerSpec):
        return list(_of_optimizer(file, "", built, built.schedule))
    if not isinstance(built, Recipe):
        raise OptimError(f"{visible(file)}: {built.type} clips gradients and has no rate to draw")
    only = len(built.optimizers) == 1
    return [
        group
        for name, spec in built.optimizers.items()
        for group in _of_recipe(file, "" if only else name, spec, built.schedule_of(name))
    ]


def _of_recipe(file: str, name: str, spec: OptimizerSpec, schedule: SchedulerSpec | None) -> list[Group]:
    found = list(_of_optimizer(file, name, spec, schedule))
    return found if schedule is None else _by_name(found, schedule.named_groups)


def _by_name(groups: list[Group], names: list[str]) -> list[Group]:
    """Return a group for each name for which the schedule has values of its own, with the rate of the one it is of.

    What is divided further by the model has the name of the whole in front: ``adamw_no_decay`` is of ``adamw``. Groups
    of rules and halves that no name is of stay, so that it is told that they have no value.
    """
    if not names:
        return groups
    wholes = {name: _whole(name, groups) for name in names}
    parts = [attrs.evolve(whole, group=name) for name, whole in wholes.items()]
    left = [group for group in groups if group.group not in ("", DEFAULT_GROUP) and group not in wholes.values()]
    return [*parts, *left]


def _whole(name: str, groups: list[Group]) -> Group:
    longest_first = sorted(groups, key=lambda group: len(group.group), reverse=True)
    return next((each for each in longest_first if each.group and f"{name}_".startswith(f"{each.group}_")), groups[0])


def _of_optimizer(file: str, name: str, spec: OptimizerSpec, schedule: SchedulerSpec | None) -> Iterator[Group]:
    """Return the groups of each kind of parameters that has a rate of its own."""
    inner = spec.innermost
    for kind, field in rates_of(inner).items():
        found = _rates_by_rule(file, inner, field)
        for indices, rate, multiplier in found:
            names = [*filter(None, [kind]), *map(rule_name, indices)]
            yield Group(
                file=file,
                name=name,
                group="_".join(names) or (DEFAULT_GROUP if len(found) > 1 else ""),
                patterns=", ".join(each for index in indices for each in inner.param_groups[index].matched),
                optimizer=spec,
                schedule=schedule,
                base_lr=rate,
                multiplier=multiplier,
            )


def rates_of(spec: OptimizerSpec) -> Mapping[str, str]:
    """Return the field that holds the rate of each kind of parameters; the kind is "" where there is one rate."""
    rates = getattr(type(spec.config), "rates", None)
    # An attribute of another type, such as a field that is called so, is no declaration.
    return rates if isinstance(rates, Mapping) else {"": "lr"}


def _rates_by_rule(file: str, spec: OptimizerSpec, field: str) -> list[tuple[list[int], float, float]]:
    """Return the rules, rate and multiplier of each group of parameters.

    The first group is of the parameters that no rule gives another rate; rules that set the same rate share a group.
    """
    is_multiplied = field not in getattr(type(spec.config), "unmultiplied", ())
    others = (_rate(file, spec, spec.config, field), 1.0)
    rules: dict[tuple[float, float], list[int]] = {others: []}
    for index, rule in enumerate(spec.param_groups):
        if not rule.freeze:
            multiplier = rule.lr_multiplier if is_multiplied else 1.0
            rate = _rate(file, spec, rule.config, field) * multiplier
            rules.setdefault((rate, multiplier), []).append(index)
    return [([] if each == others else indices, *each) for each, indices in rules.items()]


def _rate(file: str, spec: OptimizerSpec, config: Any, field: str) -> float:
    rate = getattr(config, field, None)
    if isinstance(rate, bool) or not isinstance(rate, (int, float)):
        raise OptimError(f"{visible(file)}: {spec.type} has no {field} that could be drawn")
    return float(rate)
