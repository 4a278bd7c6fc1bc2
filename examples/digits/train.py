"""Train a small network on scikit-learn's digits with the optimizer, schedule and clipping of a config file.

The data are 1,797 scans of 8 x 8 pixels, which scikit-learn brings along. This program names no optimizer:

    python examples/digits/train.py --set optimizer.type=SGD --set scheduler.config.max_lr=0.05
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import click
import torch
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

from optim_core import OptimError, Recipe, registry

HERE = Path(__file__).parent
console = Console(highlight=False, soft_wrap=True)


def network() -> nn.Module:
    """Return a network that turns images of shape (batch, 1, 8, 8) into logits of shape (batch, 10)."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 4 * 4, 10),
    )


def digits(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return training images, test images (a fifth, every digit in equal share), training labels, test labels."""
    scans = load_digits()
    images = torch.tensor(scans.images, dtype=torch.float32).unsqueeze(1) / 16
    labels = torch.tensor(scans.target)
    return tuple(train_test_split(images, labels, test_size=0.2, stratify=labels, random_state=seed))


def train(
    recipe: Recipe, model: nn.Module, images: Tensor, labels: Tensor, epochs: int, batch_size: int
) -> tuple[list[float], list[float]]:
    """Train `model` in place; return the learning rate and the loss at every step."""
    steps_per_epoch = -(-len(images) // batch_size)
    run = recipe.create(model, steps_per_epoch=steps_per_epoch, total_steps=epochs * steps_per_epoch)
    rates, losses = [], []
    columns = TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}")
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task("", total=epochs * steps_per_epoch)
        for _ in range(epochs):
            for batch in torch.randperm(len(images)).split(batch_size):
                done = run.step(partial(loss_of, model, images[batch], labels[batch]))
                rates.append(float(done.lr))
                losses.append(float(done.loss))
                progress.update(task, advance=1, description=f"loss {losses[-1]:.4f}  lr {rates[-1]:.2e}")
            run.end_epoch({"loss": sum(losses[-steps_per_epoch:]) / steps_per_epoch})
    run.eval()
    return rates, losses


def loss_of(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Return the cross entropy, of shape ()."""
    return nn.functional.cross_entropy(model(images), labels)


def correct(model: nn.Module, images: Tensor, labels: Tensor) -> int:
    """Return how many of `images` the model recognises."""
    model.eval()
    with torch.no_grad():
        return int((model(images).argmax(dim=1) == labels).sum())


def show_parts(recipe: Recipe) -> None:
    """Print which distribution provides each component of the recipe."""
    parts = {"optimizer": recipe.optimizer, "scheduler": recipe.scheduler, "clipping": recipe.clipper}
    for name, spec in parts.items():
        console.print(f"{name:<9}  {spec.type:<12}  {spec.provided_by}" if spec else f"{name:<9}  none")


def draw(file: Path, title: str, rates: list[float], losses: list[float]) -> None:
    """Write a picture of the learning rate and the loss over the steps."""
    figure = Figure(figsize=(8, 6), layout="constrained")
    figure.suptitle(title)
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(rates)
    above.set_ylabel("learning rate")
    below.plot(losses, linewidth=0.8)
    below.set(yscale="log", xlabel="optimizer step", ylabel="training loss (cross entropy)")
    for axes in (above, below):
        axes.grid(alpha=0.3)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120, bbox_inches="tight", pad_inches=0.15)


@click.command()
@click.option("--config", default=HERE / "train.yaml", show_default=True, type=click.Path(path_type=Path))
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Replace a value of the config.")
@click.option("--epochs", default=30, show_default=True, type=click.IntRange(min=1))
@click.option("--batch-size", default=64, show_default=True, type=click.IntRange(min=2))
@click.option("--seed", default=0, show_default=True, help="Of the split, the weights and the order of batches.")
@click.option("--out", default=Path("out/digits.png"), show_default=True, type=click.Path(path_type=Path))
def main(config: Path, overrides: tuple[str, ...], epochs: int, batch_size: int, seed: int, out: Path) -> None:
    """Train a small network on scikit-learn's digits as CONFIG says."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # for so small a network, more threads cost more than they give
    train_images, test_images, train_labels, test_labels = digits(seed)
    model = network()
    began = time.perf_counter()
    try:
        recipe = registry.recipe(config, overrides=overrides)
        show_parts(recipe)
        rates, losses = train(recipe, model, train_images, train_labels, epochs, batch_size)
    except OptimError as error:
        raise click.ClickException(str(error)) from None
    seconds = time.perf_counter() - began

    right = correct(model, test_images, test_labels)
    accuracy = f"test accuracy {right / len(test_labels):.1%}"
    console.print(f"{accuracy} ({right} of {len(test_labels)} scans), trained in {seconds:.1f} s")
    draw(out, f"{recipe.optimizer.type}, {recipe.optimizer.provided_by}: {accuracy}", rates, losses)
    console.print(f"learning rate and loss over the steps: {out}")


if __name__ == "__main__":
    main()
