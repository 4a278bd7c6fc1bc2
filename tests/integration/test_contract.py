"""The public contract, with real torch: specs and recipes become live objects that train, stop and go on."""

from __future__ import annotations

import copy

import attrs
import pytest
import torch
from torch import nn

from optim_core import (
    CheckpointMismatchError,
    HorizonError,
    OptimError,
    ParamGroupError,
    Registry,
    registry,
)

ADAMW = {"type": "AdamW", "config": {"lr": 1e-3}}
RECIPE = {
    "optimizer": {"type": "AdamW", "config": {"lr": 1e-2, "fused": "auto"}},
    "scheduler": {"type": "OneCycleLR", "config": {"max_lr": 0.1}},
    "gradient_clipping": {"max_norm": 1.0},
}


class Net(nn.Module):
    """A body of two layers and a head."""

    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.body = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8))
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.body(x))


def train(model, run, steps, *, seed=0):
    """`steps` steps on random data of its own; returns the rates that were used."""
    generator = torch.Generator().manual_seed(seed)
    rates = []
    for _ in range(steps):
        run.optimizer.zero_grad()
        loss = model(torch.randn(16, 4, generator=generator)).square().mean()
        loss.backward()
        if run.clipper is not None:
            run.clipper.clip(model.parameters())
        run.optimizer.step()
        rates.append([group["lr"] for group in run.optimizer.param_groups])
        if run.scheduler is not None:
            run.scheduler.step()
    return rates


def rates(optimizer):
    return [(group["lr"], group["param_names"]) for group in optimizer.param_groups]


# -- optimizers ------------------------------------------------------------------------------------------------------


def test_an_optimizer_spec_shows_its_type_and_config():
    """What was built can be read as plain attributes."""
    spec = registry.build(ADAMW)
    assert ("AdamW", 1e-3) == (spec.type, spec.config.lr)


def test_a_model_becomes_one_group_with_names():
    """Of a model every trainable parameter is taken, with its name."""
    optimizer = registry.build(ADAMW).create_optimizer(Net())
    assert isinstance(optimizer, torch.optim.AdamW)
    assert [(1e-3, [name for name, _ in Net().named_parameters()])] == rates(optimizer)


def test_frozen_parameters_are_left_out():
    """A parameter that takes no gradient is in no group."""
    net = Net()
    net.body.requires_grad_(False)
    assert [(1e-3, ["head.weight", "head.bias"])] == rates(registry.build(ADAMW).create_optimizer(net))


def test_tied_parameters_are_taken_once():
    """One tensor under two names is in one group, once."""
    net = Net()
    net.body[2].weight = nn.Parameter(torch.zeros(8, 8))
    net.extra = nn.Linear(8, 8)
    net.extra.weight = net.body[2].weight
    (group,) = registry.build(ADAMW).create_optimizer(net).param_groups
    assert len({id(p) for p in net.parameters()}) == len(group["params"])


@pytest.mark.parametrize(
    "parameters",
    [
        lambda net: net.parameters(),
        lambda net: list(net.parameters()),
        lambda net: net.named_parameters(),
        lambda net: [{"params": net.body.parameters()}, {"params": net.head.parameters(), "lr": 0.5}],
    ],
    ids=["generator", "list", "named", "groups"],
)
def test_every_iterable_that_torch_takes_is_taken(parameters):
    """Tensors, named tensors and group dicts arrive as they would at torch's constructor."""
    net = Net()
    ours = registry.build(ADAMW).create_optimizer(parameters(net))
    theirs = torch.optim.AdamW(parameters(net), lr=1e-3)
    shape = [(group["lr"], [id(p) for p in group["params"]], group.get("param_names")) for group in theirs.param_groups]
    assert shape == [
        (group["lr"], [id(p) for p in group["params"]], group.get("param_names")) for group in ours.param_groups
    ]


def test_multipliers_multiply_the_rate_of_a_modules_parameters():
    """A module's parameters get lr times its factor, the rest the base rate, in groups by first appearance."""
    net = Net()
    optimizer = registry.build(ADAMW).create_optimizer(net, lr_multipliers={net.head: 5.0})
    body = [f"body.{i}.{kind}" for i in (0, 2) for kind in ("weight", "bias")]
    assert [(1e-3, body), (5e-3, ["head.weight", "head.bias"])] == rates(optimizer)


def test_of_nested_modules_the_innermost_factor_wins():
    """A module inside another keeps its own factor, in whichever order they are given."""
    net = Net()
    spec = registry.build(ADAMW)
    for multipliers in ({net.body[0]: 3.0, net.body: 2.0}, {net.body: 2.0, net.body[0]: 3.0}):
        found = rates(spec.create_optimizer(net, lr_multipliers=multipliers))
        assert [3e-3, 2e-3, 1e-3] == [rate for rate, _ in found]
        assert ["body.0.weight", "body.0.bias"] == found[0][1]


def test_multipliers_apply_to_plain_parameters_too():
    """Modules are matched by their parameters, so an iterable works as a model does."""
    net = Net()
    optimizer = registry.build(ADAMW).create_optimizer(net.parameters(), lr_multipliers={net.head: 2.0})
    assert [1e-3, 2e-3] == [group["lr"] for group in optimizer.param_groups]


def test_a_multiplier_survives_the_schedule():
    """A head at 5 times the rate stays at 5 times the rate under a schedule that multiplies."""
    net = Net()
    recipe = registry.build({"optimizer": ADAMW, "scheduler": {"type": "CosineAnnealingLR", "config": {"T_max": 20}}})
    run = recipe.create(net, lr_multipliers={net.head: 5.0})
    for base, head in train(net, run, 20):
        assert 5.0 == pytest.approx(head / base, rel=1e-12)


def test_several_models_share_one_optimizer():
    """Names begin with the model's index, a whole model may have a factor, a shared parameter is taken once."""
    encoder, decoder = nn.Linear(2, 2), nn.Linear(2, 2)
    decoder.weight = encoder.weight
    optimizer = registry.build(ADAMW).create_optimizer_for_multiple([encoder, decoder])
    assert [(1e-3, ["0.weight", "0.bias", "1.bias"])] == rates(optimizer)
    apart = registry.build(ADAMW).create_optimizer_for_multiple([Net(), last := Net()], lr_multipliers={last: 2.0})
    assert [1e-3, 2e-3] == [group["lr"] for group in apart.param_groups]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda spec, net: spec.create_optimizer(nn.Tanh()), "Tanh has no parameter that requires a gradient"),
        (lambda spec, net: spec.create_optimizer([]), "there is no parameter: the iterable is empty"),
        (lambda spec, net: spec.create_optimizer(net.head.weight), "not Parameter"),
        (lambda spec, net: spec.create_optimizer("head"), "not str"),
        (lambda spec, net: spec.create_optimizer(None), "not NoneType"),
        (lambda spec, net: spec.create_optimizer_for_multiple([]), "an empty list has no parameter"),
        (lambda spec, net: spec.create_optimizer_for_multiple([net, 3]), "item 1 is not a model"),
        (lambda spec, net: spec.create_optimizer(net, lr_multipliers={Net(): 2.0}), "Net has no parameter among"),
        (lambda spec, net: spec.create_optimizer(net, lr_multipliers={net.body[1]: 2.0}), "Tanh has no parameter"),
        (lambda spec, net: spec.create_optimizer(net, lr_multipliers={"head": 2.0}), "'head' is not a module"),
        (lambda spec, net: spec.create_optimizer(net, lr_multipliers={net.head: 0}), "must be a number > 0, is 0"),
        (
            lambda spec, net: spec.create_optimizer(net, lr_multipliers={net.head: True}),
            "must be a number > 0, is True",
        ),
        (
            lambda spec, net: spec.create_optimizer([{"params": net.parameters()}], lr_multipliers={net.head: 2.0}),
            "not both",
        ),
    ],
)
def test_parameters_that_do_not_fit_are_refused_by_name(call, message):
    """No empty optimizer, no multiplier that means nothing: each is a ParamGroupError that names the thing."""
    with pytest.raises(ParamGroupError, match=message):
        call(registry.build(ADAMW), Net())


def test_two_modules_that_share_a_parameter_cannot_give_it_two_factors():
    """A tied parameter whose owners disagree is an error."""
    net = Net()
    other = nn.Linear(8, 2)
    other.weight = net.head.weight
    net.other = other
    with pytest.raises(ParamGroupError, match="share a parameter and give it two factors"):
        registry.build(ADAMW).create_optimizer(net, lr_multipliers={net.head: 2.0, other: 3.0})


def test_an_error_of_the_constructor_says_what_was_being_built():
    """What torch refuses at construction keeps its type and gains a note with the plugin's distribution."""
    groups = [{"params": [torch.zeros(2, requires_grad=True)]}, {"params": [torch.zeros(2, requires_grad=True)]}]
    with pytest.raises(ValueError, match="per-parameter options") as caught:
        registry.build({"type": "LBFGS"}).create_optimizer(groups)
    assert ["while building optimizer LBFGS (optim-torch-builtin 0.1.0)"] == caught.value.__notes__


# -- schedules -------------------------------------------------------------------------------------------------------


def test_lr_decay_gamma_makes_an_exponential_scheduler():
    """`create_scheduler` of an optimizer spec decays by gamma, or is None where no gamma is set."""
    spec = registry.build({**ADAMW, "lr_decay_gamma": 0.5})
    optimizer = spec.create_optimizer(Net())
    scheduler = spec.create_scheduler(optimizer)
    assert isinstance(scheduler, torch.optim.lr_scheduler.ExponentialLR)
    optimizer.step()
    scheduler.step()
    assert 5e-4 == optimizer.param_groups[0]["lr"]
    assert registry.build(ADAMW).create_scheduler(optimizer) is None


@pytest.mark.parametrize("last_step", [0, 1, 7])
def test_a_scheduler_continues_at_last_step(last_step):
    """`last_step=n` is where n steps lead, and goes on as the uninterrupted one does."""
    spec = registry.build({"type": "CosineAnnealingLR", "config": {"T_max": 10}})
    whole = registry.build(ADAMW).create_optimizer(Net())
    scheduler = spec.create_scheduler(whole)
    curve = []
    for _ in range(10):
        curve.append(whole.param_groups[0]["lr"])
        whole.step()
        scheduler.step()
    late = registry.build(ADAMW).create_optimizer(Net())
    resumed = spec.create_scheduler(late, last_step=last_step)
    for expected in curve[last_step:]:
        assert expected == late.param_groups[0]["lr"]
        late.step()
        resumed.step()


@pytest.mark.parametrize("last_step", [-1, 1.0, True])
def test_last_step_is_a_count(last_step):
    """Anything but a whole number of at least 0 is refused."""
    optimizer = registry.build(ADAMW).create_optimizer(Net())
    with pytest.raises(OptimError, match="last_step must be a whole number of at least 0"):
        registry.build({"type": "StepLR", "step_size": 3}).create_scheduler(optimizer, last_step=last_step)


def test_a_metric_schedule_cannot_be_continued_by_count():
    """ReduceLROnPlateau has no step to continue at, and says what to do instead."""
    optimizer = registry.build(ADAMW).create_optimizer(Net())
    with pytest.raises(OptimError, match="continue it by load_state_dict"):
        registry.build({"type": "plateau"}).create_scheduler(optimizer, last_step=3)


def test_monitor_is_on_the_spec():
    """The metric that a plateau schedule waits for can be read by a training loop."""
    assert "val_loss" == registry.build({"type": "plateau", "monitor": "val_loss"}).monitor
    assert registry.build({"type": "StepLR", "step_size": 3}).monitor is None


def test_a_schedule_without_a_length_takes_the_runs():
    """OneCycleLR without a length of its own ends after total_steps, and without either the error names it."""
    recipe = registry.build(RECIPE)
    run = recipe.create(Net(), total_steps=30)
    assert 30 == run.scheduler.total_steps
    with pytest.raises(HorizonError, match="OneCycleLR needs total_steps"):
        recipe.create(Net())


def test_a_schedule_per_epoch_takes_the_runs_epochs():
    """OneCycleLR that is stepped once an epoch is as long as the run has epochs."""
    recipe = registry.build({**RECIPE, "scheduler": {"type": "OneCycleLR", "max_lr": 0.1, "interval": "epoch"}})
    assert 10 == recipe.create(Net(), epochs=10, steps_per_epoch=5).scheduler.total_steps
    with pytest.raises(HorizonError, match="OneCycleLR needs epochs"):
        recipe.create(Net(), total_steps=50)


# -- recipes ---------------------------------------------------------------------------------------------------------


def test_a_run_unpacks_into_optimizer_and_scheduler():
    """`optimizer, scheduler = run`, and the clipper beside them."""
    run = registry.build(RECIPE).create(Net(), total_steps=10_000, steps_per_epoch=500)
    optimizer, scheduler = run
    assert run.optimizer is optimizer
    assert run.scheduler is scheduler
    assert 1.0 == registry.build(RECIPE).clipper.config.max_norm
    assert run.clipper is not None


def test_a_run_without_schedule_and_clipping_has_none():
    """What the recipe leaves out is None, not a stand-in."""
    run = registry.build({"optimizer": ADAMW}).create(Net())
    assert (None, None) == (run.scheduler, run.clipper)


GAN = {
    "optimizer_configs": {
        "generator": {"type": "AdamW", "config": {"lr": 1e-4, "weight_decay": 0.01}},
        "discriminator": {"type": "Adam", "config": {"lr": 2e-4, "betas": [0.5, 0.999]}},
    },
    "scheduler_configs": {"discriminator": {"type": "StepLR", "config": {"step_size": 50000, "gamma": 0.5}}},
}


def test_named_sets_create_all_of_their_objects():
    """Each name has its optimizer; a scheduler that one of the pair lacks does not take the other's away."""
    run = registry.build(GAN).create({"generator": Net(), "discriminator": Net()})
    assert isinstance(run.optimizers["generator"], torch.optim.AdamW)
    assert type(run.optimizers["discriminator"]) is torch.optim.Adam
    assert ["discriminator"] == list(run.schedulers)


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (lambda: Net(), "give a mapping of generator, discriminator to models"),
        (lambda: {"generator": Net()}, "no model for discriminator; the recipe's names are generator, discriminator"),
        (
            lambda: {"generator": Net(), "discriminator": Net(), "critic": Net()},
            "no optimizer for critic; the recipe's names",
        ),
    ],
)
def test_models_must_fit_the_names(models, message):
    """A missing or surplus model is named."""
    with pytest.raises(ParamGroupError, match=message):
        registry.build(GAN).create(models())


def test_a_set_of_one_takes_its_model_with_or_without_its_name():
    """Where there is one optimizer, the model may be given as it is; a mapping must have exactly its name."""
    for name in ("default", "critic"):
        recipe = registry.build({"optimizer_configs": {name: ADAMW}})
        assert [name] == list(recipe.create(Net()).optimizers) == list(recipe.create({name: Net()}).optimizers)
        with pytest.raises(ParamGroupError, match=f"no model for {name} and no optimizer for other"):
            recipe.create({"other": Net()})


def test_multipliers_of_a_named_set_reach_their_model():
    """A module of one of several models changes that model's optimizer only; a stranger is refused."""
    models = {"generator": Net(), "discriminator": Net()}
    run = registry.build(GAN).create(models, lr_multipliers={models["generator"].head: 3.0})
    assert ([1e-4, pytest.approx(3e-4)], [2e-4]) == tuple(
        [group["lr"] for group in run.optimizers[name].param_groups] for name in models
    )
    with pytest.raises(ParamGroupError, match="Net is not part of generator or discriminator"):
        registry.build(GAN).create(models, lr_multipliers={Net(): 3.0})


def test_a_module_dict_names_models_too():
    """torch.nn.ModuleDict maps names to models as a dict does."""
    run = registry.build(GAN).create(nn.ModuleDict({"generator": Net(), "discriminator": Net()}))
    assert ["generator", "discriminator"] == list(run.optimizers)


def test_numbers_of_numpy_are_numbers(tmp_path):
    """Lengths and factors may be numpy's, and do not end up in the state."""
    numpy = pytest.importorskip("numpy")
    net = Net()
    run = registry.build(RECIPE).create(net, total_steps=numpy.int64(9), lr_multipliers={net.head: numpy.float32(2)})
    assert 9 == run.scheduler.total_steps
    groups = saved(run, tmp_path)["optimizers"]["default"]["state"]["param_groups"]
    assert [1.0, 2.0] == [group["lr_multiplier"] for group in groups]


def test_one_of_several_is_asked_for_by_name():
    """`.optimizer` of a run of several says which there are."""
    run = registry.build(GAN).create({"generator": Net(), "discriminator": Net()})
    with pytest.raises(OptimError, match=r"there are several optimizers: generator, discriminator"):
        run.optimizer  # noqa: B018 - the property raises
    with pytest.raises(OptimError, match="there are several optimizers"):
        registry.build(GAN).scheduler  # noqa: B018 - the property raises


# -- state -----------------------------------------------------------------------------------------------------------


def saved(run, folder):
    path = folder / "state.pt"
    torch.save(run.state_dict(), path)
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize(
    "recipe",
    [
        RECIPE,
        {"optimizer": {"type": "SGD", "config": {"lr": 0.1, "momentum": 0.9}, "lr_decay_gamma": 0.9}},
        {"optimizer": ADAMW, "scheduler": {"type": "LambdaLR", "lr_lambda": "0.9 ** step"}},
        {
            "optimizer": ADAMW,
            "scheduler": {
                "type": "SequentialLR",
                "schedulers": [{"type": "LinearLR"}, {"type": "CosineAnnealingLR", "T_max": 9}],
                "milestones": [5],
            },
        },
        {"optimizer": ADAMW, "scheduler": {"type": "MultiStepLR", "milestones": [3, 9]}},
    ],
)
def test_a_run_that_is_saved_and_loaded_continues_exactly(recipe, tmp_path):
    """Stopped at any point, saved to a file and loaded with weights_only, training goes on bit for bit."""
    whole, part = Net(), Net()
    built = registry.build(recipe)
    uninterrupted = built.create(whole, total_steps=20)
    train(whole, uninterrupted, 8)
    expected = train(whole, uninterrupted, 8, seed=1)

    first = built.create(part, total_steps=20)
    train(part, first, 8)
    state = saved(first, tmp_path)
    resumed = built.create(part, total_steps=20)
    resumed.load_state_dict(state)
    assert expected == train(part, resumed, 8, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), part.parameters(), strict=True))


def test_loading_copies_the_state():
    """Training on after loading does not change the state that was loaded."""
    net = Net()
    run = registry.build(RECIPE).create(net, total_steps=20)
    train(net, run, 2)
    state = copy.deepcopy(run.state_dict())
    before = copy.deepcopy(state)
    run.load_state_dict(state)
    train(net, run, 2)
    moments = [entry["exp_avg"] for entry in state["optimizers"]["default"]["state"]["state"].values()]
    kept = [entry["exp_avg"] for entry in before["optimizers"]["default"]["state"]["state"].values()]
    assert all(torch.equal(a, b) for a, b in zip(kept, moments, strict=True))


class Renamed(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = Net().body
        self.head = nn.Linear(8, 3)


def sequence(*types):
    """A recipe with schedules of these types, one after another."""
    configs = {"LinearLR": {}, "StepLR": {"step_size": 3}, "ExponentialLR": {"gamma": 0.9}}
    schedulers = [{"type": name, "config": configs[name]} for name in types]
    milestones = [5 * place for place in range(1, len(types))]
    return {**RECIPE, "scheduler": {"type": "SequentialLR", "schedulers": schedulers, "milestones": milestones}}


@pytest.mark.parametrize("other", [("LinearLR",), ("LinearLR", "ExponentialLR"), ("LinearLR", "StepLR", "StepLR")])
def test_schedules_within_a_schedule_must_fit_too(other):
    """A sequence of other parts is another schedule, and nothing of its state is loaded."""
    net = Net()
    run = registry.build(sequence("LinearLR", "StepLR")).create(net)
    train(net, run, 2)
    target = registry.build(sequence(*other)).create(Net())
    with pytest.raises(CheckpointMismatchError, match=r"saved one is SequentialLR\(LinearLR, StepLR\), this one"):
        target.load_state_dict(run.state_dict())
    assert {} == target.optimizer.state_dict()["state"]


def test_a_type_written_with_its_distribution_is_the_same_type():
    """Whether a config says `AdamW` or `optim-torch-builtin:AdamW` makes no difference to its state."""
    net = Net()
    recipe = registry.build(RECIPE)
    run = recipe.create(net, total_steps=20)
    train(net, run, 2)
    qualified = attrs.evolve(
        recipe, optimizers={"default": attrs.evolve(recipe.optimizer, type="optim-torch-builtin:AdamW")}
    )
    resumed = qualified.create(Net(), total_steps=20)
    resumed.load_state_dict(run.state_dict())
    assert run.optimizer.state_dict()["state"].keys() == resumed.optimizer.state_dict()["state"].keys()


@pytest.mark.parametrize(
    ("config", "model", "messages"),
    [
        (
            {**RECIPE, "optimizer": {"type": "Adam", "config": {"lr": 1e-2}}},
            Net,
            ["optimizers.default: the saved one is AdamW, this one is Adam"],
        ),
        (
            {**RECIPE, "scheduler": {"type": "StepLR", "step_size": 3}},
            Net,
            ["schedulers.default: the saved one is OneCycleLR, this one is StepLR"],
        ),
        ({**RECIPE, "scheduler": None}, Net, ["the saved state has `default`, which the recipe does not have"]),
        (
            RECIPE,
            Renamed,
            [
                "not in the saved state: trunk.0.weight, trunk.0.bias",
                "only in the saved state: body.0.weight, body.0.bias",
                r"head.weight had the shape \[2, 8\] and has \[3, 8\]",
            ],
        ),
        (
            {"optimizer_configs": {"g": RECIPE["optimizer"]}},
            lambda: {"g": Net()},
            ["`g` is not in the saved state, which has default", "the saved state has `default`"],
        ),
    ],
)
def test_a_state_that_does_not_fit_says_what_differs(config, model, messages):
    """Another type, other names, shapes or parts: each is named before anything is loaded."""
    net = Net()
    run = registry.build(RECIPE).create(net, total_steps=20)
    train(net, run, 2)
    other = registry.build(config).create(model(), total_steps=20)
    for message in messages:
        with pytest.raises(CheckpointMismatchError, match=message):
            other.load_state_dict(run.state_dict())


def test_parameters_in_another_order_get_their_own_state():
    """A state is loaded by name."""
    net, other = Net(), Net()
    run = registry.build(RECIPE).create(net, total_steps=20)
    train(net, run, 2)
    pairs = [*reversed(list(other.named_parameters()))]
    later = registry.build(RECIPE).create(pairs, total_steps=20)
    later.load_state_dict(run.state_dict())
    before = {name: run.optimizer.state[parameter]["exp_avg"] for name, parameter in net.named_parameters()}
    after = {name: later.optimizer.state[parameter]["exp_avg"] for name, parameter in pairs}
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(
    "broken",
    [
        lambda state: {},
        lambda state: [],
        lambda state: {**state, "format": 3},
        lambda state: {**state, "lengths": None},
        lambda state: {**state, "recipe": 3},
        lambda state: {**state, "counters": {}},
        lambda state: {**state, "optimizers": {"default": {**state["optimizers"]["default"], "start": []}}},
        lambda state: {"format": 1},
        lambda state: {**state, "optimizers": {"default": 3}},
        lambda state: {**state, "optimizers": {"default": {**state["optimizers"]["default"], "parameters": 3}}},
        lambda state: {**state, "optimizers": {"default": {**state["optimizers"]["default"], "state": {}}}},
        lambda state: {**state, "schedulers": {"default": {**state["schedulers"]["default"], "state": {}}}},
    ],
)
def test_what_is_no_state_is_refused(broken):
    """Something else in the place of a state, or of a part of it, is a CheckpointMismatchError."""
    run = registry.build(RECIPE).create(Net(), total_steps=20)
    state = broken(run.state_dict())
    with pytest.raises(CheckpointMismatchError, match="the saved state does not fit"):
        run.load_state_dict(state)


def test_a_file_that_holds_the_state_is_told_where_it_is():
    """Who loads the whole of what was saved reads under which key the state of the run is."""
    run = registry.build(RECIPE).create(Net(), total_steps=20)
    with pytest.raises(CheckpointMismatchError, match=r"gave; that is in it, below the key `run`\n"):
        run.load_state_dict({"epoch": 3, "model": {}, "run": run.state_dict()})


# -- catalogs --------------------------------------------------------------------------------------------------------


def test_catalogs_answer_by_name():
    """`in`, listing and indexing work on names in any spelling."""
    assert "adamw" in registry.optimizers
    assert "AdamW" in list(registry.optimizers)
    assert "AdamW" == registry.optimizers["adam-w"].__name__
    assert {"norm", "value", "adaptive"} == set(registry.clippers)
    distributions = {record.distribution for record in registry.schedulers.plugins()}
    assert {"optim-schedules", "optim-torch-builtin"} == distributions


def test_a_registry_of_its_own_can_block():
    """A Registry takes allow, block and prefer."""
    assert "AdamW" not in Registry(block=["AdamW"]).optimizers
    assert ["AdamW"] == list(Registry(allow=["optim-torch-builtin:AdamW"]).optimizers)
