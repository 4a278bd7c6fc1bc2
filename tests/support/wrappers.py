"""Every way to wrap a torch module, alone, in the middle of a model, and in each other; in one process, on the CPU."""

from __future__ import annotations

import warnings
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import checkpoint_wrapper, offload_wrapper
from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.optim.swa_utils import AveragedModel

__all__ = ["IN_PLACE", "WRAPPERS", "one_process", "quietly", "wrapped"]


@contextmanager
def one_process():
    """Make this process a group of its own, which what is distributed needs."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    try:
        yield
    finally:
        dist.destroy_process_group()


def compiled(module):
    return torch.compile(module, backend="eager")


def compiled_in_place(module):
    module.compile(backend="eager")
    return module


def fsdp1(module):
    return FullyShardedDataParallel(module, use_orig_params=True, device_id=torch.device("cpu"))


def sharded(module):
    fully_shard(module, mesh=dist.init_device_mesh("cpu", (1,)))
    return module


def inside(wrap):
    """Return a function that wraps each module in the lists and sequences of a model, where it finds one first."""

    def replace(module):
        for name, child in module.named_children():
            if isinstance(module, (nn.ModuleList, nn.Sequential)):
                setattr(module, name, wrap(child))
            else:
                replace(child)
        return module

    return replace


def every_other(wrap):
    """Return a function that wraps the second, fourth, ... module that it is given."""
    given = []

    def choose(module):
        given.append(module)
        return module if len(given) % 2 else wrap(module)

    return choose


WRAPPERS = {
    "plain": lambda model: model,
    "compiled": compiled,
    "compiled in place": compiled_in_place,
    "DataParallel": DataParallel,
    "DistributedDataParallel": DistributedDataParallel,
    "AveragedModel": AveragedModel,
    "checkpoint_wrapper": checkpoint_wrapper,
    "offload_wrapper": offload_wrapper,
    "FSDP1": fsdp1,
    "fully_shard": sharded,
    "blocks compiled": inside(compiled),
    "blocks checkpointed": inside(checkpoint_wrapper),
    "every other block checkpointed": lambda model: inside(every_other(checkpoint_wrapper))(model),
    "blocks FSDP1": lambda model: fsdp1(inside(fsdp1)(model)),
    "blocks fully_shard": lambda model: sharded(inside(sharded)(model)),
    "DistributedDataParallel, compiled": lambda model: compiled(DistributedDataParallel(model)),
    "compiled, DistributedDataParallel": lambda model: DistributedDataParallel(compiled(model)),
    "blocks checkpointed, FSDP1": lambda model: fsdp1(inside(checkpoint_wrapper)(model)),
    "blocks checkpointed, fully_shard, compiled": lambda model: compiled(sharded(inside(checkpoint_wrapper)(model))),
    "DistributedDataParallel, AveragedModel": lambda model: AveragedModel(DistributedDataParallel(model)),
}
"""What each does to a model, which some change, and what it returns in its place."""

IN_PLACE = ("compiled in place", "fully_shard", "blocks fully_shard")
"""Those that add no prefix."""


def wrapped(name, model):
    """Return a model in a wrapper; what is distributed needs `one_process`."""
    with quietly():
        return WRAPPERS[name](model)


@contextmanager
def quietly():
    """Let FSDP1 say in peace that it is deprecated, and that one process shards nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
