"""create_optimizer, create_scheduler and OptimizerFactory are as the document on the optimizer factory has them."""

import math

import pytest
import torch
import yaml

from optim_core import ConfigError, HorizonError, MissingTypeError, OptimError, ParamGroupError, UnknownTypeError
from optim_core.compat import (
    OptimizerFactory,
    OptimizerType,
    create_optimizer,
    create_optimizer_and_scheduler,
    create_scheduler,
)

NESTED_YAML = """\
# config.yaml
optimizer:
  type: 'adamw'
  learning_rate: 1e-4
  weight_decay: 1e-4
  betas: [0.9, 0.999]
  eps: 1e-8

scheduler:
  type: 'cosine'
  T_max: 100
  eta_min: 1e-6

gradient_clipping:
  enabled: true
  max_norm: 1.0
"""
TRAINING_YAML = """\
# config.yaml
training:
  optimizer: "adamw"
  scheduler: "cosine"
  learning_rate: 1e-4
  weight_decay: 1e-4
  eta_min: 1e-7
  max_grad_norm: 1.0
  amp: true
  compile: true
"""


@pytest.fixture
def factory():
    return OptimizerFactory()


def annealed(epoch, epochs, lr=1e-4, eta_min=0.0):
    """torch's CosineAnnealingLR, as a formula."""
    return eta_min + (lr - eta_min) * (1 + math.cos(math.pi * epoch / epochs)) / 2


# -- optimizers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "cls"),
    [
        ({"optimizer_name": "adam", "lr": 1e-4, "weight_decay": 1e-5}, torch.optim.Adam),
        ({"optimizer_name": "adamw", "lr": 1e-4, "weight_decay": 1e-4}, torch.optim.AdamW),
        ({"optimizer_name": "sgd", "lr": 1e-3, "weight_decay": 1e-4, "momentum": 0.9}, torch.optim.SGD),
    ],
)
def test_supported_optimizers(arguments, cls, model):
    """The document: `create_optimizer(model.parameters(), optimizer_name='adam', lr=1e-4, weight_decay=1e-5)`, and the
    same for 'adamw' and 'sgd', which also has `momentum=0.9`."""
    optimizer = create_optimizer(model.parameters(), **arguments)
    group = optimizer.param_groups[0]

    assert cls is type(optimizer)
    assert {key: value for key, value in arguments.items() if key != "optimizer_name"} == {
        key: group[key] for key in arguments if key != "optimizer_name"
    }
    assert 6 == len(group["params"])


def test_rmsprop_optimizer(model):
    """The document: `create_optimizer(model=model, optimizer_type='rmsprop', learning_rate=1e-3, alpha=0.99, eps=1e-8,
    weight_decay=1e-4)`."""
    optimizer = create_optimizer(
        model=model,
        optimizer_type="rmsprop",
        learning_rate=1e-3,
        alpha=0.99,
        eps=1e-8,
        weight_decay=1e-4,
    )
    group = optimizer.param_groups[0]

    assert torch.optim.RMSprop is type(optimizer)
    assert [1e-3, 0.99, 1e-8, 1e-4] == [group[key] for key in ("lr", "alpha", "eps", "weight_decay")]


def test_members_of_the_enumeration_are_names(model):
    """`OptimizerType.SGD` stands for "SGD"."""
    assert torch.optim.SGD is type(create_optimizer(model, optimizer_type=OptimizerType.SGD, lr=0.1))


def test_multipliers_by_module(model):
    """`lr_multipliers` is an argument here too, and not a field."""
    optimizer = create_optimizer(model=model, optimizer_name="adamw", lr=1e-3, lr_multipliers={model.output_head: 5.0})

    assert {1e-3, 5e-3} == {group["lr"] for group in optimizer.param_groups}


@pytest.mark.parametrize(
    ("config", "error", "words"),
    [
        ({"lr": 1e-4}, KeyError, "optimizer_name: is required"),
        ({"optimiser_name": "adam", "lr": 1e-4}, MissingTypeError, "`optimiser_name`"),
        ({"optimizer_name": "adm", "lr": 1e-4}, UnknownTypeError, "optimizer_name: .*\n.*`Adam`"),
        ({"optimizer_name": "adm", "lr": 1e-4}, AttributeError, "adm"),
        ({"optimizer_name": "adam", "lr": -1}, ValueError, "lr: must be > 0"),
        ({"optimizer_name": "adam", "learning_rate": -1}, ConfigError, "learning_rate: must be > 0"),
        ({"optimizer_name": "adam", "lr": 1, "learning_rate": 1}, ConfigError, "learning_rate: means the same as `lr`"),
        ({"optimizer_name": "adam", "optimizer_type": "sgd"}, ConfigError, "give one of the two"),
        ({"optimizer_name": "adam", "momentum": 0.9}, ConfigError, "momentum: unknown key"),
        ({"optimizer_name": "adam", "lr_decay_gamma": 0.9}, ConfigError, "create_optimizer_and_scheduler makes both"),
        ({"optimizer_name": "adam", "epochs": 3}, ConfigError, "epochs: unknown key"),
        ({"scheduler_name": "cosine", "epochs": 3}, MissingTypeError, "optimizer_name"),
    ],
)
def test_wrong_arguments_of_create_optimizer(config, error, words, model):
    """Each is an error by the name of the argument."""
    with pytest.raises(error, match=words):
        create_optimizer(model.parameters(), **config)


def test_parameters_are_given_once(model):
    """By position, or as `model`."""
    for given in ((None, None), (model.parameters(), model)):
        with pytest.raises(ParamGroupError, match="one of the two"):
            create_optimizer(given[0], model=given[1], optimizer_name="adam")


def test_a_generator_that_was_used_up(model):
    """It is an error; a new one is consumed once only, so that it need not be a list."""
    used = model.parameters()
    list(used)
    with pytest.raises(ParamGroupError, match="used up"):
        create_optimizer(used, optimizer_name="adam")


# -- schedules -------------------------------------------------------------------------------------------------------


def test_cosine_annealing_scheduler(optimizer, rates):
    """The document: `create_scheduler(optimizer=optimizer, scheduler_name='cosine', epochs=100, eta_min=1e-7)`."""
    scheduler = create_scheduler(
        optimizer=optimizer,
        scheduler_name="cosine",
        epochs=100,
        eta_min=1e-7,
    )

    wanted = [annealed(epoch, 100, eta_min=1e-7) for epoch in (0, 1, 50, 100)]
    assert wanted == pytest.approx(rates(scheduler, (0, 1, 50, 100)), rel=1e-9)


def test_cosine_annealing_with_warm_restarts(optimizer, rates):
    """The document: `create_scheduler(optimizer=optimizer, scheduler_name='cosine_warm_restarts', epochs=100, T_0=25,
    T_mult=2, eta_min=1e-7)`, "Restart every 25 epochs", "Double the restart period"."""
    scheduler = create_scheduler(
        optimizer=optimizer,
        scheduler_name="cosine_warm_restarts",
        epochs=100,
        T_0=25,  # Restart every 25 epochs
        T_mult=2,  # Double the restart period
        eta_min=1e-7,
    )

    wanted = [1e-4, annealed(24, 25, eta_min=1e-7), 1e-4, annealed(49, 50, eta_min=1e-7), 1e-4]
    assert wanted == pytest.approx(rates(scheduler, (0, 24, 25, 74, 75)), rel=1e-6)


def test_onecycle_policy(optimizer, rates):
    """The document: `create_scheduler(optimizer=optimizer, scheduler_name='onecycle', epochs=100, max_lr=1e-3,
    steps_per_epoch=100, pct_start=0.3)`, "30% of training for warmup"."""
    scheduler = create_scheduler(
        optimizer=optimizer,
        scheduler_name="onecycle",
        epochs=100,
        max_lr=1e-3,  # Peak learning rate
        steps_per_epoch=100,
        pct_start=0.3,  # 30% of training for warmup
    )

    assert 10_000 == scheduler.total_steps
    assert [1e-3 / 25, 1e-3] == pytest.approx(rates(scheduler, (0, 2999)), rel=1e-6)


def test_reduce_lr_on_plateau_scheduler(optimizer):
    """The document: `create_scheduler(optimizer=optimizer, scheduler_type='plateau', mode='max', factor=0.5,
    patience=10, threshold=1e-4)`."""
    scheduler = create_scheduler(
        optimizer=optimizer,
        scheduler_type="plateau",
        mode="max",
        factor=0.5,
        patience=10,
        threshold=1e-4,
    )
    for _ in range(12):
        scheduler.step(0.5)

    assert ("max", 0.5, 10, 1e-4) == (scheduler.mode, scheduler.factor, scheduler.patience, scheduler.threshold)
    assert 0.5e-4 == optimizer.param_groups[0]["lr"]


def test_warmup_scheduler(optimizer, rates):
    """The document: `create_scheduler(optimizer=optimizer, scheduler_type='warmup_cosine', warmup_epochs=10,
    max_epochs=100, eta_min=1e-6)`."""
    scheduler = create_scheduler(
        optimizer=optimizer,
        scheduler_type="warmup_cosine",
        warmup_epochs=10,
        max_epochs=100,
        eta_min=1e-6,
    )

    wanted = [0.5e-4, 1e-4, annealed(45, 90, eta_min=1e-6), 1e-6]
    assert wanted == pytest.approx(rates(scheduler, (5, 10, 55, 100)))


@pytest.mark.parametrize(
    "config",
    [
        {"scheduler_name": "cosine", "max_epochs": 20},
        {"scheduler_type": "cosine", "num_epochs": 20},
        {"scheduler": "cosine", "T_max": 20},
        {"scheduler_name": "cosine", "num_training_steps": 20},
        {"scheduler_name": "cosine", "total_steps": 20},
        {"scheduler_name": "cosine", "steps_per_epoch": 4, "total_steps": 20},
        {"scheduler_name": "warmup_cosine", "warmup_epochs": 0, "epochs": 20},
        {"scheduler_name": "CosineAnnealingLR", "T_max": 20, "epochs": 20},
        {"scheduler_name": "cosine", "epochs": 20, "max_epochs": None, "steps_per_epoch": None},
    ],
)
def test_a_length_reaches_the_schedule(config, optimizer, rates):
    """Whichever of its names it has, whether or not the schedule has a field for it."""
    scheduler = create_scheduler(optimizer, **config)

    assert [1e-4, 0.5e-4] == pytest.approx(rates(scheduler, (0, 10)))


@pytest.mark.parametrize(
    ("config", "error", "words"),
    [
        ({"epochs": 100}, KeyError, "scheduler_name: is required"),
        ({"scheduler_nam": "cosine"}, KeyError, "`scheduler_nam`"),
        ({"scheduler_name": "cosin"}, UnknownTypeError, "scheduler_name: .*\n.*`cosine`"),
        ({"scheduler_name": "cosine"}, HorizonError, "cosine needs total_steps"),
        ({"scheduler_name": "linear", "epochs": 10}, ValueError, "linear needs total_steps"),
        ({"scheduler_name": "linear", "total_steps": 0}, HorizonError, "total_steps must be"),
        ({"scheduler_name": "cosine", "epochs": 10, "max_epochs": 10}, ConfigError, "max_epochs: means the same as"),
        ({"scheduler_name": "cosine", "max_epochs": -10}, ConfigError, "max_epochs: must be"),
        ({"scheduler_name": "cosine", "epochs": 10, "eta_mn": 1e-7}, ConfigError, "eta_mn: unknown key\n.*`eta_min`"),
        ({"scheduler_name": "onecycle", "epochs": 10}, ConfigError, "max_lr: is required"),
        ({"optimizer_name": "adam", "lr": 0.1}, MissingTypeError, "scheduler_name"),
    ],
)
def test_wrong_arguments_of_create_scheduler(config, error, words, optimizer):
    """Each is an error by the name of the argument."""
    with pytest.raises(error, match=words):
        create_scheduler(optimizer, **config)


# -- both ------------------------------------------------------------------------------------------------------------


def test_recommended_usage(model, rates):
    """The document: `optimizer, scheduler = create_optimizer_and_scheduler(model.parameters(), optimizer_name='adamw',
    lr=1e-4, weight_decay=1e-4, scheduler_name='cosine', epochs=100, eta_min=1e-7)`."""
    optimizer, scheduler = create_optimizer_and_scheduler(
        model.parameters(),
        optimizer_name="adamw",
        lr=1e-4,
        weight_decay=1e-4,
        scheduler_name="cosine",
        epochs=100,
        eta_min=1e-7,
    )

    assert (torch.optim.AdamW, 1e-4) == (type(optimizer), optimizer.param_groups[0]["weight_decay"])
    assert scheduler.optimizer is optimizer
    assert [1e-4, 1e-7] == pytest.approx(rates(scheduler, (0, 100)))


def test_advanced_configuration(model, rates):
    """The document: the same with `scheduler_name='cosine_warm_restarts', epochs=100, T_0=25, T_mult=2,
    eta_min=1e-7`."""
    optimizer, scheduler = create_optimizer_and_scheduler(
        model.parameters(),
        optimizer_name="adamw",
        lr=1e-4,
        weight_decay=1e-4,
        scheduler_name="cosine_warm_restarts",
        epochs=100,
        T_0=25,
        T_mult=2,
        eta_min=1e-7,
    )

    assert (25, 2, 1e-7) == (scheduler.T_0, scheduler.T_mult, scheduler.eta_min)
    assert [1e-4, 1e-4] == pytest.approx(rates(scheduler, (0, 25)))
    assert optimizer is scheduler.optimizer


def test_python_configuration(model):
    """The document: `config = {'optimizer_name': 'adamw', 'lr': 1e-4, …, 'scheduler_name': 'cosine', 'epochs': 100,
    'eta_min': 1e-7}`, `create_optimizer_and_scheduler(model.parameters(), **config)`."""
    config = {
        "optimizer_name": "adamw",
        "lr": 1e-4,
        "weight_decay": 1e-4,
        "scheduler_name": "cosine",
        "epochs": 100,
        "eta_min": 1e-7,
    }
    optimizer, scheduler = create_optimizer_and_scheduler(model.parameters(), **config)

    assert 1e-4 == optimizer.param_groups[0]["lr"]
    assert isinstance(scheduler, torch.optim.lr_scheduler.LambdaLR)
    assert 6 == len(config)


@pytest.mark.parametrize(
    ("config", "lr", "betas", "max_norm"),
    [
        (
            {
                "optimizer": {
                    "type": "adamw",
                    "learning_rate": 1e-5,  # Lower LR for fine-tuning
                    "weight_decay": 1e-4,
                },
                "scheduler": {"type": "warmup_cosine", "warmup_epochs": 5, "max_epochs": 50},
                "gradient_clipping": {"enabled": True, "max_norm": 0.5},
            },
            1e-5,
            (0.9, 0.999),
            0.5,
        ),
        (
            {
                "optimizer": {
                    "type": "adamw",
                    "learning_rate": 1e-4,
                    "weight_decay": 1e-4,
                    "betas": [0.9, 0.95],  # Adjusted betas for large models
                },
                "scheduler": {"type": "cosine", "T_max": 200, "eta_min": 1e-6},
                "gradient_clipping": {"enabled": True, "max_norm": 1.0},
            },
            1e-4,
            (0.9, 0.95),
            1.0,
        ),
    ],
)
def test_configs_of_fine_tuning_and_large_models(config, lr, betas, max_norm, model, train):
    """The document's `finetune_config` and `large_model_config`: both parts, and the clipping beside them."""
    created = create_optimizer_and_scheduler(model.parameters(), **config)
    optimizer, scheduler = created
    train(optimizer, created.clipper.clip)

    assert (lr, betas) == (scheduler.base_lrs[0], optimizer.param_groups[0]["betas"])
    assert max_norm == pytest.approx(
        torch.nn.utils.get_total_norm([parameter.grad for parameter in model.parameters()]).item()
    )


def test_what_a_config_leaves_out(model):
    """Without a schedule the second of the pair is None, and there is no clipper."""
    created = create_optimizer_and_scheduler(model=model, optimizer_name="adam", lr=0.1, epochs=100)

    assert (created.optimizer, None) == created
    assert created.clipper is None


def test_decay_by_epoch_is_the_schedule(model):
    """`lr_decay_gamma` gives the pair its second."""
    _, scheduler = create_optimizer_and_scheduler(model, optimizer_name="adam", lr=0.1, lr_decay_gamma=0.5)

    assert 0.5 == scheduler.gamma


@pytest.mark.parametrize(
    ("config", "error", "words"),
    [
        ({"scheduler_name": "cosine", "epochs": 9}, MissingTypeError, "optimizer_name"),
        ({"optimizer_name": "adam", "scheduler_name": "cosine"}, HorizonError, "cosine needs total_steps"),
        (
            {"optimizer_name": "adam", "lr": -1, "scheduler_name": "cosine", "max_epochs": -1},
            ConfigError,
            "lr: must be > 0.*\nmax_epochs: must be",
        ),
        ({"optimizer": {"type": "adam"}, "scheduler": {"type": "cosine", "T": 3}}, ConfigError, "scheduler.T: unknown"),
        (
            {"optimizer_configs": {"g": {"optimizer": {"type": "adam"}}, "d": {"optimizer": {"type": "adam"}}}},
            OptimError,
            "several optimizers: g, d",
        ),
    ],
)
def test_wrong_arguments_of_both(config, error, words, model):
    """Each is an error by the path of the argument, and nothing is made."""
    with pytest.raises(error, match=words):
        create_optimizer_and_scheduler(model, **config)


# -- the factory -----------------------------------------------------------------------------------------------------


def test_optimizer_creation(factory, model):
    """The document's unit test: `factory.create_optimizer(model=model, config={'type': 'adam', 'learning_rate':
    1e-4})`, `assert optimizer.param_groups[0]['lr'] == 1e-4`."""
    optimizer = factory.create_optimizer(model=model, config={"type": "adam", "learning_rate": 1e-4})

    assert torch.optim.Adam is type(optimizer)
    assert 1e-4 == optimizer.param_groups[0]["lr"]


def test_training_loop_integration(factory, model, train):
    """The document: `optimizer, scheduler = factory.create_optimizer_and_scheduler(model=model, config=config)` with
    `config = {'optimizer': {'type': 'adamw', …}, 'scheduler': {'type': 'cosine', 'T_max': 100}}`, and
    `scheduler.step()` after each epoch."""
    config = {
        "optimizer": {"type": "adamw", "learning_rate": 1e-4, "weight_decay": 1e-4},
        "scheduler": {"type": "cosine", "T_max": 100},
    }
    optimizer, scheduler = factory.create_optimizer_and_scheduler(
        model=model,
        config=config,
    )
    for _ in range(50):
        train(optimizer)
        scheduler.step()

    assert 0.5e-4 == pytest.approx(optimizer.param_groups[0]["lr"])
    assert not any(parameter.isnan().any() for parameter in model.parameters())


def test_experiment_configuration(factory, model):
    """The document: a config.yaml read by `yaml.safe_load(f)`, which takes 1e-4 for a text, given to
    `factory.create_optimizer_and_scheduler(model=model, config=config)`."""
    config = yaml.safe_load(NESTED_YAML)
    assert "1e-4" == config["optimizer"]["learning_rate"]
    created = factory.create_optimizer_and_scheduler(model=model, config=config)
    group = created.optimizer.param_groups[0]

    assert [1e-4, 1e-4, 1e-8] == [group[key] for key in ("lr", "weight_decay", "eps")]
    assert 1.0 == created.clipper.max_norm


def test_a_training_section_leaves_its_length_to_the_run(factory, model, rates):
    """The document's `training:` layout names a cosine without a length: it is an argument, in steps or, as a key of
    the config, in epochs."""
    config = yaml.safe_load(TRAINING_YAML)
    with pytest.raises(HorizonError, match="cosine needs total_steps"):
        factory.create_optimizer_and_scheduler(model, config)

    created = factory.create_optimizer_and_scheduler(model, config, epochs=4, steps_per_epoch=25)
    assert [1e-4, 1e-7] == pytest.approx(rates(created.scheduler, (0, 100)))
    assert 1.0 == created.clipper.max_norm

    config["training"]["max_epochs"] = 100
    _, scheduler = factory.create_optimizer_and_scheduler(model, config)
    assert [1e-4, 1e-7] == pytest.approx(rates(scheduler, (0, 100)))


@pytest.mark.parametrize(
    "config",
    [
        {"optimizer": {"type": "sgd", "lr": 0.1}, "scheduler": {"type": "step", "step_size": 3}, "epochs": 9},
        {"optimizer_name": "sgd", "lr": 0.1, "scheduler_name": "step", "step_size": 3, "epochs": 9, "amp": True},
        {"training": {"optimizer": "sgd", "lr": 0.1, "scheduler": "step", "step_size": 3, "epochs": 9}},
        {"training": {"optimizer": "sgd", "lr": 0.1, "scheduler": "step", "step_size": 3, "steps_per_epoch": 9}},
    ],
)
def test_the_parts_of_one_config(factory, config, model):
    """`create_optimizer` and `create_scheduler` each take their part of a config that has both."""
    optimizer = factory.create_optimizer(model, config)
    scheduler = factory.create_scheduler(optimizer, config)

    assert (torch.optim.SGD, 0.1) == (type(optimizer), optimizer.param_groups[0]["lr"])
    assert (3, optimizer) == (scheduler.step_size, scheduler.optimizer)


def test_a_part_by_itself(factory, model):
    """A component, or a component below its key."""
    for config in ({"type": "step", "step_size": 3}, {"scheduler": {"type": "step", "step_size": 3}, "epochs": 9}):
        optimizer = factory.create_optimizer(model, {"optimizer": {"type": "sgd", "lr": 0.1}})
        assert 3 == factory.create_scheduler(optimizer, config).step_size
    assert 7 == factory.create_scheduler(optimizer, {"type": "onecycle", "max_lr": 1}, total_steps=7).total_steps


@pytest.mark.parametrize(
    ("config", "error", "words"),
    [
        ({"optimizer": {"type": "adam"}}, MissingTypeError, "scheduler: is required"),
        ({"type": "adam"}, UnknownTypeError, "`adam` is an optimizer, not a scheduler"),
        ({"scheduler": {"type": "step"}}, ConfigError, "scheduler.step_size: is required"),
        ({"lr": 1}, KeyError, "`type` is missing"),
        (["step"], ConfigError, "a config is a mapping"),
        (None, ConfigError, "a config is a mapping"),
    ],
)
def test_wrong_configs_of_the_factory(factory, config, error, words, optimizer):
    """What is missing or wrong is told by its path."""
    with pytest.raises(error, match=words):
        factory.create_scheduler(optimizer, config)


def test_configs_stay_as_they_are(factory, model):
    """The caller's mapping is not changed."""
    config = {"optimizer_name": "sgd", "scheduler_name": "cosine", "max_epochs": 9}
    factory.create_optimizer_and_scheduler(model, config)

    assert {"optimizer_name": "sgd", "scheduler_name": "cosine", "max_epochs": 9} == config
