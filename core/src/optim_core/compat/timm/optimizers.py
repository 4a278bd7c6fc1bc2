"""timm's create_optimizer_v2: its names for optimizers, over the registry."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from optim_core.compat.arguments import as_arguments, problem
from optim_core.compat.timm.groups import param_groups_layer_decay, param_groups_weight_decay
from optim_core.config.migrating.library_names import DEEPSPEED, TORCH, qualified
from optim_core.config.migrating.projects.timm_args import OPTIMIZERS
from optim_core.errors import ConfigError, UnknownTypeError
from optim_core.plugin_class.fields import config_fields
from optim_core.registry import registry
from optim_core.text.spelling import nearest

if TYPE_CHECKING:
    from torch.optim import Optimizer

__all__ = ["create_optimizer", "create_optimizer_v2", "optimizer_kwargs"]

_LOOKAHEAD = "lookahead"
# timm pulls after every sixth step.
_AROUND = {"k": 6, "alpha": 0.5}
_FUSED = {
    "fusedadam": ("FusedAdam", {"adam_w_mode": False}),
    "fusedadamw": ("FusedAdam", {"adam_w_mode": True}),
}
_BITSANDBYTES = "bnb"


def create_optimizer_v2(
    model_or_params: Any,
    opt: str = "sgd",
    lr: float | None = None,
    weight_decay: float = 0.0,
    momentum: float = 0.9,
    foreach: bool | None = None,
    filter_bias_and_bn: bool = True,
    fallback_list: Collection[str] = (),
    fallback_no_weight_decay: bool = False,
    layer_decay: float | None = None,
    layer_decay_min_scale: float = 0.0,
    layer_decay_no_opt_scale: float | None = None,
    param_group_fn: Callable[[Any], Any] | None = None,
    **kwargs: Any,
) -> Optimizer:
    """Make the optimizer that timm has under a name, with its groups, as ``timm.optim.create_optimizer_v2`` does.

    Args:
        model_or_params: a model, or parameters or groups, which are taken as they are.
        opt: timm's name: sgd, which has Nesterov's momentum, momentum, adamw, …; ``lookahead_`` before it makes
            Lookahead around it. A name that timm has for a class of its own is that of the plugin here that has the
            same name, and there is a warning.
        lr: the rate; None for the default of the optimizer.
        weight_decay: of a model it spares what `filter_bias_and_bn` and the model's ``no_weight_decay()`` name.
        momentum: for optimizers that have one.
        foreach: as torch's.
        filter_bias_and_bn: whether biases and vectors are without decay.
        fallback_list: refused: no optimizer here has a fallback of its own for parameters that are named.
        fallback_no_weight_decay: refused, too.
        layer_decay: the groups of `param_groups_layer_decay`; needs a schedule of `create_scheduler_v2`.
        layer_decay_min_scale: the least scale of a layer.
        layer_decay_no_opt_scale: layers with a smaller scale are frozen.
        param_group_fn: makes the groups of the model, instead of all this.
        kwargs: the optimizer's other fields; None stands for one that is not given.

    Returns:
        The optimizer, of torch or of the plugin that takes the place of timm's.

    Raises:
        ConfigError: with all that is wrong; the path is the argument. UnknownTypeError where nothing here is `opt`.

    Example:
        >>> import torch
        >>> from optim_core.compat.timm import create_optimizer_v2
        >>> optimizer = create_optimizer_v2(torch.nn.Linear(8, 2), "sgd", lr=0.1, weight_decay=1e-4)
        >>> [(group["weight_decay"], group["nesterov"]) for group in optimizer.param_groups]
        [(0.0, True), (0.0001, True)]
    """
    _refuse_fallback(fallback_list, fallback_no_weight_decay)
    given = {key: value for key, value in {"lr": lr, "foreach": foreach, **kwargs}.items() if value is not None}
    is_model = hasattr(model_or_params, "named_parameters")
    config = _config(opt, given, momentum, 0.0 if is_model else weight_decay)
    with as_arguments(_as_argument):
        spec = registry.build(config, "optimizer")
    # All that is wrong is told before a layer is frozen.
    params = model_or_params
    if is_model and param_group_fn is not None:
        params = param_group_fn(model_or_params)
    elif is_model:
        spared: Collection[str] = getattr(model_or_params, "no_weight_decay", set)()
        params = (
            param_groups_weight_decay(model_or_params, weight_decay, filter_bias_and_bn, spared)
            if layer_decay is None
            else param_groups_layer_decay(
                model_or_params,
                weight_decay=weight_decay,
                no_weight_decay_list=spared,
                weight_decay_exclude_1d=filter_bias_and_bn,
                layer_decay=layer_decay,
                min_scale=layer_decay_min_scale,
                no_opt_scale=layer_decay_no_opt_scale,
            )
        )
    return spec.create_optimizer(params)


def create_optimizer(args: Any, model: Any, filter_bias_and_bn: bool = True) -> Optimizer:
    """Make the optimizer of the arguments of a command line, as timm's train.py has them.

    Example:
        >>> from types import SimpleNamespace
        >>> import torch
        >>> from optim_core.compat.timm import create_optimizer
        >>> args = SimpleNamespace(opt="adamw", lr=1e-3, weight_decay=0.05, momentum=0.9)
        >>> create_optimizer(args, torch.nn.Linear(8, 2)).param_groups[1]["weight_decay"]
        0.05
    """
    return create_optimizer_v2(model, **optimizer_kwargs(args), filter_bias_and_bn=filter_bias_and_bn)


def optimizer_kwargs(cfg: Any) -> dict[str, Any]:
    """Return the arguments of `create_optimizer_v2` that those of a command line say.

    Example:
        >>> from types import SimpleNamespace
        >>> from optim_core.compat.timm import optimizer_kwargs
        >>> args = SimpleNamespace(opt="adamw", lr=1e-3, weight_decay=0.05, momentum=0.9, opt_eps=None)
        >>> optimizer_kwargs(args)
        {'opt': 'adamw', 'lr': 0.001, 'weight_decay': 0.05, 'momentum': 0.9}
    """
    arguments = {"opt": cfg.opt, "lr": cfg.lr, "weight_decay": cfg.weight_decay, "momentum": cfg.momentum}
    words = {
        "eps": "opt_eps",
        "betas": "opt_betas",
        "layer_decay": "layer_decay",
        "layer_decay_min_scale": "layer_decay_min_scale",
        "layer_decay_no_opt_scale": "layer_decay_no_opt_scale",
        "foreach": "opt_foreach",
    }
    said = {argument: getattr(cfg, word, None) for argument, word in words.items()}
    more = getattr(cfg, "opt_args", None) or {}
    return {**arguments, **{argument: value for argument, value in said.items() if value is not None}, **more}


def _refuse_fallback(fallback_list: Collection[str], fallback_no_weight_decay: bool) -> None:
    given = {"fallback_list": bool(fallback_list), "fallback_no_weight_decay": fallback_no_weight_decay}
    hint = "Muon takes AdamW for what is no matrix; `param_groups` says of which parameters besides: docs/muon.md"
    found = [
        problem(name, "is for timm's Muon, which is not here", hint) for name, is_given in given.items() if is_given
    ]
    if found:
        raise ConfigError(found)


def _config(opt: str, given: Mapping[str, Any], momentum: float, weight_decay: float) -> dict[str, Any]:
    """Return the config of what timm makes for a name."""
    around, _, name = str(opt).lower().rpartition("_")
    if around not in ("", _LOOKAHEAD):
        raise ConfigError([problem("opt", f"`{opt}` is no name of timm's", f"did you mean `{name}`?")])
    plugin, fixed, takes = _plugin(name)
    config = {**fixed, **given}
    if "weight_decay" in takes or weight_decay:
        config.setdefault("weight_decay", weight_decay)
    if "momentum" in takes:
        config.setdefault("momentum", momentum)
    component = {"type": plugin, "config": config}
    if not around:
        return component
    warnings.warn(
        "timm's Lookahead begins with the weights of its first pull, and that of optim-torch-builtin with those before "
        "the first step",
        stacklevel=3,
    )
    return {"type": qualified(TORCH, "Lookahead"), "config": {**_AROUND, "optimizer": component}}


def _plugin(name: str) -> tuple[str, Mapping[str, Any], Collection[str]]:
    """Return the plugin for a name, the values that timm sets, and the fields that the plugin has."""
    if name in OPTIMIZERS:
        cls, fixed, _ = OPTIMIZERS[name]
        plugin = qualified(TORCH, cls)
    elif name in _FUSED:
        cls, fixed = _FUSED[name]
        plugin = qualified(DEEPSPEED, cls)
    elif name.startswith(_BITSANDBYTES):
        plugin = qualified("optim-bitsandbytes", name.removeprefix(_BITSANDBYTES))
        fixed = {"nesterov": True} if name.startswith(f"{_BITSANDBYTES}sgd") else {}
    else:
        plugin, fixed = name, {}
    found = registry.find("optimizer", plugin)
    if found is None:
        unknown = registry.unknown("optimizer", name, "opt")
        near = nearest(name, OPTIMIZERS)
        raise UnknownTypeError([problem("opt", unknown.message, f"did you mean `{near}`?" if near else unknown.hint)])
    takes = config_fields(found.cls)
    if plugin == name:
        warnings.warn(
            f"timm's own `{name}` is not here: {found.name} of {found.provided_by} takes its place, whose defaults and "
            "numbers may be others",
            stacklevel=4,
        )
    return plugin, {key: value for key, value in fixed.items() if key in takes}, takes


def _as_argument(path: str) -> str:
    path = path.removeprefix("config.optimizer.")
    return "opt" if path == "type" else path.removeprefix("config.")
