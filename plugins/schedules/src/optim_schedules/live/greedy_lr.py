"""GreedyLR: a ReduceLROnPlateau that also raises the rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, SupportsFloat

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from optim_core.plugin_tools import join, refuse_fewer_groups

__all__ = ["GreedyLR"]


class GreedyLR(ReduceLROnPlateau):
    """Raises the rates while a metric improves, and lowers them when it does not.

    A group that the optimizer is given later joins at the next ``step()``: it goes on from the rate that it then has,
    which is also its first one where the rates start again.

    Args:
        optimizer: has the groups whose rates are changed.
        max_lr: the highest rate, or one for each parameter group.
        warmup: calls after a raise in which nothing is counted.
        verbose: print a line for each change.
        smooth: compare the mean of the last metrics, not the last metric.
        window_size: of how many metrics the mean is taken.
        reset_start: reductions at the lowest rate after which the rates start again from the first ones.
        make: makes the same schedule for an optimizer; asked for groups that come later.
        plateau: the arguments of torch's ReduceLROnPlateau.

    Raises:
        ValueError: `max_lr` has another number of rates than the optimizer has groups.
    """

    # Otherwise the core would have the schedule take in later groups.
    joins_groups = True

    # All else of a saved state follows from the config, and is compared with it.
    moves = frozenset(
        {
            *("last_epoch", "_last_lr", "best", "num_bad_epochs", "num_good_epochs", "cooldown_counter"),
            *("warmup_counter", "window", "window_sum", "reset_start"),
        }
    )

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        max_lr: float | list[float],
        warmup: int,
        verbose: bool,
        smooth: bool,
        window_size: int,
        reset_start: int,
        make: Callable[[Optimizer], LRScheduler],
        **plateau: Any,
    ) -> None:
        self.make = make
        self.warmup = warmup
        self.verbose = verbose
        self.smooth = smooth
        self.window_size = window_size
        self.reset_start = self.first_reset_start = reset_start
        self.warmup_counter = self.num_good_epochs = 0
        self.window: list[float] = []
        self.window_sum = 0.0
        count = len(optimizer.param_groups)
        self.max_lrs = max_lr if isinstance(max_lr, list) else [max_lr] * count
        if len(self.max_lrs) != count:
            raise ValueError(f"max_lr has {len(self.max_lrs)} rates for {count} parameter groups")
        self.first_lrs = [float(group["lr"]) for group in optimizer.param_groups]
        super().__init__(optimizer, **plateau)

    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:  # type: ignore[override]
        """Look at the metric of one more call, and change the rates where that is due; groups that came later join.

        Raises:
            OptimError: the optimizer lost a parameter group, or has another for which a list of rates has none.
        """
        known, groups = len(self.first_lrs), self.optimizer.param_groups
        if len(groups) != known:
            refuse_fewer_groups(known, groups)
            join(self, self.make, known, steps=0)
        current = self._smoothed(float(metrics))
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = self.num_good_epochs = 0
        elif self.warmup_counter > 0:
            self.warmup_counter -= 1
            self.num_bad_epochs = self.num_good_epochs = 0
        else:
            self._count(current)
        # A rate on a device is read only where it is to be changed, as reading waits.
        rates = [group["lr"] for group in self.optimizer.param_groups]
        self._last_lr = [rate.clone() if isinstance(rate, Tensor) else float(rate) for rate in rates]

    def state_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {key: value for key, value in super().state_dict().items() if key != "make"}

    def _smoothed(self, metric: float) -> float:
        """Return the mean of the last metrics, which is kept as a running sum."""
        if not self.smooth:
            return metric
        self.window_sum += metric
        # The list is a new one each time, as a state that was taken before holds the old one.
        self.window = [*self.window, metric]
        if len(self.window) > self.window_size:
            first, *self.window = self.window
            self.window_sum -= first
        return self.window_sum / len(self.window)

    def _count(self, current: float) -> None:
        """Count one more call, with or without an improvement, and do what follows from that."""
        if ReduceLROnPlateau._is_better(self, current, self.best):
            self.best = current
            self.num_bad_epochs, self.num_good_epochs = 0, self.num_good_epochs + 1
        else:
            self.num_bad_epochs, self.num_good_epochs = self.num_bad_epochs + 1, 0
        if self.num_good_epochs > self.patience:
            self._raise_rates()
            self.warmup_counter, self.num_good_epochs = self.warmup, 0
        elif self.num_bad_epochs > self.patience:
            self._lower_rates()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _raise_rates(self) -> None:
        for number, (rate, highest) in enumerate(zip(self._rates(), self.max_lrs, strict=True)):
            raised = min(rate / self.factor, highest)
            if raised - rate > self.eps:
                self._set(number, raised)
        self.reset_start = self.first_reset_start

    def _lower_rates(self) -> None:
        for number, (rate, lowest) in enumerate(zip(self._rates(), self.min_lrs, strict=True)):
            lowered = max(rate * self.factor, lowest)
            if rate - lowered > self.eps:
                self._set(number, lowered)
        if any(rate > lowest for rate, lowest in zip(self._rates(), self.min_lrs, strict=True)):
            return
        self.reset_start -= 1
        if self.reset_start <= 0:
            self._start_again()

    def _start_again(self) -> None:
        for number, rate in enumerate(self.first_lrs):
            self._set(number, rate)
        self._reset()
        self.warmup_counter = self.num_good_epochs = 0
        self.reset_start = self.first_reset_start
        self.window, self.window_sum = [], 0.0

    def _rates(self) -> list[float]:
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def _set(self, number: int, rate: float) -> None:
        group = self.optimizer.param_groups[number]
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate
        if self.verbose:
            print(f"greedy: group {number} goes to a rate of {rate:.4e}")  # noqa: T201 - what `verbose` asks for
