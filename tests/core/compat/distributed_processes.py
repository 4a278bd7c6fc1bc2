"""Two processes that train with a DistributedOptimizer, each on its half of the data: FOLDER.

Process 0 writes to FOLDER the weights of a run that was not interrupted and of one that was continued, for a model as
it is and one under DistributedDataParallel, and the state from which it was continued.
"""

import sys
from pathlib import Path

import torch
import torch._dynamo  # which torch's optimizers import when they are made
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from optim_core.compat import DistributedOptimizer

CONFIG = {
    "optimizer_type": "adamw",
    "learning_rate": 0.05,
    "weight_decay": 0.1,
    "scheduler_type": "linear",
    "total_steps": 8,
    "gradient_clipping": {"max_norm": 0.5},
}
STEPS = 4


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 2))


def loss_of(trained, number, part=slice(None)):
    return trained((torch.linspace(-1, 1, 24).view(4, 6) + number)[part]).square().mean()


def train(trained, optimizer, steps, part=slice(None)):
    """In the loop that documents show."""
    for number in steps:
        optimizer.zero_grad()
        loss = loss_of(trained, number, part)
        loss.backward()
        optimizer.step()


def weights_of(trained):
    return nn.utils.parameters_to_vector(trained.parameters()).detach()


def work(rank, size, folder):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=size)
    part = slice(2 * rank, 2 * rank + 2)
    found = {}
    for name, wrap in (("plain", nn.Module.train), ("ddp", DistributedDataParallel)):
        whole, first, second = wrap(model()), wrap(model()), wrap(model())
        train(whole, DistributedOptimizer(model=whole, world_size=size, **CONFIG), range(STEPS), part)
        optimizer = DistributedOptimizer(model=first, world_size=size, **CONFIG)
        train(first, optimizer, range(2), part)
        state = optimizer.state_dict()
        second.load_state_dict(first.state_dict())
        found[f"{name} halfway"] = weights_of(first)
        resumed = DistributedOptimizer(model=second, **CONFIG)
        resumed.load_state_dict(state)
        train(second, resumed, range(2, STEPS), part)
        found |= {name: weights_of(whole), f"{name} resumed": weights_of(second), f"{name} state": state}
        kept = [entry for entry in resumed.optimizer.optim.state.values() if entry]
        found[f"{name} held"] = sum(tensor.numel() for entry in kept for tensor in entry.values() if tensor.ndim)
    torch.save(found, Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    torch.multiprocessing.start_processes(work, (2, sys.argv[1]), nprocs=2, start_method="fork")
