"""The parameter groups that a config asks for, as far as it is known without a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from optim_core import OptimError, OptimizerSpec, Recipe, SchedulerSpec
from optim_core.plugin_tools import visible

__all__ = ["Group", "groups_of", "rates_of"]

OTHERS = "other parameters"


@attrs.frozen(kw_only=True)
class Group:
    """The parameters of one optimizer that have one rate.

    Args:
        file: the config's file.
        name: the optimizer's name, "" for the one optimizer of a recipe, and for a schedule alone.
        parameters: the patterns of their names, "" where no rule sets a rate.
        kind: which of the plugin class's ``rates`` they have, "" where it has one rate for all.
        optimizer: None for a schedule alone.
        schedule: None for a rate that stays.
        base_lr: the rate that the schedule starts from, the multiplier included.
        multiplier: the group's lr multiplier.
    """

    file: str
    name: str = ""
    parameters: str = ""
    kind: str = ""
    optimizer: OptimizerSpec | None = None
    schedule: SchedulerSpec | None = None
    base_lr: float
    multiplier: float = 1.0

    @property
    def title(self) -> str:
        """What a message calls it."""
        spec = self.schedule or self.optimizer
        parts = (self.file, *self.names, spec.type if spec else "")
        return ": ".join(visible(part) for part in parts if part)

    @property
    def names(self) -> list[str]:
        """What tells it from the other groups of its file."""
        return [name for name in (self.name, self.parameters, self.kind) if name]


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
        return [Group(file=file, schedule=built, base_lr=base_lr)]
    if isinstance(built, OptimizerSpec):
        return list(_of_optimizer(file, "", built, built.schedule))
    if not isinstance(built, Recipe):
        raise OptimError(f"{visible(file)}: {built.type} clips gradients and has no rate to draw")
    only = len(built.optimizers) == 1
    return [
        group
        for name, spec in built.optimizers.items()
        for group in _of_optimizer(file, "" if only else name, spec, built.schedule_of(name))
    ]


def _of_optimizer(file: str, name: str, spec: OptimizerSpec, schedule: SchedulerSpec | None) -> Iterator[Group]:
    """Return the groups of each kind of parameters that has a rate of its own."""
    inner = spec.innermost
    for kind, field in rates_of(inner).items():
        for parameters, rate, multiplier in _rates_by_rule(file, inner, field):
            yield Group(
                file=file,
                name=name,
                parameters=parameters,
                kind=kind,
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


def _rates_by_rule(file: str, spec: OptimizerSpec, field: str) -> list[tuple[str, float, float]]:
    """Return patterns, rate and multiplier of each group of parameters.

    The first group is of the parameters that no rule gives another rate; rules that set the same rate share a group.
    """
    is_multiplied = field not in getattr(type(spec.config), "unmultiplied", ())
    patterns: dict[tuple[float, float], list[str]] = {(_rate(file, spec, spec.config, field), 1.0): []}
    for rule in spec.param_groups:
        if not rule.freeze:
            multiplier = rule.lr_multiplier if is_multiplied else 1.0
            rate = _rate(file, spec, rule.config, field) * multiplier
            patterns.setdefault((rate, multiplier), []).extend(rule.match)
    others = OTHERS if len(patterns) > 1 else ""
    return [
        (", ".join(matches) if number else others, rate, multiplier)
        for number, ((rate, multiplier), matches) in enumerate(patterns.items())
    ]


def _rate(file: str, spec: OptimizerSpec, config: Any, field: str) -> float:
    rate = getattr(config, field, None)
    if isinstance(rate, bool) or not isinstance(rate, (int, float)):
        raise OptimError(f"{visible(file)}: {spec.type} has no {field} that could be drawn")
    return float(rate)
