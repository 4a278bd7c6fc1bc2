"""Refusals of groups whose options would have no effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optim_core.errors import ParamGroupError
from optim_core.groups.matching import rule_title
from optim_core.groups.names import NAME
from optim_core.groups.options import MULTIPLIER, has_hook
from optim_core.plugin_class.declarations import declarations_of
from optim_core.text.prose import listing

if TYPE_CHECKING:
    from optim_core.groups.plan import Plan

__all__ = [
    "refuse_rates_without_effect",
    "refuse_unknown_options",
]

# The keys of a group that are no options.
_NO_OPTIONS = ("params", "param_names", NAME, MULTIPLIER)


def refuse_unknown_options(plan: Plan, optimizer: Any) -> None:
    """Raise ParamGroupError where a group has an option that the optimizer does not have, and would ignore.

    Args:
        plan: the plan with whose groups `optimizer` was built.
        optimizer: the optimizer; one that shows no ``defaults`` is not asked.
    """
    defaults = getattr(optimizer, "defaults", None)
    if has_hook(plan.request.config) or not isinstance(defaults, Mapping):
        return
    for options, places in plan.parts:
        unknown = [name for name in options if name not in defaults and name != MULTIPLIER]
        if unknown:
            of_groups = _options_of_groups(plan, optimizer)
            unknown = [name for name in unknown if name not in of_groups]
        if unknown:
            known = listing(dict.fromkeys(name for name in (*defaults, *of_groups) if name not in _NO_OPTIONS))
            raise ParamGroupError(
                f"{_source(plan, places[0], unknown)}: {plan.request.type} cannot have {listing(unknown)} different "
                f"for a group; it can: {known}"
            )


def refuse_rates_without_effect(plan: Plan) -> None:
    """Raise ParamGroupError where groups get rates of their own and the plugin class declares that these do nothing.

    A plugin class declares that by ``lr_multipliers`` with "refuses" in its ``conformance``.
    """
    reason = _without_rates(plan.request.config)
    for options, places in plan.parts if reason is not None else ():
        if "lr" in options:
            raise ParamGroupError(
                f"{_source(plan, places[0], ['lr'])}: {plan.request.type} cannot have lr different for a group: "
                f"{reason}"
            )


def _without_rates(config: Any) -> str | None:
    """Return why the rate of a group does nothing, None where it does something."""
    declaration = declarations_of(type(config)).get("lr_multipliers")
    return declaration.reason if declaration is not None and declaration.manner == "refuses" else None


def _options_of_groups(plan: Plan, optimizer: Any) -> list[str]:
    """Return the options that groups have without being given them, however the optimizer came by them."""
    given = {id(plan.target.parameters[place]): options for options, places in plan.parts for place in places}
    groups = [group for group in optimizer.param_groups if group["params"]]
    return [name for group in groups for name in group if name not in given.get(id(group["params"][0]), group)]


def _source(plan: Plan, place: int, options: list[str]) -> str:
    """Return what in the config, or in the call, wanted these options for a parameter."""
    index = plan.rules[place]
    if index is not None:
        return rule_title(index, plan.request.rules[index])
    by_rate = " and ".join(plan.factors(place)) if "lr" in options else ""
    return by_rate or "no_decay"
