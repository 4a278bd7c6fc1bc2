"""Plugin classes for the tests of core: what a third party would write, without torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

import attrs

from optim_core import Registry, SchedulerSpec
from optim_core.validators import each, fraction, non_negative, positive

__all__ = ["Clip", "Epochs", "Everything", "ExponentialLR", "LiveOptimizer", "Momentum", "Sequence", "empty_registry"]


@attrs.frozen(kw_only=True)
class Momentum:
    """Gradient descent with momentum, for tests."""

    lr: float = attrs.field(default=0.1, validator=positive)
    momentum: float = attrs.field(default=0.0, validator=fraction)
    betas: tuple[float, float] = attrs.field(default=(0.9, 0.999), validator=each(fraction))
    weight_decay: float = attrs.field(default=0.0, validator=non_negative)
    nesterov: bool = attrs.field(default=False)

    @nesterov.validator
    def _needs_momentum(self, attribute: Any, value: bool) -> None:
        if value and not self.momentum > 0:
            raise ValueError("needs momentum > 0")

    def build(self, params):
        return LiveOptimizer(params, self.lr)


@attrs.define(slots=False)
class LiveOptimizer:
    """As much of an optimizer as core looks at."""

    params: Any
    lr: float

    @property
    def param_groups(self):
        return self.params

    def step(self):
        """Do nothing."""


@attrs.frozen(kw_only=True)
class ExponentialLR:
    """Exponential decay, for tests."""

    interval: ClassVar[str] = "epoch"
    gamma: float = attrs.field(validator=positive)

    def build(self, optimizer, horizon):
        return LiveOptimizer(optimizer, self.gamma)


@attrs.frozen(kw_only=True)
class Epochs:
    """A schedule over epochs that also cycles momentum, for tests."""

    epochs: int
    momentum: float = 0.0

    def build(self, optimizer, horizon):
        return LiveOptimizer(optimizer, 0.0)


@attrs.frozen(kw_only=True)
class Sequence:
    """Schedules one after another, for tests."""

    schedulers: list[SchedulerSpec]
    milestones: list[int] = attrs.field(factory=list)

    def build(self, optimizer, horizon):
        return LiveOptimizer(optimizer, 0.0)


@attrs.frozen(kw_only=True)
class Clip:
    """Clipping by norm, for tests."""

    max_norm: float = attrs.field(validator=positive)

    def build(self):
        return self


@attrs.frozen(kw_only=True)
class Inner:
    """A nested attrs class, for tests."""

    depth: int = 1


@attrs.frozen(kw_only=True)
class Everything:
    """One field of every type that a config can hold, for tests."""

    number: float = 1.0
    whole: int = 1
    flag: bool = False
    text: str = "a"
    mode: Literal["min", "max"] = "min"
    maybe: float | None = None
    fused: bool | Literal["auto"] | None = None
    rate_or_rates: float | list[float] = 0.0
    number_or_text: float | str = 0.0
    pair: tuple[int, float] = (1, 1.0)
    many: tuple[float, ...] = ()
    names: dict[str, int] = attrs.field(factory=dict)
    function: str | Callable[[int], float] = "1"
    inner: Inner = Inner()
    anything: Any = None
    mapping: Mapping[str, float] = attrs.field(factory=dict)
    _private: int = 3

    def build(self, params):
        return LiveOptimizer(params, self.number)


def empty_registry(**settings: Any) -> Registry:
    """Return a registry that sees nothing installed, and in which the classes of this file are registered."""
    registry = Registry(path=[], **settings)
    for kind, name, cls in (
        ("optimizer", "Momentum", Momentum),
        ("optimizer", "Everything", Everything),
        ("scheduler", "ExponentialLR", ExponentialLR),
        ("scheduler", "Sequence", Sequence),
        ("clipper", "norm", Clip),
    ):
        registry.register(kind, name, cls)
    return registry
