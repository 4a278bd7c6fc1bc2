"""Parameters that are stored otherwise than usual."""

from __future__ import annotations

from typing import Any

from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.properties.steps import descend, trains_all
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.rounding import by_rounding
from optim_conformance.trials.training import begin, difference, draws_random_numbers, model_of, trajectory, values

__all__: list[str] = []


@property_of("optimizer")
def bf16(subject: Subject) -> None:
    """Parameters of bfloat16 are trained and stay bfloat16."""
    import torch

    run = begin(subject, model=model_of(subject, dtype=torch.bfloat16, from_zero=True))
    descend(run)
    other = {parameter.dtype for parameter in run.parameters} - {torch.bfloat16}
    if other:
        raise Differs("parameters of torch.bfloat16", f"{', '.join(map(str, other))}")


@property_of("optimizer")
def non_contiguous(subject: Subject) -> None:
    """Parameters that are not contiguous in memory, `channels_last` too, are trained as contiguous ones are."""
    import torch

    if draws_random_numbers(begin(subject)):
        raise DoesNotApply("it draws random numbers, and others for what is stored otherwise")
    plain, spread = begin(subject), model_of(subject)
    for layer in spread.children():
        weight: Any = layer.weight
        layer.weight = torch.nn.Parameter(weight.detach().t().contiguous().t())
    run = begin(subject, model=spread)
    if any(parameter.is_contiguous() for parameter in run.parameters if parameter.ndim == 2):
        raise Differs("parameters that stay as they are stored", "building made them contiguous")
    wanted = trajectory(plain, 5)
    apart = difference(wanted, trajectory(run, 5))
    if not apart <= max(1e-4, 20 * by_rounding(subject, wanted)):
        raise Differs("the same parameters after 5 steps", f"they differ by up to {apart:.3g}")
    if "many_dimensions" not in subject.declared:
        trains_all(subject, [torch.ones(4, 3, 3, 3).contiguous(memory_format=torch.channels_last)])


@property_of("optimizer")
def float64(subject: Subject) -> None:
    """Parameters of float64 are trained and stay float64."""
    import torch

    run = begin(subject, model=model_of(subject, dtype=torch.float64))
    descend(run)
    if any(value.dtype != torch.float64 for value in values(run)):
        raise Differs("parameters of torch.float64", "others")
