"""The lengths of a run are those that it has, before it begins."""

import pytest
import torch
from lightning.pytorch.callbacks import GradientAccumulationScheduler, ModelCheckpoint, Timer
from lightning.pytorch.utilities import CombinedLoader

from optim_core import HorizonError, registry
from optim_frameworks.lightning import lengths

from .lightning_support import LIGHTNINGS_OWN, Model, assert_same, data, fitted, loader, plain, trainer

pytestmark = LIGHTNINGS_OWN

PLAIN = {"optimizer": {"type": "SGD", "lr": 0.1}}
COSINE = {"optimizer": {"type": "AdamW", "lr": 0.01}, "scheduler": {"type": "cosine"}}


class Telling(Model):
    """It notes the lengths, and how many steps there were."""

    def configure_optimizers(self):
        self.told = lengths(self.trainer)
        return super().configure_optimizers()


class Endless(torch.utils.data.IterableDataset):
    """Data that does not say how much it is."""

    def __iter__(self):
        return iter(data(6))


RUNS = {
    "epochs": ({"max_epochs": 2}, {"total_steps": 12, "steps_per_epoch": 6}),
    "steps": ({"max_steps": 8}, {"total_steps": 8, "steps_per_epoch": 6}),
    "both, steps first": ({"max_epochs": 3, "max_steps": 8}, {"total_steps": 8, "steps_per_epoch": 6}),
    "both, epochs first": ({"max_epochs": 1, "max_steps": 8}, {"total_steps": 6, "steps_per_epoch": 6}),
    "accumulation": ({"max_epochs": 2, "accumulate_grad_batches": 4}, {"total_steps": 4, "steps_per_epoch": 2}),
    "accumulation, steps": ({"max_steps": 3, "accumulate_grad_batches": 4}, {"total_steps": 3, "steps_per_epoch": 2}),
    "a share": ({"max_epochs": 2, "limit_train_batches": 0.5}, {"total_steps": 6, "steps_per_epoch": 3}),
    "a number": ({"max_epochs": 2, "limit_train_batches": 4}, {"total_steps": 8, "steps_per_epoch": 4}),
    "overfitting": ({"max_epochs": 2, "overfit_batches": 2}, {"total_steps": 4, "steps_per_epoch": 2}),
    "reloading": (
        {"max_epochs": 2, "reload_dataloaders_every_n_epochs": 1},
        {"total_steps": 12, "steps_per_epoch": 6},
    ),
}


@pytest.mark.parametrize(("options", "expected"), RUNS.values(), ids=RUNS)
def test_a_run_has_the_steps_that_were_told(options, expected):
    """The Trainer takes as many steps as the schedule was made for."""
    module = fitted(COSINE, Telling, **options)
    assert expected == module.told
    assert module.trainer.global_step == module.told["total_steps"]
    assert 0.0 == module.run.scheduler.get_last_lr()[0]


def test_accumulation_may_change_with_the_epochs():
    """Three epochs of 6 batches, by 1, by 2 and by 4, are 6 + 3 + 2 steps."""
    callback = GradientAccumulationScheduler({0: 1, 1: 2, 2: 4})
    module = fitted(COSINE, Telling, max_epochs=3, callbacks=[callback])
    assert {"total_steps": 11} == module.told
    assert 11 == module.trainer.global_step


def test_accumulated_steps_are_those_of_the_plain_loop():
    """The last batches of an epoch are a step of their own."""
    assert_same(plain(COSINE, accumulate=4), fitted(COSINE, max_epochs=2, accumulate_grad_batches=4))


def test_a_run_without_a_limit_has_no_total():
    """Only the steps of an epoch are known."""
    module = Telling(registry.recipe(PLAIN))
    trainer(max_epochs=-1, callbacks=[Timer({"seconds": 0})]).fit(module, loader())
    assert {"steps_per_epoch": 6} == module.told


def test_data_without_a_length_has_the_steps_that_are_given():
    """An epoch of it is not known, unless its batches are limited."""
    endless = torch.utils.data.DataLoader(Endless(), batch_size=None)
    for options, expected in (
        ({"max_steps": 4}, {"total_steps": 4}),
        ({"max_epochs": 2}, {"epochs": 2}),
        ({"max_epochs": 2, "limit_train_batches": 3}, {"total_steps": 6, "steps_per_epoch": 3}),
    ):
        module = Telling(registry.recipe(PLAIN))
        trainer(**options).fit(module, endless)
        assert expected == module.told


@pytest.mark.parametrize(
    ("options", "data", "repair"),
    [
        ({"max_epochs": -1}, loader(), r"it has no limit, so give Trainer\(max_epochs=…\) or Trainer\(max_steps=…\)"),
        (
            {"max_epochs": 2},
            torch.utils.data.DataLoader(Endless(), batch_size=None),
            r"its data has no length, so give Trainer\(max_steps=…\)",
        ),
    ],
)
def test_a_schedule_that_needs_a_length_says_what_to_give(options, data, repair):
    """The words are those of a Trainer."""
    with pytest.raises(HorizonError, match=f"cosine needs total_steps, which the Trainer does not know: {repair}"):
        trainer(**options).fit(Model(registry.recipe(COSINE)), data)


def test_several_loaders_are_as_long_as_the_trainer_takes_them():
    """The shortest, where it says so."""
    both = CombinedLoader([loader(6), loader(4)], "min_size")

    class Two(Telling):
        def training_step(self, batch):
            return super().training_step(batch[0])

    module = Two(registry.recipe(COSINE))
    trainer(max_epochs=2).fit(module, both)
    assert {"total_steps": 8, "steps_per_epoch": 4} == module.told


def test_a_second_fit_goes_on_with_what_is_left():
    """Its schedule is new, and has the epochs that are left."""
    module = Telling(registry.recipe(COSINE))
    made = trainer(max_epochs=2)
    made.fit(module, loader())
    made.fit_loop.max_epochs = 5
    made.fit(module, loader())
    assert {"total_steps": 18, "steps_per_epoch": 6} == module.told
    assert 0.0 == module.run.scheduler.get_last_lr()[0]


class Stateful(torch.utils.data.DataLoader):
    """A loader that goes on where it was; it notes what was loaded into it."""

    place, loaded = 0, None

    def __iter__(self):
        self.place %= 6
        while self.place < 6:
            self.place += 1
            yield data(6)[self.place - 1]

    def state_dict(self):
        return {"place": self.place}

    def load_state_dict(self, state):
        self.loaded = dict(state)
        self.place = state["place"]


def test_a_loader_with_a_state_is_resumed(tmp_path):
    """Asking for lengths before the state is loaded would lose it."""
    keeping = ModelCheckpoint(tmp_path, filename="{step}", every_n_train_steps=4, save_top_k=-1)
    module = Telling(registry.recipe(COSINE))
    options = {"max_epochs": 2, "enable_checkpointing": True}
    trainer(callbacks=[keeping], **options).fit(module, Stateful(data(6), batch_size=None))
    again = Stateful(data(6), batch_size=None)
    later = Telling(registry.recipe(COSINE))
    trainer(callbacks=[ModelCheckpoint(tmp_path / "later")], **options).fit(
        later, again, ckpt_path=tmp_path / "step=4.ckpt"
    )
    assert {"place": 4} == again.loaded
    assert 12 == later.trainer.global_step
    assert module.told == later.told
    assert 0.0 == later.run.scheduler.get_last_lr()[0]
