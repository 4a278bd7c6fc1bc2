"""OptimizerSpec, SchedulerSpec, ClipperSpec: a validated config, ready to become a live object.

A spec is data: it is frozen, compares by value, and needs no torch until a ``create_…`` is called.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs

from optim_core.errors import OptimError, PluginError
from optim_core.horizon import Horizon, count
from optim_core.params import Group, divide, group_parameters, named_parameters

if TYPE_CHECKING:
    from torch.nn import Module
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core.discovery import Kind
    from optim_core.protocols import Clipper

__all__ = ["SPECS", "ClipperSpec", "OptimizerSpec", "SchedulerSpec"]


@contextlib.contextmanager
def _building(what: str, provided_by: str) -> Iterator[str]:
    """Adds to an exception which part of the config it comes from."""
    title = f"{what} ({provided_by})" if provided_by else what
    try:
        yield title
    except Exception as error:
        error.add_note(f"while building {title}")
        raise


@attrs.frozen(kw_only=True)
class SchedulerSpec:
    """A learning-rate schedule, or one that waits for a metric.

    Args:
        type: the plugin's name.
        config: the instance of its plugin class.
        interval: whether ``step()`` is to be called after each optimizer step or after each epoch.
        provided_by: distribution and version, for messages.
    """

    type: str
    config: Any
    interval: Literal["step", "epoch"] = "step"
    provided_by: str = attrs.field(default="", eq=False, repr=False)

    @property
    def monitor(self) -> str | None:
        """The metric that ``step`` is given, for a schedule that waits for one and whose config names it."""
        return getattr(self.config, "monitor", None)

    def create_scheduler(
        self, optimizer: Optimizer, *, horizon: Horizon | None = None, last_step: int = 0
    ) -> LRScheduler:
        """Makes the scheduler for `optimizer`, whose groups' ``lr`` are the base rates.

        Args:
            optimizer: a freshly created optimizer.
            horizon: the length of the run in optimizer steps and epochs; needed by schedules whose config leaves their
                length open. One that is stepped once an epoch gets it counted in epochs.
            last_step: how many times ``step()`` was called before; the scheduler goes on from there.

        Raises:
            HorizonError: the schedule needs a length that neither the config nor `horizon` gives.
            OptimError: `last_step` is negative, or above 0 for a schedule that waits for a metric.
        """
        last_step = count(last_step, "last_step", at_least=0)
        horizon = horizon or Horizon()
        if self.interval == "epoch":
            horizon = horizon.in_epochs()
        with _building(f"scheduler {self.type}", self.provided_by) as what:
            scheduler: LRScheduler = self.config.build(optimizer, horizon)
        if not callable(getattr(scheduler, "step", None)):
            raise PluginError(f"{what}: build returned {scheduler!r:.60}, which has no step()")
        if last_step:
            if hasattr(self.config, "monitor"):
                raise OptimError(f"{self.type} follows a metric, not a count of steps; continue it by load_state_dict")
            _fast_forward(scheduler, last_step)
        return scheduler


def _fast_forward(scheduler: LRScheduler, steps: int) -> None:
    """Steps a fresh scheduler `steps` times, without torch's warning that the optimizer did not step in between."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*before.*optimizer.step.*")
        for _ in range(steps):
            scheduler.step()


@attrs.frozen(kw_only=True)
class OptimizerSpec:
    """An optimizer.

    Args:
        type: the plugin's name.
        config: the instance of its plugin class.
        decay: ExponentialLR for the config's ``lr_decay_gamma``, None where there is none.
        provided_by: distribution and version, for messages.
    """

    type: str
    config: Any
    decay: SchedulerSpec | None = None
    provided_by: str = attrs.field(default="", eq=False, repr=False)

    @property
    def lr_decay_gamma(self) -> float | None:
        """The factor by which the rate is multiplied after each epoch."""
        return None if self.decay is None else float(self.decay.config.gamma)

    def create_optimizer(self, params: Any, *, lr_multipliers: Mapping[Module, float] | None = None) -> Optimizer:
        """Makes the optimizer for a model, or for any iterable of parameters that torch takes.

        Args:
            params: a model, whose trainable parameters are taken with their names; or an iterable of tensors, of
                (name, tensor) pairs, or of group dicts.
            lr_multipliers: module to factor, > 0; its parameters get ``lr`` times the factor. Of nested modules the
                innermost wins.

        Raises:
            ParamGroupError: there is no parameter, or a multiplier means none of them.
        """
        lr = getattr(self.config, "lr", None)
        return self._build(group_parameters(params, lr=lr, lr_multipliers=lr_multipliers))

    def create_optimizer_for_multiple(
        self, models: Sequence[Module], *, lr_multipliers: Mapping[Module, float] | None = None
    ) -> Optimizer:
        """Makes one optimizer for several models; a parameter that they share is taken once.

        Args:
            models: at least one model; parameter names begin with the model's index, ``1.head.weight``.
            lr_multipliers: as in `create_optimizer`; a whole model may be a key.

        Raises:
            ParamGroupError: as in `create_optimizer`, or an item is not a model.
        """
        lr = getattr(self.config, "lr", None)
        return self._build(divide(named_parameters(list(models)), lr=lr, lr_multipliers=lr_multipliers))

    def create_scheduler(self, optimizer: Optimizer) -> LRScheduler | None:
        """ExponentialLR where ``lr_decay_gamma`` is set, to be stepped once an epoch; else None."""
        return None if self.decay is None else self.decay.create_scheduler(optimizer)

    def _build(self, groups: list[Group] | list[Any]) -> Optimizer:
        with _building(f"optimizer {self.type}", self.provided_by) as what:
            optimizer: Optimizer = self.config.build(groups)
        if not hasattr(optimizer, "param_groups") or not callable(getattr(optimizer, "step", None)):
            raise PluginError(f"{what}: build returned {optimizer!r:.60}, which is no optimizer")
        return optimizer


@attrs.frozen(kw_only=True)
class ClipperSpec:
    """A way to clip gradients.

    Args:
        type: the plugin's name.
        config: the instance of its plugin class.
        provided_by: distribution and version, for messages.
    """

    type: str
    config: Any
    provided_by: str = attrs.field(default="", eq=False, repr=False)

    def create_clipper(self) -> Clipper:
        """Makes the clipper; call its ``clip(parameters)`` between ``backward()`` and ``step()``."""
        with _building(f"clipper {self.type}", self.provided_by) as what:
            clipper: Clipper = self.config.build()
        if not callable(getattr(clipper, "clip", None)):
            raise PluginError(f"{what}: build returned {clipper!r:.60}, which has no clip(parameters)")
        return clipper


SPECS: dict[Kind, type[Any]] = {"optimizer": OptimizerSpec, "scheduler": SchedulerSpec, "clipper": ClipperSpec}
"""The spec of each kind of plugin."""
