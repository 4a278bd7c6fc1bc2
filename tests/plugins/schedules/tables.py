"""Configs of every schedule, for runs of 100 steps."""

COSINE = {"type": "cosine", "config": {"num_warmup_steps": "10%", "eta_min": 1e-3}}
DECAY = {"type": "ExponentialLR", "config": {"gamma": 0.9}, "interval": "step"}
CYCLE = {"type": "OneCycleLR", "config": {"max_lr": 0.1}}

COMBINED = ("sequential", "warmup")

# Those that are arithmetic on the step.
CLOSED = [
    ("InverseLR", {"inv_gamma": 20.0, "power": 0.5, "warmup": 0.95, "final_lr": 0.05}),
    ("InverseLR", {}),
    ("constant", {}),
    ("constant_with_warmup", {"num_warmup_steps": "20%"}),
    ("cosine", {"num_warmup_steps": 7, "num_cycles": 1.3}),
    ("cosine", {"T_max": 30, "eta_min": 0.01}),
    ("cosine_with_restarts", {"num_warmup_steps": "3 epochs", "num_cycles": 3}),
    ("cosine_with_restarts", {"num_warmup_steps": 10, "num_cycles": 3, "eta_min": 0.01}),
    ("cosine_with_min_lr", {"num_warmup_steps": 10, "min_lr": 0.02}),
    ("cosine_with_min_lr", {"num_warmup_steps": 10, "min_lr_rate": 0.2}),
    ("cosine_warmup_with_min_lr", {"num_warmup_steps": 10, "min_lr": 0.02}),
    ("inverse_sqrt", {"num_warmup_steps": 10}),
    ("linear", {"num_warmup_steps": 10}),
    ("linear", {"num_training_steps": "50%"}),
    ("polynomial", {"num_warmup_steps": 10, "power": 2.0, "lr_end": 0.01}),
    ("warmup_cosine", {"warmup_epochs": 5, "max_epochs": 50, "eta_min": 1e-3}),
    ("warmup_stable_decay", {"num_warmup_steps": 5, "num_decay_steps": "20%", "min_lr_ratio": 0.1}),
    ("warmup", {"scheduler": COSINE, "num_warmup_steps": 5, "start_factor": 0.1}),
    ("warmup", {"scheduler": {"type": "InverseLR", "config": {"warmup": 0.95}}, "num_warmup_steps": 5}),
    ("sequential", {"schedulers": [{"type": "linear"}, COSINE, {"type": "InverseLR"}], "durations": ["20%", 30]}),
]

# Combinations that have to be stepped, since torch's own are among their parts.
STEPPED = [
    ("warmup", {"scheduler": DECAY, "num_warmup_steps": 5, "start_factor": 0.1}),
    ("warmup", {"scheduler": CYCLE, "num_warmup_steps": 5}),
    ("sequential", {"schedulers": [COSINE, DECAY, CYCLE], "durations": ["20%", 20]}),
    (
        "sequential",
        {
            "schedulers": [
                {"type": "warmup", "config": {"scheduler": DECAY, "num_warmup_steps": 5}},
                {"type": "sequential", "config": {"schedulers": [DECAY, COSINE], "durations": ["50%"]}},
            ],
            "durations": [30, 40],
        },
    ),
]
