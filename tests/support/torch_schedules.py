"""A config of each of torch's schedules that count steps, with the curve that is hardest to go on with."""

__all__ = ["OF_TORCH"]

OF_TORCH = [
    ("ConstantLR", {"total_iters": 7}),
    ("CosineAnnealingLR", {"T_max": 30, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 2, "eta_min": 0.01}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("LambdaLR", {"lr_lambda": "0.9 ** epoch"}),
    ("LinearLR", {"total_iters": 9}),
    ("MultiStepLR", {"milestones": [3, 4, 15]}),
    ("MultiplicativeLR", {"lr_lambda": "0.9"}),
    ("OneCycleLR", {"max_lr": 0.1}),
    ("PolynomialLR", {"total_iters": 15, "power": 2.0}),
    ("StepLR", {"step_size": 3}),
    ("ChainedScheduler", {"schedulers": [{"type": "LinearLR"}, {"type": "StepLR", "step_size": 3}]}),
    (
        "SequentialLR",
        {"schedulers": [{"type": "LinearLR"}, {"type": "StepLR", "step_size": 3}], "milestones": [6]},
    ),
]
