"""The weights in a file or folder, and how their names become those of a model."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from optim_core import OptimError
from optim_core.plugin_tools import said

__all__ = ["named_as", "weights_of"]

# What DeepSpeed calls the file with all weights, of stages up to 2.
_DEEPSPEED = "checkpoint/mp_rank_00_model_states.pt"
_METADATA = ".metadata"
# The parts of a weight with weight normalisation, as torch called them at first, and as it calls them now.
_OLD_PARTS = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}


def weights_of(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint by name.

    Args:
        path: a file of torch's, of which a ``state_dict`` in it counts where there is one, a ``.safetensors`` file, or
            the folder that FSDP2 or DeepSpeed write.

    Raises:
        OptimError: it cannot be read, or holds no tensors.
    """
    try:
        held = _read(path)
    except Exception as error:
        raise OptimError(f"{path}: cannot be read as a checkpoint: {said(error)}") from error
    found = {name: value for name, value in held.items() if isinstance(value, Tensor)}
    if not found:
        raise OptimError(f"{path}: holds no weights")
    return found


def _read(path: Path) -> Mapping[str, Any]:
    if path.is_dir():
        return _read_folder(path)
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    held = torch.load(path, map_location="cpu", weights_only=True)
    inner = held.get("state_dict", held) if isinstance(held, Mapping) else {}
    return inner if isinstance(inner, Mapping) else {}


def _read_folder(path: Path) -> Mapping[str, Any]:
    if (path / _METADATA).is_file():
        from torch.distributed.checkpoint.state_dict_loader import _load_state_dict_from_keys

        with warnings.catch_warnings():
            # Each process reads all of it, which is what is wanted.
            warnings.filterwarnings("ignore", message="torch.distributed is unavailable or uninitialized")
            held = _load_state_dict_from_keys({"state_dict"}, checkpoint_id=path)["state_dict"]
        return held if isinstance(held, Mapping) else {}
    saved = torch.load(path / _DEEPSPEED, map_location="cpu", weights_only=True)["module"]
    return saved if isinstance(saved, Mapping) else {}


def named_as(names: Iterable[str], weights: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], str]:
    """Return weights with the names of a model, and what stood before those names.

    A checkpoint of a Trainer has the name of the module's attribute before each, such as ``model.``; weights of which
    more names are right without a beginning lose it. The parts of a normalised weight get the names they have today.

    Args:
        names: of the model's own parameters and buffers.
        weights: of a checkpoint.

    Returns:
        The weights that have the beginning, without it, and the others as they are; the beginning.

    Example:
        >>> from optim_training.weights.files import named_as
        >>> named_as(["layer.weight"], {"model.layer.weight": 1, "other.bias": 2})
        ({'layer.weight': 1, 'other.bias': 2}, 'model.')
    """
    own = set(names)
    renamed = {_renamed(name, own): value for name, value in weights.items()}
    counts: Counter[str] = Counter()
    for name in renamed:
        for position in [0, *(index + 1 for index, letter in enumerate(name) if letter == ".")]:
            if name[position:] in own:
                counts[name[:position]] += 1
    # Of equal ones the shortest.
    begin = max(counts, key=lambda each: (counts[each], -len(each)), default="")
    return {name.removeprefix(begin): value for name, value in renamed.items()}, begin


def _renamed(name: str, own: set[str]) -> str:
    begin, _, last = name.rpartition(".")
    part = _OLD_PARTS.get(last)
    if part is None:
        return name
    today = f"{begin}.{part}" if begin else part
    return today if any(today.endswith(known) for known in own if known.endswith(part)) else name
