"""What a step of Muon costs over four processes, against torch.optim.Muon, and how far each is from one process.

Run it with ``python benchmarks/muon_processes.py``. The processes exchange over gloo on this machine, with one thread
each; all contestants take their steps in turn, on matrices of equal numbers. On a machine with fewer cores than
processes the times say how much work there is in all, not how long a cluster would need.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from time import perf_counter

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.tensor import DTensor, Shard, distribute_tensor
from torch.distributed.tensor.debug import CommDebugMode
from torch.optim import Optimizer

from common import header, interleaved, table
from optim_muon.optimizer import Muon

PROCESSES = 4
ROUNDS = 3
STEPS = 3  # after which the distance from one process is taken
MODELS = {"12 matrices, d = 64": (64, 3), "12 matrices, d = 256": (256, 3)}
LR, MOMENTUM = 0.02, 0.95


def shapes(width: int, layers: int) -> list[tuple[int, int]]:
    """Return the shapes of the hidden matrices of a GPT."""
    return [(3 * width, width), (width, width), (4 * width, width), (width, 4 * width)] * layers


def weights(wanted: list[tuple[int, int]], mesh: DeviceMesh | None) -> list[nn.Parameter]:
    """Make parameters with gradients: the same in all processes, or, over a mesh, a piece of each in every process."""
    draw = torch.Generator().manual_seed(0)
    made = []
    for shape in wanted:
        values = [torch.randn(shape, generator=draw) for _ in range(2)]
        if mesh is not None:
            values = [distribute_tensor(value, mesh, [Shard(0)]) for value in values]
        made.append(nn.Parameter(values[0]))
        made[-1].grad = values[1]
    return made


def torch_muon(params: list[nn.Parameter]) -> Optimizer:
    return torch.optim.Muon(params, lr=LR, momentum=MOMENTUM, weight_decay=0.0)


def ours(params: list[nn.Parameter], divide_work: bool = False, ns_dtype: str = "auto") -> Optimizer:
    group = {"params": params, "use_muon": True, "ns_dtype": ns_dtype}
    return Muon([group], lr=LR, momentum=MOMENTUM, divide_work=divide_work)


def whole(tensor: Tensor) -> Tensor:
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def distance(found: list[nn.Parameter], expected: list[nn.Parameter], began: list[nn.Parameter]) -> float:
    """Return how far the changes since the beginning are from what they should be, as a share of their norm."""
    pairs = list(zip(found, expected, began, strict=True))
    off = torch.stack([(whole(one.detach()) - other.detach()).norm() for one, other, _ in pairs]).norm()
    change = torch.stack([(other.detach() - first.detach()).norm() for _, other, first in pairs]).norm()
    return float(off / change)


def seconds_of(optimizer: Optimizer) -> Callable[[], float]:
    """Return a contestant: a function that takes the time of a step in the slowest process."""

    def run() -> float:
        dist.barrier()
        began = perf_counter()
        optimizer.step()
        taken = torch.tensor(perf_counter() - began)
        dist.all_reduce(taken, dist.ReduceOp.MAX)
        return taken.item()

    return run


def rows(width: int, layers: int) -> list[dict[str, object]]:
    """Return a row for each contestant."""
    wanted, mesh = shapes(width, layers), init_device_mesh("cpu", (PROCESSES,))
    contestants: dict[str, tuple[Callable[..., Optimizer], DeviceMesh | None, dict[str, object]]] = {
        "FSDP2, torch.optim.Muon": (torch_muon, mesh, {}),
        "FSDP2, ours": (ours, mesh, {}),
        "FSDP2, ours, float32": (ours, mesh, {"ns_dtype": "float32"}),
        "DDP, torch.optim.Muon": (torch_muon, None, {}),
        "DDP, ours": (ours, None, {}),
        "DDP, ours, divide_work": (ours, None, {"divide_work": True}),
        "DDP, ours, divide_work, float32": (ours, None, {"divide_work": True, "ns_dtype": "float32"}),
    }
    found: dict[str, tuple[float, int]] = {}
    runs = {}
    for name, (create, where, options) in contestants.items():
        params, alone, began = weights(wanted, where), weights(wanted, None), weights(wanted, None)
        optimizer = create(params, **options)
        # The same optimizer in one process, of which the others must not be far.
        single = create(alone, **{key: value for key, value in options.items() if key != "divide_work"})
        for _ in range(STEPS):
            optimizer.step()
            single.step()
        with CommDebugMode() as counted:
            optimizer.step()
        single.step()
        found[name] = distance(params, alone, began), counted.get_total_counts()
        runs[name] = seconds_of(optimizer)
    seconds = interleaved(runs, ROUNDS)
    return [
        {
            "": name,
            "ms a step": f"{1e3 * seconds[name]:.1f}",
            "collectives": found[name][1],
            "off one process": f"{found[name][0]:.1e}",
        }
        for name in contestants
    ]


def main(rank: int, folder: str) -> None:
    """Do what each process does; the first process prints."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=PROCESSES)
    for title, (width, layers) in MODELS.items():
        found = rows(width, layers)
        if rank == 0:
            print(table(f"{title}, over {PROCESSES} processes", found), end="\n\n", flush=True)
    dist.barrier()
    # An ordinary exit now and then aborts, because threads of gloo are still running.
    os._exit(0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(int(sys.argv[1]), sys.argv[2])
    print(header("torch"), end="\n\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        processes = [
            os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, __file__, str(rank), folder])
            for rank in range(PROCESSES)
        ]
        statuses = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes]
    sys.exit(max(map(abs, statuses)))
