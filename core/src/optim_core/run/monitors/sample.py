"""The gradients and weights of one step, as norms that stay on the device until they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, final

from optim_core.run.monitors.measures import by_module, norms_of, parameter_names, total

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

__all__ = ["Sample", "norms_by_module"]


@final
class Sample:
    """What is seen of the parameters that have a gradient: before the step on making, after it by `finish`.

    Args:
        optimizer: its gradients are there, and not yet clipped.
        scale: by which they are multiplied.
        updates: whether the weights are copied, so that `finish` can tell how far they moved.
    """

    def __init__(self, optimizer: Optimizer, scale: float, *, updates: bool) -> None:
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        named = zip(parameter_names(optimizer), parameters, strict=True)
        gradients = {name: (parameter, parameter.grad) for name, parameter in named if parameter.grad is not None}
        self._parameters: dict[str, Tensor] = {name: parameter for name, (parameter, _) in gradients.items()}
        self._scale = scale
        self._gradients = norms_of([gradient for _, gradient in gradients.values()])
        self._before = [parameter.detach().clone() for parameter in self._parameters.values()] if updates else []
        self._weights = norms_of(self._before)
        self._moved: list[Tensor] = []

    def finish(self) -> None:
        """Look at the weights after the step, and let the copy go."""
        for before, parameter in zip(self._before, self._parameters.values(), strict=False):
            before.sub_(parameter.detach())
        self._moved, self._before = norms_of(self._before), []

    def tensors(self) -> list[Tensor]:
        """Return all norms, for `values` to be given their numbers."""
        return [*self._gradients, *self._weights, *self._moved]

    def values(self, numbers: Sequence[float], depth: int | None) -> dict[str, float]:
        """Return the values of a report.

        Args:
            numbers: those of `tensors`.
            depth: see `by_module`.
        """
        names, count = list(self._parameters), len(self._parameters)
        gradients = dict(zip(names, [number / self._scale for number in numbers[:count]], strict=True))
        found = norms_by_module(gradients, depth)
        if self._moved:
            weights = dict(zip(names, numbers[count : 2 * count], strict=True))
            moved = dict(zip(names, numbers[2 * count :], strict=True))
            found |= _ratios(moved, weights, depth)
        return found


def norms_by_module(gradients: Mapping[str, float], depth: int | None) -> dict[str, float]:
    """Return the norm of all gradients as ``grad_norm``, and that of each module below this name."""
    of_modules = by_module(gradients, depth)
    return {"grad_norm": total(gradients), **{f"grad_norm/{name}": norm for name, norm in of_modules.items()}}


def _ratios(moved: Mapping[str, float], weights: Mapping[str, float], depth: int | None) -> dict[str, float]:
    """Return how far the weights moved, as a share of their norm; there is none where all of them were 0."""
    sizes = {"": total(weights), **by_module(weights, depth)}
    ways = {"": total(moved), **by_module(moved, depth)}
    shares = {name: ways[name] / size for name, size in sizes.items() if size}
    return {f"update_ratio/{name}" if name else "update_ratio": share for name, share in shares.items()}
