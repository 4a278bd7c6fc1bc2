"""Processes that save a run with torch.distributed.checkpoint, and others, more or fewer, that continue it: FOLDER.

Four save; four, two and one go on from there; one saves, and two go on. They are forks of one process that has
imported torch. Each writes to FOLDER, as JSON, what went wrong in each check: nothing, or a traceback.
"""

from __future__ import annotations

import json
import os
import random
import sys
import traceback
import warnings
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import torch
import torch._dynamo  # which torch's optimizers import when they are made
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

from optim_core import CheckpointMismatchError, OptimError, registry, save_checkpoint
from optim_core.errors import CheckpointWarning

FAULTS = (
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    OptimError,
    RuntimeError,
    TypeError,
    ValueError,
    Warning,
)
# Linear layers with biases of 7 and 3 numbers, which no number of processes divides.
SIZES = (5, 7, 7, 3)
MUON = {"type": "Muon", "config": {"ns_dtype": "float32", "lr": 0.02}}
CASES = {
    "AdamW": ("sharded", {"type": "AdamW", "config": {"lr": 0.1}, "no_decay": ["bias"]}),
    "Muon": ("sharded", MUON),
    "Muon copied": ("copied", {**MUON, "config": {**MUON["config"], "divide_work": True}}),
    "SAM in Lookahead": (
        "sharded",
        {
            "type": "Lookahead",
            "config": {"k": 2, "optimizer": {"type": "SAM", "config": {"optimizer": {"type": "AdamW"}}}},
        },
    ),
    "FusedAdam": ("copied", {"type": "FusedAdam", "config": {"lr": 0.1, "fallback": "torch"}}),
}


class Model(nn.Module):
    """Linear layers and a buffer."""

    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(sizes))
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, values):
        self.seen += 1
        for layer in self.layers:
            values = torch.tanh(layer(values))
        # FSDP2 warns of results that are views.
        return values.clone()


def sharded(model):
    for layer in model.layers:
        fully_shard(layer)
    return fully_shard(model)


WRAPS = {"sharded": sharded, "copied": DistributedDataParallel, "alone": lambda model: model}


def new(case, *, seed=0, sizes=SIZES, **options):
    """A model, as it is divided in this process, and the run that trains it."""
    wrap, optimizer = CASES[case]
    torch.manual_seed(seed)
    model = WRAPS[wrap if dist.is_initialized() else "alone"](Model(sizes))
    config = {
        "optimizer": {**optimizer, "config": {**optimizer["config"], **options}},
        "scheduler": {"type": "cosine", "config": {"num_warmup_steps": 2}},
        "gradient_clipping": {"type": "norm", "config": {"max_norm": 1.0}},
    }
    return model, registry.recipe(config).create(model, total_steps=20)


def train(model, run, first, steps=3):
    for step in range(first, first + steps):
        batch = torch.randn(4, 5, generator=torch.Generator().manual_seed(step))
        run.step(lambda batch=batch: (model(batch) - 0.3).square().mean())


def whole(value):
    if isinstance(value, dict):
        return {key: whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [whole(inner) for inner in value]
    value = value.full_tensor() if isinstance(value, DTensor) else value
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


def everything(model, run):
    """The weights and the state of a run, whole in each process."""
    weights = {name.removeprefix("module."): whole(value) for name, value in model.state_dict().items()}
    state = whole(run.state_dict())
    for part in state["optimizers"].values():
        # A model that is not wrapped may take its parameters in another order of groups.
        part["state"]["state"] = dict(sorted(part["state"]["state"].items()))
    return {"weights": weights, "optimizers": state["optimizers"], "counters": state["counters"]}


def same(expected, found, path="", **near):
    if isinstance(expected, dict):
        assert expected.keys() == found.keys(), f"{path}: {list(expected)} is not {list(found)}"
        for key, value in expected.items():
            same(value, found[key], f"{path}.{key}", **near)
    elif isinstance(expected, list):
        for place, value in enumerate(expected):
            same(value, found[place], f"{path}[{place}]", **near)
    elif isinstance(expected, torch.Tensor):
        torch.testing.assert_close(expected, found, msg=lambda text: f"{path}: {text}", **near)
    elif path.rpartition(".")[2] != "placements":
        assert expected == found, f"{path}: {expected} is not {found}"


EXACTLY = {"rtol": 0, "atol": 0}
NEARLY = {"rtol": 1e-4, "atol": 1e-5}


def saved(run, model, name, **options):
    dcp.save({"run": run.stateful(model, **options)}, checkpoint_id=FOLDER / name)


def loaded(run, model, name, **options):
    dcp.load({"run": run.stateful(model, **options)}, checkpoint_id=FOLDER / name)


def told(act):
    """What is warned of."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        act()
    return [str(warning.message) for warning in found if issubclass(warning.category, CheckpointWarning)]


def raised(error, act):
    try:
        act()
    except error as found:
        return str(found)
    raise AssertionError(f"no {error.__name__} was raised")


def save(case):
    """Four save, and write down what they have saved, what they draw, and how they go on."""
    model, run = new(case)
    train(model, run, 0)
    torch.manual_seed(dist.get_rank())
    random.seed(dist.get_rank())
    saved(run, model, f"{case} of 4")
    drawn = [torch.rand(3).tolist(), random.random()]
    was = everything(model, run)
    train(model, run, 3)
    then = everything(model, run)
    torch.save({"was": was, "then": then, "drawn": drawn}, FOLDER / f"{case} {dist.get_rank()}.pt")


def go_on(case, name, near):
    """Others continue: the state is the same bits, and so are the next steps, where there are as many."""
    rank = dist.get_rank() if dist.is_initialized() else 0
    expected = torch.load(FOLDER / f"{case} {rank}.pt")
    model, run = new(case, seed=1)
    random.seed(99)
    warned = told(lambda: loaded(run, model, name))
    same(expected["was"], everything(model, run), **EXACTLY)
    if near is EXACTLY:
        assert [] == warned
        assert expected["drawn"] == [torch.rand(3).tolist(), random.random()]
    else:
        (line,) = warned
        assert "their random generators cannot go on" in line
    size = dist.get_world_size() if dist.is_initialized() else 1
    if not (FOLDER / f"{case} of {size}").exists():
        barrier()
        saved(run, model, f"{case} of {size}")
    train(model, run, 3)
    same(expected["then"], everything(model, run), **near)


def barrier():
    if dist.is_initialized():
        dist.barrier()


def by_four(problems):
    for case in CASES:
        noted(problems, f"save {case}", save, case)
    for case in CASES:
        noted(problems, f"4 to 4 {case}", go_on, case, f"{case} of 4", EXACTLY)
    noted(problems, "async_save", check_async)


def by_two(problems):
    for case in CASES:
        noted(problems, f"4 to 2 {case}", go_on, case, f"{case} of 4", NEARLY)
    noted(problems, "another model", check_another_model)
    noted(problems, "another rate", check_another_rate)
    noted(problems, "refusals", check_refusals)


def by_one(problems):
    for case in CASES:
        noted(problems, f"4 to 1 {case}", go_on, case, f"{case} of 4", NEARLY)
    noted(problems, "2 to 1 Muon", go_on, "Muon", "Muon of 2", NEARLY)


def by_two_again(problems):
    for case in ("AdamW", "Muon"):
        noted(problems, f"1 to 2 {case}", go_on, case, f"{case} of 1", NEARLY)


def check_async():
    """What is trained while it is written changes nothing of what is saved."""
    model, run = new("AdamW")
    train(model, run, 0)
    was = everything(model, run)
    # Two threads that talk at the same time need a group each.
    group = dist.new_group(backend="gloo")
    future = dcp.async_save({"run": run.stateful(model)}, checkpoint_id=FOLDER / "async", process_group=group)
    train(model, run, 3)
    future.result()
    dist.barrier()
    later, other = new("AdamW", seed=1)
    loaded(other, later, "async")
    same(was, everything(later, other), **EXACTLY)


def check_another_model():
    """What does not fit is told by name before anything is loaded."""
    model, run = new("AdamW", sizes=(5, 7, 9, 3))
    train(model, run, 0)
    before = everything(model, run)
    message = raised(CheckpointMismatchError, lambda: loaded(run, model, "AdamW of 4"))
    assert "layers.1.weight had the shape [7, 7] and has [9, 7]" in message, message
    same(before, everything(model, run), **EXACTLY)
    model, run = new("Muon")
    message = raised(CheckpointMismatchError, lambda: loaded(run, model, "AdamW of 4"))
    assert "the saved one is AdamW, this one is Muon" in message, message


def check_another_rate():
    """Another rate is told, or one of both is taken."""
    model, run = new("AdamW", lr=0.2)
    before = everything(model, run)
    message = raised(CheckpointMismatchError, lambda: loaded(run, model, "AdamW of 4"))
    assert "optimizer.config.lr: saved 0.1, now 0.2" in message, message
    same(before, everything(model, run), **EXACTLY)
    told(lambda: loaded(run, model, "AdamW of 4", changed="saved"))
    as_saved = run.optimizer.param_groups[0]["lr"]
    model, run = new("AdamW", lr=0.2)
    told(lambda: loaded(run, model, "AdamW of 4", changed="config"))
    assert as_saved > 0.05
    assert abs(run.optimizer.param_groups[0]["lr"] - 2 * as_saved) < 1e-9
    assert run.optimizer.state_dict()["state"][0]["step"] == 3


def check_refusals():
    """The repair is in the message, whichever way the state would be lost."""
    model, run = new("AdamW")
    for act in (dcp.save, dcp.load, dcp.async_save):
        message = raised(OptimError, lambda act=act: act({"run": run}, checkpoint_id=FOLDER / "refused"))
        assert '{"run": run.stateful(model)}' in message, message
    assert not (FOLDER / "refused").exists()
    train(model, run, 0)
    weight = model.layers[0].weight
    run.optimizer.state[weight]["exp_avg"] = torch.zeros_like(weight.to_local())
    message = raised(OptimError, lambda: saved(run, model, "refused"))
    assert "the exp_avg of layers.0.weight is a plain tensor with this process's part alone" in message, message
    flat = FullyShardedDataParallel(nn.Linear(4, 4), device_id=torch.device("cpu"))
    run = registry.recipe({"type": "AdamW"}).create(flat)
    for act in (run.stateful, lambda model: save_checkpoint(FOLDER / "refused.pt", run=run, model=model)):
        message = raised(OptimError, lambda act=act: act(flat))
        assert "fully_shard" in message, message


def noted(problems, name, check, *given):
    try:
        check(*given)
        problems[name] = ""
    except FAULTS:
        problems[name] = traceback.format_exc()


def checked(name, phase, rank, size):
    """What went wrong in each check, in one of the processes."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    # Without a compiler FusedAdam is what its fallback makes.
    os.environ.update(CXX="no-such-compiler", TORCH_EXTENSIONS_DIR=str(FOLDER / "no kernels"))
    torch.set_num_threads(1)
    if size > 1:
        store = dist.FileStore(str(FOLDER / f"store {name}"), size)
        dist.init_process_group("gloo", store=store, rank=rank, world_size=size, timeout=timedelta(seconds=60))
    problems = {}
    phase(problems)
    barrier()
    return problems


PHASES = {"four": (4, by_four), "two": (2, by_two), "one": (1, by_one), "two again": (2, by_two_again)}


def main():
    with warnings.catch_warnings():
        # Python warns of forks of a process with threads; those of the libraries have not begun.
        warnings.simplefilter("ignore", DeprecationWarning)
        for name, (size, phase) in PHASES.items():
            rank = next((rank for rank in range(size) if not os.fork()), None)
            if rank is not None:
                warnings.filterwarnings("ignore", "torch.distributed is disabled")
                warnings.filterwarnings("ignore", "torch's fused AdamW takes the place")
                problems = checked(name, phase, rank, size)
                (FOLDER / f"{name} {rank}.json").write_text(json.dumps(problems), encoding="utf-8")
                # The threads of gloo, still running at the interpreter's own exit, now and then abort it.
                os._exit(0)
            statuses = [os.wait()[1] for _ in range(size)]
            if any(statuses):
                sys.exit(f"{name}: {statuses}")


FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
if __name__ == "__main__":
    main()
