"""Lookahead and SAM around other optimizers: configs in configs, groups, states, copies."""

from __future__ import annotations

import copy
import io
import pickle

import pytest
import torch
from networks import Net
from torch import nn

from optim_core import ConfigError, ParamGroupError, Registry

INNER = {
    "SGD": {"type": "SGD", "config": {"lr": 0.1, "momentum": 0.9}},
    "AdamW": {"type": "AdamW", "config": {"lr": 0.01, "weight_decay": 0.1}},
    "Muon": {"type": "Muon", "config": {"lr": 0.05, "adamw_lr": 0.01}},
    "fused": {"type": "Adam", "config": {"lr": 0.01, "fused": True}},
}
each_inner = pytest.mark.parametrize("inner", INNER)
each_wrapper = pytest.mark.parametrize("wrapper", ["Lookahead", "SAM"])


@pytest.fixture(scope="module")
def registry():
    return Registry()


def net():
    torch.manual_seed(0)
    return Net()


def around(wrapper, inner, **fields):
    """The config of `wrapper` around an optimizer."""
    k = {"k": 2} if wrapper == "Lookahead" else {}
    return {"type": wrapper, "config": {"optimizer": inner, **k, **fields}}


def closure_of(model, optimizer, step):
    """What computes the loss of one step and its gradients."""
    tokens = torch.arange(10).roll(step).view(2, 5)

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten())
        loss.backward()
        return loss

    return closure


def train(model, optimizer, steps):
    """Take these steps, with a closure, which every optimizer takes."""
    for step in steps:
        optimizer.step(closure_of(model, optimizer, step))
    return [parameter.detach().clone() for parameter in model.parameters()]


def same(one, other):
    return all(torch.equal(first, second) for first, second in zip(one, other, strict=True))


@each_wrapper
@each_inner
def test_groups_are_those_of_the_inner_optimizer(registry, wrapper, inner):
    """Rules, no_decay and multipliers of the inner config and of the call make the groups; the list is one."""
    rules = {} if inner == "Muon" else {"no_decay": ["bias"]}
    spec = registry.build(around(wrapper, {**INNER[inner], "param_groups": [{"match": "one.*", "lr": 0.2}], **rules}))
    model = net()
    optimizer = spec.create_optimizer(model, lr_multipliers={model.head: 3.0})
    alone = spec.inner.create_optimizer(model, lr_multipliers={model.head: 3.0})
    assert isinstance(optimizer, torch.optim.Optimizer)
    assert optimizer.param_groups is optimizer.optimizer.param_groups
    assert type(alone) is type(optimizer.optimizer)
    assert repr(alone.param_groups) == repr(optimizer.param_groups)


@each_wrapper
@each_inner
def test_a_run_goes_on_where_it_was_saved(registry, wrapper, inner):
    """Bit for bit, from a file that torch reads with `weights_only`; also between two pulls."""
    recipe = registry.build({"optimizer": around(wrapper, INNER[inner]), "scheduler": {"type": "cosine"}})
    model = net()
    run = recipe.create(model, total_steps=20)
    train(model, run.optimizer, range(3))
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "run": run.state_dict()}, file)
    wanted = train(model, run.optimizer, range(3, 8))

    file.seek(0)
    saved = torch.load(file, weights_only=True)
    later = net()
    later.load_state_dict(saved["model"])
    again = recipe.create(later, total_steps=20)
    again.load_state_dict(saved["run"])
    assert same(wanted, train(later, again.optimizer, range(3, 8)))


@each_wrapper
@each_inner
def test_a_copy_goes_on_by_itself(registry, wrapper, inner):
    """A deep copy and what is unpickled, with the model; the original is left alone."""
    model = net()
    optimizer = registry.build(around(wrapper, INNER[inner])).create_optimizer(model)
    train(model, optimizer, range(3))
    copied, unpickled = copy.deepcopy((model, optimizer)), pickle.loads(pickle.dumps((model, optimizer)))
    wanted = train(model, optimizer, range(3, 8))
    assert same(wanted, train(*copied, range(3, 8)))
    assert same(wanted, train(*unpickled, range(3, 8)))
    assert same(wanted, model.parameters())


@each_wrapper
def test_a_schedule_acts_on_the_inner_rates(registry, wrapper):
    """One of the optimizer's own, and ``lr_decay_gamma`` of the inner config."""
    config = around(wrapper, {**INNER["SGD"], "lr_decay_gamma": 0.5})
    run = registry.build({"optimizer": config}).create(net())
    train(net(), run.optimizer, [0])
    run.scheduler.step()
    assert [0.05] == [group["lr"] for group in run.optimizer.optimizer.param_groups]


@each_wrapper
def test_a_group_that_comes_later_is_trained(registry, wrapper):
    """It has the defaults of the inner optimizer."""
    model = net()
    optimizer = registry.build(around(wrapper, INNER["SGD"])).create_optimizer(list(model.one.parameters()))
    optimizer.add_param_group({"params": list(model.two.parameters())})
    before = model.two.weight.detach().clone()
    train(model, optimizer, range(3))
    assert 0.9 == optimizer.param_groups[1]["momentum"]
    assert not torch.equal(before, model.two.weight)


@each_wrapper
def test_hooks_are_called(registry, wrapper):
    """Those of steps and of states, with the wrapper itself; what a hook of a state gives counts."""
    model = net()
    optimizer = registry.build(around(wrapper, INNER["SGD"])).create_optimizer(model)
    seen = []
    optimizer.register_step_pre_hook(lambda own, *_: seen.append(("step", own)))
    optimizer.register_step_post_hook(lambda own, *_: seen.append(("stepped", own)))
    optimizer.register_state_dict_pre_hook(lambda own: seen.append(("save", own)))
    optimizer.register_state_dict_post_hook(lambda own, state: {**state, "more": 1})
    optimizer.register_load_state_dict_pre_hook(lambda own, state: seen.append(("load", state["more"])))
    optimizer.register_load_state_dict_post_hook(lambda own: seen.append(("loaded", own)))
    train(model, optimizer, [0])
    optimizer.load_state_dict(optimizer.state_dict())
    assert [
        ("step", optimizer),
        ("stepped", optimizer),
        ("save", optimizer),
        ("load", 1),
        ("loaded", optimizer),
    ] == seen


def test_one_may_be_around_another(registry):
    """Each of two Lookaheads keeps its own slow weights, also in a state; SAM is around both."""
    muon = INNER["Muon"]
    config = around("SAM", around("Lookahead", around("Lookahead", muon, k=3), k=4))
    spec = registry.build(config)
    assert "SAM(Lookahead(Lookahead(Muon)))" == spec.types
    assert ("closure",) == spec.config.needs
    model = net()
    optimizer = spec.create_optimizer(model)
    train(model, optimizer, range(5))
    state = copy.deepcopy(optimizer.state_dict())
    assert {"slow_weight", "slow_weight1"} < state["state"][0].keys()
    assert (5, 5) == tuple(state["param_groups"][0][key] for key in ("lookahead_step", "lookahead_step1"))
    later = copy.deepcopy(model)
    again = spec.create_optimizer(later)
    again.load_state_dict(state)
    assert same(train(model, optimizer, range(5, 13)), train(later, again, range(5, 13)))


def test_the_inner_optimizer_is_given_the_model(registry):
    """One that is made from the model can be inside, and says so where there is none."""
    spec = registry.build(around("Lookahead", {"type": "AdamMini", "config": {"lr": 0.01}}))
    model = net()
    optimizer = spec.create_optimizer(model)
    assert [name for name, _ in model.named_parameters()] == [group["name"] for group in optimizer.param_groups]
    with pytest.raises(ParamGroupError, match="AdamMini is made from the model"):
        spec.create_optimizer(model.parameters())


def test_modes_are_those_of_the_inner_optimizer(registry):
    """`train` and `eval` are there where the inner optimizer has them, and only there."""
    free = registry.build(around("Lookahead", {"type": "ScheduleFreeAdamW"})).create_optimizer(net())
    free.eval()
    assert [False] == [group["train_mode"] for group in free.param_groups]
    free.train()
    assert [True] == [group["train_mode"] for group in free.param_groups]
    plain = registry.build(around("Lookahead", INNER["SGD"])).create_optimizer(net())
    assert not hasattr(plain, "train")


@pytest.mark.parametrize(
    ("wrapper", "inner", "needs"),
    [
        ("Lookahead", "AdaHessian", ("create_graph",)),
        ("SAM", "ScheduleFreeAdamW", ("closure", "modes")),
        ("SAM", "SGD", ("closure",)),
    ],
)
def test_what_the_inner_optimizer_needs_the_wrapper_needs(registry, wrapper, inner, needs):
    """As its plugin class says or declares."""
    assert needs == registry.build(around(wrapper, {"type": inner, "config": {"lr": 0.1}})).config.needs


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            around("SAM", {"type": "LBFGS"}),
            "config.optimizer: cannot be LBFGS, which takes its gradients from a closure",
        ),
        (around("SAM", {"type": "AdaHessian"}), "cannot be AdaHessian, which differentiates gradients of weights"),
        (around("SAM", around("Lookahead", {"type": "LBFGS"})), "cannot be Lookahead, which takes its gradients"),
        (
            {**around("Lookahead", INNER["AdamW"]), "no_decay": ["bias"]},
            "no_decay: Lookahead has the parameter groups of the optimizer that it is around\n    move it into `config",
        ),
        (
            {"type": "SAM", "optimizer": INNER["AdamW"], "param_groups": [{"match": "*", "lr": 1}], "layer_decay": 0.5},
            "move it into `optimizer`, beside `type`",
        ),
        (
            {**around("Lookahead", {**INNER["SGD"], "lr_decay_gamma": 0.5}), "lr_decay_gamma": 0.5},
            "lr_decay_gamma: the optimizer's lr_decay_gamma is a schedule already",
        ),
        ({"type": "Lookahead"}, "optimizer: is required and missing\n    Lookahead needs an optimizer"),
        (around("Lookahead", INNER["SGD"], k=0), "config.k: must be ≥ 1"),
        (around("Lookahead", INNER["SGD"], alpha=1.5), r"config.alpha: must be in \(0, 1\]"),
        (around("SAM", INNER["SGD"], rho=0), "config.rho: must be > 0"),
        (around("SAM", {"type": "AdamW", "config": {"lrr": 1}}), "config.optimizer.config.lrr: unknown key\n.*`lr`"),
    ],
)
def test_a_wrong_config_is_refused_where_it_is_wrong(registry, config, message):
    """Before anything is built."""
    with pytest.raises(ConfigError, match=message):
        registry.build(config)


def test_an_inner_decay_and_a_schedule_collide(registry):
    """As those of a plain optimizer do."""
    decaying = around("Lookahead", {**INNER["SGD"], "lr_decay_gamma": 0.5})
    with pytest.raises(ConfigError, match="scheduler: the optimizer's lr_decay_gamma is a schedule already"):
        registry.build({"optimizer": decaying, "scheduler": {"type": "cosine"}})


def test_the_inner_config_is_set_by_its_path(registry):
    """Deep in wrappers too; what is resolved builds the same again."""
    config = {"optimizer": around("SAM", around("Lookahead", INNER["AdamW"]))}
    spec = registry.build(config, overrides=["optimizer.config.optimizer.config.optimizer.config.lr=0.5"]).optimizer
    assert 0.5 == spec.innermost.config.lr
    assert spec == registry.build(registry.to_config(spec))


def test_it_is_explained_as_the_inner_optimizer(registry):
    """The rates, decays and reasons are those of the groups that are made."""
    spec = registry.build(around("SAM", {**INNER["AdamW"], "no_decay": ["norm"]}))
    assert str(registry.explain(spec.inner, net())) == str(registry.explain(spec, net()))
    assert 0.0 == registry.explain(spec, net())["norm.weight"].weight_decay


def test_the_floor_of_a_schedule_is_held_to_the_inner_rate(registry):
    """As it is where there is no wrapper."""
    schedule = {"type": "cosine", "config": {"eta_min": 0.5}}
    with pytest.raises(ConfigError, match=r"must be ≤ the optimizer's lr, which is 0\.01, is 0\.5"):
        registry.build({"optimizer": around("SAM", INNER["AdamW"]), "scheduler": schedule})


def test_another_inner_optimizer_is_told_at_loading(registry):
    """A saved run says what was around what."""
    one = registry.build({"optimizer": around("Lookahead", INNER["AdamW"])}).create(net())
    other = registry.build({"optimizer": around("Lookahead", INNER["SGD"])}).create(net())
    with pytest.raises(Exception, match=r"Lookahead\(AdamW\).*Lookahead\(SGD\)"):
        other.load_state_dict(one.state_dict())
