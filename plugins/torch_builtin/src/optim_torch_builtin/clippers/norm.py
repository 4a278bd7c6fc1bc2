"""Clipping by the norm of all gradients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs

from optim_core.validators import in_range
from optim_torch_builtin.arguments import NO_CLIPPING

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["NormClipper"]


@attrs.frozen(kw_only=True)
class NormClipper:
    """Scale all gradients by one factor to a norm of at most `max_norm` (Pascanu et al. 2012, arXiv:1211.5063).

    As torch.nn.utils.clip_grad_norm_, except that gradients whose norm is not finite are left as they are, with a
    warning: torch would make all of them NaN or 0. To know the norm, a GPU is waited for once a step. The norm of
    DTensors is taken over all ranks, and plain tensors may stand beside them.

    Args:
        max_norm: > 0.
        norm_type: p of the norm, > 0; "inf" is the largest absolute value.
        error_if_nonfinite: raise where the norm is not finite.
    """

    max_norm: float = attrs.field(validator=in_range(gt=0, hint=NO_CLIPPING))
    norm_type: float | Literal["inf"] = attrs.field(default=2.0)
    error_if_nonfinite: bool = False

    example: ClassVar[Mapping[str, Any]] = {"max_norm": 1.0}

    @norm_type.validator
    def _is_a_norm(self, attribute: attrs.Attribute[Any], value: float | str) -> None:
        if value != "inf" and not (isinstance(value, (int, float)) and 0 < value < float("inf")):
            raise ValueError(f'must be > 0 or the text "inf", is {value!r}')

    def build(self) -> NormClipper:
        """Return the config itself, which can clip, as a clipper remembers nothing."""
        return self

    def clip(self, parameters: Tensor | Iterable[Tensor]) -> Tensor:
        """Clip the gradients of `parameters` in place.

        Returns:
            The norm before clipping, of shape ().

        Raises:
            RuntimeError: the norm is not finite, and `error_if_nonfinite` is set.
        """
        from optim_torch_builtin.clippers.gradients import clip_if_finite

        return clip_if_finite(
            parameters, self._scale, norm_type=float(self.norm_type), error_if_nonfinite=self.error_if_nonfinite
        )

    def _scale(self, parameters: list[Tensor], norm: Tensor) -> None:
        import torch

        from optim_torch_builtin.clippers.gradients import by_mesh

        for group in by_mesh(parameters):
            torch.nn.utils.clip_grads_with_norm_(group, self.max_norm, norm)
