"""What is left of a model and a run once nobody has them: nothing, and at once, as with torch's own constructors."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch
from torch import nn

from optim_core import load_checkpoint, registry, save_checkpoint

ADAMW = {"type": "AdamW", "config": {"lr": 1e-3}}
GROUPS = {
    "optimizer": {
        **ADAMW,
        "param_groups": [{"match": "*.bias", "weight_decay": 0}],
        "no_decay": ["bias", "norm"],
        "layer_decay": 0.9,
    },
    "scheduler": {"type": "cosine", "config": {"num_warmup_steps": 5}},
    "gradient_clipping": {"type": "norm", "max_norm": 1.0},
}
RECIPES = {
    "AdamW": ADAMW,
    "SGD": {"type": "SGD", "config": {"lr": 0.1, "momentum": 0.9}},
    "LBFGS": {"type": "LBFGS"},
    "decay by gamma": {**ADAMW, "lr_decay_gamma": 0.9},
    "param_groups": GROUPS,
    "Muon": {"type": "Muon", "config": {"lr": 0.02}},
    "InverseLR": {"optimizer": ADAMW, "scheduler": {"type": "InverseLR", "config": {"inv_gamma": 10.0}}},
    "ReduceLROnPlateau": {"optimizer": ADAMW, "scheduler": {"type": "ReduceLROnPlateau"}},
    "adaptive clipping": {"optimizer": ADAMW, "gradient_clipping": {"type": "adaptive"}},
    "value clipping": {"optimizer": ADAMW, "gradient_clipping": {"type": "value", "clip_value": 1.0}},
    "a bridge": {"type": "pytorch_optimizer:Lion", "config": {"lr": 1e-4}},
}


def nothing(run, model, folder):
    """The run is made, and no more."""


def stepped(run, model, folder):
    for _ in range(3):
        run.step(lambda: model(torch.randn(3, 8)).square().sum())
    run.end_epoch({"val_loss": 0.3})


def saved(run, model, folder):
    stepped(run, model, folder)
    save_checkpoint(folder / "run.pt", run=run, model=model, extra={"n": 3})
    load_checkpoint(folder / "run.pt", run=run, model=model)


def explained(run, model, folder):
    return registry.explain(registry.recipe(GROUPS), model)["0.bias"].group


def used(config, use, folder) -> dict[str, weakref.ref]:
    """Return weak references to what nobody has any more when this returns."""
    model = nn.Sequential(nn.Linear(8, 16), nn.LayerNorm(16), nn.Linear(16, 4))
    run = registry.recipe(config).create(model, total_steps=100, steps_per_epoch=10)
    use(run, model, folder)
    left = {"model": model, "parameter": model[0].weight, "optimizer": run.optimizer, "run": run}
    return {name: weakref.ref(each) for name, each in left.items()}


@pytest.mark.parametrize("use", [nothing, stepped, saved, explained])
@pytest.mark.parametrize("config", RECIPES.values(), ids=RECIPES)
def test_nothing_is_left_with_the_collector_off(config, use, tmp_path):
    """The memory of a model is free for the next one when its names are deleted, not some collections later."""
    # What torch imports and caches on a first use is not of this run.
    used(config, use, tmp_path)
    gc.disable()
    try:
        assert [] == [name for name, each in used(config, use, tmp_path).items() if each() is not None]
    finally:
        gc.enable()
