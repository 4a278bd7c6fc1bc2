"""The clipper that a config makes: it changes gradients without waiting for their device, and counts what it did."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, final

import attrs

if TYPE_CHECKING:
    from torch import Tensor

    from optim_torch_builtin.clippers.counts import Counts

__all__ = ["LiveClipper", "NonFiniteGradientWarning"]


class NonFiniteGradientWarning(RuntimeWarning):
    """Gradients hold a NaN or an infinity, or their norm overflows; they were left as they are."""


@final
class LiveClipper:
    """Change gradients, unless their norm is not finite: no factor mends those, and most factors spread the NaN.

    Nothing waits for a GPU: what is to be done is decided there, and counted there. A norm that is not finite is told
    at once where it lies in the memory of the CPU, and otherwise by `tell`.

    The fields of the config are its attributes, too.

    Args:
        change: a method of a config. It is given the parameters that have a gradient, their gradients, the norm and
            the counts, and changes the gradients where the counts say that the norm is finite.
        norm_type: which norm, > 0, inf included.
        error_if_nonfinite: raise where the norm is not finite, for which every call waits for the device.
    """

    def __init__(
        self,
        change: Callable[[list[Tensor], list[Tensor], Tensor, Counts], None],
        *,
        norm_type: float,
        error_if_nonfinite: bool,
    ) -> None:
        from optim_torch_builtin.clippers.counts import Counts

        self._change = change
        self._norm_type = norm_type
        self._error_if_nonfinite = error_if_nonfinite
        self._counts = Counts()
        self._told = 0

    @property
    def steps(self) -> int:
        """How often there were gradients to look at."""
        return self._counts.steps

    @property
    def clipped(self) -> Tensor | int:
        """In how many of the steps there was something to clip: of shape (), on the device, where nothing waits."""
        return self._counts.clipped

    @property
    def nonfinite(self) -> Tensor | int:
        """In how many of the steps the norm was not finite: of shape (), on the device, where nothing waits."""
        return self._counts.nonfinite

    def clip(self, parameters: Tensor | Iterable[Tensor]) -> Tensor:
        """Clip the gradients of `parameters` in place, and pass over parameters that have none.

        Args:
            parameters: a tensor or an iterable of tensors.

        Returns:
            The norm of all gradients before clipping, of shape (), on the device of the first gradient.

        Raises:
            RuntimeError: the norm is not finite, and `error_if_nonfinite` is set; no gradient has changed.
        """
        import torch

        from optim_torch_builtin.clippers.gradients import total_norm

        given = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
        gradients = [gradient for parameter in given if (gradient := parameter.grad) is not None]
        if not gradients:
            return torch.tensor(0.0)
        if len(gradients) < len(given):
            given = [parameter for parameter in given if parameter.grad is not None]
        with torch.no_grad():
            norm = total_norm(gradients, self._norm_type)
            if self._error_if_nonfinite and not norm.isfinite():
                raise RuntimeError(f"the norm of the gradients is {norm.item()}: they were left as they are")
            self._change(given, gradients, norm, self._counts)
        if norm.is_cpu and not math.isfinite(norm.item()):
            self._told += 1
            message = f"the norm of the gradients is {norm.item()}: they were left as they are, nothing was clipped"
            warnings.warn(message, NonFiniteGradientWarning, stacklevel=2)
        return norm

    def tell(self) -> None:
        """Warn of the norms that were not finite and that no warning has told yet; wait for the device to know them.

        To be called where somebody reads a norm, which waits in any case, at the end of an epoch and of the run.
        """
        untold = int(self.nonfinite) - self._told
        if untold > 0:
            self._told += untold
            times = "at one step" if untold == 1 else f"at {untold} steps"
            message = f"the norm of the gradients was not finite {times} of {self.steps}: they were left as they were"
            warnings.warn(message, NonFiniteGradientWarning, stacklevel=2)

    def __getattr__(self, name: str) -> Any:
        """Return a field of the config, such as `max_norm`."""
        config = getattr(self.__dict__.get("_change"), "__self__", None)
        if config is None or name not in {field.name for field in attrs.fields(type(config))}:
            raise AttributeError(f"{type(self).__name__} has no {name!r}", name=name, obj=self)
        return getattr(config, name)

    def __repr__(self) -> str:
        """Return the config that made it, without the counts, which may lie on a device."""
        return f"<live clipper of {getattr(self._change, '__self__', self._change)!r}>"
