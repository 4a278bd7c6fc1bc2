"""Numbers outside of their range."""

from __future__ import annotations

from wrong import Wrong

__all__ = ["RANGES"]

RANGES = [
    Wrong("a negative rate", {"type": "AdamW", "config": {"lr": -0.001}}, [("config.lr", "must be > 0, is -0.001")]),
    Wrong("a rate of 0", {"type": "SGD", "config": {"lr": 0}}, [("config.lr", "must be > 0, is 0.0")]),
    Wrong(
        "a rate of 0 under its long name",
        {"type": "SGD", "learning_rate": 0.0},
        [("learning_rate", "must be > 0, is 0.0")],
    ),
    Wrong(
        "a negative weight decay",
        {"type": "AdamW", "config": {"weight_decay": -0.01}},
        [("config.weight_decay", "must be ≥ 0, is -0.01")],
    ),
    Wrong(
        "a first beta of 1",
        {"type": "AdamW", "config": {"betas": [1.0, 0.999]}},
        [("config.betas[0]", "must be in [0, 1), is 1.0")],
    ),
    Wrong(
        "a second beta of 1",
        {"type": "AdamW", "config": {"betas": [0.9, 1]}},
        [("config.betas[1]", "must be in [0, 1), is 1.0")],
    ),
    Wrong(
        "both betas out of range",
        {"type": "Adam", "config": {"betas": [1.1, -0.1]}},
        [("config.betas[0]", "must be in [0, 1), is 1.1"), ("config.betas[1]", "must be in [0, 1), is -0.1")],
    ),
    Wrong(
        "betas in percent",
        {"type": "Adam", "config": {"betas": [90, 99.9]}},
        [("config.betas[0]", "must be in [0, 1), is 90.0"), ("config.betas[1]", "must be in [0, 1), is 99.9")],
    ),
    Wrong("eps of 0", {"type": "Adam", "config": {"eps": 0}}, [("config.eps", "must be > 0, is 0.0")]),
    Wrong(
        "a negative eps, as the exponent was meant",
        {"type": "Adam", "config": {"eps": -8}},
        [("config.eps", "must be > 0, is -8.0")],
    ),
    Wrong(
        "a negative momentum",
        {"type": "SGD", "config": {"momentum": -0.9}},
        [("config.momentum", "must be in [0, 1), is -0.9")],
    ),
    Wrong(
        "momentum of 1",
        {"type": "SGD", "config": {"momentum": 1.0}},
        [("config.momentum", "must be in [0, 1), is 1.0")],
    ),
    Wrong(
        "momentum of 1 for Muon",
        {"type": "TorchMuon", "config": {"momentum": 1.0}},
        [("config.momentum", "must be in [0, 1), is 1.0")],
    ),
    Wrong(
        "momentum of 1 for RMSprop",
        {"type": "RMSprop", "config": {"momentum": 1.0}},
        [("config.momentum", "must be in [0, 1), is 1.0")],
    ),
    Wrong("alpha of 1", {"type": "RMSprop", "config": {"alpha": 1}}, [("config.alpha", "must be in [0, 1), is 1.0")]),
    Wrong(
        "no Newton-Schulz steps",
        {"type": "TorchMuon", "config": {"ns_steps": 0}},
        [("config.ns_steps", "must be in [1, 100), is 0")],
    ),
    Wrong(
        "too many Newton-Schulz steps",
        {"type": "TorchMuon", "config": {"ns_steps": 100}},
        [("config.ns_steps", "must be in [1, 100), is 100")],
    ),
    Wrong(
        "a positive beta2_decay",
        {"type": "Adafactor", "config": {"beta2_decay": 0.8}},
        [("config.beta2_decay", "must be ≤ 0, is 0.8")],
    ),
    Wrong(
        "a clipping threshold below 1",
        {"type": "Adafactor", "config": {"d": 0.5}},
        [("config.d", "must be ≥ 1, is 0.5")],
    ),
    Wrong(
        "an eps of Adafactor that is 0",
        {"type": "Adafactor", "config": {"eps": [None, 0]}},
        [("config.eps[1]", "must be > 0, is 0.0")],
    ),
    Wrong(
        "a negative dampening",
        {"type": "SGD", "config": {"dampening": -1}},
        [("config.dampening", "must be ≥ 0, is -1.0")],
    ),
    Wrong("no iterations", {"type": "LBFGS", "config": {"max_iter": 0}}, [("config.max_iter", "must be > 0, is 0")]),
    Wrong(
        "no history", {"type": "LBFGS", "config": {"history_size": 0}}, [("config.history_size", "must be > 0, is 0")]
    ),
    Wrong("no evaluation", {"type": "LBFGS", "config": {"max_eval": 0}}, [("config.max_eval", "must be > 0, is 0")]),
    Wrong(
        "a negative decay of the rate",
        {"type": "Adagrad", "config": {"lr_decay": -0.1}},
        [("config.lr_decay", "must be ≥ 0, is -0.1")],
    ),
    Wrong(
        "etas in the wrong order",
        {"type": "Rprop", "config": {"etas": [1.2, 0.5]}},
        [("config.etas", "must be one factor in (0, 1) and one > 1, in this order, is (1.2, 0.5)")],
    ),
    Wrong(
        "step sizes in the wrong order",
        {"type": "Rprop", "config": {"step_sizes": [50, 1e-06]}},
        [("config.step_sizes", "must be the smallest step, ≥ 0, and then the largest, > 0, is (50.0, 1e-06)")],
    ),
    Wrong("T_max of 0", {"type": "CosineAnnealingLR", "config": {"T_max": 0}}, [("config.T_max", "must be > 0, is 0")]),
    Wrong(
        "T_max of -1, for the whole run",
        {"type": "CosineAnnealingLR", "config": {"T_max": -1}},
        [("config.T_max", "must be > 0, is -1")],
    ),
    Wrong(
        "a negative eta_min",
        {"type": "CosineAnnealingLR", "config": {"T_max": 10, "eta_min": -1e-06}},
        [("config.eta_min", "must be ≥ 0, is -1e-06")],
    ),
    Wrong(
        "step_size of 0", {"type": "StepLR", "config": {"step_size": 0}}, [("config.step_size", "must be > 0, is 0")]
    ),
    Wrong(
        "gamma of 0",
        {"type": "StepLR", "config": {"step_size": 10, "gamma": 0}},
        [("config.gamma", "must be in (0, 1], is 0.0")],
    ),
    Wrong(
        "a gamma that grows",
        {"type": "StepLR", "config": {"step_size": 10, "gamma": 10}},
        [("config.gamma", "must be in (0, 1], is 10.0")],
    ),
    Wrong(
        "a negative gamma",
        {"type": "ExponentialLR", "config": {"gamma": -0.95}},
        [("config.gamma", "must be > 0, is -0.95")],
    ),
    Wrong("lr_decay_gamma of 0", {"type": "AdamW", "lr_decay_gamma": 0}, [("lr_decay_gamma", "must be > 0, is 0.0")]),
    Wrong(
        "lr_decay_gamma above 1",
        {"type": "AdamW", "lr_decay_gamma": 1.5},
        [("lr_decay_gamma", "must be in (0, 1], is 1.5")],
        "the rate is multiplied by it after each epoch; 0.95 takes 5 % away",
    ),
    Wrong(
        "lr_decay_gamma as a text",
        {"type": "AdamW", "lr_decay_gamma": "fast"},
        [("lr_decay_gamma", "must be a number, is the text 'fast'")],
    ),
    Wrong(
        "no milestones",
        {"type": "MultiStepLR", "config": {"milestones": []}},
        [("config.milestones", "must have at least one, is empty")],
    ),
    Wrong(
        "milestones that are not sorted",
        {"type": "MultiStepLR", "config": {"milestones": [60, 30, 90]}},
        [("config.milestones[1]", "must be > 60, the one before it, is 30")],
        "in order they are [30, 60, 90]",
    ),
    Wrong(
        "a milestone twice",
        {"type": "MultiStepLR", "config": {"milestones": [30, 30]}},
        [("config.milestones[1]", "must be > 30, the one before it, is 30")],
    ),
    Wrong(
        "a milestone of 0",
        {"type": "MultiStepLR", "config": {"milestones": [0, 30]}},
        [("config.milestones[0]", "must be > 0, is 0")],
    ),
    Wrong(
        "a factor of 1",
        {"type": "ReduceLROnPlateau", "config": {"factor": 1.0}},
        [("config.factor", "must be in (0, 1), is 1.0")],
    ),
    Wrong(
        "a factor above 1",
        {"type": "ReduceLROnPlateau", "config": {"factor": 10}},
        [("config.factor", "must be in (0, 1), is 10.0")],
    ),
    Wrong(
        "a negative patience",
        {"type": "ReduceLROnPlateau", "config": {"patience": -1}},
        [("config.patience", "must be ≥ 0, is -1")],
    ),
    Wrong(
        "a negative min_lr",
        {"type": "ReduceLROnPlateau", "config": {"min_lr": -1e-06}},
        [("config.min_lr", "must be ≥ 0, is -1e-06")],
    ),
    Wrong(
        "pct_start in percent",
        {"type": "OneCycleLR", "config": {"max_lr": 0.1, "pct_start": 30}},
        [("config.pct_start", "must be in [0, 1), is 30.0")],
    ),
    Wrong("max_lr of 0", {"type": "OneCycleLR", "config": {"max_lr": 0}}, [("config.max_lr", "must be > 0, is 0.0")]),
    Wrong(
        "total_steps of 0",
        {"type": "OneCycleLR", "config": {"max_lr": 0.1, "total_steps": 0}},
        [("config.total_steps", "must be > 0, is 0")],
    ),
    Wrong(
        "a div_factor of 0",
        {"type": "OneCycleLR", "config": {"max_lr": 0.1, "div_factor": 0}},
        [("config.div_factor", "must be > 0, is 0.0")],
    ),
    Wrong(
        "a start factor of 0",
        {"type": "LinearLR", "config": {"start_factor": 0.0, "total_iters": 500}},
        [("config.start_factor", "must be in (0, 1], is 0.0")],
    ),
    Wrong(
        "a start factor above 1",
        {"type": "LinearLR", "config": {"start_factor": 10}},
        [("config.start_factor", "must be in (0, 1], is 10.0")],
    ),
    Wrong(
        "no iterations of LinearLR",
        {"type": "LinearLR", "config": {"total_iters": 0}},
        [("config.total_iters", "must be > 0, is 0")],
    ),
    Wrong(
        "a negative power",
        {"type": "PolynomialLR", "config": {"power": -1, "total_iters": 10}},
        [("config.power", "must be > 0, is -1.0")],
    ),
    Wrong(
        "T_mult of 0",
        {"type": "CosineAnnealingWarmRestarts", "config": {"T_0": 10, "T_mult": 0}},
        [("config.T_mult", "must be > 0, is 0")],
    ),
    Wrong(
        "a T_mult that is not whole",
        {"type": "CosineAnnealingWarmRestarts", "config": {"T_0": 10, "T_mult": 1.5}},
        [("config.T_mult", "must be a whole number, is 1.5")],
    ),
    Wrong(
        "T_0 of 0", {"type": "CosineAnnealingWarmRestarts", "config": {"T_0": 0}}, [("config.T_0", "must be > 0, is 0")]
    ),
    Wrong(
        "step_size_up of 0",
        {"type": "CyclicLR", "config": {"base_lr": 0.0001, "max_lr": 0.01, "step_size_up": 0}},
        [("config.step_size_up", "must be > 0, is 0")],
    ),
    Wrong(
        "max_norm of 0, for off",
        {"optimizer": {"type": "AdamW"}, "gradient_clipping": {"max_norm": 0}},
        [("gradient_clipping.max_norm", "must be > 0, is 0.0")],
        "for no clipping leave gradient_clipping out, or make it null",
    ),
    Wrong(
        "max_norm of -1, for off",
        {"optimizer": {"type": "AdamW"}, "gradient_clipping": {"max_norm": -1}},
        [("gradient_clipping.max_norm", "must be > 0, is -1.0")],
        "for no clipping leave gradient_clipping out, or make it null",
    ),
    Wrong(
        "a norm type of 0",
        {"type": "norm", "max_norm": 1.0, "norm_type": 0},
        [("norm_type", 'must be > 0 or the text "inf", is 0.0')],
    ),
    Wrong(
        "a norm type in words",
        {"type": "norm", "max_norm": 1.0, "norm_type": "l2"},
        [("norm_type", "must be a number or `inf`, is the text 'l2'")],
    ),
    Wrong(
        "a norm type of infinity",
        {"type": "norm", "max_norm": 1.0, "norm_type": float("inf")},
        [("norm_type", "must be a finite number, is inf")],
    ),
    Wrong(
        "a negative clip value",
        {"type": "value", "clip_value": -0.5},
        [("clip_value", "must be > 0, is -0.5")],
        "for no clipping leave gradient_clipping out, or make it null",
    ),
    Wrong(
        "a clipping of 0 for adaptive",
        {"type": "adaptive", "clipping": 0},
        [("clipping", "unknown key")],
        "adaptive takes: clip_factor, eps",
    ),
    Wrong(
        "three ranges at once",
        {"type": "AdamW", "config": {"lr": -1, "eps": 0, "weight_decay": -0.1}},
        [
            ("config.lr", "must be > 0, is -1.0"),
            ("config.eps", "must be > 0, is 0.0"),
            ("config.weight_decay", "must be ≥ 0, is -0.1"),
        ],
    ),
    Wrong(
        "a factor that has no value",
        {"type": "LambdaLR", "lr_lambda": "1 / epoch"},
        [("lr_lambda", "`1 / epoch` has no value at epoch 0: division by zero")],
    ),
    Wrong(
        "a factor that is negative",
        {"type": "LambdaLR", "lr_lambda": "-0.5"},
        [("lr_lambda", "`-0.5` must be finite and ≥ 0, is -0.5 at epoch 0")],
    ),
]
