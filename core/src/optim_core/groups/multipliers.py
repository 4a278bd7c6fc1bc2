"""From ``lr_multipliers={module: factor}`` to a factor for each parameter; the innermost of nested modules decides."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from numbers import Real
from typing import Any

import attrs

from optim_core.errors import ParamGroupError
from optim_core.groups.model.module_kinds import class_name
from optim_core.groups.model.parts import children_of, parameters_of
from optim_core.groups.model.wrappers import unwrapped

__all__ = ["ModuleFactor", "module_factors", "refuse_other_than_mapping"]


@attrs.frozen(eq=False)
class ModuleFactor:
    """A factor, and the module that it was given for.

    Args:
        module: the key of ``lr_multipliers``.
        factor: > 0.
        title: how messages call the module.
    """

    module: Any
    factor: float
    title: str


def refuse_other_than_mapping(lr_multipliers: Any) -> None:
    """Refuse ``lr_multipliers`` that are no mapping.

    Raises:
        ParamGroupError: they are no mapping.
    """
    if not isinstance(lr_multipliers, Mapping):
        kind = type(lr_multipliers).__name__
        raise ParamGroupError(
            f"lr_multipliers is a mapping of modules to factors, {{model.head: 2.0}}, not of type {kind}"
        )


def module_factors(
    parameters: Iterable[Any], lr_multipliers: Mapping[Any, float], models: Sequence[Any]
) -> dict[int, ModuleFactor]:
    """Return the factor of each parameter that has one, by the parameter's ``id``.

    Args:
        parameters: the parameters to train.
        lr_multipliers: module to factor, > 0.
        models: the models that the parameters come from, where that is known.

    Raises:
        ParamGroupError: a key is no module, or has no parameter among `parameters`; a factor is not above 0; or two
            modules, neither of which is part of the other, share a parameter and give it two factors.
    """
    refuse_other_than_mapping(lr_multipliers)
    known = {id(parameter) for parameter in parameters}
    given = {id(module): _checked(module, factor) for module, factor in lr_multipliers.items()}
    decided: dict[int, ModuleFactor] = {}
    nested = _Nesting()
    for entry in given.values():
        own = [id(each) for inner in _without(entry.module, given) for each in parameters_of(inner).values()]
        own = [key for key in own if key in known]
        if not own and not any(id(parameter) in known for parameter in entry.module.parameters()):
            raise _of_nothing(entry, models)
        for key in own:
            earlier = decided.setdefault(key, entry)
            if earlier.factor == entry.factor or nested.has(entry, earlier):
                continue
            if not nested.has(earlier, entry):
                raise ParamGroupError(
                    f"lr_multipliers: {earlier.title} and {entry.title} share a parameter and give it "
                    f"two factors, {earlier.factor} and {entry.factor}; give one"
                )
            decided[key] = entry
    return decided


def _checked(module: Any, factor: Any) -> ModuleFactor:
    if not hasattr(module, "parameters"):
        raise ParamGroupError(f"lr_multipliers maps modules to factors; {module!r:.60} is not a module")
    title = class_name(type(unwrapped(module)))
    if isinstance(factor, bool) or not isinstance(factor, Real) or not 0 < float(factor) < math.inf:
        raise ParamGroupError(f"lr_multipliers: the factor of {title} must be a number > 0, is {factor!r}")
    # A numpy scalar would get into the groups, and so into a checkpoint, which weights_only=True then refuses to load.
    return ModuleFactor(module, float(factor), title)


def _without(module: Any, others: Mapping[int, Any]) -> Iterator[Any]:
    """Yield `module` and the modules in it, each once, without those in `others` and what is in them."""
    seen: set[int] = set()
    left = [module]
    while left:
        current = left.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        left += [child for child in children_of(current).values() if child is not None and id(child) not in others]


def _of_nothing(entry: ModuleFactor, models: Sequence[Any]) -> ParamGroupError:
    message = f"lr_multipliers: {entry.title} has no parameter among those to optimize; "
    inside = any(entry.module is inner for model in models for inner in model.modules())
    if models and not inside:
        message += f"it is not part of {' or '.join(type(model).__name__ for model in models)}; "
    elif inside and next(iter(entry.module.parameters()), None) is not None:
        message += "all of its parameters are frozen; "
    return ParamGroupError(message + "name a module of the model that has trainable parameters")


class _Nesting:
    """Which modules are part of which; that is worked out only where parameters are shared."""

    def __init__(self) -> None:
        self._inside: dict[int, set[int]] = {}

    def has(self, outer: ModuleFactor, inner: ModuleFactor) -> bool:
        key = id(outer.module)
        if key not in self._inside:
            self._inside[key] = {id(module) for module in outer.module.modules()}
        return id(inner.module) in self._inside[key]
