"""What a component needs of the training loop beyond gradients: a closure, a metric, a graph of gradients, modes."""

from __future__ import annotations

from typing import Any, Literal, get_args

from optim_core.errors import PluginError
from optim_core.plugin_class.declarations import declarations_of
from optim_core.text.prose import listing

__all__ = ["ATTRIBUTE", "Need", "has_modes", "needs_of"]

Need = Literal["closure", "create_graph", "gradients", "metric", "modes"]

ATTRIBUTE = "needs"
# What a class that declares these properties as refused cannot do without.
_DECLARED: dict[str, Need] = {"step_without_closure": "closure", "ordinary_backward": "create_graph"}


def needs_of(config: Any) -> frozenset[Need]:
    """Return what the instance of a plugin class needs of the loop that trains with it.

    An optimizer says it by `needs`, and by what it declares that it refuses; a schedule by its field `monitor`.

    Raises:
        PluginError: `needs` has a word that means nothing.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.plugin_class.needs import needs_of
        >>> sorted(needs_of(registry.build({"type": "LBFGS"}).config))
        ['closure']
    """
    given = getattr(config, ATTRIBUTE, ())
    wrong = [word for word in given if word not in get_args(Need)]
    if isinstance(given, str) or wrong:
        said = f"`{ATTRIBUTE}` of {type(config).__name__} is {given!r:.60}"
        raise PluginError(f"{said}; it is a tuple of some of {listing(get_args(Need))}")
    declared = declarations_of(type(config))
    refused = [need for name, need in _DECLARED.items() if name in declared and declared[name].manner == "refuses"]
    metric: list[Need] = ["metric"] if hasattr(config, "monitor") else []
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
