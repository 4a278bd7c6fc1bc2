"""The demo of images."""

from __future__ import annotations

from math import ceil, isqrt
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from torch import Tensor

from optim_core import OptimError
from optim_training.demos.live.batches import first_part, rows_of, second_part

__all__ = ["ImageDemo"]

_COLUMNS = 8
_RIGHT, _WRONG = "#1a7f37", "#cf222e"


class ImageDemo:
    """Pictures with their classes, or with what a model makes of them.

    Args:
        model: what is called with the pictures.
        count: how many of a batch.
    """

    def __init__(self, model: Any, count: int) -> None:
        self._model, self._count = model, count

    def show(self, batch: Any, step: int, folder: Path) -> list[Path]:
        """Write ``image_00000001.png``.

        Raises:
            OptimError: the batch holds no pictures.
        """
        few = rows_of(batch, self._count)
        inputs = first_part(few, "images")
        pictures = [_picture(item) for item in inputs]
        outputs = self._model(inputs)
        path = folder / f"image_{step:08}.png"
        if isinstance(outputs, Tensor) and outputs.shape == inputs.shape:
            figure = _pairs(pictures, [_picture(item) for item in outputs])
        else:
            figure = _classes(pictures, outputs.flatten(1).argmax(1).tolist(), second_part(few))
        figure.suptitle(f"step {step}")
        figure.savefig(path, dpi=100)
        return [path]


def _picture(item: Tensor) -> Any:
    """Return height by width, or height by width by channels."""
    values = item.detach().float().cpu()
    if values.dim() == 1:
        side = isqrt(len(values))
        if side * side != len(values):
            raise OptimError(f"an item of {len(values)} numbers is no square image: give images two dimensions")
        values = values.unflatten(0, (side, side))
    if values.dim() == 3 and values.shape[0] in (1, 3, 4):
        values = values.squeeze(0) if values.shape[0] == 1 else values.permute(1, 2, 0)
    if values.dim() not in (2, 3) or (values.dim() == 3 and values.shape[-1] not in (3, 4)):
        raise OptimError(
            f"an item of shape {tuple(item.shape)} is no image: it has 1, 3 or 4 channels, which come first"
        )
    low, high = values.min(), values.max()
    return ((values - low) / (high - low).clamp_min(1e-12)).numpy()


def _grid(rows: int, columns: int) -> tuple[Figure, Any]:
    figure = Figure(figsize=(columns + 0.5, 1.3 * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    return figure, grid


def _classes(pictures: list[Any], said: list[int], right: Tensor | None) -> Figure:
    columns = min(len(pictures), _COLUMNS)
    figure, grid = _grid(ceil(len(pictures) / columns), columns)
    known = right.tolist() if right is not None and right.dim() == 1 else [None] * len(pictures)
    for axes, picture, name, truth in zip(grid.flat, pictures, said, known, strict=False):
        axes.imshow(picture, cmap="gray")
        is_wrong = truth is not None and int(truth) != name
        color = "black" if truth is None else _WRONG if is_wrong else _RIGHT
        axes.set_title(f"{name}, is {int(truth)}" if is_wrong else str(name), color=color, fontsize=9)
    return figure


def _pairs(before: list[Any], after: list[Any]) -> Figure:
    figure, grid = _grid(2, len(before))
    for column, pair in enumerate(zip(before, after, strict=True)):
        for axes, picture in zip(grid[:, column], pair, strict=True):
            axes.imshow(picture, cmap="gray")
    return figure
