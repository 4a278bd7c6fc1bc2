"""What a component needs of the training loop beyond gradients: a closure, a metric, a graph of gradients, modes."""

from __future__ import annotations

from typing import Any, Literal, get_args

import attrs

from optim_core.errors import PluginError
from optim_core.plugin_class.declarations import declarations_of
from optim_core.text.prose import listing

__all__ = ["ATTRIBUTE", "DECLARED", "Need", "has_modes", "needs_of"]

Need = Literal["closure", "create_graph", "gradients", "metric", "modes"]

ATTRIBUTE = "needs"
# The field of a schedule that names the metric for which it waits.
MONITOR = "monitor"
# What a class that declares these properties as refused cannot do without.
DECLARED: dict[str, Need] = {"step_without_closure": "closure", "ordinary_backward": "create_graph"}


def needs_of(plugin: Any) -> frozenset[Need]:
    """Return what a plugin class, or an instance of it, needs of the loop that trains with it.

    An optimizer says it by `needs`, and by what it declares that it refuses; a schedule by its field `monitor`. Where
    `needs` is a property, only an instance says it.

    Raises:
        PluginError: `needs` has a word that means nothing.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.plugin_tools import needs_of
        >>> sorted(needs_of(registry.optimizers["LBFGS"]))
        ['closure']
    """
    cls = plugin if isinstance(plugin, type) else type(plugin)
    given = getattr(plugin, ATTRIBUTE, ())
    if cls is plugin and hasattr(given, "__get__"):
        given = ()
    if not isinstance(given, (tuple, list, set, frozenset)) or any(word not in get_args(Need) for word in given):
        said = f"`{ATTRIBUTE}` of {cls.__name__} is {given!r:.60}"
        raise PluginError(f"{said}; it is a tuple of some of {listing(get_args(Need))}")
    declared = declarations_of(cls)
    refused = [need for name, need in DECLARED.items() if name in declared and declared[name].manner == "refuses"]
    has_monitor = hasattr(plugin, MONITOR) or any(field.name == MONITOR for field in attrs.fields(cls))
    metric: list[Need] = ["metric"] if has_monitor else []
    return frozenset([*given, *refused, *metric])


def has_modes(optimizer: Any) -> bool:
    """Tell whether a live optimizer has `train()`, to be called before steps, and `eval()`, before evaluation.

    Example:
        >>> import torch
        >>> from optim_core.plugin_class.needs import has_modes
        >>> has_modes(torch.optim.SGD(torch.nn.Linear(8, 2).parameters()))
        False
    """
    return all(callable(getattr(optimizer, mode, None)) for mode in ("train", "eval"))
