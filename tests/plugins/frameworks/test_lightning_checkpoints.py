"""A run that is saved by Lightning and continued is the run that was not stopped; what does not fit is told."""

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint

from optim_core import CheckpointMismatchError, registry

from .lightning_support import LIGHTNINGS_OWN, Model, assert_same, fitted, loader, plain, trainer

pytestmark = [*LIGHTNINGS_OWN, pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before")]

CLIPPED = {"gradient_clipping": {"type": "norm", "max_norm": 0.1}}
COSINE = {"optimizer": {"type": "AdamW", "lr": 0.01}, "scheduler": {"type": "cosine"}, **CLIPPED}
RECIPES = {
    "cosine": COSINE,
    "Muon": {"optimizer": {"type": "Muon", "lr": 0.02}, "scheduler": {"type": "OneCycleLR", "config": {"max_lr": 0.1}}},
    "plateau": {
        "optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9},
        "scheduler": {"type": "ReduceLROnPlateau", "config": {"monitor": "val_loss", "patience": 0, "threshold": 0.5}},
    },
    "modes": {"optimizer": {"type": "ScheduleFreeAdamW", "lr": 0.01}, **CLIPPED},
}


class Still(Model):
    """A model whose random numbers are none, as no checkpoint of Lightning's has their state."""

    def __init__(self, recipe):
        super().__init__(recipe)
        self.net[2].p = 0.0


def saved(tmp_path, config, cls=Still, *, epochs=2, total=4, **options):
    """The path of a checkpoint that a run of `total` epochs saved after `epochs`."""
    keeping = ModelCheckpoint(tmp_path, filename="{epoch}", save_top_k=-1)
    fitted(config, cls, max_epochs=total, val=True, enable_checkpointing=True, callbacks=[keeping], **options)
    return tmp_path / f"epoch={epochs - 1}.ckpt"


@pytest.mark.parametrize("config", RECIPES.values(), ids=RECIPES)
def test_a_run_that_is_continued_is_the_whole_run(config, tmp_path):
    """The weights after four epochs are those of a run that was never stopped."""
    path = saved(tmp_path, config)
    whole = fitted(config, Still, max_epochs=4, val=True)
    continued = fitted(config, Still, max_epochs=4, val=True, ckpt_path=path)
    assert_same(whole.net, continued)
    assert whole.run.optimizer.param_groups[0]["lr"] == continued.run.optimizer.param_groups[0]["lr"]


@pytest.mark.parametrize("config", RECIPES.values(), ids=RECIPES)
def test_a_checkpoint_is_plain_data(config, tmp_path):
    """It loads with weights_only, and says what the run is made from."""
    checkpoint = torch.load(saved(tmp_path, config), weights_only=True)
    assert registry.to_config(registry.recipe(config)) == checkpoint["optim_core"]["recipe"]
    assert {"steps": {"default": 12}, "epochs": 2} == checkpoint["optim_core"]["counters"]


def test_a_plateau_misses_no_epoch_wherever_it_is_continued(tmp_path):
    """Within an epoch, where Lightning leaves out the metric of the epoch when it continues."""
    config, options = RECIPES["plateau"], {"max_epochs": 3, "val": True, "val_check_interval": 0.5}
    keeping = ModelCheckpoint(tmp_path, filename="{step}", every_n_train_steps=1, save_top_k=-1)
    whole = fitted(config, Still, enable_checkpointing=True, callbacks=[keeping], **options)
    for step in (4, 17):
        path = tmp_path / f"step={step}.ckpt"
        continued = fitted(config, Still, ckpt_path=path, **options)
        assert whole.run.scheduler.last_epoch == continued.run.scheduler.last_epoch, step


OTHERS = {
    "rate": ({"optimizer": {"type": "AdamW", "lr": 0.02}}, r"optimizer\.config\.lr: saved 0\.01, now 0\.02"),
    "type": ({"optimizer": {"type": "RAdam", "lr": 0.01}}, "the saved one is AdamW, this one is RAdam"),
    "schedule": ({"scheduler": {"type": "linear"}}, "the saved one is cosine, this one is linear"),
    "none": ({"scheduler": None}, "the saved state has `default`, which the recipe does not have"),
}


@pytest.mark.parametrize(("change", "words"), OTHERS.values(), ids=OTHERS)
def test_another_config_is_told_before_anything_is_loaded(change, words, tmp_path):
    """Lightning would go on with the saved numbers, or with a mixture, and say nothing."""
    path = saved(tmp_path, COSINE)
    with pytest.raises(CheckpointMismatchError, match=words):
        fitted({**COSINE, **change}, Still, max_epochs=4, ckpt_path=path)


def test_another_length_is_told(tmp_path):
    """A schedule made for four epochs is not one for six."""
    path = saved(tmp_path, COSINE)
    with pytest.raises(CheckpointMismatchError, match=r"(?s)total_steps: saved 24, now 36.*self.changed = …"):
        fitted(COSINE, Still, max_epochs=6, ckpt_path=path)


class ByConfig(Still):
    changed = "config"


def test_the_config_may_count_from_now_on(tmp_path):
    """With changed = "config" the schedule is where it would be, had the run had these values from the start."""
    path = saved(tmp_path, COSINE)
    longer = fitted(COSINE, ByConfig, max_epochs=6, ckpt_path=path)
    assert 36 == longer.run.horizon.total_steps
    assert 0.0 == longer.run.optimizer.param_groups[0]["lr"]
    other = {**COSINE, "optimizer": {"type": "AdamW", "lr": 0.02}}
    assert 0.02 == fitted(other, ByConfig, max_epochs=4, ckpt_path=path).run.optimizer.param_groups[0]["initial_lr"]


class AsSaved(Still):
    changed = "saved"


def test_the_saved_config_may_count(tmp_path):
    """With changed = "saved" it goes on as it was."""
    path = saved(tmp_path, COSINE)
    other = {**COSINE, "optimizer": {"type": "AdamW", "lr": 0.02}}
    whole = fitted(COSINE, Still, max_epochs=4, val=True)
    assert_same(whole.net, fitted(other, AsSaved, max_epochs=4, val=True, ckpt_path=path))


def test_another_model_is_told_by_name(tmp_path):
    """Groups of the same sizes load into others, were it not for the names."""
    path = saved(tmp_path, {"optimizer": {"type": "AdamW"}})

    class Other(Still):
        def __init__(self, recipe):
            super().__init__(recipe)
            self.optimized = self.net[:2]

    with pytest.raises(CheckpointMismatchError, match=r"only in the saved state: 3.weight"):
        fitted({"optimizer": {"type": "AdamW"}}, Other, max_epochs=4, ckpt_path=path)


MODES = RECIPES["modes"]


def test_schedule_free_goes_as_the_plain_loop():
    """Validation sees the averaged weights, training goes on with its own, and fit leaves the averaged ones."""
    module = fitted(MODES, max_epochs=2, val=True)
    assert_same(plain(MODES, val=True, at_end="eval"), module)
    assert module.run["default"].in_eval


@pytest.mark.parametrize("weights_only", [False, True])
def test_a_checkpoint_holds_the_weights_for_evaluation(weights_only, tmp_path):
    """Whoever loads it evaluates what was validated."""
    path = tmp_path / "w.ckpt"

    class Saving(Still):
        def on_train_epoch_end(self):
            self.trainer.save_checkpoint(path, weights_only=weights_only)

    module = fitted(MODES, Saving, max_epochs=2)
    state = torch.load(path, weights_only=True)["state_dict"]
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


def test_a_run_can_be_saved_after_fit(tmp_path):
    """The optimizer is saved as it trains, though it is in eval mode, and stays so."""
    module = Still(registry.recipe(MODES))
    made = trainer(max_epochs=2)
    made.fit(module, loader())
    before = {name: value.clone() for name, value in module.state_dict().items()}
    made.save_checkpoint(tmp_path / "end.ckpt")
    checkpoint = torch.load(tmp_path / "end.ckpt", weights_only=True)
    assert all(group["train_mode"] for group in checkpoint["optimizer_states"][0]["param_groups"])
    assert module.run["default"].in_eval
    for name, value in module.state_dict().items():
        assert torch.equal(value, checkpoint["state_dict"][name])
        torch.testing.assert_close(value, before[name])
    fitted(MODES, Still, max_epochs=3, ckpt_path=tmp_path / "end.ckpt")
