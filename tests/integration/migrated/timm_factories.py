"""What timm's factories make of CASES, for `test_timm_factories.py` to compare with.

``pip install --no-deps timm==1.0.31 safetensors huggingface_hub`` and ``python timm_factories.py >
timm_factories_1_0_31.json`` write the numbers anew. timm imports torchvision for what is not used here.
"""

from __future__ import annotations

import json
import sys
from enum import Enum
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import ClassVar

import torch

# Arguments of `create_scheduler_v2`, for a run of 12 epochs of 3 updates.
SCHEDULERS = [
    {"sched": "cosine", "num_epochs": 10},
    {"sched": "cosine", "num_epochs": 10, "warmup_epochs": 3, "min_lr": 1e-3, "cooldown_epochs": 2},
    {"sched": "cosine", "num_epochs": 8, "warmup_epochs": 2, "warmup_prefix": True, "warmup_lr": 1e-3},
    {"sched": "cosine", "num_epochs": 10, "k_decay": 1.5, "warmup_epochs": 2},
    {"sched": "cosine", "num_epochs": 8, "step_on_epochs": False, "updates_per_epoch": 3, "warmup_epochs": 2},
    {"sched": "cosine", "num_epochs": 8, "step_on_epochs": False, "updates_per_epoch": 3, "warmup_prefix": True,
     "warmup_epochs": 1, "cooldown_epochs": 1},
    {"sched": "tanh", "num_epochs": 10},
    {"sched": "tanh", "num_epochs": 10, "warmup_epochs": 3, "min_lr": 1e-4},
    {"sched": "step", "decay_epochs": 4, "decay_rate": 0.5, "warmup_epochs": 2},
    {"sched": "step", "decay_epochs": 2, "decay_rate": 0.5, "step_on_epochs": False, "updates_per_epoch": 3},
    {"sched": "multistep", "decay_milestones": [3, 6], "decay_rate": 0.1},
    {"sched": "multistep", "decay_milestones": [3, 6], "decay_rate": 0.1, "warmup_epochs": 2, "warmup_prefix": True},
    {"sched": "poly", "num_epochs": 10, "decay_rate": 2.0, "min_lr": 1e-3},
    {"sched": "poly", "num_epochs": 10, "decay_rate": 0.9, "warmup_epochs": 2, "step_on_epochs": False,
     "updates_per_epoch": 3},
    {"sched": "constant", "warmup_epochs": 3},
    {"sched": "constant"},
    {"sched": "plateau", "patience_epochs": 1, "decay_rate": 0.5, "warmup_epochs": 2, "min_lr": 0.02},
    {"sched": "plateau", "patience_epochs": 0, "decay_rate": 0.5, "plateau_mode": "min"},
    {"sched": "none", "num_epochs": 10},
]  # fmt: skip
EPOCHS, UPDATES = 12, 3
# Of two groups and of one with a scale, the rates.
GROUPS = [{"lr": 0.1}, {"lr": 0.05, "lr_scale": 0.5}]
METRICS = [0.1, 0.3, 0.3, 0.3, 0.3, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4]

# Arguments of `create_optimizer_v2`, and what the model is.
OPTIMIZERS = [
    {"opt": "sgd", "lr": 0.1},
    {"opt": "sgd", "lr": 0.1, "weight_decay": 1e-4, "momentum": 0.8},
    {"opt": "momentum", "lr": 0.1, "weight_decay": 1e-4},
    {"opt": "adamw", "lr": 1e-3, "weight_decay": 0.05, "betas": [0.9, 0.95], "eps": 1e-6},
    {"opt": "adamw", "weight_decay": 0.05, "filter_bias_and_bn": False},
    {"opt": "adamw", "lr": 1e-3, "weight_decay": 0.05, "layer_decay": 0.5},
    {"opt": "adamw", "lr": 1e-3, "weight_decay": 0.05, "layer_decay": 0.5, "layer_decay_min_scale": 0.4},
    {"opt": "adamw", "lr": 1e-3, "weight_decay": 0.05, "layer_decay": 0.5, "layer_decay_no_opt_scale": 0.3},
    {"opt": "adam", "lr": 1e-3, "foreach": False},
    {"opt": "nadam", "lr": 1e-3},
    {"opt": "radamw", "lr": 1e-3, "weight_decay": 0.1},
    {"opt": "adamax", "lr": 1e-3},
    {"opt": "adadelta", "lr": 1.0},
    {"opt": "adagrad", "lr": 0.1},
    {"opt": "rmsprop", "lr": 0.1, "weight_decay": 1e-4},
]


class Blocks(torch.nn.Module):
    """A model as timm has them: a stem, blocks, a norm and a head, which a matcher puts into an order."""

    def __init__(self):
        super().__init__()
        self.stem = torch.nn.Linear(4, 4)
        self.token = torch.nn.Parameter(torch.zeros(1, 1, 4))
        self.blocks = torch.nn.ModuleList(torch.nn.Linear(4, 4) for _ in range(2))
        self.norm = torch.nn.LayerNorm(4)
        self.head = torch.nn.Linear(4, 2)

    def no_weight_decay(self):
        return {"token"}

    def group_matcher(self, coarse=False):
        return {"stem": r"^stem|token", "blocks": [(r"^blocks\.(\d+)", None), (r"^norm", (99999,))]}


def rates_of(scheduler, optimizer):
    """Yield the rates of the groups at first, and after each epoch of a training loop as timm's train.py has it."""
    yield [group["lr"] for group in optimizer.param_groups]
    for epoch in range(EPOCHS):
        for update in range(UPDATES):
            if scheduler is not None:
                scheduler.step_update(num_updates=epoch * UPDATES + update + 1)
                if not getattr(scheduler, "t_in_epochs", True):
                    yield [group["lr"] for group in optimizer.param_groups]
        if scheduler is not None:
            scheduler.step(epoch + 1, METRICS[epoch])
        yield [group["lr"] for group in optimizer.param_groups]


def two_groups():
    """Return an optimizer with GROUPS."""
    return torch.optim.SGD([{"params": [torch.nn.Parameter(torch.ones(1))], **group} for group in GROUPS])


def groups_of(groups, model):
    """Return the groups as plain data: the names of the parameters, and all options."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return [
        {**group, "params": [names[id(parameter)] for parameter in group["params"]]} for group in groups
    ]  # fmt: skip


class _StandIn(ModuleType):
    """A module of torchvision, in which every name is a class without a use."""

    __path__: ClassVar = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return (
            Enum(name, ["BILINEAR", "BICUBIC", "NEAREST", "BOX", "HAMMING", "LANCZOS"])
            if "Mode" in name
            else type(name, (torch.nn.Module,), {})
        )


class _StandIns(MetaPathFinder, Loader):
    def find_spec(self, fullname, path=None, target=None):
        return ModuleSpec(fullname, self, is_package=True) if fullname.partition(".")[0] == "torchvision" else None

    def create_module(self, spec):
        return _StandIn(spec.name)

    def exec_module(self, module):
        pass


def _main():
    sys.meta_path.append(_StandIns())
    import timm
    from timm.optim import create_optimizer_v2, param_groups_layer_decay, param_groups_weight_decay
    from timm.scheduler import create_scheduler_v2

    schedulers = []
    for case in SCHEDULERS:
        optimizer = two_groups()
        scheduler, num_epochs = create_scheduler_v2(optimizer, **case)
        schedulers.append({"num_epochs": num_epochs, "rates": list(rates_of(scheduler, optimizer))})
    optimizers = []
    for case in OPTIMIZERS:
        model = Blocks()
        optimizer = create_optimizer_v2(model, **case)
        optimizers.append({"class": type(optimizer).__name__, "groups": groups_of(optimizer.param_groups, model)})
    model = Blocks()
    plain = torch.nn.Sequential(*(torch.nn.Linear(2, 2) for _ in range(8)))
    plain.pretrained_cfg = {"classifier": "7"}
    groups = [
        groups_of(
            param_groups_weight_decay(model, 0.1, no_weight_decay_list=["token"], fallback_list=["head*"]), model
        ),
        groups_of(param_groups_weight_decay(model, 0.0), model),
        groups_of(param_groups_layer_decay(model, 0.1, no_weight_decay_list=["token"], fallback_list=["head*"]), model),
        groups_of(param_groups_layer_decay(plain), plain),
    ]
    found = {"timm": timm.__version__, "schedulers": schedulers, "optimizers": optimizers, "groups": groups}
    sys.stdout.write(json.dumps(found, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    _main()
