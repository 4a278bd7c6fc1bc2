"""Mistakes in the other forms of configs: training sections, flat sets, serialized pairs, named sets; and whole configs of other frameworks."""

# ruff: noqa: E501 - a message stands in one line

from __future__ import annotations

from wrong import Wrong

__all__ = ["FORMS"]

FORMS = [
    Wrong(
        "a training section with a misspelt type",
        {"training": {"optimizer": "admw", "learning_rate": 0.0001}},
        [("training.optimizer", "no optimizer is called `admw`")],
        "did you mean `AdamW`",
    ),
    Wrong(
        "a training section with a wrong rate",
        {"training": {"optimizer": "adamw", "learning_rate": -0.0001, "epochs": 10}},
        [("training.learning_rate", "must be > 0, is -0.0001")],
    ),
    Wrong(
        "a training section with two rates",
        {"training": {"optimizer": "adamw", "learning_rate": 0.0001, "lr": 0.0001}},
        [("training.lr", "means the same as `learning_rate`")],
    ),
    Wrong(
        "a training section with a misspelt field",
        {"training": {"optimizer": "adamw", "learning_rate": 0.0001, "weight_decy": 0.1}},
        [("training.weight_decy", "unknown key")],
        "did you mean `weight_decay`",
    ),
    Wrong(
        "a training section with a field of another optimizer",
        {"training": {"optimizer": "adamw", "momentum": 0.9}},
        [("training.momentum", "unknown key")],
    ),
    Wrong(
        "a training section with a wrong norm",
        {"training": {"optimizer": "adamw", "max_grad_norm": "1.0f"}},
        [("training.max_grad_norm", "must be a number, is the text '1.0f'")],
    ),
    Wrong(
        "a training section with two clippings",
        {"training": {"optimizer": "adamw", "max_grad_norm": 1.0, "gradient_clip_val": 1.0}},
        [("training.gradient_clip_val", "means the same as `max_grad_norm`")],
    ),
    Wrong(
        "a training section that is misspelt",
        {"trainng": {"optimizer": "adamw"}},
        [("trainng", "unknown key")],
        "did you mean `training` where `trainng` stands",
    ),
    Wrong(
        "a training section with a scheduler that is misspelt",
        {
            "training": {
                "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
                "schedular": {"type": "StepLR", "config": {"step_size": 30}},
            }
        },
        [("training.schedular", "unknown key")],
        "did you mean `scheduler`",
    ),
    Wrong(
        "a training section with lr_scheduler",
        {
            "training": {
                "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
                "lr_scheduler": {"type": "StepLR", "config": {"step_size": 30}},
            }
        },
        [("training.lr_scheduler", "unknown key")],
        "did you mean `scheduler`",
    ),
    Wrong(
        "a training section, the rate beside the optimizer",
        {"training": {"optimizer": {"type": "AdamW"}, "learning_rate": 0.0001, "epochs": 10}},
        [("training.learning_rate", "stands beside the optimizer that takes it")],
        "it is a field of AdamW: move it into `optimizer`",
    ),
    Wrong(
        "a training section with named sets, the rate above them",
        {"training": {"learning_rate": 0.0001, "optimizer_configs": {"g": {"optimizer": {"type": "Adam"}}}}},
        [("training.learning_rate", "is not the rate of named sets")],
        "g would train with the default of its optimizer; give each its own lr",
    ),
    Wrong(
        "stable-audio-tools with a misspelt scheduler",
        {
            "training": {
                "optimizer_configs": {
                    "autoencoder": {
                        "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
                        "scheduler": {
                            "type": "InverseLr2",
                            "config": {"inv_gamma": 1000000, "power": 0.5, "warmup": 0.99},
                        },
                    },
                    "discriminator": {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}},
                }
            }
        },
        [("training.optimizer_configs.autoencoder.scheduler.type", "no scheduler is called `InverseLr2`")],
        "did you mean `InverseLR`",
    ),
    Wrong(
        "stable-audio-tools with a misspelt part",
        {
            "training": {
                "optimizer_configs": {
                    "autoencoder": {
                        "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
                        "schedular": {"type": "StepLR", "config": {"step_size": 30}},
                    }
                }
            }
        },
        [("training.optimizer_configs.autoencoder.schedular", "unknown key")],
        "did you mean `scheduler`",
    ),
    Wrong(
        "stable-audio-tools with a scheduler alone",
        {
            "training": {
                "optimizer_configs": {
                    "autoencoder": {"scheduler": {"type": "StepLR", "config": {"step_size": 30}}},
                    "discriminator": {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}},
                }
            }
        },
        [("training.optimizer_configs.autoencoder.optimizer", "is required and missing")],
    ),
    Wrong(
        "a flat set with a misspelt name",
        {"optimizer_name": "adamv", "lr": 0.001},
        [("optimizer_name", "no optimizer is called `adamv`")],
        "did you mean `Adam`",
    ),
    Wrong(
        "a flat set with two names",
        {"optimizer_name": "adamw", "optimizer_type": "adamw", "lr": 0.001},
        [("optimizer_type", "means the same as `optimizer_name`")],
    ),
    Wrong(
        "a flat set with a misspelt field",
        {"optimizer_name": "adamw", "learning_rat": 0.001},
        [("learning_rat", "unknown key")],
        "did you mean `learning_rate`",
    ),
    Wrong(
        "a flat set with a stray field",
        {"optimizer_name": "adamw", "lr": 0.001, "dropout": 0.1},
        [("dropout", "unknown key")],
    ),
    Wrong(
        "a flat set with a field of no part",
        {"optimizer_name": "adamw", "scheduler_name": "step", "lr": 0.001, "step_size": 30, "gama": 0.1},
        [("gama", "unknown key")],
        "did you mean `gamma`",
    ),
    Wrong(
        "a flat set whose scheduler lacks a field",
        {"optimizer_name": "adamw", "scheduler_name": "step", "lr": 0.001},
        [("step_size", "is required and missing")],
        "StepLR needs a whole number here",
    ),
    Wrong(
        "a flat set with a field of both",
        {
            "optimizer_name": "adadelta",
            "scheduler_name": "ExponentialLR",
            "lr": 0.001,
            "gamma": 0.9,
            "rho": 0.9,
            "foreach": "x",
        },
        [("foreach", "must be true, false or null, is the text 'x'")],
    ),
    Wrong(
        "a flat set without an optimizer",
        {"scheduler_name": "step", "step_size": 0},
        [("step_size", "must be > 0, is 0")],
    ),
    Wrong(
        "a flat set of names that are null",
        {"optimizer_name": None, "lr": 0.001},
        [("optimizer_name", "is required and missing")],
    ),
    Wrong(
        "a flat set, the scheduler of which is an optimizer",
        {"optimizer_name": "adamw", "scheduler_name": "sgd"},
        [("scheduler_name", "no scheduler is called `sgd`")],
        "`sgd` is an optimizer, not a scheduler",
    ),
    Wrong(
        "a flat set with optimizer and optimizer_name",
        {"optimizer": "adamw", "optimizer_name": "sgd", "lr": 0.1},
        [("optimizer_name", "means the same as `optimizer`")],
    ),
    Wrong(
        "a text for the optimizer and a mapping for the scheduler, with a mistake",
        {"optimizer": "adamw", "lr": 0.001, "scheduler": {"type": "StepLR", "config": {"step_size": "x"}}},
        [("scheduler.config.step_size", "must be a whole number, is the text 'x'")],
    ),
    Wrong(
        "a serialized pair with a wrong field",
        {"optimizer_type": "AdamW", "optimizer_params": {"lr": 0.001, "wieght_decay": 0.1}},
        [("optimizer_params.wieght_decay", "unknown key")],
        "did you mean `weight_decay`",
    ),
    Wrong(
        "a serialized pair without a type",
        {"optimizer_params": {"lr": 0.001}},
        [("optimizer_type", "is required and missing")],
        "it names the optimizer that `optimizer_params` belongs to",
    ),
    Wrong(
        "a serialized pair with a list",
        {"optimizer_type": "AdamW", "optimizer_params": [0.001]},
        [("optimizer_params", "must be a mapping of AdamW's fields, is a list of 1")],
    ),
    Wrong(
        "a serialized pair with null params",
        {"optimizer_type": "AdamWW", "optimizer_params": None},
        [("optimizer_type", "no optimizer is called `AdamWW`")],
        "did you mean `AdamW`",
    ),
    Wrong(
        "a serialized pair with a rate beside it",
        {"optimizer_type": "AdamW", "optimizer_params": {"weight_decay": 0.1}, "lr": 0.001},
        [("lr", "unknown key")],
        "it is a field of AdamW: move it into `optimizer_params`",
    ),
    Wrong(
        "serialized pairs, both wrong",
        {
            "optimizer_type": "AdamW",
            "optimizer_params": {"lr": 0},
            "scheduler_type": "StepLR",
            "scheduler_params": {"step_size": 0},
        },
        [("optimizer_params.lr", "must be > 0, is 0.0"), ("scheduler_params.step_size", "must be > 0, is 0")],
    ),
    Wrong(
        "two decays in a serialized pair",
        {"optimizer_type": "AdamW", "optimizer_params": {"lr": 0.001, "lr_decay_gamma": 0.9}, "lr_decay_gamma": 0.95},
        [("lr_decay_gamma", "means the same as `optimizer_params.lr_decay_gamma`")],
    ),
    Wrong(
        "lr_decay_gamma with a scheduler in a flat set",
        {"optimizer_name": "adamw", "lr_decay_gamma": 0.9, "scheduler_name": "step", "step_size": 30},
        [("scheduler_name", "the optimizer's lr_decay_gamma is a schedule already; the two would collide")],
        "take lr_decay_gamma out, or the scheduler",
    ),
    Wrong(
        "named sets with a scheduler of no optimizer",
        {
            "optimizer_configs": {
                "generator": {"type": "AdamW", "config": {"lr": 0.001}},
                "discriminator": {"type": "AdamW", "config": {"lr": 0.001}},
            },
            "scheduler_configs": {"generater": {"type": "StepLR", "config": {"step_size": 30}}},
        },
        [("scheduler_configs.generater", "there is no optimizer of this name")],
        "did you mean `generator`",
    ),
    Wrong(
        "named sets with a scheduler twice",
        {
            "optimizer_configs": {
                "g": {
                    "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
                    "scheduler": {"type": "StepLR", "config": {"step_size": 30}},
                }
            },
            "scheduler_configs": {"g": {"type": "StepLR", "config": {"step_size": 30}}},
        },
        [("scheduler_configs.g", "optimizer_configs.g has a scheduler already")],
        "keep one of the two",
    ),
    Wrong(
        "named sets with a wrong entry in each",
        {
            "optimizer_configs": {"g": {"type": "Adam", "config": {"lr": 0}}, "d": {"type": "Adamm"}},
            "scheduler_configs": {"g": {"type": "StepLR"}, "d": {"type": "ExponentialLR", "gamma": 2}},
        },
        [
            ("optimizer_configs.g.config.lr", "must be > 0, is 0.0"),
            ("optimizer_configs.d.type", "no optimizer is called `Adamm`"),
            ("scheduler_configs.g.step_size", "is required and missing"),
        ],
        "did you mean `Adam`",
    ),
    Wrong(
        "named sets without optimizers",
        {"scheduler_configs": {"g": {"type": "StepLR", "config": {"step_size": 30}}}},
        [
            ("scheduler_configs.g", "there is no optimizer of this name"),
            ("optimizer_configs", "is required and missing"),
        ],
        "name: {type, config} for each",
    ),
    Wrong(
        "named sets with a misspelt key",
        {
            "optimizer_configs": {"g": {"type": "AdamW", "config": {"lr": 0.001}}},
            "sheduler_configs": {"g": {"type": "StepLR", "config": {"step_size": 30}}},
        },
        [("sheduler_configs", "unknown key")],
        "did you mean `scheduler_configs`",
    ),
    Wrong(
        "named sets with a number as name",
        {
            "optimizer_configs": {
                0: {"type": "AdamW", "config": {"lr": 0.001}},
                1: {"type": "AdamW", "config": {"lr": 0.001}},
            }
        },
        [
            ("optimizer_configs.0", "is not a name: names are texts"),
            ("optimizer_configs.1", "is not a name: names are texts"),
        ],
    ),
    Wrong(
        "named sets without the key above them, one misspelt",
        {
            "generator": {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}},
            "discriminator": {"optimzer": {"type": "AdamW", "config": {"lr": 0.001}}},
        },
        [("discriminator.optimzer", "unknown key")],
        "did you mean `optimizer`",
    ),
    Wrong(
        "named sets without the key above them, with a wrong field",
        {
            "generator": {"optimizer": {"type": "Adam", "lr": "fast"}},
            "discriminator": {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}},
        },
        [("generator.optimizer.lr", "must be a number, is the text 'fast'")],
    ),
    Wrong(
        "a whole config of DeepSpeed",
        {
            "train_batch_size": 8,
            "gradient_clipping": 1.0,
            "optimizer": {"type": "AdamW", "params": {"lr": 3e-05}},
            "scheduler": {"type": "WarmupLR", "params": {"warmup_num_steps": 100}},
            "fp16": {"enabled": True},
        },
        [
            ("train_batch_size", "unknown key"),
            ("gradient_clipping", "must be a mapping or null, is 1.0"),
            ("optimizer.params", "unknown key"),
            ("scheduler.type", "no scheduler is called `WarmupLR`"),
            ("fp16", "unknown key"),
        ],
    ),
    Wrong(
        "arguments of transformers' Trainer",
        {
            "learning_rate": 5e-05,
            "optim": "adamw_torch",
            "lr_scheduler_type": "linear",
            "warmup_ratio": 0.1,
            "weight_decay": 0.01,
        },
        [("optim", "unknown key"), ("lr_scheduler_type", "unknown key")],
        "did you mean `optimizer`? all of this may stand below `training`, with the training loop's keys beside it",
    ),
    Wrong(
        "arguments of timm",
        {"opt": "adamw", "lr": 0.0005, "weight_decay": 0.05, "sched": "cosine", "epochs": 300, "warmup_epochs": 5},
        [("opt", "unknown key"), ("sched", "unknown key")],
        "did you mean `optimizer`",
    ),
    Wrong(
        "a config of torchtitan",
        {"optimizer": {"name": "AdamW", "lr": 0.0008, "eps": 1e-08}, "lr_scheduler": {"warmup_steps": 200}},
        [("optimizer", "`type` is missing"), ("lr_scheduler", "unknown key")],
        "did you mean `type` where `name` stands",
    ),
    Wrong(
        "a config of mmcv",
        {
            "optimizer": {"type": "SGD", "lr": 0.02, "momentum": 0.9, "weight_decay": 0.0001},
            "optimizer_config": {"grad_clip": None},
            "lr_config": {"policy": "step", "warmup": "linear", "step": [8, 11]},
        },
        [("optimizer_config", "unknown key"), ("lr_config", "unknown key")],
    ),
    Wrong(
        "a config of mmengine",
        {
            "optim_wrapper": {"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 0.02}},
            "param_scheduler": [{"type": "LinearLR", "by_epoch": False}],
        },
        [("", "`type` is missing")],
        "`optim_wrapper` looks like a recipe: build it alone, or call it `training`",
    ),
    Wrong(
        "a config of LightningCLI",
        {
            "optimizer": {"class_path": "torch.optim.Adam", "init_args": {"lr": 0.001}},
            "lr_scheduler": {"class_path": "torch.optim.lr_scheduler.StepLR", "init_args": {"step_size": 1}},
        },
        [("optimizer", "`type` is missing"), ("lr_scheduler", "unknown key")],
        "did you mean `type` where `class_path` stands? It is the name of a plugin, such as Adam: nothing else is imported",
    ),
    Wrong(
        "a config of Hydra",
        {"defaults": ["_self_"], "optimizer": {"_target_": "torch.optim.AdamW", "_partial_": True, "lr": 0.001}},
        [("defaults", "unknown key"), ("optimizer", "`type` is missing")],
    ),
    Wrong(
        "a config of axolotl",
        {
            "optimizer": "adamw_torch",
            "lr_scheduler": "cosine",
            "learning_rate": 0.0002,
            "gradient_accumulation_steps": 4,
        },
        [("optimizer", "no optimizer is called `adamw_torch`"), ("lr_scheduler", "unknown key")],
        "did you mean `AdamW`",
    ),
    Wrong(
        "what a scheduler's state_dict holds",
        {"step_size": 30, "gamma": 0.1, "base_lrs": [0.1], "last_epoch": 4},
        [("", "`type` is missing")],
        "name the schedule whose fields these are, as `type: StepLR`",
    ),
]
