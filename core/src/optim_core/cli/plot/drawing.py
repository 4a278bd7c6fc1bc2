"""Configs to the chart of their learning rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optim_core import Horizon
from optim_core.cli.plot.chart import Chart, chart_of
from optim_core.cli.plot.curves import curves_of
from optim_core.cli.plot.groups import groups_of
from optim_core.cli.plot.labels import legend, title_of

__all__ = ["chart_of_configs"]


def chart_of_configs(
    configs: Mapping[str, Any], horizon: Horizon, *, metrics: Sequence[float] | None = None, log: bool = False
) -> Chart:
    """Return the chart of the learning rates of some configs, over each other, as `optim plot` draws it.

    Args:
        configs: a name for the legend, such as that of the file, to the spec or recipe; at least one.
        horizon: the run as far as it is known.
        metrics: for schedules that wait for one.
        log: whether the axis of the rate is logarithmic.

    Raises:
        OptimError: a length is missing, or a schedule cannot be drawn; it names the option of `optim plot` that helps.

    Example:
        >>> from optim_core import Horizon, registry
        >>> from optim_core.cli import chart_of_configs
        >>> recipe = registry.recipe({"optimizer": {"type": "SGD"}, "scheduler": {"type": "cosine"}})
        >>> chart = chart_of_configs({"train.yaml": recipe}, Horizon(total_steps=3))
        >>> chart.places, chart.lines[0].rates
        ([0, 1, 2], [0.001, 0.00075, 0.0002500000000000001])
    """
    groups = [group for name, built in configs.items() for group in groups_of(name, built, 1.0)]
    curves = curves_of(groups, horizon, metrics)
    is_share = all(group.optimizer is None for group in groups)
    up = "multiple of the base rate" if is_share else "learning rate"
    return chart_of(curves, legend(groups), title=title_of(groups), up=up, log=log)
