"""RecipeTrainer trains as the plain loop does, bit for bit."""

from dataclasses import dataclass

import pytest
import torch
from transformers import TrainingArguments

from optim_core import OptimError

from .transformers_support import (
    Recorded,
    arguments,
    assert_same,
    plain_loop,
    quiet,
    sentences,
    tiny_model,
    trainer_of,
)

pytestmark = quiet

ADAMW = {"type": "AdamW", "config": {"lr": 0.01, "weight_decay": 0.1}}
CLIPPED = {"gradient_clipping": {"type": "norm", "config": {"max_norm": 0.3}}}
RECIPES = {
    "groups, cosine and clipping": {
        "optimizer": {**ADAMW, "no_decay": ["norm"]},
        "scheduler": {"type": "cosine", "config": {"num_warmup_steps": "20%"}},
        **CLIPPED,
    },
    "one cycle": {"optimizer": ADAMW, "scheduler": {"type": "OneCycleLR", "config": {"max_lr": 0.02}}},
    "no schedule": {"optimizer": ADAMW},
    "by epochs": {"optimizer": ADAMW, "scheduler": {"type": "StepLR", "config": {"step_size": 1, "gamma": 0.5}}},
    "gamma": {"optimizer": {**ADAMW, "lr_decay_gamma": 0.5}, **CLIPPED},
    "sequential": {
        "optimizer": {"type": "SGD", "config": {"lr": 0.5, "momentum": 0.9}},
        "scheduler": {"type": "warmup", "config": {"num_warmup_steps": 3, "scheduler": {"type": "cosine"}}},
        "gradient_clipping": {"type": "value", "config": {"clip_value": 0.001}},
    },
    "Muon": {"optimizer": {"type": "Muon", "config": {"lr": 0.02}}, "scheduler": "linear"},
}
ACCUMULATED = ("groups, cosine and clipping", "by epochs")
CASES = [*((name, 1) for name in RECIPES), *((name, 4) for name in ACCUMULATED)]


@pytest.mark.parametrize(("name", "accumulated"), CASES)
def test_it_trains_as_the_plain_loop(name, accumulated, tmp_path):
    """Weights, rates and norms of each step are those of `run.step`, with gradients accumulated or not."""
    recipe = RECIPES[name]
    trainer = trainer_of(recipe, tmp_path, gradient_accumulation_steps=accumulated)
    trainer.train()
    per_epoch = 6 if accumulated == 1 else 2
    model, run, seen = plain_loop(recipe, trainer.steps, per_epoch, 2 * per_epoch)
    assert_same(trainer.model, model)
    assert [done.lr for done in seen] == [entry["learning_rate"] for entry in trainer.logged]
    assert run.optimizer.param_groups[-1]["lr"] == trainer.run.optimizer.param_groups[-1]["lr"]
    norms = [done.grad_norm for done in seen if done.grad_norm is not None]
    assert [float(norm) for norm in norms] == [entry["grad_norm"] for entry in trainer.logged][: len(norms)]


def test_each_group_is_logged_by_its_name(tmp_path):
    """`lr/NAME` is the rate with which the step was taken."""
    recipe = {"optimizer": {**ADAMW, "param_groups": [{"match": "*lm_head*", "lr_multiplier": 2.0}]}}
    trainer = trainer_of(recipe, tmp_path, max_steps=1)
    trainer.train()
    rates = {name: rate for name, rate in trainer.logged[0].items() if name.startswith("lr/")}
    assert [0.01, 0.02] == sorted(rates.values())


def test_without_clipping_the_norm_is_told_and_nothing_is_clipped(tmp_path):
    """Trainer's own max_grad_norm of 1.0 does nothing beside a recipe."""
    recipe = {"optimizer": {"type": "SGD", "config": {"lr": 3.0}}}
    trainer = trainer_of(recipe, tmp_path)
    trainer.train()
    model, _, _ = plain_loop(recipe, trainer.steps, 6, 12)
    assert_same(trainer.model, model)
    assert max(entry["grad_norm"] for entry in trainer.logged) > 1.0
    assert {3.0} == {entry["learning_rate"] for entry in trainer.logged}


def test_arguments_whose_class_never_clips(tmp_path):
    """Trainer then asks for no clipping: without one in the recipe all is as ever, and with one it is an error."""

    @dataclass
    class Unclipped(TrainingArguments):
        max_grad_norm: float = 0.0

    args = {field: getattr(arguments(tmp_path), field) for field in ("logging_steps", "save_strategy", "use_cpu")}
    args = Unclipped(str(tmp_path), max_steps=4, report_to="none", **args)
    recipe = {"optimizer": ADAMW, "scheduler": "cosine"}
    trainer = Recorded(tiny_model(), args, train_dataset=sentences(), recipe=recipe)
    trainer.train()
    _, _, seen = plain_loop(recipe, trainer.steps, 6, 4)
    assert [done.lr for done in seen] == [entry["learning_rate"] for entry in trainer.logged]
    trainer.recipe = {**recipe, **CLIPPED}
    with pytest.raises(OptimError, match=r"set it to 1\.0 where their class says 0"):
        trainer.train()


def test_the_length_is_that_of_max_steps(tmp_path):
    """`max_steps` ends the schedule, in the middle of an epoch or after several."""
    for steps in (4, 15):
        trainer = trainer_of(RECIPES["groups, cosine and clipping"], tmp_path, max_steps=steps)
        trainer.train()
        assert (steps, 6) == (trainer.run.horizon.total_steps, trainer.run.horizon.steps_per_epoch)
        assert 0.0 == trainer.run.optimizer.param_groups[0]["lr"]


class Endless(torch.utils.data.IterableDataset):
    def __iter__(self):
        generator = torch.Generator().manual_seed(1)
        for row in torch.randint(0, 32, (24, 6), generator=generator):
            yield {"input_ids": row, "labels": row}


def test_data_without_a_length_goes_by_max_steps(tmp_path):
    """The schedule is as long as max_steps; an epoch ends with the data."""
    trainer = trainer_of(RECIPES["groups, cosine and clipping"], tmp_path, data=Endless(), max_steps=9)
    trainer.train()
    assert 0.0 == trainer.run.optimizer.param_groups[0]["lr"]
    trainer = trainer_of(RECIPES["by epochs"], tmp_path, data=Endless(), max_steps=13)
    trainer.train()
    assert [0.01] * 6 + [0.005] * 6 + [0.0025] == [entry["learning_rate"] for entry in trainer.logged]


@pytest.mark.parametrize("monitor", [None, "eval_loss", "loss"])
def test_a_plateau_moves_with_each_evaluation(monitor, tmp_path):
    """It is given what was evaluated, by its own monitor or by metric_for_best_model."""
    config = {"factor": 0.5, "patience": 0, "threshold": 0.9, **({"monitor": monitor} if monitor else {})}
    recipe = {"optimizer": ADAMW, "scheduler": {"type": "ReduceLROnPlateau", "config": config}}
    args = {"eval_strategy": "steps", "eval_steps": 3, "metric_for_best_model": None if monitor else "loss"}
    trainer = trainer_of(recipe, tmp_path, eval_on_start=True, **args)
    trainer.train()
    metrics = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry]
    assert 5 == len(metrics)
    model, run, seen = plain_loop(recipe, trainer.steps, 3, 12, metrics[1:])
    assert_same(trainer.model, model)
    assert [done.lr for done in seen] == [entry["learning_rate"] for entry in trainer.logged]
    assert 0.01 > run.optimizer.param_groups[0]["lr"] == trainer.run.optimizer.param_groups[0]["lr"]


def test_each_train_is_a_run_of_its_own(tmp_path):
    """A second `train` begins its schedule anew, with another optimizer."""
    trainer = trainer_of(RECIPES["groups, cosine and clipping"], tmp_path)
    trainer.train()
    first, rates = trainer.run, [entry["learning_rate"] for entry in trainer.logged]
    trainer.train()
    assert first is not trainer.run
    assert rates == [entry["learning_rate"] for entry in trainer.logged]


def test_an_optimizer_that_was_made_before_is_the_one_that_is_trained(tmp_path):
    """`create_optimizer` by hand is not lost."""
    trainer = trainer_of(RECIPES["groups, cosine and clipping"], tmp_path)
    optimizer = trainer.create_optimizer()
    trainer.train()
    assert optimizer is trainer.run.optimizer


def test_a_recipe_that_is_set_later_is_the_one_that_is_trained_with(tmp_path):
    """Also where an optimizer was made of the first one, to look at it."""
    trainer = trainer_of(RECIPES["no schedule"], tmp_path, max_steps=4)
    trainer.create_optimizer()
    trainer.recipe = RECIPES["sequential"]
    trainer.train()
    assert isinstance(trainer.run.optimizer, torch.optim.SGD)


def test_what_evaluates_before_training_evaluates(tmp_path):
    """`evaluate` and `predict` need no optimizer."""
    trainer = trainer_of(RECIPES["no schedule"], tmp_path)
    assert trainer.evaluate()["eval_loss"] > 0
    assert trainer.predict(trainer.eval_dataset).metrics["test_loss"] > 0
