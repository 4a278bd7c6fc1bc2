"""A run in a loop of accelerate: `run.step` is right there with any number of processes.

accelerate steps a schedule as often as there are processes, knows no schedule by epochs and none that waits for a
metric, and leaves to the loop when gradients are unscaled and clipped. So a run keeps its own step, and asks the
accelerator for what is its own: how a loss is differentiated, whether gradients are only accumulated, and its scaler.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from accelerate import Accelerator
from accelerate.data_loader import DataLoaderStateMixin
from accelerate.optimizer import AcceleratedOptimizer
from accelerate.utils import OPTIMIZER_NAME, DistributedType, gather_object
from torch.nn import Module
from torch.nn.parallel import DistributedDataParallel

from optim_core import CheckpointMismatchError, CheckpointWarning, HorizonError, OptimError, StepResult
from optim_core.plugin_tools import Host, count, listing, shown
from optim_core.recipe import Optimization

__all__ = ["lengths", "prepare"]

Changed: TypeAlias = Literal["error", "saved", "config"] | Iterable[str]

_ORDER = "`model, loader = accelerator.prepare(model, loader)`"
_LINE = "`run = prepare(run, accelerator)`"

# What steps by itself, or puts gradients together in a step of its own, which is not that of the recipe.
_ENGINES = {
    DistributedType.DEEPSPEED: "the engine of DeepSpeed clips and steps by itself",
    DistributedType.MEGATRON_LM: "Megatron-LM clips and steps by itself",
    DistributedType.XLA: "on XLA devices accelerate adds up the gradients of the processes in a step of its own",
}


def prepare(run: Optimization, accelerator: Accelerator, *, changed: Changed = "error") -> Optimization:
    """Make a run right in a loop of accelerate, and part of what ``accelerator.save_state`` saves.

    Call it after ``accelerator.prepare(model, loader)``, and give that neither the optimizer nor the schedule; FSDP2
    alone needs the optimizer, ``model, _ = accelerator.prepare(model, run.optimizer)``. Then
    ``run.step(loss)`` is the step: it calls ``accelerator.backward``, adds gradients only where
    ``accelerator.sync_gradients`` is false, unscales before it clips, and moves a schedule once for each real step,
    whatever the number of processes.

    Args:
        run: what ``recipe.create(model)`` gave, for the model before or after ``accelerator.prepare``. It is changed
            in place, and returned.
        accelerator: has prepared every model that the run trains.
        changed: what ``accelerator.load_state`` does where the recipe is not the saved one, as `run.load_state_dict`
            takes it: "error" lists what differs, "saved" goes on as it was, "config" takes this recipe's numbers, and
            a list of paths takes them for those alone.

    Raises:
        OptimError: a model is not prepared, a schedule of the run is, or this accelerator does not leave the step to
            its loop.

    Example:
        >>> import torch
        >>> from accelerate import Accelerator
        >>> from optim_core import registry
        >>> from optim_frameworks.accelerate import prepare
        >>> accelerator, model = Accelerator(cpu=True), torch.nn.Linear(8, 2)
        >>> model = accelerator.prepare(model)
        >>> run = prepare(registry.recipe({"type": "AdamW"}).create(model), accelerator)
        >>> run.step(model(torch.ones(4, 8)).square().mean()).skipped
        False
    """
    _refuse_others(run, accelerator)
    _refuse_engine(accelerator)
    if accelerator.is_fsdp2:
        _refuse_undivided(run, accelerator)
    for name in run.optimizers:
        _refuse_unprepared(run, name, accelerator)
        _refuse_closure(run[name], accelerator)
        _refuse_graph(run[name], accelerator)
    _refuse_schedules(run.schedulers, accelerator)
    _refuse_different(run, accelerator)
    _tell_of_lengths(run, accelerator)
    before = _host_of(run)
    if before is not None:
        before.leave()
    host = _Accelerated(accelerator, run, changed)
    for name in run.optimizers:
        run[name].host = host
    _watch_checkpoints(accelerator)
    return run


def lengths(accelerator: Accelerator, loader: Any, *, epochs: int) -> dict[str, int]:
    """Return the length of a run in optimizer steps, for ``recipe.create(model, **lengths(...))``.

    Args:
        accelerator: has prepared the loader; its gradient accumulation is divided out.
        loader: what ``accelerator.prepare`` gave, whose length is that of one process.
        epochs: passes over it.

    Returns:
        ``total_steps`` and ``epochs``, and ``steps_per_epoch`` where every epoch has as many.

    Raises:
        HorizonError: the loader is not prepared, or has no length.

    Example:
        >>> import torch
        >>> from accelerate import Accelerator
        >>> from optim_frameworks.accelerate import lengths
        >>> accelerator = Accelerator(cpu=True)
        >>> loader = accelerator.prepare(torch.utils.data.DataLoader(torch.ones(50, 8), batch_size=5))
        >>> lengths(accelerator, loader, epochs=3)
        {'total_steps': 30, 'epochs': 3, 'steps_per_epoch': 10}
    """
    if not isinstance(loader, DataLoaderStateMixin):
        raise HorizonError(
            f"lengths is given {shown(loader)}, whose length may be that of all processes; give it what "
            f"accelerator.prepare returned, {_ORDER}"
        )
    epochs = count(epochs, "epochs", at_least=1)
    batches = _batches(loader)
    if batches is None:
        raise HorizonError(
            "the loader has no length, as its dataset has none; give recipe.create total_steps, in optimizer steps"
        )
    of = accelerator.gradient_accumulation_steps
    if accelerator.gradient_state.sync_with_dataloader:
        # The last batches of an epoch take a step of their own, however few they are.
        steps = -(-batches // of)
        return {"total_steps": steps * epochs, "epochs": epochs, "steps_per_epoch": steps}
    total = {"total_steps": batches * epochs // of, "epochs": epochs}
    return total if batches % of else total | {"steps_per_epoch": batches // of}


def _batches(loader: Any) -> int | None:
    """Return the length of a loader, None where its dataset has none."""
    try:
        return len(loader)
    except TypeError:
        return None


def _tell_of_lengths(run: Optimization, accelerator: Accelerator) -> None:
    """Warn where the epoch of a run is as long as that of a loader before it was divided, and as that of none now."""
    given, of = run.horizon.steps_per_epoch, accelerator.gradient_accumulation_steps
    counts = [batches for loader in accelerator._dataloaders if (batches := _batches(loader))]
    if given is None or any(given in (batches // of, -(-batches // of)) for batches in counts):
        return
    processes = accelerator.num_processes
    for batches in counts:
        of_all = range(batches * processes - processes + 1, batches * processes + 1)
        if given == batches or given in of_all or given in {-(-each // of) for each in of_all}:
            warnings.warn(
                f"the run was created for {given} steps an epoch, and a loader that is prepared has {batches} batches "
                f"for each of {processes} processes, {of} of them a step, so that a schedule would not come to its "
                "end: `recipe.create(model, **lengths(accelerator, loader, epochs=…))`",
                UserWarning,
                stacklevel=3,
            )
            return


class _Accelerated(Host):
    """The accelerator, as the loops of a run see it.

    Args:
        accelerator: differentiates and scales.
        run: what is stepped, and saved.
        changed: what happens where a saved run was made from another recipe.
    """

    def __init__(self, accelerator: Accelerator, run: Optimization, changed: Changed) -> None:
        self.accelerator = accelerator
        self._synchronised = {name: _synchronised(model) for name, model in run.models.items()}
        self._has_accumulated = False
        # Whether the optimizer that is stepped looks at the loss, and with another one would step otherwise.
        self._decides = False
        kind = _ShardedPart if accelerator.is_fsdp2 else _Part
        self._parts = {name: kind(run, name, changed) for name in run.optimizers}
        # An optimizer that was given to accelerator.prepare is the run's own from now on; and so is what another run
        # has trained before, as in a cell of a notebook that is run again.
        own = set(_parameters(run))
        _keep_optimizers(accelerator, lambda each: own.isdisjoint(_parameters(getattr(each, "run", each))))
        for part in self._parts.values():
            accelerator.prepare_optimizer(part)

    # A copy of the run is stepped with the same accelerator, which does not save it: `is_due` refuses that.
    def __deepcopy__(self, memo: dict[int, Any]) -> _Accelerated:
        return self

    def __reduce__(self) -> Any:
        raise OptimError(
            "a prepared run cannot be pickled with its accelerator; accelerator.save_state(folder) saves it, and "
            "run.state_dict() is its state"
        )

    def leave(self) -> None:
        """Take the run out of what the accelerator saves."""
        for part in self._parts.values():
            part.hook.remove()
        _keep_optimizers(self.accelerator, lambda each: each not in self._parts.values())

    # -- what a loop asks ----------------------------------------------------------------------------------------

    @property
    def scaler(self) -> Any:
        """The scaler of the accelerator."""
        return self.accelerator.scaler

    def is_due(self, loop: Any, loss: Any) -> bool:
        """Return whether gradients are complete; OptimError where a step would be another than is meant."""
        accelerator, part = self.accelerator, self._parts[loop.name]
        if loop.optimizer is not part.optimizer:
            raise OptimError(
                f"this is a copy of a prepared run, which the accelerator does not know; prepare it too: {_LINE}"
            )
        if part not in accelerator._optimizers:
            raise OptimError(
                "the accelerator has let go of this run, by free_memory or for another run of the same parameters: "
                f"prepare it again, {_LINE}"
            )
        if accelerator._schedulers and loop.scheduler is not None:
            _refuse_schedules({loop.name: loop.scheduler}, accelerator)
        part.refuse_moved(loop)
        if loss is not None:
            part.refuse_dropped()
        self._decides = "closure" in loop.needs
        if not accelerator.sync_gradients:
            self._has_accumulated = True
            self._refuse_endless(part)
            part.waiting += 1
            return False
        part.waiting = 0
        if accelerator.gradient_accumulation_steps > 1:
            _refuse_closure(loop, accelerator)
            if loss is not None:
                self._refuse_parts_of_a_gradient()
        if not all(model.require_backward_grad_sync for model in self._synchronised.get(loop.name, ())):
            raise OptimError(
                "this step is within accelerator.no_sync, so that each process would take another: call "
                "accelerator.backward(loss) there, and run.step(loss) with the last batch, outside of it. LocalSGD, "
                "which wants that, is not for runs"
            )
        part.turn.is_open = True
        return True

    def backward(self, loss: Any, **arguments: Any) -> Any:
        """Differentiate as the accelerator does; return the loss of all processes to who decides by it."""
        try:
            self.accelerator.backward(loss, **arguments)
        except RuntimeError as error:
            if "backward through the graph a second time" not in str(error):
                raise
            raise OptimError(
                "this loss has been differentiated already: run.step(loss) calls accelerator.backward itself; leave "
                "that out before it, or call run.step() without a loss"
            ) from error
        if self._decides and self.accelerator.num_processes > 1:
            return self.accelerator.reduce(loss.detach(), reduction="mean")
        return None

    def after_step(self, loop: Any, done: StepResult) -> None:
        """Keep whether the step was left out, for ``accelerator.optimizer_step_was_skipped``."""
        part = self._parts[loop.name]
        part.skipped, part.turn.is_open = done.skipped, False
        part.left = _place_of(loop)

    def refuse_metric(self, loop: Any, metric: Any) -> None:
        """Compare the metric with those of the other processes."""
        if self.accelerator.num_processes == 1:
            return
        found = gather_object([float(metric)])
        if len(set(map(repr, found))) > 1:
            raise OptimError(
                f"{type(loop.scheduler).__name__} was given other metrics in other processes, "
                f"{listing(map(str, found))}, and their rates would differ: compute it from all of them, with "
                'accelerator.gather_for_metrics, or accelerator.reduce(metric, reduction="mean")'
            )

    def _refuse_endless(self, part: _Part) -> None:
        """Raise OptimError where an optimizer waits longer than a step can take, as it is never its turn."""
        accelerator = self.accelerator
        number = accelerator.gradient_accumulation_steps
        # Who has not told the accelerator of a batch counts for himself.
        if accelerator.step and number > 1 and part.waiting >= number - 1:
            raise OptimError(
                f"{number} batches were to be accumulated, and this is one more without a step. The accelerator counts "
                "each `with accelerator.accumulate(…):` as a batch: with several models put the steps of all into one, "
                "`with accelerator.accumulate(generator, discriminator):`"
            )

    def _refuse_parts_of_a_gradient(self) -> None:
        """Raise OptimError where each batch would be a step with a part of its gradient."""
        accelerator = self.accelerator
        # Both are so where nobody has said to the accelerator that there was a batch.
        if accelerator.step or self._has_accumulated or accelerator.gradient_state.end_of_dataloader:
            return
        number = accelerator.gradient_accumulation_steps
        raise OptimError(
            f"gradients are accumulated over {number} batches, and the accelerator is told of none: each batch would "
            f"be a step with its gradient divided by {number}. Take the step in `with accelerator.accumulate(model):`; "
            "or call accelerator.backward(loss) for each batch, and run.step() without a loss after the last"
        )


class _Turn:
    """Lets an optimizer step in its run alone; a hook of the optimizer, to which it must not refer."""

    is_open = False

    def __call__(self, optimizer: Any, *_: Any) -> None:
        # With a rate of 0 torch.distributed.checkpoint steps, to have a state to load into.
        if not self.is_open and any(float(group.get("lr", 1.0)) for group in optimizer.param_groups):
            raise OptimError(
                f"{type(optimizer).__name__} of a prepared run was stepped by itself, without the clipping and the "
                "schedule of the recipe: call run.step(loss) in the place of accelerator.backward(loss), "
                "optimizer.step(), scheduler.step() and optimizer.zero_grad(), and leave all of them out"
            )


class _Part(AcceleratedOptimizer):  # type: ignore[misc]
    """One optimizer of a run, as the accelerator sees it: what it saves, loads, unscales and asks whether it stepped.

    The first of a run saves all of it. The accelerator forgets them with its models, ``free_memory``.
    """

    def __init__(self, run: Optimization, name: str, changed: Changed) -> None:
        super().__init__(run.optimizers[name], device_placement=False)
        self.run = run
        self.skipped: Any = False
        # How many batches have been accumulated since its last step.
        self.waiting = 0
        self.turn = _Turn()
        # Where the last step left the schedule.
        self.left: tuple[Any, ...] | None = None
        self.hook = self.optimizer.register_step_pre_hook(self.turn)
        self._changed: Changed = changed if isinstance(changed, str) else tuple(changed)
        self._name = name
        # With this the accelerator takes it as it is.
        self._is_accelerate_prepared = True

    @property
    def is_first(self) -> bool:
        """Whether it saves the run."""
        return self._name == next(iter(self.run.optimizers))

    def refuse_moved(self, loop: Any) -> None:
        """Raise OptimError where somebody else has moved a schedule by steps since the last step."""
        now = _place_of(loop)
        if loop.interval == "step" and self.left is not None and now[:2] == self.left[:2] and now != self.left:
            raise OptimError(
                f"{type(loop.scheduler).__name__} has moved since the last step, which run.step(loss) does: leave "
                "scheduler.step() out of the loop"
            )

    def refuse_dropped(self) -> None:
        """Raise OptimError where batches were accumulated, and their gradients are gone."""
        if self.waiting and all(each.grad is None for group in self.param_groups for each in group["params"]):
            raise OptimError(
                f"the gradients of {self.waiting} batches that were accumulated are gone: run.step(loss) drops them "
                "after a step, and keeps them before; leave optimizer.zero_grad() and model.zero_grad() out of the loop"
            )

    @property
    def step_was_skipped(self) -> bool:
        """Whether the scaler left out the last step of this optimizer."""
        return bool(self.skipped)

    def step(self, closure: Any = None) -> None:
        """Refuse; `run.step` is the step."""
        raise OptimError("the run steps its optimizer itself, run.step(loss)")

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the run."""
        return self.run.state_dict() if self.is_first else {"run": next(iter(self.run.optimizers))}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue the run."""
        if not self.is_first:
            return
        try:
            self.run.load_state_dict(state_dict, changed=self._changed)  # type: ignore[arg-type]
        except CheckpointMismatchError as error:
            if not error.repair:
                raise
            where = "load_state takes `changed` from prepare(run, accelerator, changed=…)"
            raise CheckpointMismatchError(error.reason, repair=f"{error.repair}\n{where}") from None

    # Whether there is a file of its state; of a model that is divided there may be a folder.
    saves_itself = True

    def beside(self) -> dict[str, Any] | None:
        """Return what is to be saved beside what `state_dict` gives, None where that is all."""
        return None

    def load_beside(self, saved: dict[str, Any]) -> None:
        """Load what `beside` gave, once the rest is loaded."""

    def check(self) -> None:
        """Raise OptimError where the run cannot be saved as it is, and warn of what is not saved."""
        self.run[self._name].refuse_eval("saved")
        if self.waiting:
            warnings.warn(
                f"the gradients of {self.waiting} batches that are accumulated are not in the checkpoint: save where "
                "accelerator.sync_gradients is true, after a step",
                CheckpointWarning,
                stacklevel=4,
            )


class _ShardedPart(_Part):
    """The optimizer of a run whose model FSDP2 divides: the accelerator saves its tensors, and the run the rest."""

    saves_itself = False

    def step(self, closure: Any = None) -> None:
        """Step, as torch.distributed.checkpoint does with gradients of zero, to have a state to load into."""
        self.optimizer.step(closure)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the optimizer alone."""
        state: dict[str, Any] = self.optimizer.state_dict()
        return state

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Load the optimizer alone."""
        self.optimizer.load_state_dict(state_dict)

    def beside(self) -> dict[str, Any]:
        """Return the state of the run without the tensors."""
        return self._with_states({}, self.run.state_dict())

    def load_beside(self, saved: dict[str, Any]) -> None:
        """Continue the run with the tensors that are loaded."""
        live = self.run.state_dict()["optimizers"]
        super().load_state_dict(self._with_states({name: state["state"] for name, state in live.items()}, saved))

    @staticmethod
    def _with_states(states: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
        optimizers = {name: {**state, "state": states.get(name, {})} for name, state in run["optimizers"].items()}
        return {**run, "optimizers": optimizers}


class _Runs:
    """How many runs there are, saved beside them: no checkpoint with a run is loaded where none is prepared."""

    def __init__(self, accelerator: Accelerator) -> None:
        self._accelerator = weakref.ref(accelerator)

    def parts(self) -> Iterator[tuple[int, _Part]]:
        """Yield each part of a run, with its place among the accelerator's optimizers."""
        accelerator = self._accelerator()
        if accelerator is not None:
            yield from ((place, each) for place, each in enumerate(accelerator._optimizers) if isinstance(each, _Part))

    def before_saving(self, models: Any, weights: Any, folder: str) -> None:
        """Refuse to save before anything is written."""
        for _, part in self.parts():
            part.check()

    def before_loading(self, models: Any, folder: str) -> None:
        """Refuse a checkpoint without a run before any weight is loaded."""
        for place, part in self.parts():
            if part.saves_itself and not Path(folder, f"{OPTIMIZER_NAME}{f'_{place}' if place else ''}.bin").exists():
                raise CheckpointMismatchError(
                    f"{folder} holds no run: it was saved where {_LINE} had not been called; nothing was loaded"
                )

    def state_dict(self) -> dict[str, Any]:
        """Return their number, and what they save beside their tensors."""
        return {"runs": [part.beside() for _, part in self.parts()]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Compare it, and load the rest."""
        parts = [part for _, part in self.parts()]
        saved, now = len(state["runs"]), len(parts)
        if saved != now:
            raise CheckpointMismatchError(
                f"the checkpoint holds the optimizers of a run, {saved} in number, and {now} of a run are prepared: "
                f"call {_LINE} before load_state"
            )
        for part, beside in zip(parts, state["runs"], strict=True):
            if beside is not None:
                part.load_beside(beside)


def _place_of(loop: Any) -> tuple[Any, ...]:
    """Return what tells whether the schedule of an optimizer has moved without a step of the run."""
    return id(loop.scheduler), loop.steps, getattr(loop.scheduler, "last_epoch", None)


def _parameters(optimizers: Any) -> Iterator[int]:
    """Yield the identities of what a run, or an optimizer, trains."""
    each = optimizers.optimizers.values() if isinstance(optimizers, Optimization) else [optimizers]
    yield from (id(parameter) for one in each for group in one.param_groups for parameter in group["params"])


def _keep_optimizers(accelerator: Accelerator, is_kept: Callable[[Any], bool]) -> None:
    accelerator._optimizers[:] = list(filter(is_kept, accelerator._optimizers))


def _watch_checkpoints(accelerator: Accelerator) -> None:
    """Look at what the accelerator saves and loads, once."""
    if not any(isinstance(each, _Runs) for each in accelerator._custom_objects):
        runs = _Runs(accelerator)
        accelerator.register_for_checkpointing(runs)
        accelerator.register_save_state_pre_hook(runs.before_saving)
        accelerator.register_load_state_pre_hook(runs.before_loading)


# -- what is refused -------------------------------------------------------------------------------------------------


def _refuse_others(run: Any, accelerator: Any) -> None:
    """Raise OptimError where the arguments are no run and no accelerator."""
    if not isinstance(run, Optimization):
        raise OptimError(
            f"prepare(run, accelerator) is given {shown(run)} for the run; a run is what recipe.create(model) gives"
        )
    if not isinstance(accelerator, Accelerator):
        raise OptimError(f"prepare(run, accelerator) is given {shown(accelerator)} for the accelerator")


def _host_of(run: Optimization) -> _Accelerated | None:
    """Return what the run was prepared with before.

    Raises:
        OptimError: another framework steps it.
    """
    host = run[next(iter(run.optimizers))].host
    if host is not None and not isinstance(host, _Accelerated):
        raise OptimError("the run is stepped in the loop of another framework already; create another one")
    return host


def _refuse_engine(accelerator: Accelerator) -> None:
    why = _ENGINES.get(accelerator.distributed_type)
    if why is None and accelerator.distributed_type == DistributedType.FSDP and not accelerator.is_fsdp2:
        why = (
            "FullyShardedDataParallel puts weights into flat parts, whose norms no clipper and whose matrices no "
            "optimizer can know; take FSDP2 (fsdp_version: 2), or DistributedDataParallel"
        )
    if why is not None:
        raise OptimError(f"this accelerator does not leave the step to its loop: {why}")


def _synchronised(model: Any) -> list[DistributedDataParallel]:
    """Return what puts the gradients of the processes together, as far as the run was created for it."""
    if not isinstance(model, Module):
        return []
    return [part for part in model.modules() if isinstance(part, DistributedDataParallel)]


def _refuse_unprepared(run: Optimization, name: str, accelerator: Accelerator) -> None:
    """Raise OptimError where a parameter of an optimizer is in no model that the accelerator trains."""
    # The accelerator keeps the model that it was given, and says of what it returned that it is prepared. What it
    # returned is another one, where it puts the gradients of several processes together.
    alone = accelerator.distributed_type.value.startswith("MULTI_") and accelerator.parallelism_config is None
    trained: set[int] = set()
    evaluated: set[int] = set()
    for model in accelerator._models:
        is_alone = alone and getattr(model, "_is_accelerate_prepared", False) and not _synchronised(model)
        (evaluated if is_alone else trained).update(map(id, model.parameters()))
    for group in run.optimizers[name].param_groups:
        for place, parameter in enumerate(group["params"]):
            if id(parameter) in trained:
                continue
            why = "that the accelerator has prepared"
            if id(parameter) in evaluated:
                why = f"{why} for training, but for evaluation alone"
            names = group.get("param_names")
            which = names[place] if names else f"a parameter of shape {tuple(parameter.shape)}"
            of = "the run" if len(run.optimizers) == 1 else f"the optimizer `{name}`"
            raise OptimError(
                f"{of} trains {which}, which is in no model {why}; its gradients would be those of one process alone: "
                f"call {_ORDER} first, create the run for that model, and then {_LINE}"
            )


def _refuse_undivided(run: Optimization, accelerator: Accelerator) -> None:
    """Raise OptimError where FSDP2 has divided the model without the optimizer of the run, or cannot save it."""
    if len(run.optimizers) > 1:
        raise OptimError(
            f"accelerate saves one optimizer of the model that FSDP2 divides, and the run has {listing(run.optimizers)}"
        )
    if not all(each.optimizer is run.optimizer for each in accelerator._optimizers) or not accelerator._optimizers:
        raise OptimError(
            "with FSDP2 the optimizer of the run is divided with the model: create the run first, then call "
            f"`model, _ = accelerator.prepare(model, run.optimizer)`, and then {_LINE}"
        )


def _refuse_graph(loop: Any, accelerator: Accelerator) -> None:
    if "create_graph" in loop.needs and accelerator.num_processes > 1:
        raise OptimError(
            f"{type(loop.optimizer).__name__} differentiates the gradients once more, and of those that were put "
            "together from several processes nobody can; train it in one process"
        )


def _refuse_closure(loop: Any, accelerator: Accelerator) -> None:
    if "closure" in loop.needs and accelerator.gradient_accumulation_steps > 1:
        raise OptimError(
            f"{type(loop.optimizer).__name__} computes the gradients anew in each step, so that those of "
            f"{accelerator.gradient_accumulation_steps} batches cannot be accumulated: "
            "Accelerator(gradient_accumulation_steps=1), with batches as large as a step needs"
        )


def _refuse_different(run: Optimization, accelerator: Accelerator) -> None:
    """Raise OptimError where the processes have runs whose rates would differ."""
    if accelerator.num_processes == 1:
        return
    for what, own in (("length", repr(run.horizon)), ("recipe", repr(run.recipe.to_config()))):
        found = gather_object([own])
        if len(set(found)) > 1:
            other = next(number for number, each in enumerate(found) if each != found[0])
            raise OptimError(
                f"the processes have runs of another {what}, so that their rates would differ: {found[0]} in the "
                f"first, and {found[other]} in that of number {other}. Give each the same config and lengths; a loader "
                "that is prepared has as many batches everywhere with even_batches=True, its default"
            )


def _refuse_schedules(schedulers: Mapping[str, Any], accelerator: Accelerator) -> None:
    """Raise OptimError where a schedule of the run is one that the accelerator steps, too."""
    own = {id(scheduler) for scheduler in schedulers.values()}
    prepared = [type(each.scheduler).__name__ for each in accelerator._schedulers if id(each.scheduler) in own]
    if prepared:
        raise OptimError(
            f"{listing(prepared)} of the run was given to accelerator.prepare, which steps it as often as there are "
            f"processes; leave it out there: {_ORDER}, then {_LINE}, and run.step(loss) moves it"
        )
