"""What is refused of targets and groups: what cannot be divided, and options that would have no effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optim_core.declarations import declarations_of
from optim_core.errors import ParamGroupError
from optim_core.group_options import MULTIPLIER, has_hook
from optim_core.names import listing
from optim_core.rule_matches import rule_title

if TYPE_CHECKING:
    from optim_core.groups import Plan
    from optim_core.params import Target
    from optim_core.specs import OptimizerSpec

__all__ = [
    "refuse_for_ready_made",
    "refuse_lazy",
    "refuse_rates_without_effect",
    "refuse_unknown_options",
    "refuse_without_model",
]

MODEL = "hand over the model instead of its parameters"
# What stands in a group beside its options.
_NO_OPTIONS = ("params", "param_names", MULTIPLIER)


def refuse_without_model(spec: OptimizerSpec, target: Target) -> None:
    """Raises ParamGroupError where names or modules are needed that the target does not have."""
    if target.models:
        return
    if spec.param_groups and target.names is None:
        raise ParamGroupError(
            f"{rule_title(0, spec.param_groups[0])} goes by names, and these tensors have none: "
            "hand over the model, or (name, tensor) pairs such as model.named_parameters()"
        )
    needed = [f"no_decay: {kind}" for kind in spec.no_decay if kind != "bias" or target.names is None]
    needed += [] if spec.layer_decay is None else ["layer_decay"]
    if needed:
        raise ParamGroupError(f"{needed[0]} goes by the modules that own the parameters: {MODEL}")


def refuse_lazy(target: Target) -> None:
    """Raises ParamGroupError where a parameter has no shape yet."""
    for place, parameter in enumerate(target.parameters):
        if type(parameter).__name__ == "UninitializedParameter":
            raise ParamGroupError(
                f"{target.name(place)} has no shape before the model's first call; call the model once before"
            )


def refuse_for_ready_made(spec: OptimizerSpec, lr_multipliers: Mapping[Any, float] | None) -> None:
    """Raises ParamGroupError where ready-made groups would be divided once more."""
    if lr_multipliers:
        raise ParamGroupError("ready-made groups set their own `lr`; give those or lr_multipliers, not both")
    asked = _asked_for(spec)
    if asked:
        raise ParamGroupError(
            f"ready-made groups are divided already; the config's {listing(asked)} would have no effect: "
            f"{MODEL}, or take it out of the config"
        )


def refuse_unknown_options(plan: Plan, optimizer: Any) -> None:
    """Raises ParamGroupError where the optimizer has no such option, and would ignore it in a group.

    Args:
        plan: whose groups `optimizer` was built with.
        optimizer: one that shows no ``defaults`` is not asked.
    """
    defaults = getattr(optimizer, "defaults", None)
    if has_hook(plan.spec.config) or not isinstance(defaults, Mapping):
        return
    for options, places in plan.parts:
        unknown = [name for name in options if name not in defaults and name != MULTIPLIER]
        if unknown:
            of_groups = _options_of_groups(plan, optimizer)
            unknown = [name for name in unknown if name not in of_groups]
        if unknown:
            known = listing(dict.fromkeys(name for name in (*defaults, *of_groups) if name not in _NO_OPTIONS))
            raise ParamGroupError(
                f"{_source(plan, places[0], unknown)}: {plan.spec.type} cannot have {listing(unknown)} different for a "
                f"group; it can: {known}"
            )


def refuse_rates_without_effect(plan: Plan) -> None:
    """Raises ParamGroupError where groups get rates of their own and the plugin class declares that these do nothing.

    That is what ``lr_multipliers`` with "refuses" in its ``conformance`` means; see the conformance kit.
    """
    reason = _without_rates(plan.spec.config)
    for options, places in plan.parts if reason is not None else ():
        if "lr" in options:
            raise ParamGroupError(
                f"{_source(plan, places[0], ['lr'])}: {plan.spec.type} cannot have lr different for a group: {reason}"
            )


def _without_rates(config: Any) -> str | None:
    """Why the rate of a group does nothing, None where it does something."""
    declaration = declarations_of(type(config)).get("lr_multipliers")
    return declaration.reason if declaration is not None and declaration.manner == "refuses" else None


def _options_of_groups(plan: Plan, optimizer: Any) -> list[str]:
    """The options that groups have without being given them, in whatever way the optimizer came by them."""
    given = {id(plan.target.parameters[place]): options for options, places in plan.parts for place in places}
    groups = [group for group in optimizer.param_groups if group["params"]]
    return [name for group in groups for name in group if name not in given.get(id(group["params"][0]), group)]


def _source(plan: Plan, place: int, options: list[str]) -> str:
    """What in the config, or in the call, wanted these options for a parameter."""
    index = plan.rules[place]
    if index is not None:
        return rule_title(index, plan.spec.param_groups[index])
    by_rate = " and ".join(plan.factors(place)) if "lr" in options else ""
    return by_rate or "no_decay"


def _asked_for(spec: OptimizerSpec) -> list[str]:
    asked = {"param_groups": spec.param_groups, "no_decay": spec.no_decay, "layer_decay": spec.layer_decay is not None}
    return [key for key, given in asked.items() if given]
