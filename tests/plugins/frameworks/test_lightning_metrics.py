"""A schedule that waits for a metric is given it when it is new, at its own pace."""

import pytest
import torch
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from optim_core import registry

from .lightning_support import LIGHTNINGS_OWN, Model, assert_same, fitted, loader, loss_of, network, plain

pytestmark = LIGHTNINGS_OWN


def plateau(monitor="val_loss", **options):
    config = {"monitor": monitor, "patience": 0, "threshold": 0.5, **options}
    return {
        "optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9},
        "scheduler": {"type": "ReduceLROnPlateau", "config": config},
    }


def frequency(module):
    return module.trainer.lr_scheduler_configs[0].frequency


def test_a_plateau_follows_validation():
    """After each epoch it is given the metric of its validation."""
    assert_same(plain(plateau(), epochs=4, val=True), fitted(plateau(), max_epochs=4, val=True))


@pytest.mark.parametrize("every", [1, 2, 3])
def test_a_plateau_waits_for_the_next_validation(every):
    """An epoch without validation is none without progress."""
    module = fitted(plateau(), max_epochs=6, val=True, check_val_every_n_epoch=every)
    assert every == frequency(module)
    assert 6 // every == module.run.scheduler.last_epoch


def test_a_plateau_may_follow_training():
    """A metric of training is there after each epoch, however seldom is validated."""

    class Training(Model):
        def training_step(self, batch):
            loss = loss_of(self.net, batch)
            self.log("train_loss", loss, on_step=False, on_epoch=True)
            return loss

    module = fitted(plateau("train_loss"), Training, max_epochs=4, val=True, check_val_every_n_epoch=2)
    assert 1 == frequency(module)
    assert 4 == module.run.scheduler.last_epoch


def test_a_plateau_is_not_given_a_metric_twice():
    """Where a validation is left out, Lightning has the last metric still."""

    class Seldom(Model):
        def validation_step(self, batch):
            if self.current_epoch % 2 == 0:
                self.log("val_loss", loss_of(self.net, batch))

    module = fitted(plateau(), Seldom, max_epochs=4, val=True)
    assert 2 == module.run.scheduler.last_epoch


def test_a_metric_that_is_not_logged_is_told():
    """By Lightning, which lists those that are."""
    with pytest.raises(MisconfigurationException, match=r"metric val_los which is not available.*'train_loss'"):
        fitted(plateau("val_los"), max_epochs=1, val=True)


GREEDY = {
    "optimizer": {"type": "SGD", "lr": 0.1},
    "scheduler": {"type": "greedy", "config": {"monitor": "train_loss", "patience": 1}, "interval": "step"},
}


def test_a_metric_may_come_with_each_step():
    """The schedule is stepped with it as in the plain loop."""
    module = fitted(GREEDY, max_epochs=2)
    net = network()
    run = registry.recipe(GREEDY).create(net, total_steps=12, steps_per_epoch=6)
    torch.manual_seed(2)
    for _ in range(2):
        for batch in loader():
            loss = loss_of(net, batch)
            run.step(loss, metric=loss.detach())
    assert_same(net, module)
    assert run.optimizer.param_groups[0]["lr"] == module.run.optimizer.param_groups[0]["lr"]
