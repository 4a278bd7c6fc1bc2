"""Monitor: what a run tells of itself, at an interval of steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, final

from optim_core.errors import OptimError
from optim_core.run.horizon import count
from optim_core.run.monitors.outputs import Writer, output_of
from optim_core.run.monitors.watch import Settings, Watch

if TYPE_CHECKING:
    from optim_core.recipe import Optimization

__all__ = ["Monitor"]


@final
class Monitor:
    """Tells of a run, each so many optimizer steps, from `run.step`; until then nothing waits for the device.

    A report is a mapping of names to numbers:

    - ``step``: how many steps the optimizer has taken.
    - ``lr/NAME``: the rate of each parameter group, by its ``name``, as `registry.explain` calls it: ``default``,
      ``no_decay``, ``matrices`` and ``adamw`` of Muon.
    - ``grad_norm`` and ``grad_norm/MODULE``: the 2-norm of the gradients before clipping and without a scaler's factor.
    - ``update_ratio`` and ``update_ratio/MODULE``: how far the weights moved in the step, over their norm before it.
      A module whose weights were all 0 has none.
    - ``clipped``, ``nonfinite``: of the steps since the last report the share that was clipped, and the share in which
      the norm was not finite; of a clipper that counts, as those of optim-torch-builtin do.
    - ``skipped``: the share of them that a GradScaler left out.
    - ``step_time``: the seconds from one step to the next, as a mean over them, without the time of the report itself.

    With several optimizers each reports at its own steps, its name before each of these: ``generator/grad_norm``.

    Args:
        run: what `recipe.create` gave.
        every: how many steps from one report to the next, ≥ 1. They are counted from the beginning of the run, in a
            run that was resumed, too.
        to: where the reports go: a function of one mapping; something with ``add_scalar``, such as TensorBoard's
            SummaryWriter; a `CsvWriter`; several of these in a list. By default a log.
        depth: of how many parts of a parameter's name, from the left, a module is made: 1 for ``encoder`` and ``head``;
            None for the module that owns the parameter; 0 for no modules.
        updates: whether the update-to-weight ratio is measured, for which the weights are copied at the steps that are
            reported.

    Raises:
        OptimError: `every` or `to` means nothing, or the run has a monitor.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> from optim_core.run.monitors import Monitor
        >>> model = torch.nn.Linear(8, 2)
        >>> run = registry.recipe({"type": "SGD", "config": {"lr": 0.1}}).create(model)
        >>> reports = []
        >>> monitor = Monitor(run, every=10, to=reports.append)
        >>> for _ in range(20):
        ...     done = run.step(lambda: model(torch.ones(4, 8)).square().mean())
        >>> [report["step"] for report in reports], reports[0]["lr/default"]
        ([10, 20], 0.1)
    """

    def __init__(
        self,
        run: Optimization,
        every: int = 100,
        to: Writer | Sequence[Writer] | None = None,
        *,
        depth: int | None = None,
        updates: bool = True,
    ) -> None:
        settings = Settings(
            every=count(every, "every", at_least=1),
            depth=None if depth is None else count(depth, "depth", at_least=0),
            updates=updates,
            output=output_of(to),
        )
        self._loops = [run[name] for name in run.optimizers]
        if any(loop.watch is not None for loop in self._loops):
            raise OptimError("the run has a monitor: give it all that it writes to, to=[…], or detach() it before")
        several = len(self._loops) > 1
        for loop in self._loops:
            prefix = f"{loop.name}/" if several else ""
            shared = any(other.clipper is loop.clipper for other in self._loops if other is not loop)
            loop.watch = Watch(loop, settings, prefix, shares_clipper=shared)

    def detach(self) -> None:
        """Leave the run, which tells nothing from now on.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> from optim_core.run.monitors import Monitor
            >>> run = registry.recipe({"type": "SGD"}).create(torch.nn.Linear(8, 2))
            >>> Monitor(run).detach()
            >>> run["default"].watch is None
            True
        """
        for loop in self._loops:
            loop.watch = None
