"""Processes that train with ZeroRedundancyOptimizer and a factory of ours: FOLDER.

There is one, and then there are two. Each is spawned, so that what it needs is pickled into it. It writes to FOLDER the
rates of its groups and the weights after some steps.
"""

import pickle
import sys
from pathlib import Path

import torch
import torch._dynamo  # which torch's optimizers import when they are made
import torch.distributed as dist
from torch import nn

from optim_core import registry

CONFIG = {
    "type": "AdamW",
    "config": {"lr": 0.1, "weight_decay": 0.1},
    "no_decay": ["bias"],
    "param_groups": [{"match": "2.*", "lr_multiplier": 3.0}],
}
STEPS = 4


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 2))


def train(trained, optimizer):
    """Train on the same data in each process, with a schedule on the optimizer that is handed over."""
    schedule = registry.build({"type": "linear", "config": {"num_training_steps": 8}}).create_scheduler(optimizer)
    for number in range(STEPS):
        optimizer.zero_grad()
        trained(torch.linspace(-1, 1, 24).view(4, 6) + number).square().mean().backward()
        optimizer.step()
        schedule.step()
    return nn.utils.parameters_to_vector(trained.parameters()).detach()


def of_groups(factory):
    """The config's groups, with the factory of the model."""
    from torch.distributed.optim import ZeroRedundancyOptimizer

    return ZeroRedundancyOptimizer(factory.groups(lr=0.05), optimizer_class=factory, lr=0.05)


def of_tensors(factory):
    """One group of bare tensors, with a factory that knows no model."""
    from torch.distributed.optim import ZeroRedundancyOptimizer

    plain = registry.build({"type": "AdamW", "config": CONFIG["config"]}).factory()
    return ZeroRedundancyOptimizer(factory.model.parameters(), optimizer_class=plain, lr=0.05)


def work(rank, size, folder, pickled):
    """Train in both ways with a factory that came through a pickle, with its model."""
    factory = pickle.loads(pickled)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet{size}", rank=rank, world_size=size)
    found = {}
    for make in (of_groups, of_tensors):
        factory.model.load_state_dict(model().state_dict())
        optimizer = make(factory)
        found[make.__name__] = train(factory.model, optimizer), [group["lr"] for group in optimizer.param_groups]
    torch.save(found, Path(folder) / f"{rank} of {size}.pt")
    dist.destroy_process_group()


def main(folder):
    # Tensors that torch hands to a process it spawns are shared, and here each process has weights of its own.
    pickled = pickle.dumps(registry.build(CONFIG).factory(model()))
    # One process knows nothing when it begins, and two are forks, which begin sooner.
    for size, how in ((1, "spawn"), (2, "fork")):
        torch.multiprocessing.start_processes(work, (size, folder, pickled), nprocs=size, start_method=how)


if __name__ == "__main__":
    main(sys.argv[1])
