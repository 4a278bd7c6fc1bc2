"""`run.step` beside the same calls by hand, and one loop for every optimizer that is installed."""

from __future__ import annotations

import copy
import gc
import warnings
import weakref

import pytest
import torch
from torch import nn

from optim_core import OptimError, ParamGroupError, registry
from optim_core.plugin_tools import declarations_of

STEPS, EPOCHS = 4, 2
LENGTHS = {"total_steps": STEPS * EPOCHS, "steps_per_epoch": STEPS}

OURS = ("optim-torch-builtin", "optim-muon", "optim-schedules")


# Fields without a default, and those without which an optimizer of this kind is another.
INNER = {"optimizer": {"type": "SGD", "config": {"lr": 0.01, "momentum": 0.9}}}
CONFIGS = {"SparseAdam": {"lr": 0.01}, "Lookahead": INNER, "SAM": INNER}
SCHEDULES = {
    "LambdaLR": {"lr_lambda": "1 / (1 + step)"},
    "MultiplicativeLR": {"lr_lambda": "0.9"},
    "StepLR": {"step_size": 2},
    "MultiStepLR": {"milestones": [1, 3]},
    "CosineAnnealingWarmRestarts": {"T_0": 2},
    "CyclicLR": {"base_lr": 0.001, "max_lr": 0.01},
    "OneCycleLR": {"max_lr": 0.01},
    "SequentialLR": {"schedulers": [{"type": "ConstantLR"}, {"type": "StepLR", "step_size": 1}], "milestones": [2]},
    "ChainedScheduler": {"schedulers": [{"type": "StepLR", "step_size": 1}]},
    "CosineAnnealingLR": {"T_max": 4},
    "ExponentialLR": {"gamma": 0.9},
    "PolynomialLR": {"total_iters": 4},
    "cosine_with_min_lr": {"min_lr": 1e-5},
    "cosine_with_restarts": {"num_cycles": 2},
    "constant_with_warmup": {"num_warmup_steps": 2},
    "warmup_cosine": {"warmup_epochs": 1},
    "cosine_warmup_with_min_lr": {"num_warmup_steps": 2, "min_lr": 1e-5},
    "warmup_stable_decay": {"num_warmup_steps": 1, "num_decay_steps": 1},
    "sequential": {"schedulers": [{"type": "constant"}, {"type": "cosine"}], "durations": [3]},
    "warmup": {"num_warmup_steps": 2, "scheduler": {"type": "cosine"}},
}


# What is a length there, in a run of two epochs.
BY_EPOCHS = {"T_max": 2, "T_0": 1, "step_size": 1, "milestones": [1, 2], "total_iters": 2, "num_warmup_steps": 1}


def names_of(kind, distributions=OURS):
    """The names of the plugins of some distributions, each class once."""
    records = [record for record in registry.plugins(kind) if record.distribution in distributions]
    classes = {}
    for record in records:
        found = classes.setdefault(registry.catalog(kind)[record.name], record.name)
        if record.name in (*SCHEDULES, *CONFIGS) and found not in (*SCHEDULES, *CONFIGS):
            classes[registry.catalog(kind)[record.name]] = record.name
    return sorted(classes.values())


class Net(nn.Module):
    """Two layers with dropout, so that each call of the loss draws random numbers."""

    def __init__(self, bias=True):
        super().__init__()
        self.body = nn.Linear(6, 8, bias)
        self.head = nn.Linear(8, 3, bias)

    def forward(self, batch):
        return self.head(nn.functional.dropout(self.body(batch).tanh(), 0.2))


def new_model(name=""):
    torch.manual_seed(7)
    if name == "SparseAdam":
        return nn.EmbeddingBag(12, 4, sparse=True, mode="sum")
    return Net(bias=not name or "vectors" not in declarations_of(registry.optimizers[name]))


def batches(name=""):
    draw = torch.Generator().manual_seed(1)
    for _ in range(STEPS):
        yield (
            torch.randint(0, 12, (5, 3), generator=draw) if name == "SparseAdam" else torch.randn(5, 6, generator=draw)
        )


def weights(model):
    return [parameter.detach().clone() for parameter in model.parameters()]


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def loss_of(model, batch):
    return (model(batch) - 1).square().mean() * 20


def recipe_for(optimizer="AdamW", scheduler=None, clip=1.0):
    config = {"optimizer": {"type": optimizer, "config": CONFIGS.get(optimizer, {})}}
    if scheduler:
        config["scheduler"] = scheduler
    if clip:
        config["gradient_clipping"] = {"type": "norm", "max_norm": clip}
    return registry.recipe(config)


def by_hand(recipe, model):
    """The loop that somebody writes who knows the optimizer and the schedule."""
    optimizer, scheduler = recipe.create(model, **LENGTHS)
    schedule, needs = recipe.scheduler, recipe.needs
    clipper = None if recipe.clipper is None else recipe.clipper.create_clipper()
    torch.manual_seed(3)
    for epoch in range(EPOCHS):
        for batch in batches(recipe.optimizer.type):

            def closure(batch=batch):
                optimizer.zero_grad()
                loss = loss_of(model, batch)
                loss.backward(create_graph="create_graph" in needs)
                if clipper is not None:
                    clipper.clip(list(model.parameters()))
                return loss

            if "closure" in needs:
                optimizer.step(closure)
            else:
                closure()
                optimizer.step()
            if schedule is not None and schedule.interval == "step":
                scheduler.step(*([float(epoch)] if "metric" in needs else []))
        if schedule is not None and schedule.interval == "epoch":
            scheduler.step(*([float(epoch)] if "metric" in needs else []))
    return optimizer


def by_step(recipe, model):
    """The one loop for all."""
    run = recipe.create(model, **LENGTHS)
    torch.manual_seed(3)
    for epoch in range(EPOCHS):
        for batch in batches(recipe.optimizer.type):
            run.step(lambda batch=batch: loss_of(model, batch), metric=float(epoch))
        run.end_epoch(float(epoch))
    return run.optimizer


def assert_same_run(recipe):
    name = recipe.optimizer.type
    one, other = new_model(name), new_model(name)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*create_graph=True.*")
        first = by_hand(recipe, one)
    second = by_step(recipe, other)
    assert not same(weights(one), weights(new_model(name)))
    assert same(weights(one), weights(other))
    assert [group.get("lr") for group in first.param_groups] == [group.get("lr") for group in second.param_groups]


@pytest.mark.parametrize("name", names_of("optimizer"))
def test_a_step_is_what_the_calls_by_hand_are_with_every_optimizer(name):
    """Weights are equal to the bit, with clipping and a schedule by steps."""
    clip = None if name == "SparseAdam" else 1.0
    assert_same_run(recipe_for(name, {"type": "cosine", "config": {"num_warmup_steps": 2}}, clip))


def schedule_config(name, interval=None):
    given = {"type": name, "config": SCHEDULES.get(name, {})}
    if interval == "epoch":
        given["config"] = {key: BY_EPOCHS.get(key, value) for key, value in given["config"].items()}
    return given | ({"interval": interval} if interval else {})


@pytest.mark.parametrize("interval", ["step", "epoch"])
@pytest.mark.parametrize("name", names_of("scheduler"))
def test_a_step_is_what_the_calls_by_hand_are_with_every_schedule(name, interval):
    """Weights and rates are equal to the bit, whether the schedule goes by steps or by epochs."""
    if name in ("SequentialLR", "ChainedScheduler", "sequential", "warmup"):
        pytest.skip("the schedules in it have the interval")
    assert_same_run(recipe_for("AdamW", schedule_config(name, interval)))


@pytest.mark.parametrize("name", ["SequentialLR", "ChainedScheduler", "sequential", "warmup"])
def test_a_step_is_what_the_calls_by_hand_are_with_schedules_of_schedules(name):
    """Weights and rates are equal to the bit with schedules that are made of others."""
    assert_same_run(recipe_for("AdamW", schedule_config(name)))


def test_without_clipping_and_schedule_nothing_is_called():
    """The loop is the same where the config has neither."""
    assert_same_run(recipe_for("AdamW", None, None))
    model = new_model()
    done = recipe_for("AdamW", None, None).create(model).step(loss_of(model, next(batches())))
    assert done.grad_norm is None


# -- every optimizer that is installed -------------------------------------------------------------------------------

NEEDED = {
    "Lookahead": INNER,
    "SAM": INNER,
    "AliG": {"max_lr": 0.01},
    "BSAM": {"num_data": 20},
    "CPUAdam": {"lr": 0.001},
    "FusedAdam": {"lr": 0.001, "fallback": "torch"},
    "LBFGS": {"line_search_fn": "strong_wolfe"},
    "LARS32bit": {"lr": 0.001, "momentum": 0.9},
    "LARS8bit": {"lr": 0.001, "momentum": 0.9},
    "LARS": {"lr": 0.001, "momentum": 0.9},
    "Ranger21": {"num_iterations": 8},
    "SGD32bit": {"lr": 0.001, "momentum": 0.9},
    "SGD8bit": {"lr": 0.001, "momentum": 0.9},
}
ALL = names_of("optimizer", {record.distribution for record in registry.plugins("optimizer")})
# What wants a process group, or hardware that is not here, and SparseAdam's gradients.
ELSEWHERE = {"DistributedMuon", "DeMo", "SparseAdam"}


def train(config, model, data):
    """The ten lines of the manual: the config alone knows which optimizer this is."""
    run = registry.recipe(config).create(model, total_steps=16, steps_per_epoch=8)
    for _ in range(2):
        for batch in [*data, *data]:
            done = run.step(lambda batch=batch: loss_of(model, batch))
        run.eval()
        with torch.no_grad():
            measured = float(loss_of(model, data[0]))
        run.train()
        run.end_epoch({"val_loss": measured})
    return run, done


@pytest.mark.parametrize("name", [name for name in ALL if name not in ELSEWHERE])
def test_one_loop_trains_with_every_optimizer_that_is_installed(name):
    """The loop of the manual trains with each, and each moves the weights; what cannot be done is an OptimError."""
    config = {
        "optimizer": {"type": name, "config": NEEDED.get(name, {})},
        "gradient_clipping": {"type": "norm", "max_norm": 1.0},
    }
    model = new_model(name)
    before = weights(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            run, done = train(config, model, list(batches()))
        except OptimError as error:
            assert same(before, weights(model)), "it was refused after something had changed"
            pytest.skip(str(error))
    assert not same(before, weights(model))
    assert all(bool(weight.isfinite().all()) for weight in weights(model))
    assert run["default"].steps == 16
    assert done.loss.shape == ()


# -- a GradScaler ----------------------------------------------------------------------------------------------------


def scaled_by_hand(recipe, model, bad_step):
    optimizer, scheduler = recipe.create(model, **LENGTHS)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    clipper = recipe.clipper.create_clipper()
    rates = []
    for number, batch in enumerate([*batches(), *batches()]):
        before = scaler.get_scale()
        loss = loss_of(model, batch) * (float("inf") if number == bad_step else 1)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        clipper.clip(list(model.parameters()))
        scaler.step(optimizer)
        scaler.update()
        if scaler.get_scale() >= before:
            scheduler.step()
        optimizer.zero_grad()
        rates.append(optimizer.param_groups[0]["lr"])
    return rates, scaler.get_scale()


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("bad_step", [None, 0, 3])
@pytest.mark.filterwarnings("ignore:.*were left as they are.*", "ignore:.*lr_scheduler.step.*")
def test_a_scaled_step_is_what_the_calls_by_hand_are(bad_step, fused):
    """Clipping sees unscaled gradients, also of an optimizer that unscales itself; a skipped step moves no schedule."""
    recipe = registry.recipe(
        {
            "optimizer": {"type": "AdamW", "config": {"fused": fused}},
            "scheduler": {"type": "cosine", "config": {"num_warmup_steps": 2}},
            "gradient_clipping": {"max_norm": 0.5},
        }
    )
    one, other = new_model(), new_model()
    torch.manual_seed(3)
    expected, scale = scaled_by_hand(recipe, one, bad_step)
    torch.manual_seed(3)
    run, scaler = recipe.create(other, **LENGTHS), torch.amp.GradScaler("cpu", init_scale=2.0**10)
    rates, skipped = [], []
    for number, batch in enumerate([*batches(), *batches()]):
        factor = float("inf") if number == bad_step else 1
        done = run.step(lambda batch=batch, factor=factor: loss_of(other, batch) * factor, scaler=scaler)
        rates.append(run.optimizer.param_groups[0]["lr"])
        skipped.append(bool(done.skipped))
    assert expected == rates
    assert [number == bad_step for number in range(8)] == skipped
    assert scale == scaler.get_scale()
    assert same(weights(one), weights(other))


def test_a_norm_of_a_scaled_step_is_that_of_the_unscaled_gradients():
    """What the step tells is the norm that training without a scaler would have."""
    recipe = registry.recipe(
        {"optimizer": {"type": "AdamW", "config": {"fused": True}}, "gradient_clipping": {"max_norm": 0.5}}
    )
    one, other = new_model(), new_model()
    torch.manual_seed(3)
    plain = recipe.create(one).step(loss_of(one, next(batches())))
    torch.manual_seed(3)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    scaled = recipe.create(other).step(loss_of(other, next(batches())), scaler=scaler)
    assert float(plain.grad_norm) == pytest.approx(float(scaled.grad_norm), rel=1e-6)


def test_gradients_that_the_caller_has_unscaled_are_not_unscaled_again():
    """Who looks at the gradients between backward and step may unscale them himself."""
    recipe = recipe_for("AdamW")
    model = new_model()
    run, scaler = recipe.create(model), torch.amp.GradScaler("cpu")
    scaler.scale(loss_of(model, next(batches()))).backward()
    scaler.unscale_(run.optimizer)
    assert run.step(scaler=scaler).skipped is False


def test_a_scaler_that_is_off_is_none():
    """The flag use_amp=False of a script changes nothing else."""
    model = new_model()
    run = recipe_for("LBFGS").create(model)
    done = run.step(lambda: loss_of(model, next(batches())), scaler=torch.amp.GradScaler("cpu", enabled=False))
    assert done.skipped is False


@pytest.mark.parametrize("wrong", [3, "fp16", True])
def test_what_is_no_scaler_is_refused(wrong):
    """Before the loss is used: its graph is there for the step that follows."""
    model = new_model()
    run = recipe_for("AdamW").create(model)
    loss = loss_of(model, next(batches()))
    with pytest.raises(OptimError, match=r"scaler= is a torch\.amp\.GradScaler or None, not an? "):
        run.step(loss, scaler=wrong)
    assert run.step(loss).skipped is False


# -- accumulation, several optimizers --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["AdamW", "Muon", "SGD"])
def test_gradients_are_accumulated_by_backward_and_the_last_step(name):
    """`backward()` for the batches before, `run.step` with every second one, is what it is by hand."""
    recipe = recipe_for(name, "cosine")
    one, other = new_model(), new_model()
    optimizer, scheduler = recipe.create(one, total_steps=2)
    clipper = recipe.clipper.create_clipper()
    torch.manual_seed(3)
    for number, batch in enumerate(batches(), start=1):
        (loss_of(one, batch) / 2).backward()
        if number % 2 == 0:
            clipper.clip(list(one.parameters()))
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    run = recipe.create(other, total_steps=2)
    torch.manual_seed(3)
    for number, batch in enumerate(batches(), start=1):
        loss = loss_of(other, batch) / 2
        if number % 2:
            loss.backward()
        else:
            run.step(loss)
    assert same(weights(one), weights(other))
    assert run["default"].steps == 2


def gan():
    torch.manual_seed(5)
    return {"generator": nn.Linear(4, 6), "discriminator": nn.Linear(6, 1)}


def gan_recipe():
    part = {"optimizer": {"type": "Adam", "config": {"betas": [0.5, 0.9]}}, "scheduler": {"type": "cosine"}}
    other = {"optimizer": {"type": "SGD", "config": {"lr": 0.1, "momentum": 0.9}}}
    config = {"optimizer_configs": {"generator": part, "discriminator": other}, "gradient_clipping": {"max_norm": 1.0}}
    return registry.recipe(config)


def test_several_optimizers_are_stepped_by_name_as_by_hand():
    """The gradients that the generator's loss leaves in the discriminator are not the discriminator's."""
    one, other = gan(), gan()
    hand = gan_recipe().create(one, total_steps=STEPS)
    clipper = hand.clipper
    noise = torch.randn(STEPS, 5, 4, generator=torch.Generator().manual_seed(2))
    for batch in noise:
        hand.optimizers["generator"].zero_grad()
        (-one["discriminator"](one["generator"](batch)).mean()).backward()
        clipper.clip(list(one["generator"].parameters()))
        hand.optimizers["generator"].step()
        hand.schedulers["generator"].step()
        hand.optimizers["discriminator"].zero_grad()
        one["discriminator"](one["generator"](batch).detach()).square().mean().backward()
        clipper.clip(list(one["discriminator"].parameters()))
        hand.optimizers["discriminator"].step()
    run = gan_recipe().create(other, total_steps=STEPS)
    for batch in noise:
        run["generator"].step(-other["discriminator"](other["generator"](batch)).mean())
        assert all(parameter.grad is None for parameter in other["discriminator"].parameters())
        run["discriminator"].step(
            lambda batch=batch: other["discriminator"](other["generator"](batch).detach()).square().mean()
        )
    for name in one:
        assert same(weights(one[name]), weights(other[name]))
    assert run.schedulers["generator"].last_epoch == STEPS


def test_what_is_accumulated_for_one_optimizer_is_left_by_the_step_of_another():
    """Gradients of the discriminator that wait for their step stay as they are while the generator steps."""
    models = gan()
    run = gan_recipe().create(models, total_steps=STEPS)
    models["discriminator"](torch.ones(2, 6)).mean().backward()
    waiting = [parameter.grad.clone() for parameter in models["discriminator"].parameters()]
    run["generator"].step(models["discriminator"](models["generator"](torch.ones(2, 4))).mean())
    assert same(waiting, [parameter.grad for parameter in models["discriminator"].parameters()])


def test_a_loss_that_cannot_be_differentiated_leaves_the_gradients_of_other_optimizers():
    """Where backward fails, what waits for the discriminator's step is still there."""
    models = gan()
    run = gan_recipe().create(models, total_steps=STEPS)
    models["discriminator"](torch.ones(2, 6)).mean().backward()
    waiting = [parameter.grad.clone() for parameter in models["discriminator"].parameters()]
    loss = models["generator"](torch.ones(2, 4)).mean()
    loss.backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        run["generator"].step(loss)

    assert same(waiting, [parameter.grad for parameter in models["discriminator"].parameters()])


@pytest.mark.parametrize("as_tensor", [False, True])
def test_the_rates_of_a_step_are_those_it_was_taken_with(as_tensor):
    """They are those of each group, and stay what they were when the schedule has moved, rates in tensors as well."""
    groups = [{"params": [nn.Parameter(torch.ones(2))], "lr": rate} for rate in (0.5, 0.25)]
    for group in groups:
        group["lr"] = torch.tensor(group["lr"]) if as_tensor else group["lr"]
    recipe = registry.recipe({"optimizer": {"type": "SGD", "lr": 0.5}, "scheduler": {"type": "linear"}})
    run = recipe.create(groups, total_steps=2)
    taken = [run.step(lambda: sum(group["params"][0].sum() for group in run.optimizer.param_groups)) for _ in range(2)]

    assert [(0.5, 0.25), (0.25, 0.125)] == [tuple(map(float, done.lrs)) for done in taken]


def test_step_of_several_optimizers_asks_for_a_name():
    """Which of several is to be stepped is not guessed."""
    run = gan_recipe().create(gan(), total_steps=STEPS)
    with pytest.raises(OptimError, match=r"run\[name\]\.step\(loss\)"):
        run.step(torch.ones((), requires_grad=True))
    with pytest.raises(KeyError, match="there are generator, discriminator"):
        run["critic"]
    assert {"generator", "discriminator"} == set(run.clip())


def scaled_pair():
    """Two models with an optimizer each, and a scaler for both."""
    part = {"type": "SGD", "config": {"lr": 0.1}}
    recipe = registry.recipe({"optimizer_configs": {"a": part, "b": part}, "gradient_clipping": {"max_norm": 1.0}})
    torch.manual_seed(4)
    models = {"a": nn.Linear(3, 2), "b": nn.Linear(3, 2)}
    return recipe.create(models), models, torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=2)


def losses_of(models, number, bad):
    """The losses of a step; that of `a` overflows at the step `bad`."""
    batch = torch.randn(2, 3, generator=torch.Generator().manual_seed(number))
    factor = {"a": float("inf") if number == bad else 1.0, "b": 1.0}
    return {name: model(batch).square().mean() * factor[name] for name, model in models.items()}


def scaled_step_by_hand(run, models, scaler, number):
    for loss in losses_of(models, number, 1).values():
        scaler.scale(loss).backward()
    for optimizer in run.optimizers.values():
        scaler.unscale_(optimizer)
    run.clip()
    for optimizer in run.optimizers.values():
        scaler.step(optimizer)
        optimizer.zero_grad()
    scaler.update()


@pytest.mark.filterwarnings("ignore:.*were left as they are.*")
@pytest.mark.parametrize("scaled_by", ["step", "the caller", "the caller, who unscales"])
def test_one_scaler_serves_several_optimizers_as_by_hand(scaled_by):
    """It is updated once after all have stepped, also where the losses were scaled before."""
    run, models, scaler = scaled_pair()
    hand, others, by_hand = scaled_pair()
    for number in range(5):
        losses = losses_of(models, number, 1)
        if scaled_by != "step":
            for loss in losses.values():
                scaler.scale(loss).backward()
        if "unscales" in scaled_by:
            for optimizer in run.optimizers.values():
                scaler.unscale_(optimizer)
        for name, loss in losses.items():
            run[name].step(loss if scaled_by == "step" else None, scaler=scaler)
        scaled_step_by_hand(hand, others, by_hand, number)
        assert by_hand.get_scale() == scaler.get_scale()
    assert all(same(weights(others[name]), weights(models[name])) for name in models)


def test_a_scaler_that_one_of_several_optimizers_uses_is_updated_when_it_steps_again():
    """The next iteration begins with an update; gradients that were scaled before it are refused."""
    run, models, scaler = scaled_pair()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run["a"].step(losses_of(models, 0, 0)["a"], scaler=scaler)
    assert scaler.get_scale() == 4.0
    run["a"].step(losses_of(models, 1, 0)["a"], scaler=scaler)
    assert scaler.get_scale() == 2.0
    scaler.scale(losses_of(models, 2, 0)["a"]).backward()
    with pytest.raises(OptimError, match=r"call scaler\.update\(\)"):
        run["a"].step(scaler=scaler)


def test_one_tensor_in_two_optimizers_is_refused():
    """A part that two models share would be trained by both."""
    shared = nn.Linear(2, 2)
    models = {"a": nn.Sequential(shared, nn.Linear(2, 1)), "b": nn.Sequential(shared, nn.Linear(2, 1))}
    recipe = registry.recipe({"optimizer_configs": {"a": {"type": "SGD"}, "b": {"type": "AdamW"}}})
    with pytest.raises(ParamGroupError, match=r"by two optimizers, a and b: 0\.weight of b"):
        recipe.create(models)


def test_a_copy_of_a_run_goes_on_with_a_scaler():
    """What the first has noted of its optimizer is not what the copy has."""
    model = new_model()
    run = recipe_for("AdamW", "cosine").create(model, total_steps=8)
    run.step(loss_of(model, next(batches())), scaler=torch.amp.GradScaler("cpu"))
    both = copy.deepcopy((run, model))
    done = both[0].step(loss_of(both[1], next(batches())), scaler=torch.amp.GradScaler("cpu"))
    assert done.skipped is False
    assert both[0].scheduler.last_epoch == 2


def test_an_epoch_that_never_ends_is_told():
    """A schedule by epochs that does not move for two of them waits for a call that was forgotten."""
    model = new_model()
    run = registry.recipe({"type": "SGD", "lr_decay_gamma": 0.5}).create(model, steps_per_epoch=2, epochs=4)
    for _ in range(4):
        run.step(loss_of(model, next(batches())))
    with pytest.warns(UserWarning, match=r"ExponentialLR goes by epochs, .* call run\.end_epoch\(\)"):
        run.step(loss_of(model, next(batches())))
    run.step(loss_of(model, next(batches())))


@pytest.mark.parametrize("metric", ["0.5", {"val_loss": None}, [0.5], torch.ones(3), True])
def test_a_metric_is_a_number(metric):
    """Something else is told as that, and no schedule is stepped."""
    run = registry.recipe({"optimizer": "SGD", "scheduler": "ReduceLROnPlateau"}).create(new_model())
    with pytest.raises(OptimError, match="ReduceLROnPlateau waits for a number"):
        run.end_epoch(metric)
    assert run.scheduler.last_epoch == 0


# -- what is refused -------------------------------------------------------------------------------------------------


def state_of(run, model):
    return copy.deepcopy((run.state_dict(), model.state_dict()))


def assert_unchanged(before, run, model):
    after = state_of(run, model)
    assert str(before) == str(after)


@pytest.mark.parametrize(
    ("optimizer", "given", "says"),
    [
        ("LBFGS", "loss", "give step a function"),
        ("LBFGS", "nothing", "give step a function"),
        ("AdamW", "nothing", "no parameter of AdamW has a gradient"),
        ("AdaHessian", "gradients", r"backward\(create_graph=True\)"),
        ("LBFGS", "function beside gradients", "there are gradients already"),
        ("LBFGS", "function with a scaler", "a GradScaler cannot be used with LBFGS"),
        ("AdaHessian", "function with a scaler", "a GradScaler cannot be used with AdaHessian"),
        ("ScheduleFreeAdamW", "function in eval", r"in eval mode.*run\.train\(\)"),
    ],
)
def test_what_is_missing_is_told_before_anything_has_changed(optimizer, given, says):
    """The message says what to pass; weights, states and schedules are as they were."""
    recipe = registry.recipe({"optimizer": {"type": optimizer}, "scheduler": {"type": "cosine"}})
    model = new_model()
    run = recipe.create(model, total_steps=4)
    before = state_of(run, model)
    batch = next(batches())
    scaler = torch.amp.GradScaler("cpu") if "scaler" in given else None
    loss = {"loss": lambda: loss_of(model, batch), "nothing": lambda: None, "gradients": lambda: None}.get(
        given, lambda: lambda: loss_of(model, batch)
    )()
    if "gradients" in given:
        loss_of(model, batch).backward()
    if "eval" in given:
        run.eval()
    with pytest.raises(OptimError, match=says):
        run.step(loss, scaler=scaler)
    if "eval" not in given:
        assert_unchanged(before, run, model)


@pytest.mark.parametrize(
    ("metric", "says"),
    [
        (None, r"waits for a metric `val_loss`: run\.end_epoch\(metric\)"),
        ({"accuracy": 0.5}, "waits for the metric `val_loss`, and .* was given accuracy"),
        ({}, "was given none"),
    ],
)
def test_a_metric_that_is_missing_is_told(metric, says):
    """A schedule that waits for a metric says which, and is not stepped."""
    config = {"optimizer": "SGD", "scheduler": {"type": "ReduceLROnPlateau", "config": {"monitor": "val_loss"}}}
    run = registry.recipe(config).create(new_model())
    with pytest.raises(OptimError, match=says):
        run.end_epoch(metric)
    assert run.scheduler.last_epoch == 0
    run.end_epoch({"val_loss": torch.tensor(0.25), "accuracy": 1.0})
    assert run.scheduler.best == 0.25


def test_of_several_metrics_one_is_named_in_the_config():
    """Where the config names no metric, one value may be given and several may not."""
    run = registry.recipe({"optimizer": "SGD", "scheduler": "ReduceLROnPlateau"}).create(new_model())
    run.end_epoch({"val_loss": 0.5})
    with pytest.raises(OptimError, match="name it in the config, monitor"):
        run.end_epoch({"val_loss": 0.5, "accuracy": 1.0})


def test_no_schedule_is_stepped_where_one_of_several_lacks_its_metric():
    """An epoch ends for all schedules or for none."""
    config = {
        "optimizer_configs": {
            "a": {"optimizer": {"type": "SGD", "lr_decay_gamma": 0.5}},
            "b": {"optimizer": {"type": "SGD"}, "scheduler": {"type": "ReduceLROnPlateau"}},
        }
    }
    run = registry.recipe(config).create({"a": nn.Linear(2, 2), "b": nn.Linear(2, 2)})
    with pytest.raises(OptimError, match="waits for a metric"):
        run.end_epoch()
    assert run.schedulers["a"].last_epoch == 0


@pytest.mark.parametrize("loss", [torch.ones(3, requires_grad=True), torch.ones(())], ids=["vector", "no graph"])
@pytest.mark.parametrize("given", [lambda loss: loss, lambda loss: lambda: loss], ids=["loss", "function"])
def test_the_loss_is_one_number_with_a_graph(loss, given):
    """What cannot be differentiated is told as that."""
    with pytest.raises(OptimError, match="give step the mean or the sum"):
        recipe_for("AdamW").create(new_model()).step(given(loss))


def test_accumulated_gradients_without_a_graph_are_refused():
    """An optimizer that differentiates gradients again would take those of the last batch alone."""
    model = new_model()
    run = recipe_for("AdaHessian").create(model)
    loss_of(model, next(batches())).backward()
    with pytest.raises(OptimError, match=r"loss\.backward\(create_graph=True\) before it"):
        run.step(loss_of(model, next(batches())))


def test_the_function_returns_the_loss():
    """A function that forgets its return, or returns a number, is told what it is to return."""
    model = new_model()
    run = recipe_for("AdamW").create(model)
    with pytest.raises(OptimError, match="NoneType for the loss, or a function"):
        run.step(lambda: None)
    with pytest.raises(OptimError, match="float for the loss, or a function"):
        run.step(lambda: loss_of(model, next(batches())).item())


# -- modes -----------------------------------------------------------------------------------------------------------


def test_create_leaves_an_optimizer_with_modes_in_train_mode_and_eval_gives_the_averaged_weights():
    """A schedule-free run is evaluated with other weights than it trains, and saved in train mode alone."""
    model = new_model()
    run = registry.recipe({"type": "ScheduleFreeAdamW", "config": {"lr": 0.1}}).create(model)
    for batch in batches():
        run.step(lambda batch=batch: loss_of(model, batch))
    trained = weights(model)
    run.eval()
    assert not same(trained, weights(model))
    with pytest.raises(OptimError, match="must not be saved"):
        run.state_dict()
    run.train()
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(trained, weights(model), strict=True))
    assert run.state_dict()["counters"] == {"steps": {"default": STEPS}, "epochs": 0}


def test_a_mode_that_was_set_on_the_optimizer_itself_is_seen():
    """Who calls the optimizer's own eval() is told as well."""
    model = new_model()
    run = registry.recipe({"type": "ScheduleFreeAdamW"}).create(model)
    run.optimizer.eval()
    with pytest.raises(OptimError, match=r"run\.train\(\)"):
        run.step(lambda: loss_of(model, next(batches())))


@pytest.mark.parametrize(
    ("config", "needs"),
    [
        ({"type": "AdamW"}, set()),
        ({"type": "LBFGS"}, {"closure"}),
        ({"type": "AdaHessian"}, {"create_graph"}),
        ({"type": "ScheduleFreeSGD"}, {"modes"}),
        ({"optimizer": {"type": "LBFGS"}, "scheduler": {"type": "ReduceLROnPlateau"}}, {"closure", "metric"}),
        ({"optimizer_configs": {"a": {"type": "LBFGS"}, "b": {"type": "SPlus"}}}, {"closure", "modes"}),
    ],
)
def test_a_recipe_says_what_it_needs(config, needs):
    """`needs` is known before anything is made."""
    assert needs == registry.recipe(config).needs


@pytest.mark.filterwarnings("ignore:layer_decay would multiply")
@pytest.mark.parametrize("options", [{}, {"no_decay": ["bias"]}, {"layer_decay": 0.5}], ids=str)
@pytest.mark.parametrize("name", ["AdamW", "Muon"])
def test_model_and_run_are_freed_without_the_garbage_collector(name, options):
    """Nothing of what was made refers to itself."""
    config = {"optimizer": {"type": name, **options}, "scheduler": "cosine", "gradient_clipping": {"max_norm": 1.0}}
    # The first step of a process makes torch import what it compiles with, which keeps the stack of that call.
    bare = torch.optim.SGD(new_model().parameters())
    bare.step()
    gc.collect()
    gc.disable()
    try:
        model = nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 3))
        run = registry.recipe(config).create(model, total_steps=4)
        for batch in batches():
            run.step(loss_of(model, batch))
        left = [weakref.ref(each) for each in (run, run.optimizer, run.scheduler, model, model[0].weight)]
        run = model = None
        assert [None] * 5 == [each() for each in left]
    finally:
        gc.enable()
