"""What a RecipeModule does at the times that only callbacks are told of, whatever its subclass overrides."""

from __future__ import annotations

from typing import Any

from optim_frameworks.lightning.copies import callback_bases, own_class, root_of
from optim_frameworks.lightning.live import Held

__all__ = ["RecipeCallback", "held_of", "is_attached", "recipe_callback"]


def held_of(module: Any) -> Held | None:
    """Return what a RecipeModule holds of its run; None of any other module."""
    held = vars(module).get("_held")
    return held if isinstance(held, Held) else None


def recipe_callback(module: Any) -> Any:
    """Return the callback for the trainer of a module, of the copy of Lightning that the module comes from."""
    return own_class(RecipeCallback, callback_bases(root_of(module)))()


def is_attached(trainer: Any) -> bool:
    """Tell whether a trainer has the callback already."""
    return any(isinstance(callback, RecipeCallback) for callback in trainer.callbacks)


class RecipeCallback:
    """The callback. It holds nothing, so that one serves every module that a trainer fits."""

    def __reduce__(self) -> tuple[Any, ...]:
        return own_class, (RecipeCallback, type(self).__bases__[1:]), {}

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        """Clip in manual optimization, where Lightning asks no module to."""
        held = held_of(pl_module)
        if held is not None and not pl_module.automatic_optimization:
            held.clip(optimizer)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Tell of norms that were not finite, where the clipper has kept that for the end of an epoch."""
        held = held_of(pl_module)
        tell = None if held is None or held.run is None else getattr(held.run.clipper, "tell", None)
        if callable(tell):
            tell()
