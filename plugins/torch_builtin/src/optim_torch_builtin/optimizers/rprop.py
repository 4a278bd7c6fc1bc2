"""The plugin class of Rprop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import positive
from optim_torch_builtin.arguments import foreach_is_possible

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["Rprop"]


@attrs.frozen(kw_only=True)
class Rprop:
    """Rprop: steps from the sign of the gradient alone (Riedmiller and Braun 1993, IEEE ICNN). For full batches.

    torch.optim.Rprop, doi.org/10.1109/ICNN.1993.298623. `lr` is the size of the first step only: a schedule has no
    effect after it.

    Formula:
        s = s * etas[1] where g * (g before) > 0, s * etas[0] where it is < 0, from lr on
        s = min(max(s, step_sizes[0]), step_sizes[1])
        g = 0 where g * (g before) < 0
        w = w - s * sign(g)

    Args:
        lr: size of the first step, > 0.
        etas: factors on a step when the gradient changed its sign, in (0, 1), and when it kept it, > 1.
        step_sizes: smallest and largest step, 0 ≤ smallest ≤ largest, largest > 0.
        capturable: safe to capture in a CUDA graph; slower outside one, and an error on the CPU.
        foreach: update all parameters with a few kernels; null lets torch choose. Not with `differentiable`.
        maximize: ascend instead of descend.
        differentiable: autograd can go through ``step()``.
    """

    lr: float = attrs.field(default=1e-2, validator=positive)
    etas: tuple[float, float] = attrs.field(default=(0.5, 1.2))
    step_sizes: tuple[float, float] = attrs.field(default=(1e-6, 50.0))
    capturable: bool = False
    foreach: bool | None = attrs.field(default=None, validator=foreach_is_possible)
    maximize: bool = False
    differentiable: bool = False

    conformance: ClassVar[Mapping[str, str]] = {
        "lr_followed": "differs: the rate is the size of the first step only",
    }

    @etas.validator
    def _one_shrinks_and_one_grows(self, attribute: attrs.Attribute[Any], value: tuple[float, float]) -> None:
        shrink, grow = value
        if not 0 < shrink < 1 < grow:
            raise ValueError(f"must be one factor in (0, 1) and one > 1, in this order, is {value!r}")

    @step_sizes.validator
    def _smallest_first(self, attribute: attrs.Attribute[Any], value: tuple[float, float]) -> None:
        smallest, largest = value
        if not 0 <= smallest <= largest or largest == 0:
            raise ValueError(f"must be the smallest step, ≥ 0, and then the largest, > 0, is {value!r}")

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.Rprop."""
        from torch import optim

        return optim.Rprop(params, **keyword_arguments(self))
