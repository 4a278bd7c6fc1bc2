"""Clipping by the norm of all gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs

from optim_core.validators import in_range
from optim_torch_builtin.arguments import NO_CLIPPING

if TYPE_CHECKING:
    from torch import Tensor

    from optim_torch_builtin.clippers.counts import Counts
    from optim_torch_builtin.clippers.live import LiveClipper

__all__ = ["NormClipper"]


@attrs.frozen(kw_only=True)
class NormClipper:
    """Scale all gradients to one norm of at most `max_norm`; ``value`` clamps entries, ``adaptive`` goes by weights.

    By one factor (Pascanu et al. 2012, arXiv:1211.5063), as torch.nn.utils.clip_grad_norm_, except that gradients whose
    norm is not finite are left as they are, with a warning: torch would make all of them NaN or 0. As in torch, nothing
    waits for a GPU; of gradients there the warning comes with the clipper's `tell`. The norm of DTensors is taken over
    all ranks, and plain tensors may stand beside them.

    Formula:
        n = norm of all gradients together
        g = g * min(1, max_norm / (n + 1e-6))

    Args:
        max_norm: > 0.
        norm_type: p of the norm, > 0; "inf" is the largest absolute value.
        error_if_nonfinite: raise where the norm is not finite. To know it, every step waits for the device.
    """

    max_norm: float = attrs.field(validator=in_range(gt=0, hint=NO_CLIPPING))
    norm_type: float | Literal["inf"] = attrs.field(default=2.0)
    error_if_nonfinite: bool = False

    example: ClassVar[Mapping[str, Any]] = {"max_norm": 1.0}

    @norm_type.validator
    def _is_a_norm(self, attribute: attrs.Attribute[Any], value: float | str) -> None:
        if value != "inf" and not (isinstance(value, (int, float)) and 0 < value < float("inf")):
            raise ValueError(f'must be > 0 or the text "inf", is {value!r}')

    def build(self) -> LiveClipper:
        """Make a clipper, which counts for itself."""
        from optim_torch_builtin.clippers.live import LiveClipper

        return LiveClipper(self._scale, norm_type=float(self.norm_type), error_if_nonfinite=self.error_if_nonfinite)

    def _scale(self, _: list[Tensor], gradients: list[Tensor], norm: Tensor, counts: Counts) -> None:
        import torch

        from optim_torch_builtin.clippers.gradients import scale

        # As in torch.nn.utils.clip_grads_with_norm_, to the last bit.
        factor = torch.clamp(self.max_norm / (norm + 1e-6), max=1.0)
        if not norm.is_cpu:
            scale(gradients, torch.where(counts.add(norm, self.max_norm), factor, 1.0))
        elif counts.add_known(norm.item(), self.max_norm) and factor.item() < 1.0:
            scale(gradients, factor)
