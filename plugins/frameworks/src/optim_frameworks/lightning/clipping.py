"""Clipping in Lightning: a callback that clips before each optimizer step, and what it cannot stand beside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from optim_core import ClipperSpec, OptimError
from optim_core.plugin_tools import with_article
from optim_frameworks.lightning.copies import callback_bases, has_base, own_class

__all__ = ["ClipGradients", "parameters_of", "refuse_clipping", "refuse_self_unscaling"]


class ClipGradients:
    """A callback that clips the gradients of each optimizer before it steps, in automatic and in manual optimization.

    Gradients are unscaled by then in every precision. A `RecipeModule` clips as its recipe says and needs no callback;
    this is for other modules. ``norm`` is the norm before the last clipping, as the clipper returned it.

    Args:
        clipper: the clipping of a recipe, ``recipe.clipper``, or an object with ``clip(parameters)``.

    Raises:
        OptimError: `clipper` is None or cannot clip; at the start of a run, where the Trainer clips too, where the
            module's recipe does, or where the gradients cannot be clipped.

    Example:
        >>> import lightning as L
        >>> from optim_core import registry
        >>> from optim_frameworks.lightning import ClipGradients
        >>> clipping = registry.build({"type": "norm", "max_norm": 1.0})
        >>> trainer = L.Trainer(callbacks=[ClipGradients(clipping)], logger=False, accelerator="cpu")
    """

    def __new__(cls, clipper: Any = None) -> Any:  # noqa: ARG004 - what __init__ takes
        # A Trainer asks a callback for all that its own class of callbacks has.
        own = cls if has_base(cls, "Callback") else own_class(cls, callback_bases())
        return object.__new__(own)

    def __init__(self, clipper: Any) -> None:
        self.clipper = clipper.create_clipper() if isinstance(clipper, ClipperSpec) else clipper
        self.norm: Any = None
        if not callable(getattr(self.clipper, "clip", None)):
            raise OptimError(
                f"ClipGradients takes the clipping of a recipe, recipe.clipper, or an object with clip(parameters), "
                f"not {with_article(type(clipper).__name__) if clipper is not None else 'None: the recipe has none'}"
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return ClipGradients, (self.clipper,)

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Refuse what clipping cannot stand beside; Lightning calls it.

        Example:
            >>> from optim_core import registry
            >>> from optim_frameworks.lightning import ClipGradients
            >>> callable(ClipGradients(registry.build({"type": "norm", "max_norm": 1.0})).on_fit_start)
            True
        """
        recipe = getattr(pl_module, "recipe", None)
        if getattr(recipe, "clippings", None):
            raise OptimError("ClipGradients clips beside the recipe of the module, which clips already: take one away")
        if sum(isinstance(callback, ClipGradients) for callback in trainer.callbacks) > 1:
            raise OptimError(
                "there are several ClipGradients, each of which would clip what the one before left: keep one"
            )
        refuse_clipping(trainer, "ClipGradients")
        for optimizer in trainer.optimizers:
            refuse_self_unscaling(trainer, optimizer)

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        """Clip the gradients of an optimizer; Lightning calls it when they are there and unscaled.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> from optim_frameworks.lightning import ClipGradients
            >>> weight = torch.zeros(2, requires_grad=True)
            >>> weight.grad = torch.tensor([3.0, 4.0])
            >>> clip = ClipGradients(registry.build({"type": "norm", "max_norm": 1.0}))
            >>> clip.on_before_optimizer_step(None, None, torch.optim.SGD([weight]))
            >>> clip.norm
            tensor(5.)
        """
        self.norm = self.clipper.clip(list(parameters_of(optimizer)))

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Tell of norms that were not finite, where the clipper has kept that for the end of an epoch.

        Example:
            >>> from optim_core import registry
            >>> from optim_frameworks.lightning import ClipGradients
            >>> ClipGradients(registry.build({"type": "norm", "max_norm": 1.0})).on_train_epoch_end(None, None)
        """
        tell = getattr(self.clipper, "tell", None)
        if callable(tell):
            tell()


def parameters_of(optimizer: Any) -> Iterator[Any]:
    """Yield the parameters of an optimizer, group by group."""
    for group in optimizer.param_groups:
        yield from group["params"]


def refuse_clipping(trainer: Any, who: str) -> None:
    """Refuse a Trainer that clips too, and a strategy under which gradients cannot be clipped from outside.

    Args:
        trainer: of the run.
        who: clips, for the message.

    Raises:
        OptimError: so it is.
    """
    if trainer.gradient_clip_val is not None:
        raise OptimError(
            f"Trainer(gradient_clip_val={trainer.gradient_clip_val}) stands beside {who}, which clips too, so that "
            "one of them would be ignored: take gradient_clip_val away"
        )
    strategy = type(trainer.strategy)
    if has_base(strategy, "FSDPStrategy"):
        raise OptimError(
            f"{who} cannot clip under {strategy.__name__}, which leaves each process a part of each gradient, whose "
            "norm is not that of the whole: use ModelParallelStrategy, or clip in the Trainer, gradient_clip_val=…"
        )
    if has_base(strategy, "DeepSpeedStrategy"):
        raise OptimError(
            f"{who} cannot clip under {strategy.__name__}, where DeepSpeed steps by itself: take it away and write "
            "gradient_clipping in DeepSpeed's config, or Trainer(gradient_clip_val=…)"
        )


def scaler_of(trainer: Any) -> Any:
    """Return the GradScaler of a Trainer, None where it has none."""
    return getattr(trainer.precision_plugin, "scaler", None)


def refuse_self_unscaling(trainer: Any, optimizer: Any) -> None:
    """Refuse clipping in float16 of an optimizer that unscales its gradients itself, within its step.

    Raises:
        OptimError: so it is; the gradients that a clipper saw would be those of the scaled loss.
    """
    if scaler_of(trainer) is not None and getattr(optimizer, "_step_supports_amp_scaling", False):
        name = type(optimizer).__name__
        raise OptimError(
            f"with precision {trainer.precision} the gradients of a fused {name} stay scaled until it steps, so that "
            'clipping would see a norm many times too large: set fused: false in its config, train in "bf16-mixed", '
            "or take the clipping away"
        )
