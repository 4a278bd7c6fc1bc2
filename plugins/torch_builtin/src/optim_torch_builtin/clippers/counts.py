"""How often gradients were clipped, and how often their norm was not finite, counted where the gradients are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from torch import Tensor, device, dtype

__all__ = ["Counts"]


@final
class Counts:
    """The steps of a clipper, and two counts on the device, of a size that does not grow.

    A comparison and an addition is all that a step adds to the work of the device. Of norms that are known at once,
    those in the memory of the CPU, the counts are numbers: these cost next to nothing.
    """

    def __init__(self) -> None:
        self.steps = 0
        self._known_clipped = 0
        self._known_nonfinite = 0
        self._on_device = 0
        # How often nothing was above the limit, and how often the norm was finite.
        self._within: Tensor | None = None
        # What is compared with, by place and dtype. To make it anew would be two kernels more at every step.
        self._limits: Tensor | None = None

    @property
    def clipped(self) -> Tensor | int:
        """The steps in which something was above the limit, and the norm was finite."""
        known = self._known_clipped
        return known if self._within is None else self._within[1] - self._within[0] + known

    @property
    def nonfinite(self) -> Tensor | int:
        """The steps in which the norm was not finite."""
        known = self._known_nonfinite
        return known if self._within is None else self._on_device - self._within[1] + known

    def add(self, norm: Tensor, limit: float, largest: Tensor | None = None) -> Tensor:
        """Count one step, and return whether its norm is finite, a bool of shape () on the device of the norm.

        Args:
            norm: of shape (), ≥ 0 or NaN.
            limit: up to which nothing is clipped; the same at each call.
            largest: what is compared with the limit, of shape () and on the device of the norm, by default the norm.
        """
        import torch

        both = norm if largest is None else torch.stack([largest.to(norm.dtype), norm])
        limits = self._limits_for(limit, norm.device, torch.promote_types(norm.dtype, torch.float32))
        # A comparison with NaN is false.
        within = both <= limits
        self.steps += 1
        self._on_device += 1
        if self._within is None:
            self._within = torch.zeros(2, dtype=torch.int64, device=norm.device)
        elif self._within.device != norm.device:
            self._within = self._within.to(norm.device)
        self._within += within
        return within[1]

    def add_known(self, norm: float, limit: float) -> bool:
        """Count one step whose norm is known, and return whether it is finite."""
        self.steps += 1
        finite = math.isfinite(norm)
        if not finite:
            self._known_nonfinite += 1
        elif norm > limit:
            self._known_clipped += 1
        return finite

    def _limits_for(self, limit: float, place: device, kind: dtype) -> Tensor:
        """Return the limit and the largest finite number, of shape (2,)."""
        import torch

        if self._limits is None or self._limits.device != place or self._limits.dtype != kind:
            # To fill is work of the device alone, whereas a copy from a list would wait for it.
            self._limits = torch.full((2,), torch.finfo(kind).max, dtype=kind, device=place)
            self._limits[0].fill_(limit)
        return self._limits
