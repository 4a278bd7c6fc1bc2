"""Adaptive clipping, unit by unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from optim_core.validators import in_range, positive
from optim_torch_builtin.arguments import NO_CLIPPING

if TYPE_CHECKING:
    from torch import Tensor

    from optim_torch_builtin.clippers.counts import Counts
    from optim_torch_builtin.clippers.live import LiveClipper

__all__ = ["AdaptiveClipper"]

# The least norm that is divided by, as in the authors' code; it matters only for gradients of half precision.
SMALLEST = 1e-6


@attrs.frozen(kw_only=True)
class AdaptiveClipper:
    """Clip each unit's gradient by the norm of its weights (Brock et al. 2021); ``norm`` is one limit for all.

    arXiv:2102.06171. A unit is an output row of a matrix, an output channel of a convolution (over input channels and
    kernel), and all of a vector or scalar, a matrix with one long side included; dimension 0 is the output, so that
    transposed convolutions are divided by input channel. The paper leaves the last layer out: give only the parameters
    to clip. Gradients whose total norm is not finite are left as they are, with a warning. Nothing waits for a GPU; of
    gradients there the warning comes with the clipper's `tell`. What is counted as clipped is, of DTensors, what this
    process holds.

    Formula:
        of each unit:
        most = clip_factor * max(norm(w), eps)
        g = g * min(1, most / norm(g))

    Args:
        clip_factor: largest ratio of gradient norm to weight norm, > 0; the paper has 0.01 for batches of 4096, and
            larger factors for smaller batches.
        eps: least weight norm that counts, > 0, so that zero weights can move.
        error_if_nonfinite: raise where the norm of all gradients is not finite. To know it, every step waits for the
            device.
    """

    clip_factor: float = attrs.field(default=0.01, validator=in_range(gt=0, hint=NO_CLIPPING))
    eps: float = attrs.field(default=1e-3, validator=positive)
    error_if_nonfinite: bool = False

    def build(self) -> LiveClipper:
        """Make a clipper, which counts for itself."""
        from optim_torch_builtin.clippers.live import LiveClipper

        return LiveClipper(self._scale_units, norm_type=2.0, error_if_nonfinite=self.error_if_nonfinite)

    def _scale_units(self, parameters: list[Tensor], gradients: list[Tensor], norm: Tensor, counts: Counts) -> None:
        import torch

        from optim_torch_builtin.clippers.gradients import local, total_norm

        ratios = list(map(self._ratio, parameters, gradients))
        held = [ratio for ratio in map(local, ratios) if ratio.numel()]
        # The norm of order -inf is the smallest entry.
        finite = counts.add(norm, -1.0, -total_norm(held, -float("inf")).to(norm.device))
        for gradient, ratio in zip(gradients, ratios, strict=True):
            gradient.mul_(torch.where(finite.to(ratio.device), ratio.clamp(max=1.0), 1.0))

    def _ratio(self, parameter: Tensor, gradient: Tensor) -> Tensor:
        """Return the largest norm that each unit's gradient may have, over the norm that it has."""
        largest = _unit_norms(parameter).clamp(min=self.eps) * self.clip_factor
        return largest / _unit_norms(gradient).clamp(min=SMALLEST)


def _unit_norms(tensor: Tensor) -> Tensor:
    """Return the 2-norm of each unit, of a shape that broadcasts over the tensor."""
    import torch

    is_vector = sum(size > 1 for size in tensor.shape) <= 1
    dims = None if is_vector else tuple(range(1, tensor.ndim))
    norms: Tensor = torch.linalg.vector_norm(tensor, dim=dims, keepdim=True)
    return norms
