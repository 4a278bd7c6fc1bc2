"""What a recipe does with each parameter of a model, and which rule decided it; as data, and as a table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from optim_core.errors import OptimError
from optim_core.groups.matching import rule_title
from optim_core.groups.names import NAME
from optim_core.groups.options import MULTIPLIER, base_rate
from optim_core.groups.plan import Plan, plan_of
from optim_core.groups.targets import target_of, target_of_models
from optim_core.plugin_class.fields import decay_fields
from optim_core.recipe import Recipe
from optim_core.specs import OptimizerSpec

__all__ = ["Explanation", "GroupPlan", "ParameterPlan", "explain"]

COLUMNS = ("parameter", "shape", "group", "lr", "weight_decay", "options", "decided by")
BESIDE_OPTIONS = ("lr", "weight_decay", MULTIPLIER, NAME)


@attrs.frozen(kw_only=True)
class ParameterPlan:
    """What happens to one parameter.

    Args:
        name: in the model; ``parameter 3`` for the fourth of tensors without names.
        shape: of the tensor.
        optimizer: the name of its optimizer in a recipe; "default" where there is one.
        group: the index of its parameter group, None where it is not trained.
        group_name: what the group is called, None where it is not trained.
        lr: its rate at the start, None where it is not trained or the config has none.
        weight_decay: None where it is not trained or the config has none.
        lr_multiplier: the product of the factors in `lr`.
        options: what else its group says: what rules override, and what the plugin class says of the parameter.
        frozen: whether it is not trained.
        decided_by: the rules that decided, each with what it did; empty where the config holds as it is.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> spec = registry.build({"type": "AdamW", "config": {"lr": 0.001}, "no_decay": ["bias"]})
        >>> print(registry.explain(spec, torch.nn.Linear(8, 2))["bias"])
        bias  2  no_decay  0.001  0  no_decay bias: weight_decay 0
    """

    name: str
    shape: tuple[int, ...]
    optimizer: str
    group: int | None = None
    group_name: str | None = None
    lr: float | None = None
    weight_decay: float | None = None
    lr_multiplier: float = 1.0
    options: dict[str, Any] = attrs.field(factory=dict)
    frozen: bool = False
    decided_by: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "  ".join(filter(None, self._cells()))

    def _cells(self) -> tuple[str, ...]:
        """Return the texts of its row in a table."""
        options = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        place = "frozen" if self.frozen else str(self.group_name)
        return (
            self.name,
            "x".join(map(str, self.shape)) or "scalar",
            place,
            _number(self.lr),
            _number(self.weight_decay),
            options,
            "; ".join(self.decided_by),
        )


@attrs.frozen(kw_only=True)
class GroupPlan:
    """What a parameter group holds, and what holds for it.

    Args:
        optimizer: the name of its optimizer in a recipe; "default" where there is one.
        group: its index, None for the parameters that are not trained.
        name: what it is called, as the optimizer's group will be: its ``name``; None as `group`.
        tensors: how many parameters it has.
        numbers: how many numbers these have together.
        lr: its rate at the start, None where the config has none.
        weight_decay: None where the config has none.
        lr_multiplier: the product of the factors in `lr`.
        options: what else it says.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> spec = registry.build({"type": "SGD", "config": {"lr": 0.1}})
        >>> group = registry.explain(spec, torch.nn.Linear(8, 2)).groups()[0]
        >>> group.name, group.tensors, group.numbers, group.lr
        ('default', 2, 18, 0.1)
    """

    optimizer: str
    group: int | None
    name: str | None
    tensors: int
    numbers: int
    lr: float | None
    weight_decay: float | None
    lr_multiplier: float
    options: dict[str, Any]


@attrs.frozen
class Explanation:
    """What happens to each parameter, in the order of the models. ``str`` of it is a table.

    Args:
        parameters: one for each parameter; a tied one is there once, under its first name.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> spec = registry.build({"type": "SGD", "config": {"lr": 0.1}})
        >>> explanation = registry.explain(spec, torch.nn.Linear(8, 2))
        >>> [plan.name for plan in explanation], explanation["bias"].lr
        (['weight', 'bias'], 0.1)
    """

    parameters: tuple[ParameterPlan, ...]

    def __iter__(self) -> Iterator[ParameterPlan]:
        return iter(self.parameters)

    def __len__(self) -> int:
        return len(self.parameters)

    def __getitem__(self, name: str) -> ParameterPlan:
        """Return the plan of the parameter of this name, the first where several optimizers have one; else KeyError."""
        found = next((plan for plan in self.parameters if plan.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def __str__(self) -> str:
        return self.table()

    def groups(self) -> tuple[GroupPlan, ...]:
        """Return the groups in their order, those of each optimizer together; parameters not trained are the last.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> spec = registry.build({"type": "AdamW", "config": {"lr": 0.001}, "no_decay": ["bias"]})
            >>> explanation = registry.explain(spec, torch.nn.Linear(8, 2))
            >>> [(each.name, each.tensors, each.numbers, each.weight_decay) for each in explanation.groups()]
            [('default', 1, 16, 0.01), ('no_decay', 1, 2, 0.0)]
        """
        held: dict[tuple[str, int | None], list[ParameterPlan]] = {}
        for plan in self.parameters:
            held.setdefault((plan.optimizer, plan.group), []).append(plan)
        names = list(dict.fromkeys(plan.optimizer for plan in self.parameters))
        places = sorted(held, key=lambda place: (names.index(place[0]), math.inf if place[1] is None else place[1]))
        return tuple(_group(*place, held[place]) for place in places)

    def table(self) -> str:
        """Return a plain table with a row for each parameter; each of several optimizers has one, below its name.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> spec = registry.build({"type": "SGD", "config": {"lr": 0.1}})
            >>> print(registry.explain(spec, torch.nn.Linear(8, 2)).table())
            parameter  shape  group    lr   weight_decay
            weight     2x8    default  0.1  0
            bias       2      default  0.1  0
        """
        names = list(dict.fromkeys(plan.optimizer for plan in self.parameters))
        tables = [_table([plan._cells() for plan in self.parameters if plan.optimizer == name]) for name in names]
        if len(names) == 1:
            return tables[0]
        return "\n\n".join(f"{name}\n{table}" for name, table in zip(names, tables, strict=True))


def explain(built: Any, model: Any, lr_multipliers: Mapping[Any, float] | None) -> Explanation:
    """Return what a spec or recipe does with each parameter of a model; `Registry.explain` says more.

    Raises:
        OptimError: `built` is neither, or ready-made groups are given instead of a model.
        ParamGroupError: the parameters do not fit what the config or `lr_multipliers` say of them.
    """
    if isinstance(built, OptimizerSpec):
        return Explanation(tuple(_plans("default", built, model, lr_multipliers)))
    if not isinstance(built, Recipe):
        raise OptimError(f"explain takes an optimizer's spec or a recipe, not {type(built).__name__}")
    models, multipliers = built.models_and_multipliers(model, lr_multipliers)
    found = [
        plan
        for name, spec in built.optimizers.items()
        for plan in _plans(name, spec, models[name], multipliers.get(name))
    ]
    return Explanation(tuple(found))


def _plans(
    optimizer: str, spec: OptimizerSpec, params: Any, lr_multipliers: Mapping[Any, float] | None
) -> Iterator[ParameterPlan]:
    several = isinstance(params, (list, tuple)) and params and all(hasattr(each, "named_modules") for each in params)
    target = target_of_models(params) if several else target_of(params)
    if isinstance(target, list):
        raise OptimError("ready-made groups say themselves what holds for each parameter; explain takes a model")
    plan = plan_of(spec.group_request(), target, lr_multipliers, thorough=True)
    groups = {place: (number, options) for number, (options, own) in enumerate(plan.parts) for place in own}
    for place, parameter in enumerate(target.parameters):
        known: dict[str, Any] = {
            "name": target.name(place),
            "shape": tuple(parameter.shape),
            "optimizer": optimizer,
            "decided_by": tuple(_reasons(plan, place, trained=place in groups)),
        }
        if place not in groups:
            yield ParameterPlan(**known, frozen=True)
            continue
        number, options = groups[place]
        yield ParameterPlan(
            **known,
            group=number,
            group_name=plan.group_names[number],
            lr=options.get("lr", base_rate(plan.request.config)),
            weight_decay=options.get("weight_decay", getattr(plan.request.config, "weight_decay", None)),
            lr_multiplier=options.get(MULTIPLIER, 1.0),
            options={name: value for name, value in options.items() if name not in BESIDE_OPTIONS},
        )


def _reasons(plan: Plan, place: int, *, trained: bool) -> Iterator[str]:
    """Yield what decided about a parameter, in words."""
    request, index = plan.request, plan.rules[place]
    if index is not None:
        rule = request.rules[index]
        changes = [f"{name} {value!r}" for name, value in rule.overrides.items()]
        changes += [f"lr_multiplier {rule.lr_multiplier:g}"] if rule.lr_multiplier != 1 else []
        changes += ["frozen"] if rule.freeze else []
        yield f"{rule_title(index, rule)}: {', '.join(changes) or 'as the config'}"
    if not trained:
        if index is None or not request.rules[index].freeze:
            yield "requires no gradient"
        return
    kept = request.rules[index].overrides if index is not None else {}
    decays = [name for name in decay_fields(type(request.config)) if name not in kept]
    if plan.exempt[place] and decays:
        yield f"no_decay {plan.exempt[place]}: {', '.join(decays)} 0"
    if plan.layer_factors:
        traits = plan.traits[place]
        factor = f"lr x {plan.layer_factors[place]:.4g}"
        yield f"layer_decay depth {traits.depth} of {traits.num_layers + 1}: {factor}"
    given = plan.module_factor(place)
    if given is not None:
        yield f"lr_multipliers {given.title}: lr x {given.factor:g}"


def _group(optimizer: str, group: int | None, plans: list[ParameterPlan]) -> GroupPlan:
    """Return what the parameters of one group have in common, and how many they are."""
    first = plans[0]
    return GroupPlan(
        optimizer=optimizer,
        group=group,
        name=first.group_name,
        tensors=len(plans),
        numbers=sum(math.prod(plan.shape) for plan in plans),
        lr=first.lr,
        weight_decay=first.weight_decay,
        lr_multiplier=first.lr_multiplier,
        options=first.options,
    )


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _table(rows: list[tuple[str, ...]]) -> str:
    """Return rows below the column names, without columns that are empty."""
    kept = [place for place in range(len(COLUMNS)) if any(row[place] for row in rows)]
    lines = [[row[place] for place in kept] for row in (COLUMNS, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
