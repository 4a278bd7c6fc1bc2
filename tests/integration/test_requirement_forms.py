"""Every config in the users' documents builds as it stands there: in a file, as a mapping, whole and in its parts."""

import json
import math

import pytest
import torch
from torch import nn

from optim_core import ConfigError, OptimizerSpec, Recipe, SchedulerSpec, UnusedConfigWarning, registry

# -- the document on the training factory ----------------------------------------------------------------------------

ADAM = """\
{
    "type": "Adam",
    "config": {
        "lr": 1e-4,
        "betas": [0.9, 0.999],
        "eps": 1e-8,
        "weight_decay": 0.01
    }
}
"""
FUSED_ADAM = """\
{
    "type": "FusedAdam",
    "config": {
        "lr": 2e-4,
        "betas": [0.9, 0.999],
        "eps": 1e-8,
        "weight_decay": 0.01,
        "adam_w_mode": true
    }
}
"""
SGD = """\
{
    "type": "SGD",
    "config": {
        "lr": 0.01,
        "momentum": 0.9,
        "weight_decay": 1e-4,
        "nesterov": true
    }
}
"""
INVERSE_LR = """\
{
    "type": "InverseLR",
    "config": {
        "inv_gamma": 10000.0,
        "power": 1.0,
        "warmup": 0.1,
        "final_lr": 1e-6
    }
}
"""
COSINE_ANNEALING_LR = """\
{
    "type": "CosineAnnealingLR",
    "config": {
        "T_max": 100000,
        "eta_min": 1e-6
    }
}
"""
COMPLETE = """\
{
    "optimizer_configs": {
        "generator": {
            "type": "AdamW",
            "config": {
                "lr": 1e-4,
                "weight_decay": 0.01
            }
        },
        "discriminator": {
            "type": "Adam",
            "config": {
                "lr": 2e-4,
                "betas": [0.5, 0.999]
            }
        }
    },
    "scheduler_configs": {
        "generator": {
            "type": "InverseLR",
            "config": {
                "inv_gamma": 10000.0,
                "warmup": 0.1
            }
        },
        "discriminator": {
            "type": "StepLR",
            "config": {
                "step_size": 50000,
                "gamma": 0.5
            }
        }
    }
}
"""

# -- the document on the optimizer factory ---------------------------------------------------------------------------

TRAINING = """\
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
SECTIONS = """\
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
FLAT = {
    "optimizer_name": "adamw",
    "lr": 1e-4,
    "weight_decay": 1e-4,
    "scheduler_name": "cosine",
    "epochs": 100,
    "eta_min": 1e-7,
}
FINETUNE = {
    "optimizer": {
        "type": "adamw",
        "learning_rate": 1e-5,  # Lower LR for fine-tuning
        "weight_decay": 1e-4,
    },
    "scheduler": {"type": "warmup_cosine", "warmup_epochs": 5, "max_epochs": 50},
    "gradient_clipping": {"enabled": True, "max_norm": 0.5},
}
LARGE_MODEL = {
    "optimizer": {
        "type": "adamw",
        "learning_rate": 1e-4,
        "weight_decay": 1e-4,
        "betas": [0.9, 0.95],  # Adjusted betas for large models
    },
    "scheduler": {"type": "cosine", "T_max": 200, "eta_min": 1e-6},
    "gradient_clipping": {"enabled": True, "max_norm": 1.0},
}
NESTED = {
    "optimizer": {"type": "adamw", "learning_rate": 1e-4, "weight_decay": 1e-4},
    "scheduler": {"type": "cosine", "T_max": 100},
}

# -- real training configs of such models ----------------------------------------------------------------------------

AUTOENCODER = {
    "optimizer": {"type": "AdamW", "config": {"betas": [0.8, 0.99], "lr": 1.5e-4, "weight_decay": 1e-3}},
    "scheduler": {"type": "InverseLR", "config": {"inv_gamma": 200000, "power": 0.5, "warmup": 0.999}},
}
DISCRIMINATOR = {
    "optimizer": {"type": "AdamW", "config": {"betas": [0.8, 0.99], "lr": 3e-4, "weight_decay": 1e-3}},
    "scheduler": {"type": "InverseLR", "config": {"inv_gamma": 200000, "power": 0.5, "warmup": 0.999}},
}
OPTIMIZER_CONFIGS = {"autoencoder": AUTOENCODER, "discriminator": DISCRIMINATOR}
REAL_TRAINING = {
    "model_type": "autoencoder",
    "sample_rate": 44100,
    "training": {
        "learning_rate": 1.5e-4,
        "warmup_steps": 0,
        "use_ema": True,
        "optimizer_configs": OPTIMIZER_CONFIGS,
        "loss_configs": {"spectral": {"type": "mrstft", "weights": {"mrstft": 1.0}}},
        "demo": {"demo_every": 2000},
    },
}


def build_file(folder, text, name):
    """Builds a file that holds a document's text, and the mapping that is in it."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return registry.build(str(file))


@pytest.fixture
def rate_at():
    """The rate of a schedule after so many calls of ``step()``, from a base of 1e-4."""

    def rate(spec, step):
        optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1e-4)
        spec.create_scheduler(optimizer, last_step=step)
        return optimizer.param_groups[0]["lr"]

    return rate


# -- components in files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cls", "fields"),
    [
        (ADAM, torch.optim.Adam, {"lr": 1e-4, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01}),
        (SGD, torch.optim.SGD, {"lr": 0.01, "momentum": 0.9, "weight_decay": 1e-4, "nesterov": True}),
    ],
)
@pytest.mark.parametrize("name", ["optimizer.json", "optimizer.yaml"])
def test_optimizers_of_the_training_factory(text, cls, fields, name, tmp_path):
    """The document's "Adam Optimizer" and "SGD with Nesterov Momentum", as the JSON that they are and as YAML."""
    optimizer = build_file(tmp_path, text, name).create_optimizer(nn.Linear(2, 2))

    assert cls is type(optimizer)
    assert fields == {key: optimizer.param_groups[0][key] for key in fields}


def test_fused_adam(tmp_path):
    """The document's "FusedAdam Optimizer"."""
    spec = build_file(tmp_path, FUSED_ADAM, "optimizer.json")

    assert ("FusedAdam", 2e-4, True) == (spec.type, spec.config.lr, spec.config.adam_w_mode)


def test_inverse_lr(tmp_path):
    """The document's "InverseLR Scheduler" follows the document's formula."""
    spec = build_file(tmp_path, INVERSE_LR, "scheduler.json")

    def formula(step):
        return (1 - 0.1 ** (step + 1)) * max(1e-6, 1e-4 * (1 + step / 10000.0) ** -1.0)

    assert (1e4, 1.0, 0.1, 1e-6) == (spec.config.inv_gamma, spec.config.power, spec.config.warmup, spec.config.final_lr)
    for step in (0, 1, 1000):
        assert formula(step) == pytest.approx(1e-4 * spec.config.factor(step, base_lr=1e-4))


def test_cosine_annealing_lr(tmp_path):
    """The document's "CosineAnnealingLR Scheduler"."""
    spec = build_file(tmp_path, COSINE_ANNEALING_LR, "scheduler.json")

    assert (SchedulerSpec, "CosineAnnealingLR", 100000, 1e-6) == (
        type(spec),
        spec.type,
        spec.config.T_max,
        spec.config.eta_min,
    )


def test_complete_configuration(tmp_path):
    """The document's "Complete Optimizer and Scheduler Configuration": two optimizers, and a schedule for each."""
    recipe = build_file(tmp_path, COMPLETE, "config.json")

    assert ["AdamW", "Adam"] == [spec.type for spec in recipe.optimizers.values()]
    assert (1e-4, 0.01) == (
        recipe.optimizers["generator"].config.lr,
        recipe.optimizers["generator"].config.weight_decay,
    )
    assert (0.5, 0.999) == recipe.optimizers["discriminator"].config.betas
    assert ("InverseLR", 1e4, 0.1) == (
        recipe.schedulers["generator"].type,
        recipe.schedulers["generator"].config.inv_gamma,
        recipe.schedulers["generator"].config.warmup,
    )
    assert ("StepLR", 50000, 0.5) == (
        recipe.schedulers["discriminator"].type,
        recipe.schedulers["discriminator"].config.step_size,
        recipe.schedulers["discriminator"].config.gamma,
    )


@pytest.mark.parametrize("left", ["generator", "discriminator"])
def test_one_of_a_pair_without_a_scheduler_keeps_the_others(left):
    """Both optimizers are built, and the one schedule that there is."""
    config = json.loads(COMPLETE)
    config["scheduler_configs"] = {left: {"type": "StepLR", "config": {"step_size": 50000}}}
    run = registry.build(config).create({"generator": nn.Linear(2, 2), "discriminator": nn.Linear(2, 1)})

    assert ["generator", "discriminator"] == list(run.optimizers)
    assert [left] == list(run.schedulers)


# -- the layouts of the optimizer factory ----------------------------------------------------------------------------


def test_a_training_section(tmp_path):
    """The document's `training:` with `optimizer: "adamw"`, `max_grad_norm`, `amp` and `compile`."""
    recipe = build_file(tmp_path, TRAINING, "config.yaml")

    assert ("AdamW", 1e-4, 1e-4) == (
        recipe.optimizer.type,
        recipe.optimizer.config.lr,
        recipe.optimizer.config.weight_decay,
    )
    assert ("norm", 1.0) == (recipe.clipper.type, recipe.clipper.config.max_norm)
    assert {"training": {"amp": True, "compile": True}} == recipe.unused
    run = recipe.create(nn.Linear(2, 2), total_steps=10)
    assert [1e-4] == run.scheduler.get_last_lr()
    assert ("cosine", 1e-7) == (recipe.scheduler.type, recipe.scheduler.config.eta_min)


def test_optimizer_and_scheduler_as_mappings(tmp_path, rate_at):
    """The document's `optimizer:`, `scheduler:` and `gradient_clipping:` as mappings."""
    recipe = build_file(tmp_path, SECTIONS, "config.yaml")
    config = recipe.optimizer.config

    assert [1e-4, 1e-4, (0.9, 0.999), 1e-8] == [config.lr, config.weight_decay, config.betas, config.eps]
    assert 1.0 == recipe.clipper.config.max_norm
    wanted = 1e-6 + (1e-4 - 1e-6) * (1 + math.cos(math.pi * 0.25)) / 2
    assert wanted == pytest.approx(rate_at(recipe.scheduler, 25))
    assert ("epoch", 1e-6) == (recipe.scheduler.interval, pytest.approx(rate_at(recipe.scheduler, 100)))


def test_a_flat_set(rate_at):
    """The document's `config = {'optimizer_name': 'adamw', 'lr': 1e-4, …, 'epochs': 100, 'eta_min': 1e-7}` is divided
    by which part has the field."""
    recipe = registry.build(FLAT)

    assert ("AdamW", 1e-4, 1e-4) == (
        recipe.optimizer.type,
        recipe.optimizer.config.lr,
        recipe.optimizer.config.weight_decay,
    )
    assert [1e-4, 1e-7] == pytest.approx([rate_at(recipe.scheduler, step) for step in (0, 100)])


@pytest.mark.parametrize(
    ("config", "lr", "last_epoch", "floor", "max_norm"),
    [
        (FINETUNE, 1e-5, 50, 0.0, 0.5),
        (LARGE_MODEL, 1e-4, 200, 1e-6, 1.0),
        (NESTED, 1e-4, 100, 0.0, None),
    ],
)
@pytest.mark.parametrize("form", ["mapping", "json"])
def test_nested_dicts(config, lr, last_epoch, floor, max_norm, form, tmp_path, rate_at):
    """The document's `finetune_config`, `large_model_config` and the nested Python configuration."""
    recipe = registry.build(config) if form == "mapping" else build_file(tmp_path, json.dumps(config), "config.json")

    assert (lr, 1e-4) == (recipe.optimizer.config.lr, recipe.optimizer.config.weight_decay)
    assert floor == pytest.approx(rate_at(recipe.scheduler, last_epoch), abs=1e-18)
    assert "epoch" == recipe.scheduler.interval
    assert max_norm == (recipe.clipper and recipe.clipper.config.max_norm)


@pytest.mark.parametrize(
    "config",
    [
        {"type": "adam", "learning_rate": 1e-4},
        {"optimizer_name": "adam", "lr": 1e-4, "weight_decay": 1e-5},
        {"optimizer_type": "rmsprop", "learning_rate": 1e-3, "alpha": 0.99, "eps": 1e-8, "weight_decay": 1e-4},
        {"scheduler_name": "cosine", "epochs": 100, "eta_min": 1e-7},
        {"scheduler_type": "plateau", "mode": "max", "factor": 0.5, "patience": 10, "threshold": 1e-4},
        {"scheduler_type": "warmup_cosine", "warmup_epochs": 10, "max_epochs": 100, "eta_min": 1e-6},
        {"scheduler_name": "onecycle", "epochs": 100, "max_lr": 1e-3, "steps_per_epoch": 100, "pct_start": 0.3},
    ],
)
def test_keyword_arguments_as_configs(config):
    """The keywords of the document's calls are a config by themselves, of one component; its canonical form builds the
    same."""
    spec = registry.build(config)

    assert isinstance(spec, (OptimizerSpec, SchedulerSpec))
    assert spec == registry.build(registry.to_config(spec))


# -- the document on optimizer specifications ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {"learning_rate": 0.001, "lr_decay_gamma": 0.95, "weight_decay": 0.01},
        {"learning_rate": 0.001, "lr_decay_gamma": None, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.01},
    ],
)
@pytest.mark.parametrize("kind", ["adam", "adamw"])
def test_serialized_pairs(params, kind, tmp_path):
    """The document: "saved as two components: 1. Optimizer type … 2. Parameters dict"."""
    text = json.dumps({"optimizer_type": kind, "optimizer_params": params})
    spec = build_file(tmp_path, text, "optimizer.json")

    assert (kind, 0.001, params["lr_decay_gamma"]) == (spec.type.lower(), spec.config.lr, spec.lr_decay_gamma)


# -- nested sets -----------------------------------------------------------------------------------------------------

LEVELS = [
    REAL_TRAINING,
    {"training": REAL_TRAINING["training"]},
    {"training": {"optimizer_configs": OPTIMIZER_CONFIGS}},
    REAL_TRAINING["training"],
    {"optimizer_configs": OPTIMIZER_CONFIGS},
    OPTIMIZER_CONFIGS,
]


@pytest.mark.filterwarnings("ignore::optim_core.UnusedConfigWarning")
@pytest.mark.parametrize("config", LEVELS, ids=["whole", "section key", "sets key", "section", "sets", "inside"])
@pytest.mark.parametrize("form", ["mapping", "json"])
def test_nested_sets_from_each_level_down(config, form, tmp_path):
    """`{"training": {"optimizer_configs": {"autoencoder": {"optimizer": …, "scheduler": …}, "discriminator": …}}}`,
    given whole or from any of those levels down, is one recipe."""
    recipe = registry.build(config) if form == "mapping" else build_file(tmp_path, json.dumps(config), "config.json")

    assert registry.build({"optimizer_configs": OPTIMIZER_CONFIGS}) == recipe
    assert {"autoencoder": 1.5e-4, "discriminator": 3e-4} == {
        name: spec.config.lr for name, spec in recipe.optimizers.items()
    }
    assert [0.999, 0.999] == [spec.config.warmup for spec in recipe.schedulers.values()]


def test_the_levels_below_the_names():
    """A pair, and each of its components."""
    recipe = registry.build(AUTOENCODER)
    optimizer, scheduler = (registry.build(AUTOENCODER[part]) for part in ("optimizer", "scheduler"))

    assert Recipe(optimizers={"default": optimizer}, schedulers={"default": scheduler}) == recipe
    assert (1.5e-4, 200000) == (optimizer.config.lr, scheduler.config.inv_gamma)


def test_what_the_real_configs_say_beside_their_sets_is_told():
    """The rate that each set overrides, and the warmup of the adversarial loss: neither is optim-core's to read."""
    with pytest.warns(UnusedConfigWarning) as caught:
        registry.build(REAL_TRAINING)
    problems = [problem for warning in caught for problem in warning.message.problems]
    assert ["training.learning_rate", "training.warmup_steps"] == [problem.path for problem in problems]


@pytest.mark.filterwarnings("ignore::optim_core.UnusedConfigWarning")
def test_nested_sets_train():
    """Two optimizers with their schedules, for two models."""
    run = registry.build(REAL_TRAINING).create({"autoencoder": nn.Linear(2, 2), "discriminator": nn.Linear(2, 1)})
    for name, optimizer in run.optimizers.items():
        optimizer.step()
        run.schedulers[name].step()

    wanted = (1 - 0.999**2) * (1 + 1 / 200000) ** -0.5
    assert [1.5e-4 * wanted, 3e-4 * wanted] == pytest.approx(
        [optimizer.param_groups[0]["lr"] for optimizer in run.optimizers.values()]
    )


@pytest.mark.parametrize(
    ("levels", "path"),
    [
        (("training", "optimizer_configs"), "training.optimizer_configs.autoencoder.optimizer.config.lr"),
        (("optimizer_configs",), "optimizer_configs.autoencoder.optimizer.config.lr"),
        ((), "autoencoder.optimizer.config.lr"),
    ],
)
def test_a_mistake_is_told_where_the_user_wrote_it(levels, path):
    """The path of a problem has the levels that the config has, and no others."""
    config = {"autoencoder": {"optimizer": {"type": "AdamW", "config": {"lr": -1}}}}
    for key in reversed(levels):
        config = {key: config}
    with pytest.raises(ConfigError) as caught:
        registry.build(config)

    assert [path] == [problem.path for problem in caught.value.problems]
