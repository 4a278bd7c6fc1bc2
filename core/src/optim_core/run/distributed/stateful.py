"""A run and its models for torch.distributed.checkpoint: saved by any number of processes, loaded by any other.

``dcp.save`` asks an object for its state and writes that. ``dcp.load`` asks for it as well, reads into the tensors that
it finds there, and hands the state back. An optimizer that has not stepped has none, so that its moments would not be
read (pytorch#140898), and what does not fit would be found when the weights are others already. Therefore this object
looks into the checkpoint when it is asked on behalf of ``dcp.load``: it reads what was saved, checks it, and answers
with tensors for all of it.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from optim_core.errors import CheckpointMismatchError, CheckpointWarning, OptimError
from optim_core.run.distributed.apart import Divided, divided, joined, malformed, targets, unfilled
from optim_core.run.distributed.loader import loader, read
from optim_core.run.saved_values import is_count
from optim_core.run.saving import model_state, random_state
from optim_core.run.saving.plain import refuse_other_than_plain
from optim_core.run.saving.ranks import processes, rank
from optim_core.text.prose import listing, said

__all__ = ["DistributedState", "refuse_distributed_checkpoint"]

ABOUT = "about_run"
VERSION = 1
_CHECKPOINTS = "torch.distributed.checkpoint"


def refuse_distributed_checkpoint(caller: Mapping[str, Any]) -> None:
    """Refuse to give torch.distributed.checkpoint the state of a run itself.

    It takes whatever has the two methods of a state for what it can save, and nothing but the caller tells that it is
    the one who asks. What it saved that way, it would load without the optimizers' moments.

    Args:
        caller: the globals of the function that asks.

    Raises:
        OptimError: it is one of torch.distributed.checkpoint's.
    """
    if str(caller.get("__name__")).startswith(_CHECKPOINTS):
        raise OptimError(
            "torch.distributed.checkpoint would load a run without the state of its optimizers; give it "
            '{"run": run.stateful(model)}, to dcp.save and to dcp.load'
        )


@attrs.define(eq=False)
class DistributedState:
    """What `Optimization.stateful` gives.

    Args:
        optimizers: the live optimizers by name.
        models: the models by name; the one that is given alone has the name "".
        save: gives the state of the run.
        check: takes a state, and returns how it differs from the run, or raises where it does not fit.
        load: takes a state, and what `check` returned.
    """

    _optimizers: Mapping[str, Any]
    _models: Mapping[str, Any]
    _save: Callable[[], dict[str, Any]]
    _check: Callable[[Mapping[str, Any]], Any]
    _load: Callable[[Mapping[str, Any], Any], None]

    def __attrs_post_init__(self) -> None:
        self._refuse_other_models()
        for name, model in self._models.items():
            if any(parameter.is_meta for parameter in model.parameters()):
                of = f" {name}" if name else ""
                raise OptimError(
                    f"the model{of} is on the device meta, where nothing can be loaded: model.to_empty(device=…) first"
                )

    def state_dict(self) -> dict[str, Any]:
        """Return the state to save, or, for ``dcp.load``, tensors to read the saved state into.

        The state is a mapping of: ``model``, the weights by name; ``optimizers``, the tensors of their states by
        parameter; ``random``, the random generators of each process; ``about_run``, all the rest.

        Raises:
            CheckpointMismatchError: ``dcp.load`` asks, and the checkpoint does not fit; nothing has been loaded.
            OptimError: something is no plain data, or cannot be divided between processes.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> model = torch.nn.Linear(8, 2)
            >>> run = registry.recipe({"type": "AdamW"}).create(model)
            >>> list(run.stateful(model).state_dict()["model"])
            ['weight', 'bias']
        """
        variables = loader()
        return self._saved() if variables is None else self._asked(_unpacked(read(variables, ABOUT, self)))

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Load what `state_dict` gave and torch.distributed.checkpoint has filled.

        Raises:
            CheckpointMismatchError: it does not fit.

        Example:
            >>> import copy, torch
            >>> from optim_core import registry
            >>> model = torch.nn.Linear(8, 2)
            >>> run = registry.recipe({"type": "AdamW"}).create(model)
            >>> state = copy.deepcopy(run.stateful(model).state_dict())
            >>> run.stateful(model).load_state_dict(state)
        """
        about = _unpacked(state.get(ABOUT))
        random = self._random_of(about, state.get("random", {}))
        with warnings.catch_warnings():
            # They have been told when the checkpoint was looked into.
            warnings.simplefilter("ignore", CheckpointWarning)
            self._checked(about)
            whole = joined(Divided(about["run"], about["tensors"], state.get("optimizers", {})))
            found = self._check(whole)
        models = {name: self._model_of(name, about, state) for name in self._models}
        model_state.load(models, self._models)
        self._load(whole, found)
        self._load_random(random)

    def _saved(self) -> dict[str, Any]:
        parts = divided(self._save(), self._optimizers)
        states = model_state.models_state(self._models)
        tensors = {name: _tensors(state["state"]) for name, state in states.items()}
        about = {
            "format": VERSION,
            "processes": processes(),
            "run": parts.rest,
            "tensors": parts.layout,
            "models": {
                name: {
                    "tensors": {key: [list(value.shape), value.dtype] for key, value in tensors[name].items()},
                    "others": {key: value for key, value in state["state"].items() if key not in tensors[name]},
                    "beside": state["beside"],
                    "ties": model_state.ties(self._models[name]),
                }
                for name, state in states.items()
            },
        }
        state = {ABOUT: _packed(about), "random": {str(rank()): _packed(random_state.random_state({}))}}
        return {**state, **_named(tensors), "optimizers": parts.tensors}

    def _asked(self, about: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is to be read."""
        self._checked(about)
        live = model_state.models_state(self._models)
        tensors = {name: _tensors(state["state"]) for name, state in live.items()}
        state = {ABOUT: b"", **_named(tensors), "optimizers": targets(about["tensors"], self._optimizers)}
        if about["processes"] == processes():
            return {**state, "random": {str(rank()): b""}}
        warnings.warn(
            f"it was saved by {about['processes']} processes, and these are {processes()}: their random generators "
            "cannot go on, and stay as they are",
            CheckpointWarning,
            stacklevel=4,
        )
        return state

    def _checked(self, about: Mapping[str, Any]) -> Any:
        """Return how the saved run differs from this one.

        Raises:
            CheckpointMismatchError: it does not fit.
        """
        saved = {name: {"state": _described(model)} for name, model in about["models"].items()}
        misfits = list(model_state.differences(saved, self._models, with_values=False))
        if not misfits:
            misfits += [line for name, model in self._models.items() for line in _untied(about["models"][name], model)]
        if misfits:
            raise CheckpointMismatchError("the checkpoint does not fit:\n    " + "\n    ".join(misfits))
        return self._check(joined(Divided(about["run"], about["tensors"], unfilled(about["tensors"]))))

    def _model_of(self, name: str, about: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
        of_all = state.get("model", {})
        found = of_all if name == model_state.ALONE else of_all.get(name, {})
        saved = about["models"][name]
        missing = [key for key in saved["tensors"] if key not in found]
        if missing:
            raise CheckpointMismatchError(f"not in the state that was read: {listing(missing)}")
        return {"state": {**found, **saved["others"]}, "beside": saved["beside"]}

    def _random_of(self, about: Mapping[str, Any], states: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the random states of this process, None where there are none of as many processes.

        Raises:
            CheckpointMismatchError: they are not whole.
        """
        if about["processes"] != processes() or str(rank()) not in states:
            return None
        state = _plain(states[str(rank())])
        wrong = random_state.malformed(state)
        if wrong is not None:
            raise CheckpointMismatchError(f"the checkpoint does not fit:\n    {wrong}")
        return state

    def _load_random(self, state: dict[str, Any] | None) -> None:
        if state is None:
            return
        differing = list(random_state.differences(state, {}))
        if differing:
            warnings.warn(f"{'; '.join(differing)}; all generators stay as they are", CheckpointWarning, stacklevel=3)
            return
        random_state.load_random_state(state, {})

    def _refuse_other_models(self) -> None:
        """Raise OptimError where a parameter that is trained would not be saved."""
        known = {id(parameter) for model in self._models.values() for parameter in model.parameters()}
        for name, optimizer in self._optimizers.items():
            for group in optimizer.param_groups:
                for place, parameter in enumerate(group["params"]):
                    if id(parameter) not in known:
                        names = group.get("param_names") or [f"parameter {number}" for number in range(place + 1)]
                        of = "" if len(self._optimizers) == 1 else f" `{name}`"
                        raise OptimError(
                            f"the optimizer{of} trains {names[place]}, which is in none of these models; give "
                            "stateful the model that the run was created for"
                        )


def _named(tensors: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the weights of the only model, or of each by its name, under one key."""
    return {"model": tensors.get(model_state.ALONE, tensors)}


def _tensors(values: Mapping[str, Any]) -> dict[str, Any]:
    import torch

    return {name: value for name, value in values.items() if isinstance(value, torch.Tensor)}


def _described(saved: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of a saved model, its tensors without their values."""
    import torch

    tensors = {
        name: torch.empty(shape, dtype=dtype, device="meta") for name, (shape, dtype) in saved["tensors"].items()
    }
    return {**tensors, **saved["others"]}


def _untied(saved: Mapping[str, Any], model: Any) -> Iterator[str]:
    """Give the names that are one tensor in a model and were two when it was saved, and may have had two values."""
    before = saved["ties"]
    for name, other in model_state.ties(model).items():
        if before.get(name, name) != before.get(other, other):
            yield f"{other} and {name} are one tensor, and were two"


def _packed(value: dict[str, Any]) -> bytes:
    """Return plain data as one value, which torch.distributed.checkpoint leaves whole."""
    import torch

    refuse_other_than_plain(value)
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def _plain(packed: bytes) -> dict[str, Any]:
    import torch

    try:
        value = torch.load(io.BytesIO(packed), map_location="cpu", weights_only=True)
    except Exception as error:
        raise CheckpointMismatchError(f"what is said of the run cannot be read: {said(error)}") from error
    return value if isinstance(value, dict) else {}


def _unpacked(packed: Any) -> dict[str, Any]:
    """Return what was saved about a run.

    Raises:
        CheckpointMismatchError: it is of another format.
    """
    about = _plain(packed) if isinstance(packed, bytes) and packed else {}
    if about.get("format") != VERSION:
        raise CheckpointMismatchError(
            f"it is not a state of format {VERSION} that run.stateful(model) gave, but {about.get('format', 'another')}"
        )
    wrong = malformed(about.get("run"), about.get("tensors"))
    if wrong is None and not (is_count(about.get("processes"), least=1) and _are_models(about.get("models"))):
        wrong = "it does not say how many processes saved which models"
    if wrong is not None:
        raise CheckpointMismatchError(f"the checkpoint does not fit:\n    {wrong}")
    return about


def _are_models(models: Any) -> bool:
    """Tell whether what is said of models has the form in which it is saved."""
    return isinstance(models, Mapping) and all(
        isinstance(model, Mapping)
        and "beside" in model
        and all(isinstance(model.get(part), Mapping) for part in ("tensors", "others", "ties"))
        and all(isinstance(look, (list, tuple)) and len(look) == 2 for look in model["tensors"].values())
        for model in models.values()
    )
