"""What `optim migrate` makes of configs that name classes, beside what Hydra, Lightning and torch make of them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from optim_core import registry  # noqa: E402


def rates(optimizer, scheduler, steps=60):
    """The rate of each step."""
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def run_of(config, **lengths):
    model = torch.nn.Linear(3, 2)
    return registry.recipe(config).create(model, **lengths)


def same_defaults(expected, found):
    """All options of a group but what names it."""
    left_out = {"params", "name", "param_names", "lr_multiplier", "initial_lr"}
    keys = expected.param_groups[0].keys() - left_out
    assert {key: expected.param_groups[0][key] for key in keys} == {key: found.param_groups[0][key] for key in keys}


OPTIMIZERS = [
    ("torch.optim.AdamW", {"lr": 3e-4, "betas": [0.8, 0.95], "weight_decay": 0.0}),
    ("torch.optim.AdamW", {}),
    ("torch.optim.Adam", {"lr": 0.01, "weight_decay": 0.1, "amsgrad": True}),
    ("torch.optim.SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("torch.optim.RMSprop", {"lr": 0.01, "alpha": 0.9, "momentum": 0.9}),
    ("torch.optim.Adagrad", {}),
    ("torch.optim.NAdam", {}),
    ("torch.optim.adamw.AdamW", {}),
    ("torch.optim.Muon", {"lr": 0.01}),
]
SCHEDULES = [
    ("torch.optim.lr_scheduler.StepLR", {"step_size": 7, "gamma": 0.5}),
    ("torch.optim.lr_scheduler.MultiStepLR", {"milestones": [5, 20]}),
    ("torch.optim.lr_scheduler.ExponentialLR", {"gamma": 0.97}),
    ("torch.optim.lr_scheduler.CosineAnnealingLR", {"T_max": 50, "eta_min": 0.01}),
    ("torch.optim.lr_scheduler.CosineAnnealingWarmRestarts", {"T_0": 9, "T_mult": 2}),
    ("torch.optim.lr_scheduler.LinearLR", {"start_factor": 0.1, "total_iters": 11}),
    ("torch.optim.lr_scheduler.PolynomialLR", {"total_iters": 40, "power": 2.0}),
    ("torch.optim.lr_scheduler.OneCycleLR", {"max_lr": 0.5, "total_steps": 61}),
    ("transformers.get_cosine_schedule_with_warmup", {"num_warmup_steps": 9, "num_training_steps": 60}),
    ("transformers.get_linear_schedule_with_warmup", {"num_warmup_steps": 9, "num_training_steps": 60}),
    ("transformers.get_constant_schedule_with_warmup", {"num_warmup_steps": 9}),
    ("transformers.get_inverse_sqrt_schedule", {"num_warmup_steps": 9}),
    (
        "transformers.get_polynomial_decay_schedule_with_warmup",
        {"num_warmup_steps": 9, "num_training_steps": 60, "lr_end": 1e-3, "power": 2.0},
    ),
    (
        "transformers.get_cosine_with_hard_restarts_schedule_with_warmup",
        {"num_warmup_steps": 9, "num_training_steps": 60, "num_cycles": 3},
    ),
    (
        "transformers.get_scheduler",
        {"name": "cosine", "num_warmup_steps": 3, "num_training_steps": 60},
    ),
]
SGD = ("torch.optim.SGD", {"lr": 0.1, "momentum": 0.9})


def of_hydra(target, arguments):
    return {"_target_": target, "_partial_": True, **arguments}


def of_lightning(target, arguments):
    return {"class_path": target, "init_args": arguments}


@pytest.mark.parametrize("written", [of_hydra, of_lightning])
@pytest.mark.parametrize(("target", "arguments"), OPTIMIZERS)
def test_an_optimizer_is_the_one_that_hydra_instantiates(target, arguments, written):
    """Its class is the same, and so is every option of its group, given or not."""
    from hydra.utils import instantiate

    model = torch.nn.Linear(3, 2, bias=False)
    expected = instantiate(of_hydra(target, arguments))(model.parameters())
    found = registry.recipe(registry.migrate({"optimizer": written(target, arguments)})).create(model).optimizer
    assert type(expected).__name__ == type(found).__name__
    same_defaults(expected, found)


@pytest.mark.parametrize("written", [of_hydra, of_lightning])
@pytest.mark.parametrize(("target", "arguments"), SCHEDULES, ids=lambda value: str(value)[-30:])
def test_a_schedule_has_the_rates_of_the_one_that_hydra_instantiates(target, arguments, written):
    """Each of 60 rates is the same."""
    from hydra.utils import instantiate

    model = torch.nn.Linear(3, 2)
    optimizer = instantiate(of_hydra(*SGD))(model.parameters())
    expected = rates(optimizer, instantiate(of_hydra(target, arguments))(optimizer=optimizer))
    config = registry.migrate({"optimizer": written(*SGD), "scheduler": written(target, arguments)})
    run = run_of(config, total_steps=60, steps_per_epoch=1)
    assert expected == pytest.approx(rates(run.optimizer, run.scheduler), rel=1e-12, abs=1e-15)


def test_lightning_steps_as_the_recipe_says():
    """What LightningCLI returns for a config, its interval and metric too, is in the recipe."""
    from lightning.pytorch.cli import LightningCLI, ReduceLROnPlateau
    from lightning.pytorch.utilities.types import LRSchedulerConfig

    schedule = {
        "class_path": "lightning.pytorch.cli.ReduceLROnPlateau",
        "init_args": {"monitor": "loss", "factor": 0.5},
    }
    recipe = registry.recipe(registry.migrate({"optimizer": of_lightning(*SGD), "lr_scheduler": schedule}))
    optimizer = torch.optim.SGD(torch.nn.Linear(3, 2).parameters(), **SGD[1])
    made = LightningCLI.configure_optimizers(None, optimizer, ReduceLROnPlateau(optimizer, **schedule["init_args"]))
    asked = LRSchedulerConfig(**made["lr_scheduler"])
    assert asked.interval == recipe.scheduler.interval
    assert asked.monitor == recipe.scheduler.config.monitor
    assert asked.scheduler.factor == recipe.scheduler.config.factor


def test_the_class_of_a_plugin_is_found_by_its_dotted_name():
    """Our own names stand in a table nowhere: the entry points have them."""
    config = registry.migrate({"optimizer": {"_target_": "optim_muon.muon.Muon", "lr": 0.03}})
    assert {"optimizer": {"type": "Muon", "config": {"lr": 0.03}}} == config
    component = {"type": "AdamW", "config": {"lr": "${lr}"}}
    built = {"lr": 0.1, "recipe": {"_target_": "optim_core.registry.recipe", "config": {"optimizer": component}}}
    assert {"optimizer": {"type": "AdamW", "config": {"lr": 0.1}}} == registry.migrate(built)
    factory = {"_target_": "optim_frameworks.hydra.factory", "type": "AdamW", "config": {"lr": 0.1}}
    assert {"optimizer": {"type": "AdamW", "config": {"lr": 0.1}}} == registry.migrate({"optimizer": factory})


@pytest.mark.parametrize(
    "train",
    [
        {"train": {"learning_rate": 2e-4, "betas": [0.8, 0.99], "eps": 1e-9, "lr_decay": 0.9, "warmup_epochs": 0}},
        {"learning_rate": 2e-4, "adam_b1": 0.8, "adam_b2": 0.99, "lr_decay": 0.9, "resblock": "1"},
    ],
)
def test_generator_and_discriminator_train_as_vits_makes_them(train):
    """Both have the AdamW and the ExponentialLR of its train.py, stepped once an epoch."""
    section = train.get("train", train)
    model, other = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    eps = section.get("eps", 1e-8)
    expected = torch.optim.AdamW(model.parameters(), section["learning_rate"], betas=(0.8, 0.99), eps=eps)
    schedule = torch.optim.lr_scheduler.ExponentialLR(expected, gamma=section["lr_decay"])
    run = registry.recipe(registry.migrate(train)).create({"generator": model, "discriminator": other})
    for name in ("generator", "discriminator"):
        same_defaults(expected, run.optimizers[name])
    assert {"epoch"} == {spec.interval for spec in registry.recipe(registry.migrate(train)).schedulers.values()}
    assert rates(expected, schedule, 5) == pytest.approx(
        rates(run.optimizers["generator"], run.schedulers["generator"], 5)
    )


def test_a_schedule_of_pytorch_template_is_stepped_once_an_epoch():
    """Its trainer does so, and the recipe says it."""
    config = {
        "optimizer": {"type": "Adam", "args": {"lr": 0.001, "weight_decay": 0, "amsgrad": True}},
        "lr_scheduler": {"type": "StepLR", "args": {"step_size": 50, "gamma": 0.1, "verbose": False}},
    }
    recipe = registry.recipe(registry.migrate(config))
    assert ("epoch", 50) == (recipe.scheduler.interval, recipe.scheduler.config.step_size)
    model = torch.nn.Linear(3, 2)
    same_defaults(torch.optim.Adam(model.parameters(), amsgrad=True), recipe.create(model).optimizer)
