"""What is measured of an optimizer: names of its groups and parameters, norms, counts; nothing but `read` waits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, final

from optim_core.run.distributed.shards import whole

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

__all__ = [
    "Clipped",
    "ClippingCounts",
    "by_module",
    "norms_of",
    "parameter_names",
    "rates_of",
    "read",
    "total",
]


def parameter_names(optimizer: Optimizer) -> list[str]:
    """Return the names of the parameters, group by group; ``parameter 3`` for one that came without a name."""
    found: list[str] = []
    for group in optimizer.param_groups:
        names = group.get("param_names")
        count = len(group["params"])
        found += names if names is not None else [f"parameter {len(found) + place}" for place in range(count)]
    return found


def rates_of(optimizer: Optimizer) -> list[Any]:
    """Return the rate of each group, a number or a tensor."""
    return [group.get("lr", 0.0) for group in optimizer.param_groups]


def norms_of(tensors: Iterable[Tensor]) -> list[Tensor]:
    """Return the 2-norm of each tensor, of shape () and on its device; of a DTensor that of all processes."""
    return [_norm(tensor) for tensor in tensors]


def _norm(tensor: Tensor) -> Tensor:
    import torch

    values = tensor.coalesce().values() if tensor.is_sparse else tensor
    # The squares of half precision overflow soon.
    dtype = torch.float32 if values.dtype in (torch.float16, torch.bfloat16) else None
    norm: Tensor = torch.linalg.vector_norm(values.detach(), dtype=dtype)
    summed: Tensor = whole(norm)
    return summed


def read(values: Sequence[float | Tensor]) -> list[float]:
    """Return numbers, and the numbers of tensors of one element, for which it waits once a device and dtype."""
    import torch

    numbers: list[float] = [math.nan] * len(values)
    there: dict[Any, list[int]] = {}
    for place, value in enumerate(values):
        if isinstance(value, torch.Tensor):
            there.setdefault((value.device, value.dtype), []).append(place)
        else:
            numbers[place] = float(value)
    for places in there.values():
        known = torch.stack([values[place].detach().reshape(()) for place in places]).tolist()  # type: ignore[union-attr]
        for place, number in zip(places, known, strict=True):
            numbers[place] = float(number)
    return numbers


def by_module(norms: Mapping[str, float], depth: int | None) -> dict[str, float]:
    """Return the norm of each module, of the norms of parameters.

    Args:
        norms: a parameter's name to its norm.
        depth: of how many parts of a name a module is made, from the left: 1 for ``encoder`` of
            ``encoder.0.linear.weight``; None for the module that owns the parameter; 0 for no modules.
    """
    parts: dict[str, list[float]] = {}
    for name, norm in norms.items() if depth != 0 else ():
        owner = name.split(".")[:-1][:depth]
        # A tensor that no module owns stands for itself.
        parts.setdefault(".".join(owner) or name, []).append(norm)
    return {module: math.hypot(*found) for module, found in parts.items()}


def total(norms: Mapping[str, float]) -> float:
    """Return the norm of all parameters together."""
    return math.hypot(*norms.values())


class Clipped(NamedTuple):
    """What clipping did, in numbers or tensors: how often it looked, clipped, and found a norm that is not finite."""

    steps: float | Tensor = 0
    clipped: float | Tensor = 0
    nonfinite: float | Tensor = 0

    @classmethod
    def of(cls, clipper: Any) -> Clipped | None:
        """Return what a clipper has counted so far, None where it does not count."""
        counts = [getattr(clipper, name, None) for name in cls._fields]
        return (
            None
            if any(count is None for count in counts[:2])
            else cls(*[0 if count is None else count for count in counts])
        )

    def plus(self, other: Clipped) -> Clipped:
        """Return the sum."""
        return Clipped(*[mine + others for mine, others in zip(self, other, strict=True)])

    def minus(self, other: Clipped) -> Clipped:
        """Return the difference."""
        return Clipped(*[mine - others for mine, others in zip(self, other, strict=True)])


@final
class ClippingCounts:
    """What a clipper counted between `begin` and `end`, summed up; the clipper may be that of several optimizers."""

    def __init__(self) -> None:
        self._clipper: Any = None
        self._before: Clipped | None = None
        self._sum: Clipped | None = None

    def begin(self, clipper: Any) -> None:
        """Count from here on."""
        self._clipper, self._before = clipper, Clipped.of(clipper)

    def end(self) -> None:
        """Add what was counted since `begin`."""
        if self._before is None:
            return
        now = Clipped.of(self._clipper)
        if now is not None:
            self._sum = (self._sum or Clipped()).plus(now.minus(self._before))

    def take(self) -> Clipped | None:
        """Return the sum, which begins anew; None where nothing counts."""
        found, self._sum = self._sum, None
        return found
