"""The configs that users handed in, for torch's own classes: they build as they stand."""

import pytest
import torch
from torch import nn

from optim_core import ConfigError, MissingTypeError, UnknownTypeError, registry

COMPONENTS = [
    ({"type": "Adam", "config": {"lr": 1e-4, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.01}}, "Adam"),
    ({"type": "SGD", "config": {"lr": 0.01, "momentum": 0.9, "weight_decay": 1e-4, "nesterov": True}}, "SGD"),
    ({"type": "AdamW", "config": {"lr": 1e-4, "weight_decay": 0.01}}, "AdamW"),
    ({"type": "Adam", "config": {"lr": 2e-4, "betas": [0.5, 0.999]}}, "Adam"),
    ({"type": "adamw", "learning_rate": 1e-4, "weight_decay": 1e-4, "betas": [0.9, 0.95]}, "AdamW"),
    ({"type": "adamw", "learning_rate": "1e-4", "weight_decay": "1e-4", "eps": "1e-8"}, "AdamW"),
    ({"type": "adam", "lr": 1e-4, "weight_decay": 1e-5}, "Adam"),
    ({"type": "sgd", "lr": 1e-3, "weight_decay": 1e-4, "momentum": 0.9}, "SGD"),
    ({"type": "rmsprop", "learning_rate": 1e-3, "alpha": 0.99, "eps": 1e-8, "weight_decay": 1e-4}, "RMSprop"),
    ({"type": "CosineAnnealingLR", "config": {"T_max": 100000, "eta_min": 1e-6}}, "CosineAnnealingLR"),
    ({"type": "StepLR", "config": {"step_size": 50000, "gamma": 0.5}}, "StepLR"),
    (
        {"type": "onecycle", "epochs": 100, "max_lr": 1e-3, "steps_per_epoch": 100, "pct_start": 0.3},
        "OneCycleLR",
    ),
    ({"type": "cosine_warm_restarts", "T_0": 25, "T_mult": 2, "eta_min": 1e-7}, "CosineAnnealingWarmRestarts"),
    ({"type": "plateau", "mode": "max", "factor": 0.5, "patience": 10, "threshold": 1e-4}, "ReduceLROnPlateau"),
    (
        {"type": "reduce_lr_on_plateau", "mode": "min", "factor": 0.5, "patience": 5, "min_lr": 1e-7},
        "ReduceLROnPlateau",
    ),
    ({"type": "step", "step_size": 30}, "StepLR"),
    ({"type": "exponential", "gamma": 0.9}, "ExponentialLR"),
    ({"type": "multistep", "milestones": [30, 80]}, "MultiStepLR"),
]


@pytest.mark.parametrize(("config", "name"), COMPONENTS)
def test_a_component_builds_under_its_canonical_name(config, name):
    """Whatever it is called in the config, the spec shows torch's name, and the live object is torch's class."""
    spec = registry.build(config)
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], momentum=0.9)
    live = spec.config.build([nn.Parameter(torch.ones(1))]) if hasattr(torch.optim, name) else None

    assert name == spec.type
    assert name == type(live or spec.create_scheduler(optimizer)).__name__


@pytest.mark.parametrize(
    "name",
    ["ReduceLROnPlateau", "reducelronplateau", "reduce_lr_on_plateau", "REDUCE-LR-ON-PLATEAU", "plateau", "Plateau"],
)
def test_one_class_answers_to_every_spelling_of_a_plateau(name):
    """transformers' name, torch's and the short one, in any case, mean one schedule, whatever else is installed."""
    spec = registry.build({"type": name, "config": {"factor": 0.5}}, "scheduler")
    ours = [record for record in registry.schedulers.plugins() if "plateau" in record.name.lower()]

    assert "ReduceLROnPlateau" == spec.type
    assert {("optim-torch-builtin", "ok")} == {(record.distribution, record.state) for record in ours}


def test_the_pair_of_a_generator_and_a_discriminator_trains():
    """Named sets side by side, with Adam, AdamW and StepLR, make two optimizers and a schedule."""
    recipe = registry.build(
        {
            "optimizer_configs": {
                "generator": {"type": "AdamW", "config": {"lr": 1e-4, "weight_decay": 0.01}},
                "discriminator": {"type": "Adam", "config": {"lr": 2e-4, "betas": [0.5, 0.999]}},
            },
            "scheduler_configs": {"discriminator": {"type": "StepLR", "config": {"step_size": 50000, "gamma": 0.5}}},
        }
    )
    run = recipe.create({"generator": nn.Linear(2, 2), "discriminator": nn.Linear(2, 1)})

    assert (torch.optim.AdamW, torch.optim.Adam) == tuple(map(type, run.optimizers.values()))
    assert (0.5, 0.999) == run.optimizers["discriminator"].param_groups[0]["betas"]
    assert torch.optim.lr_scheduler.StepLR is type(run.schedulers["discriminator"])


@pytest.mark.parametrize("clipping", [{"enabled": True, "max_norm": 0.5}, {"type": "norm", "max_norm": 0.5}])
def test_gradient_clipping_is_by_norm_where_no_type_is_given(clipping):
    """The requirements' form and the canonical one are the same clipper."""
    recipe = registry.build({"optimizer": {"type": "adamw", "learning_rate": 1e-5}, "gradient_clipping": clipping})

    assert ("norm", 0.5) == (recipe.clipper.type, recipe.clipper.config.max_norm)


def test_lr_decay_gamma_is_torchs_exponential_schedule():
    """The optimizer's own decay key builds ExponentialLR, stepped once an epoch."""
    run = registry.build({"optimizer": {"type": "AdamW", "config": {}, "lr_decay_gamma": 0.95}}).create(nn.Linear(2, 2))

    assert torch.optim.lr_scheduler.ExponentialLR is type(run.scheduler)
    assert 0.95 == run.scheduler.gamma


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ({"config": {"lr": 1e-3}}, MissingTypeError),
        ({"type": "Adamm", "config": {}}, UnknownTypeError),
        ({"type": "AdamW", "config": {"lr": -1}}, ConfigError),
        ({"type": "AdamW", "config": {"lr": "fast"}}, ConfigError),
    ],
)
def test_what_is_wrong_has_the_error_that_the_requirements_name(config, error):
    """KeyError for a missing type, AttributeError for an unknown one, ValueError for a wrong value."""
    with pytest.raises(error):
        registry.build(config, kind="optimizer")
