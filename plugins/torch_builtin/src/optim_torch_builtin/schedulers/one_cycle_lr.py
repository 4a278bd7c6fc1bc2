"""The plugin class of OneCycleLR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs

from optim_core.plugin_tools import PerGroup, for_each_group, keyword_arguments, multiplied
from optim_core.validators import each, fraction, in_range, positive
from optim_torch_builtin.arguments import not_above

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core import Horizon

__all__ = ["OneCycleLR"]


@attrs.frozen(kw_only=True)
class OneCycleLR:
    """Up to `max_lr` and down to almost 0 in one run (torch); ``cosine`` goes up to the optimizer's own rate.

    torch.optim.lr_scheduler.OneCycleLR, in the form of fastai; ``three_phase: true`` is the paper's. Smith and Topin
    2017, arXiv:1708.07120. The optimizer's own rate is replaced. The length is `total_steps`, or `epochs` times
    `steps_per_epoch`; what is left out comes from the run. A ``step()`` beyond the length is an error. One value for
    each group is a mapping from its name to the value, or a list, where the groups are those of `param_groups` or were
    handed over.

    Formula:
        up from max_lr / div_factor to max_lr over pct_start of the run,
        down from there to max_lr / div_factor / final_div_factor, each along
            start + (end - start) * (1 - cos(π * p)) / 2, or * p where linear,
        where p is the share of that part that is over

    Args:
        max_lr: the highest rate, > 0, or one for each group. A single one is multiplied by the lr multiplier of a group
            that has one.
        total_steps: calls of ``step()`` in the whole run, ≥ 1.
        epochs: epochs in the whole run, ≥ 1.
        steps_per_epoch: calls of ``step()`` in an epoch, ≥ 1.
        pct_start: share of the steps in which the rate rises, in [0, 1); at most 0.5 with `three_phase`.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: move momentum, or the first beta, the opposite way; the optimizer must have one of them.
        base_momentum: momentum where the rate is highest, in [0, 1), or one for each group.
        max_momentum: momentum where the rate is lowest, in [0, 1), or one for each group.
        div_factor: the first rate is ``max_lr / div_factor``, > 0.
        final_div_factor: the last rate is the first divided by this, > 0.
        three_phase: rise, fall as long to the first rate, and fall from there in the steps that are left.
    """

    max_lr: PerGroup = attrs.field(validator=each(positive))
    total_steps: int | None = attrs.field(default=None, validator=attrs.validators.optional(positive))
    epochs: int | None = attrs.field(default=None, validator=attrs.validators.optional(positive))
    steps_per_epoch: int | None = attrs.field(default=None, validator=attrs.validators.optional(positive))
    pct_start: float = attrs.field(default=0.3, validator=in_range(ge=0, lt=1))
    anneal_strategy: Literal["cos", "linear"] = "cos"
    cycle_momentum: bool = True
    base_momentum: PerGroup = attrs.field(
        default=0.85, validator=attrs.validators.and_(each(fraction), not_above("max_momentum"))
    )
    max_momentum: PerGroup = attrs.field(default=0.95, validator=each(fraction))
    div_factor: float = attrs.field(default=25.0, validator=positive)
    final_div_factor: float = attrs.field(default=1e4, validator=positive)
    three_phase: bool = False

    # The schedule sets the rate itself, and does not go on from the rate that another schedule left.
    sets_the_rate: ClassVar[bool] = True
    interval: ClassVar[str] = "step"
    example: ClassVar[Mapping[str, Any]] = {"max_lr": 1e-3, "epochs": 100, "steps_per_epoch": 100}

    conformance: ClassVar[Mapping[str, str]] = {
        "past_the_end": "refuses: it has no rate beyond its length",
    }

    @total_steps.validator
    def _lengths_agree(self, attribute: attrs.Attribute[Any], value: int | None) -> None:
        if value is None or self.epochs is None or self.steps_per_epoch is None:
            return
        product = self.epochs * self.steps_per_epoch
        if value != product:
            raise ValueError(f"is {value}, but epochs times steps_per_epoch is {product}; give one of the two")

    @pct_start.validator
    def _phases_have_a_length(self, attribute: attrs.Attribute[Any], value: float) -> None:
        if self.three_phase and value > 0.5:
            raise ValueError(f"must be ≤ 0.5 with three_phase: true, is {value!r}")
        if self.total_steps is not None:
            self._check_phases(self.total_steps)
        elif self.epochs is not None and self.steps_per_epoch is not None:
            self._check_phases(self.epochs * self.steps_per_epoch)

    def _check_phases(self, total_steps: int) -> None:
        """Refuse phases of length 0, by which torch, as it counts their ends from 0, would divide.

        Raises:
            ValueError: one has no length, so that torch would divide by zero.
        """
        rise = float(self.pct_start * total_steps)
        if rise == 1 or (self.three_phase and float(2 * rise) == total_steps + 1):
            raise ValueError(
                f"gives a phase of length 0 in {total_steps} steps, in which torch divides by zero; change it a little"
            )

    def _length(self, horizon: Horizon) -> int:
        if self.total_steps is not None:
            return self.total_steps
        if self.epochs is not None:
            return self.epochs * (self.steps_per_epoch or horizon.require("steps_per_epoch", "OneCycleLR"))
        if self.steps_per_epoch is not None:
            return self.steps_per_epoch * horizon.require("epochs", "OneCycleLR")
        return horizon.require("total_steps", "OneCycleLR")

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.OneCycleLR.

        Raises:
            HorizonError: neither the config nor `horizon` gives the length.
            ParamGroupError: the values for groups do not fit the groups.
            ValueError: `pct_start` gives a phase of length 0; or the optimizer has no momentum to cycle.
        """
        from torch.optim import lr_scheduler

        total_steps = self._length(horizon)
        try:
            self._check_phases(total_steps)
        except ValueError as error:
            raise ValueError(f"OneCycleLR: pct_start {error}") from None
        return lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=multiplied(self.max_lr, optimizer, "OneCycleLR.max_lr"),
            total_steps=total_steps,
            base_momentum=for_each_group(self.base_momentum, optimizer, "OneCycleLR.base_momentum"),
            max_momentum=for_each_group(self.max_momentum, optimizer, "OneCycleLR.max_momentum"),
            **keyword_arguments(
                self, "max_lr", "total_steps", "epochs", "steps_per_epoch", "base_momentum", "max_momentum"
            ),
        )
