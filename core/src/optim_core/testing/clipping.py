"""Parameters with gradients of all sizes, for clippers."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter

    from optim_core.specs import ClipperSpec

__all__ = ["clip_everything", "gradients", "norm_of", "with_gradients"]

SEED = 7
# Factors on gradients whose entries are about 1.
SIZES = (1e-8, 0.01, 1.0, 1e4)


def with_gradients(size: float, *, dtype: str = "float32") -> list[Parameter]:
    """A matrix, a vector and a scalar with entries of about 1, and gradients with entries of about `size`."""
    import torch

    made = []
    for index, shape in enumerate([(4, 3), (5,), ()]):
        noise = torch.randn((2, *shape), generator=torch.Generator().manual_seed(SEED + index))
        parameter = torch.nn.Parameter((noise[0] + noise[0].sign()).to(getattr(torch, dtype)))
        parameter.grad = ((noise[1] + noise[1].sign()) * size).to(parameter.dtype)
        made.append(parameter)
    return made


def gradients(parameters: list[Parameter]) -> list[Tensor]:
    """Copies of the gradients that there are."""
    return [parameter.grad.clone() for parameter in parameters if parameter.grad is not None]


def norm_of(parameters: list[Parameter], p: float = 2.0) -> float:
    """The norm of all gradients together, in float64."""
    import torch

    entries = torch.cat([gradient.double().flatten() for gradient in gradients(parameters)])
    return float(torch.linalg.vector_norm(entries, p))


def clip_everything(spec: ClipperSpec) -> tuple[list[Tensor], str]:
    """The gradients after clipping, of each size, and what was returned, or raised where they are not finite."""
    tensors: list[Tensor] = []
    said = []
    for size in SIZES:
        parameters = with_gradients(size)
        said.append(repr(float(spec.create_clipper().clip(parameters))))
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
