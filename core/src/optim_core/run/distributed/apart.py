"""A run's state in two parts: the tensors of its optimizers by the names of parameters, and the rest as plain data.

torch.distributed.checkpoint divides tensors between the processes that save and those that load. It reads what it is
asked for, tensor by tensor, so that the rest says which tensors there are, and what they look like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from optim_core.errors import CheckpointMismatchError, OptimError
from optim_core.run.distributed.shards import is_divided
from optim_core.run.guard import shapes_of

__all__ = ["Divided", "divided", "joined", "malformed", "targets", "unfilled"]

# Optimizer to parameter to the entry of its state.
Tensors = dict[str, dict[str, dict[str, Any]]]


class Divided(NamedTuple):
    """A run's state in two parts.

    Args:
        rest: the state without the tensors that follow the parameters.
        layout: what these tensors look like, by optimizer, parameter and entry; plain data.
        tensors: the tensors, by the same keys.
    """

    rest: dict[str, Any]
    layout: Tensors
    tensors: Tensors


def divided(state: Mapping[str, Any], optimizers: Mapping[str, Any]) -> Divided:
    """Take the tensors out of what `Optimization.state_dict` gave; the state stays as it is.

    Args:
        state: the state.
        optimizers: the live optimizers that it is of.

    Raises:
        OptimError: a process has a part of a parameter's state in a tensor that does not say which part.
    """
    layout: Tensors = {}
    tensors: Tensors = {}
    rest = {}
    for name, saved in state["optimizers"].items():
        layout[name], tensors[name] = {}, {}
        kept = dict(saved["state"]["state"])
        parameters = _parameters(optimizers[name])
        for number, (parameter_name, parameter) in enumerate(parameters.items()):
            own = kept.get(number)
            if not isinstance(own, Mapping):
                continue
            apart = {key: value for key, value in own.items() if isinstance(key, str) and _goes_apart(value)}
            kept[number] = {key: _copied(value) for key, value in own.items() if key not in apart}
            if apart:
                tensors[name][parameter_name] = apart
                layout[name][parameter_name] = {
                    key: _look(f"the {key} of {parameter_name}", value, parameter) for key, value in apart.items()
                }
        rest[name] = {**saved, "state": {**saved["state"], "state": kept}}
    return Divided({**state, "optimizers": rest}, layout, tensors)


def targets(layout: Tensors, optimizers: Mapping[str, Any]) -> Tensors:
    """Return tensors to read saved ones into, divided between the processes as the live parameters are."""
    made: Tensors = {}
    for name, of_parameters in layout.items():
        parameters = _parameters(optimizers[name])
        made[name] = {
            parameter: {key: _target(look, parameters[parameter]) for key, look in entries.items()}
            for parameter, entries in of_parameters.items()
        }
    return made


def unfilled(layout: Tensors) -> Tensors:
    """Return tensors without values that look as the saved ones do, which are to be checked before they are read."""
    import torch

    return {
        name: {
            parameter: {
                key: torch.empty(look["shape"], dtype=look["dtype"], device="meta") for key, look in entries.items()
            }
            for parameter, entries in of_parameters.items()
        }
        for name, of_parameters in layout.items()
    }


def malformed(rest: Any, layout: Any) -> str | None:
    """Return what keeps the two parts of a state from being put together, None where nothing does."""
    optimizers = rest.get("optimizers") if isinstance(rest, Mapping) else None
    if not isinstance(optimizers, Mapping) or not all(map(_is_whole, optimizers.values())):
        return "run: the states of its optimizers are not whole"
    if not isinstance(layout, Mapping) or not all(name in layout for name in optimizers):
        return "tensors: must be a mapping of optimizers to what their tensors look like"
    looks = [
        look
        for of_parameters in layout.values()
        for entries in (of_parameters.values() if isinstance(of_parameters, Mapping) else [None])
        for look in (entries.values() if isinstance(entries, Mapping) else [None])
    ]
    return None if all(map(_is_look, looks)) else "tensors: one is not said to have a shape and a type"


def _is_whole(saved: Any) -> bool:
    state = saved.get("state") if isinstance(saved, Mapping) else None
    entries = state.get("state") if isinstance(state, Mapping) else None
    return (
        isinstance(entries, Mapping)
        and isinstance(saved.get("parameters"), Mapping)
        and all(isinstance(entry, Mapping) for entry in entries.values())
    )


def _is_look(look: Any) -> bool:
    import torch

    return (
        isinstance(look, Mapping)
        and {"shape", "dtype", "like_parameter", "placements"} <= look.keys()
        and isinstance(look["dtype"], torch.dtype)
        and isinstance(look["shape"], (list, tuple))
        and all(type(size) is int and size >= 0 for size in look["shape"])
    )


def joined(parts: Divided) -> dict[str, Any]:
    """Return the state that `divided` has taken apart.

    Raises:
        CheckpointMismatchError: a tensor is missing.
    """
    optimizers = {}
    for name, saved in parts.rest["optimizers"].items():
        whole = dict(saved["state"]["state"])
        for number, parameter in enumerate(saved["parameters"]):
            wanted = parts.layout[name].get(parameter, {})
            found = parts.tensors.get(name, {}).get(parameter, {})
            missing = [key for key in wanted if key not in found]
            if missing:
                raise CheckpointMismatchError(
                    f"optimizers.{name}: {missing[0]} of {parameter} was saved and has not been read; "
                    'load by dcp.load({"run": run.stateful(model)}, checkpoint_id=folder)'
                )
            if wanted:
                whole[number] = {**whole.get(number, {}), **{key: found[key] for key in wanted}}
        optimizers[name] = {**saved, "state": {**saved["state"], "state": whole}}
    return {**parts.rest, "optimizers": optimizers}


def _parameters(optimizer: Any) -> dict[str, Any]:
    live = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    return dict(zip(shapes_of(optimizer.param_groups), live, strict=True))


def _goes_apart(value: Any) -> bool:
    """Tell whether a value has a size worth dividing; a counter of steps goes with the rest."""
    import torch

    return isinstance(value, torch.Tensor) and (value.dim() > 0 or is_divided(value))


def _copied(value: Any) -> Any:
    """Return a tensor alone: one that is a view would be written with all that it is a view of."""
    import torch

    return value.detach().to("cpu", copy=True) if isinstance(value, torch.Tensor) else value


def _look(what: str, value: Any, parameter: Any) -> dict[str, Any]:
    """Describe a tensor."""
    alike = is_divided(value) is is_divided(parameter)
    if not alike and value.shape != parameter.shape and value.shape == _own_part(parameter).shape:
        raise OptimError(
            f"{what} is a plain tensor with this process's part alone, which torch.distributed.checkpoint would take "
            "for the whole; save this optimizer with one process"
        )
    placements = [_placement(each) for each in value.placements] if is_divided(value) else None
    return {
        "shape": list(value.shape),
        "dtype": value.dtype,
        "like_parameter": alike and value.shape == parameter.shape,
        "placements": placements,
    }


def _own_part(parameter: Any) -> Any:
    return parameter.to_local() if is_divided(parameter) else parameter


def _placement(placement: Any) -> int | None:
    """Return the dimension that is divided, None for copies."""
    return int(placement.dim) if placement.is_shard() else None


def _target(look: Mapping[str, Any], parameter: Any) -> Any:
    import torch

    with torch.no_grad():
        if look["like_parameter"] and list(parameter.shape) == look["shape"]:
            return torch.zeros_like(parameter, dtype=look["dtype"], requires_grad=False)
        if look["placements"] is not None and is_divided(parameter):
            return _divided_target(look, parameter)
        return torch.zeros(look["shape"], dtype=look["dtype"], device=parameter.device)


def _divided_target(look: Mapping[str, Any], parameter: Any) -> Any:
    from torch.distributed.tensor import Replicate, Shard, zeros

    mesh = parameter.device_mesh
    placements = [Replicate() if dim is None else Shard(dim) for dim in look["placements"]]
    if len(placements) != mesh.ndim:
        placements = [Replicate()] * mesh.ndim
    return zeros(look["shape"], dtype=look["dtype"], device_mesh=mesh, placements=placements)
