"""Lightning's own callbacks and tools beside a recipe: right, or refused with the line that is right."""

import subprocess
import sys
from pathlib import Path

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import (
    BackboneFinetuning,
    BaseFinetuning,
    BatchSizeFinder,
    EarlyStopping,
    EMAWeightAveraging,
    GradientAccumulationScheduler,
    LearningRateFinder,
    LearningRateMonitor,
    ModelCheckpoint,
    StochasticWeightAveraging,
    Timer,
    WeightAveraging,
)
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.tuner import Tuner
from torch.optim.swa_utils import AveragedModel, get_ema_avg_fn

from optim_core import HorizonError, OptimError, registry
from optim_frameworks.lightning import RecipeModule

from .lightning_support import (
    LIGHTNINGS_OWN,
    Model,
    assert_same,
    data,
    fitted,
    loader,
    loss_of,
    network,
    plain,
    trainer,
)

pytestmark = LIGHTNINGS_OWN

COSINE = {
    "optimizer": {"type": "AdamW", "config": {"lr": 0.01}},
    "scheduler": {"type": "cosine", "config": {"num_warmup_steps": 2}},
    "gradient_clipping": {"max_norm": 0.5},
}
SGD = {"optimizer": {"type": "SGD", "config": {"lr": 0.1}}}
MULTIPLIED = {"optimizer": {**SGD["optimizer"], "param_groups": [{"match": "3.*", "lr_multiplier": 5.0}]}}


class Parts(RecipeModule, pl.LightningModule):
    """A model of a backbone and a head."""

    def __init__(self, recipe, batch_size=1):
        super().__init__()
        self.recipe, self.batch_size = recipe, batch_size
        torch.manual_seed(0)
        # No dropout, since a run that continues draws other numbers than one that goes through.
        self.backbone = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Tanh(), torch.nn.Linear(8, 8))
        self.head = torch.nn.Linear(8, 8)

    def training_step(self, batch):
        return self.head(self.backbone(batch)).square().mean()

    def train_dataloader(self):
        return torch.utils.data.DataLoader(data(6).flatten(0, 1), batch_size=self.batch_size)


class Later(BaseFinetuning):
    """Trains the backbone from the second epoch on."""

    def freeze_before_training(self, pl_module):
        self.freeze(pl_module.backbone)

    def finetune_function(self, pl_module, epoch, optimizer):
        if epoch == 1:
            self.unfreeze_and_add_param_group(pl_module.backbone, optimizer, lr=0.001)


# -- finetuning ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", [COSINE["scheduler"], {"type": "StepLR", "config": {"step_size": 1}}, None])
def test_a_group_that_is_finetuned_later_joins_the_schedule(schedule):
    """It has the rate that it was given, times what the schedule says from then on."""
    recipe = registry.recipe({**COSINE, "scheduler": schedule})
    module = Parts(recipe, batch_size=4)
    trainer(max_epochs=3, callbacks=[Later()]).fit(module)
    first, later = module.run.optimizer.param_groups
    assert len(list(module.backbone.parameters())) == len(later["params"])
    assert 10 * later["lr"] == pytest.approx(first["lr"])
    assert all(parameter in module.run.optimizer.state for parameter in later["params"])


def test_backbone_finetuning_raises_the_rate_by_itself():
    """Lightning's callback sets the rate of its group at each epoch, which a schedule would overwrite."""
    module = Parts(registry.recipe(SGD), batch_size=4)
    trainer(max_epochs=3, callbacks=[BackboneFinetuning(unfreeze_backbone_at_epoch=1)]).fit(module)
    assert 2 == len(module.run.optimizer.param_groups)


def test_backbone_finetuning_beside_a_schedule_by_steps_is_refused():
    """The schedule would set the rate of the backbone anew at the next step."""
    module = Parts(registry.recipe(COSINE), batch_size=4)
    with pytest.raises(OptimError, match="BackboneFinetuning sets the rate of the backbone at the start of each epoch"):
        trainer(max_epochs=3, callbacks=[BackboneFinetuning(unfreeze_backbone_at_epoch=1)]).fit(module)


@pytest.mark.parametrize("schedule", [COSINE["scheduler"], None])
def test_finetuning_continues_with_its_groups(tmp_path, schedule):
    """Lightning freezes the backbone of a run that continues, and never trains it again."""
    config = {**COSINE, "scheduler": schedule}

    def finetuned(ckpt_path=None):
        module = Parts(registry.recipe(config), batch_size=4)
        saving = ModelCheckpoint(tmp_path, "{epoch}", save_top_k=-1)
        options = {"enable_checkpointing": True, "callbacks": [Later(), saving]} if ckpt_path is None else {}
        torch.manual_seed(2)
        made = trainer(**{"max_epochs": 4, "callbacks": [Later()], **options})
        made.fit(module, ckpt_path=ckpt_path)
        return module

    whole = finetuned()
    for epoch in (0, 2):
        module = finetuned(tmp_path / f"epoch={epoch}.ckpt")
        assert all(parameter.requires_grad for parameter in module.backbone.parameters())
        for name, value in whole.state_dict().items():
            assert torch.equal(value, module.state_dict()[name]), name


def test_a_group_that_comes_later_is_refused_in_two_processes():
    """Lightning trains a backbone of its own in each, and says nothing."""
    script = Path(__file__).parent / "finetuning_processes.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
    assert "DistributedDataParallel exchanges no gradients" in done.stdout + done.stderr


# -- rates ---------------------------------------------------------------------------------------------------------


def test_learning_rate_monitor_has_the_names_of_the_groups(tmp_path):
    """Not a number."""
    monitor = LearningRateMonitor("step")
    config = {**COSINE, "optimizer": {**COSINE["optimizer"], "no_decay": ["bias"]}}
    fitted(config, max_epochs=1, callbacks=[monitor], logger=CSVLogger(tmp_path), log_every_n_steps=1)
    assert {"lr-AdamW/default", "lr-AdamW/no_decay"} == set(monitor.lrs)


def test_lr_find_sets_the_rate_of_the_recipe(tmp_path):
    """The next run has it, with its multipliers and its schedule; the search itself leaves nothing behind."""
    module = Model(registry.recipe({**COSINE, "gradient_clipping": None}))
    made = trainer(max_epochs=4, default_root_dir=tmp_path)
    before = {name: value.clone() for name, value in module.net.state_dict().items()}
    found = Tuner(made).lr_find(module, loader(), num_training=20, attr_name="recipe_lr")
    rate = found.suggestion()
    assert rate == module.recipe_lr == module.recipe.optimizer.config.lr
    for name, value in before.items():
        assert torch.equal(value, module.net.state_dict()[name]), name
    made.fit(module, loader())
    assert ([rate], 24) == (module.run.scheduler.base_lrs, module.run.horizon.total_steps)


def test_a_rate_that_the_recipe_would_not_read_is_refused(tmp_path):
    """Before the search."""
    module = Model(registry.recipe(COSINE))
    module.lr = 0.1
    made = trainer(max_epochs=4, default_root_dir=tmp_path)
    with pytest.raises(OptimError, match=r"lr_find would set self\.lr .*attr_name=\"recipe_lr\""):
        Tuner(made).lr_find(module, loader())
    with pytest.raises(OptimError, match="LearningRateFinder gives every parameter group the rate"):
        fitted(COSINE, callbacks=[LearningRateFinder()], max_epochs=1)


def test_the_rate_is_saved_among_the_hyperparameters():
    """A checkpoint says with which rate was trained."""

    class Saving(Model):
        def __init__(self, recipe):
            super().__init__(recipe)
            self.save_hyperparameters()

    module = Saving(registry.recipe(COSINE))
    module.recipe_lr = 0.5
    assert 0.5 == module.hparams["recipe"]["optimizer"]["config"]["lr"]


# -- lengths -------------------------------------------------------------------------------------------------------


def test_scale_batch_size_comes_before_the_run(tmp_path):
    """The schedule is as long as the run with the batches that were found; the callback is refused."""
    module = Parts(registry.recipe(COSINE))
    made = trainer(max_epochs=2, default_root_dir=tmp_path)
    Tuner(made).scale_batch_size(module, max_trials=1, steps_per_trial=1)
    made.fit(module)
    assert (2, 24) == (module.batch_size, module.run.horizon.total_steps)
    with pytest.raises(OptimError, match=r"Tuner\(trainer\)\.scale_batch_size\(model\) before"):
        trainer(max_epochs=1, callbacks=[BatchSizeFinder()]).fit(Parts(registry.recipe(COSINE)))


def test_an_accumulation_that_changes_gives_the_right_length():
    """Six steps in the first epoch, three in each of the others."""
    module = fitted(COSINE, max_epochs=3, callbacks=[GradientAccumulationScheduler({0: 1, 1: 2})])
    assert (12, 0.0) == (module.run.horizon.total_steps, module.run.scheduler.get_last_lr()[0])


@pytest.mark.parametrize("options", [{"max_time": {"hours": 1}}, {"callbacks": [Timer({"hours": 1})]}])
def test_a_run_without_an_end_has_no_length(options):
    """A schedule that needs one says so, and a time is none."""
    with pytest.raises(HorizonError, match=r"give Trainer\(max_epochs=…\) or Trainer\(max_steps=…\)"):
        fitted(COSINE, max_epochs=-1, **options)
    assert_same(plain(SGD, epochs=2), fitted(SGD, max_epochs=2, **options))


def test_early_stopping_leaves_the_length():
    """The run was to be as long."""
    module = fitted(COSINE, max_epochs=5, val=True, callbacks=[EarlyStopping("val_loss", patience=1, min_delta=1e9)])
    assert 30 == module.run.horizon.total_steps
    assert module.trainer.current_epoch < 5


@pytest.mark.parametrize(
    ("options", "steps"),
    [({"fast_dev_run": True}, 1), ({"fast_dev_run": 2}, 2), ({"overfit_batches": 2, "max_epochs": 2}, 4)],
)
@pytest.mark.filterwarnings("ignore:.*overfit_batches")
def test_short_runs_have_their_own_length(options, steps):
    """A schedule is gone through in as many steps."""
    config = {**COSINE, "scheduler": {"type": "cosine"}}
    module = fitted(config, **options)
    assert (steps, 0.0) == (module.run.horizon.total_steps, module.run.scheduler.get_last_lr()[0])


# -- averages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [EMAWeightAveraging, WeightAveraging])
def test_averaged_weights_are_those_of_a_plain_loop(kind):
    """The model ends with the average of the weights after each step."""
    options = {"decay": 0.5} if kind is EMAWeightAveraging else {"avg_fn": get_ema_avg_fn(0.5)}
    average = kind(**options)
    module = fitted(COSINE, max_epochs=2, callbacks=[average])
    net = network()
    run = registry.recipe(COSINE).create(net, total_steps=12, steps_per_epoch=6)
    averaged = AveragedModel(net, avg_fn=get_ema_avg_fn(0.5), use_buffers=True)
    torch.manual_seed(2)
    for _ in range(2):
        for batch in list(loader()):
            run.step(loss_of(net, batch))
            averaged.update_parameters(net)
    assert_same(averaged.module, module)


def test_stochastic_weight_averaging_has_its_own_schedule():
    """It takes the place of the recipe's when it begins, with one rate for each group."""
    average = StochasticWeightAveraging(swa_lrs=1e-3, swa_epoch_start=1, annealing_epochs=1)
    falling = {**COSINE, "scheduler": {"type": "StepLR", "config": {"step_size": 1}}}
    module = fitted(falling, max_epochs=4, callbacks=[average])
    assert pytest.approx(1e-3) == module.run.optimizer.param_groups[0]["lr"]
    with pytest.raises(OptimError, match=r"multiplies theirs: swa_lrs=\[0\.001, 0\.005\]"):
        fitted(MULTIPLIED, max_epochs=4, callbacks=[StochasticWeightAveraging(swa_lrs=1e-3)])
    module = fitted(
        MULTIPLIED, max_epochs=4, callbacks=[StochasticWeightAveraging([1e-3, 5e-3], 1, annealing_epochs=1)]
    )
    assert [1e-3, 5e-3] == pytest.approx([group["lr"] for group in module.run.optimizer.param_groups])


# -- compiled ------------------------------------------------------------------------------------------------------


def test_a_compiled_model_keeps_the_names_of_its_parameters():
    """As rules, explanations and checkpoints have them."""
    module = Model(registry.recipe(COSINE))
    module.compile(backend="eager")
    torch.manual_seed(2)
    trainer(max_epochs=2).fit(module, loader())
    assert_same(plain(COSINE), module)
    assert "0.weight" == module.run.optimizer.param_groups[0]["param_names"][0]
