"""What is right and stands in the wrong place."""

from __future__ import annotations

from wrong import Wrong

__all__ = ["MISPLACED"]

SECTION = {
    "optimizer": {"type": "SGD", "config": {"lr": 0.1}},
    "scheduler": {"type": "cosine", "config": {"num_warmup_steps": 10}},
}

MISPLACED = [
    Wrong(
        "a rate beside config",
        {"type": "AdamW", "config": {"betas": [0.9, 0.95]}, "lr": 0.001},
        [("lr", "unknown key")],
        "it is a field of AdamW: move it into `config`",
    ),
    Wrong(
        "learning_rate beside config",
        {"type": "AdamW", "config": {"betas": [0.9, 0.95]}, "learning_rate": 0.001},
        [("learning_rate", "unknown key")],
        "it is a field of AdamW: move it into `config`",
    ),
    Wrong(
        "a rate beside config and in it",
        {"type": "AdamW", "config": {"lr": 0.001}, "lr": 0.0001},
        [("lr", "unknown key")],
        "`config.lr` is given too; keep that one",
    ),
    Wrong(
        "lr_decay_gamma in config",
        {"type": "AdamW", "config": {"lr": 0.001, "lr_decay_gamma": 0.95}},
        [("config.lr_decay_gamma", "unknown key")],
        "`lr_decay_gamma` belongs beside `type` and `config`, not in `config`",
    ),
    Wrong(
        "interval in config",
        {"type": "StepLR", "config": {"step_size": 30, "interval": "step"}},
        [("config.interval", "unknown key")],
        "`interval` belongs beside `type` and `config`, not in `config`",
    ),
    Wrong(
        "type in config",
        {"type": "AdamW", "config": {"type": "AdamW", "lr": 0.001}},
        [("config.type", "unknown key")],
        "`type` stands beside `config`, not in it: take it out",
    ),
    Wrong(
        "type in config only",
        {"optimizer": {"config": {"type": "AdamW", "lr": 0.001}}},
        [("optimizer", "`type` is missing")],
        "it stands in `config`: move it out of there",
    ),
    Wrong(
        "config in config",
        {"type": "AdamW", "config": {"config": {"lr": 0.001}}},
        [("config.config", "unknown key")],
        "`config` stands in `config`: take one of the two away",
    ),
    Wrong(
        "a scheduler in the optimizer",
        {
            "optimizer": {
                "type": "AdamW",
                "config": {"lr": 0.001},
                "scheduler": {"type": "StepLR", "config": {"step_size": 30}},
            }
        },
        [("optimizer.scheduler", "unknown key")],
        "`scheduler` belongs beside the optimizer, not in it",
    ),
    Wrong(
        "a scheduler in the optimizer's config",
        {
            "optimizer": {
                "type": "AdamW",
                "config": {"lr": 0.001, "scheduler": {"type": "StepLR", "config": {"step_size": 30}}},
            }
        },
        [("optimizer.config.scheduler", "unknown key")],
        "`scheduler` belongs beside the optimizer, not in it",
    ),
    Wrong(
        "a scheduler in a flat optimizer",
        {"optimizer": {"type": "AdamW", "lr": 0.001, "scheduler": {"type": "StepLR", "config": {"step_size": 30}}}},
        [("optimizer.scheduler", "unknown key")],
        "`scheduler` belongs beside the optimizer, not in it",
    ),
    Wrong(
        "lr_scheduler in a flat optimizer",
        {"optimizer": {"type": "AdamW", "lr": 0.001, "lr_scheduler": {"type": "StepLR", "config": {"step_size": 30}}}},
        [("optimizer.lr_scheduler", "unknown key")],
        "`scheduler` belongs beside the optimizer, not in it",
    ),
    Wrong(
        "clipping in the optimizer",
        {"optimizer": {"type": "AdamW", "lr": 0.001, "gradient_clipping": {"max_norm": 1.0}}},
        [("optimizer.gradient_clipping", "unknown key")],
        "`gradient_clipping` belongs beside the optimizer, not in it",
    ),
    Wrong(
        "max_grad_norm in the optimizer",
        {"optimizer": {"type": "AdamW", "lr": 0.001, "max_grad_norm": 1.0}},
        [("optimizer.max_grad_norm", "unknown key")],
        "`gradient_clipping: {max_norm: …}` belongs beside the optimizer, not in it",
    ),
    Wrong(
        "grad_clip in the optimizer's config",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001, "grad_clip": 1.0}}},
        [("optimizer.config.grad_clip", "unknown key")],
        "`gradient_clipping: {max_norm: …}` belongs beside the optimizer, not in it",
    ),
    Wrong(
        "ramp_up in the section",
        {"training": {**SECTION, "ramp_up": 500}},
        [("training.ramp_up", "unknown key")],
        "cosine has no such field",
    ),
    Wrong(
        "eta in the section",
        {"training": {**SECTION, "eta": 0.1}},
        [("training.eta", "unknown key")],
        "SGD has no such field",
    ),
    Wrong(
        "lookahead in the section",
        {"training": {**SECTION, "lookahead": True}},
        [("training.lookahead", "unknown key")],
        "`{type: Lookahead, config: {optimizer: {type: SGD, …}}}`",
    ),
    Wrong(
        "swa in the section",
        {"training": {**SECTION, "swa": True}},
        [("training.swa", "unknown key")],
        "weights are averaged by the training loop",
    ),
    Wrong(
        "lr_noise_pct in the section",
        {"training": {**SECTION, "lr_noise_pct": 0.67}},
        [("training.lr_noise_pct", "unknown key")],
        "no schedule has noise",
    ),
    Wrong(
        "cos_min_ratio in the section",
        {"training": {**SECTION, "cos_min_ratio": 0.1}},
        [("training.cos_min_ratio", "unknown key")],
        "write `eta_min: 10%` in `scheduler.config`",
    ),
    Wrong(
        "warmup_steps in the optimizer",
        {"optimizer": {"type": "AdamW", "lr": 0.001, "warmup_steps": 500}},
        [("optimizer.warmup_steps", "unknown key")],
    ),
    Wrong(
        "total_steps in the scheduler",
        {
            "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
            "scheduler": {"type": "StepLR", "config": {"step_size": 3, "total_steps": 1000}},
        },
        [("scheduler.config.total_steps", "unknown key")],
    ),
    Wrong(
        "an optimizer in the scheduler's place",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "scheduler": {"type": "SGD", "lr": 0.1}},
        [("scheduler.type", "no scheduler is called `SGD`")],
        "`SGD` is an optimizer, not a scheduler",
    ),
    Wrong(
        "a scheduler in the optimizer's place",
        {"optimizer": {"type": "CosineAnnealingLR", "T_max": 10}},
        [("optimizer.type", "no optimizer is called `CosineAnnealingLR`")],
        "`CosineAnnealingLR` is a scheduler, not an optimizer",
    ),
    Wrong(
        "the two swapped",
        {
            "optimizer": {"type": "StepLR", "config": {"step_size": 30}},
            "scheduler": {"type": "AdamW", "config": {"lr": 0.001}},
        },
        [("optimizer.type", "no optimizer is called `StepLR`"), ("scheduler.type", "no scheduler is called `AdamW`")],
        "`StepLR` is a scheduler, not an optimizer",
    ),
    Wrong(
        "a clipper in the optimizer's place",
        {"optimizer": {"type": "norm", "max_norm": 1.0}},
        [("optimizer.type", "no optimizer is called `norm`")],
        "`norm` is a clipper, not an optimizer",
    ),
    Wrong(
        "an optimizer in clipping's place",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "gradient_clipping": {"type": "SGD"}},
        [("gradient_clipping.type", "no clipper is called `SGD`")],
        "`SGD` is an optimizer, not a clipper",
    ),
    Wrong(
        "a scheduler alone",
        {"scheduler": {"type": "StepLR", "config": {"step_size": 30}}},
        [("optimizer", "is required and missing")],
    ),
    Wrong("clipping alone", {"gradient_clipping": {"max_norm": 1.0}}, [("optimizer", "is required and missing")]),
    Wrong(
        "a model beside the recipe",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "model": {"type": "resnet50"}},
        [("model", "unknown key")],
    ),
    Wrong(
        "seed and epochs beside the recipe",
        {"seed": 42, "epochs": 100, "optimizer": {"type": "AdamW", "config": {"lr": 0.001}}},
        [("seed", "unknown key"), ("epochs", "unknown key")],
    ),
    Wrong(
        "batch_size beside the recipe",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "batch_size": 32},
        [("batch_size", "unknown key")],
    ),
    Wrong(
        "a rate beside the recipe",
        {"optimizer": {"type": "AdamW"}, "lr": 0.001},
        [("lr", "stands beside the optimizer that takes it")],
        "it is a field of AdamW: move it into `optimizer`",
    ),
    Wrong(
        "weight_decay beside the recipe",
        {
            "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
            "scheduler": {"type": "StepLR", "config": {"step_size": 30}},
            "weight_decay": 0.1,
        },
        [("weight_decay", "stands beside the optimizer that takes it")],
        "it is a field of AdamW: move it into `optimizer`",
    ),
    Wrong(
        "step_size beside the recipe",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "scheduler": {"type": "StepLR"}, "step_size": 30},
        [("step_size", "stands beside the scheduler that takes it")],
        "it is a field of StepLR: move it into `scheduler`",
    ),
    Wrong(
        "a recipe under another key",
        {
            "train": {
                "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
                "scheduler": {"type": "StepLR", "config": {"step_size": 30}},
            }
        },
        [("train", "unknown key")],
        "did you mean `training` where `train` stands",
    ),
    Wrong(
        "a recipe under trainer",
        {"trainer": {"max_epochs": 100, "optimizer": {"type": "AdamW", "config": {"lr": 0.001}}}},
        [("trainer", "unknown key")],
        "did you mean `training` where `trainer` stands",
    ),
    Wrong(
        "a recipe below two keys",
        {"experiment": {"training": {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}}}},
        [("", "`type` is missing")],
        "`experiment.training` looks like a recipe: build it alone, or call it `training`",
    ),
    Wrong(
        "param_groups for one group",
        {"type": "AdamW", "config": {"lr": 0.001}, "param_grups": [{"match": "*.bias", "weight_decay": 0}]},
        [("param_grups", "unknown key")],
        "did you mean `param_groups`?",
    ),
    Wrong(
        "paramwise_cfg of mmcv",
        {"optimizer": {"type": "AdamW", "lr": 0.001, "paramwise_cfg": {"norm_decay_mult": 0}}},
        [("optimizer.paramwise_cfg", "unknown key")],
        "did you mean `param_groups`, beside `type`?",
    ),
    Wrong(
        "interval on an optimizer",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}, "interval": "step"}},
        [("optimizer.interval", "unknown key")],
    ),
    Wrong(
        "lr_decay_gamma on a scheduler",
        {
            "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
            "scheduler": {"type": "StepLR", "config": {"step_size": 30}, "lr_decay_gamma": 0.9},
        },
        [("scheduler.lr_decay_gamma", "unknown key")],
    ),
    Wrong(
        "lr_decay_gamma beside the parts",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "lr_decay_gamma": 0.9},
        [("lr_decay_gamma", "unknown key")],
        "move it into `optimizer`, beside `type`",
    ),
    Wrong(
        "interval beside the parts",
        {
            "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
            "scheduler": {"type": "StepLR", "config": {"step_size": 30}},
            "interval": "step",
        },
        [("interval", "unknown key")],
        "move it into `scheduler`, beside `type`",
    ),
    Wrong(
        "enabled on a scheduler",
        {
            "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
            "scheduler": {"type": "StepLR", "config": {"step_size": 30}, "enabled": False},
        },
        [("scheduler.enabled", "unknown key")],
    ),
    Wrong(
        "two schedulers in one by their types",
        {
            "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
            "scheduler": {"warmup": {"type": "LinearLR"}, "main": {"type": "StepLR", "config": {"step_size": 30}}},
        },
        [("scheduler", "`type` is missing")],
        "one schedule after another is {type: sequential, config: {schedulers: […], durations: [60%]}}",
    ),
    Wrong(
        "the type as a key",
        {"optimizer": {"AdamW": {"lr": 0.001}}},
        [("optimizer", "`type` is missing")],
        "write {type: AdamW, config: {…}}",
    ),
    Wrong(
        "the type as a key, for both",
        {"optimizer": {"AdamW": {"lr": 0.001}}, "scheduler": {"StepLR": {"step_size": 30}}},
        [("optimizer", "`type` is missing"), ("scheduler", "`type` is missing")],
        "write {type: AdamW, config: {…}}",
    ),
    Wrong(
        "fields of a recipe without a type",
        {"lr": 0.001, "weight_decay": 0.1},
        [("", "`type` is missing")],
        "name the optimizer whose fields these are, as `optimizer: AdamW`",
    ),
    Wrong("config alone", {"config": {"lr": 0.001}}, [("", "`type` is missing")], "name the optimizer: {type: …}"),
    Wrong(
        "params handed over in the config",
        {"type": "AdamW", "config": {"params": "model.parameters()", "lr": 0.001}},
        [("config.params", "unknown key")],
        "parameters are given to create(), not in a config",
    ),
    Wrong(
        "named optimizers in optimizer",
        {"optimizer": {"generator": {"type": "Adam"}, "discriminator": {"type": "Adam"}}},
        [("optimizer", "`type` is missing")],
        "several optimizers are `optimizer_configs`, a mapping of names to them",
    ),
    Wrong(
        "a scheduler beside named optimizers",
        {
            "optimizer_configs": {
                "g": {"type": "AdamW", "config": {"lr": 0.001}},
                "d": {"type": "AdamW", "config": {"lr": 0.001}},
            },
            "scheduler": {"type": "StepLR", "config": {"step_size": 30}},
        },
        [("scheduler", "unknown key")],
        "did you mean `scheduler_configs`",
    ),
    Wrong(
        "an optimizer beside named optimizers",
        {
            "optimizer_configs": {
                "g": {"type": "AdamW", "config": {"lr": 0.001}},
                "d": {"type": "AdamW", "config": {"lr": 0.001}},
            },
            "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
        },
        [("optimizer", "unknown key")],
    ),
    Wrong(
        "config at the left margin",
        {"optimizer": {"type": "AdamW"}, "config": {"lr": 0.001}},
        [("config", "unknown key")],
        "move it into `optimizer`, beside `type`",
    ),
]
