"""Train a small network on scikit-learn's digits as a config says; with --checkpoint a killed run goes on exactly."""

import argparse
from collections import OrderedDict
from functools import partial
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from optim_core import OptimError, load_checkpoint, registry, save_checkpoint

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--config", default=Path(__file__).with_name("train.yaml"), type=Path)
parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="optimizer.type=Muon")
parser.add_argument("--epochs", default=10, type=int)
parser.add_argument("--checkpoint", type=Path, metavar="FILE")


def main(config: Path, overrides: list[str], epochs: int, checkpoint: Path | None) -> None:
    recipe = registry.recipe(config, overrides=overrides)  # every mistake in the config is told here, before all else

    torch.manual_seed(0)
    torch.set_num_threads(1)
    scans = load_digits()
    images = torch.tensor(scans.images, dtype=torch.float32).unsqueeze(1) / 16
    labels = torch.tensor(scans.target)
    train, test = torch.randperm(len(images)).split([1437, 360])
    body = nn.Sequential(nn.Conv2d(1, 32, 3, stride=2), nn.BatchNorm2d(32), nn.GELU(), nn.Conv2d(32, 64, 3), nn.GELU())
    model = nn.Sequential(OrderedDict(body=body, flat=nn.Flatten(), head=nn.Linear(64, 10)))

    run = recipe.create(model, total_steps=epochs * 23, steps_per_epoch=23)
    begun = load_checkpoint(checkpoint, run=run, model=model) if checkpoint and checkpoint.exists() else {"epoch": 0}

    def loss_of(part: Tensor) -> Tensor:
        return nn.functional.cross_entropy(model(images[part]), labels[part])

    for epoch in range(begun["epoch"] + 1, epochs + 1):
        for batch in train[torch.randperm(len(train))].split(64):
            done = run.step(partial(loss_of, batch))  # backward, clipping, step, schedule, zero_grad
        model.eval()
        run.eval()
        with torch.no_grad():
            loss = float(loss_of(test))
            right = float((model(images[test]).argmax(dim=1) == labels[test]).float().mean())
        model.train()
        run.train()
        run.end_epoch({"loss": loss})
        print(f"epoch {epoch:2}  lr {done.lr:.1e}  test loss {loss:.4f}  test accuracy {right:.1%}")
        if checkpoint:
            save_checkpoint(checkpoint, run=run, model=model, extra={"epoch": epoch})


if __name__ == "__main__":
    arguments = parser.parse_args()
    try:
        main(arguments.config, arguments.set, arguments.epochs, arguments.checkpoint)
    except OptimError as error:
        raise SystemExit(str(error)) from None
