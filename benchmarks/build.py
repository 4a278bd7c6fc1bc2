"""What a config costs, warm: from a mapping to a live optimizer, and from 60 lines of YAML to a validated recipe.

Run it with ``python benchmarks/build.py``; peers that are not installed are shown as such. All contestants make
the same torch.optim.AdamW for a model of 10 parameters, in turn, in one process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from common import header, installed, interleaved, table
from optim_core import registry

ROUNDS = 200
CALLS = 20  # in a round
OPTIONS: dict[str, Any] = {"lr": 1e-3, "betas": [0.9, 0.95], "weight_decay": 0.1}
MODEL = torch.nn.Sequential(*(torch.nn.Linear(8, 8) for _ in range(5)))

# A recipe of 60 lines, as people write them: two optimizers, a schedule of three parts each, and clipping.
ONE = """\
  {name}:
    optimizer:
      type: AdamW
      config:
        lr: {lr}
        betas: [0.9, 0.95]
        eps: 1e-8
        weight_decay: 0.1
        amsgrad: false
        fused: auto
    scheduler:
      type: SequentialLR
      config:
        schedulers:
          - type: LinearLR
            config:
              start_factor: 0.01
              end_factor: 1.0
              total_iters: 500
          - type: ConstantLR
            config:
              factor: 1.0
              total_iters: 1000
          - type: CosineAnnealingLR
            config:
              T_max: 8500
              eta_min: 1e-6
        milestones: [500, 1500]
      interval: step
"""
RECIPE = (
    "optimizer_configs:\n"
    + ONE.format(name="generator", lr="3e-4")
    + ONE.format(name="discriminator", lr="1e-4")
    + "gradient_clipping:\n  type: norm\n  max_norm: 1.0\n"
)


def seconds_of(call: Callable[[], object], calls: int = CALLS) -> Callable[[], float]:
    """Return a contestant: a function that takes the mean time of so many calls."""

    def run() -> float:
        began = time.perf_counter()
        for _ in range(calls):
            call()
        return (time.perf_counter() - began) / calls

    return run


def torch_alone() -> object:
    """Call the constructor of torch, as somebody without this project would."""
    return torch.optim.AdamW(MODEL.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)


def optim_core() -> object:
    """Make an optimizer from a mapping with this project."""
    return registry.build({"type": "AdamW", "config": OPTIONS}).create_optimizer(MODEL)


def hydra() -> Callable[[], object]:
    """Return a call of hydra.utils.instantiate on the mapping."""
    from hydra.utils import instantiate

    return lambda: instantiate({"_target_": "torch.optim.AdamW", **OPTIONS}, params=MODEL.parameters())


def jsonargparse() -> Callable[[], object]:
    """Return a call of jsonargparse, for which a class whose first argument comes later is a callable type."""
    from jsonargparse import ArgumentParser

    parser = ArgumentParser()
    parser.add_argument("--optimizer", type=Callable[[Iterable[torch.Tensor]], torch.optim.Optimizer])
    config = {"optimizer": {"class_path": "torch.optim.AdamW", "init_args": OPTIONS}}
    return lambda: parser.instantiate(parser.parse_object(config)).optimizer(MODEL.parameters())


def pytorch_optimizer() -> Callable[[], object]:
    """Return a call of pytorch_optimizer's create_optimizer, which also divides parameters by whether they decay."""
    from pytorch_optimizer import create_optimizer

    return lambda: create_optimizer(MODEL, "adamw", lr=1e-3, weight_decay=0.1)


PEERS = {"hydra-core": hydra, "jsonargparse": jsonargparse, "pytorch_optimizer": pytorch_optimizer}


def optimizers() -> str:
    """Return the table of one optimizer."""
    commands = {"torch.optim.AdamW": seconds_of(torch_alone), "optim-core: build, create": seconds_of(optim_core)}
    for name, peer in PEERS.items():
        if installed(name):
            commands[name] = seconds_of(peer(), calls=4)
    medians = interleaved(commands, ROUNDS)
    alone = medians["torch.optim.AdamW"]
    rows = [
        {"": name, "µs": f"{seconds * 1e6:.0f}", "added to torch, µs": f"{(seconds - alone) * 1e6:.0f}"}
        for name, seconds in medians.items()
    ]
    rows += [{"": name, "µs": "not installed", "added to torch, µs": ""} for name in PEERS if not installed(name)]
    return table("A mapping to an optimizer, warm", rows)


def recipes() -> str:
    """Return the table of a long recipe."""
    import yaml

    with TemporaryDirectory() as folder:
        file = Path(folder, "recipe.yaml")
        file.write_text(RECIPE, encoding="utf-8")
        mapping = yaml.safe_load(RECIPE)
        medians = interleaved(
            {
                "mapping to recipe: structured, validated": seconds_of(lambda: registry.build(mapping), 5),
                "file to recipe: also read, with line numbers": seconds_of(lambda: registry.build(file), 5),
                "PyYAML's safe_load of the file, C parser": seconds_of(
                    lambda: yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader), 5
                ),
            },
            ROUNDS,
        )
    lines = RECIPE.count("\n")
    rows = [{"": name, "ms": f"{seconds * 1e3:.2f}"} for name, seconds in medians.items()]
    return table(f"A recipe of {lines} lines, warm", rows)


def main() -> None:
    """Print both tables."""
    print(header("optim-torch-builtin", "torch", "cattrs", *PEERS))
    print(f"Medians of {ROUNDS} rounds.\n")
    print(optimizers())
    print()
    print(recipes())


if __name__ == "__main__":
    main()
