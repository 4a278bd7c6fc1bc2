"""In 16-bit floats gradients are unscaled before they are clipped, and a step that is left out moves no schedule."""

import pytest
import torch

from optim_core import registry

from .lightning_support import LIGHTNINGS_OWN, Model, assert_same, fitted, float16, loader, loss_of, network

pytestmark = LIGHTNINGS_OWN

COSINE = {
    "optimizer": {"type": "AdamW", "lr": 0.01},
    "scheduler": {"type": "cosine", "config": {"num_warmup_steps": 2}},
    "gradient_clipping": {"type": "norm", "max_norm": 0.05},
}
FUSED = {**COSINE, "optimizer": {"type": "AdamW", "lr": 0.01, "fused": True}, "gradient_clipping": None}


class ByHand(Model):
    def __init__(self, recipe):
        super().__init__(recipe)
        self.automatic_optimization = False
        self.skipped = []

    def training_step(self, batch):
        self.skipped.append(bool(self.run.step(loss_of(self.net, batch)).skipped))


def plain(config, dtype, scaler=None, epochs=2):
    net = network()
    run = registry.recipe(config).create(net, total_steps=12, steps_per_epoch=6)
    torch.manual_seed(2)
    skipped = []
    for _ in range(epochs):
        for batch in loader():
            # Lightning has no cache of casts either.
            with torch.autocast("cpu", dtype=dtype, cache_enabled=False):
                loss = loss_of(net, batch)
            skipped.append(bool(run.step(loss, scaler=scaler).skipped))
    return net, run, skipped


def test_bfloat16_is_that_of_the_plain_loop():
    """The recipe sees nothing of it."""
    net, _, _ = plain(COSINE, torch.bfloat16)
    assert_same(net, fitted(COSINE, max_epochs=2, precision="bf16-mixed"))


@pytest.mark.filterwarnings("ignore:the norm of the gradients is")
@pytest.mark.parametrize("cls", [Model, ByHand])
@pytest.mark.parametrize("config", [COSINE, FUSED], ids=["clipped", "fused"])
@pytest.mark.parametrize("scale", [2.0**8, 2.0**30], ids=["every step", "steps left out"])
def test_float16_is_that_of_the_plain_loop(config, scale, cls):
    """With a scale at which the first gradients overflow, the schedule waits for the first step."""
    scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    net, run, skipped = plain(config, torch.float16, scaler)
    module = fitted(config, cls, max_epochs=2, plugins=float16(scale))
    assert_same(net, module)
    assert run.scheduler.last_epoch == module.run.scheduler.last_epoch
    assert any(skipped) is (scale > 2.0**20)
    if cls is ByHand:
        assert skipped == module.skipped
