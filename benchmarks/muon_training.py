"""What Muon saves: steps and seconds until a small transformer has the loss that AdamW ends with.

Run it with ``python benchmarks/muon_training.py``; it takes about ten minutes on two cores, and writes
benchmarks/muon_training.png. The model predicts the next byte of the Python standard library's source. Each optimizer
has a grid of rates of the same size, tried with the first seed; the best of each then runs with every seed, the two in
turn. Model, data, their order, and the schedule, a short rise and a straight line to 0, are the same for both.

Losses are cross entropies in nats a byte, on files that are not trained on. Seconds are those of the training steps,
without the evaluation.
"""

from __future__ import annotations

import math
import statistics
import sysconfig
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn import functional

from common import header, table
from optim_core import registry

PICTURE = Path(__file__).with_suffix(".png")
BYTES = 256
CONTEXT, BATCH = 128, 8
WIDTH, LAYERS, HEADS = 128, 4, 4
EVERY, VALIDATION_BATCHES = 25, 16  # steps between two evaluations
HELD_OUT = 10  # one file of so many
LEAST_FILE, MOST_TEXT = 2_000, 8_000_000

BETAS = [0.9, 0.95]
GRIDS: dict[str, list[dict[str, Any]]] = {
    "AdamW": [{"lr": lr, "betas": BETAS, "fused": "auto"} for lr in (1e-3, 2e-3, 4e-3, 6e-3, 8e-3, 1.2e-2)],
    "Muon": [
        {"lr": lr, "adamw_lr": adamw_lr, "betas": BETAS} for lr in (0.01, 0.02, 0.04) for adamw_lr in (4e-3, 1e-2)
    ],
}
COLOURS = {"AdamW": "#b5651d", "Muon": "#1f5fa8"}


class Block(nn.Module):
    """Attention to what came before, then a perceptron; the result of each is added to its input."""

    def __init__(self) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH, bias=False), nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        """Turn hidden states of shape (batch, length, WIDTH) into others of the same shape."""
        normed = self.norm_1(hidden)
        query, key, value = (
            part(normed).unflatten(2, (HEADS, -1)).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        attended = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        hidden = hidden + self.out(attended.transpose(1, 2).flatten(2))
        after: Tensor = hidden + self.down(functional.gelu(self.up(self.norm_2(hidden))))
        return after


class Transformer(nn.Module):
    """A model that turns bytes of shape (batch, length) into logits of shape (batch, length, 256)."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(BYTES, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, BYTES, bias=False)
        for name, parameter in self.named_parameters():
            if parameter.ndim >= 2:
                deep = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(parameter, std=0.02 / (2 * LAYERS) ** 0.5 if deep else 0.02)

    def forward(self, text: Tensor) -> Tensor:
        hidden = self.tokens(text) + self.positions.weight[: text.shape[1]]
        for block in self.blocks:
            hidden = block(hidden)
        logits: Tensor = self.head(self.norm(hidden))
        return logits


def loss_of(model: nn.Module, windows: Tensor) -> Tensor:
    """Return the mean loss on windows of shape (batch, CONTEXT + 1)."""
    return functional.cross_entropy(model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())


def library() -> tuple[Tensor, Tensor]:
    """Return the text to train on and the text held out, as bytes of shape (n,)."""
    folder = Path(sysconfig.get_path("stdlib"))
    files = [
        file
        for file in sorted(folder.rglob("*.py"))
        if not {"site-packages", "dist-packages", "test", "tests"} & set(file.relative_to(folder).parts)
    ]
    texts = [text for text in (file.read_bytes() for file in files) if len(text) >= LEAST_FILE]
    parts = [
        b"".join(text for number, text in enumerate(texts) if (number % HELD_OUT == 0) is held_out)
        for held_out in (False, True)
    ]
    training, validation = (torch.frombuffer(bytearray(part[:MOST_TEXT]), dtype=torch.uint8) for part in parts)
    return training, validation


def windows_of(text: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return windows from anywhere in the text, of shape (count, CONTEXT + 1)."""
    starts = torch.randint(len(text) - CONTEXT, (count,), generator=generator)
    return text[starts[:, None] + torch.arange(CONTEXT + 1)].long()


class Run(NamedTuple):
    """A training run: at each evaluation the step, the seconds of training so far, and the loss on held-out text."""

    steps: list[int]
    seconds: list[float]
    losses: list[float]

    def reaches(self, loss: float) -> tuple[float, float] | None:
        """Return the step and the second at which the loss falls to this one, None where it never does.

        Between two evaluations the loss is taken for a straight line.
        """
        for place, now in enumerate(self.losses):
            if now <= loss:
                before = self.losses[max(0, place - 1)]
                share = (before - loss) / (before - now) if before > now else 1.0
                at = [
                    line[max(0, place - 1)] + share * (line[place] - line[max(0, place - 1)])
                    for line in (self.steps, self.seconds)
                ]
                return at[0], at[1]
        return None


def train(name: str, config: dict[str, Any], seed: int, steps: int, texts: tuple[Tensor, Tensor]) -> Run:
    """Train a new model."""
    torch.manual_seed(seed)
    model = Transformer()
    data, validation = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(0)
    held_out = windows_of(texts[1], VALIDATION_BATCHES * BATCH, validation)
    schedule = {"type": "linear", "config": {"num_warmup_steps": "5%"}}
    recipe = registry.build({"optimizer": {"type": name, "config": config}, "scheduler": schedule})
    optimizer, scheduler = recipe.create(model, total_steps=steps)
    run = Run([], [], [])
    taken = 0.0
    for step in range(1, steps + 1):
        windows = windows_of(texts[0], BATCH, data)
        began = time.perf_counter()
        optimizer.zero_grad()
        loss_of(model, windows).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        taken += time.perf_counter() - began
        if step % EVERY == 0 or step == steps:
            with torch.no_grad():
                run.losses.append(statistics.fmean(loss_of(model, part).item() for part in held_out.split(BATCH)))
            run.steps.append(step)
            run.seconds.append(taken)
    return run


def best(name: str, seed: int, steps: int, texts: tuple[Tensor, Tensor]) -> tuple[dict[str, Any], str]:
    """Return the config of an optimizer's grid that ends with the least loss, and the final losses of all in words."""
    finals = [(train(name, config, seed, steps, texts).losses[-1], config) for config in GRIDS[name]]
    chosen = min(finals, key=lambda item: math.inf if math.isnan(item[0]) else item[0])
    return chosen[1], ", ".join(f"{rates(config)}: {loss:.4f}" for loss, config in finals)


def rates(config: dict[str, Any]) -> str:
    """Return the rate of a config, ``0.02``, or both where it has two halves: ``0.02 / 0.004``."""
    return " / ".join(f"{config[key]:g}" for key in ("lr", "adamw_lr") if key in config)


def mean(runs: Sequence[Run]) -> Run:
    """Return the mean of runs that were evaluated at the same steps."""
    lines = [[statistics.fmean(values) for values in zip(*parts, strict=True)] for parts in zip(*runs, strict=True)]
    return Run(runs[0].steps, lines[1], lines[2])


def rows(runs: dict[str, list[Run]], seeds: Sequence[int]) -> Iterator[dict[str, str]]:
    """Yield for each seed what Muon needed for the loss that AdamW ended with."""
    for seed, adamw, muon in zip(seeds, runs["AdamW"], runs["Muon"], strict=True):
        reached = muon.reaches(adamw.losses[-1])
        steps, seconds = reached or (None, None)
        yield {
            "seed": str(seed),
            "AdamW ends with": f"{adamw.losses[-1]:.4f}",
            "Muon ends with": f"{muon.losses[-1]:.4f}",
            "Muon has AdamW's after": f"{steps:.0f} of {adamw.steps[-1]} steps" if steps else "never",
            "seconds": f"{seconds:.1f} of {adamw.seconds[-1]:.1f}" if seconds else "never",
            "times fewer steps": f"{adamw.steps[-1] / steps:.2f}" if steps else "–",
            "times faster": f"{adamw.seconds[-1] / seconds:.2f}" if seconds else "–",
        }


def draw(runs: dict[str, list[Run]], file: Path) -> None:
    """Write a picture of the loss over steps and over seconds."""
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    figure.suptitle("A transformer of 0.9M parameters on the bytes of Python's standard library")
    ends = {name: statistics.fmean(run.losses[-1] for run in of_name) for name, of_name in runs.items()}
    first = statistics.fmean(run.losses[len(run.losses) // 10] for run in runs["AdamW"])
    for axes, unit in zip(figure.subplots(1, 2, sharey=True), ("steps", "seconds"), strict=True):
        for name, of_name in runs.items():
            for run in of_name:
                axes.plot(getattr(run, unit), run.losses, color=COLOURS[name], alpha=0.25, linewidth=0.8)
            middle = mean(of_name)
            axes.plot(getattr(middle, unit), middle.losses, color=COLOURS[name], label=f"{name}: {ends[name]:.3f}")
        axes.axhline(ends["AdamW"], color="#777777", linewidth=0.8, linestyle="--")
        axes.set(xlabel=f"{unit} of training", ylim=(min(ends.values()) - 0.05, first))
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("loss on held-out files (nats a byte)")
    figure.axes[1].legend(title=f"mean of {len(runs['AdamW'])} seeds, at the end", frameon=False)
    figure.savefig(file, dpi=120)


@click.command()
@click.option("--steps", default=600, show_default=True, type=click.IntRange(min=EVERY), help="Of every run.")
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(min=1))
@click.option("--out", default=PICTURE, show_default=True, type=click.Path(path_type=Path))
def main(steps: int, seeds: int, out: Path) -> None:
    """Train with AdamW and with Muon, print a table, and draw the loss."""
    texts = library()
    print(f"{header('torch', 'optim-muon')}, {torch.get_num_threads()} threads\n")
    configs = {}
    for name in GRIDS:
        configs[name], tried = best(name, 0, steps, texts)
        print(f"{name}, loss at the end by lr{' / adamw_lr' if name == 'Muon' else ''}: {tried}")
    runs: dict[str, list[Run]] = {name: [] for name in GRIDS}
    for seed in range(seeds):
        for name, of_name in runs.items():
            of_name.append(train(name, configs[name], seed, steps, texts))
    draw(runs, out)
    chosen = ", ".join(f"{name} with {rates(config)}" for name, config in configs.items())
    print(f"\nThe best of each: {chosen}\n")
    print(table("Muon until AdamW's final loss", list(rows(runs, range(seeds)))))
    for name, of_name in runs.items():
        each = statistics.median(run.seconds[-1] / run.steps[-1] for run in of_name)
        print(f"\nA step with {name}: {each * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
