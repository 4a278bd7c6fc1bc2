"""The table of properties: each a function that raises where its docstring, one sentence, is not true."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import attrs

from optim_conformance.kinds import EVERY_KIND, refuse_other_kinds
from optim_core.plugin_tools import Kind

__all__ = ["Property", "properties_of", "property_of"]

Check = Callable[[Any], None]


@attrs.frozen(kw_only=True)
class Property:
    """What must be true of a plugin.

    Args:
        name: unique among the properties of a kind.
        sentence: the docstring of `check`, on one line.
        check: raises `Differs` where the sentence is not true, `DoesNotApply` where it means nothing; what else it
            raises comes from the plugin. It is given the subject, or what a child process found out.
        declarable: whether a plugin may declare that it cannot have it.
        needs_build: whether it means nothing where the plugin cannot be built.
        needs_step: whether it means nothing where the optimizer cannot take a step.
        in_child: whether `check` is given what a child process found.
        seconds: how long `check` may take.

    Example:
        >>> from optim_conformance import properties_of
        >>> properties_of("optimizer")["silent"].sentence
        'Importing, building and using it prints nothing, and warns of nothing.'
    """

    name: str
    sentence: str
    check: Check
    declarable: bool
    needs_build: bool
    needs_step: bool
    in_child: bool
    seconds: float


_TABLE: dict[Kind, dict[str, Property]] = {kind: {} for kind in EVERY_KIND}


def property_of(
    *kinds: Kind,
    declarable: bool = True,
    needs_build: bool = True,
    needs_step: bool = True,
    in_child: bool = False,
    seconds: float = 60.0,
) -> Callable[[Check], Check]:
    """Add the decorated function to the table, under its own name."""

    def add(check: Check) -> Check:
        name = check.__name__.strip("_")
        sentence = " ".join(inspect.cleandoc(check.__doc__ or "").split())
        made = Property(
            name=name,
            sentence=sentence,
            check=check,
            declarable=declarable,
            needs_build=needs_build,
            needs_step=needs_build and needs_step,
            in_child=in_child,
            seconds=seconds,
        )
        for kind in kinds:
            _TABLE[kind][name] = made
        return check

    return add


def properties_of(kind: Kind) -> dict[str, Property]:
    """Return name to property of one kind, in the order in which they are checked.

    Raises:
        OptimError: the kit has no properties of this kind.

    Example:
        >>> from optim_conformance import properties_of
        >>> list(properties_of("clipper"))[:3]
        ['declarations', 'signature', 'documented']
    """
    from optim_conformance import every_property

    refuse_other_kinds(kind)
    every_property.load()
    return dict(_TABLE[kind])
