"""Configs of other projects in which any value may stand anywhere."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path

import pytest

pytest.importorskip("torch")

from optim_core import OptimError, registry

TIMM = json.loads((Path(__file__).parent / "timm_1_0_31.json").read_text(encoding="utf-8"))["base"]
WARMUP = {"warmup_min_lr": 0, "warmup_max_lr": 1e-3, "warmup_num_steps": 10, "warmup_type": "linear"}
COSINE = {"total_num_steps": 100, "warmup_num_steps": 10, "cos_min_ratio": 0.1, "warmup_min_ratio": 0.1}
CYCLE = {
    "cycle_min_lr": 1e-5,
    "cycle_max_lr": 1e-3,
    "cycle_momentum": False,
    "decay_lr_rate": 0.1,
    "decay_step_size": 5,
}
TORCH_ADAM = {"lr": 1e-3, "betas": [0.9, 0.99], "eps": 1e-8, "weight_decay": 0.1, "torch_adam": True}
LR = "torch.optim.lr_scheduler"


def deepspeed(name, params):
    zero = {"stage": 2, "offload_optimizer": {"device": "cpu"}}
    return {
        "train_batch_size": 4,
        "optimizer": {"type": "AdamW", "params": TORCH_ADAM},
        "scheduler": {"type": name, "params": params},
        "gradient_clipping": 1.0,
        "zero_optimization": zero,
    }


RIGHT = {
    "timm": [
        TIMM,
        {**TIMM, "sched": "plateau"},
        {**TIMM, "sched": "multistep", "clip_grad": 1.0},
        {**TIMM, "sched": "tanh", "layer_decay": 0.7, "opt": "adamw"},
        {**TIMM, "sched": "poly", "warmup_prefix": True},
    ],
    "deepspeed": [
        deepspeed("WarmupLR", WARMUP),
        deepspeed("WarmupDecayLR", {**WARMUP, "total_num_steps": 100}),
        deepspeed("WarmupCosineLR", COSINE),
        deepspeed("OneCycle", CYCLE),
        deepspeed("StepLR", {"step_size": 4}),
    ],
    "training-arguments": [
        {
            "per_device_train_batch_size": 8,
            "num_train_epochs": 3,
            "learning_rate": 1e-4,
            "optim": "sgd",
            "optim_args": "momentum=0.9",
            "lr_scheduler_type": "cosine_with_min_lr",
            "lr_scheduler_kwargs": {"min_lr_rate": 0.1},
            "warmup_ratio": 0.1,
            "weight_decay": 0.1,
            "max_steps": 100,
        },
        {"num_train_epochs": 3, "lr_scheduler_type": "reduce_lr_on_plateau", "eval_strategy": "epoch"},
    ],
    "nanogpt": [
        {
            "learning_rate": 1e-3,
            "weight_decay": 0.2,
            "beta2": 0.99,
            "grad_clip": 0.5,
            "warmup_iters": 20,
            "lr_decay_iters": 150,
            "min_lr": 1e-4,
        }
    ],
    "vits": [
        {"train": {"learning_rate": 2e-4, "betas": [0.8, 0.99], "eps": 1e-9, "lr_decay": 0.9, "warmup_epochs": 0}},
        {"learning_rate": 2e-4, "adam_b1": 0.8, "adam_b2": 0.99, "lr_decay": 0.9},
    ],
    "pytorch-template": [
        {
            "optimizer": {"type": "Adam", "args": {"lr": 0.1}},
            "lr_scheduler": {"type": "StepLR", "args": {"step_size": 3}},
            "trainer": {"epochs": 3},
        }
    ],
    "hydra": [
        {
            "lr": 1,
            "optimizer": {"_target_": "torch.optim.AdamW", "lr": "${lr}", "_partial_": True, "betas": [0.9, 0.99]},
            "lr_scheduler": {
                "scheduler": {
                    "_target_": f"{LR}.SequentialLR",
                    "schedulers": [
                        {"_target_": f"{LR}.LinearLR", "total_iters": 3},
                        {"_target_": f"{LR}.StepLR", "step_size": 3},
                    ],
                    "milestones": [3],
                },
                "interval": "epoch",
                "frequency": 1,
            },
            "trainer": {"gradient_clip_val": 1, "gradient_clip_algorithm": "norm"},
        },
        {
            "optimizer": {"_target_": "optim_frameworks.hydra.factory", "type": "AdamW", "config": {"lr": 0.1}},
            "scheduler": {"_target_": "transformers.get_scheduler", "name": "cosine", "num_warmup_steps": 3},
        },
    ],
    "lightning": [
        {
            "optimizer": {
                "class_path": "torch.optim.SGD",
                "init_args": {"lr": 0.1, "momentum": 0.9},
                "dict_kwargs": {"nesterov": True},
            },
            "lr_scheduler": {"class_path": "ReduceLROnPlateau", "init_args": {"monitor": "x"}},
            "trainer": {"gradient_clip_val": 1},
        }
    ],
}
VALUES = [
    *(
        None,
        0,
        -1,
        1,
        0.5,
        1e300,
        float("nan"),
        float("inf"),
        True,
        False,
        "",
        "x",
        "auto",
        "1e-3",
        "${a}",
        "${a",
        "???",
    ),
    *([], [1], [1, 2], ["a"], [[]], {}, {"a": 1}, {"_target_": "torch.optim.SGD"}, {"type": "AdamW"}, 10**400, 3.7),
]


def paths(value, path=()):
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield from paths(below, (*path, key))


def changed(config, choose):
    """A copy in which one to three values are others, or are gone."""
    config = copy.deepcopy(config)
    for _ in range(choose.choice((1, 1, 2, 3))):
        *above, last = choose.choice(list(paths(config)))
        holder = config
        for step in above:
            holder = holder[step]
        if choose.random() < 0.15:
            del holder[last]
        else:
            holder[last] = copy.deepcopy(choose.choice(VALUES))
        if not config:
            break
    return config


@pytest.mark.parametrize(("origin", "config"), [(name, config) for name in RIGHT for config in RIGHT[name]])
def test_the_recipe_is_valid_without_a_word(origin, config):
    """What comes out builds, strictly and without a warning, and means the same when it is written out in full."""
    found = registry.migration(config)
    assert (origin, True) == (found.origin, found.found)
    built = registry.build(found.config, strict=True)
    assert built == registry.build(registry.to_config(built))
    assert found.config == registry.migrate(found.config)


@pytest.mark.parametrize("origin", RIGHT)
def test_any_value_anywhere_is_a_recipe_or_an_error(origin):
    """Whatever stands where, it is a recipe that builds, or an error of this library's; the config stays as it is."""
    choose = random.Random(7)
    for _ in range(60):
        config = changed(choose.choice(RIGHT[origin]), choose)
        before = repr(config)
        for named in (origin, None):
            try:
                built = registry.build(registry.migrate(config, origin=named), strict=True)
            except OptimError:
                continue
            finally:
                assert before == repr(config)
            assert built == registry.build(registry.to_config(built))
