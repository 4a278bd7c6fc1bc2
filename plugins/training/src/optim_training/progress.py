"""What a run shows of itself while it trains: one bar, or a line now and then where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from lightning.pytorch.callbacks import ProgressBar
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from optim_training.steps import optimizers_of, steps_of

__all__ = ["RunProgress"]

# Often enough to be read; each time costs a wait for the device.
_REFRESH_SECS = 0.25
_LINE_SECS = 30.0
_LINES = 10
# Columns that are left for the bar itself.
_BAR = 8


class RunProgress(ProgressBar):
    """One bar for the whole run, on standard error: its loss, rates, steps a second and the time that is left.

    Where standard error is no terminal, it is a line after the first step, at each tenth of the run, after half a
    minute without one, and at the end. The first process shows.

    Args:
        console: where to; by default a console on standard error.
        clock: seconds.
    """

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._console = Console(stderr=True) if console is None else console
        self._clock = clock
        self._bar: Progress | None = None
        self._is_enabled = True
        self._begun = self._first = 0
        self._start = self._seen = self._spent = 0.0
        self._tenth = -1
        self._said = -1

    @property
    def is_bar(self) -> bool:
        """Whether it is a bar, and no lines."""
        return self._console.is_terminal

    def disable(self) -> None:
        """Show nothing: Lightning asks for it in all processes but the first."""
        self._is_enabled = False

    def enable(self) -> None:
        """Show."""
        self._is_enabled = True

    def print(self, *args: Any, **kwargs: Any) -> None:
        """Print a line above the bar."""
        self._console.print(*args, highlight=False)

    # -- when -------------------------------------------------------------------------------------------------------

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin, at the step where the run goes on."""
        self._first = steps_of(trainer)
        self._start = self._seen = self._clock()
        self._tenth = self._said = -1
        if self._is_enabled and self.is_bar:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=None),
                TextColumn("{task.fields[told]}"),
                console=self._console,
                transient=False,
                refresh_per_second=4,
                expand=True,
                redirect_stdout=True,
                redirect_stderr=True,
            )
            self._bar.start()
            self._bar.add_task("", total=self._total(trainer), completed=self._first, told="")

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Show the step."""
        super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)
        if not self._is_enabled:
            return
        now, step, total = self._clock(), steps_of(trainer), self._total(trainer)
        if self._bar is not None:
            if now - self._seen >= _REFRESH_SECS or step == total:
                self._seen = now
                self._show(trainer, step, total)
            return
        tenth = -1 if total is None else step * _LINES // total
        first = step == self._first + 1 and self._said < step
        if step > self._said and (first or tenth > self._tenth or now - self._seen >= _LINE_SECS):
            self._tenth, self._seen, self._said = max(tenth, self._tenth), now, step
            self._console.print(
                f"{_of(step, total)} {self._told(trainer, step, total)}", highlight=False, soft_wrap=True, markup=False
            )

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """Say that the model is being validated."""
        if self._bar is not None and not trainer.sanity_checking:
            self._bar.update(self._bar.task_ids[0], description="validating")
            self._bar.refresh()

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """End, with the last step."""
        step, total = steps_of(trainer), self._total(trainer)
        if self._is_enabled and self._bar is None and step > max(self._said, self._first):
            self._said = step
            self._console.print(
                f"{_of(step, total)} {self._told(trainer, step, total)}", highlight=False, soft_wrap=True, markup=False
            )
        elif self._bar is not None:
            self._show(trainer, step, total)
        self._stop()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Leave the bar as it is, before the error is told."""
        self._stop()

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Leave the terminal as it was."""
        self._stop()

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._bar = None

    # -- what -------------------------------------------------------------------------------------------------------

    def _show(self, trainer: Any, step: int, total: int | None) -> None:
        assert self._bar is not None
        description, parts = _of(step, total), self._parts(trainer, step, total)
        room = self._console.width - _BAR
        # What is narrow leaves out the validation first, and the word for what is counted.
        if len(" ".join([description, *parts])) > room:
            parts = [part for part in parts if not part.startswith("val ")]
        if len(" ".join([description, *parts])) > room:
            description = description.removeprefix("step ")
        task = self._bar.task_ids[0]
        self._bar.update(task, completed=step, total=total, description=description, told=" ".join(parts))

    def _told(self, trainer: Any, step: int, total: int | None) -> str:
        return " ".join(self._parts(trainer, step, total))

    def _parts(self, trainer: Any, step: int, total: int | None) -> list[str]:
        parts = [*_losses(trainer.callback_metrics), *_rates(trainer.callback_metrics, trainer.optimizers)]
        seconds = self._clock() - self._start
        taken = step - self._first
        if seconds > 0 and taken > 0:
            parts.append(_pace(taken / seconds))
            if total is not None and step < total:
                parts.append(f"{_duration((total - step) * seconds / taken)} left")
            elif total is not None:
                parts.append(f"in {_duration(seconds)}")
        return parts

    def _total(self, trainer: Any) -> int | None:
        """Return the number of steps of the run; None where nobody knows it."""
        limits = []
        if trainer.max_steps is not None and trainer.max_steps >= 0:
            limits.append(trainer.max_steps // optimizers_of(trainer))
        batches = trainer.num_training_batches
        if trainer.max_epochs is not None and trainer.max_epochs >= 0 and batches != float("inf"):
            module = trainer.lightning_module
            of_epoch = getattr(module, "steps_of_epoch", None)
            if callable(of_epoch) and not module.automatic_optimization:
                steps = of_epoch(int(batches))
            else:
                steps = -(-int(batches) // trainer.accumulate_grad_batches)
            limits.append(trainer.max_epochs * steps)
        return min(limits, default=None)


def _of(step: int, total: int | None) -> str:
    return f"step {step:,}" if total is None else f"step {step:,}/{total:,}"


def _losses(metrics: Mapping[str, Any]) -> list[str]:
    """Return the first loss, and the first of the validation."""
    names = [name for name in metrics if not _is_rate(name)]
    train = [name for name in names if not name.startswith(("val", "test"))]
    loss = [name for name in train if "loss" in name.lower()] or train
    of_validation = [name for name in names if name.startswith("val") and "loss" in name.lower()]
    titles = dict.fromkeys(loss[:1], "loss") | dict.fromkeys(of_validation[:1], "val")
    return [f"{title} {float(metrics[name]):.4g}" for name, title in titles.items()]


def _is_rate(name: str) -> bool:
    return "lr" in name.replace("-", "/").split("/")


def _rates(metrics: Mapping[str, Any], optimizers: list[Any]) -> list[str]:
    """Return the rate of each optimizer, as it was logged for this step; else the next one, of its first group."""
    logged = [name for name in metrics if _is_rate(name)]
    # Those of further groups have longer names.
    shortest = min((name.count("/") for name in logged), default=0)
    rates = [float(metrics[name]) for name in logged if name.count("/") == shortest][: len(optimizers)]
    if not rates:
        rates = [float(optimizer.param_groups[0]["lr"]) for optimizer in optimizers if optimizer.param_groups]
    return [f"lr {', '.join(f'{rate:.2g}' for rate in rates)}"] if rates else []


def _pace(steps: float) -> str:
    return f"{steps:.3g}/s" if steps >= 1 else f"{1 / steps:.3g} s/step"


def _duration(seconds: float) -> str:
    """Return hours, minutes and seconds, as far as there are any."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    if hours >= 48:
        return f"{hours // 24}d {hours % 24}h"
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
