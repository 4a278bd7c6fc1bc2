"""Looking into the checkpoint that ``dcp.load`` is loading, before it reads the tensors of an object."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Mapping
from typing import Any

from optim_core.errors import CheckpointMismatchError
from optim_core.text.prose import listing

__all__ = ["loader", "read"]

_LOADER = "torch.distributed.checkpoint.state_dict_loader"


def loader() -> Mapping[str, Any] | None:
    """Return the variables of the ``dcp.load`` that is running in this thread, None where there is none.

    ``Stateful.state_dict`` takes no arguments and torch has no other way to tell an object which checkpoint is being
    loaded, or that one is. All that is taken from here are the parameters of ``dcp.load``, which are documented.
    """
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == _LOADER and "storage_reader" in frame.f_locals:
            return dict(frame.f_locals)
        frame = frame.f_back
    return None


def read(variables: Mapping[str, Any], name: str, stateful: object) -> Any:
    """Read one value of an object from the checkpoint that is being loaded; all processes do so at the same time.

    Args:
        variables: what `loader` returned.
        name: the key of the value in the object's state.
        stateful: the object.

    Raises:
        CheckpointMismatchError: there is no such value, or not where the object is.
    """
    from torch.distributed.checkpoint.state_dict_loader import load

    reader = variables["storage_reader"]
    place = _place_of(reader.read_metadata().state_dict_metadata, variables["state_dict"], name, stateful)
    asked: dict[str, Any] = {place: b""}
    known = inspect.signature(load).parameters
    options = {key: variables[key] for key in ("process_group", "no_dist") if key in known and key in variables}
    with warnings.catch_warnings():
        # That there is one process only, torch says of the load that is running.
        warnings.filterwarnings("ignore", "torch.distributed is", UserWarning)
        load(asked, storage_reader=reader, **options)
    return asked[place]


def _place_of(saved: Mapping[str, Any], loaded: Mapping[str, Any], name: str, stateful: object) -> str:
    """Return the path of a value of an object in a checkpoint.

    Raises:
        CheckpointMismatchError: there is none, or not where the object is.
    """
    found = [path for path in saved if path == name or path.endswith(f".{name}")]
    key = next((key for key, value in loaded.items() if value is stateful), None)
    if key is not None and f"{key}.{name}" in found:
        return f"{key}.{name}"
    # In a Stateful of the caller's, this one may lie anywhere.
    if key is None and len(found) == 1:
        return found[0]
    if not found:
        raise CheckpointMismatchError('the checkpoint has no run that dcp.save({"run": run.stateful(model)}) saved')
    places = listing([path.removesuffix(name).rstrip(".") for path in found])
    raise CheckpointMismatchError(f"the checkpoint has no run under {key!r}; it has runs under {places}")
