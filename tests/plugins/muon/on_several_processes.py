"""Several processes that train with Muon, and compare with one that has the whole: SIZE FOLDER [CHECK…].

They are forks of one that has imported torch, which takes longer than the checks. Each writes to FOLDER, as JSON, what
went wrong in each check: nothing, or a traceback.
"""

import json
import os
import sys
import traceback
import warnings
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import torch
import torch._dynamo  # which torch's optimizers import when they are made
import torch.distributed as dist
from torch import nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_optimizer_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FullyShardedDataParallel, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.debug import CommDebugMode
from torch.nn.parallel import DistributedDataParallel
from torch.optim.lr_scheduler import LinearLR

from optim_core import registry
from optim_core.errors import ParamGroupError
from optim_muon import exchange
from optim_muon.optimizer import Muon

WIDTH, WORDS = 24, 17
FAULTS = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError, Warning)
IN_FLOAT32 = {"type": "Muon", "ns_dtype": "float32", "split": {"*.qkv.weight": 3}, "muon_weight_decay": 0.1}


class Block(nn.Module):
    """Weights of all forms: fused, of three dimensions, with rows that no number of processes divides, and few."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.conv = nn.Conv1d(WIDTH, WIDTH, 3, padding=1)
        self.narrow = nn.Linear(WIDTH, 3, bias=False)
        self.up = nn.Linear(3, 4 * WIDTH + 1)
        self.down = nn.Linear(4 * WIDTH + 1, WIDTH)

    def forward(self, hidden):
        query, key, value = self.qkv(self.norm(hidden)).chunk(3, dim=-1)
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        mixed = self.conv(mixed.mT).mT
        return hidden + self.down(nn.functional.gelu(self.up(self.narrow(mixed))))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(2))
        self.head = nn.Linear(WIDTH, WORDS)

    def forward(self, words):
        hidden = self.embedding(words)
        for block in self.blocks:
            hidden = block(hidden)
        # FSDP2 warns of results that are views.
        return self.head(hidden).clone()


def new_model():
    torch.manual_seed(0)
    return Model()


def sharded(model, mesh=None, **options):
    for block in model.blocks:
        fully_shard(block, mesh=mesh, **options)
    return fully_shard(model, mesh=mesh, **options)


def optimizer_of(model, **changes):
    return registry.build({**IN_FLOAT32, **changes}, kind="optimizer").create_optimizer(model)


def train(model, optimizer, steps=4, first=0):
    """Steps on data that depends on the number of the step only, with a schedule."""
    scheduler = LinearLR(optimizer, 0.2, 1.0, total_iters=5)
    for step in range(first, first + steps):
        words = torch.randint(WORDS, (2, 9), generator=torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        logits = model(words).float()
        nn.functional.cross_entropy(logits.flatten(0, 1), (words.flatten() * 3 + 1) % WORDS).backward()
        optimizer.step()
        scheduler.step()
    return model


def full(tensor):
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def compare(expected, found, **tolerance):
    """Of two models with equal names, all parameters."""
    others = {name.removeprefix("module."): full(param.detach()) for name, param in found.named_parameters()}
    for name, param in expected.named_parameters():
        torch.testing.assert_close(
            param.detach(), others[name], msg=lambda text, name=name: f"{name}: {text}", **tolerance
        )


def must(condition, said):
    if not condition:
        raise RuntimeError(said)


def must_raise(error, words, act):
    try:
        act()
    except error as raised:
        must(words in str(raised), f"{words!r} is not in {raised}")
        return
    raise RuntimeError(f"no {error.__name__} with {words!r}")


def check_sharded_float32():
    alone, together = new_model(), sharded(new_model())
    train(alone, optimizer_of(alone))
    train(together, optimizer_of(together))
    compare(alone, together, rtol=1e-5, atol=1e-5)


def check_sharded_bfloat16():
    """Sharded matrices are trained as whole ones in bfloat16, up to rounding: neighbours in a stack change products."""
    alone, together = new_model(), sharded(new_model())
    train(alone, optimizer_of(alone, ns_dtype="bfloat16"), steps=2)
    train(together, optimizer_of(together, ns_dtype="bfloat16"), steps=2)
    compare(alone, together, rtol=0, atol=2e-3)


def check_sharded_in_mixed_precision():
    """Parameters of bfloat16, and float32 ones that are gathered as bfloat16."""
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    same_as_alone(mesh, [Shard(0)], dtype=torch.bfloat16)
    policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
    mixed = sharded(new_model(), mp_policy=policy)
    before = [full(param.detach()).clone() for param in mixed.parameters()]
    train(mixed, optimizer_of(mixed), steps=1)
    must(all(param.dtype == torch.float32 for param in mixed.parameters()), "a parameter changed its dtype")
    for old, param in zip(before, mixed.parameters(), strict=True):
        must(bool((full(param.detach()) != old).any()), "a parameter did not move")


def check_groups_of_a_sharded_model():
    """Names and shapes are those of the whole, so the halves are."""

    def halves(model):
        return [
            (group["use_muon"], group["split"], group["param_names"], [tuple(param.shape) for param in group["params"]])
            for group in optimizer_of(model).param_groups
        ]

    must(halves(new_model()) == halves(sharded(new_model())), "the groups differ")
    by_leaves = new_model()
    for module in by_leaves.modules():
        if not list(module.children()):
            fully_shard(module)
    must(halves(new_model()) == halves(by_leaves), "the groups differ where each module is sharded by itself")


def check_state_is_sharded():
    together = sharded(new_model())
    optimizer = optimizer_of(together)
    train(together, optimizer, steps=1)
    for param in together.parameters():
        for key, value in optimizer.state[param].items():
            if key != "step":
                must(value.placements == param.placements, f"{key} is placed otherwise than its parameter")
                must(value.shape == param.shape, f"{key} has another shape than its parameter")


def check_resume():
    """By state_dict, and by torch.distributed.checkpoint's: bit for bit."""
    for how in ("plain", "distributed"):
        first = sharded(new_model())
        optimizer = optimizer_of(first)
        train(first, optimizer, steps=2)
        weights = {name: value.clone() for name, value in first.state_dict().items()}
        state = deepcopy(optimizer.state_dict() if how == "plain" else get_optimizer_state_dict(first, optimizer))
        second = sharded(new_model())
        second.load_state_dict(weights)
        resumed = optimizer_of(second)
        if how == "plain":
            resumed.load_state_dict(state)
        else:
            set_optimizer_state_dict(second, resumed, state)
        train(first, optimizer, steps=2, first=2)
        train(second, resumed, steps=2, first=2)
        for one, other in zip(first.parameters(), second.parameters(), strict=True):
            must(torch.equal(one.to_local(), other.to_local()), f"resumed by a {how} state_dict it differs")


def check_whole_state():
    """The state of a sharded model, gathered, is that of a whole one, and goes into both."""
    alone, together = new_model(), sharded(new_model())
    single, spread = optimizer_of(alone), optimizer_of(together)
    train(alone, single, steps=2)
    train(together, spread, steps=2)
    # Only an optimizer whose parameters have no gradients is made ready by torch to take a state.
    single.zero_grad()
    spread.zero_grad()
    options = StateDictOptions(full_state_dict=True)
    state = get_optimizer_state_dict(together, spread, options=options)
    for model in (alone, together):
        fresh = optimizer_of(model)
        # torch takes the keys that a scheduler adds to groups only where there are such keys.
        LinearLR(fresh)
        set_optimizer_state_dict(model, fresh, deepcopy(state), options=options)
        for one, param in zip(alone.parameters(), model.parameters(), strict=True):
            for key, value in single.state[one].items():
                torch.testing.assert_close(value, full(fresh.state[param][key]), rtol=1e-5, atol=1e-6)


def check_replicated_copies():
    """DistributedDataParallel with nothing said: each process computes all, and all have the same."""
    alone, together = new_model(), DistributedDataParallel(new_model())
    train(alone, optimizer_of(alone))
    train(together, optimizer_of(together))
    compare(alone, together, rtol=0, atol=0)


def check_divided_work():
    """Divided work gives what undivided gives, is asked of others once a step, and all processes have equal bits."""
    alone, together = new_model(), DistributedDataParallel(new_model())
    train(alone, optimizer_of(alone))
    optimizer = optimizer_of(together, divide_work=True)
    train(together, optimizer)
    compare(alone, together, rtol=1e-5, atol=1e-5)
    for param in together.parameters():
        bits = param.detach().clone()
        dist.broadcast(bits, 0)
        must(torch.equal(bits, param.detach()), "two processes have different parameters")
    with CommDebugMode() as counted:
        optimizer.step()
    must(counted.get_total_counts() == 1, f"collectives: {counted.get_comm_counts()}")


def check_collectives():
    """A step needs two of them, whatever the number of matrices and groups."""
    together = sharded(new_model())
    optimizer = optimizer_of(together, param_groups=[{"match": "*.conv.weight", "lr": 0.01, "ns_dtype": "bfloat16"}])
    train(together, optimizer, steps=1)
    with CommDebugMode() as counted:
        optimizer.step()
    must(counted.get_total_counts() == 2, f"collectives: {counted.get_comm_counts()}")


def matrices(shapes, mesh=None, how=None, dtype=torch.float32):
    """Parameters of these shapes, whole or spread, with gradients."""
    made = []
    for number, shape in enumerate(shapes):
        draw = torch.Generator().manual_seed(number)
        values = [torch.randn(shape, generator=draw).to(dtype) for _ in range(2)]
        if mesh is not None:
            values = [distribute_tensor(value, mesh, how or [Shard(0)]) for value in values]
        made.append(nn.Parameter(values[0]))
        made[-1].grad = values[1]
    return made


def muon(params, **options):
    return Muon([{"params": params, "use_muon": True, "ns_dtype": "float32", **options}])


SHAPES = [(8, 5), (1, 7), (7, 1), (3, 3), (5, 4, 2, 2), (64, 6), (2, 40), (8, 5), (9, 2)]


def same_as_alone(mesh, how, alter=lambda params: None, dtype=torch.float32, **options):
    alone, together = matrices(SHAPES, dtype=dtype), matrices(SHAPES, mesh, how, dtype)
    for params in (alone, together):
        alter(params)
        optimizer = muon(params, **options)
        for _ in range(3):
            optimizer.step()
    for one, other in zip(alone, together, strict=True):
        near = {"rtol": 1e-2, "atol": 1e-3} if dtype == torch.bfloat16 else {"rtol": 1e-5, "atol": 1e-6}
        torch.testing.assert_close(one.detach(), full(other.detach()), equal_nan=True, **near)


def check_every_dimension():
    """Pieces along the first dimension or the second, of matrices that no number of processes divides."""
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    same_as_alone(mesh, [Shard(0)])
    same_as_alone(mesh, [Shard(1)])
    same_as_alone(mesh, [Shard(0)], nesterov=False, adjust_lr_fn="match_rms_adamw", momentum=0.5)
    same_as_alone(mesh, [Replicate()])


def check_more_than_fits_at_once():
    """In parts, by the same rule in all processes."""
    mesh, limit = init_device_mesh("cpu", (dist.get_world_size(),)), exchange._AT_ONCE
    exchange._AT_ONCE = 700
    try:
        same_as_alone(mesh, [Shard(0)])
        same_as_alone(None, None, divide_work=True)
    finally:
        exchange._AT_ONCE = limit


def check_two_dimensional_mesh():
    """Copies of pieces, as in hybrid sharding."""
    mesh = init_device_mesh("cpu", (dist.get_world_size() // 2, 2), mesh_dim_names=("copies", "pieces"))
    same_as_alone(mesh, [Replicate(), Shard(0)])
    alone, together = new_model(), sharded(new_model(), mesh)
    train(alone, optimizer_of(alone), steps=2)
    train(together, optimizer_of(together), steps=2)
    compare(alone, together, rtol=1e-5, atol=1e-5)


def check_gradients_that_are_missing():
    """Where no process has one, the parameter stays and has no state."""
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))

    def without_some(params):
        for param in params[::3]:
            param.grad = None

    same_as_alone(mesh, [Shard(0)], without_some)

    def without_any(params):
        for param in params:
            param.grad = None

    same_as_alone(mesh, [Shard(0)], without_any)


def check_numbers_that_are_not_finite():
    """They reach no other matrix, and a gradient of zeros moves nothing."""
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))

    def spoil(params):
        for place, value in ((0, float("nan")), (5, float("inf"))):
            params[place].grad = params[place].grad * value
        params[3].grad = params[3].grad * 0

    same_as_alone(mesh, [Shard(0)], spoil)


def check_gradients_of_different_matrices():
    """It is all processes that raise, not one that waits."""
    params = matrices([(4, 3), (4, 3)])
    params[dist.get_rank() % 2].grad = None
    must_raise(RuntimeError, "do not have the same ones", muon(params, divide_work=True).step)
    params = matrices([(4, 3)] * 3)
    params[0].grad = None if dist.get_rank() else params[0].grad
    must_raise(RuntimeError, "do not have the same ones", muon(params, divide_work=True).step)


def check_placements_that_are_refused():
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    table = init_device_mesh("cpu", (dist.get_world_size() // 2, 2), mesh_dim_names=("dp", "tp"))
    param = nn.Parameter(DTensor.from_local(torch.ones(4, 4), mesh, [Partial()]))
    must_raise(ValueError, "Partial()", lambda: muon([param]))
    (param,) = matrices([(8, 8)], table, [Shard(0), Shard(1)])
    must_raise(ValueError, "(Shard(0), Shard(1))", lambda: muon([param]))
    shape = (2 * dist.get_world_size(), 4)
    odd = torch.ones(1 + 2 * (dist.get_rank() % 2), 4)
    param = nn.Parameter(DTensor.from_local(odd, mesh, [Shard(0)], run_check=False, shape=shape, stride=(4, 1)))
    must_raise(ValueError, "torch.chunk", lambda: muon([param]))
    with torch.device("meta"):
        empty = sharded(Model())
    must_raise(ValueError, "to_empty", lambda: optimizer_of(empty))
    (param,) = matrices([(8, 8)], mesh)
    param.grad = DTensor.from_local(torch.ones(8, 8), mesh, [Partial()])
    must_raise(RuntimeError, "(Partial())", muon([param]).step)


def check_parameters_that_fsdp1_flattens():
    """Flat pieces are no matrices: neither the plugin nor the optimizer takes them for some."""
    for whole_names in (False, True):
        flat = FullyShardedDataParallel(nn.Linear(4, 4), use_orig_params=whole_names, device_id=torch.device("cpu"))
        params = list(flat.parameters())
        must_raise(ValueError, "flattened it", lambda params=params: muon(params))
        must_raise(ParamGroupError, "fully_shard", lambda flat=flat: optimizer_of(flat, split={}))


def check_adamw_half():
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    shapes = [(5,), (1,), (8, 3), (0,), (4, 3, 2)]
    alone, together = matrices(shapes), matrices(shapes, mesh)
    for params in (alone, together):
        optimizer = Muon([{"params": params, "use_muon": False, "lr": 0.1}])
        for _ in range(3):
            optimizer.step()
    for one, other in zip(alone, together, strict=True):
        torch.testing.assert_close(one.detach(), full(other.detach()), rtol=1e-6, atol=1e-7)


def checked(rank, size, folder, chosen):
    """What went wrong in each check, in one of the processes."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.set_num_threads(1)
    store = dist.FileStore(str(folder / "store"), size)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=size, timeout=timedelta(seconds=20))
    problems = {}
    for name, check in list(globals().items()):
        if name.startswith("check_") and (not chosen or name in chosen):
            try:
                check()
                problems[name] = ""
            except FAULTS:
                problems[name] = traceback.format_exc()
    dist.barrier()
    return problems


def forked(size):
    """In each of so many forks of this process its rank, None in this process."""
    with warnings.catch_warnings():
        # Python warns of forks of a process with threads; those of the libraries have not begun.
        warnings.simplefilter("ignore", DeprecationWarning)
        return next((rank for rank in range(size) if not os.fork()), None)


def main(size, folder, *chosen):
    rank = forked(size)
    if rank is None:
        statuses = [os.wait()[1] for _ in range(size)]
        sys.exit(any(statuses))
    (folder / f"{rank}.json").write_text(json.dumps(checked(rank, size, folder, chosen)), encoding="utf-8")
    # The threads of gloo, still running at the interpreter's own exit, now and then abort it.
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
