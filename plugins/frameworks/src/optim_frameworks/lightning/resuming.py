"""What a checkpoint of Lightning's says of the run beside the states of torch's objects, and how a run continues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from optim_core import CheckpointMismatchError
from optim_frameworks.lightning.live import Held

__all__ = ["KEY", "check", "go_on", "is_saved", "load_training_weights", "save"]

KEY = "optim_core"
"""The key of a checkpoint with what is here; all of it is plain data."""

# Where a user of RecipeModule says what counts.
_WHERE = "set it on the module, self.changed = …, before fit"

_PARTS = ("optimizers", "schedulers")
_WEIGHTS, _PENDING, _METRICS = "training_weights", "pending_metrics", "metrics"


def is_saved(held: Held, trainer: Any) -> bool:
    """Tell whether a Trainer that saves holds the optimizers of the run."""
    live = {id(optimizer) for optimizer in trainer.optimizers}
    return held.run is not None and all(id(optimizer) in live for optimizer in held.run.optimizers.values())


def save(held: Held, trainer: Any, module: Any, checkpoint: dict[str, Any]) -> None:
    """Write into a checkpoint what the run is, without the states that Lightning writes itself.

    An optimizer that trains other weights than those that are evaluated is saved as it trains, and its weights beside
    those for evaluation, which stand where whoever loads the model looks for them.
    """
    run = held.run
    if not _has_modes(run):
        checkpoint[KEY] = _described(held, trainer)
        return
    in_eval = any(run[name].in_eval for name in run.optimizers)
    if in_eval:
        run.train()
        checkpoint["optimizer_states"] = [
            deepcopy(trainer.strategy.optimizer_state(optimizer)) for optimizer in trainer.optimizers
        ]
    checkpoint[KEY] = _described(held, trainer)
    if not trainer.strategy.restore_checkpoint_after_setup:
        weights = dict(_trained(run, module))
        checkpoint[KEY][_WEIGHTS] = {name: weight.detach().clone() for name, weight in weights.items()}
        checkpoint["state_dict"] = evaluated(run, trainer, weights)
    if in_eval:
        run.eval()


def evaluated(run: Any, trainer: Any, weights: Mapping[str, Any]) -> Any:
    """Return a copy of the model's state with the weights that are evaluated; the model keeps those that it has."""
    kept = {name: weight.detach().clone() for name, weight in weights.items()}
    run.eval()
    state = {
        name: value.detach().clone() if hasattr(value, "detach") else value
        for name, value in trainer.strategy.lightning_module_state_dict().items()
    }
    run.train()
    # The way there and back rounds.
    for name, weight in weights.items():
        weight.detach().copy_(kept[name])
    return state


def trained(run: Any, module: Any) -> dict[str, Any]:
    """Return the weights of a module, by name, that optimizers with modes train."""
    return dict(_trained(run, module))


def _trained(run: Any, module: Any) -> Iterator[tuple[str, Any]]:
    numbers = {
        id(parameter) for name in run.optimizers if "modes" in run[name].needs for parameter in run[name].parameters()
    }
    yield from ((name, parameter) for name, parameter in module.named_parameters() if id(parameter) in numbers)


def _has_modes(run: Any) -> bool:
    return any("modes" in run[name].needs for name in run.optimizers)


def load_training_weights(module: Any, saved: Mapping[str, Any]) -> None:
    """Put back the weights that are trained, where the model has loaded those for evaluation."""
    weights = saved.get(_WEIGHTS) or {}
    for name, parameter in module.named_parameters():
        if name in weights:
            parameter.detach().copy_(weights[name])


def _described(held: Held, trainer: Any) -> dict[str, Any]:
    run = held.run
    held.count()
    state: dict[str, Any] = run.state_dict()
    counters = state["counters"]
    state["counters"] = {**counters, "epochs": max(counters["epochs"], _epochs(trainer))}
    for part in _PARTS:
        state[part] = {
            name: {key: value for key, value in saved.items() if key != "state"} for name, saved in state[part].items()
        }
    if trainer.lightning_module.automatic_optimization:
        state[_PENDING] = held.metrics.pending(run, trainer)
        state[_METRICS] = held.metrics.state()
    return state


def _epochs(trainer: Any) -> int:
    """Return how many epochs have been trained, the one included whose end is being told of."""
    return int(trainer.fit_loop.epoch_progress.current.processed)


def _whole(run: Any, saved: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was saved of a run, with the states that its objects have now."""
    live = run.state_dict()
    state = {key: value for key, value in saved.items() if key not in (_WEIGHTS, _PENDING, _METRICS)}
    for part in _PARTS:
        state[part] = {
            name: {**entry, "state": live[part].get(name, {}).get("state")} for name, entry in saved[part].items()
        }
    return state


def check(run: Any, saved: Mapping[str, Any], changed: Any) -> list[str]:
    """Return how the run differs from the one that was saved.

    Raises:
        CheckpointMismatchError: it does not fit, or `changed` does not say what counts where they differ.
    """
    with _with_repair():
        differing: list[str] = run.check_state_dict(_whole(run, saved), changed)
    return differing


def go_on(held: Held, trainer: Any, saved: Mapping[str, Any], changed: Any) -> None:
    """Continue a run whose objects have loaded their states, with the config that counts from now on."""
    run = held.run
    for name in run.optimizers:
        run[name].steps = held.steps_before[name] = int(saved["counters"]["steps"][name])
    whole = _whole(run, saved)
    with _with_repair():
        if run.check_state_dict(whole, changed):
            run.load_state_dict(whole, changed)
    if trainer.lightning_module.automatic_optimization:
        held.metrics.load(saved.get(_METRICS) or {})
        held.metrics.give(run, trainer, saved.get(_PENDING) or {})


@contextmanager
def _with_repair() -> Iterator[None]:
    """Say where `changed` is said in Lightning."""
    try:
        yield
    except CheckpointMismatchError as error:
        if not error.repair:
            raise
        raise CheckpointMismatchError(error.reason, repair=f"{error.repair}; {_WHERE}") from None
