"""The plugin class of L-BFGS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import non_negative, positive
from optim_torch_builtin.newer import by_installed_torch

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["LBFGS"]


@attrs.frozen(kw_only=True)
@by_installed_torch("LBFGS", fields={"maximize": "2.14"})
class LBFGS:
    """L-BFGS: quasi-Newton steps from the last gradients (Nocedal and Wright 2006, Numerical Optimization, alg. 7.5).

    torch.optim.LBFGS, doi.org/10.1007/BF01589116. Unlike the others ``step`` needs a closure, which it calls up to
    `max_eval` times; it takes one parameter group on one device, and is meant for full batches.

    Formula:
        d = -H g, where H is an inverse Hessian after the last history_size pairs
            of s = (change of w) and y = (change of g); at first H = 1
        w = w + a * d, where a is lr, or what line_search_fn finds from there
        repeated up to max_iter times in a step

    Args:
        lr: length of a step, > 0; the first guess where there is a line search.
        max_iter: most iterations in one ``step``, ≥ 1.
        max_eval: most calls of the closure in one ``step``, ≥ 1; null is ``max_iter * 1.25``.
        tolerance_grad: stop when no gradient is larger, ≥ 0.
        tolerance_change: stop when neither the loss nor a parameter changes by more, ≥ 0.
        history_size: how many steps the curvature is estimated from, ≥ 1; each costs memory for all parameters twice.
        line_search_fn: "strong_wolfe", or null for steps of fixed length.
        maximize: ascend instead of descend.
    """

    lr: float = attrs.field(default=1.0, validator=positive)
    max_iter: int = attrs.field(default=20, validator=positive)
    max_eval: int | None = attrs.field(default=None, validator=attrs.validators.optional(positive))
    tolerance_grad: float = attrs.field(default=1e-7, validator=non_negative)
    tolerance_change: float = attrs.field(default=1e-9, validator=non_negative)
    history_size: int = attrs.field(default=100, validator=positive)
    line_search_fn: Literal["strong_wolfe"] | None = None
    maximize: bool = False

    lr_meaning: ClassVar[tuple[str, float, float]] = ("the length of a step towards the minimum", 1e-2, 10.0)

    conformance: ClassVar[Mapping[str, str]] = {
        "step_without_closure": "refuses: it evaluates the loss several times in a step",
        "several_groups": "refuses: its curvature is that of all parameters together",
        "non_contiguous": "refuses: it puts all parameters into one vector by views",
        "deepcopy": "refuses: torch's LBFGS keeps its parameters where a copy does not find them",
        "pickled": "refuses: torch's LBFGS keeps its parameters where a copy does not find them",
    }

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.LBFGS."""
        from torch import optim

        return optim.LBFGS(params, **keyword_arguments(self))
