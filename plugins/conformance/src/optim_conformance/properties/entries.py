"""Whether an optimizer treats all parameters, and all of their entries, as it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.rounding import by_rounding
from optim_conformance.trials.training import (
    IDLE,
    begin,
    difference,
    draws_random_numbers,
    equal,
    model_of,
    require_finite,
    trajectory,
    values,
)

if TYPE_CHECKING:
    from torch.nn import Sequential

__all__: list[str] = []


@property_of("optimizer")
def every_entry(subject: Subject) -> None:
    """Every entry of every parameter moves, where each has a gradient."""
    run = begin(subject)
    before = values(run)
    run.go(IDLE)
    for one, other in zip(before, values(run), strict=True):
        still = int((one == other).sum())
        if still:
            raise Differs("every entry moves", f"{still} of {one.numel()} do not, of shape {tuple(one.shape)}")


@property_of("optimizer")
def order(subject: Subject) -> None:
    """Parameters given in another order are moved the same way, also where several are of one shape."""
    if subject.has_group_options:
        raise DoesNotApply("it makes its groups itself")
    run = begin(subject, model=_with_twins(subject))
    reverse = begin(subject, model=_with_twins(subject), groups=lambda model: list(model.named_parameters())[::-1])
    if draws_random_numbers(begin(subject)):
        raise DoesNotApply("it draws random numbers, and for other parameters in another order")
    wanted = trajectory(run, 5)
    apart = difference(wanted, trajectory(reverse, 5))
    if not apart <= max(1e-4, 20 * by_rounding(subject, wanted, lambda: _with_twins(subject))):
        raise Differs("the same parameters after 5 steps", f"they differ by up to {apart:.3g}")


def _with_twins(subject: Subject) -> Sequential:
    """Make the usual model with two more parameters of each of some shapes."""
    import torch

    shapes: list[tuple[int, ...]] = [(6, 4), (3, 5)]
    if not subject.refuses("vectors") and not subject.refuses("dense_gradients"):
        shapes += [(5,)]
    twins = [torch.full(shape, size) for shape in shapes for size in (0.3, -0.2)]
    model = model_of(subject)
    model.add_module("twins", torch.nn.ParameterList(twins))
    return model


@property_of("optimizer")
def empty_parameters(subject: Subject) -> None:
    """A parameter without entries, such as an embedding of no words, harms no other, or is refused by an exception."""
    import torch

    model = model_of(subject)
    model.add_module("none", torch.nn.ParameterList([torch.empty(0, 3)]))
    run = begin(subject, model=model)
    before = values(run)
    try:
        run.go(IDLE)
    except Exception as error:
        raise DoesNotApply(f"it refuses them: {type(error).__name__}") from error
    require_finite(run)
    if equal(before, values(run)):
        raise Differs("the other parameters move", "they do not")


@property_of("optimizer")
def decay_shrinks(subject: Subject) -> None:
    """Weight decay draws parameters whose gradients are zero towards zero, and not away from it."""
    decay = subject.where_accepted({"weight_decay": 0.1})
    if not decay:
        raise DoesNotApply("it has no `weight_decay` of 0.1")
    run = begin(subject, decay)
    before = sum(float(value.square().sum()) for value in values(run))

    for _ in range(5):
        run.step(prepare=run.zero_gradients)
    after = sum(float(value.square().sum()) for value in values(run))
    if not after <= before * (1 + 1e-6):
        raise Differs(f"a sum of squares of at most {before:.6g}", f"{after:.6g} after 5 steps")
