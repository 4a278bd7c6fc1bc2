"""A monitor of a module's run sees each step that Lightning takes."""

import pytest
import torch

from optim_core import CheckpointWarning, registry
from optim_core.run.monitors import Monitor

from .lightning_support import (
    LIGHTNINGS_OWN,
    Model,
    fitted,
    float16,
    loader,
    loss_of,
    network,
    trainer,
)

pytestmark = LIGHTNINGS_OWN

CONFIG = {
    "optimizer": {"type": "SGD", "lr": 0.1},
    "scheduler": {"type": "cosine"},
    "gradient_clipping": {"type": "norm", "max_norm": 0.1},
}


class Watched(Model):
    """No dropout, so that one run is as the other."""

    def __init__(self, recipe):
        super().__init__(recipe)
        self.net[2].p = 0.0
        self.reports = []

    def on_train_start(self):
        Monitor(self.run, every=2, to=self.reports.append)


class ByRun(Watched):
    def __init__(self, recipe):
        super().__init__(recipe)
        self.automatic_optimization = False

    def training_step(self, batch):
        self.run.step(loss_of(self.net, batch))


class OwnLines(ByRun):
    def training_step(self, batch):
        self.optimizers().zero_grad()
        self.manual_backward(loss_of(self.net, batch))
        self.optimizers().step()
        self.lr_schedulers().step()


def without_time(reports):
    return [{name: value for name, value in report.items() if name != "step_time"} for report in reports]


@pytest.mark.parametrize("cls", [Watched, ByRun, OwnLines])
def test_a_monitor_reports_what_it_does_in_the_plain_loop(cls):
    """In automatic optimization, by the run, and by Lightning's own lines."""
    net = network()
    net[2].p = 0.0
    run = registry.recipe(CONFIG).create(net, total_steps=6, steps_per_epoch=6)
    reports = []
    Monitor(run, every=2, to=reports.append)
    for batch in loader():
        run.step(loss_of(net, batch))
    module = fitted(CONFIG, cls, max_epochs=1)
    assert 3 == len(reports)
    assert without_time(reports) == without_time(module.reports)
    assert 6 == module.run["default"].steps


@pytest.mark.filterwarnings("ignore:the norm of the gradients is")
def test_a_monitor_sees_steps_that_are_left_out():
    """By a GradScaler, whose factor it takes off the norms."""
    module = fitted(CONFIG, Watched, max_epochs=1, plugins=float16(2.0**18))
    assert any(report["skipped"] > 0 for report in module.reports)
    assert module.reports[-1]["grad_norm"] < 100


def test_a_checkpoint_without_a_recipe_is_told(tmp_path):
    """Nothing can be compared, and its numbers count."""
    module = Model(registry.recipe(CONFIG))
    made = trainer(max_epochs=1)
    made.fit(module, loader())
    made.save_checkpoint(tmp_path / "own.ckpt")

    checkpoint = torch.load(tmp_path / "own.ckpt", weights_only=True)
    del checkpoint["optim_core"]
    torch.save(checkpoint, tmp_path / "other.ckpt")
    with pytest.warns(CheckpointWarning, match="saved without a recipe"):
        fitted(CONFIG, max_epochs=2, ckpt_path=tmp_path / "other.ckpt")

    checkpoint["lr_schedulers"] = []
    torch.save(checkpoint, tmp_path / "other.ckpt")
    cosine = {**CONFIG, "scheduler": {"type": "cosine"}}
    with pytest.warns(CheckpointWarning, match="no schedule, and the recipe's begins at its first step"):
        fitted(cosine, max_epochs=2, ckpt_path=tmp_path / "other.ckpt")
