"""Parameters with gradients of all sizes, for clippers."""

from __future__ import annotations

import math
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter

    from optim_core.protocols import Clipper
    from optim_core.specs import ClipperSpec

__all__ = ["clip_everything", "gradients", "norm_of", "set_gradients", "with_gradients", "with_history"]

SEED = 7
# Factors on gradients whose entries are about 1.
SIZES = (1e-8, 0.01, 1.0, 1e4)
# Steps of a run in which an adaptive clipper finds out what is usual.
USUAL = 30
# The steps of a run at which gradients are larger by a factor, and how many steps the run has.
SPIKES = {32: 3.0, 36: 1e4, 39: 5.0, 40: 5.0}
RUN = 44


def with_gradients(size: float, *, dtype: str = "float32") -> list[Parameter]:
    """Make a matrix, a vector and a scalar with entries of about 1, and gradients with entries of about `size`."""
    import torch

    made = [torch.nn.Parameter(entries.to(getattr(torch, dtype))) for entries, _ in _entries()]
    set_gradients(made, size)
    return made


def set_gradients(parameters: list[Parameter], size: float) -> None:
    """Give new gradients, with entries of about `size`, to what `with_gradients` has made."""
    # Where parameters have several dtypes, there are as many of each dtype as `_entries` has.
    for index, parameter in enumerate(parameters):
        parameter.grad = (_entries()[index % len(_entries())][1] * size).to(parameter.dtype)


@lru_cache(maxsize=1)
def _entries() -> list[tuple[Tensor, Tensor]]:
    """Return entries of parameters and of their gradients, of a size of about 1."""
    import torch

    made = []
    for index, shape in enumerate([(4, 3), (5,), ()]):
        noise = torch.randn((2, *shape), generator=torch.Generator().manual_seed(SEED + index))
        made.append((noise[0] + noise[0].sign(), noise[1] + noise[1].sign()))
    return made


def with_history(spec: ClipperSpec, parameters: list[Parameter], usual: float) -> Clipper:
    """Make a clipper that has clipped 30 gradients of about the `usual` size, of the parameters that come next."""
    clipper = spec.create_clipper()
    for step in range(USUAL):
        set_gradients(parameters, usual * _drift(step))
        clipper.clip(parameters)
    return clipper


def _drift(step: int) -> float:
    """Return a factor that rises slowly, and by turns is larger and smaller than before."""
    return 1 + 0.02 * step + 0.2 * math.sin(step)


def gradients(parameters: list[Parameter]) -> list[Tensor]:
    """Return copies of the gradients that there are."""
    return [parameter.grad.clone() for parameter in parameters if parameter.grad is not None]


def norm_of(parameters: list[Parameter], p: float = 2.0) -> float:
    """Return the norm of all gradients together, in float64."""
    import torch

    entries = torch.cat([gradient.double().flatten() for gradient in gradients(parameters)])
    return float(torch.linalg.vector_norm(entries, p))


def clip_everything(spec: ClipperSpec) -> tuple[list[Tensor], str]:
    """Clip gradients of each size; return what is left of them, and what is said, or raised where they are not finite.

    Each size has a clipper of its own, and so has a run in which gradients are small, but for some spikes.
    """
    tensors: list[Tensor] = []
    said = []
    for size in SIZES:
        parameters = with_gradients(size)
        said.append(repr(float(spec.create_clipper().clip(parameters))))
        tensors += gradients(parameters)
    parameters = with_gradients(0.0)
    clipper = spec.create_clipper()
    for step in range(RUN):
        set_gradients(parameters, 0.01 * _drift(step) * SPIKES.get(step, 1.0))
        said.append(repr(float(clipper.clip(parameters))))
        tensors += gradients(parameters)
    for wrong in (float("nan"), float("inf")):
        parameters = with_gradients(1.0)
        next(iter(parameters)).grad = parameters[0].detach() * wrong
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                said.append(repr(float(spec.create_clipper().clip(parameters))))
        except (ArithmeticError, RuntimeError, ValueError) as error:
            said.append(type(error).__name__)
        tensors += gradients(parameters)
    return tensors, " ".join(said)
