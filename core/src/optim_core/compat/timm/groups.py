"""timm's parameter groups: without decay for vectors, and with a scale of the rate for each layer."""

from __future__ import annotations

import fnmatch
import logging
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from optim_core.errors import ParamGroupError

if TYPE_CHECKING:
    from torch.nn import Module, Parameter

__all__ = ["auto_group_layers", "param_groups_layer_decay", "param_groups_weight_decay"]

Group = dict[str, Any]

_log = logging.getLogger(__name__)

# What timm's models write behind a layer that belongs to the one before it.
_WITH_THE_ONE_BEFORE = 99999


def param_groups_weight_decay(
    model: Module,
    weight_decay: float | None = 1e-5,
    weight_decay_exclude_1d: bool = True,
    no_weight_decay_list: Collection[str] = (),
    fallback_list: Collection[str] = (),
    fallback_no_weight_decay: bool = False,
) -> list[Group]:
    """Return the parameters that are trained as two groups, one of them without weight decay.

    Args:
        model: the model.
        weight_decay: of the second group; 0 or None leaves one group.
        weight_decay_exclude_1d: whether parameters with one dimension, and biases, are spared.
        no_weight_decay_list: patterns of names that are spared too.
        fallback_list: patterns of names that get groups of their own, with ``use_fallback``.
        fallback_no_weight_decay: whether `no_weight_decay_list` belongs to `fallback_list`.

    Example:
        >>> import torch
        >>> from optim_core.compat.timm import param_groups_weight_decay
        >>> groups = param_groups_weight_decay(torch.nn.Linear(8, 2), weight_decay=0.1)
        >>> [(group["weight_decay"], len(group["params"])) for group in groups]
        [(0.0, 1), (0.1, 1)]
    """
    fallback = {*fallback_list, *(no_weight_decay_list if fallback_no_weight_decay else ())}
    # The order is that of timm, by which a saved state of its optimizers fits.
    made: dict[tuple[bool, bool], list[Parameter]] = {
        (falls_back, decays): [] for falls_back in (False, True) for decays in (False, True)
    }
    for name, parameter in _trained(model):
        excluded = weight_decay_exclude_1d and (parameter.ndim <= 1 or name.endswith(".bias"))
        decays = bool(weight_decay) and not excluded and not _matches(name, no_weight_decay_list)
        made[_matches(name, fallback), decays].append(parameter)
    return [
        {
            "params": parameters,
            "weight_decay": weight_decay if decays else 0.0,
            **({"use_fallback": True} if falls_back else {}),
        }
        for (falls_back, decays), parameters in made.items()
        if parameters
    ]


def param_groups_layer_decay(
    model: Module,
    weight_decay: float = 0.05,
    no_weight_decay_list: Collection[str] = (),
    fallback_list: Collection[str] = (),
    fallback_no_weight_decay: bool = False,
    weight_decay_exclude_1d: bool = True,
    layer_decay: float = 0.75,
    min_scale: float = 0.0,
    no_opt_scale: float | None = None,
    verbose: bool = False,
) -> list[Group]:
    r"""Return the parameters that are trained as two groups for each layer, with the layer's ``lr_scale``.

    The scale acts where a schedule of `create_scheduler_v2` sets the rate; the optimizer itself does not read it.

    Args:
        model: the model; its ``group_matcher`` says which layer a parameter is of, as models of timm have it. Without
            one, twelve parameters each are a layer, as `auto_group_layers` has them.
        weight_decay: of the groups that decay.
        no_weight_decay_list: patterns of names without decay.
        fallback_list: patterns of names that get groups of their own, with ``use_fallback``.
        fallback_no_weight_decay: whether `no_weight_decay_list` belongs to `fallback_list`.
        weight_decay_exclude_1d: whether parameters with one dimension are spared.
        layer_decay: a layer's scale is that of the next one times this.
        min_scale: the least scale.
        no_opt_scale: layers with a smaller scale are frozen.
        verbose: write the groups to the log.

    Example:
        >>> import torch
        >>> from optim_core.compat.timm import param_groups_layer_decay
        >>> model = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.Linear(4, 2))
        >>> model.group_matcher = lambda coarse: {"layers": r"^(\d+)"}
        >>> [group["lr_scale"] for group in param_groups_layer_decay(model, layer_decay=0.5)]
        [0.5, 0.5, 1.0, 1.0]
    """
    fallback = {*fallback_list, *(no_weight_decay_list if fallback_no_weight_decay else ())}
    layers = _layers(model)
    last = max(layers.values(), default=0)
    if last == 0:
        warnings.warn(
            "layer_decay does nothing, as all parameters are of one layer: give the model a group_matcher()",
            stacklevel=2,
        )
    made: dict[tuple[int, bool, bool], Group] = {}
    for name, parameter in _trained(model):
        spared = (weight_decay_exclude_1d and parameter.ndim <= 1) or _matches(name, no_weight_decay_list)
        layer = layers.get(name, last)
        scale = max(min_scale, layer_decay ** (last - layer))
        if no_opt_scale and scale < no_opt_scale:
            parameter.requires_grad = False
            continue
        falls_back = _matches(name, fallback)
        group = made.setdefault(
            (layer, spared, falls_back),
            {
                "lr_scale": scale,
                "weight_decay": 0.0 if spared else weight_decay,
                "params": [],
                **({"use_fallback": True} if falls_back else {}),
            },
        )
        group["params"].append(parameter)
    if verbose:
        for (layer, spared, _), group in made.items():
            decay = "no_decay" if spared else "decay"
            scale, count = group["lr_scale"], len(group["params"])
            _log.info("layer_%d_%s: lr_scale %g, %d parameters", layer, decay, scale, count)
    return list(made.values())


def auto_group_layers(model: Module, layers_per_group: int = 12, num_groups: int | None = None) -> dict[str, int]:
    """Return each parameter's layer, counted from 0: so many parameters each are one, and the head is the last.

    The head is what ``pretrained_cfg["classifier"]`` of the model names; a model without that is head as a whole.

    Example:
        >>> import torch
        >>> from optim_core.compat.timm import auto_group_layers
        >>> auto_group_layers(torch.nn.Linear(8, 2))
        {'weight': 0, 'bias': 0}
    """
    classifier = getattr(model, "pretrained_cfg", {}).get("classifier", None)
    prefixes = tuple(classifier) if isinstance(classifier, (list, tuple)) else (classifier,) if classifier else ("",)
    names = [name for name, _ in model.named_parameters()]
    trunk = [name for name in names if not name.startswith(prefixes)]
    if num_groups is not None:
        layers_per_group = -(len(trunk) // -num_groups)
    layers = {name: place // layers_per_group for place, name in enumerate(trunk)}
    head = max(layers.values(), default=-1) + 1
    return layers | {name: head for name in names if name not in layers}


def _trained(model: Module) -> Iterator[tuple[str, Parameter]]:
    return ((name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad)


def _matches(name: str, patterns: Collection[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _layers(model: Module) -> dict[str, int]:
    """Return each parameter's layer, counted from 0, by the model's ``group_matcher`` where it has one."""
    matcher = getattr(model, "group_matcher", None)
    if matcher is None:
        return auto_group_layers(model)
    place_of = _place_by(matcher(coarse=False))
    places: dict[tuple[float, ...], list[str]] = {}
    for name, _ in model.named_parameters():
        places.setdefault(place_of(name), []).append(name)
    layers: dict[str, int] = {}
    layer = -1
    for place in sorted(places):
        if layer < 0 or place[-1] != _WITH_THE_ONE_BEFORE:
            layer += 1
        layers |= dict.fromkeys(places[place], layer)
    return layers


def _place_by(matcher: Any) -> Callable[[str], tuple[float, ...]]:
    """Return the function that gives the place of a parameter's layer among the layers.

    Args:
        matcher: a function of the name; or a mapping to an expression, or to several with what follows their place.
    """
    if callable(matcher):
        return lambda name: _as_place(matcher(name))
    if not isinstance(matcher, Mapping):
        raise ParamGroupError(f"group_matcher() gave {type(matcher).__name__}; it gives a mapping or a function")
    found: list[tuple[re.Pattern[str], int, tuple[Any, ...]]] = []
    for order, given in enumerate(matcher.values()):
        several = given if isinstance(given, (tuple, list)) else () if given is None else ((given, None),)
        found += [(re.compile(expression), order, suffix or ()) for expression, suffix in several]

    def place_of(name: str) -> tuple[float, ...]:
        for expression, order, suffix in found:
            match = expression.match(name)
            if match is not None:
                return tuple(float(each) for each in (order, *match.groups(), *suffix) if each is not None)
        # What no expression names, a head for one, comes last.
        return (float("inf"),)

    return place_of


def _as_place(given: Any) -> tuple[float, ...]:
    return tuple(given) if isinstance(given, (tuple, list)) else (given,)
