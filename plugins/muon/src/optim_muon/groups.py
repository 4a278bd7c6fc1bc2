"""What a parameter group must hold: the half that it is for, options that are possible, parameters with numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

from optim_muon.orthogonal.coefficients import canonical, each_step

__all__ = ["check_defaults", "check_parameters", "complete_group"]

# The options that only one of the halves reads.
_OF_MATRICES = (
    "momentum",
    "nesterov",
    "ns_coefficients",
    "ns_steps",
    "ns_eps",
    "ns_dtype",
    "adjust_lr_fn",
    "split",
    "divide_work",
)
_OF_ADAMW = ("betas", "eps")
# Arguments of the constructor to the name that the same option has in a group.
_IN_A_GROUP = {"adamw_lr": "lr", "muon_weight_decay": "weight_decay"}

_DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


def complete_group(group: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return `group` with all options of both halves.

    Raises:
        ValueError: the group does not say which half it is for, has an option that its half does not read, or one that
            is not possible.
    """
    is_matrices = group.get("use_muon")
    if not isinstance(is_matrices, bool):
        raise ValueError(
            "a parameter group must say which half it is, as a shape does not tell: use_muon=True for matrices that "
            "Muon is to train, use_muon=False for what AdamW is to; "
            + ("it says nothing" if is_matrices is None else f"it says {is_matrices!r}")
        )
    for name, meant in _IN_A_GROUP.items():
        if name in group:
            raise ValueError(f"a parameter group has {meant}, not {name}: that is for all groups, in the constructor")
    rate, decay = ("lr", "muon_weight_decay") if is_matrices else ("adamw_lr", "weight_decay")
    usual = {**defaults, "lr": defaults[rate], "weight_decay": defaults[decay]}
    full = {**{name: usual[name] for name in usual if name not in _IN_A_GROUP}, **group}
    full["ns_coefficients"] = canonical(full["ns_coefficients"])
    _refuse_unread(full, usual)
    _check_options(full)
    return full


def check_defaults(defaults: Mapping[str, Any]) -> None:
    """Refuse impossible options of the constructor, also where no group takes them.

    Raises:
        ValueError: an option is not possible.
    """
    _check_options({**defaults, "ns_coefficients": canonical(defaults["ns_coefficients"])})
    for name, meant in _IN_A_GROUP.items():
        _check(name, defaults[name], _CHECKS[meant])


def check_parameters(group: Mapping[str, Any]) -> None:
    """Refuse parameters that the group's half cannot train.

    Args:
        group: a group with all options of both halves, and with tensors.

    Raises:
        TypeError: a parameter is not of a floating-point dtype, or sparse.
        ValueError: a parameter has no shape yet, or rows that `split` does not divide.
    """
    names = group.get("param_names") or [f"parameter {place} of its group" for place in range(len(group["params"]))]
    for name, param in zip(names, group["params"], strict=True):
        if is_lazy(param):
            raise ValueError(f"{name} has no shape before the model's first call; call the model once before")
        if param.dtype not in _DTYPES:
            raise TypeError(f"{name} is of {param.dtype}; Muon trains {', '.join(map(str, _DTYPES))}")
        if param.layout != torch.strided:
            raise TypeError(f"{name} is of the layout {param.layout}; Muon trains dense tensors")
        if group["use_muon"] and param.dim() > 1 and param.shape[0] % group["split"]:
            raise ValueError(
                f"{name} has {param.shape[0]} rows, which split={group['split']} does not divide into equal parts"
            )


def _refuse_unread(full: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
    """Refuse an option of the other half, unless it has its usual value, as in the groups of another Muon."""
    for name in _OF_ADAMW if full["use_muon"] else _OF_MATRICES:
        value = usual[name]
        allowed = [canonical(value)] if name == "ns_coefficients" else [value]
        if name == "eps":
            # A state_dict has ns_eps under torch.optim.Muon's name, too, which is eps.
            allowed.append(full["ns_eps"])
        if full[name] not in allowed and not (name == "betas" and tuple(full[name]) == tuple(value)):
            half, other = ("matrices", "AdamW") if full["use_muon"] else ("AdamW", "matrices")
            raise ValueError(f"a group of {half} does not read {name}, which is for groups of {other}; take it out")


def _check_options(options: Mapping[str, Any]) -> None:
    for name, check in _CHECKS.items():
        _check(name, options[name], check)
    each_step(options["ns_coefficients"], options["ns_steps"])


def _check(name: str, value: object, check: tuple[str, Callable[[Any], bool]]) -> None:
    wanted, holds = check
    try:
        fits = holds(value)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(f"{name} must be {wanted}, is {value!r}")


def _is_rate(value: Any) -> bool:
    if isinstance(value, Tensor) and value.numel() != 1:
        return False
    return not isinstance(value, bool | str) and 0 <= float(value) < math.inf


def _is_fraction(value: Any) -> bool:
    return _is_rate(value) and float(value) < 1


def _is_count(value: Any, most: float) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value < most


_RATE = ("a number ≥ 0", _is_rate)
_FLAG = ("True or False", lambda value: isinstance(value, bool))
_CHECKS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "lr": _RATE,
    "weight_decay": _RATE,
    "momentum": ("a number in [0, 1)", _is_fraction),
    "nesterov": _FLAG,
    "divide_work": _FLAG,
    "betas": ("two numbers in [0, 1)", lambda value: len(value) == 2 and all(map(_is_fraction, value))),
    "eps": _RATE,
    "ns_eps": _RATE,
    "ns_steps": ("a whole number from 1 to 99", lambda value: _is_count(value, 100)),
    "split": ("a whole number ≥ 1", lambda value: _is_count(value, math.inf)),
    "adjust_lr_fn": (
        'None, "original" or "match_rms_adamw"',
        lambda value: value in (None, "original", "match_rms_adamw"),
    ),
    "ns_dtype": ('"auto", "bfloat16" or "float32"', lambda value: value in ("auto", "bfloat16", "float32")),
}
