"""How long a run of a Trainer is, in optimizer steps and epochs, before it begins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from optim_core import Horizon, OptimError
from optim_frameworks.lightning.copies import is_of

__all__ = ["lengths", "refuse_other_lengths", "repair_of"]


def lengths(trainer: Any, *, optimizers: int | None = None, batches: float | None = None) -> dict[str, int]:
    """Return the lengths of the run that a Trainer is about to make, as `Recipe.create` takes them.

    It is right where ``trainer.estimated_stepping_batches`` is not: where there is no limit, which leaves the total
    out; where gradients are accumulated, also by another number of batches in later epochs; where ``max_steps`` ends
    the run within an epoch; where several optimizers that are stepped by hand share ``max_steps``; where ``fit`` is
    called again, which goes on with the epochs that are left; and where a run continues whose data loader has a state,
    which asking before the state is loaded would lose. A module that steps by hand, and not once in each batch, says
    how many steps its epoch has: ``def steps_of_epoch(self, batches): return batches // 2``.

    Args:
        trainer: of a LightningModule that is being fitted; call it in ``configure_optimizers``.
        optimizers: how many optimizers are stepped by hand, each of them once a batch; by default as many as the
            module's recipe has, where the module has ``automatic_optimization = False``.
        batches: the batches of an epoch, where they are known; by default the Trainer is asked.

    Returns:
        ``total_steps`` and ``steps_per_epoch``, or as much of them as is known; ``epochs`` where nothing else is.

    Example:
        >>> import lightning as L, torch
        >>> from optim_frameworks.lightning import lengths
        >>> class Model(L.LightningModule):
        ...     def configure_optimizers(self):
        ...         print(lengths(self.trainer))
        ...         return torch.optim.SGD(self.parameters())
        ...     def training_step(self, batch):
        ...         return self.layer(batch).mean()
        >>> model = Model()
        >>> model.layer = torch.nn.Linear(8, 2)
        >>> quiet = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu")
        >>> trainer = L.Trainer(max_epochs=3, accumulate_grad_batches=4, enable_model_summary=False, **quiet)
        >>> trainer.fit(model, torch.utils.data.DataLoader(torch.ones(10, 8)))
        {'total_steps': 9, 'steps_per_epoch': 3}
    """
    each = _stepping_together(trainer) if optimizers is None else optimizers
    limit = math.ceil(trainer.max_steps / each) if trainer.max_steps >= 0 else None
    batches = _batches(trainer) if batches is None else batches
    epochs = None if trainer.max_epochs in (None, -1) else max(trainer.max_epochs, 1)
    done = 0 if trainer.ckpt_path is not None else trainer.current_epoch
    if done and limit is not None:
        # A schedule that is made anew has the steps that are left.
        limit -= trainer.global_step // each
    if batches == math.inf:
        return _without_batches(limit, epochs)
    per_epoch = [math.ceil(batches / factor) for factor in _accumulated(trainer, done, epochs)]
    if optimizers is None and _says_steps(trainer.lightning_module):
        per_epoch = [trainer.lightning_module.steps_of_epoch(int(batches))]
    total = None if epochs is None else sum(per_epoch) + per_epoch[-1] * (max(epochs - done, 1) - len(per_epoch))
    known = [steps for steps in (total, limit) if steps is not None]
    found = {"total_steps": max(min(known), 1)} if known else {}
    return {**found, "steps_per_epoch": per_epoch[0]} if len(set(per_epoch)) == 1 and per_epoch[0] else found


def _without_batches(limit: int | None, epochs: int | None) -> dict[str, int]:
    """Return the lengths of a run over data that does not say how much it is."""
    if limit is not None:
        return {"total_steps": max(limit, 1)}
    return {} if epochs is None else {"epochs": epochs}


def _stepping_together(trainer: Any) -> int:
    module = trainer.lightning_module
    if module is None or module.automatic_optimization:
        return 1
    specs = getattr(getattr(module, "recipe", None), "optimizers", None)
    return max(len(specs), 1) if isinstance(specs, Mapping) else 1


def _says_steps(module: Any) -> bool:
    return callable(getattr(module, "steps_of_epoch", None)) and not module.automatic_optimization


def refuse_other_lengths(trainer: Any, run: Any, steps: Mapping[str, int], batches: int) -> None:
    """Refuse a schedule that is made for another number of steps than a module takes that steps by hand.

    Nobody can know before how often ``training_step`` steps: once in several batches, where it accumulates, or several
    times in one.

    Args:
        trainer: of the run.
        run: that is on.
        steps: how often each optimizer was stepped.
        batches: in so many batches.

    Raises:
        OptimError: with the steps that are to come its rates would be others.
    """
    if _says_steps(trainer.lightning_module):
        return
    together = sum(steps.values())
    for name in run.schedulers:
        schedule, planned, taken = run.recipe.schedule_of(name), run.horizon, steps[name]
        if not taken or schedule.waits_for_metric or schedule.interval != "step" or planned.total_steps is None:
            continue
        per_epoch = None if planned.steps_per_epoch is None else max(planned.steps_per_epoch * taken // batches, 1)
        totals = [trainer.max_steps * taken // together] if trainer.max_steps >= 0 else []
        if per_epoch is not None and trainer.max_epochs not in (None, -1):
            totals.append(per_epoch * trainer.max_epochs)
        real = Horizon(total_steps=max(min(totals, default=planned.total_steps), 1), steps_per_epoch=per_epoch)
        # Batches that are left out here and there, and what is left at the end of an epoch, are within that.
        is_near = 3 * batches <= 4 * taken and 3 * taken <= 4 * batches
        if not is_near and _rates(schedule, planned, real) != _rates(schedule, real, real):
            raise OptimError(
                f"the schedule of {name} is made for a step in each batch, and {taken} were taken in {batches} "
                f"batches, so that it is as long as {planned.total_steps} steps in a run of {real.total_steps}: "
                + _repair_of_steps(run, schedule)
            )


def _rates(schedule: Any, horizon: Horizon, real: Horizon) -> Any:
    total = real.total_steps or 1
    steps = sorted({total * part // 64 for part in range(65)})
    try:
        return schedule.curve(steps, base_lr=1.0, horizon=horizon).tolist()
    except OptimError as error:
        return str(error)


def _repair_of_steps(run: Any, schedule: Any) -> str:
    if len(run.optimizers) > 1:
        return f"give the {schedule.type} of this optimizer its own length in the config, or step all of them as often"
    return (
        "say in the module how many steps an epoch has, def steps_of_epoch(self, batches): return batches // 2, "
        "or whatever it is"
    )


def _batches(trainer: Any) -> float:
    """Return the batches of an epoch, for which the Trainer sets up the data."""
    loop = trainer.fit_loop
    if trainer.train_dataloader is None:
        loop.setup_data()
        if trainer.ckpt_path is not None and any(map(_has_state, _loaders(trainer))):
            # The Trainer loads the state of a loader where it sets up the data, and does that once (Lightning#20550).
            loop._combined_loader = None
            return float(loop.max_batches)
    return float(trainer.num_training_batches)


def _loaders(trainer: Any) -> list[Any]:
    combined = trainer.fit_loop._combined_loader
    return [] if combined is None else list(combined.flattened)


def _has_state(loader: Any) -> bool:
    return callable(getattr(loader, "state_dict", None)) and callable(getattr(loader, "load_state_dict", None))


def _accumulated(trainer: Any, done: int, epochs: int | None) -> list[int]:
    """Return how many batches make a step: in each epoch to come, as far as that changes."""
    for callback in trainer.callbacks:
        if is_of(callback, "GradientAccumulationScheduler"):
            last = max(callback.scheduling) + 1
            end = max(last if epochs is None else min(last, epochs), done + 1)
            return [callback.get_accumulate_grad_batches(epoch) for epoch in range(done, end)]
    return [trainer.accumulate_grad_batches]


def repair_of(trainer: Any) -> str:
    """Say what to give a Trainer that does not know a length."""
    if trainer.num_training_batches == math.inf:
        return (
            "its data has no length, so give Trainer(max_steps=…) for the steps of the run, or "
            "Trainer(limit_train_batches=…), a whole number, for the batches of an epoch"
        )
    return "it has no limit, so give Trainer(max_epochs=…) or Trainer(max_steps=…)"
