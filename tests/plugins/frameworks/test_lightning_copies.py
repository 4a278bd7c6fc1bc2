"""``lightning`` and ``pytorch_lightning`` are two copies; each module and each callback is of the one that is used."""

import copy
import pickle
import subprocess
import sys

import lightning.pytorch as pl
import pytest
import pytorch_lightning as other
import torch
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from optim_core import OptimError, registry
from optim_frameworks.lightning import ClipGradients, RecipeModule

from .lightning_support import LIGHTNINGS_OWN, Model, assert_same, loader, loss_of, network, plain, trainer

pytestmark = LIGHTNINGS_OWN

CLIPPED = {
    "optimizer": {"type": "AdamW", "lr": 0.01},
    "scheduler": {"type": "cosine"},
    "gradient_clipping": {"type": "norm", "max_norm": 0.1},
}


class Other(RecipeModule, other.LightningModule):
    """A module of the other copy."""

    def __init__(self, recipe):
        super().__init__()
        self.recipe = recipe
        self.net = network()
        self.optimized = self.net

    def training_step(self, batch):
        return loss_of(self.net, batch)


def quiet(**options):
    return other.Trainer(
        max_epochs=2,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        accelerator="cpu",
        **options,
    )


def test_the_other_copy_trains_as_the_plain_loop():
    """pytorch_lightning, with its own callbacks."""
    module = Other(registry.recipe(CLIPPED))
    torch.manual_seed(2)
    quiet().fit(module, loader())
    assert_same(plain(CLIPPED), module)


def test_a_callback_is_one_of_each_copy_that_is_imported():
    """So that each Trainer asks it for what it has."""
    clip = ClipGradients(registry.recipe(CLIPPED).clipper)
    assert isinstance(clip, other.Callback)
    assert isinstance(clip, pl.Callback)
    for same in (copy.deepcopy(clip), pickle.loads(pickle.dumps(clip))):
        assert isinstance(same, type(clip))
    with pytest.raises(OptimError, match="clips beside the recipe"):
        quiet(callbacks=[clip]).fit(Other(registry.recipe(CLIPPED)), loader())


def test_nothing_is_imported_before_it_is_used():
    """RecipeModule and lengths import neither copy, nor torch."""
    code = """
import sys
from optim_frameworks.lightning import ClipGradients, RecipeModule, lengths
assert not {"lightning", "pytorch_lightning", "torch"} & set(sys.modules), sorted(sys.modules)
"""
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode


class Saving(Model):
    def __init__(self, recipe):
        super().__init__(recipe)
        self.save_hyperparameters()


@pytest.mark.parametrize("logger", [CSVLogger, TensorBoardLogger])
def test_hyperparameters_are_plain_data(logger, tmp_path):
    """Loggers write them, checkpoints load with weights_only, and the model is made again from them."""
    module = Saving(registry.recipe(CLIPPED))
    made = trainer(max_epochs=1, logger=logger(tmp_path), enable_checkpointing=True, log_every_n_steps=1)
    made.fit(module, loader())
    path = made.checkpoint_callback.best_model_path
    config = registry.to_config(registry.recipe(CLIPPED))
    assert config == torch.load(path, weights_only=True)["hyper_parameters"]["recipe"]
    again = Saving.load_from_checkpoint(path)
    trainer(max_epochs=1).fit(again, loader())
    assert registry.recipe(CLIPPED) == again.run.recipe


def test_a_copy_of_a_module_is_without_its_run():
    """A copy has weights, and trains anew; the model that is trained is its own."""
    module = Saving(registry.recipe(CLIPPED))
    trainer(max_epochs=1).fit(module, loader())
    module.trainer = None
    for same in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert same.optimized is same.net
        with pytest.raises(OptimError, match="has no run before"):
            _ = same.run
        trainer(max_epochs=1).fit(same, loader())
        assert 6 == same.run.horizon.total_steps
    assert [name for name in module.state_dict() if name.startswith("net.")] == list(module.state_dict())
