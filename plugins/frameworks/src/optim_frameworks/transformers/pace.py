"""What Trainer takes for its schedule: it moves the recipe's at the recipe's pace, and holds the state of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from transformers import TrainerCallback

from optim_core import CheckpointMismatchError, OptimError, StepResult
from optim_core.recipe import Optimization

__all__ = ["EpochEnds", "Pace"]

FORMAT = "optim-frameworks 1"


@attrs.define
class _Step:
    """What is known of the step that is being taken; hooks of the optimizer, to which it must not refer.

    Args:
        must_clip: whether a step with gradients that were not clipped is refused, as it is once training has begun;
            before, torch.distributed.checkpoint takes a step of its own, with nothing in it, to load a state.
        rates: the rate of each group with which the last step was taken.
        norm: of the gradients before clipping, None without clipping.
        clipped: whether the gradients that are there were clipped.
        taken: whether the step was not left out by a scaler.
        found_inf: what an optimizer that unscales by itself was told of gradients that are not finite.
    """

    must_clip: bool = False
    rates: list[Any] | None = None
    norm: Any = None
    clipped: bool = False
    taken: bool = False
    found_inf: Any = None

    def before(self, optimizer: Any, *_: Any) -> None:
        if self.clipped:
            return
        if self.must_clip:
            raise OptimError(
                "the gradients were not clipped as the recipe says, since Trainer did not call _clip_grad_norm of "
                "RecipeTrainer before this step: leave max_grad_norm out of the arguments, set it to 1.0 where their "
                "class says 0, and call super()._clip_grad_norm(model) where you override it"
            )
        self.rates = [_rate_of(group) for group in optimizer.param_groups]

    def after(self, optimizer: Any, *_: Any) -> None:
        self.clipped = False
        self.found_inf = getattr(optimizer, "found_inf", None)


def _rate_of(group: dict[str, Any]) -> Any:
    """Return the rate of a group as it is now; a schedule fills a tensor anew."""
    rate = group.get("lr", 0.0)
    return rate.clone() if hasattr(rate, "clone") else rate


def _rates_of(optimizer: Any) -> list[float]:
    """Return the rate of each group as a number."""
    return [float(_rate_of(group)) for group in optimizer.param_groups]


class Pace:
    """The schedule of a run, as Trainer calls it: `step` after each optimizer step that was not left out.

    A schedule by epochs moves when `EpochEnds` says so, one that waits for a metric when the trainer has evaluated;
    without a schedule nothing moves. Its state is that of the run, without what Trainer saves as the optimizer's.

    Args:
        run: what it is the schedule of.
        changed: what happens where the run that is loaded was of another config, see `Optimization.load_state_dict`.
        epoch: the steps of an epoch of Trainer's, None where they are not known; those of the run may be what they were
            when it was saved.
    """

    def __init__(self, run: Optimization, changed: Any, epoch: int | None) -> None:
        self.run = run
        self.changed = changed
        self.epoch = epoch
        self.begun = False
        self.loaded = False
        self.loop = run[next(iter(run.optimizers))]
        self._step = _Step()
        run.optimizer.register_step_pre_hook(self._step.before)
        run.optimizer.register_step_post_hook(self._step.after)

    # -- what Trainer calls --------------------------------------------------------------------------------------

    def step(self) -> None:
        """Move a schedule that goes by steps."""
        # An optimizer that unscales by itself does nothing where gradients are not finite, and is said to have stepped.
        if self._step.found_inf is not None and bool(self._step.found_inf):
            return
        self._step.taken = True
        if self.run.scheduler is not None and self.loop.interval == "step":
            self.run.scheduler.step()

    def get_last_lr(self) -> list[float]:
        """Return the rate of each parameter group."""
        return _rates_of(self.run.optimizer)

    def state_dict(self) -> dict[str, Any]:
        """Return the run as plain data, without the optimizer's state, which Trainer saves beside it.

        Of an optimizer with modes the weights that are trained are in it, as those of the model are saved as they are
        evaluated.
        """
        state = self.run.state_dict()
        optimizers = {
            name: {key: value for key, value in part.items() if key != "state"}
            for name, part in state["optimizers"].items()
        }
        trained = self._trained() if self.has_modes else None
        return {"format": FORMAT, "run": {**state, "optimizers": optimizers}, "trained": trained}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue a run whose optimizer has been loaded.

        Raises:
            CheckpointMismatchError: it was not saved by a RecipeTrainer, or does not fit.
        """
        if state.get("format") != FORMAT:
            raise CheckpointMismatchError(
                "the schedule of this checkpoint was not saved by a RecipeTrainer, so that the run cannot go on: load "
                "the weights with from_pretrained, and train without resume_from_checkpoint"
            )
        saved, live = state["run"], self.run.state_dict()["optimizers"]
        optimizers = {
            name: {**part, "state": live[name]["state"]} if name in live else part
            for name, part in saved["optimizers"].items()
        }
        self.run.load_state_dict({**saved, "optimizers": optimizers}, changed=self.changed)
        if state["trained"] is not None:
            self._train(state["trained"])
        self.loaded = True

    def _trained(self) -> list[Any]:
        return [parameter.detach().cpu().clone() for parameter in self.loop.parameters()]

    def _train(self, weights: list[Any]) -> None:
        for parameter, weight in zip(self.loop.parameters(), weights, strict=True):
            parameter.data.copy_(weight)

    # -- what the trainer says -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Note that the first step comes next."""
        self.begun = True
        self._step.must_clip = self.run.clipper is not None
        self._step.rates = None

    def clip(self, scaler: Any) -> Any:
        """Clip the gradients of the next step, which are unscaled, and return the norm before, None without clipping.

        Args:
            scaler: the one that has unscaled them, None without one.
        """
        if self.loop.watch is not None:
            self.loop.watch.before_step(scaler)
        self._step.norm = self.run.clip()
        self._step.clipped, self._step.taken = True, False
        # A number that is a tensor stays on its device until it is logged.
        self._step.rates = [_rate_of(group) for group in self.run.optimizer.param_groups]
        return self._step.norm

    def end_step(self) -> None:
        """Count a step, whether it was taken or left out."""
        self.loop.steps += 1
        if self.loop.watch is not None:
            rates = tuple(self._step.rates or self.get_last_lr())
            self.loop.watch.after_step(StepResult(None, self._step.norm, rates, not self._step.taken))

    @property
    def has_modes(self) -> bool:
        """Whether the model is evaluated with other weights than it is trained."""
        return "modes" in self.run.recipe.needs

    @property
    def rates(self) -> list[float]:
        """The rates with which the last step was taken; before the first the rates as they are."""
        return self.get_last_lr() if self._step.rates is None else [float(rate) for rate in self._step.rates]


class EpochEnds(TrainerCallback):
    """Tell the trainer when training begins, when a step is over, and its schedule when an epoch is.

    An epoch of known length is over with its last step, before Trainer saves: a run that goes on from there begins the
    next one. One of unknown length is over when the data is. A checkpoint that a last step asks for waits for the
    evaluation after the epoch, which a run that goes on from it would not repeat, where the schedule waits for that.

    Args:
        trainer: a RecipeTrainer.
    """

    def __init__(self, trainer: Any) -> None:
        self._trainer = trainer
        self._saves_later = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Check what is going to be trained with."""
        self._trainer.begin_run()
        self._saves_later = False

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Count the step, and end the epoch with its last one."""
        pace = self._pace
        pace.end_step()
        if pace.epoch is None or state.global_step % pace.epoch != 0:
            return
        if not _waits(pace.run):
            pace.run.end_epoch()
        elif args.eval_strategy == "epoch" and control.should_save:
            control.should_save, self._saves_later = False, True

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """End an epoch whose length was not known."""
        pace = self._pace
        if pace.epoch is None and not control.should_training_stop and not _waits(pace.run):
            pace.run.end_epoch()
        if self._saves_later:
            control.should_save, self._saves_later = True, False

    @property
    def _pace(self) -> Pace:
        pace: Pace = self._trainer.pace
        return pace


def _waits(run: Optimization) -> bool:
    """Tell whether the schedule waits for a metric, and so moves with each evaluation, not with epochs."""
    return "metric" in run.recipe.needs
