"""OptimizerMonitor and GradientMonitor: rates and gradient norms from a training loop of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from optim_core.errors import OptimError
from optim_core.run.horizon import count

if TYPE_CHECKING:
    from torch.nn import Module
    from torch.optim import Optimizer

    from optim_core.run.monitors import Writer

__all__ = ["GradientMonitor", "OptimizerMonitor"]


class OptimizerMonitor:
    """Tells the rate of each parameter group, at an interval.

    Args:
        optimizer: whose rates; anything with parameter groups.
        log_interval: a report each so many steps, ≥ 1.
        to: where it goes, by default a log: a function of one mapping, something with ``add_scalar`` such as
            TensorBoard's SummaryWriter, a ``CsvWriter`` of `optim_core.run.monitors`, or a list of these.

    Raises:
        OptimError: an argument means nothing.

    Example:
        >>> import torch
        >>> from optim_core.compat import OptimizerMonitor
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> monitor = OptimizerMonitor(optimizer=optimizer, log_interval=100, to=print)
        >>> for batch_idx in range(101):
        ...     monitor.log_lr(batch_idx)
        {'step': 0, 'lr/group_0': 0.1}
        {'step': 100, 'lr/group_0': 0.1}
    """

    def __init__(
        self, optimizer: Optimizer | Any, log_interval: int = 100, *, to: Writer | Sequence[Writer] | None = None
    ) -> None:
        from optim_core.run.monitors.outputs import output_of

        if not hasattr(optimizer, "param_groups"):
            raise OptimError(f"OptimizerMonitor takes an optimizer, not {type(optimizer).__name__}")
        self.optimizer = optimizer
        self.log_interval = count(log_interval, "log_interval", at_least=1)
        self._output = output_of(to)

    def log_lr(self, step: int) -> None:
        """Tell the rates where `step` is a multiple of the interval; at other steps nothing is read.

        Args:
            step: the number of the step or batch, from 0.

        Example:
            >>> import torch
            >>> from optim_core.compat import OptimizerMonitor
            >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
            >>> OptimizerMonitor(optimizer, to=print).log_lr(200)
            {'step': 200, 'lr/group_0': 0.1}
        """
        if step % self.log_interval:
            return
        from optim_core.groups.names import group_names
        from optim_core.run.monitors.measures import rates_of, read

        names, rates = group_names(self.optimizer), read(rates_of(self.optimizer))
        self._output({"step": step} | {f"lr/{name}": rate for name, rate in zip(names, rates, strict=True)})


class GradientMonitor:
    """Tells the norm of all gradients of a model and of each of its modules, at an interval.

    Args:
        model: whose gradients.
        log_interval: a report each so many calls, ≥ 1, from the first on.
        to: where it goes, as with `OptimizerMonitor`.
        depth: of how many parts of a parameter's name a module is made: 1 for ``encoder`` and ``head``; None for the
            module that owns the parameter; 0 for no modules.

    Raises:
        OptimError: an argument means nothing.

    Example:
        >>> import torch
        >>> from optim_core.compat import GradientMonitor
        >>> model = torch.nn.Sequential(torch.nn.Linear(2, 1, bias=False))
        >>> monitor = GradientMonitor(model=model, log_interval=100, to=print)
        >>> for batch in torch.tensor([[3.0, 4.0], [1.0, 1.0]]):
        ...     model(batch).sum().backward()
        ...     monitor.log_gradients()
        ...     model.zero_grad()
        {'step': 0, 'grad_norm': 5.0, 'grad_norm/0': 5.0}
    """

    def __init__(
        self,
        model: Module,
        log_interval: int = 100,
        *,
        to: Writer | Sequence[Writer] | None = None,
        depth: int | None = None,
    ) -> None:
        from optim_core.run.monitors.outputs import output_of

        if not hasattr(model, "named_parameters"):
            raise OptimError(f"GradientMonitor takes a model, not {type(model).__name__}")
        self.model = model
        self.log_interval = count(log_interval, "log_interval", at_least=1)
        self.calls = 0
        self._depth = None if depth is None else count(depth, "depth", at_least=0)
        self._output = output_of(to)

    def log_gradients(self) -> None:
        """Tell the norms of the gradients that are there, between ``backward()`` and ``step()``.

        With a GradScaler, unscale them before. Where it is not the turn of this call, nothing is read.

        Example:
            >>> import torch
            >>> from optim_core.compat import GradientMonitor
            >>> model = torch.nn.Linear(2, 1, bias=False)
            >>> model(torch.tensor([3.0, 4.0])).sum().backward()
            >>> GradientMonitor(model, to=print).log_gradients()
            {'step': 0, 'grad_norm': 5.0, 'grad_norm/weight': 5.0}
        """
        step, self.calls = self.calls, self.calls + 1
        if step % self.log_interval:
            return
        from optim_core.groups.model.wrappers import clean_names
        from optim_core.run.monitors.measures import norms_of, read
        from optim_core.run.monitors.sample import norms_by_module

        gradients = {name: tensor.grad for name, tensor in self.model.named_parameters() if tensor.grad is not None}
        names = clean_names(self.model, gradients)
        norms = read(norms_of(gradients.values()))
        known = {names[name]: norm for name, norm in zip(gradients, norms, strict=True)}
        self._output({"step": step, **norms_by_module(known, self._depth)})
