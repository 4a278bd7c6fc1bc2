"""Clipping of each entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core.validators import in_range
from optim_torch_builtin.arguments import NO_CLIPPING

if TYPE_CHECKING:
    from torch import Tensor, device, dtype

    from optim_torch_builtin.clippers.counts import Counts
    from optim_torch_builtin.clippers.live import LiveClipper

__all__ = ["ValueClipper"]


@attrs.frozen(kw_only=True)
class ValueClipper:
    """Clamp each entry of each gradient to [-clip_value, clip_value]; that turns it, which ``norm`` does not.

    As torch.nn.utils.clip_grad_value_, except that gradients whose norm is not finite are left as they are, with a
    warning: torch would hide an infinity, and keep a NaN, without a word. Nothing waits for a GPU; of gradients there
    the warning comes with the clipper's `tell`. What is counted as clipped is, of DTensors, what this process holds.

    Formula:
        g = min(max(g, -clip_value), clip_value), of each entry

    Args:
        clip_value: the largest absolute value, > 0.
        error_if_nonfinite: raise where the norm of all gradients is not finite. To know it, every step waits for the
            device.
    """

    clip_value: float = attrs.field(validator=in_range(gt=0, hint=NO_CLIPPING))
    error_if_nonfinite: bool = False

    example: ClassVar[Mapping[str, Any]] = {"clip_value": 0.5}

    def build(self) -> LiveClipper:
        """Make a clipper, which counts for itself."""
        from optim_torch_builtin.clippers.live import LiveClipper

        return LiveClipper(self._clamp, norm_type=2.0, error_if_nonfinite=self.error_if_nonfinite)

    def _clamp(self, _: list[Tensor], gradients: list[Tensor], norm: Tensor, counts: Counts) -> None:
        import torch

        from optim_torch_builtin.clippers.gradients import local, total_norm

        held = [gradient for gradient in map(local, gradients) if gradient.numel()]
        finite = counts.add(norm, self.clip_value, total_norm(held, float("inf")).to(norm.device))
        bounds: dict[tuple[device, dtype], Tensor] = {}
        for gradient in gradients:
            kind = gradient.device, gradient.dtype
            if kind not in bounds:
                largest = torch.full((), self.clip_value, device=kind[0], dtype=kind[1])
                bounds[kind] = torch.where(finite.to(kind[0]), largest, float("inf"))
            # torch has no operation on lists for a bound that lies on the device.
            gradient.clamp_(min=-bounds[kind], max=bounds[kind])
