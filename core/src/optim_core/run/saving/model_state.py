"""The weights of models by the names that their user wrote, whatever wraps them."""

from __future__ import annotations

import sys
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from itertools import chain
from typing import Any, NamedTuple

from optim_core.errors import CheckpointMismatchError, OptimError
from optim_core.groups.model.wrappers import clean_names
from optim_core.run.distributed.shards import divided_as, is_divided
from optim_core.text.prose import listing

__all__ = ["ALONE", "differences", "load", "loaded", "models_by_name", "models_state", "on_cpu", "ties"]

# What a model that is given alone is called in a checkpoint.
ALONE = ""


class _Entries(NamedTuple):
    """The state of a model.

    Args:
        live: its own state dict.
        names: each key of it, but for those of `beside`, to the name that the user wrote.
        beside: the keys of what wrappers keep for themselves, such as the ``n_averaged`` of AveragedModel.
    """

    live: Mapping[str, Any]
    names: dict[str, str]
    beside: list[str]


def models_by_name(model: Any) -> dict[str, Any]:
    """Return the models by their names; the one that is given alone has the name "".

    Args:
        model: a model, or a mapping of names to models.

    Raises:
        OptimError: one of them is no module, or is divided into flat parts.
    """
    import torch

    models = dict(model) if isinstance(model, Mapping) else {ALONE: model}
    for name, module in models.items():
        if not isinstance(name, str) or not isinstance(module, torch.nn.Module):
            wanted = "a torch.nn.Module or a mapping of names to modules"
            raise OptimError(f"{_said(name)} must be {wanted}, is {type(module).__name__}")
        _refuse_flattened(_said(name), module)
    return models


def models_state(models: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of each model: its entries by the user's names, and what its wrappers keep beside them.

    Raises:
        OptimError: a part of a model has not been made yet.
    """
    state = {}
    for name, module in models.items():
        entries = _entries(module)
        _refuse_unmade(_said(name), entries)
        state[name] = {
            "state": {user: entries.live[own] for own, user in entries.names.items()},
            "beside": [[_last(own), entries.live[own]] for own in entries.beside],
        }
    return state


def differences(saved: Mapping[str, Any], models: Mapping[str, Any], *, with_values: bool = True) -> Iterator[str]:
    """Give, by name, what of the saved state does not fit the models.

    Args:
        saved: what `models_state` gave.
        models: the models by name.
        with_values: whether the saved tensors have values; without them their shapes and types are compared.
    """
    if saved.keys() != models.keys():
        yield f"the checkpoint holds {_counted(saved)}, and this is {_counted(models)}"
        return
    for name, module in models.items():
        entries = _entries(module)
        found = _model_differences(saved[name]["state"], entries)
        yield from (f"{_said(name)}: {line}" for line in found)
        if with_values:
            yield from (f"{_said(name)}: {line}" for line in _untied(saved[name]["state"], entries))


@contextmanager
def loaded(saved: Mapping[str, Any], models: Mapping[str, Any]) -> Iterator[None]:
    """Load the saved state into the models; where the body of the ``with`` raises, they are what they were before.

    Args:
        saved: what `models_state` gave; `differences` finds nothing wrong with it.
        models: the models by name.

    Raises:
        CheckpointMismatchError: a model refuses its state; all are what they were before.
    """
    before = {name: on_cpu(module.state_dict()) for name, module in models.items()}
    try:
        load(saved, models)
        yield
    except BaseException:
        for name, module in models.items():
            module.load_state_dict(_with_versions(before[name], module.state_dict()))
        raise


def load(saved: Mapping[str, Any], models: Mapping[str, Any]) -> None:
    """Load the saved state into the models.

    Raises:
        CheckpointMismatchError: a model refuses its state; those before it have theirs.
    """
    for name, module in models.items():
        _load(_said(name), module, saved[name])


def ties(model: Any) -> dict[str, str]:
    """Return each name of a tensor that has an earlier name too, by the user's names, to that one."""
    names = clean_names(model)
    first: dict[int, str] = {}
    found = {}
    for own, tensor in chain(
        model.named_parameters(remove_duplicate=False), model.named_buffers(remove_duplicate=False)
    ):
        other = first.setdefault(id(tensor), names.get(own, own))
        if own in names and other != names[own]:
            found[names[own]] = other
    return found


def _said(name: str) -> str:
    return f"model[{name!r}]" if name != ALONE else "model"


def _counted(models: Mapping[str, Any]) -> str:
    return "one model without a name" if list(models) == [ALONE] else f"the models {listing(models) or '(none)'}"


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _entries(module: Any) -> _Entries:
    live = module.state_dict()
    names = clean_names(module, live)
    return _Entries(live, names, [key for key in live if key not in names])


def on_cpu(value: Any) -> Any:
    """Return a copy of a state, with its tensors in the memory of the CPU."""
    import torch

    if is_divided(value):
        return value.detach().clone()
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", copy=True)
    if type(value) in (dict, OrderedDict):
        return type(value)((key, on_cpu(inner)) for key, inner in value.items())
    if type(value) in (list, tuple):
        return type(value)(map(on_cpu, value))
    return deepcopy(value)


def _refuse_flattened(what: str, module: Any) -> None:
    """Raise OptimError where FullyShardedDataParallel has divided the model between processes."""
    parallel = sys.modules.get("torch.distributed.fsdp")
    if parallel is not None and any(
        isinstance(part, parallel.FullyShardedDataParallel) and part.process_group.size() > 1
        for part in module.modules()
    ):
        repair = "use torch.distributed.fsdp.fully_shard instead, whose parts have names"
        raise OptimError(f"{what} is divided between processes by FullyShardedDataParallel, into flat parts; {repair}")


def _refuse_unmade(what: str, entries: _Entries) -> None:
    from torch.nn.parameter import is_lazy

    lazy = [name for own, name in entries.names.items() if is_lazy(entries.live[own])]
    if lazy:
        raise OptimError(f"{what}: {listing(lazy)} have no shape yet; run the model once before it is saved")


def _model_differences(saved: Mapping[str, Any], entries: _Entries) -> Iterator[str]:
    own_of = {user: own for own, user in entries.names.items()}
    missing = [name for name in own_of if name not in saved]
    surplus = [name for name in saved if name not in own_of]
    if missing:
        yield f"not in the checkpoint: {listing(missing)}"
    if surplus:
        yield f"only in the checkpoint: {listing(surplus)}"
    for name, own in own_of.items():
        if name in saved:
            yield from _entry_differences(name, saved[name], entries.live[own])


def _entry_differences(name: str, saved: Any, live: Any) -> Iterator[str]:
    import torch
    from torch.nn.parameter import is_lazy

    both = isinstance(saved, torch.Tensor), isinstance(live, torch.Tensor)
    if both == (False, False):
        return
    if both != (True, True):
        yield f"{name} was {_kind(saved)} and is {_kind(live)}"
    elif is_lazy(live):
        yield f"{name} has no shape yet; run the model once before it is loaded"
    elif live.is_meta:
        # Values that are copied there are gone, without a word.
        yield f"{name} is on the device meta, which holds no values; give it memory with model.to_empty(device=…) first"
    elif saved.shape != live.shape:
        yield f"{name} had the shape {list(saved.shape)} and has {list(live.shape)}"
    elif saved.dtype != live.dtype:
        yield f"{name} was {saved.dtype} and is {live.dtype}"


def _kind(value: Any) -> str:
    import torch

    return "a tensor" if isinstance(value, torch.Tensor) else f"of type {type(value).__name__}"


def _untied(saved: Mapping[str, Any], entries: _Entries) -> Iterator[str]:
    """Give the names that are one tensor in the model and had different values when they were saved."""
    import torch

    first: dict[Any, str] = {}
    for own, name in entries.names.items():
        live = entries.live[own]
        if name not in saved or type(live) is not torch.Tensor or live.layout != torch.strided or not live.numel():
            continue
        other = first.setdefault((live.device, live.data_ptr(), live.shape, live.stride(), live.dtype), name)
        if other != name and not _same(saved[other], saved[name]):
            yield f"{other} and {name} are one tensor, and were two"


def _same(one: Any, other: Any) -> bool:
    """Return whether two tensors hold the same bits."""
    import torch

    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return torch.equal(one.reshape(-1).view(torch.uint8), other.reshape(-1).view(torch.uint8))


def _load(what: str, module: Any, saved: Mapping[str, Any]) -> None:
    entries = _entries(module)
    values = {own: divided_as(saved["state"][name], entries.live[own]) for own, name in entries.names.items()}
    values |= _beside(what, module, entries, saved["beside"])
    try:
        module.load_state_dict(_with_versions(values, entries.live))
    except RuntimeError as error:
        raise CheckpointMismatchError(f"{what} refuses its saved state: {error}") from error


def _with_versions(values: Mapping[str, Any], live: Any) -> Mapping[str, Any]:
    """Return a state with what a state dict of torch says of the versions of the modules.

    A module that finds no version takes its entries for those of a program from before there were versions.
    """
    state: Any = OrderedDict(values)
    state._metadata = getattr(live, "_metadata", {})
    return state  # type: ignore[no-any-return]


def _beside(what: str, module: Any, entries: _Entries, saved: list[list[Any]]) -> dict[str, Any]:
    """Return what wrappers keep for themselves: as it was saved, or as it is where the saved model had none."""
    if [name for name, _ in saved] == [_last(own) for own in entries.beside]:
        return {own: value for own, (_, value) in zip(entries.beside, saved, strict=True)}
    if entries.beside:
        missing = listing(entries.beside)
        message = f"{what}: the checkpoint has no {missing} of {type(module).__name__}, which stays as it is"
        # The line that is shown is the one that calls load_checkpoint.
        warnings.warn(message, UserWarning, stacklevel=6)
    return {own: entries.live[own] for own in entries.beside}
