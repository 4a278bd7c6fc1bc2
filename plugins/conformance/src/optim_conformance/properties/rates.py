"""What learning rates and parameter groups mean to an optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.properties.options import last_layer_apart
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.training import IDLE, Run, begin, difference, equal, has_rate, require_groups, values

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__: list[str] = []

FACTOR = 5.0


def _last_layer(model: Module) -> Mapping[Module, float]:
    return {list(model.children())[-1]: FACTOR}


def _in_two_groups(subject: Subject) -> Run:
    """Begin a run in whose last group is the last layer, or nearly so where the plugin makes its own groups.

    Raises:
        DoesNotApply: neither it nor its groups have a rate, or it makes one group of the model.
        Differs: it merges groups, or its groups lack the rate that the config has.
    """
    run = begin(subject, groups=None if subject.has_group_options else last_layer_apart)
    if len(run.optimizer.param_groups) < 2:
        if subject.has_group_options:
            raise DoesNotApply("it makes a single group of this model")
        raise Differs("the two groups that it is given", "they are merged into one")
    _require_rates(subject, run)
    return run


def _require_rates(subject: Subject, run: Run) -> None:
    """End a check that changes the rates of groups where they have none.

    Raises:
        DoesNotApply: there are none, nor does the config have one.
        Differs: the config has one.
    """
    if all(map(has_rate, run.optimizer.param_groups)):
        return
    if getattr(subject.spec().config, "lr", None) is not None:
        raise Differs("an `lr` in each group, where schedules change it", "only the config has one")
    raise DoesNotApply("its groups have no `lr`, or one of None")


def _by_group(run: Run) -> tuple[list[Tensor], list[Tensor]]:
    """Return copies of the parameters of all groups but the last, and of those of the last."""
    *first, last = run.optimizer.param_groups
    return (
        [parameter.detach().clone() for group in first for parameter in group["params"]],
        [parameter.detach().clone() for parameter in last["params"]],
    )


@property_of("optimizer")
def several_groups(subject: Subject) -> None:
    """Each group is moved by its own `lr`: another rate of one group moves that one otherwise, and no other."""
    alike, apart = _in_two_groups(subject), _in_two_groups(subject)
    apart.optimizer.param_groups[-1]["lr"] = apart.optimizer.param_groups[-1]["lr"] * FACTOR
    start = values(alike)
    for _ in range(IDLE):
        # Only up to the first step that moves anything: a norm of all groups together may then tell the others of it.
        first_to_move = equal(start, values(alike)) and equal(start, values(apart))
        alike.go(1)
        apart.go(1)
        first, other_first = _by_group(alike)[0], _by_group(apart)[0]
        if first_to_move and not equal(first, other_first):
            raise Differs("the other groups as with equal rates", f"off by up to {difference(first, other_first):.3g}")
        if not equal(_by_group(alike)[1], _by_group(apart)[1]):
            return
    raise Differs("parameters that depend on their group's lr", "another lr of the last group changes nothing")


@property_of("optimizer")
def lr_followed(subject: Subject) -> None:
    """A rate that a scheduler lowers makes another step of the next one."""
    import torch

    kept, lowered = begin(subject).go(IDLE), begin(subject).go(IDLE)
    _require_rates(subject, kept)
    scheduler = torch.optim.lr_scheduler.MultiplicativeLR(lowered.optimizer, lambda _: 0.1)
    scheduler.step()
    for run in (kept, lowered):
        # Some parameters are at their targets by now, and would not move.
        run.targets = [-target for target in run.targets]
        run.step()
    if equal(values(kept), values(lowered)):
        raise Differs("another next step at a tenth of the rate", "the same")


@property_of("optimizer")
def lr_multipliers(subject: Subject) -> None:
    """A module's lr multiplier reaches its parameters, and is the same at each step of a schedule."""
    import torch

    require_groups(subject)
    if not isinstance(getattr(subject.spec().config, "lr", None), float):
        raise DoesNotApply("its config has no `lr`")
    plain, multiplied = begin(subject), begin(subject, multipliers=_last_layer)
    run = multiplied
    ratios = [rate / run.rates()[0] for rate in run.rates()]
    if FACTOR not in [round(group.get("lr_multiplier", 1.0), 6) for group in run.optimizer.param_groups]:
        raise Differs(f"a group whose lr_multiplier is {FACTOR}", f"rates {run.rates()}")
    scheduler = torch.optim.lr_scheduler.ExponentialLR(run.optimizer, 0.7)
    for _ in range(5):
        run.go(1)
        scheduler.step()
        now = [rate / run.rates()[0] for rate in run.rates()]
        if any(abs(one - other) > 1e-6 * one for one, other in zip(ratios, now, strict=True)):
            raise Differs(f"rates in the ratio {ratios} after {run.steps} steps", f"{now}")
    plain.go(IDLE)
    fresh = begin(subject, multipliers=_last_layer).go(IDLE)
    last = len(list(list(plain.model.children())[-1].parameters()))
    if equal(values(plain)[-last:], values(fresh)[-last:]):
        raise Differs("other steps of the module", "the multiplier changes nothing")


@property_of("optimizer")
def add_param_group(subject: Subject) -> None:
    """A group that is added later is trained by its own `lr`, and the state saves it."""
    import torch

    require_groups(subject)
    lowered, run = (_with_a_late_group(subject, factor) for factor in (0.1, 1.0))
    before = values(run)
    for each in (run, lowered):
        each.go(IDLE)
    if equal(before[-1:], values(run)[-1:]):
        raise Differs("the added parameter moves", "it does not")
    if not torch.isfinite(values(run)[-1]).all():
        raise Differs("finite parameters", "the added one is not")
    if has_rate(run.optimizer.param_groups[-1]) and equal(values(lowered)[-1:], values(run)[-1:]):
        raise Differs("the added group follows its own lr", "another lr changes nothing")
    saved = run.optimizer.state_dict()["param_groups"]
    if len(saved) != len(run.optimizer.param_groups):
        raise Differs(f"{len(run.optimizer.param_groups)} groups in the state", f"{len(saved)}")


def _with_a_late_group(subject: Subject, factor: float) -> Run:
    """Take three steps of a run, then add a matrix to it, at `factor` times the rate."""
    import torch

    run = begin(subject).go(3)
    added = torch.nn.Linear(3, 4, bias=False)
    with torch.no_grad():
        added.weight.fill_(0.5)
    run.model.add_module("added", added)
    run.parameters.extend(added.parameters())
    run.targets.append(torch.full((4, 3), 2.0))
    options = {key: value for key, value in run.optimizer.param_groups[0].items() if key not in _OF_PARAMETERS}
    group: dict[str, Any] = {**options} if subject.has_group_options else {}
    if has_rate(options):
        group["lr"] = options["lr"] * factor
    if "param_names" in run.optimizer.param_groups[0]:
        group["params"] = [("added.weight", added.weight)]
    else:
        group["params"] = [added.weight]
    run.optimizer.add_param_group(group)
    return run


_OF_PARAMETERS = ("params", "param_names", "name", "initial_lr", "lr_multiplier")
