"""Two processes in the loop of examples/frameworks/ddp_loop.py: FOLDER. Each writes its weights and rates there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch
import torch._dynamo  # which torch's optimizers import when they are made
import torch.distributed as dist
from torch import nn

from optim_core import registry

sys.path.insert(0, str(Path(__file__).parents[3] / "examples" / "frameworks"))

import ddp_loop

EPOCHS, STEPS = 2, 4
RECIPES = {
    "by step": {
        "optimizer": {"type": "AdamW", "lr": 0.05, "no_decay": ["bias"]},
        "scheduler": {"type": "cosine"},
        "gradient_clipping": {"max_norm": 0.05},
    },
    "by epoch": {
        "optimizer": {"type": "Muon", "config": {"lr": 0.05}},
        "scheduler": {"type": "StepLR", "config": {"step_size": 1, "gamma": 0.5}},
    },
}


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2))


def shares():
    """The batches of both processes."""
    return torch.randn(2, STEPS, 3, 4, generator=torch.Generator().manual_seed(1))


def loss_of(model, batch):
    return model(batch).square().mean()


def result(model, run):
    weights = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
    return {"weights": weights, "rates": [group["lr"] for group in run.optimizer.param_groups]}


def main(folder, rank):
    torch.set_num_threads(1)
    store = dist.FileStore(f"{folder}/store", 2)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=2)
    found = {}
    for name, config in RECIPES.items():
        model = network()
        run = ddp_loop.train(model, list(shares()[rank]), loss_of, registry.recipe(config), epochs=EPOCHS)
        found[name] = result(model, run)
    torch.save(found, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    child = os.fork()
    main(sys.argv[1], 0 if child else 1)
    if child:
        raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
