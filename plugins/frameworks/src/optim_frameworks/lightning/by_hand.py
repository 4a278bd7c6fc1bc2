"""``self.run[name].step(loss)`` by hand: through Lightning's backward, precision and counters."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from optim_core import OptimError
from optim_core.plugin_tools import SteppingHost
from optim_frameworks.lightning.clipping import scaler_of

__all__ = ["ByHand"]


class ByHand(SteppingHost):
    """What steps the run of a module: Lightning itself in automatic optimization, the module's own lines by hand.

    Args:
        module: a RecipeModule whose run has been created.
    """

    def __init__(self, module: Any) -> None:
        # The module holds the run, which holds this.
        self._module = weakref.ref(module)

    @property
    def scaler(self) -> Any:
        """The GradScaler of the Trainer's precision, which scales in ``manual_backward``."""
        return scaler_of(self._trainer())

    def _trainer(self) -> Any:
        module: Any = self._module()
        return module.trainer

    def is_due(self, loop: Any, loss: Any) -> bool:
        """Refuse a step in automatic optimization, and outside of training."""
        module: Any = self._module()
        name = type(module).__name__
        if module.automatic_optimization:
            raise OptimError(
                f"Lightning steps the optimizer of {name} itself, with the loss that training_step returns: return it, "
                "or set self.automatic_optimization = False in its __init__ and keep run.step"
            )
        if not module.trainer.training:
            raise OptimError(f"{name} can step its run in training_step alone, and the Trainer is not training")
        return True

    def refuse_epoch(self, loop: Any) -> None:
        """Refuse the end of an epoch in automatic optimization, where Lightning steps the schedules."""
        module: Any = self._module()
        if module.automatic_optimization:
            raise OptimError(
                f"Lightning steps the schedules of {type(module).__name__} itself, those by epochs too: take "
                "run.end_epoch away, and name the metric of a schedule in its config, monitor: …"
            )

    def backward(self, loss: Any, **arguments: Any) -> None:
        """Compute gradients as Lightning does by hand, scaled where its precision scales."""
        module: Any = self._module()
        module.manual_backward(loss, **arguments)

    def take_step(self, loop: Any, closure: Callable[[], Any] | None) -> tuple[Any, bool]:
        """Step Lightning's optimizer, which unscales, calls the hooks, of which one clips, and counts the step."""
        module: Any = self._module()
        wrapped = module.optimizers()
        each = wrapped if isinstance(wrapped, list) else [wrapped]
        mine = next(optimizer for optimizer in each if optimizer.optimizer is loop.optimizer)
        held = module._live()
        held.stepped_by_run = loop.name
        try:
            if closure is None:
                mine.step()
            else:
                mine.step(closure=closure)
        finally:
            held.stepped_by_run = None
        watched = held.watched[loop.name]
        was_skipped = watched.was_skipped()
        return watched.norm, was_skipped and self.scaler is not None

    def after_step(self, loop: Any, done: Any) -> None:
        """Do nothing: the loop has stepped the schedule, and Lightning has counted the step."""
