"""GradientClipper: gradient clipping whose numbers are arguments instead of a config."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

import attrs

from optim_core.compat.arguments import problem
from optim_core.errors import ConfigError
from optim_core.registry import registry

if TYPE_CHECKING:
    from torch import Tensor

    from optim_core.protocols import Clipper

__all__ = ["GradientClipper"]


@attrs.frozen
class GradientClipper:
    """Clips gradients between ``backward()`` and ``step()``: by the norm of all, unit by unit, or by both in turn.

    Args:
        max_norm: largest norm of all gradients together, > 0; with `adaptive` it may be left out.
        norm_type: p of that norm, > 0; inf is the largest absolute value.
        adaptive: whether to scale, before that, each unit's gradient to at most `clip_factor` times the norm of the
            unit's weights.
        clip_factor: > 0, for `adaptive` only; by default that of the clipper ``adaptive``.

    Raises:
        ConfigError: a value is wrong; the path is the argument.

    Example:
        >>> from optim_core.compat import GradientClipper
        >>> GradientClipper(max_norm=1.0)
        GradientClipper(max_norm=1.0, norm_type=2.0, adaptive=False, clip_factor=None)
    """

    max_norm: float | None = None
    norm_type: float = 2.0
    adaptive: bool = False
    clip_factor: float | None = None
    _clippers: tuple[Clipper, ...] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        clippers = [registry.build(config, "clipper").create_clipper() for config in self._configs()]
        object.__setattr__(self, "_clippers", tuple(clippers))

    def _configs(self) -> Iterator[dict[str, Any]]:
        """Yield the config of each clipper, in the order in which they clip."""
        if self.adaptive:
            yield {"type": "adaptive", **({} if self.clip_factor is None else {"clip_factor": self.clip_factor})}
        elif self.clip_factor is not None:
            raise ConfigError([problem("clip_factor", "is used by adaptive clipping only", "pass adaptive=True too")])
        if self.max_norm is None and self.adaptive:
            return
        given = {} if self.max_norm is None else {"max_norm": self.max_norm}
        yield {"type": "norm", **given, "norm_type": "inf" if self.norm_type == math.inf else self.norm_type}

    def clip_gradients(self, parameters: Tensor | Iterable[Tensor]) -> Tensor:
        """Clip the gradients of `parameters` in place, and pass over parameters that have none.

        Returns:
            The norm before clipping, of shape (): the one of `norm_type`, with `adaptive` the 2-norm.

        Example:
            >>> import torch
            >>> from optim_core.compat import GradientClipper
            >>> weight = torch.zeros(2, requires_grad=True)
            >>> weight.grad = torch.tensor([3.0, 4.0])
            >>> GradientClipper(max_norm=1.0).clip_gradients([weight])
            tensor(5.)
        """
        # A generator, as model.parameters() is, would be used up by the first clipper.
        given = [cast("Tensor", parameters)] if hasattr(parameters, "requires_grad") else list(parameters)
        norm, *_ = [clipper.clip(given) for clipper in self._clippers]
        return norm

    def tell(self) -> None:
        """Warn of norms that were not finite; of gradients on a GPU they are known only when it is waited for.

        Example:
            >>> from optim_core.compat import GradientClipper
            >>> GradientClipper(max_norm=1.0).tell()
        """
        for clipper in self._clippers:
            tell = getattr(clipper, "tell", None)
            if tell is not None:
                tell()
