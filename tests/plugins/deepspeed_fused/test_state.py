"""The state of FusedAdam and CPUAdam: it goes through a file, and a run that is resumed goes on with the same bits."""

import copy
import pickle
import textwrap

import pytest
import torch
from deepspeed.ops.adam import DeepSpeedCPUAdam
from deepspeed.ops.adam import FusedAdam as DeepSpeedFusedAdam
from torch import nn

from optim_core import registry

both = pytest.mark.parametrize("name", ["FusedAdam", "CPUAdam"])
DTYPES = (torch.float32, torch.bfloat16, torch.float16)


def equal(expected, found):
    return all(torch.equal(one, other) for one, other in zip(expected, found, strict=True))


def through_file(state, folder):
    torch.save(state, folder / "state.pt")
    return torch.load(folder / "state.pt", weights_only=True)


def copies(params):
    return [nn.Parameter(weight.detach().clone()) for weight in params]


@both
def test_a_resumed_run_has_the_same_bits(name, make, weights, train, tmp_path):
    """After 30 steps, a file, and 30 more in new objects, the weights are those of 60 steps, also for mixed dtypes."""

    def without(index, step):
        return (index + step) % 4 == 0

    params = weights(*DTYPES)
    optimizer = make(name, params, weight_decay=0.1, betas=(0.83, 0.997))
    train(optimizer, params, range(30), without)
    resumed = copies(params)
    later = make(name, resumed, weight_decay=0.1, betas=(0.83, 0.997))
    later.load_state_dict(through_file(optimizer.state_dict(), tmp_path))
    train(optimizer, params, range(30, 60), without)
    train(later, resumed, range(30, 60), without)

    assert equal(params, resumed)


RESUME = """
    import sys, torch
    from torch import nn
    from optim_core import registry
    saved = torch.load(sys.argv[1], weights_only=True)
    params = [nn.Parameter(weight) for weight in saved["params"]]
    config = {"lr": 1e-2, "betas": (0.83, 0.997)}
    optimizer = registry.build({"type": sys.argv[2], "config": config}).create_optimizer(params)
    optimizer.load_state_dict(saved["optimizer"])
    for step in range(30, 40):
        for weight in params:
            weight.grad = torch.full_like(weight, 1.0 + step % 7)
        optimizer.step()
    torch.save([weight.detach() for weight in params], sys.argv[1])
"""


@both
def test_a_run_resumed_in_a_fresh_process_has_the_same_bits(name, make, weights, with_deepspeed, tmp_path):
    """The kernel keeps nothing from the steps before that a resumed run would lack."""

    def train_constant(optimizer, params, steps):
        for step in steps:
            for weight in params:
                weight.grad = torch.full_like(weight, 1.0 + step % 7)
            optimizer.step()

    params = weights(torch.float32)
    optimizer = make(name, params, betas=(0.83, 0.997))
    train_constant(optimizer, params, range(30))
    file = tmp_path / "run.pt"
    torch.save({"params": [each.detach() for each in params], "optimizer": optimizer.state_dict()}, file)
    train_constant(optimizer, params, range(30, 40))
    done = with_deepspeed.code(textwrap.dedent(RESUME), str(file), name, cwd=tmp_path)

    assert (0, "") == (done.returncode, done.stdout), done.stderr
    assert equal(params, torch.load(file, weights_only=True))


@both
def test_the_state_round_trips(name, make, weights, train):
    """A state that is loaded is given back as it was: groups, names, counts and means with their dtypes."""
    params = weights(*DTYPES)
    named = [(f"weight.{index}", weight) for index, weight in enumerate(params)]
    optimizer = make(name, named)
    train(optimizer, params, range(3))
    state = optimizer.state_dict()
    other = make(name, [(name, nn.Parameter(weight.detach().clone())) for name, weight in named])
    other.load_state_dict(state)
    found = other.state_dict()

    assert state["param_groups"] == found["param_groups"]
    assert (3 if name == "FusedAdam" else 1) == len(found["param_groups"])
    assert [f"weight.{index}" for index in range(5)] == found["param_groups"][0]["param_names"][:5]
    assert state["state"].keys() == found["state"].keys()
    for key, expected in state["state"].items():
        assert {"step", "exp_avg", "exp_avg_sq"} == set(found["state"][key])
        assert 3 == found["state"][key]["step"]
        for mean in ("exp_avg", "exp_avg_sq"):
            assert expected[mean].dtype == found["state"][key][mean].dtype
            assert torch.equal(expected[mean], found["state"][key][mean])


def test_float32_means_stay_so_where_deepspeeds_become_bfloat16(make, weights, train):
    """CPUAdam's means of bfloat16 parameters keep their bits when they are loaded; DeepSpeed's do not."""
    params, of_bare = weights(torch.bfloat16), weights(torch.bfloat16)
    optimizer, bare = make("CPUAdam", params), DeepSpeedCPUAdam(of_bare)
    train(optimizer, params, range(3))
    later, bare_later = make("CPUAdam", copies(params)), bare
    later.load_state_dict(optimizer.state_dict())
    train(bare, of_bare, range(3))
    bare_later.load_state_dict(bare.state_dict())

    assert {torch.float32} == {state["exp_avg"].dtype for state in later.state.values()}
    assert {torch.bfloat16} == {state["exp_avg"].dtype for state in bare_later.state.values()}


@both
def test_hooks_around_loading_have_the_last_word(name, make, weights, train):
    """What a hook makes of the saved means is loaded, and what one makes of them afterwards stays."""
    params = weights(torch.bfloat16)
    optimizer = make(name, params)
    train(optimizer, params, range(3))
    later, seen = make(name, copies(params)), []

    def replaced(_, state):
        state = copy.deepcopy(state)
        state["state"][0]["exp_avg"] = torch.full_like(state["state"][0]["exp_avg"], 7.0)
        return state

    def change(loaded):
        first = loaded.param_groups[0]["params"][0]
        seen.append(loaded.state[first]["exp_avg"].unique().tolist())
        loaded.state[first]["exp_avg"].fill_(8.0)

    later.register_load_state_dict_pre_hook(replaced)
    later.register_load_state_dict_post_hook(change)
    later.load_state_dict(optimizer.state_dict())

    assert [[7.0]] == seen
    assert [8.0] == later.state[later.param_groups[0]["params"][0]]["exp_avg"].unique().tolist()


def test_a_state_of_deepspeeds_own_class_is_taken(make, weights, train):
    """Its count, which stands with the last parameter alone, becomes that of each parameter."""
    params = weights(torch.float32)
    bare = DeepSpeedFusedAdam(params, lr=1e-2)
    train(bare, params, range(5))
    assert [0, 0, 0, 0, 5] == [bare.state[weight]["step"] for weight in params]
    own = copies(params)
    optimizer = make("FusedAdam", own)
    optimizer.load_state_dict(copy.deepcopy(bare.state_dict()))
    train(bare, params, range(5, 9))
    train(optimizer, own, range(5, 9))

    assert [9] * 5 == [optimizer.state[weight]["step"] for weight in own]
    assert all("step" not in group for group in optimizer.param_groups)
    assert all(torch.allclose(one, other, rtol=1e-5, atol=1e-7) for one, other in zip(params, own, strict=True))


@both
@pytest.mark.parametrize("fused", [True, False])
def test_a_run_goes_on_from_torch_to_deepspeed_and_back(name, fused, make, weights, train, assert_close):
    """States of torch's AdamW are taken, and torch's AdamW takes ours: the weights are those of torch alone."""
    expected, found = weights(torch.float32), weights(torch.float32)
    train(torch.optim.AdamW(expected, lr=1e-2, fused=fused), expected, range(30))
    first = torch.optim.AdamW(found, lr=1e-2, fused=fused)
    train(first, found, range(10))
    second = make(name, found, weight_decay=0.01)
    second.load_state_dict(first.state_dict())
    train(second, found, range(10, 20))
    third = torch.optim.AdamW(found, lr=1e-2, fused=fused)
    third.load_state_dict(second.state_dict())
    train(third, found, range(20, 30))

    assert_close(expected, found)


@both
def test_pickle_keeps_everything(name, make, weights, train):
    """A pickled optimizer has its options, state and groups, and trains."""
    params = weights(torch.float32)
    options = {"set_grad_none": False} if name == "FusedAdam" else {"fp32_optimizer_states": False}
    optimizer = make(name, params, adam_w_mode=False, weight_decay=0.1, **options)
    train(optimizer, params, range(2))
    twin, twins = pickle.loads(pickle.dumps((optimizer, params)))
    train(optimizer, params, range(2, 4))
    train(twin, twins, range(2, 4))

    assert type(optimizer) is type(twin)
    assert all(getattr(twin, option) is value for option, value in options.items())
    assert equal(params, twins)


@both
def test_a_recipes_state_goes_through_a_file(name, train, tmp_path):
    """What a recipe creates is saved and loaded with its schedule, and goes on with the same bits."""
    config = {"type": name, "config": {"lr": 1e-2}}
    recipe = registry.build({"optimizer": config, "scheduler": {"type": "linear", "config": {"num_warmup_steps": 3}}})

    def created():
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(7, 5), nn.Linear(5, 3).bfloat16())
        return list(network.parameters()), recipe.create(network, total_steps=20)

    params, run = created()
    train(run.optimizer, params, range(8), scheduler=run.scheduler)
    resumed, later = created()
    for weight, trained in zip(resumed, params, strict=True):
        weight.data = trained.detach().clone()
    later.load_state_dict(through_file(run.state_dict(), tmp_path))
    train(run.optimizer, params, range(8, 16), scheduler=run.scheduler)
    train(later.optimizer, resumed, range(8, 16), scheduler=later.scheduler)

    assert equal(params, resumed)
