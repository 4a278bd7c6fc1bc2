"""One of two processes that clip sharded gradients and take a step, and compare with the whole: RANK STORE."""

import os
import sys

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import Replicate, Shard, distribute_tensor

from optim_core import registry

CLIPPERS = [
    {"type": "norm", "max_norm": 0.5},
    {"type": "norm", "max_norm": 0.5, "norm_type": "inf"},
    {"type": "value", "clip_value": 0.3},
    {"type": "adaptive", "clip_factor": 0.1},
]
SHAPES = [(4, 6), (6,), (4, 3, 2, 2), (5,), (2, 2)]


def whole():
    torch.manual_seed(0)
    params = [nn.Parameter(torch.randn(shape)) for shape in SHAPES]
    for param in params:
        param.grad = torch.randn_like(param)
    return params


def sharded(params):
    """The parameters over two meshes, and the last one plain."""
    mesh, rows = DeviceMesh("cpu", [0, 1]), DeviceMesh("cpu", [[0], [1]])
    places = [(mesh, [Shard(0)]), (mesh, [Shard(0)]), (mesh, [Shard(1)]), (rows, [Replicate(), Shard(0)])]
    spread = []
    for param, (where, how) in zip(params, places, strict=False):
        spread.append(nn.Parameter(distribute_tensor(param.detach().clone(), where, how)))
        spread[-1].grad = distribute_tensor(param.grad.clone(), where, how)
    spread.append(nn.Parameter(params[-1].detach().clone()))
    spread[-1].grad = params[-1].grad.clone()
    return spread


def full(tensor):
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


def check_clipper(config):
    clipper = registry.build(config, kind="clipper").create_clipper()
    expected = whole()
    found = sharded(expected)

    torch.testing.assert_close(clipper.clip(expected), clipper.clip(found))
    for one, other in zip(expected, found, strict=True):
        torch.testing.assert_close(one.grad, full(other.grad))


def check_fully_sharded_training():
    """AdamW with ``fused: auto`` and clipping under FSDP2 is AdamW on one process."""
    recipe = registry.build(
        {"optimizer": {"type": "AdamW", "lr": 0.1, "fused": "auto"}, "gradient_clipping": {"max_norm": 0.1}}
    )
    torch.manual_seed(0)
    single = nn.Sequential(nn.Linear(4, 6), nn.Linear(6, 2))
    spread = nn.Sequential(nn.Linear(4, 6), nn.Linear(6, 2))
    spread.load_state_dict(single.state_dict())
    fully_shard(spread, mesh=DeviceMesh("cpu", [0, 1]))
    for model in (single, spread):
        run = recipe.create(model)
        for _ in range(3):
            run.optimizer.zero_grad()
            model(torch.ones(3, 4)).square().sum().backward()
            run.clipper.clip(model.parameters())
            run.optimizer.step()
        if run.optimizer.param_groups[0]["fused"] is not True:
            raise SystemExit("fused: auto did not take the kernel")
    for one, other in zip(single.parameters(), spread.parameters(), strict=True):
        torch.testing.assert_close(one.detach(), full(other.detach()))


if __name__ == "__main__":
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    dist.init_process_group("gloo", init_method=f"file://{sys.argv[2]}", rank=int(sys.argv[1]), world_size=2)
    for clipper_config in CLIPPERS:
        check_clipper(clipper_config)
    check_fully_sharded_training()
    dist.barrier()
    sys.stdout.write("as in one process\n")
    sys.stdout.flush()
    # The threads of gloo, still running at the interpreter's own exit, now and then abort it.
    os._exit(0)
