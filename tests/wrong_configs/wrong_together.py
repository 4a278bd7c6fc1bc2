"""Fields of which each is right and which do not go together."""

from __future__ import annotations

from wrong import Wrong

__all__ = ["TOGETHER"]

TOGETHER = [
    Wrong(
        "nesterov without momentum",
        {"type": "SGD", "config": {"lr": 0.1, "nesterov": True}},
        [("config.nesterov", "needs momentum > 0, which is 0.0")],
        "set momentum, or nesterov: false",
    ),
    Wrong(
        "nesterov with dampening",
        {"type": "SGD", "config": {"lr": 0.1, "momentum": 0.9, "dampening": 0.1, "nesterov": True}},
        [("config.nesterov", "needs dampening 0, which is 0.1")],
        "leave one of the two out",
    ),
    Wrong(
        "nesterov with a momentum that is a text",
        {"type": "SGD", "config": {"momentum": "high", "nesterov": True}},
        [("config.momentum", "must be a number, is the text 'high'")],
    ),
    Wrong(
        "fused and foreach",
        {"type": "AdamW", "config": {"fused": True, "foreach": True}},
        [("config.fused", "does not go with foreach: true")],
        "leave one of the two out",
    ),
    Wrong(
        "fused and differentiable",
        {"type": "Adam", "config": {"fused": True, "differentiable": True}},
        [("config.fused", "does not go with differentiable: true")],
        "leave one of the two out",
    ),
    Wrong(
        "foreach and differentiable",
        {"type": "SGD", "config": {"foreach": True, "differentiable": True}},
        [("config.foreach", "does not go with differentiable: true")],
        "leave one of the two out",
    ),
    Wrong(
        "all three kernels",
        {"type": "SGD", "config": {"fused": True, "foreach": True, "differentiable": True}},
        [
            ("config.fused", "does not go with foreach: true"),
            ("config.foreach", "does not go with differentiable: true"),
        ],
        "leave one of the two out",
    ),
    Wrong(
        "lr and learning_rate",
        {"type": "AdamW", "config": {"lr": 0.001, "learning_rate": 0.002}},
        [("config.learning_rate", "means the same as `lr`")],
    ),
    Wrong(
        "learning_rate and lr, flat",
        {"type": "AdamW", "learning_rate": 0.001, "lr": 0.002},
        [("lr", "means the same as `learning_rate`")],
    ),
    Wrong(
        "learning_rate and lr with the same value",
        {"type": "AdamW", "learning_rate": 0.001, "lr": 0.001},
        [("lr", "means the same as `learning_rate`")],
    ),
    Wrong(
        "lr and learning_rate, one of them wrong",
        {"type": "AdamW", "lr": "x", "learning_rate": 0.002},
        [("lr", "must be a number, is the text 'x'"), ("learning_rate", "means the same as `lr`")],
    ),
    Wrong(
        "lr_decay_gamma and a scheduler",
        {
            "optimizer": {"type": "AdamW", "config": {"lr": 0.001}, "lr_decay_gamma": 0.95},
            "scheduler": {"type": "StepLR", "config": {"step_size": 30}},
        },
        [("scheduler", "the optimizer's lr_decay_gamma is a schedule already; the two would collide")],
        "take lr_decay_gamma out, or the scheduler",
    ),
    Wrong(
        "lr_decay_gamma and a wrong scheduler",
        {
            "optimizer": {"type": "AdamW", "config": {"lr": 0.001}, "lr_decay_gamma": 0.95},
            "scheduler": {"type": "StepLR", "config": {"step_size": 0}},
        },
        [
            ("scheduler", "the optimizer's lr_decay_gamma is a schedule already; the two would collide"),
            ("scheduler.config.step_size", "must be > 0, is 0"),
        ],
        "take lr_decay_gamma out, or the scheduler",
    ),
    Wrong(
        "lr_decay_gamma and scheduler in named sets",
        {
            "optimizer_configs": {
                "g": {
                    "optimizer": {"type": "AdamW", "config": {"lr": 0.001}, "lr_decay_gamma": 0.9},
                    "scheduler": {"type": "ExponentialLR", "gamma": 0.9},
                }
            }
        },
        [
            (
                "optimizer_configs.g.scheduler",
                "the optimizer's lr_decay_gamma is a schedule already; the two would collide",
            )
        ],
        "take lr_decay_gamma out, or the scheduler",
    ),
    Wrong(
        "base_lr above max_lr",
        {"type": "CyclicLR", "config": {"base_lr": 0.1, "max_lr": 0.01}},
        [("config.base_lr", "must be ≤ max_lr, which is 0.01, is 0.1")],
    ),
    Wrong(
        "momenta of CyclicLR in the wrong order",
        {"type": "CyclicLR", "config": {"base_lr": 0.01, "max_lr": 0.1, "base_momentum": 0.95, "max_momentum": 0.85}},
        [("config.base_momentum", "must be ≤ max_momentum, which is 0.85, is 0.95")],
    ),
    Wrong(
        "momenta of OneCycleLR in the wrong order",
        {"type": "OneCycleLR", "config": {"max_lr": 0.1, "base_momentum": 0.95, "max_momentum": 0.85}},
        [("config.base_momentum", "must be ≤ max_momentum, which is 0.85, is 0.95")],
    ),
    Wrong(
        "lists of rates of different lengths",
        {"type": "CyclicLR", "config": {"base_lr": [0.0001, 0.001], "max_lr": [0.01, 0.01, 0.01]}},
        [("config.base_lr", "must have as many items as max_lr, 3, has 2")],
    ),
    Wrong(
        "a sequence with too many milestones",
        {
            "type": "SequentialLR",
            "config": {
                "schedulers": [{"type": "LinearLR"}, {"type": "CosineAnnealingLR", "T_max": 95}],
                "milestones": [5, 10],
            },
        },
        [("config.milestones", "must be one fewer than the schedulers, 1, has 2")],
        "each says when the schedule after the first, second, … takes over",
    ),
    Wrong(
        "a sequence without milestones",
        {
            "type": "SequentialLR",
            "config": {"schedulers": [{"type": "LinearLR"}, {"type": "CosineAnnealingLR", "T_max": 95}]},
        },
        [("config.milestones", "is required and missing")],
        "SequentialLR needs a list of whole numbers here",
    ),
    Wrong(
        "a sequence of names",
        {"type": "SequentialLR", "config": {"schedulers": ["LinearLR", "CosineAnnealingLR"], "milestones": [5]}},
        [
            ("config.schedulers[0]", "must be a mapping with `type`, is the text 'LinearLR'"),
            ("config.schedulers[1]", "must be a mapping with `type`, is the text 'CosineAnnealingLR'"),
        ],
        "write {type: LinearLR}",
    ),
    Wrong(
        "a sequence of nothing",
        {"type": "SequentialLR", "config": {"schedulers": [], "milestones": []}},
        [("config.schedulers", "must have at least one schedule, is empty")],
    ),
    Wrong(
        "a sequence of intervals that differ",
        {
            "type": "SequentialLR",
            "config": {
                "schedulers": [{"type": "LinearLR", "interval": "step"}, {"type": "CosineAnnealingLR", "T_max": 95}],
                "milestones": [5],
            },
        },
        [("config.schedulers[1]", "CosineAnnealingLR has the interval epoch, and item 0, LinearLR, has step")],
        "set the same `interval` beside the `type` of each",
    ),
    Wrong(
        "a sequence with a plateau",
        {
            "type": "SequentialLR",
            "config": {"schedulers": [{"type": "LinearLR"}, {"type": "ReduceLROnPlateau"}], "milestones": [5]},
        },
        [("config.schedulers[1]", "ReduceLROnPlateau waits for a metric and cannot be combined with others")],
    ),
    Wrong(
        "a sequence in a sequence",
        {
            "type": "SequentialLR",
            "config": {
                "schedulers": [
                    {"type": "LinearLR"},
                    {"type": "SequentialLR", "schedulers": [{"type": "LinearLR"}], "milestones": []},
                ],
                "milestones": [5],
            },
        },
        [("config.schedulers[1]", "SequentialLR combines schedules itself, which torch cannot start in a sequence")],
        "list single schedules, or put the sequence into a ChainedScheduler",
    ),
    Wrong(
        "a mistake in a schedule of a sequence",
        {
            "type": "SequentialLR",
            "config": {
                "schedulers": [
                    {"type": "LinearLR", "config": {"start_factor": 0}},
                    {"type": "CosineAnnealingLR", "config": {"T_maxx": 95}},
                ],
                "milestones": [5],
            },
        },
        [
            ("config.schedulers[0].config.start_factor", "must be in (0, 1], is 0.0"),
            ("config.schedulers[1].config.T_maxx", "unknown key"),
        ],
        "did you mean `T_max`",
    ),
    Wrong(
        "an optimizer in a chain",
        {"type": "ChainedScheduler", "config": {"schedulers": [{"type": "AdamW"}]}},
        [("config.schedulers[0].type", "no scheduler is called `AdamW`")],
        "`AdamW` is an optimizer, not a scheduler",
    ),
    Wrong(
        "schedules of a sequence as a mapping",
        {
            "type": "SequentialLR",
            "config": {
                "schedulers": {"warmup": {"type": "LinearLR"}, "main": {"type": "CosineAnnealingLR", "T_max": 95}},
                "milestones": [5],
            },
        },
        [("config.schedulers", "must be a list of schedulers {type, config}, is a mapping")],
    ),
    Wrong(
        "total_steps beside epochs and steps_per_epoch that disagree",
        {"type": "OneCycleLR", "config": {"max_lr": 0.1, "total_steps": 1000, "epochs": 10, "steps_per_epoch": 50}},
        [("config.total_steps", "is 1000, but epochs times steps_per_epoch is 500; give one of the two")],
    ),
    Wrong(
        "max_norm and max_grad_norm",
        {"optimizer": "adamw", "max_grad_norm": 1.0, "gradient_clipping": {"max_norm": 0.5}},
        [("max_grad_norm", "means the same as `gradient_clipping`")],
    ),
    Wrong(
        "two of everything wrong",
        {
            "optimizer": {"type": "SGD", "config": {"lr": -1, "nesterov": True}},
            "scheduler": {"type": "MultiStepLR", "config": {"milestones": [2, 1], "gama": 0.1}},
            "gradient_clipping": {"max_norm": -1},
        },
        [
            ("optimizer.config.lr", "must be > 0, is -1.0"),
            ("optimizer.config.nesterov", "needs momentum > 0, which is 0.0"),
            ("scheduler.config.milestones[1]", "must be > 2, the one before it, is 1"),
            ("scheduler.config.gama", "unknown key"),
            ("gradient_clipping.max_norm", "must be > 0, is -1.0"),
        ],
        "set momentum, or nesterov: false",
    ),
    Wrong(
        "warmup above 100%",
        {"type": "linear", "config": {"num_warmup_steps": "110%"}},
        [("config.num_warmup_steps", "must be at most 100%, is 110%")],
        "write a number of steps (500), a share of the run (10%) or epochs (2 epochs)",
    ),
    Wrong(
        "T_max and epochs",
        {"type": "cosine", "config": {"T_max": 100, "epochs": 100}},
        [("config.epochs", "means the same as T_max, which is set too")],
        "give one of the two",
    ),
    Wrong(
        "num_training_steps and T_max",
        {"type": "cosine", "config": {"num_training_steps": 1000, "T_max": 100}},
        [("config.T_max", "means the same as num_training_steps, which is set too")],
        "give one of the two",
    ),
    Wrong(
        "eta_min above the rate",
        {
            "optimizer": {"type": "AdamW", "lr": 1e-05},
            "scheduler": {"type": "CosineAnnealingLR", "T_max": 100, "eta_min": 0.001},
        },
        [("scheduler.eta_min", "must be ≤ the optimizer's lr, which is 1e-05, is 0.001")],
        "lower it, or raise the optimizer's lr, from which the schedule falls to eta_min",
    ),
    Wrong(
        "eta_min of cosine above the rate",
        {"optimizer": {"type": "AdamW", "lr": 1e-05}, "scheduler": {"type": "cosine", "eta_min": 0.001}},
        [("scheduler.eta_min", "must be ≤ the optimizer's lr, which is 1e-05, is 0.001")],
        "lower it, or raise the optimizer's lr, from which the schedule falls to eta_min",
    ),
]
