"""Clipping of each entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core.validators import in_range
from optim_torch_builtin.arguments import NO_CLIPPING

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ValueClipper"]


@attrs.frozen(kw_only=True)
class ValueClipper:
    """Clamp each entry of each gradient to [-clip_value, clip_value]. Unlike clipping by norm it turns the gradient.

    As torch.nn.utils.clip_grad_value_, except that gradients whose norm is not finite are left as they are, with a
    warning: torch would hide an infinity, and keep a NaN, without a word.

    Args:
        clip_value: the largest absolute value, > 0.
        error_if_nonfinite: raise where the norm of all gradients is not finite.
    """

    clip_value: float = attrs.field(validator=in_range(gt=0, hint=NO_CLIPPING))
    error_if_nonfinite: bool = False

    example: ClassVar[Mapping[str, Any]] = {"clip_value": 0.5}

    def build(self) -> ValueClipper:
        """Return the config itself, which can clip, as a clipper remembers nothing."""
        return self

    def clip(self, parameters: Tensor | Iterable[Tensor]) -> Tensor:
        """Clip the gradients of `parameters` in place.

        Returns:
            The 2-norm of all gradients before clipping, of shape ().

        Raises:
            RuntimeError: the norm is not finite, and `error_if_nonfinite` is set.
        """
        from optim_torch_builtin.clippers.gradients import clip_if_finite

        return clip_if_finite(parameters, self._clamp, error_if_nonfinite=self.error_if_nonfinite)

    def _clamp(self, parameters: list[Tensor], norm: Tensor) -> None:
        import torch

        from optim_torch_builtin.clippers.gradients import by_mesh

        for group in by_mesh(parameters):
            torch.nn.utils.clip_grad_value_(group, self.clip_value)
