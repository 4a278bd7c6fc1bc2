"""Dense layers, and the losses of classes and numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from optim_core import OptimError

__all__ = ["DenseNetwork", "dense_layers", "outputs_and_loss"]

_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": functional.cross_entropy,
    "margin": functional.multi_margin_loss,
    "mse": functional.mse_loss,
}


def dense_layers(inputs: int, outputs: int, hidden: Sequence[int], negative_slope: float, dropout: float) -> nn.Module:
    """Return layers of these widths, each followed by a leaky ReLU and dropout, and a linear one at the end."""
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [nn.Linear(inputs, width), nn.LeakyReLU(negative_slope), nn.Dropout(dropout)]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


def outputs_and_loss(data: Any, loss: str | None) -> tuple[int, str]:
    """Return how many outputs the targets of a first batch take, and which loss.

    Raises:
        OptimError: the loss is not one for such targets, or a batch is no pair.
    """
    batch = data.first_batch
    if not isinstance(batch, (list, tuple)) or len(batch) != 2 or not all(isinstance(part, Tensor) for part in batch):
        raise OptimError("the model `dense` takes batches of two tensors, inputs and targets, and the data have others")
    targets = batch[1]
    if targets.is_floating_point():
        if loss in ("cross_entropy", "margin"):
            raise OptimError(f"`loss: {loss}` is one of classes, and the targets of the data are no whole numbers")
        return targets[0].numel(), "mse"
    if loss == "mse":
        raise OptimError("`loss: mse` is one of numbers, and the targets of the data are classes")
    return data.classes, loss or "cross_entropy"


class DenseNetwork(nn.Module):
    """Dense layers with a loss.

    Args:
        inputs: how many numbers an item has.
        outputs: how many numbers, or classes, are predicted.
        hidden: the widths between.
        negative_slope: of the leaky ReLU.
        dropout: after each hidden layer.
        loss: "cross_entropy", "margin" or "mse".
    """

    def __init__(
        self, inputs: int, outputs: int, *, hidden: Sequence[int], negative_slope: float, dropout: float, loss: str
    ) -> None:
        super().__init__()
        self.layers = dense_layers(inputs, outputs, hidden, negative_slope, dropout)
        self._loss = loss

    def forward(self, inputs: Tensor) -> Tensor:
        """Return a number for each output, of shape (batch, outputs)."""
        outputs: Tensor = self.layers(inputs.flatten(1))
        return outputs

    def loss(self, batch: Sequence[Tensor]) -> Tensor:
        """Return the mean loss of a batch."""
        outputs, targets = self._predicted(batch)
        return _LOSSES[self._loss](outputs, targets)

    def metrics(self, batch: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return the share of the items whose class is right, or how far the numbers are off."""
        outputs, targets = self._predicted(batch)
        if self._loss == "mse":
            return {"mean_absolute_error": (outputs - targets).abs().mean()}
        return {"accuracy": (outputs.argmax(1) == targets).float().mean()}

    def _predicted(self, batch: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        inputs, targets = batch
        outputs = self(inputs)
        return outputs, targets.reshape(outputs.shape) if self._loss == "mse" else targets
