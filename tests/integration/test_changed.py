"""A run that is continued with another config, length or version: what is told, and what each answer to it gives."""

from __future__ import annotations

import copy
import io

import attrs
import pytest
import torch
from torch import nn

from optim_core import CheckpointMismatchError, CheckpointWarning, OptimError, registry

BEFORE, AFTER = 4, 4


def new_model(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 5), nn.LayerNorm(5), nn.Linear(5, 2))


def config(optimizer="AdamW", scheduler=None, **fields):
    # Prodigy's is a multiple of the rate that it estimates.
    rate = 1.0 if optimizer == "Prodigy" else 0.01
    given = {"optimizer": {"type": optimizer, "config": {"lr": rate, **fields}}}
    return given | ({} if scheduler is None else {"scheduler": scheduler})


def train(run, model, steps):
    """Train; return the rate of each step."""
    rates = []
    for number in range(steps):
        batch = torch.randn(3, 4, generator=torch.Generator().manual_seed(number))
        rates.append(run.step(lambda batch=batch: (model(batch) - 1).square().sum(), metric=1.0).lr)
        run.end_epoch(1.0)
    return [float(rate) for rate in rates]


def saved(given, steps=BEFORE, **lengths):
    """A run that was trained, its state as a file would hold it, and its weights."""
    model = new_model()
    run = registry.recipe(given).create(model, **{"total_steps": 10, **lengths})
    train(run, model, steps)
    file = io.BytesIO()
    torch.save(run.state_dict(), file)
    file.seek(0)
    return torch.load(file, weights_only=True), copy.deepcopy(model.state_dict())


def continued(given, state, weights, changed="error", **lengths):
    model = new_model(1)
    model.load_state_dict(weights)
    run = registry.recipe(given).create(model, **{"total_steps": 10, **lengths})
    run.load_state_dict(state, changed=changed)
    return run, model


COSINE = {"type": "cosine", "config": {"num_warmup_steps": 2}}
SCHEDULES = {
    "none": None,
    "closed form": COSINE,
    "torch's": {"type": "StepLR", "config": {"step_size": 2, "gamma": 0.5}, "interval": "step"},
    "by epochs": {"type": "ExponentialLR", "config": {"gamma": 0.9}},
    "around another": {"type": "warmup", "config": {"num_warmup_steps": 2, "scheduler": {"type": "linear"}}},
    "with momentum": {"type": "OneCycleLR", "config": {"max_lr": 0.05}, "interval": "step"},
}


@pytest.mark.parametrize("scheduler", SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("optimizer", ["AdamW", "Muon", "ScheduleFreeAdamW", "Prodigy"])
def test_a_run_that_is_what_it_was_goes_on_bit_for_bit(optimizer, scheduler):
    """Nothing is told, and the continued run is the uninterrupted one."""
    given = config(optimizer, scheduler)
    state, weights = saved(given)
    run, model = continued(given, state, weights)
    train(run, model, AFTER)
    whole = new_model()
    uninterrupted = registry.recipe(given).create(whole, total_steps=10)
    train(uninterrupted, whole, BEFORE)
    train(uninterrupted, whole, AFTER)
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), model.parameters(), strict=True))
    assert run.state_dict()["counters"] == uninterrupted.state_dict()["counters"]


def test_every_difference_is_told_with_both_values():
    """The message has a line for each value, and the ways to go on."""
    state, _ = saved(config(scheduler={"type": "cosine", "config": {"num_warmup_steps": 2, "eta_min": 1e-4}}))
    other = config(scheduler={"type": "cosine", "config": {"num_warmup_steps": 3}}, weight_decay=0.3)
    other["optimizer"]["config"]["lr"] = 0.02
    other["optimizer"]["no_decay"] = ["bias"]
    other["gradient_clipping"] = {"max_norm": 2.0}
    model = new_model()
    run = registry.recipe(other).create(model, total_steps=20)
    before = copy.deepcopy(run.state_dict())
    # The groups are others too, which is told before any number is.
    with pytest.raises(CheckpointMismatchError, match="divided into other groups"):
        run.load_state_dict(state)
    del other["optimizer"]["no_decay"]
    run = registry.recipe(other).create(new_model(), total_steps=20)
    before = copy.deepcopy(run.state_dict())
    with pytest.raises(CheckpointMismatchError) as told:
        run.load_state_dict(state)
    lines = [line.strip() for line in str(told.value).splitlines()]
    assert "optimizer.config.lr: saved 0.01, now 0.02" in lines
    assert "optimizer.config.weight_decay: saved 0.01, now 0.3" in lines
    assert "scheduler.config.num_warmup_steps: saved 2, now 3" in lines
    assert "scheduler.config.eta_min: saved 0.0001, now 0.0" in lines
    assert "total_steps: saved 10, now 20" in lines
    assert any(line.startswith("gradient_clipping: saved nothing, now") for line in lines)
    assert 'changed="saved"' in lines[-1]
    assert 'changed="config"' in lines[-1]
    assert str(before) == str(run.state_dict())


@pytest.mark.parametrize("scheduler", SCHEDULES.values(), ids=SCHEDULES)
def test_saved_goes_on_as_it_was(scheduler):
    """With "saved" the run is the uninterrupted one, whatever this config and length say."""
    given = config(scheduler=scheduler, weight_decay=0.1)
    state, weights = saved(given)
    other = config(scheduler=with_other_numbers(scheduler), weight_decay=0.5)
    other["optimizer"]["config"]["lr"] = 0.5
    run, model = continued(other, state, weights, "saved", total_steps=40)
    rates = train(run, model, AFTER)
    whole = new_model()
    uninterrupted = registry.recipe(given).create(whole, total_steps=10)
    expected = train(uninterrupted, whole, BEFORE + AFTER)[BEFORE:]
    assert expected == rates
    again = run.state_dict()
    assert again["recipe"] == state["recipe"]
    assert again["lengths"] == state["lengths"]
    assert run.recipe == registry.recipe(given)


def with_other_numbers(scheduler):
    if scheduler is None:
        return None
    changed = {
        "cosine": {"num_warmup_steps": 3},
        "StepLR": {"step_size": 3, "gamma": 0.25},
        "ExponentialLR": {"gamma": 0.5},
        "warmup": {"num_warmup_steps": 3, "scheduler": {"type": "linear"}},
        "OneCycleLR": {"max_lr": 0.5},
    }
    return {**scheduler, "config": changed[scheduler["type"]]}


@pytest.mark.parametrize("scheduler", SCHEDULES.values(), ids=SCHEDULES)
def test_config_takes_all_numbers_of_this_config_and_the_step_stays(scheduler):
    """With "config" the rates are those that this config would have had from the start, from the step on."""
    state, weights = saved(config(scheduler=scheduler, weight_decay=0.1))
    other = config(scheduler=with_other_numbers(scheduler), weight_decay=0.5)
    other["optimizer"]["config"]["lr"] = 0.02
    run, model = continued(other, state, weights, "config", total_steps=40)
    assert [0.5] == [group["weight_decay"] for group in run.optimizer.param_groups]
    moments = state["optimizers"]["default"]["state"]["state"][0]["exp_avg"]
    assert torch.equal(moments, run.optimizer.state_dict()["state"][0]["exp_avg"])
    rates = train(run, model, AFTER)
    fresh = new_model()
    from_the_start = registry.recipe(other).create(fresh, total_steps=40)
    assert train(from_the_start, fresh, BEFORE + AFTER)[BEFORE:] == pytest.approx(rates, rel=1e-12)
    assert run.state_dict()["recipe"] == registry.to_config(registry.recipe(other))
    assert run.state_dict()["counters"]["steps"] == {"default": BEFORE + AFTER}


def test_a_part_of_this_config_is_taken_by_its_paths_and_the_rest_is_told():
    """The paths that are listed have this config's values, and the others stay, with a warning that lists them."""
    state, weights = saved(config(scheduler=COSINE, weight_decay=0.1))
    other = config(scheduler={"type": "cosine", "config": {"num_warmup_steps": 3}}, weight_decay=0.5)
    with pytest.warns(
        CheckpointWarning, match=r"stay as they were saved:\n.*num_warmup_steps: saved 2, now 3\n.*total"
    ):
        run, model = continued(other, state, weights, ["optimizer.config.weight_decay"], total_steps=40)
    assert [0.5] == [group["weight_decay"] for group in run.optimizer.param_groups]
    expected = saved_rates(config(scheduler=COSINE), BEFORE + AFTER)[BEFORE:]
    assert expected == train(run, model, AFTER)
    assert run.recipe.scheduler.config.num_warmup_steps.amount == 2


def saved_rates(given, steps):
    model = new_model()
    return train(registry.recipe(given).create(model, total_steps=10), model, steps)


def test_a_path_may_stand_above_what_differs():
    """`scheduler` means all that is below it, and a length goes by its name."""
    state, weights = saved(config(scheduler=COSINE))
    other = config(scheduler={"type": "cosine", "config": {"num_warmup_steps": 3}})
    run, model = continued(other, state, weights, ["scheduler", "total_steps"], total_steps=40)
    fresh = new_model()
    expected = train(registry.recipe(other).create(fresh, total_steps=40), fresh, BEFORE + AFTER)[BEFORE:]
    assert expected == pytest.approx(train(run, model, AFTER), rel=1e-12)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (["optimizer.config.weight_deca"], "did you mean `optimizer.config.weight_decay`"),
        (["optimizer.config.betas"], "is the same in both runs"),
        ("both", '"error", "saved", "config" or a list of paths'),
        ([3], '"error", "saved", "config" or a list of paths'),
    ],
)
def test_what_changed_cannot_mean_is_told(changed, says):
    """A word or a path that means nothing is an OptimError, and nothing has been loaded."""
    state, weights = saved(config())
    with pytest.raises(OptimError, match=says):
        continued(config(weight_decay=0.5), state, weights, changed)


OURS = ("optim-torch-builtin", "optim-muon")
OPTIMIZERS = {record.name for record in registry.optimizers.plugins() if record.distribution in OURS}
NEEDED = {"Lookahead": {"optimizer": {"type": "SGD", "config": {"lr": 0.05, "momentum": 0.9}}}}
NEEDED |= {"SAM": NEEDED["Lookahead"], "LBFGS": {"line_search_fn": "strong_wolfe"}}


def with_other_values(given):
    """A config in which as many numbers as can be are others."""
    found = copy.deepcopy(given)
    for field in given["optimizer"]["config"]:
        value = found["optimizer"]["config"].get(field)
        others = {float: lambda number: number * 0.5, int: lambda number: number + 1}.get(type(value))
        if others is not None:
            changed = copy.deepcopy(found)
            changed["optimizer"]["config"][field] = others(value)
            try:
                registry.recipe(changed).create(new_plain_model())
            except (OptimError, ValueError):
                continue
            found = changed
    return found


def new_plain_model(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 5, bias=False), nn.Linear(5, 2, bias=False))


@pytest.mark.parametrize("name", sorted(OPTIMIZERS - {"SparseAdam"}))
def test_saved_goes_on_as_it_was_whatever_number_of_the_optimizer_is_another(name):
    """Also what an optimizer keeps beside the options of its groups is what it was when the run was saved."""
    given = registry.to_config(registry.recipe({"optimizer": {"type": name, "config": NEEDED.get(name, {})}}))
    other = with_other_values(given)
    assert given != other
    one, two = new_plain_model(), new_plain_model()
    first = registry.recipe(given).create(one)
    train(first, one, BEFORE)
    state = copy.deepcopy(first.state_dict())
    two.load_state_dict(one.state_dict())
    second = registry.recipe(other).create(two)
    second.load_state_dict(state, changed="saved")
    train(first, one, AFTER)
    train(second, two, AFTER)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert second.recipe == first.recipe


def test_parameters_that_can_be_gone_through_once_are_kept():
    """A run of `model.parameters()` goes on as it was, too."""
    model = new_model()
    recipe = registry.recipe({"type": "SAM", "config": {"rho": 0.5, "optimizer": {"type": "SGD"}}})
    run = recipe.create(model.named_parameters())
    train(run, model, 2)
    later = registry.recipe({"type": "SAM", "config": {"optimizer": {"type": "SGD"}}}).create(
        new_model().named_parameters()
    )
    later.load_state_dict(run.state_dict(), changed="saved")
    assert later.optimizer.rho == 0.5


def test_lengths_do_not_matter_without_a_schedule():
    """A run without a schedule may go on for longer without a word."""
    state, weights = saved(config())
    run, _ = continued(config(), state, weights, total_steps=99)
    assert run.horizon.total_steps == 99
    assert run.state_dict()["counters"] == state["counters"]


PLATEAU = {"type": "ReduceLROnPlateau", "config": {"patience": 1, "factor": 0.5}}


def test_a_plateau_keeps_what_it_has_seen_and_takes_the_numbers_of_this_config():
    """What the metric did to the rate stays; the factor and the patience are this config's, and the base scales."""
    state, weights = saved(config(scheduler=PLATEAU))
    assert state["schedulers"]["default"]["state"]["num_bad_epochs"] == 1
    assert state["optimizers"]["default"]["state"]["param_groups"][0]["lr"] == 0.005
    other = config(scheduler={**PLATEAU, "config": {"patience": 0, "factor": 0.1}})
    other["optimizer"]["config"]["lr"] = 0.02
    run, _ = continued(other, state, weights, "config")
    assert run.optimizer.param_groups[0]["lr"] == 0.01
    assert (run.scheduler.patience, run.scheduler.factor, run.scheduler.num_bad_epochs) == (0, 0.1, 1)
    assert run.scheduler.best == 1.0
    run.end_epoch(2.0)
    assert run.optimizer.param_groups[0]["lr"] == pytest.approx(0.001)


def test_a_plateau_goes_on_with_its_saved_numbers():
    """With "saved" the factor is the saved one."""
    state, weights = saved(config(scheduler=PLATEAU))
    other = config(scheduler={**PLATEAU, "config": {"patience": 3, "factor": 0.1}})
    run, _ = continued(other, state, weights, "saved")
    assert (run.scheduler.patience, run.scheduler.factor) == (1, 0.5)
    run.end_epoch(2.0)
    assert run.optimizer.param_groups[0]["lr"] == 0.0025


def test_what_an_optimizer_counts_in_its_groups_is_not_lost():
    """Prodigy's estimate stands among the options of its groups, and stays where another option changes."""
    given = config("Prodigy", weight_decay=0.1)
    given["optimizer"]["config"]["lr"] = 1.0
    state, weights = saved(given)
    estimate = state["optimizers"]["default"]["state"]["param_groups"][0]["d"]
    assert estimate != state["optimizers"]["default"]["start"][0]["d"]
    other = copy.deepcopy(given)
    other["optimizer"]["config"]["weight_decay"] = 0.5
    run, _ = continued(other, state, weights, "config")
    assert run.optimizer.param_groups[0]["d"] == estimate
    assert run.optimizer.param_groups[0]["weight_decay"] == 0.5


ON = [
    ("AdamW", {"amsgrad": True}, "max_exp_avg_sq"),
    ("AdamW", {"amsgrad": True, "fused": True}, "max_exp_avg_sq"),
    ("Adam", {"amsgrad": True, "foreach": True}, "max_exp_avg_sq"),
    ("RMSprop", {"centered": True}, "grad_avg"),
    ("RMSprop", {"momentum": 0.9}, "momentum_buffer"),
]


@pytest.mark.parametrize(("optimizer", "options", "key"), ON, ids=str)
@pytest.mark.parametrize("changed", ["config", "paths"])
def test_state_that_an_option_needs_and_that_was_not_saved_begins_anew(optimizer, options, key, changed):
    """The run goes on as torch's optimizer does, of which this part of the state is 0, and the rest what was saved."""
    state, weights = saved(config(optimizer))
    other = config(optimizer, **options)
    paths = [f"optimizer.config.{name}" for name in options]
    run, model = continued(other, state, weights, paths if changed == "paths" else "config")

    expected = new_model(1)
    expected.load_state_dict(weights)
    by_hand = getattr(torch.optim, optimizer)(expected.parameters(), lr=0.01, **options)
    then = copy.deepcopy(by_hand.state_dict() | {"state": state["optimizers"]["default"]["state"]["state"]})
    for entry in then["state"].values():
        entry[key] = torch.zeros_like(entry.get("exp_avg", entry.get("square_avg")))
    decay = state["optimizers"]["default"]["state"]["param_groups"][0]["weight_decay"]
    by_hand.load_state_dict(then)
    by_hand.param_groups[0]["weight_decay"] = decay
    train(run, model, AFTER)
    for number in range(AFTER):
        batch = torch.randn(3, 4, generator=torch.Generator().manual_seed(number))
        (expected(batch) - 1).square().sum().backward()
        by_hand.step()
        by_hand.zero_grad()
    assert all(map(torch.equal, expected.parameters(), model.parameters()))


def test_state_that_does_not_begin_with_one_number_is_refused():
    """EmoNavi's shadow is a copy of the weights; what was there stays as it was."""
    state, weights = saved(config("EmoNavi"))
    model = new_model(1)
    model.load_state_dict(weights)
    run = registry.recipe(config("EmoNavi", use_shadow=True)).create(model, total_steps=10)
    with pytest.raises(CheckpointMismatchError, match="needs shadow, which the saved run did not keep"):
        run.load_state_dict(state, changed="config")
    assert not run.optimizer.state


@pytest.mark.parametrize("changed", ["error", "saved", "config"])
def test_another_type_is_refused_in_any_case(changed):
    """Neither an optimizer nor a schedule, nor one inside another, can go on as another."""
    state, weights = saved(config(scheduler=SCHEDULES["around another"]))
    with pytest.raises(CheckpointMismatchError, match="the saved one is AdamW, this one is RAdam"):
        continued(config("RAdam", SCHEDULES["around another"]), state, weights, changed)
    nested = {"type": "warmup", "config": {"num_warmup_steps": 2, "scheduler": {"type": "cosine"}}}
    with pytest.raises(CheckpointMismatchError, match=r"warmup\(linear\), this one is warmup\(cosine\)"):
        continued(config(scheduler=nested), state, weights, changed)


def test_clipping_has_no_state_and_may_change():
    """With "config" a run goes on with other clipping, or with none."""
    given = {**config(), "gradient_clipping": {"type": "norm", "max_norm": 1.0}}
    state, weights = saved(given)
    run, _ = continued(
        {**config(), "gradient_clipping": {"type": "value", "clip_value": 0.5}}, state, weights, "config"
    )
    assert run.recipe.clipper.type == "value"
    assert run["default"].clipper is run.clipper
    run, _ = continued(config(), state, weights, "saved")
    assert run.clipper.max_norm == 1.0
    assert run["default"].clipper is run.clipper


def test_multipliers_from_python_are_compared():
    """What `lr_multipliers` gives is no part of the config, and told all the same."""
    model = new_model()
    recipe = registry.recipe(config())
    run = recipe.create(model, lr_multipliers={model[2]: 5.0})
    train(run, model, 1)
    other = new_model()
    later = recipe.create(other, lr_multipliers={other[2]: 2.0})
    state = run.state_dict()
    with pytest.raises(CheckpointMismatchError, match=r"lr_multipliers\.default: saved a list .*, now a list"):
        later.load_state_dict(state)
    later.load_state_dict(state, changed="config")
    assert [0.01, 0.02] == [group["lr"] for group in later.optimizer.param_groups]
    other = new_model()
    later = recipe.create(other, lr_multipliers={other[2]: 2.0})
    later.load_state_dict(state, changed="saved")
    assert [0.01, 0.05] == [group["lr"] for group in later.optimizer.param_groups]


@pytest.mark.parametrize("changed", ["saved", "config"])
def test_each_of_several_optimizers_goes_on_by_itself(changed):
    """A value of one name changes that optimizer, and its path says which."""
    part = {"optimizer": {"type": "AdamW", "config": {"lr": 0.01}}, "scheduler": COSINE}
    given = {"optimizer_configs": {"a": part, "b": copy.deepcopy(part)}}
    models = {"a": nn.Linear(2, 2), "b": nn.Linear(2, 2)}
    run = registry.recipe(given).create(models, total_steps=10)
    for _ in range(3):
        for name, model in models.items():
            run[name].step(model(torch.ones(1, 2)).sum())
    other = copy.deepcopy(given)
    other["optimizer_configs"]["b"]["optimizer"]["config"]["lr"] = 0.02
    later = registry.recipe(other).create({"a": nn.Linear(2, 2), "b": nn.Linear(2, 2)}, total_steps=10)
    state = run.state_dict()
    with pytest.raises(CheckpointMismatchError, match=r"optimizer_configs\.b\.optimizer\.config\.lr: saved 0.01, now"):
        later.load_state_dict(state)
    later.load_state_dict(state, changed=changed)
    rates = {name: run.optimizers[name].param_groups[0]["lr"] for name in models}
    assert later.optimizers["a"].param_groups[0]["lr"] == rates["a"]
    factor = {"saved": 1.0, "config": 2.0}[changed]
    assert later.optimizers["b"].param_groups[0]["lr"] == pytest.approx(factor * rates["b"])


def test_another_version_is_told_and_another_major_version_refused():
    """The distribution whose plugin made the state is named with both versions."""
    given = config(scheduler=COSINE)
    state, weights = saved(given)
    assert {"optim-torch-builtin", "optim-schedules"} == state["distributions"].keys()
    older = {**state, "distributions": {**state["distributions"], "optim-schedules": "0.0.1"}}
    with pytest.warns(CheckpointWarning, match="optim-schedules was 0.0.1 and is"):
        continued(given, older, weights)
    newer = {**state, "distributions": {**state["distributions"], "optim-schedules": "7.2"}}
    for changed in ("error", "saved", "config"):
        with pytest.raises(
            CheckpointMismatchError, match=r"(?s)another major version.*pip install optim-schedules==7.2"
        ):
            continued(given, newer, weights, changed)


def test_a_recipe_that_no_registry_built_is_saved_without_its_config():
    """Such a state is loaded as it is, since nothing can be compared."""
    recipe = attrs.evolve(registry.recipe(config()), made_by=type(registry.recipe(config()).made_by)())
    run = recipe.create(new_model())
    state = run.state_dict()
    assert state["recipe"] is None
    recipe.create(new_model()).load_state_dict(state)


def test_who_holds_the_schedule_goes_on_with_it():
    """The scheduler that was unpacked before the state was loaded is the one that is continued."""
    state, weights = saved(config(scheduler=COSINE))
    model = new_model()
    model.load_state_dict(weights)
    run = registry.recipe(config(scheduler={"type": "cosine"})).create(model, total_steps=40)
    optimizer, scheduler = run
    loop = run["default"]
    run.load_state_dict(state, changed="saved")
    assert scheduler is run.scheduler is loop.scheduler
    scheduler.step()
    expected = saved_rates(config(scheduler=COSINE), BEFORE + 2)[-1]
    assert optimizer.param_groups[0]["lr"] == expected


@pytest.mark.parametrize("scheduler", [None, COSINE, SCHEDULES["torch's"]], ids=["none", "closed form", "torch's"])
def test_a_run_with_a_group_that_came_later_goes_on(scheduler):
    """It is loaded where the group has come again, and refused by name where it has not."""

    def begun(seed):
        model = new_model(seed)
        first = nn.Sequential(*list(model)[:2])
        return model, registry.recipe(config(scheduler=scheduler)).create(first, total_steps=10)

    def add(run, model):
        run.optimizer.add_param_group({"params": [("2.weight", model[2].weight), ("2.bias", model[2].bias)]})

    model, run = begun(0)
    train(run, model, 2)
    add(run, model)
    train(run, model, 2)
    state = copy.deepcopy(run.state_dict())
    other, later = begun(1)
    with pytest.raises(CheckpointMismatchError, match=r"only in the saved state: 2\.weight, 2\.bias"):
        later.load_state_dict(state)
    add(later, other)
    other.load_state_dict(model.state_dict())
    later.load_state_dict(state)
    assert train(run, model, 2) == train(later, other, 2)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_a_load_that_is_refused_changes_nothing():
    """A model of which more is trained than when the run was created is told before the optimizer is touched."""
    model = new_model()
    model[0].requires_grad_(requires_grad=False)
    run = registry.recipe(config()).create(model)
    train(run, model, 2)
    state = copy.deepcopy(run.state_dict())
    other = new_model()
    other[0].requires_grad_(requires_grad=False)
    later = registry.recipe(config(weight_decay=0.5)).create(other)
    other[0].requires_grad_(requires_grad=True)
    before = str(later.state_dict())
    with pytest.raises(OptimError, match="has other parameters to train than when this run was created"):
        later.load_state_dict(state, changed="saved")
    assert before == str(later.state_dict())


@pytest.mark.parametrize(("field", "value", "expected"), [("patience", 5, 0.005), ("lr", 0.02, 0.01)])
def test_a_rate_in_a_tensor_is_kept_by_a_plateau(field, value, expected):
    """The rate that the metric led to is not the one of the start, also where it is a tensor that stays."""
    torch_rate = {"optimizer": {"type": "AdamW", "config": {"lr": 0.01, "capturable": False}}, "scheduler": PLATEAU}
    model = new_model()
    run = registry.recipe(torch_rate).create(model)
    for group in run.optimizer.param_groups:
        group["lr"] = torch.tensor(group["lr"])
    train(run, model, BEFORE)
    state = copy.deepcopy(run.state_dict())
    other = copy.deepcopy(torch_rate)
    other["scheduler" if field == "patience" else "optimizer"]["config"] |= {field: value}
    later = registry.recipe(other).create(new_model())
    for group in later.optimizer.param_groups:
        group["lr"] = torch.tensor(group["lr"])
    later.load_state_dict(state, changed="config")
    assert float(later.optimizer.param_groups[0]["lr"]) == pytest.approx(expected)


def test_a_schedule_that_goes_by_epochs_now_goes_on_at_the_epoch():
    """Steps that were counted are no epochs."""
    given = config(scheduler={"type": "ExponentialLR", "config": {"gamma": 0.9}, "interval": "step"})
    model = new_model()
    run = registry.recipe(given).create(model)
    for number in range(6):
        run.step(model(torch.ones(3, 4)).square().sum())
        if number % 3 == 2:
            run.end_epoch()
    other = copy.deepcopy(given)
    other["scheduler"]["interval"] = "epoch"
    later = registry.recipe(other).create(new_model())
    later.load_state_dict(run.state_dict(), changed="config")
    assert later.optimizer.param_groups[0]["lr"] == pytest.approx(0.01 * 0.9**2)


def test_chained_schedules_take_the_numbers_of_this_config():
    """The step is that of the schedules in the chain."""
    parts = [{"type": "StepLR", "config": {"step_size": 2, "gamma": gamma}, "interval": "step"} for gamma in (0.5, 0.1)]
    first, second = ({"type": "ChainedScheduler", "config": {"schedulers": [part]}} for part in parts)
    state, weights = saved(config(scheduler=first))
    run, _ = continued(config(scheduler=second), state, weights, "config")
    assert run.optimizer.param_groups[0]["lr"] == pytest.approx(0.01 * 0.1**2)


def test_a_later_group_joins_the_schedule_that_goes_on():
    """After "saved" it is the saved schedule that takes a group in."""
    given = config(scheduler={"type": "ExponentialLR", "config": {"gamma": 0.5}, "interval": "step"})
    model = new_model()
    run = registry.recipe(given).create(nn.Sequential(model[0]))
    train(run, model, 3)
    other = config(scheduler={"type": "ExponentialLR", "config": {"gamma": 0.1}, "interval": "step"})
    model = new_model()
    later = registry.recipe(other).create(nn.Sequential(model[0]))
    later.load_state_dict(run.state_dict(), changed="saved")
    later.optimizer.add_param_group({"params": list(model[2].parameters())})
    train(later, model, 1)
    rates = [group["lr"] for group in later.optimizer.param_groups]
    assert rates == pytest.approx([0.01 * 0.5**4] * 2)


@pytest.mark.parametrize(
    ("scheduler", "names"),
    [
        ({"type": "InverseLR"}, []),
        ({"type": "StepLR", "config": {"step_size": 10}}, []),
        ({"type": "constant_with_warmup", "config": {"num_warmup_steps": 3}}, []),
        ({"type": "constant_with_warmup", "config": {"num_warmup_steps": "10%"}}, ["total_steps", "epochs"]),
        ({"type": "cosine"}, ["total_steps", "epochs"]),
        ({"type": "OneCycleLR", "config": {"max_lr": 0.1}}, ["total_steps", "epochs"]),
    ],
)
def test_a_longer_run_differs_only_where_a_schedule_goes_by_its_length(scheduler, names):
    """To train on is no other config where no rate changes by it."""
    recipe = registry.recipe({"optimizer": {"type": "SGD", "lr": 0.1}, "scheduler": scheduler})
    model = torch.nn.Linear(8, 2)
    state = recipe.create(model, total_steps=100, steps_per_epoch=10).state_dict()
    longer = recipe.create(model, total_steps=200, steps_per_epoch=10)
    assert names == longer.check_state_dict(state, "config")
