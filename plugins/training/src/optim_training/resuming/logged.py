"""What a module has logged that is still needed: sums of the epoch that is on, and the newest value of each metric.

Lightning keeps both in memory alone. A mean over an epoch would be one over its rest, and a schedule that waits for a
metric of the last validation would find none.
"""

from __future__ import annotations

from typing import Any

__all__ = ["load_logged", "logged"]


def logged(trainer: Any) -> dict[str, Any]:
    """Return what this process has logged, as plain data.

    Example:
        >>> import lightning as L
        >>> from optim_training.resuming.logged import logged
        >>> logged(L.Trainer(logger=False, enable_checkpointing=False))
        {'newest': {}, 'sums': {}}
    """
    newest = {name: _plain(value) for name, value in trainer.callback_metrics.items()}
    return {"newest": newest, "sums": dict(_sums(trainer))}


def load_logged(trainer: Any, state: dict[str, Any]) -> None:
    """Put back what `logged` gave: the newest values at once; the sums are added by `add_sums`."""
    trainer._logger_connector._callback_metrics.update(state["newest"])


def add_sums(trainer: Any, sums: dict[str, Any]) -> None:
    """Add the sums that were saved to those of the first batch after."""
    for name, result in trainer.fit_loop.epoch_loop._results.items():
        if name not in sums or not result.is_tensor:
            continue
        value, size = sums[name]
        value = value.to(result.value.device)
        if result.meta.is_mean_reduction:
            result.value = value + result.value
            result.cumulated_batch_size = result.cumulated_batch_size + size
        elif result.meta.is_max_reduction or result.meta.is_min_reduction:
            result.value = result.meta.reduce_fx(value, result.value)
        elif result.meta.is_sum_reduction:
            result.value = value + result.value


def _sums(trainer: Any) -> Any:
    for name, result in trainer.fit_loop.epoch_loop._results.items():
        if result.is_tensor and result.meta.on_epoch and not result.has_reset:
            size = getattr(result, "cumulated_batch_size", 0)
            yield name, [_plain(result.value), int(size)]


def _plain(value: Any) -> Any:
    return value.detach().cpu().clone() if hasattr(value, "detach") else value
