"""Save a run to a file, and continue it from there."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Protocol

from optim_core.errors import CheckpointMismatchError, OptimError
from optim_core.run.distributed.shards import whole
from optim_core.run.saving import model_state, random_state
from optim_core.run.saving.checkpoint_file import read_checkpoint_file, write_checkpoint_file
from optim_core.run.saving.plain import refuse_other_than_plain
from optim_core.run.saving.ranks import processes, rank, together
from optim_core.text.prose import listing
from optim_core.version import __version__

__all__ = ["load_checkpoint", "save_checkpoint"]

FORMAT = "optim-core checkpoint"
VERSION = 1
_PARTS = {"models": dict, "run": dict, "random": list}


class Stateful(Protocol):
    """What has a state, such as an Optimization."""

    def state_dict(self) -> dict[str, Any]: ...

    @property
    def load_state_dict(self) -> Callable[..., Any]: ...


def save_checkpoint(
    path: str | os.PathLike[str],
    *,
    run: Stateful,
    model: Any,
    extra: Any = None,
    generators: Mapping[str, Any] | None = None,
) -> None:
    """Save a run, its model and the states of the random generators to a file, so that it can be continued bit for bit.

    The file is replaced in one move: killed at any moment, the old checkpoint or the new one is there, whole, and when
    this returns the disk has it. It holds plain data, which ``torch.load(path, weights_only=True)`` reads as well.

    Where torch.distributed is initialised, each process calls this; the first writes, with the random states of all. A
    model that ``fully_shard`` divided is put together for that, in the memory of each process; for one that is too
    large use `Optimization.stateful`.

    Args:
        path: the file; folders that are missing are made.
        run: what ``recipe.create(model)`` gave.
        model: the model, or a mapping of names to models; wrappers such as DistributedDataParallel may be around it.
        extra: what else the loop needs to continue: None, numbers, texts, tensors, and lists, tuples, sets and dicts of
            them.
        generators: name to a random generator of the loop's own: a torch.Generator, a random.Random, or one of numpy.

    Raises:
        CheckpointError: the file cannot be written; what stood at `path` is as it was.
        OptimError: something is no plain data, or a model is divided between processes by FullyShardedDataParallel;
            nothing was written.

    Example:
        >>> import torch
        >>> from optim_core import registry, save_checkpoint
        >>> model = torch.nn.Linear(8, 2)
        >>> run = registry.build({"optimizer": {"type": "AdamW"}}).create(model)
        >>> save_checkpoint("runs/first/last.pt", run=run, model=model, extra={"step": 100})
        >>> list(torch.load("runs/first/last.pt", weights_only=True))
        ['format', 'version', 'written_by', 'models', 'run', 'random', 'extra']
    """
    document: dict[str, Any] = {}

    def gather() -> dict[str, Any]:
        states = random_state.random_state(generators or {})
        refuse_other_than_plain({"generators": states["own"]})
        document.update(_document(run, model, extra))
        return states

    random_of_all = together(gather)
    # No process can fail here, or the others would wait for its parts.
    document.update({part: whole(document[part]) for part in ("models", "run")})

    def write() -> None:
        if rank() == 0:
            refuse_other_than_plain({part: document[part] for part in ("models", "run", "extra")})
            write_checkpoint_file(Path(path), document | {"random": random_of_all})

    together(write)


def load_checkpoint(
    path: str | os.PathLike[str],
    *,
    run: Stateful | None = None,
    model: Any = None,
    changed: Literal["error", "saved", "config"] | Iterable[str] = "error",
    generators: Mapping[str, Any] | None = None,
) -> Any:
    """Continue a run where `save_checkpoint` saved it; everything is checked before anything is changed.

    The weights go where the model is, from whichever device they came. Where torch.distributed is initialised, each
    process calls this and reads the file.

    Args:
        path: the file.
        run: what ``recipe.create(model)`` gives; without it only the model is loaded, and no random generator is set.
        model: the model or models, as saved; other wrappers, or none, may be around them. Without it only `extra` is
            read, and the run.
        changed: what happens where the recipe is not the saved one, as `run.load_state_dict` takes it: "error" lists
            what differs, "saved" goes on as it was, "config" takes this recipe's numbers, and a list of paths takes
            them for those alone.
        generators: the generators that were given when it was saved, by the same names.

    Returns:
        What was given as `extra`; its tensors are on the CPU.

    Raises:
        MissingCheckpointError: there is no such file; this is a FileNotFoundError too.
        CheckpointError: the file cannot be read, or is cut off or damaged.
        CheckpointMismatchError: it does not fit; model, run and generators are as they were.

    Example:
        >>> import torch
        >>> from optim_core import load_checkpoint, registry, save_checkpoint
        >>> model = torch.nn.Linear(8, 2)
        >>> run = registry.build({"optimizer": {"type": "AdamW"}}).create(model)
        >>> save_checkpoint("last.pt", run=run, model=model, extra={"step": 100})
        >>> load_checkpoint("last.pt", run=run, model=model)
        {'step': 100}
    """
    own = generators or {}
    document = _checked(path, read_checkpoint_file(Path(path)))
    models = {} if model is None else model_state.models_by_name(model)
    states = _states_of_this_process(path, document["random"]) if run is not None else None
    found = list(model_state.differences(document["models"], models)) if model is not None else []
    if states is not None:
        found += random_state.differences(states, own)
    if found:
        raise CheckpointMismatchError(f"{path} does not fit:\n    " + "\n    ".join(found))
    with model_state.loaded(document["models"], models):
        if run is not None:
            _load_run(run, document["run"], {} if changed == "error" else {"changed": changed})
        if states is not None:
            random_state.load_random_state(states, own)
    if run is not None:
        _tell(path, document["random"])
    return document["extra"]


def _document(run: Stateful, model: Any, extra: Any) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "written_by": __version__,
        "models": model_state.models_state(model_state.models_by_name(model)),
        "run": run.state_dict(),
        "random": [],
        "extra": extra,
    }


def _load_run(run: Stateful, state: Any, changed: dict[str, Any]) -> None:
    """Load the state of a run, and put back what it was where an optimizer's own code fails on the way."""
    before = None
    with suppress(OptimError):
        # In eval mode a run has no state to go back to.
        before = model_state.on_cpu(run.state_dict())
    try:
        run.load_state_dict(state, **changed)
    except CheckpointMismatchError:
        # Such an error comes before anything was loaded.
        raise
    except BaseException:
        if before is not None:
            run.load_state_dict(before)
        raise


def _checked(path: str | os.PathLike[str], document: Any) -> dict[str, Any]:
    """Return a document that has all that this version reads."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise CheckpointMismatchError(
            f"{path} is no checkpoint that save_checkpoint wrote; torch.load reads what torch.save wrote"
        )
    if document.get("version") != VERSION:
        raise CheckpointMismatchError(
            f"{path} is of version {document.get('version')} of the format, and this optim-core reads {VERSION}; "
            f"it was written by optim-core {document.get('written_by')}"
        )
    lacking = [part for part, kind in _PARTS.items() if not isinstance(document.get(part), kind)]
    if lacking or "extra" not in document:
        raise CheckpointMismatchError(f"{path} is not whole: it has no {listing(lacking or ['extra'])}")
    return document


def _states_of_this_process(path: str | os.PathLike[str], states: list[Any]) -> dict[str, Any] | None:
    """Return the random states that this process had, None where it was not there.

    Raises:
        CheckpointMismatchError: there are none of any process, or those of one are not whole.
    """
    found = [wrong for wrong in map(random_state.malformed, states) if wrong is not None]
    if found or not states:
        raise CheckpointMismatchError(f"{path} is not whole: {found[0] if found else 'it has no random states'}")
    return dict(states[rank()]) if rank() < len(states) else None


def _tell(path: str | os.PathLike[str], states: list[Any]) -> None:
    """Warn where the run cannot go on bit for bit, because it is on other devices or in other processes."""
    own = _states_of_this_process(path, states)
    gone = [] if own is None else random_state.without_generator(own)
    notes = [f"the random states of {listing(gone)} have no generator here"] if gone else []
    if len(states) != processes():
        notes.append(f"it was saved by {len(states)} processes, and these are {processes()}")
    if notes:
        warnings.warn(f"{path}: {'; '.join(notes)}", UserWarning, stacklevel=3)
