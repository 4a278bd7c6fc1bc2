"""Parameters to the groups that an optimizer takes: names, frozen parameters left out, lr multipliers by module.

It needs of a model only what ``torch.nn.Module`` shows (``named_parameters``, ``modules``), so torch is not imported.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

from optim_core.errors import ParamGroupError

__all__ = ["Group", "group_parameters", "named_parameters"]

Group = dict[str, Any]
Named = list[tuple[str | None, Any]]


def group_parameters(
    target: Any, *, lr: float | None, lr_multipliers: Mapping[Any, float] | None = None
) -> list[Group] | list[Any]:
    """What to hand to an optimizer for `target`.

    Args:
        target: a model, or what ``torch.optim.Optimizer`` takes: an iterable of tensors, of (name, tensor) pairs or of
            group dicts. Of a model, the parameters that require a gradient are taken, each once, with their names.
        lr: the config's rate, which the multipliers multiply; None where the optimizer has none.
        lr_multipliers: module to factor, > 0. Of nested modules the innermost wins.

    Returns:
        Group dicts, one for each factor in the order of first appearance; a plain iterable as a list.

    Raises:
        ParamGroupError: there is no parameter, or a multiplier means none of them.
    """
    if not hasattr(target, "named_parameters"):
        items = _items(target)
        if items and isinstance(items[0], dict):
            if lr_multipliers:
                raise ParamGroupError("ready-made groups set their own `lr`; give those or lr_multipliers, not both")
            return items
        named = [item if isinstance(item, tuple) else (None, item) for item in items]
    else:
        named = named_parameters([target])
    return divide(named, lr=lr, lr_multipliers=lr_multipliers)


def named_parameters(models: Sequence[Any]) -> Named:
    """The trainable parameters of several models, each once; of more than one, names begin with the model's index.

    Raises:
        ParamGroupError: something that is not a model, or models that have no trainable parameter.
    """
    named: Named = []
    seen: set[int] = set()
    for index, model in enumerate(models):
        if not hasattr(model, "named_parameters"):
            raise ParamGroupError(f"item {index} is not a model (torch.nn.Module) but of type {type(model).__name__}")
        prefix = f"{index}." if len(models) > 1 else ""
        for name, parameter in model.named_parameters():
            if parameter.requires_grad and id(parameter) not in seen:
                seen.add(id(parameter))
                named.append((prefix + name, parameter))
    if not named:
        found = " and ".join(type(model).__name__ for model in models) or "an empty list"
        raise ParamGroupError(f"{found} has no parameter that requires a gradient")
    return named


def divide(named: Named, *, lr: float | None, lr_multipliers: Mapping[Any, float] | None) -> list[Group]:
    """Groups of named parameters, one for each factor of `lr_multipliers`; see `group_parameters`."""
    if not lr_multipliers:
        return [_group(named)]
    if lr is None:
        raise ParamGroupError("this optimizer's config has no `lr` that lr_multipliers could multiply")
    factors = _factors(named, lr_multipliers)
    parts: dict[float, Named] = {}
    for name, parameter in named:
        parts.setdefault(factors.get(id(parameter), 1.0), []).append((name, parameter))
    return [{**_group(part), "lr": lr * factor, "lr_multiplier": factor} for factor, part in parts.items()]


def _items(target: Any) -> list[Any]:
    if hasattr(target, "requires_grad") or not isinstance(target, Iterable) or isinstance(target, (str, Mapping)):
        raise ParamGroupError(
            f"parameters are a model, or an iterable of tensors, (name, tensor) pairs or groups, "
            f"not {type(target).__name__}"
        )
    items = list(target)
    if not items:
        raise ParamGroupError("there is no parameter: the iterable is empty (a generator that was used up before?)")
    return items


def _group(named: Named) -> Group:
    group: Group = {"params": [parameter for _, parameter in named]}
    if named[0][0] is not None:
        group["param_names"] = [name for name, _ in named]
    return group


def _factors(named: Named, lr_multipliers: Mapping[Any, float]) -> dict[int, float]:
    """Parameter id to factor; where modules are nested, the innermost one decides."""
    known = {id(parameter) for _, parameter in named}
    decided: dict[int, tuple[Any, float]] = {}
    for module, factor in _outermost_first(lr_multipliers):
        title = type(module).__name__
        if isinstance(factor, bool) or not isinstance(factor, Real) or not 0 < factor < math.inf:
            raise ParamGroupError(f"lr_multipliers: the factor of {title} must be a number > 0, is {factor!r}")
        own = [id(parameter) for parameter in module.parameters() if id(parameter) in known]
        if not own:
            raise ParamGroupError(
                f"lr_multipliers: {title} has no parameter among those to optimize; "
                "name a module of the model that has trainable parameters"
            )
        for key in own:
            earlier = decided.get(key)
            if earlier and earlier[1] != factor and not any(module is inner for inner in earlier[0].modules()):
                raise ParamGroupError(
                    f"lr_multipliers: {type(earlier[0]).__name__} and {title} share a parameter and give it "
                    f"two factors, {earlier[1]} and {factor}; give one"
                )
            # A numpy scalar would end up in the groups, and so in a checkpoint that weights_only refuses.
            decided[key] = (module, float(factor))
    return {key: factor for key, (_, factor) in decided.items()}


def _outermost_first(lr_multipliers: Mapping[Any, float]) -> list[tuple[Any, float]]:
    for module in lr_multipliers:
        if not hasattr(module, "parameters"):
            raise ParamGroupError(f"lr_multipliers maps modules to factors; {module!r:.60} is not a module")
    sizes = {id(module): sum(1 for _ in module.modules()) for module in lr_multipliers}
    return sorted(lr_multipliers.items(), key=lambda item: -sizes[id(item[0])])
