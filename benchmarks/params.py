"""What it costs to divide 100,000 parameters into groups, beside timm and transformers.

Run it with ``python benchmarks/params.py``; peers that are not installed, or cannot be imported, are shown as such. All
contestants divide the same models, in turn, in one process, and stop before the optimizer's constructor. No peer has
rules or finds layers without the model's help; the rows say what each one does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from common import header, installed, interleaved, table
from optim_core import OptimizerSpec, registry
from optim_core.groups.plan import needs_layers, plan_of
from optim_core.groups.targets import target_of

ROUNDS = 5
TENSORS = 100_000
WANTED = 0.5
CONFIG: dict[str, Any] = {"type": "AdamW", "config": {"lr": 1e-3, "weight_decay": 0.1}}
NO_DECAY: dict[str, Any] = {"no_decay": ["bias", "norm"]}

Contestant = Callable[[nn.Module], object]


class Block(nn.Module):
    """A norm and a list of experts, a linear layer each."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(2)
        self.experts = nn.ModuleList(nn.Linear(2, 2) for _ in range(layers))


class Experts(nn.Module):
    """A mixture of many experts: an embedding, 50 blocks, a head; 100,000 tensors in 50,000 modules."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(2, 2)
        self.blocks = nn.ModuleList(Block(TENSORS // 100 - 1) for _ in range(50))
        self.head = nn.Linear(2, 2)


class Flat(nn.Module):
    """100,000 tensors in one module."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ParameterList(nn.Parameter(torch.empty(2, 2)) for _ in range(TENSORS))


def rules_of(model: nn.Module) -> dict[str, Any]:
    """Return 20 rules, each of which matches something."""
    if isinstance(model, Flat):
        return {"param_groups": [{"match": f"parts.{number}?", "lr_multiplier": 2.0} for number in range(11, 31)]}
    blocks = [{"match": f"blocks.{number}.experts.*.weight", "lr_multiplier": 2.0} for number in range(17)]
    others = [
        {"match": "head.*", "lr": 0.1},
        {"match": "re:^embed", "betas": [0.9, 0.95]},
        {"match": "*.9.bias", "lr": 1},
    ]
    return {"param_groups": others + blocks}


def optim_core(spec: OptimizerSpec) -> Contestant:
    """Return a contestant: a function that makes the groups which the constructor is given."""

    def divide(model: nn.Module) -> object:
        target = target_of(model, layered=needs_layers(spec.group_request()))
        if isinstance(target, list):
            raise TypeError("a model has no ready-made groups")
        return plan_of(spec.group_request(), target, None).groups()

    return divide


def timm() -> Contestant:
    """Return a contestant that makes two groups, by dimension and the end of the name, as timm does."""
    from timm.optim import param_groups_weight_decay

    return lambda model: param_groups_weight_decay(model, weight_decay=0.1)


def transformers() -> Contestant:
    """Return a contestant that makes two groups, by LayerNorm and patterns of names, as transformers' Trainer does."""
    from transformers import trainer_pt_utils

    # The function of transformers has no annotations.
    get_parameter_names: Any = trainer_pt_utils.get_parameter_names
    patterns = [r"bias", r"layernorm", r"rmsnorm", r"(?:^|\.)norm(?:$|\.)", r"_norm(?:$|\.)"]

    def divide(model: nn.Module) -> object:
        decayed = set(get_parameter_names(model, [nn.LayerNorm], patterns))
        named = list(model.named_parameters())
        return [
            {"params": [parameter for name, parameter in named if name in decayed], "weight_decay": 0.1},
            {"params": [parameter for name, parameter in named if name not in decayed], "weight_decay": 0.0},
        ]

    return divide


PEERS = {
    "timm": ("timm: param_groups_weight_decay", timm),
    "transformers": ("transformers: get_parameter_names, two groups", transformers),
}


def seconds_of(divide: Contestant, model: nn.Module) -> Callable[[], float]:
    """Return a function that takes the time of one division."""

    def run() -> float:
        began = time.perf_counter()
        divide(model)
        return time.perf_counter() - began

    return run


def contestants(model: nn.Module) -> tuple[dict[str, Contestant], dict[str, str]]:
    """Return the contestants that can run, by what they do, and why the others cannot."""
    rules = rules_of(model)
    beside = {
        "optim-core: one group": {},
        "optim-core: 20 rules": rules,
        "optim-core: no_decay": NO_DECAY,
        "optim-core: 20 rules, no_decay": {**rules, **NO_DECAY},
    }
    if not isinstance(model, Flat):
        beside["optim-core: 20 rules, no_decay, layer_decay"] = {**rules, **NO_DECAY, "layer_decay": 0.9}
    able: dict[str, Contestant] = {
        "torch alone: list(model.named_parameters())": lambda model: [*model.named_parameters()]
    }
    able |= {title: optim_core(registry.build({**CONFIG, **more}, "optimizer")) for title, more in beside.items()}
    unable = {}
    for name, (title, peer) in PEERS.items():
        try:
            able[title] = peer()
        except ImportError as error:
            unable[title] = f"cannot be imported: {error}" if installed(name) else "not installed"
        except RuntimeError as error:
            # timm imports torchvision, which does not load beside a torch of another build.
            unable[title] = f"cannot be imported: {error}"
    return able, unable


def division(model: nn.Module) -> str:
    """Return the table of one model."""
    able, unable = contestants(model)
    medians = interleaved({title: seconds_of(divide, model) for title, divide in able.items()}, ROUNDS)
    alone = medians["torch alone: list(model.named_parameters())"]
    rows = [
        {"": title, "ms": f"{taken * 1e3:.0f}", "ratio": f"{taken / alone:.2f}"} for title, taken in medians.items()
    ]
    rows += [{"": title, "ms": why, "ratio": ""} for title, why in unable.items()]
    return table(f"{type(model).__name__}: {len(list(model.parameters())):,} tensors", rows)


def main() -> None:
    """Print a table for each model."""
    print(header("torch", *PEERS))
    print(f"Medians of {ROUNDS} rounds; with 20 rules at most {WANTED * 1e3:.0f} ms are wanted.\n")
    print("\n\n".join(division(model) for model in (Flat(), Experts())))


if __name__ == "__main__":
    main()
