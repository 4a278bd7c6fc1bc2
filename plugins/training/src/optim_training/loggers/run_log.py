"""What loggers are told of a run: where it goes on, its config, and its steps, as checkpoints count them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lightning.fabric.utilities.rank_zero import rank_zero_only
from lightning.pytorch.callbacks import Callback

from optim_training.steps import steps_of

__all__ = ["RunLog"]


class RunLog(Callback):
    """A callback that tells the loggers of a Trainer of the run. It is the first of the callbacks.

    - The step of what is logged is the number of optimizer steps that were taken: the first step is 1, and what is
      logged at the step of a checkpoint has the number in the name of that checkpoint.
    - A logger with ``go_on_after(step)`` is told, before anything is logged, after which step a run goes on.
    - The config is given to ``log_hyperparams``.
    - A logger with ``keep(metrics, step)`` is given the metrics of a step before a checkpoint of it is written.
    - The first process of the run logs, whatever SLURM_PROCID says: alone, that variable has Lightning take a single
      process for another than the first, which logs nothing.

    Args:
        config: the whole resolved config of the run, in plain data.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Set which process this is."""
        rank_zero_only.rank = trainer.global_rank  # type: ignore[attr-defined]

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Tell loggers where the run goes on, and what its config is."""
        step = steps_of(trainer)
        if not trainer.is_global_zero:
            return
        for logger in trainer.loggers:
            go_on_after = getattr(logger, "go_on_after", None)
            if go_on_after is not None:
                go_on_after(step)
            logger.log_hyperparams(dict(self._config))

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Set the step that Lightning logs with, for this batch and for a validation after it."""
        trainer.fit_loop.epoch_loop._batches_that_stepped = steps_of(trainer)

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Have the metrics of this step written before the checkpoint."""
        keepers = [logger.keep for logger in trainer.loggers if hasattr(logger, "keep")]
        if keepers and trainer.is_global_zero:
            metrics = _metrics_of_batch(trainer)
            for keep in keepers:
                keep(metrics, steps_of(trainer))


def _metrics_of_batch(trainer: Any) -> dict[str, Any]:
    """Return what the batch that is ending logged and Lightning has not handed on yet; nothing at other times."""
    connector = trainer._logger_connector
    # It is None where no batch is under way, and Lightning has logged what there was.
    if not trainer.training or connector._first_loop_iter is None or trainer._results is None:
        return {}
    logged = connector.metrics["log"]
    values = {name: float(value) for name, value in logged.items() if name != "step"}
    return {"epoch": trainer.current_epoch, **values} if values else {}
