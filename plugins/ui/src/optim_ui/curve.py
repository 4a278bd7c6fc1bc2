"""The curve of the learning rate: what is drawn, and how long the run is taken to be."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import attrs

from optim_core import Horizon, OptimError, OptimizerSpec, Recipe, SchedulerSpec
from optim_core.cli import chart_of_configs

__all__ = ["Lengths", "chart_options", "waits_for_metric"]

# What is tried where nothing says how long the run is.
ASSUMED = {
    "1,000 steps": Horizon(total_steps=1000),
    "100 epochs": Horizon(epochs=100),
    "100 epochs of 100 steps": Horizon(epochs=100, steps_per_epoch=100),
}
COLOURS = ("#1976d2", "#e8590c", "#2b8a3e", "#9c36b5", "#c92a2a", "#0b7285", "#866118", "#5f3dc4")
DIGITS = 6


@attrs.frozen
class Lengths:
    """The lengths of a run, as somebody typed them, and the metrics of schedules that wait for some."""

    total_steps: str = ""
    steps_per_epoch: str = ""
    epochs: str = ""
    metrics: str = ""

    def horizon(self) -> Horizon | None:
        """Return the run, None where nothing is known of it.

        Raises:
            OptimError: a length is no whole number, or they do not fit each other.
        """
        total_steps = _length("total steps", self.total_steps)
        steps_per_epoch = _length("steps per epoch", self.steps_per_epoch)
        epochs = _length("epochs", self.epochs)
        if total_steps is steps_per_epoch is epochs is None:
            return None
        return Horizon(total_steps=total_steps, steps_per_epoch=steps_per_epoch, epochs=epochs)

    def numbers(self) -> list[float] | None:
        """Return the metrics, None where there are none.

        Raises:
            OptimError: one is no number.
        """
        words = [word for word in re.split(r"[\s,;]+", self.metrics) if word]
        try:
            return [float(word) for word in words] or None
        except ValueError as error:
            raise OptimError(f"metrics: {error}") from None


def _length(name: str, text: str) -> int | None:
    if not text.strip():
        return None
    try:
        return int(text.replace("_", "").replace(" ", ""))
    except ValueError:
        raise OptimError(f"{name}: `{text}` is no whole number") from None


def waits_for_metric(built: Any) -> bool:
    """Tell whether a schedule of a spec or recipe follows a metric, which its curve needs."""
    return any(schedule.waits_for_metric for schedule in _schedules(built))


def _schedules(built: Any) -> list[SchedulerSpec]:
    if isinstance(built, Recipe):
        found = [built.schedule_of(name) for name in built.optimizers]
    else:
        found = [built if isinstance(built, SchedulerSpec) else getattr(built, "schedule", None)]
    return [schedule for schedule in found if schedule is not None]


def chart_options(
    configs: Mapping[str, Any], lengths: Lengths, *, log: bool, is_dark: bool
) -> tuple[dict[str, Any], list[str]]:
    """Return the chart of some configs over each other as ECharts takes it, and what there is to say about it.

    A schedule without closed form is stepped, for which torch is imported.

    Args:
        configs: label to spec or recipe.
        lengths: of the run.
        log: whether the axis of the rate is logarithmic.
        is_dark: whether it stands on a dark page.

    Raises:
        OptimError: there is nothing to draw, or it cannot be drawn.
    """
    metrics, horizon, notes = lengths.numbers(), lengths.horizon(), []
    drawn: dict[str, Any] = {}
    for label, built in configs.items():
        if not isinstance(built, (Recipe, OptimizerSpec, SchedulerSpec)):
            notes.append(f"{label}: {built.type} clips gradients and has no rate to draw")
        elif waits_for_metric(built) and metrics is None:
            notes.append(f"{label}: follows a metric: type some below, such as 0.9, 0.7, 0.71, 0.71")
        else:
            drawn[label] = built
        if isinstance(built, Recipe) and any(spec.layer_decay for spec in built.optimizers.values()):
            notes.append(f"{label}: drawn without layer_decay, whose rates depend on the model")
    if not drawn:
        raise OptimError("\n".join(notes) or "there is nothing to draw yet")
    given = metrics if any(map(waits_for_metric, drawn.values())) else None
    if horizon is not None:
        chart = chart_of_configs(drawn, horizon, metrics=given, log=log)
    else:
        chart, assumed = _over_its_own(drawn, given, log=log)
        notes += assumed
    return _options(chart, is_dark=is_dark), notes


def _over_its_own(drawn: Mapping[str, Any], metrics: list[float] | None, *, log: bool) -> tuple[Any, list[str]]:
    """Return the chart over the length that the configs fix, or over one that is assumed, and what says so."""
    try:
        return chart_of_configs(drawn, Horizon(), metrics=metrics, log=log), []
    except OptimError as error:
        first = error
    for said, horizon in ASSUMED.items():
        try:
            chart = chart_of_configs(drawn, horizon, metrics=metrics, log=log)
        except OptimError:
            continue
        return chart, [f"No length was given: drawn as for {said}."]
    raise first


def _options(chart: Any, *, is_dark: bool) -> dict[str, Any]:
    ink, grid = ("#ddd", "#444") if is_dark else ("#333", "#ddd")
    axis = {
        "nameTextStyle": {"color": ink},
        "axisLabel": {"color": ink},
        "axisLine": {"lineStyle": {"color": ink}},
        "splitLine": {"lineStyle": {"color": grid}},
    }
    return {
        "animation": False,
        "color": list(COLOURS),
        "aria": {"enabled": True},
        "grid": {"left": 12, "right": 24, "top": 40, "bottom": 34, "containLabel": True},
        "legend": {"type": "scroll", "textStyle": {"color": ink}, "top": 4},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {"type": "value", "name": chart.across, "nameLocation": "middle", "nameGap": 26, "min": 0}
        | {"max": chart.right}
        | axis,
        "yAxis": {"type": "log" if chart.log else "value", "name": chart.up, "nameLocation": "end"}
        | ({"min": chart.low} if chart.log else {})
        | axis,
        "series": [
            {
                "name": line.label,
                "type": "line",
                "showSymbol": False,
                "step": "end" if line.is_stairs else False,
                "lineStyle": {"type": ("solid", "dashed", "dotted")[number // len(COLOURS) % 3]},
                "data": [[place, _number(rate, chart)] for place, rate in zip(chart.places, line.rates, strict=True)],
            }
            for number, line in enumerate(chart.lines)
        ],
    }


def _number(rate: float, chart: Any) -> float | None:
    """Return a rate as it is drawn; None where it is not."""
    if not math.isfinite(rate) or (chart.log and rate < chart.low):
        return None
    return float(f"{rate:.{DIGITS}g}")
