"""Two processes that watch a run of a model that fully_shard has divided, and of one that is whole: FOLDER.

Each writes to FOLDER what was told.
"""

import sys
from pathlib import Path

import torch
import torch._dynamo  # which torch's optimizers import when they are made
import torch.distributed as dist
from torch import nn
from torch.distributed.fsdp import fully_shard

from optim_core import registry
from optim_core.run.monitors import Monitor

STEPS = 2


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 2))


def reports_of(optimizer, trained):
    recipe = registry.recipe({"optimizer": optimizer, "gradient_clipping": {"max_norm": 0.1}})
    run, reports = recipe.create(trained), []
    Monitor(run, every=STEPS, to=reports.append)
    for _ in range(STEPS):
        run.step(lambda: trained(torch.linspace(-1, 1, 24).view(4, 6)).square().mean())
    return [{name: value for name, value in report.items() if name != "step_time"} for report in reports]


def work(rank, size, folder):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=size)
    found = {}
    for optimizer in ({"type": "AdamW"}, {"type": "Muon", "config": {"matrices": ["0.weight"]}}):
        divided = model()
        for module in (divided[0], divided[2], divided):
            fully_shard(module)
        found[optimizer["type"]] = reports_of(optimizer, model()), reports_of(optimizer, divided)
    torch.save(found, Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    torch.multiprocessing.start_processes(work, (2, sys.argv[1]), nprocs=2, start_method="fork")
