"""What is saved and loaded: as torch.optim.Muon has it for matrices, and as torch.optim.AdamW has it for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from optim_muon.orthogonal.coefficients import canonical

__all__ = ["loadable", "standalone"]

_STATE = {True: {"momentum_buffer"}, False: {"step", "exp_avg", "exp_avg_sq"}}
_HALF = {True: "matrices", False: "AdamW's parameters"}
# Options that groups of torch.optim.AdamW have and groups of this optimizer have not, to the value that they must have.
_TORCH_ONLY = {
    "amsgrad": (False,),
    "maximize": (False,),
    "decoupled_weight_decay": (True,),
    "foreach": None,
    "capturable": None,
    "differentiable": None,
    "fused": None,
}


def standalone(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state_dict that torch can load: a step count for each parameter, and torch's names of options too."""
    own = {
        key: {**values, "step": values["step"].clone()} if "step" in values else values
        for key, values in state["state"].items()
    }
    groups = [{**group, "eps": group["ns_eps"]} if group["use_muon"] else group for group in state["param_groups"]]
    return {**state, "state": own, "param_groups": groups}


def loadable(state: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a state_dict of this class, of torch.optim.Muon or AdamW, as one that fits `groups`; tensors are copied.

    Raises:
        ValueError: a group was saved for the other half, or the state of a parameter does not fit it.
    """
    saved = state["param_groups"]
    own = {key: _copied(values) for key, values in state["state"].items()}
    if [len(group["params"]) for group in saved] != [len(group["params"]) for group in groups]:
        # Groups of other sizes are not looked at here: torch's own load_state_dict says what differs.
        return {**state, "state": own}
    for place, (theirs, ours) in enumerate(zip(saved, groups, strict=True)):
        _check_half(theirs, ours["use_muon"], place)
        for key, param in zip(theirs["params"], ours["params"], strict=True):
            if own.get(key):
                _check_state(own[key], param, ours["use_muon"], place)
    merged = [_merged(theirs, ours) for theirs, ours in zip(saved, groups, strict=True)]
    return {**state, "state": own, "param_groups": merged}


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.clone() if isinstance(value, Tensor) else value for name, value in values.items()}


def _merged(saved: Mapping[str, Any], group: Mapping[str, Any]) -> dict[str, Any]:
    """Return the saved options, and the present ones for options that torch's optimizers do not have."""
    found = {**{name: value for name, value in group.items() if name not in ("params", "param_names")}, **saved}
    if group["use_muon"] and "ns_eps" not in saved:
        found["ns_eps"] = saved["eps"]
    found["ns_coefficients"] = canonical(found["ns_coefficients"])
    return {name: value for name, value in found.items() if name not in _TORCH_ONLY}


def _check_half(saved: Mapping[str, Any], use_muon: bool, place: int) -> None:
    of_matrices = saved.get("use_muon", "ns_steps" in saved)
    if of_matrices != use_muon:
        raise ValueError(
            f"group {place} has {_HALF[use_muon]}, and the state was saved for {_HALF[bool(of_matrices)]}; build the "
            "optimizer with the groups that were saved"
        )
    for name, allowed in _TORCH_ONLY.items():
        if allowed is not None and name in saved and saved[name] not in allowed:
            raise ValueError(f"group {place} was saved with {name}={saved[name]!r}, which Muon's AdamW half cannot do")


def _check_state(values: Mapping[str, Any], param: Tensor, use_muon: bool, place: int) -> None:
    found, wanted = set(values), _STATE[use_muon]
    if found != wanted:
        raise ValueError(
            f"group {place} has {_HALF[use_muon]}, whose state is {', '.join(sorted(wanted))}; saved is "
            f"{', '.join(sorted(found))}"
        )
    for name in sorted(wanted - {"step"}):
        if values[name].shape != param.shape:
            raise ValueError(
                f"group {place} has a parameter of shape {tuple(param.shape)}, for which a {name} of shape "
                f"{tuple(values[name].shape)} was saved; the model or the order of its parameters has changed"
            )
