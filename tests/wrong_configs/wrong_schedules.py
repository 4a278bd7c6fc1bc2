"""Mistakes in the schedules of optim-schedules: lengths above all."""

from __future__ import annotations

from wrong import Wrong

__all__ = ["SCHEDULES"]

SCHEDULES = [
    Wrong(
        "a warmup ratio as a float",
        {"type": "cosine", "config": {"num_warmup_steps": 0.1}},
        [("config.num_warmup_steps", "must be a length such as 500, `10%` or `2 epochs`, is 0.1")],
        "did you mean `10%`? write a number of steps (500), a share of the run (10%) or epochs (2 epochs)",
    ),
    Wrong(
        "a warmup of 1.0",
        {"type": "cosine", "config": {"num_warmup_steps": 1.0}},
        [("config.num_warmup_steps", "must be a length such as 500, `10%` or `2 epochs`, is 1.0")],
        "did you mean `100%`? write a number of steps (500), a share of the run (10%) or epochs (2 epochs)",
    ),
    Wrong(
        "a warmup ratio as a text",
        {"type": "linear", "config": {"num_warmup_steps": "0.06"}},
        [("config.num_warmup_steps", "must be a length such as 500, `10%` or `2 epochs`, is 0.06")],
        "did you mean `6%`? write a number of steps (500), a share of the run (10%) or epochs (2 epochs)",
    ),
    Wrong(
        "a negative warmup",
        {"type": "linear", "config": {"num_warmup_steps": -100}},
        [("config.num_warmup_steps", "must be ≥ 0 and at most 9,007,199,254,740,992, is -100")],
        "write a number of steps (500), a share of the run (10%) or epochs (2 epochs)",
    ),
    Wrong(
        "warmup in another unit",
        {"type": "linear", "config": {"num_warmup_steps": "10ba"}},
        [("config.num_warmup_steps", "must be a length such as 500, `10%` or `2 epochs`, is the text '10ba'")],
        "write a number of steps (500), a share of the run (10%) or epochs (2 epochs)",
    ),
    Wrong(
        "warmup in minutes",
        {"type": "linear", "config": {"num_warmup_steps": "5 minutes"}},
        [("config.num_warmup_steps", "must be a length such as 500, `10%` or `2 epochs`, is the text '5 minutes'")],
        "write a number of steps (500), a share of the run (10%) or epochs (2 epochs)",
    ),
    Wrong(
        "warmup as a list",
        {"type": "linear", "config": {"num_warmup_steps": [500]}},
        [("config.num_warmup_steps", "must be a length such as 500, `10%` or `2 epochs`, is a list of 1")],
        "write a number of steps (500), a share of the run (10%) or epochs (2 epochs)",
    ),
    Wrong(
        "warmup as null",
        {"type": "linear", "config": {"num_warmup_steps": None}},
        [("config.num_warmup_steps", "must be a length such as 500, `10%` or `2 epochs`, is null")],
        "leave it out for the default",
    ),
    Wrong(
        "warmup as true",
        {"type": "linear", "config": {"num_warmup_steps": True}},
        [("config.num_warmup_steps", "must be a length such as 500, `10%` or `2 epochs`, is true")],
        "write a number of steps (500), a share of the run (10%) or epochs (2 epochs)",
    ),
    Wrong(
        "warmup of 150%",
        {"type": "cosine", "config": {"num_warmup_steps": "150%"}},
        [("config.num_warmup_steps", "must be at most 100%, is 150%")],
        "write a number of steps (500), a share of the run (10%) or epochs (2 epochs)",
    ),
    Wrong(
        "warmup of percent in words",
        {"type": "cosine", "config": {"num_warmup_steps": "10 percent"}},
        [("config.num_warmup_steps", "must be a length such as 500, `10%` or `2 epochs`, is the text '10 percent'")],
        "write a number of steps (500), a share of the run (10%) or epochs (2 epochs)",
    ),
    Wrong(
        "a sign with the percentage",
        {"type": "cosine", "config": {"num_warmup_steps": "-10%"}},
        [("config.num_warmup_steps", "must be a length such as 500, `10%` or `2 epochs`, is the text '-10%'")],
        "write a number of steps (500), a share of the run (10%) or epochs (2 epochs)",
    ),
    Wrong(
        "warmup_steps",
        {"type": "cosine", "config": {"warmup_steps": 500}},
        [("config.warmup_steps", "unknown key")],
        "write `num_warmup_steps: 500`",
    ),
    Wrong(
        "warmup_ratio of transformers",
        {"type": "cosine", "config": {"warmup_ratio": 0.1}},
        [("config.warmup_ratio", "unknown key")],
        'write `num_warmup_steps: "10%"`',
    ),
    Wrong(
        "warmup_ratio of a schedule by epochs",
        {"optimizer": "adamw", "scheduler": "cosine", "warmup_ratio": 0.1, "epochs": 100},
        [("warmup_ratio", "unknown key")],
        'write `num_warmup_steps: "10%"` and `interval: step`',
    ),
    Wrong(
        "warmup_epochs of a schedule by steps",
        {"type": "linear", "config": {"warmup_epochs": 5}},
        [("config.warmup_epochs", "unknown key")],
        'write `num_warmup_steps: "5 epochs"`',
    ),
    Wrong(
        "warmup",
        {"type": "linear", "config": {"warmup": 500}},
        [("config.warmup", "unknown key")],
        "write `num_warmup_steps: 500`",
    ),
    Wrong(
        "min_lr for eta_min",
        {"type": "cosine", "config": {"min_lr": 1e-06}},
        [("config.min_lr", "unknown key")],
        "did you mean `eta_min`",
    ),
    Wrong(
        "total_steps for num_training_steps",
        {"type": "linear", "config": {"total_steps": 1000}},
        [("config.total_steps", "unknown key")],
        "did you mean `num_training_steps`",
    ),
    Wrong(
        "max_steps for num_training_steps",
        {"type": "linear", "config": {"max_steps": 1000}},
        [("config.max_steps", "unknown key")],
        "did you mean `num_training_steps`",
    ),
    Wrong(
        "0 training steps",
        {"type": "linear", "config": {"num_training_steps": 0}},
        [("config.num_training_steps", "must be > 0, is 0")],
    ),
    Wrong(
        "-1 training steps",
        {"type": "linear", "config": {"num_training_steps": -1}},
        [("config.num_training_steps", "must be ≥ 0 and at most 9,007,199,254,740,992, is -1")],
        "write a number of steps (500), a share of the run (10%) or epochs (2 epochs)",
    ),
    Wrong(
        "cycles of 0",
        {"type": "cosine", "config": {"num_cycles": 0}},
        [("config.num_cycles", "must be in (0, 1e+06], is 0.0")],
    ),
    Wrong(
        "cycles that are not whole",
        {"type": "cosine_with_restarts", "config": {"num_cycles": 1.5}},
        [("config.num_cycles", "must be a whole number, is 1.5")],
    ),
    Wrong(
        "a warmup in steps where epochs are counted",
        {"optimizer": "adamw", "lr": 2e-4, "scheduler": "cosine", "num_warmup_steps": 1000, "epochs": 200},
        [("num_warmup_steps", "must be shorter than the schedule of 200 epochs, is 1000")],
        "for steps set `interval: step` beside its type",
    ),
    Wrong(
        "a warmup as long as the schedule",
        {"optimizer": {"type": "SGD"}, "scheduler": {"type": "linear", "num_warmup_steps": 9, "num_training_steps": 9}},
        [("scheduler.num_warmup_steps", "must be shorter than the schedule of 9 steps, is 9")],
        "write a share of the run, `5%`",
    ),
    Wrong(
        "a warmup of all of the run",
        {"type": "polynomial", "config": {"num_warmup_steps": "100%"}},
        [("config.num_warmup_steps", "must leave something of the run after the warmup, is the text '100%'")],
    ),
    Wrong(
        "a warmup of as many epochs as there are, below a schedule",
        {
            "type": "warmup",
            "scheduler": {"type": "warmup_cosine", "warmup_epochs": 3, "max_epochs": 3},
            "num_warmup_steps": 1,
        },
        [("scheduler.warmup_epochs", "must be shorter than the schedule of 3 epochs, is 3")],
    ),
    Wrong(
        "milestones in steps in a flat set",
        {"optimizer": "sgd", "lr": 0.1, "scheduler": "multistep", "milestones": [50_000, 100_000], "epochs": 200},
        [("milestones", "lies beyond the run of 200 epochs, is 50000")],
        "for steps set `interval: step` beside its type",
    ),
    Wrong(
        "a step size in steps in a section",
        {"training": {"optimizer": "sgd", "scheduler": {"type": "StepLR", "step_size": 50_000}, "max_epochs": 90}},
        [("training.scheduler.step_size", "lies beyond the run of 90 epochs, is 50000")],
    ),
    Wrong(
        "T_max beyond the epochs of a section",
        {
            "training": {
                "optimizer": "sgd",
                "scheduler": {"type": "CosineAnnealingLR", "config": {"T_max": 91}},
                "epochs": 90,
            }
        },
        [("training.scheduler.config.T_max", "lies beyond the run of 90 epochs, is 91")],
    ),
    Wrong(
        "milestones in steps in named sets that go by epochs",
        {
            "training": {
                "optimizer_configs": {"a": {"type": "SGD"}},
                "scheduler_configs": {"a": {"type": "MultiStepLR", "milestones": [9_000], "interval": "epoch"}},
                "epochs": 20,
            }
        },
        [("training.scheduler_configs.a.milestones", "lies beyond the run of 20 epochs, is 9000")],
    ),
    Wrong(
        "a warmup that its name promises",
        {"type": "constant_with_warmup"},
        [("num_warmup_steps", "is required and missing")],
    ),
    Wrong(
        "restarts without a number",
        {"type": "cosine_with_restarts", "config": {"num_warmup_steps": 5}},
        [("config.num_cycles", "is required and missing")],
    ),
    Wrong(
        "a negative eta_min",
        {"type": "warmup_cosine", "config": {"warmup_epochs": 1, "eta_min": -1}},
        [("config.eta_min", "must be ≥ 0, is -1.0")],
    ),
    Wrong(
        "a start factor of 1",
        {"type": "warmup_cosine", "config": {"warmup_epochs": 1, "start_factor": 1}},
        [("config.start_factor", "must be in [0, 1), is 1.0")],
    ),
    Wrong(
        "warmup_epochs as a float",
        {"type": "warmup_cosine", "config": {"warmup_epochs": 0.5}},
        [("config.warmup_epochs", "must be a length such as 500, `10%` or `2 epochs`, is 0.5")],
        "did you mean `50%`? write a number of steps (500), a share of the run (10%) or epochs (2 epochs)",
    ),
    Wrong(
        "InverseLR with a warmup in steps",
        {"type": "InverseLR", "config": {"inv_gamma": 1000000.0, "power": 0.5, "warmup": 1000}},
        [("config.warmup", "must be in [0, 1), is 1000.0")],
        "it is no length but the part of the way that is left after each step; 0.99 and 0.999 are usual",
    ),
    Wrong(
        "InverseLR with a warmup of 1",
        {"type": "InverseLR", "config": {"warmup": 1.0}},
        [("config.warmup", "must be in [0, 1), is 1.0")],
        "it is no length but the part of the way that is left after each step; 0.99 and 0.999 are usual",
    ),
    Wrong(
        "InverseLR with a warmup in percent",
        {"type": "InverseLR", "config": {"warmup": "10%"}},
        [("config.warmup", "must be a number, is the text '10%'")],
        "write 0.1",
    ),
    Wrong(
        "InverseLR with inv_gamma of 0",
        {"type": "InverseLR", "config": {"inv_gamma": 0}},
        [("config.inv_gamma", "must be > 0, is 0.0")],
    ),
    Wrong(
        "InverseLR with a negative power",
        {"type": "InverseLR", "config": {"power": -0.5}},
        [("config.power", "must be > 0, is -0.5")],
    ),
    Wrong(
        "InverseLR with gamma",
        {"type": "InverseLR", "config": {"gamma": 1000000.0}},
        [("config.gamma", "unknown key")],
        "did you mean `inv_gamma`",
    ),
    Wrong(
        "InverseLR with final_lr in words",
        {"type": "InverseLR", "config": {"final_lr": "zero"}},
        [("config.final_lr", "must be a number or a share such as `10%`, is the text 'zero'")],
    ),
    Wrong("InvLR", {"type": "InvLR"}, [("type", "no plugin is called `InvLR`")], "did you mean `InverseLR`"),
    Wrong(
        "get_cosine_schedule_with_warmup",
        {"type": "get_cosine_schedule_with_warmup"},
        [("type", "no plugin is called `get_cosine_schedule_with_warmup`")],
        "did you mean `cosine`",
    ),
    Wrong(
        "cosine_schedule_with_warmup",
        {"optimizer": {"type": "AdamW"}, "scheduler": {"type": "cosine_schedule_with_warmup"}},
        [("scheduler.type", "no scheduler is called `cosine_schedule_with_warmup`")],
        "did you mean `cosine`",
    ),
    Wrong(
        "cosin",
        {"optimizer": {"type": "AdamW"}, "scheduler": {"type": "cosin"}},
        [("scheduler.type", "no scheduler is called `cosin`")],
        "did you mean `cosine`",
    ),
    Wrong(
        "linear_warmup",
        {"optimizer": {"type": "AdamW"}, "scheduler": {"type": "linear_warmup"}},
        [("scheduler.type", "no scheduler is called `linear_warmup`")],
        "did you mean `constant_with_warmup`",
    ),
    Wrong(
        "wsd",
        {"optimizer": {"type": "AdamW"}, "scheduler": {"type": "wsd"}},
        [("scheduler.type", "no scheduler is called `wsd`")],
    ),
    Wrong(
        "constant with warmup steps",
        {"optimizer": {"type": "AdamW"}, "scheduler": {"type": "constant", "num_warmup_steps": 500}},
        [("scheduler.num_warmup_steps", "unknown key")],
    ),
    Wrong(
        "polynomial with a power of 0",
        {"type": "polynomial", "config": {"power": 0}},
        [("config.power", "must be > 0, is 0.0")],
    ),
    Wrong(
        "polynomial with a negative lr_end",
        {"type": "polynomial", "config": {"lr_end": -1e-07}},
        [("config.lr_end", "must be ≥ 0, is -1e-07")],
    ),
    Wrong(
        "a warmup of the constant schedule",
        {"optimizer": {"type": "AdamW"}, "scheduler": {"type": "constant", "config": {"num_warmup_steps": 5}}},
        [("scheduler.config.num_warmup_steps", "unknown key")],
        "it is a field of the scheduler `constant_with_warmup`: write `type: constant_with_warmup`",
    ),
]
