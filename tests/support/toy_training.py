"""Plugins of a training command for tests: models of a few weights, and data of a few numbers."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["TOYS", "ToyData", "ToyLightning", "ToyNet", "ToyPair"]


@attrs.frozen(kw_only=True)
class ToyNet:
    """A network with dropout.

    Args:
        width: hidden units.
        sample_rate: of the data.
        warmup_steps: a key of the original's, beside its recipe.
    """

    width: int = attrs.field(default=8, validator=attrs.validators.ge(1))
    sample_rate: int | None = None
    warmup_steps: int = 0

    def build(self, data: Any) -> Any:
        from torch import nn

        class Net(nn.Module):
            def __init__(self, features: int, width: int) -> None:
                super().__init__()
                self.body = nn.Sequential(nn.Linear(features, width), nn.Tanh(), nn.Dropout(0.1))
                self.head = nn.Linear(width, 1)

            def loss(self, batch: Any) -> Any:
                inputs, targets = batch
                error = nn.functional.mse_loss(self.head(self.body(inputs)), targets)
                return {"mse": error, "size": inputs.norm()}

            def metrics(self, batch: Any) -> Any:
                inputs, targets = batch
                return {"mae": (self.head(self.body(inputs)) - targets).abs().mean()}

        return Net(data.features, self.width)


@attrs.frozen(kw_only=True)
class ToyPair:
    """Two networks, each with an optimizer of its own."""

    def build(self, data: Any) -> Any:
        import torch
        from torch import nn
        from torch.nn.functional import softplus

        class Pair(nn.Module):
            def __init__(self, features: int) -> None:
                super().__init__()
                self.maker = nn.Linear(features, features)
                self.judge = nn.Sequential(nn.Linear(features, 8), nn.ReLU(), nn.Linear(8, 1))
                self.trained = {"generator": self.maker, "discriminator": self.judge}

            def losses(self, batch: Any) -> Any:
                real, _ = batch
                noise = torch.sin(real * 100)
                return {
                    "generator": lambda: softplus(-self.judge(self.maker(noise))).mean(),
                    "discriminator": lambda: (
                        softplus(-self.judge(real)) + softplus(self.judge(self.maker(noise).detach()))
                    ).mean(),
                }

        return Pair(data.features)


@attrs.frozen(kw_only=True)
class ToyLightning:
    """A LightningModule of a stranger's, which asks Lightning how long the run is.

    Args:
        configures: whether it has an optimizer of its own.
    """

    configures: bool = True

    def build(self, data: Any) -> Any:
        import torch
        from lightning.pytorch import LightningModule

        class Line(LightningModule):
            def __init__(self) -> None:
                super().__init__()
                self.line = torch.nn.Linear(data.features, 1)

            def training_step(self, batch: Any) -> Any:
                inputs, targets = batch
                loss = torch.nn.functional.mse_loss(self.line(inputs), targets)
                self.log("own_loss", loss)
                return loss

        class Configured(Line):
            def configure_optimizers(self) -> Any:
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                steps = int(self.trainer.estimated_stepping_batches)
                schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
                return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

        return Configured() if self.configures else Line()


@attrs.frozen(kw_only=True)
class ToyData:
    """Points and their sums.

    Args:
        size: how many.
        sample_rate: of nothing.
        broken: a row that is wrong.
    """

    size: int = attrs.field(default=42, validator=attrs.validators.ge(0))
    sample_rate: int | None = None
    broken: int | None = None

    def check(self) -> list[str]:
        return [] if self.broken is None else [f"row {self.broken}: is broken"]

    def build(self) -> Any:
        import torch

        class Points(list):  # type: ignore[type-arg]
            features = 3

        points = torch.randn(self.size, 3, generator=torch.Generator().manual_seed(0))
        return Points(zip(points, points.sum(1, keepdim=True), strict=True))

    def augment(self, item: Any, generator: Any) -> Any:
        import torch

        return item[0] + 0.01 * torch.randn(3, generator=generator), item[1]


TOYS = {
    ("model", "toy_net"): ToyNet,
    ("model", "toy_pair"): ToyPair,
    ("model", "toy_lightning"): ToyLightning,
    ("dataset", "toy_data"): ToyData,
}
