"""One optimizer of a run in the training loop: its step, with all that belongs to one, in order."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

import attrs

from optim_core.errors import OptimError
from optim_core.plugin_class.needs import Need, has_modes
from optim_core.run.accelerate import refuse_prepared
from optim_core.text.prose import listing, with_article
from optim_core.text.values import shown

if TYPE_CHECKING:
    from torch import Tensor
    from torch.amp import GradScaler
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core.protocols import Clipper

__all__ = ["Host", "Loop", "Loss", "Metric", "StepResult", "StepWatch", "SteppingHost", "is_unscaled"]

Loss: TypeAlias = "Tensor | Callable[[], Tensor] | None"
"""What a step is given: a function that computes the loss, a loss, or nothing where the gradients are there."""

Metric: TypeAlias = "float | Tensor | Mapping[str, float | Tensor] | None"
"""What a schedule that waits for one is given: the value, or values by their names."""

_NUMBERS = frozenset({float, int})
_PARAMS, _LR = itemgetter("params"), itemgetter("lr")


@attrs.define
class StepResult:
    """What a step did. Tensors stay on their device; reading one waits for it.

    Args:
        loss: a tensor without a graph, of shape (); of an optimizer that computes the loss several times the first;
            None where the step was given none.
        grad_norm: of all gradients before clipping, as the clipper gives it; None without clipping.
        lrs: the rate with which the step was taken, of each parameter group.
        skipped: whether a GradScaler left the step out, because a gradient was not finite: a bool, or a tensor of
            shape () that is not 0 then, where only the device knows.
        accumulated: whether the framework in whose loop the run is stepped only added the gradients to those of the
            batches before, so that there was no step.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> model = torch.nn.Linear(8, 2)
        >>> run = registry.recipe({"type": "SGD", "config": {"lr": 0.1}}).create(model)
        >>> done = run.step(lambda: model(torch.ones(4, 8)).square().mean())
        >>> done.lr, done.grad_norm, done.skipped
        (0.1, None, False)
    """

    # Who gives a loss knows that there is one; a type checker would ask for a proof at each reading.
    loss: Any
    grad_norm: Tensor | None
    lrs: tuple[float | Tensor, ...]
    skipped: bool | Tensor = False
    accumulated: bool = False

    @property
    def lr(self) -> float | Tensor:
        """The rate of the first parameter group with which the step was taken."""
        return self.lrs[0]


class _Seen:
    """Notes that an optimizer took its step, and whether a scaler told it to do nothing.

    It is a hook of the optimizer and must not refer to it, or the two would keep each other alive.
    """

    def __init__(self) -> None:
        self.stepped = False
        self.found_inf: Tensor | None = None

    def __call__(self, optimizer: Any, *_: Any) -> None:
        self.stepped = True
        # Where the optimizer unscales by itself, the scaler leaves there for the step what it found.
        self.found_inf = getattr(optimizer, "found_inf", None)


class StepWatch(Protocol):
    """What looks at each step of a loop, as a monitor does."""

    def before_step(self, scaler: GradScaler | None) -> None:
        """Be told that the gradients are there, not yet unscaled and clipped."""

    def after_step(self, done: StepResult) -> None:
        """Be told that the step was taken."""


class Host(Protocol):
    """A framework that differentiates and scales the loss itself, and knows when gradients are only accumulated.

    An adapter sets it for each optimizer of a run, ``run[name].host = host``; `Loop.step` then asks it at each step,
    and everything else of a step stays as it is: clipping, the optimizer, the schedule, the counters.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> class EverySecond:
        ...     scaler, batches = None, 0
        ...     def is_due(self, loop, loss):
        ...         self.batches += 1
        ...         return self.batches % 2 == 0
        ...     def backward(self, loss, **arguments):
        ...         (loss / 2).backward(**arguments)
        ...     def after_step(self, loop, done):
        ...         pass
        ...     def refuse_metric(self, loop, metric):
        ...         pass
        >>> model = torch.nn.Linear(8, 2)
        >>> run = registry.recipe({"type": "AdamW"}).create(model)
        >>> run["default"].host = EverySecond()
        >>> [run.step(model(batch).square().mean()).accumulated for batch in torch.ones(4, 16, 8)]
        [True, False, True, False]
    """

    @property
    def scaler(self) -> GradScaler | None:
        """The GradScaler that has scaled what `backward` differentiates; None where nothing is scaled.

        The loop unscales, steps and updates with it, and never scales a loss itself.
        """

    def is_due(self, loop: Loop, loss: Loss) -> bool:
        """Return whether the optimizer steps now, and does not only add gradients to those of the batches before.

        It is asked once at each call of `Loop.step`, before anything has been changed.

        Args:
            loop: the optimizer that is stepped.
            loss: what `step` was given: a function, a loss, or None where the gradients are there.

        Raises:
            OptimError: a step would be wrong in this place of the framework's loop.
        """

    def backward(self, loss: Tensor, **arguments: Any) -> Tensor | None:
        """Add the gradients of a loss, as the framework does.

        Args:
            loss: of shape (), as the model gave it.
            arguments: what ``torch.Tensor.backward`` takes: ``create_graph``.

        Returns:
            what an optimizer is told of the loss that computes it several times and decides by it, such as the mean
            over all processes, so that each takes the same step; None where that is the loss itself.
        """

    def refuse_metric(self, loop: Loop, metric: Any) -> None:
        """Raise OptimError where a schedule is given another metric than in the other processes.

        Their rates would differ from then on. It is asked before the schedule has moved, once or twice. A host that
        does not say otherwise refuses none.

        Args:
            loop: the optimizer whose schedule waits for it.
            metric: a number, which may be in a tensor.
        """
        return

    def after_step(self, loop: Loop, done: StepResult) -> None:
        """Be told of a step that was due, once it is taken, or was left out by the scaler.

        Args:
            loop: the optimizer that was stepped.
            done: what `Loop.step` returns.
        """


class SteppingHost(Host, Protocol):
    """A host that clips and steps as well, as where the framework has to count the steps of every optimizer.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> class Counting:
        ...     scaler, steps = None, 0
        ...     def is_due(self, loop, loss):
        ...         return True
        ...     def backward(self, loss, **arguments):
        ...         loss.backward(**arguments)
        ...     def take_step(self, loop, closure):
        ...         self.steps += 1
        ...         norm = loop.clip()
        ...         loop.optimizer.step()
        ...         return norm, False
        ...     def refuse_epoch(self, loop):
        ...         pass
        ...     def after_step(self, loop, done):
        ...         pass
        ...     def refuse_metric(self, loop, metric):
        ...         pass
        >>> model = torch.nn.Linear(8, 2)
        >>> run = registry.recipe({"type": "AdamW"}).create(model)
        >>> run["default"].host = Counting()
        >>> done = [run.step(model(batch).square().mean()) for batch in torch.ones(4, 16, 8)]
        >>> run["default"].host.steps
        4
    """

    def take_step(self, loop: Loop, closure: Callable[[], Tensor] | None) -> tuple[Tensor | None, bool | Tensor]:
        """Unscale, clip and step as the framework does all three.

        Args:
            loop: the optimizer that is stepped.
            closure: what the optimizer is given to compute the loss and the gradients, which clips nothing; None where
                the gradients are there.

        Returns:
            the norm of the gradients before the first clipping, None without, and whether a scaler left the step out.
        """

    def refuse_epoch(self, loop: Loop) -> None:
        """Raise OptimError where `Optimization.end_epoch` is called and the framework itself steps schedules by epochs.

        Args:
            loop: an optimizer of the run; nothing has been changed yet.
        """


class Loop:
    """One optimizer of a run, with its schedule and clipping.

    Args:
        name: what the recipe calls the optimizer; messages use it where there are several.
        optimizer: a live optimizer.
        scheduler: its live schedule, None without one.
        clipper: live clipping, None without it.
        needs: what the optimizer and its schedule need, see `Recipe.needs`.
        interval: when the schedule is stepped, "step" or "epoch".
        monitor: the name of the metric that the schedule waits for, None where the config names none.
        others: the other optimizers of the run, whose gradients a step leaves alone.
        steps_per_epoch: after how many steps a schedule by epochs should have moved; None where that is not known.
        model: what the optimizer was made for, which is looked at once, in the first step.

    `watch` is what a monitor puts there to look at each step, else None. `host` is the framework in whose training loop
    the run is stepped, which an adapter puts there, else None.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> model = torch.nn.Linear(8, 2)
        >>> run = registry.recipe({"type": "SGD", "config": {"lr": 0.1}}).create(model)
        >>> run["default"].optimizer is run.optimizer
        True
    """

    def __init__(
        self,
        name: str,
        optimizer: Optimizer,
        scheduler: LRScheduler | None,
        clipper: Clipper | None,
        *,
        needs: frozenset[Need] = frozenset(),
        interval: str = "step",
        monitor: str | None = None,
        others: Sequence[Optimizer] = (),
        steps_per_epoch: int | None = None,
        model: Any = None,
    ) -> None:
        self.name = name
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.clipper = clipper
        self.needs = needs
        self.interval = interval
        self.monitor = monitor
        self.steps = 0
        self.in_eval = False
        self.watch: StepWatch | None = None
        self.host: Host | None = None
        self._others = tuple(others)
        self._epoch_is_over = None if steps_per_epoch is None or interval == "step" else 2 * steps_per_epoch
        self._seen: _Seen | None = None
        self._unseen_model = model

    def __getstate__(self) -> dict[str, Any]:
        # Copies and pickles of an optimizer have no hooks of steps, so that a copy of the loop begins without.
        return {**self.__dict__, "_seen": None}

    def __repr__(self) -> str:
        return f"<{self.name}: {self._class} after {self.steps} steps>"

    # -- a step --------------------------------------------------------------------------------------------------

    def step(self, loss: Loss = None, *, scaler: GradScaler | None = None, metric: Metric = None) -> StepResult:
        """Take one optimizer step, with all that belongs to it; `Optimization.step` says more.

        Raises:
            OptimError: something is missing that the optimizer or its schedule needs; nothing has been changed.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> models = {"generator": torch.nn.Linear(8, 8), "discriminator": torch.nn.Linear(8, 1)}
            >>> recipe = registry.recipe({"optimizer_configs": {name: {"type": "AdamW"} for name in models}})
            >>> run = recipe.create(models)
            >>> fake = models["generator"](torch.ones(4, 8))
            >>> run["generator"].step(-models["discriminator"](fake).mean()).skipped
            False
        """
        host = self.host
        if host is not None or self._unseen_model is not None:
            scaler = self._scaler_of(host, scaler)
        scaling = scaler if scaler is not None and self._scales(scaler) else None
        is_function = callable(loss)
        if loss is not None and not is_function:
            self._as_loss(loss)
        is_due = host is None or host.is_due(self, loss)
        value = self._value_for("step", metric) if is_due else None
        self._refuse(loss, scaling, is_function=is_function)
        if not is_due:
            self._refuse_accumulating()
        if scaling is not None and _stage(scaling, self.optimizer) == "STEPPED":
            # The others have not stepped with this scaler since, and are not going to: a new iteration has begun.
            scaling.update()
        lrs = self._rates()
        if "closure" in self.needs:
            done = self._closure_step(cast("Callable[[], Tensor]", loss), lrs)
        else:
            computed = self._as_loss(cast("Callable[[], Tensor]", loss)()) if is_function else loss
            self._add_gradients(computed, scaling)
            if not is_due:
                return StepResult(_detached(computed), None, lrs, accumulated=True)
            done = self._plain_step(computed, lrs, scaling)
        self.steps += 1
        if self.scheduler is not None and self.interval == "step" and not self._was_skipped(done):
            self._advance(value)
        self.optimizer.zero_grad()
        if self._epoch_is_over is not None and self.steps > self._epoch_is_over:
            self._tell_of_epochs()
        if self.watch is not None or host is not None:
            self._tell_of_step(done)
        return done

    def _tell_of_step(self, done: StepResult) -> None:
        if self.watch is not None:
            self.watch.after_step(done)
        if self.host is not None:
            self.host.after_step(self, done)

    def _add_gradients(self, loss: Any, scaler: GradScaler | None) -> None:
        if loss is not None:
            # A framework scales the loss itself.
            self._backward(loss if scaler is None or self.host is not None else scaler.scale(loss))

    def _plain_step(self, loss: Any, lrs: tuple[Any, ...], scaler: GradScaler | None) -> StepResult:
        if self.watch is not None:
            self.watch.before_step(scaler)
        if self._take_step is not None:
            norm, skipped = self._take_step(self, None)
            return StepResult(_detached(loss), norm, lrs, skipped)
        if scaler is None:
            norm = self.clip()
            self.optimizer.step()
            return StepResult(_detached(loss), norm, lrs)
        norm = None
        if self.clipper is not None:
            if not is_unscaled(scaler, self.optimizer):
                scaler.unscale_(self.optimizer)
            norm = self.clip()
        skipped = self._scaled_step(scaler)
        return StepResult(_detached(loss), norm, lrs, skipped)

    @property
    def _take_step(self) -> Callable[[Loop, Any], tuple[Any, Any]] | None:
        """What takes the step in place of the loop: a method of the host, where that does so."""
        return getattr(self.host, "take_step", None)

    def _scaled_step(self, scaler: GradScaler) -> bool | Tensor:
        """Let the scaler step; return whether it did nothing."""
        if self._seen is None:
            self._seen = _Seen()
            self.optimizer.register_step_post_hook(self._seen)
        seen = self._seen
        seen.stepped, seen.found_inf = False, None
        scaler.step(self.optimizer)
        # A scaler is updated once for all that step with it.
        if all(_stage(scaler, other) == "STEPPED" for other in self._others):
            scaler.update()
        if seen.found_inf is not None:
            return seen.found_inf
        return not seen.stepped

    def _was_skipped(self, done: StepResult) -> bool:
        """Tell whether a step was left out. Where the device alone knows, this waits for it, as the scaler itself does
        with the optimizers that do not unscale by themselves.
        """
        return bool(done.skipped)

    def _closure_step(self, compute: Callable[[], Tensor], lrs: tuple[Any, ...]) -> StepResult:
        from torch import enable_grad

        done, take_step = StepResult(None, None, lrs), self._take_step

        def closure() -> Tensor:
            self.optimizer.zero_grad()
            with enable_grad():
                loss: Tensor = self._as_loss(compute())
                told = self._backward(loss)
            if done.loss is None and self.watch is not None:
                self.watch.before_step(None)
            norm = None if take_step is not None else self.clip()
            if done.loss is None:
                done.loss, done.grad_norm = _detached(loss), norm
            return loss if told is None else told

        if take_step is not None:
            done.grad_norm, done.skipped = take_step(self, closure)
            return done
        if "gradients" in self.needs:
            closure()
        self.optimizer.step(closure)  # type: ignore[arg-type]
        return done

    def _backward(self, loss: Any) -> Any:
        """Add the gradients of `loss` to those of this optimizer's parameters, and to no other's of the run."""
        if not self._others:
            return self._differentiate(loss)
        others = list(chain.from_iterable(map(_all_parameters, self._others)))
        kept = [parameter.grad for parameter in others]
        for parameter, gradient in zip(others, kept, strict=True):
            if gradient is not None:
                parameter.grad = None
        try:
            return self._differentiate(loss)
        finally:
            for parameter, gradient in zip(others, kept, strict=True):
                parameter.grad = gradient

    def _differentiate(self, loss: Any) -> Any:
        backward = loss.backward if self.host is None else partial(self.host.backward, loss)
        if "create_graph" in self.needs:
            with _without_cycle_warning():
                return backward(create_graph=True)
        return backward()

    def _as_loss(self, loss: Any) -> Any:
        if not hasattr(loss, "backward"):
            raise OptimError(
                f"{self._title}step is given {type(loss).__name__} for the loss, or a function that returns it: "
                "the loss is a tensor of shape (), and backward() is left to step"
            )
        if loss.numel() != 1 or not loss.requires_grad:
            is_what = f"of shape {tuple(loss.shape)}" if loss.numel() != 1 else "made without a graph of gradients"
            raise OptimError(
                f"{self._title}the loss is {is_what}: give step the mean or the sum of the losses, of shape (), "
                "computed from the model outside of torch.no_grad()"
            )
        return loss

    def _rates(self) -> tuple[Any, ...]:
        """Return the rate of each group as it is now; a schedule fills a tensor anew."""
        groups = self.optimizer.param_groups
        try:
            rates = tuple(map(_LR, groups))
        except KeyError:
            rates = tuple([group.get("lr", 0.0) for group in groups])
        # A look at the types is all that a step takes for many groups whose rates are numbers.
        if _NUMBERS.issuperset(map(type, rates)):
            return rates
        return tuple([rate.clone() if hasattr(rate, "clone") else rate for rate in rates])

    # -- what is missing -----------------------------------------------------------------------------------------

    @property
    def _class(self) -> str:
        return type(self.optimizer).__name__

    @property
    def _title(self) -> str:
        return f"{self._class} ({self.name}): " if self.name != "default" else ""

    def _refuse(self, loss: Any, scaler: GradScaler | None, *, is_function: bool) -> None:
        """Raise OptimError where a step could not be taken as it should be; nothing has been changed yet."""
        self.refuse_eval("stepped")
        if "closure" in self.needs:
            self._refuse_for_closure(scaler, is_function=is_function)
            return
        if loss is None:
            self._refuse_without_gradients()
        elif "create_graph" in self.needs:
            self._refuse_without_graph([each.grad for each in self.parameters() if each.grad is not None], every=True)
        if scaler is not None:
            self._refuse_scaled(scaler, is_given=loss is not None)

    def _scaler_of(self, host: Host | None, given: GradScaler | None) -> GradScaler | None:
        """Return the scaler of the framework, beside which there must be no other; else the one that is given."""
        if host is None:
            refuse_prepared(self._unseen_model)
            self._unseen_model = None
            return given
        if given is not None and given is not host.scaler:
            raise OptimError(
                f"{self._title}the framework in whose loop the run is stepped scales the loss itself; leave scaler= "
                "away, and set the precision there"
            )
        return host.scaler

    def _scales(self, scaler: GradScaler) -> bool:
        """Tell whether a scaler is on; one that is off is as none."""
        if not hasattr(scaler, "is_enabled"):
            is_a = with_article(type(scaler).__name__)
            raise OptimError(f"{self._title}scaler= is a torch.amp.GradScaler or None, not {is_a}")
        return scaler.is_enabled()

    def _refuse_accumulating(self) -> None:
        if "closure" in self.needs:
            raise OptimError(
                f"{self._title}{self._class} computes the gradients anew in each step, so that those of several "
                "batches cannot be accumulated: give step a function that computes the loss of all of them, and let "
                "the framework accumulate nothing"
            )

    def _refuse_scaled(self, scaler: GradScaler, *, is_given: bool) -> None:
        if "create_graph" in self.needs:
            raise OptimError(
                f"{self._title}a GradScaler cannot be used with {self._class}, which differentiates the gradients once "
                "more while they are scaled; train it in float32 or bfloat16, without a scaler"
            )
        if not is_given and _stage(scaler, self.optimizer) == "STEPPED":
            raise OptimError(
                f"{self._title}{self._class} has stepped with this scaler, and the other optimizers of the run have "
                "not: call scaler.update() before the next loss is scaled, or leave the scaling to step, "
                "run[name].step(loss, scaler=…)"
            )

    def refuse_eval(self, done: str) -> None:
        """Raise OptimError where the optimizer is in eval mode, in which the weights are others than those it trains.

        Args:
            done: what it must not be: "stepped" or "saved".

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> registry.recipe({"type": "SGD"}).create(torch.nn.Linear(8, 2))["default"].refuse_eval("saved")
        """
        groups = self.optimizer.param_groups
        if self.in_eval or [1 for group in groups if "train_mode" in group and group["train_mode"] is False]:
            raise OptimError(
                f"{self._title}{self._class} is in eval mode, in which it must not be {done}; call run.train() before"
            )

    def _refuse_for_closure(self, scaler: GradScaler | None, *, is_function: bool) -> None:
        if not is_function:
            raise OptimError(
                f"{self._title}{self._class} computes the loss several times in a step: "
                "give step a function of no arguments that returns it, run.step(lambda: loss_of(model(batch)))"
            )
        if scaler is not None:
            raise OptimError(
                f"{self._title}a GradScaler cannot be used with {self._class}, which computes the loss several times "
                "in a step; train it in float32 or bfloat16, without a scaler"
            )
        if any(parameter.grad is not None for parameter in self.parameters()):
            raise OptimError(
                f"{self._title}there are gradients already, which {self._class} would lose, as it computes them anew: "
                "give step a function that computes the whole loss, and call run.optimizer.zero_grad() "
                "where gradients are left from before"
            )

    def _refuse_without_gradients(self) -> None:
        gradients = [parameter.grad for parameter in self.parameters() if parameter.grad is not None]
        if not gradients:
            raise OptimError(
                f"{self._title}no parameter of {self._class} has a gradient: give step the loss, run.step(loss), "
                "or call loss.backward() before it"
            )
        if "create_graph" in self.needs:
            self._refuse_without_graph(gradients, every=False)

    def _refuse_without_graph(self, gradients: Sequence[Tensor], *, every: bool) -> None:
        """Refuse gradients that are there and have no graph, where one of them, or every one, must have it."""
        able = [gradient.requires_grad for gradient in gradients]
        if not (all(able) if every else any(able)):
            raise OptimError(
                f"{self._title}{self._class} differentiates the gradients once more, and those that "
                "are there have no graph: give step the whole loss, run.step(loss), or call "
                "loss.backward(create_graph=True) before it"
            )

    # -- the parts -----------------------------------------------------------------------------------------------

    def parameters(self) -> Iterator[Tensor]:
        """Yield the optimizer's parameters, group by group.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> run = registry.recipe({"type": "SGD"}).create(torch.nn.Linear(8, 2))
            >>> [tuple(parameter.shape) for parameter in run["default"].parameters()]
            [(2, 8), (2,)]
        """
        yield from _all_parameters(self.optimizer)

    def clip(self) -> Tensor | None:
        """Clip the gradients that are there; return their norm before, None without clipping.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> model = torch.nn.Linear(2, 1, bias=False)
            >>> config = {"optimizer": {"type": "SGD"}, "gradient_clipping": {"type": "norm", "max_norm": 1.0}}
            >>> run = registry.recipe(config).create(model)
            >>> model(torch.tensor([3.0, 4.0])).backward()
            >>> run.clip()
            tensor(5.)
        """
        return None if self.clipper is None else self.clipper.clip(_all_parameters(self.optimizer))

    def end_epoch(self, metric: Metric = None) -> None:
        """Step the schedule, if it goes by epochs; `Optimization.end_epoch` says more.

        Raises:
            OptimError: the schedule waits for a metric that is not given.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> recipe = registry.recipe({"optimizer": {"type": "SGD"}, "scheduler": {"type": "ReduceLROnPlateau"}})
            >>> run = recipe.create(torch.nn.Linear(8, 2))
            >>> run["default"].end_epoch(0.3)
            >>> run.scheduler.best
            0.3
        """
        if self.scheduler is not None and self.interval == "epoch":
            self._advance(self._value_for("epoch", metric))

    def check_metric(self, interval: str, metric: Metric) -> None:
        """Raise OptimError where the schedule would wait in vain for a metric at the end of a step or an epoch.

        Example:
            >>> import torch
            >>> from optim_core import OptimError, registry
            >>> recipe = registry.recipe({"optimizer": {"type": "SGD"}, "scheduler": {"type": "ReduceLROnPlateau"}})
            >>> try:
            ...     recipe.create(torch.nn.Linear(8, 2))["default"].check_metric("epoch", None)
            ... except OptimError as error:
            ...     print(error)
            ReduceLROnPlateau waits for a metric: run.end_epoch(metric)
        """
        refuse_epoch = getattr(self.host, "refuse_epoch", None)
        if interval == "epoch" and refuse_epoch is not None:
            refuse_epoch(self)
        self._value_for(interval, metric)

    def _tell_of_epochs(self) -> None:
        self._epoch_is_over = None
        if self.scheduler is not None and self.scheduler.last_epoch == 0:
            warnings.warn(
                f"{self._title}{type(self.scheduler).__name__} goes by epochs, and has not moved in {self.steps} "
                "steps: call run.end_epoch() after each epoch",
                UserWarning,
                stacklevel=4,
            )

    def _advance(self, value: Any) -> None:
        scheduler: Any = self.scheduler
        if "metric" in self.needs:
            scheduler.step(value)
        else:
            scheduler.step()

    def _value_for(self, interval: str, metric: Metric) -> Any:
        """Return the value that the schedule waits for at the end of a step or an epoch, None where it needs none."""
        if self.scheduler is None or "metric" not in self.needs or self.interval != interval:
            return None
        name = type(self.scheduler).__name__
        call = "run.step(loss, metric=…)" if interval == "step" else "run.end_epoch(metric)"
        if metric is None:
            of = f" `{self.monitor}`" if self.monitor else ""
            raise OptimError(f"{self._title}{name} waits for a metric{of}: {call}")
        found = self._metric_in(metric, name, call) if isinstance(metric, Mapping) else metric
        if not _number(found):
            raise OptimError(f"{self._title}{name} waits for a number, and {call} was given {shown(found)}")
        if self.host is not None:
            self.host.refuse_metric(self, found)
        return found

    def _metric_in(self, metric: Mapping[str, Any], name: str, call: str) -> Any:
        if self.monitor is None:
            if len(metric) == 1:
                return next(iter(metric.values()))
            raise OptimError(
                f"{self._title}{name} waits for one metric, and {call} was given {listing(metric) or 'none'}: "
                "name it in the config, monitor: …, or give the value alone"
            )
        if self.monitor not in metric:
            raise OptimError(
                f"{self._title}{name} waits for the metric `{self.monitor}`, and {call} was given "
                f"{listing(metric) or 'none'}"
            )
        return metric[self.monitor]

    def goes_by(self, interval: str, monitor: str | None) -> None:
        """Set when the schedule is stepped, and for which metric it waits.

        Args:
            interval: "step" or "epoch".
            monitor: the name of the metric, None where the config names none.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> run = registry.recipe({"type": "SGD"}).create(torch.nn.Linear(8, 2))
            >>> run["default"].goes_by("epoch", None)
            >>> run["default"].interval
            'epoch'
        """
        self.interval, self.monitor = interval, monitor

    def set_mode(self, mode: str) -> None:
        """Call `train()` or `eval()` of an optimizer that has them.

        Args:
            mode: "train" or "eval".

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> run = registry.recipe({"type": "SGD"}).create(torch.nn.Linear(8, 2))
            >>> run["default"].set_mode("eval")
            >>> run["default"].in_eval
            False
        """
        if has_modes(self.optimizer):
            getattr(self.optimizer, mode)()
            self.in_eval = mode == "eval"


def _all_parameters(optimizer: Optimizer) -> list[Tensor]:
    """Return the parameters of an optimizer, group by group."""
    return list(chain.from_iterable(map(_PARAMS, optimizer.param_groups)))


def _detached(loss: Any) -> Any:
    return None if loss is None else loss.detach()


def is_unscaled(scaler: Any, optimizer: Any) -> bool:
    """Tell whether the caller has unscaled the gradients already, which a scaler does not do twice."""
    return _stage(scaler, optimizer) == "UNSCALED"


def _stage(scaler: Any, optimizer: Any) -> str:
    """Return what a scaler has done with an optimizer since it was updated: "READY", "UNSCALED" or "STEPPED"."""
    states = getattr(scaler, "_per_optimizer_states", {})
    stage = states[id(optimizer)].get("stage") if id(optimizer) in states else None
    return getattr(stage, "name", "READY")


def _number(value: Any) -> bool:
    """Tell whether a metric is one number, which may be in a tensor."""
    if callable(getattr(value, "numel", None)):
        return bool(value.numel() == 1)
    return hasattr(value, "__float__") and not isinstance(value, bool)


@contextmanager
def _without_cycle_warning() -> Iterator[None]:
    """Silence torch's warning that gradients with a graph keep their parameters alive: the step drops them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*create_graph=True.*")
        yield
