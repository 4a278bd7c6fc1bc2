"""Two processes that save and load together, and then one: FOLDER.

They are forks of one that has imported torch. Each writes to FOLDER, as JSON, what went wrong in each check: nothing,
or a traceback. The checks of one process are those whose names begin with `alone`.
"""

from __future__ import annotations

import json
import os
import random
import sys
import traceback
import warnings
from datetime import timedelta
from pathlib import Path

import torch
import torch._dynamo  # which torch's optimizers import when they are made
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FullyShardedDataParallel, ShardingStrategy, fully_shard
from torch.nn.parallel import DistributedDataParallel

from optim_core import CheckpointError, OptimError, load_checkpoint, registry, save_checkpoint
from optim_core.run.distributed.shards import whole
from optim_core.run.saving.ranks import processes, rank, together

FAULTS = (
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    OptimError,
    Warning,
)
RECIPE = registry.build({"optimizer": {"type": "AdamW", "config": {"lr": 0.1}}, "scheduler": {"type": "linear"}})


def model_and_run(wrap, seed=0):
    torch.manual_seed(seed)
    model = wrap(nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2)))
    run = RECIPE.create(model, total_steps=20)
    torch.manual_seed(100 * seed + rank())
    random.seed(rank())
    return model, run


def train(model, run, steps):
    for _ in range(steps):
        run.step(lambda: model(torch.randn(6, 4) + random.random()).square().mean())


def bits(model):
    return [tensor.tolist() for tensor in model.state_dict().values()], torch.get_rng_state().tolist(), random.random()


def raised(work, kind):
    """The message of what `work` raises."""
    try:
        work()
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__} was raised")


def check_each_process_is_told_what_the_others_have(folder):
    """What the work returns comes back in the order of the ranks."""
    assert list(range(processes())) == together(rank)


def check_what_fails_on_one_process_fails_on_all(folder):
    """The process itself raises what went wrong, and the others say where and what."""

    def work():
        if rank() == 1:
            raise KeyError("lost")

    if rank() == 1:
        assert "'lost'" == raised(lambda: together(work), KeyError)
    else:
        expected = "another process could not save: process 1: KeyError: 'lost'"
        assert expected == raised(lambda: together(work), CheckpointError)


def check_each_process_goes_on_with_its_own_random_numbers(folder):
    """Under DistributedDataParallel, with dropout and data of its own on each process, bit for bit."""
    model, run = model_and_run(DistributedDataParallel)
    train(model, run, 3)
    save_checkpoint(folder / "run.pt", run=run, model=model, extra={"step": 3})
    train(model, run, 5)
    expected = bits(model)
    other, again = model_and_run(DistributedDataParallel, seed=1)
    assert {"step": 3} == load_checkpoint(folder / "run.pt", run=again, model=other)
    train(other, again, 5)
    assert expected == bits(other)
    assert processes() == len({str(bits) for bits in together(lambda: expected[1])})


def check_what_cannot_be_written_is_told_by_all(folder):
    """The first process writes; where it cannot, none goes on as if it had."""
    model, run = model_and_run(DistributedDataParallel)
    said = raised(lambda: save_checkpoint(folder, run=run, model=model), CheckpointError)
    assert f"{folder} cannot be written: it is a folder; name a file in it" in said
    assert said.startswith("another process could not save: process 0") == (rank() > 0)


def check_flat_parameters_are_refused(folder):
    """Those of FullyShardedDataParallel are refused when saving and when loading, with what to use instead."""
    plain, run = model_and_run(DistributedDataParallel)
    save_checkpoint(folder / "whole.pt", run=run, model=plain)
    flat = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2))
    flat = FullyShardedDataParallel(flat, device_id=torch.device("cpu"), use_orig_params=True)
    repair = "use torch.distributed.fsdp.fully_shard instead"
    said = raised(lambda: save_checkpoint(folder / "part.pt", run=run, model=flat), OptimError)
    assert repair in said, said
    assert repair in raised(lambda: load_checkpoint(folder / "whole.pt", model=flat), OptimError)
    assert not (folder / "part.pt").exists()


def divided(model):
    return fully_shard(model, mesh=init_device_mesh("cpu", (processes(),)))


def whole_bits(model):
    # Each process has running means of its own, of which the file holds the first one's.
    return {name: whole(value.detach()).clone() for name, value in model.named_parameters()}


def check_a_divided_model_is_saved_whole_and_goes_on_in_every_process(folder):
    """What fully_shard divided is put together in the file, and divided again where it is loaded, bit for bit."""
    model, run = model_and_run(divided)
    train(model, run, 3)
    save_checkpoint(folder / "divided.pt", run=run, model=model)
    train(model, run, 3)
    expected = whole_bits(model)
    other, again = model_and_run(divided, seed=1)
    load_checkpoint(folder / "divided.pt", run=again, model=other)
    train(other, again, 3)
    found = whole_bits(other)
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    alike, plainly = model_and_run(DistributedDataParallel, seed=1)
    load_checkpoint(folder / "divided.pt", run=plainly, model=alike)
    moments = plainly.optimizer.state_dict()["state"][0]["exp_avg"]
    assert type(moments) is torch.Tensor
    assert torch.equal(moments, whole(run_of_file(folder)["optimizers"]["default"]["state"]["state"][0]["exp_avg"]))


def run_of_file(folder):
    return torch.load(folder / "divided.pt", weights_only=True)["run"]


def alone_one_process_loads_what_several_saved(folder):
    """It is told that the random states of the others cannot go on."""
    model, run = model_and_run(lambda model: model)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert {"step": 3} == load_checkpoint(folder / "run.pt", run=run, model=model)
    assert [f"{folder / 'run.pt'}: it was saved by 2 processes, and these are 1"] == [
        str(warning.message) for warning in caught
    ]


def alone_one_process_loads_a_model_that_was_divided(folder):
    """The file holds the whole weights and moments."""
    model, run = model_and_run(lambda model: model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        load_checkpoint(folder / "divided.pt", run=run, model=model)
    train(model, run, 1)
    assert len(run.optimizer.state) == len(list(model.parameters()))


def alone_the_wrappers_of_several_processes_are_those_of_one(folder):
    """What is saved plain, under DistributedDataParallel or FullyShardedDataParallel loads in each of the others."""
    wrappers = {
        "plain": lambda model: model,
        "ddp": DistributedDataParallel,
        "fsdp": lambda model: FullyShardedDataParallel(
            model,
            device_id=torch.device("cpu"),
            use_orig_params=True,
            sharding_strategy=ShardingStrategy.NO_SHARD,
        ),
    }
    for source, wrap in wrappers.items():
        model, run = model_and_run(wrap)
        train(model, run, 3)
        path = folder / f"{source}.pt"
        save_checkpoint(path, run=run, model=model)
        train(model, run, 3)
        expected = bits(model)
        for target, other_wrap in wrappers.items():
            other, again = model_and_run(other_wrap, seed=1)
            load_checkpoint(path, run=again, model=other)
            train(other, again, 3)
            assert expected == bits(other), (source, target)


def checks(size):
    beginning = "alone_" if size == 1 else "check_"
    return {name: check for name, check in globals().items() if name.startswith(beginning)}


def work(number, size, folder):
    store = dist.FileStore(str(folder / f"store-{size}"), size)
    dist.init_process_group("gloo", store=store, rank=number, world_size=size, timeout=timedelta(seconds=60))
    problems = {}
    for name, check in checks(size).items():
        try:
            check(folder)
            problems[name] = ""
        except FAULTS:
            problems[name] = traceback.format_exc()
        dist.barrier()
    (folder / f"{size}-{number}.json").write_text(json.dumps(problems), encoding="utf-8")
    dist.destroy_process_group()


def main(size, folder):
    torch.set_num_threads(1)
    children = []
    for number in range(size):
        child = os.fork()
        if not child:
            work(number, size, folder)
            os._exit(0)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


if __name__ == "__main__":
    target = Path(sys.argv[1])
    sys.exit(any([*main(2, target), *main(1, target)]))
