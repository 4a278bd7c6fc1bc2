"""The functions from configs are as the document on the training factory of an audio model has them."""

import pytest
import torch

from optim_core import ConfigError
from optim_core.compat import (
    OptimizerType,
    SchedulerType,
    create_optimizer_from_config,
    create_scheduler_from_config,
)
from optim_core.errors import HorizonError


@pytest.mark.parametrize(
    ("config", "cls"),
    [
        (
            {"type": "Adam", "config": {"lr": 1e-4, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.01}},
            torch.optim.Adam,
        ),
        (
            {"type": "SGD", "config": {"lr": 0.01, "momentum": 0.9, "weight_decay": 1e-4, "nesterov": True}},
            torch.optim.SGD,
        ),
        ({"type": "AdamW", "config": {"lr": 1e-4, "weight_decay": 0.01}}, torch.optim.AdamW),
        ({"type": OptimizerType.RMSPROP, "config": {"lr": 1e-4}}, torch.optim.RMSprop),
        ({"type": OptimizerType.ADAGRAD, "config": {"lr": 1e-4}}, torch.optim.Adagrad),
    ],
)
def test_optimizers(config, cls, model):
    """The document: "Creates PyTorch optimizers from configuration"; "Standard PyTorch: `torch.optim.Optimizer`
    subclasses"; the parameters may be a generator."""
    optimizer = create_optimizer_from_config(config, model.parameters())
    group = optimizer.param_groups[0]

    assert cls is type(optimizer)
    assert 6 == len(group["params"])
    for key, value in config["config"].items():
        assert (tuple(value) if isinstance(value, list) else value) == group[key]


def test_inverse_lr(optimizer, rates):
    """The document: `warmup = 1 - warmup ** (step + 1)`, `lr_mult = (1 + step / inv_gamma) ** -power`,
    `lr = warmup * max(final_lr, base_lr * lr_mult)`."""
    config = {"type": "InverseLR", "config": {"inv_gamma": 20.0, "power": 0.5, "warmup": 0.99, "final_lr": 2e-5}}
    steps = (0, 1, 10, 100, 1000)

    def formula(step):
        return (1 - 0.99 ** (step + 1)) * max(2e-5, 1e-4 * (1 + step / 20.0) ** -0.5)

    scheduler = create_scheduler_from_config(config, optimizer)
    assert [formula(step) for step in steps] == pytest.approx(rates(scheduler, steps))


def test_cosine_annealing_lr(optimizer, rates):
    """The document: `{"type": "CosineAnnealingLR", "config": {"T_max": 100000, "eta_min": 1e-6}}`."""
    config = {"type": "CosineAnnealingLR", "config": {"T_max": 100000, "eta_min": 1e-6}}
    scheduler = create_scheduler_from_config(config, optimizer)

    assert torch.optim.lr_scheduler.CosineAnnealingLR is type(scheduler)
    assert (100000, 1e-6) == (scheduler.T_max, scheduler.eta_min)


@pytest.mark.parametrize(
    ("member", "config"),
    [
        (SchedulerType.INVERSE_LR, {}),
        (SchedulerType.STEP_LR, {"step_size": 50000, "gamma": 0.5}),
        (SchedulerType.EXPONENTIAL_LR, {"gamma": 0.9}),
        (SchedulerType.COSINE_ANNEALING_LR, {"T_max": 10}),
        (SchedulerType.REDUCE_LR_ON_PLATEAU, {"mode": "max", "patience": 3}),
        (SchedulerType.MULTI_STEP_LR, {"milestones": [3, 5]}),
        (SchedulerType.LAMBDA_LR, {"lr_lambda": "0.95 ** epoch"}),
    ],
)
def test_members_of_the_enumeration_are_types(member, config, optimizer):
    """The document's `SchedulerType`, whose members are the names of classes."""
    scheduler = create_scheduler_from_config({"type": member, "config": config}, optimizer)

    assert member == SchedulerType.INVERSE_LR or member.value == type(scheduler).__name__
    assert isinstance(member, str)


@pytest.mark.parametrize(
    ("config", "error", "words"),
    [
        ({"config": {"lr": 1e-4}}, KeyError, "`type` is missing"),
        ({"type": "Adamm", "config": {"lr": 1e-4}}, AttributeError, "no optimizer is called `Adamm`"),
        ({"type": "__class__", "config": {}}, AttributeError, "no optimizer is called"),
        ({"type": "Adam", "config": {"lr": -1e-4}}, ValueError, "config.lr: must be > 0"),
        ({"type": "Adam", "config": {"lr": 1e-4, "betas": [0.9, 1.0]}}, ValueError, "config.betas.*must be in "),
        ({"type": "Adam", "config": {"lr": 1e-4, "momentum": 1}}, ValueError, "config.momentum: unknown key"),
        ({"type": "SGD", "config": {"lr": 1e-4, "nesterov": True}}, ValueError, "nesterov"),
        ({"type": "Adam", "config": {"lr": 1e-4}, "lr_decay_gamma": 0.9}, ConfigError, "lr_decay_gamma"),
    ],
)
def test_optimizer_creation_errors(config, error, words, model):
    """The document: "Missing type: KeyError if 'type' not in config", "Unknown optimizer type: AttributeError",
    "Invalid parameters: TypeError or ValueError"."""
    with pytest.raises(error, match=words):
        create_optimizer_from_config(config, model.parameters())


@pytest.mark.parametrize(
    ("config", "error", "words"),
    [
        ({"config": {"step_size": 3}}, KeyError, "`type` is missing"),
        ({"type": "Step", "config": {}}, ValueError, "config.step_size: is required"),
        ({"type": "StepLRR", "config": {}}, AttributeError, "no scheduler is called `StepLRR`"),
        ({"type": "StepLR", "config": {"step_size": 0}}, ValueError, "config.step_size: must be > 0"),
        ({"type": "InverseLR", "config": {"warmup": 1.0}}, ValueError, "config.warmup: must be"),
        ({"type": "InverseLR", "config": {"warmup": -0.1}}, ValueError, "config.warmup: must be"),
        ({"type": "cosine", "config": {}}, ValueError, "cosine needs total_steps"),
    ],
)
def test_scheduler_creation_errors(config, error, words, optimizer):
    """The document: the same for schedulers, and "Invalid warmup range: ValueError if warmup not in [0, 1) for
    InverseLR"."""
    with pytest.raises(error, match=words):
        create_scheduler_from_config(config, optimizer)


@pytest.mark.parametrize(
    ("config", "lengths"),
    [
        ({"type": "cosine", "config": {"num_warmup_steps": 10}}, {"total_steps": 100}),
        ({"type": "cosine", "config": {"num_warmup_steps": "2 epochs"}}, {"epochs": 10, "steps_per_epoch": 10}),
        ({"type": "OneCycleLR", "config": {"max_lr": 0.1}}, {"epochs": 10, "steps_per_epoch": 10}),
    ],
)
def test_the_lengths_that_an_error_asks_for_can_be_given(config, lengths, optimizer):
    """A schedule that needs the length of the run says which argument gives it, and takes that."""
    with pytest.raises(HorizonError) as caught:
        create_scheduler_from_config(config, optimizer)
    assert caught.value.needs in ("total_steps", "steps_per_epoch")
    scheduler = create_scheduler_from_config(config, optimizer, **lengths)
    for _ in range(99):
        optimizer.step()
        scheduler.step()
    assert scheduler.get_last_lr()[0] < 1e-4
