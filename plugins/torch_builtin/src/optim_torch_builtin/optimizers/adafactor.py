"""The plugin class of Adafactor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import FieldError, ItemsError, in_range, non_negative, positive

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["Adafactor"]


# torch holds the second moment above the square of `eps[0]`, which is to be a normal number in float32.
_SMALLEST_FLOOR = 1e-19


@attrs.frozen(kw_only=True)
class Adafactor:
    """Adafactor as torch has it (Shazeer and Stern 2018); ``pytorch_optimizer:AdaFactor`` has relative steps too.

    torch.optim.Adafactor, which differs from the one in transformers: `lr` is always used, there is no relative step
    and no warm-up, no first moment, and `weight_decay` shrinks the weights directly. Adam's second moment is kept as
    row and column means (arXiv:1804.04235).

    Formula:
        a = max(eps[1], rms(w)) * min(lr, 1 / sqrt(t)), before the decay
        w = w - lr * weight_decay * w
        b = 1 - t ** beta2_decay
        R = b * R + (1 - b) * mean of g ** 2 over each row
        C = b * C + (1 - b) * mean of g ** 2 over each column
        V = R C / mean(R), of vectors the mean of g ** 2 itself
        u = g / sqrt(max(V, eps[0] ** 2))
        w = w - a * u / max(1, rms(u) / d)

    Args:
        lr: learning rate, > 0; the step is also scaled by the root mean square of the parameter.
        beta2_decay: the decay of the second moment at step t is ``1 - t ** beta2_decay``, ≤ 0.
        eps: two numbers > 0: the floor of the gradients' root mean square, ≥ 1e-19 (null: the machine epsilon of the
            parameter's dtype), and the floor of the parameter's root mean square. transformers adds its first number to
            the squares: its 1e-30 is 1e-15 here.
        d: updates whose root mean square exceeds this are scaled down to it, ≥ 1.
        weight_decay: shrinks the weights by ``lr * weight_decay`` a step, ≥ 0.
        foreach: update all parameters with a few kernels; null lets torch choose.
        maximize: ascend instead of descend.
    """

    lr: float = attrs.field(default=1e-2, validator=positive)
    beta2_decay: float = attrs.field(default=-0.8, validator=in_range(le=0))
    eps: tuple[float | None, float] = attrs.field(default=(None, 1e-3))
    d: float = attrs.field(default=1.0, validator=in_range(ge=1))
    weight_decay: float = attrs.field(default=0.0, validator=non_negative)
    foreach: bool | None = None
    maximize: bool = False

    lr_meaning: ClassVar[tuple[str, float, float]] = ("a share of the root mean square of each weight", 5e-4, 0.1)

    @eps.validator
    def _floors_are_positive(self, attribute: attrs.Attribute[Any], value: tuple[float | None, float]) -> None:
        wrong = {}
        for index, floor in enumerate(value):
            if floor is None and index == 0:
                continue
            try:
                positive(self, attribute, floor)
            except ValueError as error:
                wrong[index] = error
        first = value[0]
        if 0 not in wrong and first is not None and first < _SMALLEST_FLOOR:
            wrong[0] = FieldError(
                f"must be ≥ {_SMALLEST_FLOOR:g}, is {first:g}",
                "the square of less is 0 in float32, and a gradient of 0 makes NaN of its weight; what is 1e-30 in "
                "transformers is 1e-15 here",
            )
        if wrong:
            raise ItemsError(wrong)

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.Adafactor."""
        from torch import optim

        return optim.Adafactor(params, **keyword_arguments(self))
