"""What must be true of a clipper."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.clipping import gradients, norm_of, set_gradients, with_gradients, with_history
from optim_conformance.trials.training import difference, equal

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter

__all__ = ["CLIPPED", "LARGE", "clip", "clip_a_spike"]

LARGE, TINY = 1e4, 1e-9
# Gradients that an adaptive clipper sees before LARGE ones: with no past it would take those for the usual ones.
USUAL = 0.01
# Where something is clipped, less than this share of its norm is left.
CLIPPED = 0.99


def clip(subject: Subject, parameters: Any) -> Any:
    """Clip the parameters by a new clipper, and return what it says."""
    return subject.spec().create_clipper().clip(parameters)


def clip_a_spike(subject: Subject, parameters: list[Parameter]) -> tuple[list[Tensor], list[Tensor]]:
    """Clip LARGE gradients where they were small so far, and return them as they were before and after."""
    clipper = with_history(subject.spec(), parameters, USUAL)
    set_gradients(parameters, LARGE)
    before = gradients(parameters)
    clipper.clip(parameters)
    return before, gradients(parameters)


@property_of("clipper")
def norm_before(subject: Subject) -> None:
    """`clip` returns the norm of all gradients before clipping, a tensor of shape ()."""
    import torch

    p = float(getattr(subject.spec().config, "norm_type", 2.0))
    for size in (1.0, LARGE):
        parameters = with_gradients(size)
        wanted = norm_of(parameters, p)
        found = clip(subject, parameters)
        if not isinstance(found, torch.Tensor) or found.shape != ():
            raise Differs("a tensor of shape ()", f"{found!r:.60}")
        if not math.isclose(float(found), wanted, rel_tol=1e-4):
            raise Differs(f"{wanted:.6g}, the norm before clipping", f"{float(found):.6g}")


@property_of("clipper")
def clips(subject: Subject) -> None:
    """After many small ones, large gradients of all parameters become smaller and stay finite; none is turned round."""
    for was, now in zip(*clip_a_spike(subject, with_gradients(LARGE)), strict=True):
        if not float(now.norm()) < CLIPPED * float(was.norm()):
            large, shape = float(was.norm()), tuple(was.shape)
            raise Differs(f"a norm below {large:.6g} of the one of shape {shape}", f"{float(now.norm()):.6g}")
        turned = int((was * now < 0).sum())
        if turned:
            raise Differs("entries of the same sign as before, or 0", f"{turned} have the other one")


@property_of("clipper")
def limit(subject: Subject) -> None:
    """Where the config has a `max_norm`, the norm of all gradients is at most that after clipping."""
    config = subject.spec().config
    largest = getattr(config, "max_norm", None)
    if not isinstance(largest, (int, float)):
        raise DoesNotApply("it has no `max_norm`")
    parameters = with_gradients(LARGE)
    clip(subject, parameters)
    after = norm_of(parameters, float(getattr(config, "norm_type", 2.0)))
    if not after <= largest * 1.001:
        raise Differs(f"a norm of at most {largest:g}", f"{after:.6g}")


@property_of("clipper")
def nothing_to_clip(subject: Subject) -> None:
    """Gradients that are small enough, also beside those before them, stay as they are, to the last bit."""
    parameters = with_gradients(TINY)
    clipper = with_history(subject.spec(), parameters, LARGE)
    set_gradients(parameters, TINY)
    before = gradients(parameters)
    clipper.clip(parameters)
    if not equal(before, gradients(parameters)):
        raise Differs("the gradients as they were", f"off by up to {difference(before, gradients(parameters)):.3g}")


@property_of("clipper", declarable=False)
def none_gradients(subject: Subject) -> None:
    """A parameter without a gradient is passed over, and the others are clipped as without it."""
    import torch

    alone, beside = with_gradients(LARGE), with_gradients(LARGE)
    without = torch.nn.Parameter(torch.ones(2))
    clip(subject, alone)
    clip(subject, [beside[0], without, *beside[1:]])
    if without.grad is not None:
        raise Differs("no gradient where there was none", f"{without.grad}")
    if not equal(gradients(alone), gradients(beside)):
        raise Differs("the other gradients as without it", "they differ")


@property_of("clipper", declarable=False)
def empty(subject: Subject) -> None:
    """Without any parameter, or without any gradient, the norm is 0 and nothing is raised."""
    import torch

    for parameters in ([], [torch.nn.Parameter(torch.ones(2))]):
        found = float(clip(subject, parameters))
        if found != 0:
            raise Differs("0", f"{found}")


@property_of("clipper", declarable=False)
def iterated_once(subject: Subject) -> None:
    """It takes what `model.parameters()` gives, which can be iterated once only."""
    listed, generated = with_gradients(LARGE), with_gradients(LARGE)
    wanted = float(clip(subject, listed))
    found = float(clip(subject, (parameter for parameter in generated)))
    if wanted != found or not equal(gradients(listed), gradients(generated)):
        raise Differs(f"the gradients and the norm that a list has, {wanted:.6g}", f"others, and {found:.6g}")


@property_of("clipper", declarable=False)
def only_gradients(subject: Subject) -> None:
    """It changes gradients in place, and no parameter."""
    parameters = with_gradients(LARGE)
    tensors = [parameter.grad for parameter in parameters]
    before = [parameter.detach().clone() for parameter in parameters]
    clip(subject, parameters)
    if not equal(before, [parameter.detach() for parameter in parameters]):
        raise Differs("the parameters as they were", "it moved them")
    if any(one is not parameter.grad for one, parameter in zip(tensors, parameters, strict=True)):
        raise Differs("the same gradient tensors, changed in place", "new ones")


@property_of("clipper")
def bf16(subject: Subject) -> None:
    """Gradients of bfloat16 are clipped, stay bfloat16 and stay finite."""
    import torch

    parameters = with_gradients(LARGE, dtype="bfloat16")
    before = norm_of(parameters)
    clip_a_spike(subject, parameters)
    if any(gradient.dtype != torch.bfloat16 for gradient in gradients(parameters)):
        raise Differs("gradients of torch.bfloat16", "others")
    if not norm_of(parameters) < CLIPPED * before:
        raise Differs(f"a norm below {before:.6g}", f"{norm_of(parameters):.6g}")
