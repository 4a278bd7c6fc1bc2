"""Plugins as a stranger writes them, which note what they see and draw from every generator there is."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import attrs


def note(what: str) -> None:
    """Write a line into the file of this process, where the test looks for one."""
    folder = os.environ.get("STRANGER_NOTES")
    if folder:
        rank = os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0"))
        (Path(folder) / f"process-{rank}.pid").write_text(str(os.getpid()))
        with (Path(folder) / f"process-{rank}.txt").open("a") as file:
            file.write(f"{what}\n")


@attrs.frozen(kw_only=True)
class Numbers:
    """Items that know their number."""

    size: int = 23

    def build(self) -> Any:
        return Live(self.size)

    def augment(self, item: Any, generator: Any) -> Any:
        import torch

        return item[0], item[1] + torch.rand(2, generator=generator)


class Live:
    features = 2

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Any:
        import numpy as np
        import torch

        noise = torch.rand(()).item() + random.random() + np.random.rand()
        return index, torch.tensor([index / self.size, noise])


def network() -> Any:
    import torch

    return torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1))


def loss_of(made: Any, batch: Any) -> Any:
    import numpy as np
    import torch

    numbers, inputs = batch
    if torch.is_grad_enabled():
        note(" ".join(map(str, numbers.tolist())))
    noise = random.random() + np.random.rand() + torch.rand(())
    return (made(inputs).squeeze(-1) - inputs.sum(1) * noise).square().mean()


@attrs.frozen(kw_only=True)
class Watching:
    """One loss."""

    slow: float = 0.0

    def build(self, data: Any) -> Any:
        import time

        import torch

        class Model(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.network = network()

            def loss(model, batch: Any) -> Any:  # noqa: N805 - self is the config
                time.sleep(self.slow)
                return loss_of(model.network, batch)

        return Model()


@attrs.frozen(kw_only=True)
class Pair:
    """Two networks, each with an optimizer of its own."""

    def build(self, data: Any) -> Any:
        import torch

        class Model(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.one, self.two = network(), network()

            @property
            def trained(self) -> Any:
                return {"one": self.one, "two": self.two}

            def losses(self, batch: Any) -> Any:
                return {
                    "one": lambda: loss_of(self.one, batch),
                    "two": lambda: (self.two(batch[1]) - self.one(batch[1]).detach()).square().mean(),
                }

        return Model()


@attrs.frozen(kw_only=True)
class Estimating:
    """A LightningModule, which asks the Trainer how long the run is."""

    def build(self, data: Any) -> Any:
        import lightning
        import torch

        class Model(lightning.LightningModule):
            def __init__(self) -> None:
                super().__init__()
                self.network = network()

            def training_step(self, batch: Any) -> Any:
                loss = loss_of(self.network, batch)
                self.log("loss", loss)
                self.log("mean", loss, on_step=False, on_epoch=True)
                return loss

            def validation_step(self, batch: Any) -> None:
                self.log("val_loss", loss_of(self.network, batch))

            def configure_optimizers(self) -> Any:
                optimizer = torch.optim.AdamW(self.parameters(), lr=0.05)
                total = int(self.trainer.estimated_stepping_batches)
                schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / (total + 1))
                return [optimizer], [{"scheduler": schedule, "interval": "step"}]

        return Model()


PLUGINS = {
    ("dataset", "stranger_numbers"): Numbers,
    ("model", "watching"): Watching,
    ("model", "pair"): Pair,
    ("model", "estimating"): Estimating,
}

if __name__ == "__main__":
    from optim_core import registry
    from optim_core.cli.group import cli

    for (kind, name), cls in PLUGINS.items():
        registry.register(kind, name, cls)
    cli(prog_name="optim")
