"""The live objects of a module's run, and what is seen of each optimizer while Lightning steps it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from optim_core import OptimError, StepResult
from optim_frameworks.lightning.metrics import Metrics

__all__ = ["Held", "Watched"]


class Watched:
    """What is seen of one optimizer: that it stepped, was skipped by a scaler, and that its gradients were clipped.

    It is a hook of the optimizer and must not refer to it, or the two would keep each other alive.

    Args:
        title: what the optimizer is called in messages.
        is_clipped: whether the recipe clips its gradients.
        has_closure: whether it computes the loss several times in a step, of which the first norm counts.
    """

    def __init__(self, title: str, *, is_clipped: bool, has_closure: bool) -> None:
        self.title = title
        self.is_clipped = is_clipped
        self._has_closure = has_closure
        self.norm: Any = None
        self.is_training = False
        self.taken: Any = 0
        self._clipped = self._stepped = False
        self._found_inf: Any = None

    def clipped(self, norm: Any) -> None:
        """Note the norm of the gradients before they were clipped."""
        if not (self._has_closure and self._clipped):
            self.norm = norm
        self._clipped = True

    def __call__(self, optimizer: Any, *_: Any) -> None:
        """Note a step.

        Raises:
            OptimError: its gradients were to be clipped and were not.
        """
        if not self.is_training:
            # torch.distributed.checkpoint steps an optimizer to see its state, and puts everything back.
            return
        if self.is_clipped and not self._clipped:
            raise OptimError(
                f"{self.title} has stepped with gradients that are not clipped, as the recipe asks: leave "
                "configure_gradient_clipping to RecipeModule, or call super().configure_gradient_clipping(optimizer) "
                "in yours"
            )
        self._clipped = False
        self._stepped = True
        # Where the optimizer unscales by itself, the scaler leaves there for the step what it found. Nothing waits for
        # the device to say what that is, until somebody asks.
        self._found_inf = found = getattr(optimizer, "found_inf", None)
        self.taken = self.taken + (1 if found is None else (found == 0))

    @property
    def steps(self) -> int:
        """How many steps the optimizer has taken in this ``fit``."""
        return int(self.taken)

    def was_skipped(self) -> bool:
        """Tell whether a scaler left out the step since this was asked the last time."""
        stepped, found = self._stepped, self._found_inf
        self._stepped, self._found_inf = False, None
        return not stepped or (found is not None and bool(found))


def _closure_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the closure among the arguments of a step, of which the optimizer is the first."""
    return kwargs.get("closure", args[1] if len(args) > 1 else None)


def _checked_closure(optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Replace the closure of a step by one that refuses to compute nothing.

    Lightning gives every optimizer a closure, which does nothing where the module steps by hand and gives none.
    """
    compute = _closure_of(args, kwargs)
    name = type(optimizer).__name__

    def closure() -> Any:
        loss = None if compute is None else compute()
        if loss is None:
            raise OptimError(
                f"{name} computes the loss several times in a step, and there is none: return it from training_step; "
                "where the module steps by hand, give run[name].step a function that returns it, or the optimizer a "
                "closure that calls manual_backward and returns the loss"
            )
        return loss

    return args[:1], {**kwargs, "closure": closure}


def _compute_gradients(optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:  # noqa: ARG001 - torch's
    """Compute the gradients that an optimizer wants to be there when its step begins."""
    closure = _closure_of(args, kwargs)
    if closure is not None:
        closure()


class _Begun(NamedTuple):
    """A step that is about to be taken: with which rates, and how many were taken before."""

    rates: tuple[Any, ...]
    taken: Any


class Held:
    """The run of a module, as long as the module itself is there: copies and pickles of the module are without.

    `run` is what the recipe created for the last ``fit``, `watched` what is seen of each optimizer, by its name,
    `saved` what a checkpoint says of the run that is to continue, until it does, `is_made` whether this ``fit`` has its
    run already, `later_groups` the number of groups of each optimizer to which a callback is going to add those that
    the saved one had, `groups` how many each had when the run was created, `batches` how many were trained in this
    ``fit``, `is_told` whether it was said that a schedule does not move.
    """

    def __init__(self) -> None:
        self.run: Any = None
        self.watched: dict[str, Watched] = {}
        self.saved: Mapping[str, Any] | None = None
        self.is_made = False
        self.later_groups: dict[str, int] = {}
        self.groups: dict[str, int] = {}
        self.steps_before: dict[str, int] = {}
        self.batches = 0
        self.is_told = False
        self._tried: dict[str, int] = {}
        self.metrics = Metrics()
        self._places: dict[str, int | None] = {}
        self._begun: dict[str, _Begun] = {}
        self.stepped_by_run: str | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Held:
        return Held()

    def __reduce__(self) -> tuple[Any, ...]:
        return Held, ()

    def prepare(self) -> None:
        """Forget what an earlier ``fit`` has left of a checkpoint."""
        self.saved, self.is_made, self.later_groups = None, False, {}

    def begin(self, run: Any, watched: dict[str, Watched], host: Any) -> None:
        """Take the run of a ``fit`` that begins, which `host` steps."""
        self.run, self.watched, self.is_made = run, watched, True
        self.groups = {name: len(optimizer.param_groups) for name, optimizer in run.optimizers.items()}
        self.steps_before = dict.fromkeys(run.optimizers, 0)
        self._begun = {}
        self.batches, self.is_told, self._tried = 0, False, dict.fromkeys(run.optimizers, 0)
        self.metrics.watch(
            {name: run[name].monitor for name in run.schedulers if "metric" in run[name].needs and run[name].monitor}
        )
        for name, optimizer in run.optimizers.items():
            run[name].host = host
            optimizer.register_step_post_hook(watched[name])
            if "closure" in run[name].needs:
                optimizer.register_step_pre_hook(_checked_closure)
            if "gradients" in run[name].needs:
                optimizer.register_step_pre_hook(_compute_gradients)

    def started(self) -> None:
        """Note where the schedules are when training starts, and that a checkpoint has been gone on from."""
        self.saved = None
        self._places = {name: _place(scheduler) for name, scheduler in self.run.schedulers.items()}

    def within_batch(self, *, is_training: bool) -> None:
        """Note whether a batch is being trained."""
        for watched in self.watched.values():
            watched.is_training = is_training
        self.batches += not is_training
        for name in [] if is_training else list(self._begun):
            self._end_step(name)

    def begin_step(self, optimizer: Any, scaler: Any) -> None:
        """Note that an optimizer is about to step, with gradients that are not clipped, and let a monitor look at them.

        A closure may compute gradients several times in a step, of which the first count.
        """
        name = self.name_of(optimizer)
        if name is None:
            return
        self._tried[name] += 1
        if name == self.stepped_by_run:
            return
        if name in self._begun:
            if self.watched[name].taken is self._begun[name].taken:
                return
            self._end_step(name)
        loop = self.run[name]
        rates = tuple(_value(group.get("lr", 0.0)) for group in loop.optimizer.param_groups)
        self._begun[name] = _Begun(rates, self.watched[name].taken)
        if loop.watch is not None:
            loop.watch.before_step(scaler)

    def _end_step(self, name: str) -> None:
        """Count a step as the run itself would, and tell a monitor of it."""
        begun, watched, loop = self._begun.pop(name), self.watched[name], self.run[name]
        loop.steps += 1
        if loop.watch is not None:
            norm = watched.norm if watched.is_clipped else None
            loop.watch.after_step(StepResult(None, norm, begun.rates, watched.taken - begun.taken == 0))

    def count(self) -> None:
        """Write into the run the steps that Lightning has taken with its optimizers."""
        for name, watched in self.watched.items():
            self.run[name].steps = max(self.run[name].steps, self.steps_before[name] + watched.steps)

    def steps_tried(self) -> dict[str, int]:
        """Return how often each optimizer was stepped in this ``fit``, those steps included that a scaler left out."""
        return {
            name: self.watched[name].steps if "closure" in self.run[name].needs else tried
            for name, tried in self._tried.items()
        }

    def unmoved(self, metrics: Mapping[str, Any]) -> list[str]:
        """Return the optimizers whose schedules by epochs have not moved in this ``fit``, though they could have."""
        return [
            name
            for name, before in self._places.items()
            if self.run[name].interval == "epoch"
            and before is not None
            and before == _place(self.run.schedulers[name])
            and ("metric" not in self.run[name].needs or (self.run[name].monitor or "") in ("", *metrics))
        ]

    def paces(self) -> Iterator[tuple[str, int, int]]:
        """Yield the name of each optimizer whose schedule goes by steps, its own steps in this ``fit``, and those."""
        for name, before in self._places.items():
            now = _place(self.run.schedulers[name])
            if before is not None and now is not None and self.run[name].interval == "step":
                yield name, self.watched[name].steps, now - before

    def name_of(self, optimizer: Any) -> str | None:
        """Return what the recipe calls an optimizer, None where it is not one of the run."""
        # Lightning's own wrapper holds the optimizer so.
        inner = getattr(optimizer, "_optimizer", None)
        for name, own in ({} if self.run is None else self.run.optimizers).items():
            if own is optimizer or own is inner:
                return str(name)
        return None

    def name_by_scheduler(self, scheduler: Any) -> str | None:
        """Return the name of the optimizer that a schedule belongs to, None where it is not one of the run."""
        schedulers = {} if self.run is None else self.run.schedulers
        return next((str(name) for name, own in schedulers.items() if own is scheduler), None)

    def clip(self, optimizer: Any) -> bool:
        """Clip the gradients of one optimizer as the recipe says; return whether it says so."""
        name = self.name_of(optimizer)
        if name is None or self.run[name].clipper is None:
            return False
        self.watched[name].clipped(self.run[name].clip())
        return True


def _place(scheduler: Any) -> int | None:
    """Return the step at which a schedule is, None where it does not say."""
    place = getattr(scheduler, "last_epoch", None)
    return place if isinstance(place, int) else None


def _value(rate: Any) -> Any:
    """Return a rate as it is now; a schedule fills a tensor anew."""
    return rate.clone() if hasattr(rate, "clone") else rate
