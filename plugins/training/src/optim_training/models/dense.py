"""A network of dense layers, for classes and for numbers."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import attrs

from optim_core import OptimizerSpec, registry
from optim_core.validators import each, fraction, in_range

__all__ = ["Dense"]


def _adamw() -> OptimizerSpec:
    spec: OptimizerSpec = registry.build({"type": "AdamW", "config": {"lr": 1e-3}}, "optimizer")
    return spec


@attrs.frozen(kw_only=True)
class Dense:
    """A network of dense layers, each followed by a leaky ReLU and dropout: the DenseNetworkModel.

    A batch is inputs, of whatever shape after the first dimension, and targets: whole numbers are classes, others are
    the numbers to predict. It tells the accuracy, or the mean absolute error.

    Args:
        hidden: the widths of the layers, each ≥ 1; none makes a linear model.
        negative_slope: of the leaky ReLU below 0, ≥ 0.
        dropout: in [0, 1).
        loss: "cross_entropy" or "margin" for classes, "mse" for numbers; null takes the first or the last by the data.
        optimizer_spec: how it is trained, in any form of an optimizer, where the config has no recipe in `training`.
    """

    demo_type: ClassVar[str] = "table"

    hidden: tuple[int, ...] = attrs.field(default=(256, 128, 64), validator=each(in_range(ge=1)))
    negative_slope: float = attrs.field(default=0.1, validator=in_range(ge=0))
    dropout: float = attrs.field(default=0.2, validator=fraction)
    loss: Literal["cross_entropy", "margin", "mse"] | None = None
    optimizer_spec: OptimizerSpec = attrs.field(factory=_adamw)

    def build(self, data: Any) -> Any:
        """Make the network for the features and classes, or targets, of the data.

        Raises:
            OptimError: the data have no such targets as `loss` takes.
        """
        from optim_training.models.networks.dense import DenseNetwork, outputs_and_loss

        outputs, loss = outputs_and_loss(data, self.loss)
        return DenseNetwork(
            data.features,
            outputs,
            hidden=self.hidden,
            negative_slope=self.negative_slope,
            dropout=self.dropout,
            loss=loss,
        )
