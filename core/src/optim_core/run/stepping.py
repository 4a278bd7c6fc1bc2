"""Moving a scheduler to a step, and the rates that a schedule has at many of them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from optim_core.errors import OptimError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core.run.horizon import Horizon

__all__ = [
    "FIRST_GROUP",
    "Walk",
    "go_to",
    "has_closed_form",
    "rates_over",
    "restore_base_rates",
    "waits_for_metric",
    "without_optimizer_steps",
]


FIRST_GROUP = "number_of_first_group"
"""The attribute of an optimizer that stands in for some of another one's groups: how many are before its first one."""


class Walk(NamedTuple):
    """What is needed to follow a schedule step by step.

    Args:
        name: what messages call the schedule.
        config: the instance of its plugin class.
        build: makes its scheduler, at step 0, for an optimizer and a horizon in the unit of ``step()``.
        group: the name of the parameter group, None where it does not matter.
    """

    name: str
    config: Any
    build: Callable[[Optimizer, Horizon], LRScheduler]
    group: str | None = None


def waits_for_metric(config: Any) -> bool:
    """Tell whether the scheduler of a plugin class is to be given a metric at each ``step``."""
    return hasattr(config, "monitor")


def has_closed_form(config: Any) -> bool:
    """Tell whether the rate at a step needs none of the steps before it."""
    return callable(getattr(config, "closed_form", None)) or callable(getattr(config, "factor", None))


@contextmanager
def without_optimizer_steps() -> Iterator[None]:
    """Silence, in the block, torch's warning that the optimizer did not step in between."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*before.*optimizer.step.*")
        yield


def restore_base_rates(optimizer: Optimizer) -> None:
    """Give each group the rate that its schedule starts from, where an earlier schedule or a checkpoint left it.

    Example:
        >>> import torch
        >>> from optim_core.plugin_tools import restore_base_rates
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> optimizer.param_groups[0] |= {"initial_lr": 0.1, "lr": 0.001}
        >>> restore_base_rates(optimizer)
        >>> optimizer.param_groups[0]["lr"]
        0.1
    """
    for group in optimizer.param_groups:
        if "initial_lr" not in group:
            continue
        if hasattr(group["lr"], "fill_"):
            group["lr"].fill_(group["initial_lr"])
        else:
            group["lr"] = group["initial_lr"]


def go_to(scheduler: LRScheduler, step: int, *, at_once: bool) -> None:
    """Move a fresh scheduler to where it is after `step` calls of ``step()``.

    Args:
        scheduler: a scheduler at its step 0.
        step: > 0.
        at_once: whether the rate is a function of the step, so that a LambdaLR need not be stepped there.
    """
    with without_optimizer_steps():
        if at_once and _is_lambda_lr(scheduler):
            scheduler.last_epoch = step - 1
            scheduler._step_count = step
            scheduler.step()
            return
        for _ in range(step):
            scheduler.step()


def _is_lambda_lr(scheduler: LRScheduler) -> bool:
    from torch.optim.lr_scheduler import LambdaLR

    return isinstance(scheduler, LambdaLR)


def rates_over(
    walk: Walk,
    steps: int | range | Sequence[int] | NDArray[Any],
    base_lr: float,
    horizon: Horizon,
    metrics: Sequence[float] | None,
    multiplier: float,
) -> NDArray[Any]:
    """Return the rate of a parameter group at each of some steps; `SchedulerSpec.curve` says more.

    `horizon` is in the unit of ``step()``.
    """
    if find_spec("numpy") is None:
        raise OptimError("curve gives a numpy array, and numpy is not installed: pip install numpy")
    wanted = _as_array(steps)
    base_lr, multiplier = _positive(base_lr, "base_lr"), _positive(multiplier, "multiplier")
    if metrics is not None and not waits_for_metric(walk.config):
        raise OptimError(f"{walk.name} counts steps and takes no metrics")
    if has_closed_form(walk.config):
        return _computed(walk.config, wanted, base_lr, horizon, multiplier)
    last = int(wanted.max(initial=0))
    if waits_for_metric(walk.config) and (metrics is None or len(metrics) < last):
        given = "" if metrics is None else f", has {len(metrics)}"
        raise OptimError(f"{walk.name} follows a metric: pass metrics=[…] with {last} of them{given}")
    return _stepped(walk, wanted, base_lr, horizon, metrics, multiplier)


def _positive(value: Any, name: str) -> float:
    """Return `value`, which may be a tensor of one element, as a float.

    Raises:
        OptimError: `value` is no finite number above 0.
    """
    try:
        number = math.nan if isinstance(value, (str, bool)) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 < number < math.inf:
        raise OptimError(f"{name} must be > 0 and finite, is {value!r}")
    return number


def _computed(config: Any, steps: NDArray[Any], base_lr: float, horizon: Horizon, multiplier: float) -> NDArray[Any]:
    """Return the rates of a closed form, which takes an array of steps, or one step at a time."""
    import numpy as np

    if callable(getattr(config, "closed_form", None)):
        rates: NDArray[Any] = config.closed_form(horizon).rates(steps, base_lr, multiplier)
        return rates
    return base_lr * np.array([config.factor(int(step)) for step in steps], dtype=np.float64)


def _stepped(
    walk: Walk,
    steps: NDArray[Any],
    base_lr: float,
    horizon: Horizon,
    metrics: Sequence[float] | None,
    multiplier: float,
) -> NDArray[Any]:
    """Return the rates of a real scheduler, which is stepped up to the highest step."""
    import numpy as np

    last = int(steps.max(initial=0))
    rates = _walked(walk, base_lr, horizon, last, metrics, multiplier)
    return np.fromiter(rates, dtype=np.float64, count=last + 1).take(steps)


def _as_array(steps: int | range | Sequence[int] | NDArray[Any]) -> NDArray[Any]:
    """Return the steps as int64, of shape (n,).

    Raises:
        OptimError: a step is negative or no whole number, or the steps have another shape.
    """
    import numpy as np

    if isinstance(steps, range):
        array = np.arange(steps.start, steps.stop, steps.step, dtype=np.int64)
    elif np.ndim(steps) == 0:
        from optim_core.run.horizon import count

        return np.arange(count(steps, "steps", at_least=0), dtype=np.int64)
    else:
        array = np.asarray(steps)
    if array.ndim != 1 or (array.size and (array.dtype.kind not in "iu" or array.min() < 0)):
        raise OptimError("steps must be a count, or a list, range or 1-D array of whole numbers ≥ 0")
    return array.astype(np.int64, copy=False)


def _walked(
    walk: Walk,
    base_lr: float,
    horizon: Horizon,
    last: int,
    metrics: Sequence[float] | None,
    multiplier: float,
) -> Iterator[float]:
    """Yield the rates of a real scheduler at the steps 0 to `last`."""
    import torch

    # The optimizer has a momentum, since some schedules move that too.
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=base_lr, momentum=0.9)
    setattr(optimizer, FIRST_GROUP, 0)
    group = optimizer.param_groups[0]
    if walk.group is not None:
        group["name"] = walk.group
    if multiplier != 1.0:
        group["lr_multiplier"] = multiplier
    scheduler = walk.build(optimizer, horizon)
    yield float(group["lr"])
    with without_optimizer_steps():
        for step in range(last):
            if metrics is None:
                scheduler.step()
            else:
                scheduler.step(metrics[step])  # type: ignore[arg-type]
            yield float(group["lr"])
