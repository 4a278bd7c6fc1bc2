"""Types that nothing installed provides and an extra of optim-core would: told where nothing at all is installed."""

from __future__ import annotations

from wrong import Wrong

__all__ = ["EXTRAS"]

TORCH = "pip install 'optim-core[torch]'"
SCHEDULES = "pip install 'optim-core[schedules]'"

EXTRAS = [
    Wrong("AdamW", {"type": "AdamW", "lr": 1e-3}, [("type", "no plugin is called `AdamW`")], TORCH),
    Wrong(
        "an optimizer in a recipe",
        {"optimizer": {"type": "sgd", "lr": 0.1}},
        [("optimizer.type", "no optimizer is called `sgd`")],
        TORCH,
    ),
    Wrong(
        "the optimizer and the schedule",
        {"optimizer": {"type": "AdamW"}, "scheduler": {"type": "StepLR", "step_size": 30}},
        [
            ("optimizer.type", "no optimizer is called `AdamW`"),
            ("scheduler.type", "no scheduler is called `StepLR`"),
        ],
        TORCH,
    ),
    Wrong(
        "a path of torch",
        {"optimizer": {"type": "torch.optim.AdamW"}},
        [("optimizer.type", "no optimizer is called `torch.optim.AdamW`")],
        TORCH,
    ),
    Wrong(
        "a misspelt type",
        {"optimizer": {"type": "AdmaW"}},
        [("optimizer.type", "no optimizer is called `AdmaW`")],
        f"did you mean `AdamW` ({TORCH})?",
    ),
    Wrong(
        "clipping, whose type is left out",
        {"optimizer": {"type": "AdamW"}, "gradient_clipping": {"max_norm": 1.0}},
        [
            ("optimizer.type", "no optimizer is called `AdamW`"),
            ("gradient_clipping.type", "no clipper is called `norm`"),
        ],
        TORCH,
    ),
    Wrong(
        "lr_decay_gamma",
        {"type": "AdamW", "lr_decay_gamma": 0.9},
        [("type", "no plugin is called `AdamW`")],
        TORCH,
    ),
    Wrong(
        "a training section",
        {"training": {"optimizer": "adamw", "learning_rate": 1e-4}},
        [("training.optimizer", "no optimizer is called `adamw`")],
        TORCH,
    ),
    Wrong(
        "a flat set",
        {"optimizer_name": "adamw", "lr": 1e-3},
        [("optimizer_name", "no optimizer is called `adamw`")],
        TORCH,
    ),
    Wrong(
        "a schedule of stable-audio-tools",
        {"type": "InverseLR", "inv_gamma": 1e6, "power": 0.5, "warmup": 0.99},
        [("type", "no plugin is called `InverseLR`")],
        SCHEDULES,
    ),
    Wrong(
        "a schedule of transformers",
        {"scheduler": {"type": "cosine"}, "optimizer": {"type": "AdamW"}},
        [
            ("scheduler.type", "no scheduler is called `cosine`"),
            ("optimizer.type", "no optimizer is called `AdamW`"),
        ],
        SCHEDULES,
    ),
    Wrong(
        "a schedule for an optimizer",
        {"optimizer": {"type": "StepLR"}},
        [("optimizer.type", "no optimizer is called `StepLR`")],
    ),
    Wrong(
        "a name that nobody has",
        {"optimizer": {"type": "Frobnicate"}},
        [("optimizer.type", "no optimizer is called `Frobnicate`")],
        f"none is installed; try {TORCH}",
    ),
]
