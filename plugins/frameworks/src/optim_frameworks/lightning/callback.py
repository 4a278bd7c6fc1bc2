"""What a RecipeModule does at the times that only callbacks are told of, whatever its subclass overrides."""

from __future__ import annotations

import warnings
from typing import Any

from optim_core import CheckpointWarning, OptimError
from optim_core.plugin_tools import listing
from optim_frameworks.lightning.clipping import scaler_of
from optim_frameworks.lightning.copies import callback_bases, own_class, root_of
from optim_frameworks.lightning.live import Held
from optim_frameworks.lightning.recipes import recipe_of
from optim_frameworks.lightning.resuming import KEY, check, go_on, is_saved, load_training_weights, save
from optim_frameworks.lightning.run_lengths import refuse_other_lengths
from optim_frameworks.lightning.tools import refuse_later_groups, train_later_groups

__all__ = ["RecipeCallback", "held_of", "is_attached", "recipe_callback"]


# After so many batches it is known how many steps they make; an epoch may take days.
_MANY = 500


def held_of(module: Any) -> Held | None:
    """Return what a RecipeModule holds of its run; None of any other module."""
    live = getattr(type(module), "_live", None)
    held = None if live is None else live(module)
    return held if isinstance(held, Held) else None


def recipe_callback(module: Any) -> Any:
    """Return the callback for the trainer of a module, of the copy of Lightning that the module comes from."""
    return _made(root_of(module))


def _made(root: str) -> Any:
    return own_class(RecipeCallback, callback_bases(root))()


def is_attached(trainer: Any) -> bool:
    """Tell whether a trainer has the callback already."""
    return any(isinstance(callback, RecipeCallback) for callback in trainer.callbacks)


class RecipeCallback:
    """The callback. It holds nothing, so that one serves every module that a trainer fits."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (root_of(self),)

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Begin anew, before a checkpoint is loaded."""
        held = held_of(pl_module)
        if held is not None and stage == "fit":
            held.prepare()

    # -- steps and epochs ------------------------------------------------------------------------------------------

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        """Let monitors look at the gradients; clip in manual optimization, where Lightning asks no module to."""
        held = held_of(pl_module)
        if held is None:
            return
        held.begin_step(optimizer, scaler_of(trainer))
        if not pl_module.automatic_optimization:
            held.clip(optimizer)

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Look at the steps of the optimizers from here on."""
        held = held_of(pl_module)
        if held is not None:
            held.within_batch(is_training=True)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Look at them no more."""
        held = held_of(pl_module)
        if held is not None:
            held.within_batch(is_training=False)
            if held.batches == _MANY:
                self._refuse_other_lengths(trainer, pl_module)

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Refuse a schedule that has not kept pace with its optimizer, and groups that each process has to itself."""
        held = held_of(pl_module)
        if held is not None and held.run is not None:
            refuse_later_groups(held.run, held.groups, trainer)
        self._refuse_other_paces(pl_module)
        self._refuse_other_lengths(trainer, pl_module)
        unmoved = self._unmoved(trainer, pl_module)
        if unmoved and held is not None and not held.is_told:
            held.is_told = True
            warnings.warn(unmoved, UserWarning, stacklevel=2)
        self._give_missed(trainer, pl_module, trainer.current_epoch - 1)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Refuse the same after the last epoch."""
        self._refuse_other_paces(pl_module)
        self._refuse_other_lengths(trainer, pl_module)
        unmoved = self._unmoved(trainer, pl_module)
        if unmoved:
            raise OptimError(unmoved)
        self._give_missed(trainer, pl_module, trainer.current_epoch - 1)

    def _unmoved(self, trainer: Any, module: Any) -> str:
        """Say of schedules by epochs that nobody steps, in manual optimization; an empty text where there are none."""
        held = held_of(module)
        if held is None or held.run is None or module.automatic_optimization or not held.batches:
            return ""
        names = held.unmoved(trainer.callback_metrics)
        if not names:
            return ""
        return (
            f"the schedule of {listing(names)} goes by epochs and has not moved at the end of one: call "
            "self.run.end_epoch(self.trainer.callback_metrics) in on_train_epoch_end, or step() of self.lr_schedulers()"
        )

    def _refuse_other_lengths(self, trainer: Any, module: Any) -> None:
        held = held_of(module)
        if held is not None and held.run is not None and held.batches and not module.automatic_optimization:
            refuse_other_lengths(trainer, held.run, held.steps_tried(), held.batches)

    def _give_missed(self, trainer: Any, module: Any, epoch: int) -> None:
        held = held_of(module)
        if held is not None and held.run is not None and epoch >= 0:
            held.metrics.give_missed(held.run, trainer, epoch)

    def _refuse_other_paces(self, module: Any) -> None:
        held = held_of(module)
        for name, steps, moves in held.paces() if held is not None and held.run is not None else ():
            if steps and moves > steps:
                raise OptimError(
                    f"the schedule of {name} has moved {moves} times in {steps} steps: it is stepped where its "
                    "optimizer is, by Lightning or by self.run, so take scheduler.step() away"
                )
            if steps and not moves and not module.automatic_optimization:
                raise OptimError(
                    f"the schedule of {name} has not moved in the steps of an epoch: call "
                    f'self.run["{name}"].step(loss) in training_step, which steps it, or self.lr_schedulers() and '
                    "their step() after the optimizer's"
                )

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Tell of norms that were not finite, where the clipper has kept that for the end of an epoch."""
        held = held_of(pl_module)
        if held is not None and held.run is not None:
            held.run.tell()

    # -- modes: some optimizers train other weights than those that are evaluated ------------------------------------

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin in the mode of training, with what a checkpoint says of the run."""
        self._go_on(trainer, pl_module)
        self._set_mode(trainer, pl_module, "train")

    def on_sanity_check_start(self, trainer: Any, pl_module: Any) -> None:
        """Go on from a checkpoint before the first evaluation."""
        self._go_on(trainer, pl_module)

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """Evaluate the weights that are to be evaluated."""
        self._set_mode(trainer, pl_module, "eval")

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Train on, before checkpoints are saved: their callbacks come last."""
        self._set_mode(trainer, pl_module, "train")

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """Leave the model with the weights that are to be evaluated."""
        self._set_mode(trainer, pl_module, "eval")

    def _set_mode(self, trainer: Any, module: Any, mode: str) -> None:
        held = held_of(module)
        if held is not None and held.run is not None and trainer.state.fn == "fit":
            getattr(held.run, mode)()

    # -- checkpoints -------------------------------------------------------------------------------------------------

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Save what the run is beside the states that Lightning saves."""
        held = held_of(pl_module)
        if held is not None and is_saved(held, trainer):
            save(held, trainer, pl_module, checkpoint)

    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Keep what a checkpoint says of the run that it continues, and compare, where the run is made already."""
        held = held_of(pl_module)
        if held is None or trainer.state.fn != "fit":
            return
        if KEY not in checkpoint:
            if checkpoint.get("optimizer_states"):
                recipe = recipe_of(pl_module)
                schedules = sum(recipe.schedule_of(name) is not None for name in recipe.optimizers)
                anew = len(checkpoint.get("lr_schedulers") or ()) < schedules
                warnings.warn(
                    "the checkpoint was saved without a recipe, so that nothing is compared: its "
                    + ("" if anew else "rates and other ")
                    + "numbers of groups count, and not those of the recipe"
                    + (", but for the rates: it has no schedule, and the recipe's begins at its first step" * anew),
                    CheckpointWarning,
                    stacklevel=2,
                )
            return
        held.saved = checkpoint[KEY]
        load_training_weights(pl_module, held.saved)
        if held.is_made:
            check(held.run, held.saved, pl_module.changed)

    def _go_on(self, trainer: Any, module: Any) -> None:
        held = held_of(module)
        if held is None or held.run is None:
            return
        if held.saved is not None:
            go_on(held, trainer, held.saved, module.changed)
            train_later_groups(held.run, held.later_groups, module, trainer)
        held.started()
