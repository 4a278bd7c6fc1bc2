"""What a clipper makes of gradients that are not as usual."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from optim_conformance.outcomes import Differs
from optim_conformance.properties.clippers import CLIPPED, LARGE, clip, clip_a_spike
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.clipping import gradients, norm_of, set_gradients, with_gradients
from optim_conformance.trials.training import difference, equal

if TYPE_CHECKING:
    from torch import Tensor

__all__: list[str] = []


@property_of("clipper")
def not_finite(subject: Subject) -> None:
    """Where a gradient is infinite or NaN, the norm that is returned is not finite, or an exception is raised."""
    for wrong in (math.inf, math.nan):
        parameters = with_gradients(1.0)
        gradients_of = parameters[0].grad
        if gradients_of is not None:
            gradients_of.fill_(wrong)
        try:
            found = float(clip(subject, parameters))
        except Exception:  # noqa: BLE001 - whatever it raises, it says so
            continue
        if math.isfinite(found):
            raise Differs(f"a norm that shows that there is a gradient of {wrong}", f"{found:.6g}")


@property_of("clipper", declarable=False)
def zero_gradients(subject: Subject) -> None:
    """Gradients that are all zero stay zero, and their norm is 0."""
    parameters = with_gradients(0.0)
    found = float(clip(subject, parameters))
    if found != 0 or any(bool(gradient.count_nonzero()) for gradient in gradients(parameters)):
        raise Differs("a norm of 0, and gradients of zeros", f"{found:.6g}, and {gradients(parameters)[0].tolist()}")


@property_of("clipper")
def non_contiguous(subject: Subject) -> None:
    """Gradients that are not contiguous in memory are clipped as contiguous ones are."""
    plain, spread = with_gradients(LARGE), with_gradients(LARGE)
    for parameter in spread:
        if parameter.grad is not None and parameter.ndim == 2:
            parameter.grad = parameter.grad.t().contiguous().t()
    clip(subject, plain)
    clip(subject, spread)
    largest = max(float(gradient.abs().max()) for gradient in gradients(plain))
    apart = difference(gradients(plain), gradients(spread))
    if not apart <= 1e-5 * largest:
        raise Differs("the same gradients as contiguous ones have", f"they differ by up to {apart:.3g}")


@property_of("clipper")
def mixed_dtypes(subject: Subject) -> None:
    """Gradients of float32 and bfloat16 beside each other are clipped together, and keep their dtypes."""
    parameters = [*with_gradients(LARGE), *with_gradients(LARGE, dtype="bfloat16")]
    before = norm_of(parameters)
    wanted = [gradient.dtype for gradient in gradients(parameters)]
    clip_a_spike(subject, parameters)
    if [gradient.dtype for gradient in gradients(parameters)] != wanted:
        raise Differs("the dtypes as they were", "others")
    if not norm_of(parameters) < CLIPPED * before:
        raise Differs(f"a norm below {before:.6g}", f"{norm_of(parameters):.6g}")


@property_of("clipper")
def used_again(subject: Subject) -> None:
    """Two clippers of one config do the same with the same gradients at each call: each has a past of its own."""
    first, second = (list(_run(subject)) for _ in range(2))
    for step, ((wanted, once), (found, again)) in enumerate(zip(first, second, strict=True)):
        if wanted != found or not equal(once, again):
            seen = f"gradients that differ by up to {difference(once, again):.3g}, and a norm of {found:.6g}"
            raise Differs(f"the same gradients as the first one's at call {step + 1}, and a norm of {wanted:.6g}", seen)


def _run(subject: Subject) -> Iterator[tuple[float, list[Tensor]]]:
    """Yield what a new clipper says and leaves of gradients of several sizes, the large ones last."""
    parameters = with_gradients(0.0)
    clipper = subject.spec().create_clipper()
    for size in (1.0, 0.5, 2.0, 1e-6, LARGE):
        set_gradients(parameters, size)
        yield float(clipper.clip(parameters)), gradients(parameters)
