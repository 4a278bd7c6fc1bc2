"""A run of RecipeTrainer that is resumed goes on bit for bit, or says why it does not."""

import shutil

import pytest
import torch
from transformers import PrinterCallback, Trainer

from optim_core import CheckpointMismatchError, OptimError

from .transformers_support import arguments, assert_same, quiet, sentences, tiny_model, trainer_of

pytestmark = quiet

ADAMW = {"type": "AdamW", "config": {"lr": 0.01, "weight_decay": 0.1}}
CLIPPED = {"gradient_clipping": {"type": "norm", "config": {"max_norm": 0.3}}}
PLATEAU = {"factor": 0.5, "patience": 0, "threshold": 0.9, "monitor": "loss"}
RECIPES = {
    "groups, cosine and clipping": {"optimizer": {**ADAMW, "no_decay": ["norm"]}, "scheduler": "cosine", **CLIPPED},
    "no schedule": {"optimizer": ADAMW},
    "by epochs": {"optimizer": ADAMW, "scheduler": {"type": "StepLR", "config": {"step_size": 1, "gamma": 0.5}}},
    "plateau": {"optimizer": ADAMW, "scheduler": {"type": "ReduceLROnPlateau", "config": PLATEAU}},
    "Muon": {"optimizer": {"type": "Muon", "config": {"lr": 0.02}}, "scheduler": "linear"},
    "modes": {"optimizer": {"type": "ScheduleFreeAdamW", "config": {"lr": 0.01}}},
    "other modes": {"optimizer": {"type": "SPlus", "config": {"lr": 0.01}}, "scheduler": "cosine"},
}
COSINE = RECIPES["groups, cosine and clipping"]


def trained(recipe, folder, resume=None, changed="error", data=None, **args):
    """Train 12 steps in 2 epochs, with an evaluation and a checkpoint after each third; return the trainer."""
    given = {"save_strategy": "steps", "save_steps": 3, "eval_strategy": "steps", "eval_steps": 3, **args}
    model = tiny_model(dropout=0.1)
    trainer = trainer_of(recipe, folder, model, changed=changed, data=data, **given)
    trainer.train(resume_from_checkpoint=None if resume is None else str(resume))
    return trainer


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_it_goes_on_as_if_it_had_not_stopped(recipe, tmp_path):
    """In the middle of an epoch and at its end: weights, rates, losses and the optimizer's state."""
    whole = trained(recipe, tmp_path / "whole")
    state = whole.run.optimizer.state_dict()["state"]
    for step in (3, 6):
        resumed = trained(recipe, tmp_path / "other", tmp_path / f"whole/checkpoint-{step}")
        assert 12 - step == len(resumed.steps)
        assert_same(resumed.model, whole.model)
        assert whole.logged == resumed.logged
        torch.testing.assert_close(resumed.run.optimizer.state_dict()["state"], state, rtol=0, atol=0)


def test_a_checkpoint_at_the_end_of_an_epoch_knows_its_evaluation(tmp_path):
    """Trainer saves by steps before it evaluates by epochs; a plateau would miss that evaluation on resume."""
    recipe = RECIPES["plateau"]
    whole = trained(recipe, tmp_path / "whole", eval_strategy="epoch")
    resumed = trained(recipe, tmp_path / "other", tmp_path / "whole/checkpoint-6", eval_strategy="epoch")
    assert_same(resumed.model, whole.model)
    assert whole.run.scheduler.state_dict() == resumed.run.scheduler.state_dict()


class Endless(torch.utils.data.IterableDataset):
    def __iter__(self):
        yield from sentences()


def test_data_without_a_length(tmp_path):
    """A run goes on by its steps; where the schedule goes by epochs, nobody knows how many there were."""
    whole = trained(COSINE, tmp_path / "whole", data=Endless(), max_steps=6)
    resumed = trained(COSINE, tmp_path / "other", tmp_path / "whole/checkpoint-3", data=Endless(), max_steps=6)
    assert_same(resumed.model, whole.model)
    recipe = RECIPES["by epochs"]
    trained(recipe, tmp_path / "whole", data=Endless(), max_steps=6)
    with pytest.raises(OptimError, match="does not know in which epoch"):
        trained(recipe, tmp_path / "other", tmp_path / "whole/checkpoint-3", data=Endless(), max_steps=6)


@pytest.mark.parametrize("left", ["optimizer.pt", "scheduler.pt"])
def test_a_checkpoint_that_lacks_a_part(left, tmp_path):
    """Trainer would go on with a fresh optimizer, in silence."""
    trained(COSINE, tmp_path)
    (tmp_path / "checkpoint-3" / left).unlink()
    with pytest.raises(OptimError, match=r"no optimizer and schedule there.*from_pretrained"):
        trained(COSINE, tmp_path / "other", tmp_path / "checkpoint-3")


def test_a_checkpoint_with_the_model_alone(tmp_path):
    """`save_only_model` leaves nothing to go on with."""
    trained(COSINE, tmp_path, save_only_model=True)
    with pytest.raises(OptimError, match="save_only_model=False"):
        trained(COSINE, tmp_path / "other", tmp_path / "checkpoint-3")


def test_another_optimizer_is_told(tmp_path):
    """Its moments mean something else."""
    trained(COSINE, tmp_path)
    with pytest.raises(CheckpointMismatchError, match="the saved one is AdamW, this one is RAdam"):
        trained(
            {**COSINE, "optimizer": {**COSINE["optimizer"], "type": "RAdam"}}, tmp_path / "o", tmp_path / "checkpoint-3"
        )


def test_what_a_run_that_was_refused_has_loaded_is_not_trained_with(tmp_path):
    """The next train of the same trainer begins with a fresh optimizer."""
    trained(COSINE, tmp_path)
    other = {**COSINE, "optimizer": {**COSINE["optimizer"], "config": {"lr": 0.02}}}
    trainer = trainer_of(other, tmp_path / "other", tiny_model())
    with pytest.raises(CheckpointMismatchError):
        trainer.train(resume_from_checkpoint=str(tmp_path / "checkpoint-6"))
    refused = trainer.run
    trainer.train()
    assert refused is not trainer.run
    assert 12 == len(trainer.logged)


def test_epochs_are_those_of_now(tmp_path):
    """A run that goes on as it was saved has the schedule of then, and moves it with the epochs of its data."""
    recipe = RECIPES["by epochs"]
    trained(recipe, tmp_path, max_steps=12)
    kept = trained(
        recipe, tmp_path / "o", tmp_path / "checkpoint-6", "saved", max_steps=12, per_device_train_batch_size=8
    )
    assert [0.01] * 6 + [0.005] * 3 + [0.0025] * 3 == [entry["learning_rate"] for entry in kept.logged]


def test_other_groups_are_told(tmp_path):
    """By the names of parameters."""
    trained(COSINE, tmp_path)
    with pytest.raises(CheckpointMismatchError, match=r"divided into other groups: .*norm"):
        trained({**COSINE, "optimizer": ADAMW}, tmp_path / "other", tmp_path / "checkpoint-3")


def test_another_config_or_length_is_told_or_taken(tmp_path):
    """`changed` says which of the two counts."""
    trained(COSINE, tmp_path)
    other = {**COSINE, "optimizer": {**COSINE["optimizer"], "config": {"lr": 0.02, "weight_decay": 0.1}}}
    with pytest.raises(CheckpointMismatchError, match=r"optimizer\.config\.lr: saved 0\.01, now 0\.02"):
        trained(other, tmp_path / "other", tmp_path / "checkpoint-6")
    with pytest.raises(CheckpointMismatchError, match="total_steps: saved 12, now 18"):
        trained(COSINE, tmp_path / "other", tmp_path / "checkpoint-6", num_train_epochs=3)
    taken = trained(other, tmp_path / "other", tmp_path / "checkpoint-6", changed="config")
    assert trained(other, tmp_path / "o").logged[8]["learning_rate"] == taken.logged[8]["learning_rate"]
    kept = trained(other, tmp_path / "other", tmp_path / "checkpoint-6", changed="saved")
    assert trained(COSINE, tmp_path / "o").logged[8]["learning_rate"] == kept.logged[8]["learning_rate"]


def test_a_checkpoint_of_another_trainer(tmp_path):
    """What Trainer saved for its own schedule is no run."""
    trainer = Trainer(tiny_model(), arguments(tmp_path, save_strategy="steps", save_steps=3), train_dataset=sentences())
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    with pytest.raises(CheckpointMismatchError, match="not saved by a RecipeTrainer"):
        trained(COSINE, tmp_path / "other", tmp_path / "checkpoint-3")


def test_true_takes_the_last_checkpoint(tmp_path):
    """`resume_from_checkpoint=True`, and what Trainer keeps of its arguments, are Trainer's."""
    whole = trained(COSINE, tmp_path)
    shutil.rmtree(tmp_path / "checkpoint-12")
    trainer = trainer_of(
        COSINE, tmp_path, tiny_model(dropout=0.1), save_strategy="no", eval_strategy="steps", eval_steps=3
    )
    trainer.train(resume_from_checkpoint=True)
    assert 3 == len(trainer.steps)
    assert_same(trainer.model, whole.model)
    assert 5e-5 == torch.load(tmp_path / "checkpoint-9/training_args.bin", weights_only=False).learning_rate


MODES = RECIPES["modes"]


def test_what_is_saved_of_an_optimizer_with_modes_is_what_was_evaluated(tmp_path):
    """The files of a checkpoint, the best of them, and the model that training leaves: the weights of evaluation."""
    trainer = trained(MODES, tmp_path, load_best_model_at_end=True, metric_for_best_model="loss")
    losses = {entry["step"]: entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry}
    for step, loss in losses.items():
        model = type(trainer.model).from_pretrained(tmp_path / f"checkpoint-{step}")
        assert loss == pytest.approx(trainer_of(MODES, tmp_path / "other", model).evaluate()["eval_loss"], rel=1e-6)
    assert min(losses.values()) == pytest.approx(trainer.evaluate()["eval_loss"], rel=1e-6)
    trainer.save_model(str(tmp_path / "best"))
    assert_same(type(trainer.model).from_pretrained(tmp_path / "best"), trainer.model)


def test_saving_changes_nothing_of_what_is_trained(tmp_path):
    """An optimizer with modes has exactly the weights back that it had before a checkpoint."""
    often = trained(MODES, tmp_path, save_steps=1, eval_strategy="no")
    never = trained(MODES, tmp_path / "other", save_strategy="no", eval_strategy="no")
    assert_same(often.model, never.model)
