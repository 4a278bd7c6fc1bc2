"""SequenceLR: torch schedulers one after another, each from its own step 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from optim_core.plugin_tools import join, refuse_fewer_groups, restore_base_rates
from optim_schedules.live.order import watch_order

__all__ = ["MetricSequenceLR", "SequenceLR"]

Options = dict[str, Any]
Maker = Callable[[Optimizer], LRScheduler]


class _Watched(Options):
    """A copy of a parameter group that knows which options were written."""

    def __init__(self, group: Mapping[str, Any]) -> None:
        super().__init__({key: _copy(value) if key == "lr" else value for key, value in group.items()})
        self.written = {"lr"}

    def __setitem__(self, key: str, value: Any) -> None:
        self.written.add(key)
        super().__setitem__(key, value)

    def setdefault(self, key: str, default: Any = None) -> Any:
        self.written.add(key)
        return super().setdefault(key, default)

    def update(self, *args: Any, **options: Any) -> None:
        for key, value in dict(*args, **options).items():
            self[key] = value


class SequenceLR(LRScheduler):
    """Runs schedulers in turn.

    All schedulers are made at once, so that a wrong config shows before the first step, and each on the optimizer as it
    was given. What a scheduler writes into the groups when it is made is written again when its turn comes: torch's
    schedulers set the first rate, and some a momentum, when they are made, and find the next rate from the one in the
    group.

    A group that the optimizer is given later joins at the next ``step()``, with the ``lr`` that it then has, or the
    ``initial_lr`` that it was given, as its base rate: the same schedulers are made for it and stepped as often.

    Args:
        optimizer: its groups' ``lr`` are the base rates.
        makers: functions that each make a scheduler on an optimizer.
        starts: the calls of ``step()`` at which the schedulers begin: 0 for the first, each later than the one before.
    """

    # Otherwise the core would have the schedule take in later groups.
    joins_groups = True

    # All else of a saved state follows from the config, and is compared with it.
    moves = frozenset({"last_epoch", "_step_count", "_last_lr", "current"})

    def __init__(self, optimizer: Optimizer, makers: Sequence[Maker], starts: Sequence[int]) -> None:
        self.optimizer = optimizer
        self.makers, self.starts = list(makers), list(starts)
        restore_base_rates(optimizer)
        self.base_lrs = _rates(optimizer)
        made = [_made(make, optimizer) for make in makers]
        self.schedulers = [scheduler for scheduler, _ in made]
        written = set().union(*(group.written for _, groups in made for group in groups))
        # For each scheduler and each group, the options that the scheduler begins with.
        self.entries: list[list[Options]] = [
            [{key: group[key] for key in sorted(written & group.keys())} for group in groups] for _, groups in made
        ]
        self.current = self.last_epoch = 0
        self._step_count = 1
        self._enter()

    def _enter(self) -> None:
        for group, options in zip(self.optimizer.param_groups, self.entries[self.current], strict=True):
            for key, value in options.items():
                if key == "lr" and isinstance(group[key], Tensor):
                    # A captured CUDA graph reads the rate from this tensor, which must therefore stay.
                    group[key].fill_(value)
                else:
                    group[key] = _copy(value)
        self._last_lr = _rates(self.optimizer)

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next step; groups that came later join.

        Raises:
            OptimError: the optimizer lost a parameter group since the schedule was made.
            ValueError: `epoch` is given, an argument that torch itself is giving up.
        """
        if epoch is not None:
            raise ValueError("step() takes no epoch; create_scheduler(last_step=…) continues at a step")
        known, groups = len(self.base_lrs), self.optimizer.param_groups
        if len(groups) != known:
            refuse_fewer_groups(known, groups)
            join(self, self._made_again, known, steps=self.last_epoch)
        self._step_count += 1
        self.last_epoch += 1
        following = self.current + 1
        if following < len(self.starts) and self.last_epoch == self.starts[following]:
            self.current = following
            self._enter()
            return
        self._step_current()
        self._last_lr = _rates(self.optimizer)

    def _step_current(self) -> None:
        self.schedulers[self.current].step()

    def state_dict(self) -> dict[str, Any]:
        """Return plain data, with the states of the schedulers."""
        left_out = ("optimizer", "schedulers", "makers")
        state = {key: value for key, value in self.__dict__.items() if key not in left_out}
        return {**state, "schedulers": [scheduler.state_dict() for scheduler in self.schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue where `state_dict` was saved.

        Raises:
            ValueError: the state is of another schedule, or of another number of schedulers; nothing has been loaded.
        """
        states = state_dict.get("schedulers")
        if not isinstance(states, list):
            raise ValueError("the state is of one scheduler, not of schedulers in a row: it has no `schedulers`")
        if len(states) != len(self.schedulers):
            raise ValueError(f"the state is of {len(states)} schedulers in a row, these are {len(self.schedulers)}")
        self.__dict__.update({key: value for key, value in state_dict.items() if key != "schedulers"})
        for scheduler, state in zip(self.schedulers, states, strict=True):
            scheduler.load_state_dict(state)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        watch_order(self.optimizer)

    def take_over(self, other: SequenceLR) -> None:
        """Add what the schedulers of another sequence begin with to what these begin with; `join` calls it."""
        self.entries = [[*mine, *of_other] for mine, of_other in zip(self.entries, other.entries, strict=True)]

    def _made_again(self, optimizer: Optimizer) -> SequenceLR:
        """Return the same schedulers for another optimizer."""
        return SequenceLR(optimizer, self.makers, self.starts)


class MetricSequenceLR(SequenceLR):
    """Runs schedulers in turn, the last of which waits for a metric, which each ``step`` is given.

    A group that the optimizer is given later joins as in SequenceLR before the last scheduler runs, and from then on at
    the rate that it has.
    """

    def __init__(self, optimizer: Optimizer, makers: Sequence[Maker], starts: Sequence[int]) -> None:
        # What a step is given, for as long as it takes.
        self.metrics: Any = None
        super().__init__(optimizer, makers, starts)

    def step(self, metrics: Any = None, epoch: int | None = None) -> None:  # type: ignore[override]
        """Go on to the next step; the metric is looked at by the last scheduler, which has to be given one.

        Raises:
            OptimError: the optimizer lost a parameter group since the schedule was made.
            TypeError: the last scheduler runs, and there is no metric.
            ValueError: `epoch` is given, an argument that torch itself is giving up.
        """
        if self._is_last():
            if metrics is None:
                raise TypeError("step() has to be given a metric: the schedule waits for one")
            self._take_in()
        self.metrics = metrics
        try:
            super().step(epoch)
        finally:
            self.metrics = None

    def _is_last(self) -> bool:
        return self.current == len(self.starts) - 1

    def _step_current(self) -> None:
        if self._is_last():
            self.schedulers[-1].step(self.metrics)
        else:
            super()._step_current()

    def _take_in(self) -> None:
        """Have the last scheduler take in the groups that came later, at the rates that they have."""
        known, groups = len(self.base_lrs), self.optimizer.param_groups
        if len(groups) > known:
            join(self.schedulers[-1], self.makers[-1], known, steps=0)
            self.base_lrs += [_copy(group["lr"]) for group in groups[known:]]
            self.entries = [entries + [{}] * (len(groups) - known) for entries in self.entries]

    def _made_again(self, optimizer: Optimizer) -> SequenceLR:
        return MetricSequenceLR(optimizer, self.makers, self.starts)


def _made(make: Maker, optimizer: Optimizer) -> tuple[LRScheduler, list[_Watched]]:
    """Make a scheduler; return it, and the groups as it leaves them, while those of the optimizer stay as they are."""
    groups = list(optimizer.param_groups)
    watched = [_Watched(group) for group in groups]
    optimizer.param_groups[:] = watched
    try:
        return make(optimizer), watched
    finally:
        optimizer.param_groups[:] = groups


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def _rates(optimizer: Optimizer) -> list[Any]:
    return [_copy(group["lr"]) for group in optimizer.param_groups]
