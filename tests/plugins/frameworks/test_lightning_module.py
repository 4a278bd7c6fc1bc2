"""A LightningModule with a recipe ends with the weights of the plain loop, bit for bit."""

import pytest

from optim_core import HorizonError

from .lightning_support import LIGHTNINGS_OWN, assert_same, fitted, plain

pytestmark = LIGHTNINGS_OWN

CLIPPED = {"gradient_clipping": {"type": "norm", "max_norm": 0.1}}
RECIPES = {
    "AdamW": {"optimizer": {"type": "AdamW", "lr": 0.01}},
    "SGD": {"optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9}, **CLIPPED},
    "OneCycle": {"optimizer": {"type": "AdamW"}, "scheduler": {"type": "OneCycleLR", "config": {"max_lr": 0.02}}},
    "sequential": {
        "optimizer": {"type": "AdamW", "lr": 0.01},
        "scheduler": {
            "type": "sequential",
            "config": {
                "schedulers": [{"type": "linear", "config": {"num_warmup_steps": 2}}, {"type": "cosine"}],
                "durations": [3, 9],
            },
        },
        **CLIPPED,
    },
    "Muon": {"optimizer": {"type": "Muon", "lr": 0.02}, "scheduler": {"type": "cosine"}, **CLIPPED},
    "groups": {
        "optimizer": {
            "type": "AdamW",
            "lr": 0.01,
            "param_groups": [{"match": "*.bias", "weight_decay": 0}, {"match": "3.*", "lr_multiplier": 5.0}],
        },
        "scheduler": {"type": "cosine", "config": {"num_warmup_steps": 2}},
    },
    "gamma": {"optimizer": {"type": "AdamW", "lr": 0.01, "lr_decay_gamma": 0.5}},
    "value": {"optimizer": {"type": "SGD", "lr": 0.1}, "gradient_clipping": {"type": "value", "clip_value": 0.01}},
    "LBFGS": {"optimizer": {"type": "LBFGS", "lr": 0.1}, **CLIPPED},
    "AdaHessian": {"optimizer": {"type": "AdaHessian", "lr": 0.01}, **CLIPPED},
    "BSAM": {"optimizer": {"type": "BSAM", "lr": 0.01, "num_data": 24}, **CLIPPED},
}


@pytest.mark.parametrize("config", RECIPES.values(), ids=RECIPES)
def test_two_epochs_are_those_of_the_plain_loop(config):
    """Each optimizer and schedule goes as in the plain loop, clipping included."""
    assert_same(plain(config), fitted(config, max_epochs=2))


def test_a_run_that_only_tries_the_code_may_be_shorter_than_the_warmup():
    """`fast_dev_run` warns and trains; any other run of these steps is refused."""
    config = {"optimizer": {"type": "AdamW"}, "scheduler": {"type": "cosine", "config": {"num_warmup_steps": 500}}}
    with pytest.warns(UserWarning, match="num_warmup_steps must be shorter than the run of 2 steps, is 500"):
        fitted(config, fast_dev_run=2)
    with pytest.raises(HorizonError, match="num_warmup_steps must be shorter than the run of 2 steps, is 500"):
        fitted(config, max_steps=2)
