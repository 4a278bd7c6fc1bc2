"""Configs as people of other projects write them, each of which its hints alone make right."""

from __future__ import annotations

from typing import Any

__all__ = ["FOREIGN"]

CODE = {"optimizer": "adamw", "learning_rate": 1e-4}

FOREIGN: dict[str, Any] = {
    "clipping by another word": {"training": {**CODE, "gradient_max_norm": 1.0}},
    "clipping that is off": {"training": {**CODE, "clip_max_norm": 0}},
    "max_grad_norm: 0": {**CODE, "max_grad_norm": 0},
    "max_grad_norm: false": {**CODE, "max_grad_norm": False},
    "max_norm: false": {"optimizer": {"type": "AdamW"}, "gradient_clipping": {"max_norm": False}},
    "a warmup without a schedule": {"training": {**CODE, "warm_up_steps": 500}},
    "a warmup of a schedule that has none": {"training": {**CODE, "scheduler": "cosine", "warmup_iters": 500}},
    "HiFi-GAN": {"training": {**CODE, "adam_b1": 0.8, "adam_b2": 0.99, "lr_decay": 0.999, "batch_size": 16}},
    "VITS": {"training": {**CODE, "betas": [0.8, 0.99], "lr_decay": 0.999875, "warmup_epochs": 0, "c_mel": 45}},
    "words of one field": {"training": {**CODE, "wd": 0.1, "adam_eps": 1e-6}},
    "words of one field beside a component": {
        "training": {"optimizer": {"type": "SGD", "lr": 0.1}, "sgd_momentum": 0.9}
    },
    "the same beside config": {"training": {"optimizer": {"type": "SGD", "config": {"lr": 0.1}}, "l2_reg": 0.1}},
    "DETR": {"training": {**CODE, "lr_backbone": 1e-5, "lr_drop": 200, "clip_max_norm": 0.1}},
    "Tacotron": {"training": {"optimizer": "adam", "learning_rate": 1e-3, "grad_clip_thresh": 1.0}},
    "timm's clipping": {"training": {**CODE, "clip_grad": 1.0}},
    "mmcv's clipping": {"optimizer": {"type": "SGD", "lr": 0.02}, "grad_clip": {"max_norm": 35, "norm_type": 2}},
    "diffusers": {
        "training": {
            **CODE,
            "lr_scheduler": "cosine",
            "lr_warmup_steps": 500,
            "adam_beta1": 0.9,
            "adam_beta2": 0.999,
            "adam_weight_decay": 1e-2,
            "adam_epsilon": 1e-8,
            "max_grad_norm": 1.0,
            "scale_lr": False,
        }
    },
    "arguments below another key": {"training": {"optimizer": "adamw", "optimizer_args": {"lr": 0.1}}},
    "ESPnet": {"training": {"optimizer": "adam", "optim_conf": {"lr": 0.002}, "accum_grad": 4}},
    "pytorch-template": {
        "optimizer": {"type": "Adam", "args": {"lr": 0.001, "amsgrad": True}},
        "lr_scheduler": {"type": "StepLR", "args": {"step_size": 50, "gamma": 0.1}},
        "trainer": {"epochs": 100, "save_dir": "saved/"},
        "name": "Mnist_LeNet",
    },
    "a multiplier of 0": {"optimizer": {"type": "AdamW", "param_groups": [{"match": "a", "lr_multiplier": 0}]}},
    "transformers' cycles": {**CODE, "scheduler": "cosine", "lr_scheduler_num_cycles": 1},
    "misspelt after one of its own words": {"training": {**CODE, "gradient_clipping_norm": 1, "optimizer_eps": 1e-6}},
    "Keras": {"training": {**CODE, "clipvalue": 0.5, "clipnorm": None}},
    "detectron2": {
        "training": {
            "optimizer": "sgd",
            "BASE_LR": 0.02,
            "MOMENTUM": 0.9,
            "WEIGHT_DECAY": 1e-4,
            "WEIGHT_DECAY_NORM": 0.0,
            "NESTEROV": False,
            "MAX_ITER": 90000,
        }
    },
    "nanoGPT": {
        "training": {
            **CODE,
            "beta1": 0.9,
            "beta2": 0.95,
            "decay_lr": True,
            "warmup_iters": 2000,
            "lr_decay_iters": 600000,
            "min_lr": 6e-5,
            "grad_clip": 1.0,
        }
    },
    "fairseq": {
        "training": {
            "optimizer": "adam",
            "lr": 5e-4,
            "adam_betas": "(0.9, 0.98)",
            "lr_scheduler": "inverse_sqrt",
            "warmup_updates": 4000,
            "warmup_init_lr": -1,
            "clip_norm": 0.0,
            "max_update": 50000,
        }
    },
    "Megatron": {
        "training": {
            **CODE,
            "lr-decay-style": "cosine",
            "lr-decay-iters": 320000,
            "lr-warmup-fraction": 0.01,
            "adam-beta2": 0.95,
            "clip-grad": 1.0,
        }
    },
    "pix2pix": {
        "training": {"optimizer": "adam", "lr": 2e-4, "beta1": 0.5, "lr_policy": "StepLR", "lr_decay_iters": 50}
    },
    "a flat detectron2": {
        "training": {"optimizer": "sgd", "lr": 0.02, "lr_scheduler": "MultiStepLR", "milestones": [8, 11], "gamma": 0.1}
    },
    "adaptive clipping": {"training": {**CODE, "agc": 0.01}},
    "a null": {"training": {**CODE, "lr_scheduler": None, "opt_betas": None}},
    "a floor as a share, in the words of others": {
        "training": {**CODE, "scheduler": "cosine", "min_lr_ratio": 0.1, "num_warmup_steps": 10}
    },
    "a floor as a share, in a component": {
        "optimizer": {"type": "AdamW"},
        "scheduler": {"type": "CosineAnnealingLR", "config": {"T_max": 10, "eta_min_ratio": 0.05}},
    },
    "clipping in a pair": {
        "optimizer_configs": {
            "g": {"optimizer": {"type": "Adam"}, "max_grad_norm": 1},
            "d": {"optimizer": {"type": "Adam"}, "clipping": {"max_norm": 1}},
        }
    },
    "clipping in a set that is an optimizer": {
        "optimizer_configs": {
            "g": {"type": "Adam", "config": {"lr": 1e-3}, "gradient_clipping": {"max_norm": 1}},
            "d": {"type": "Adam", "lr": 1e-3, "max_grad_norm": 1},
        }
    },
    "a schedule in a set that is an optimizer": {
        "optimizer_configs": {"g": {"type": "Adam", "scheduler": {"type": "constant"}}, "d": {"type": "Adam"}}
    },
    "clipping in the optimizer of a pair": {
        "optimizer_configs": {
            "g": {"optimizer": {"type": "Adam", "gradient_clipping": {"max_norm": 1}}},
            "d": {"optimizer": {"type": "Adam"}},
        }
    },
    "clipping by the names of sets": {
        "optimizer_configs": {"g": {"type": "Adam"}, "d": {"type": "Adam"}},
        "gradient_clipping": {"g": {"max_norm": 1}},
    },
    "clipping for all beside that of one": {
        "optimizer_configs": {
            "g": {"optimizer": {"type": "Adam"}, "gradient_clipping": {"max_norm": 1}},
            "d": {"type": "Adam"},
        },
        "gradient_clipping": {"max_norm": 2},
    },
    "torchtune": {
        "training": {"optimizer": {"type": "AdamW", "lr": 2e-5}, "clip_grad_norm": None, "optimizer_in_bwd": False}
    },
}
