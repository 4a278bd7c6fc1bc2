"""RecipeTrainer in what people do with Trainer: evaluation, other trainers, callbacks, searches, loaders."""

import warnings

import pytest
import torch
from transformers import PrinterCallback, Seq2SeqTrainer, Seq2SeqTrainingArguments, TrainerCallback

from optim_core import OptimError, registry
from optim_core.run.monitors import Monitor
from optim_frameworks.transformers import RecipeTrainer

from .transformers_support import (
    Recorded,
    arguments,
    assert_same,
    loss_of,
    plain_loop,
    quiet,
    sentences,
    tiny_model,
    trainer_of,
)

pytestmark = quiet

ADAMW = {"type": "AdamW", "config": {"lr": 0.01}}
COSINE = {
    "optimizer": ADAMW,
    "scheduler": {"type": "cosine", "config": {"num_warmup_steps": 2}},
    "gradient_clipping": {"type": "norm", "config": {"max_norm": 0.3}},
}


@pytest.mark.parametrize("optimizer", ["ScheduleFreeAdamW", "SPlus"])
def test_an_optimizer_with_modes_is_evaluated_and_trained_as_by_hand(optimizer, tmp_path):
    """Each evaluation sees other weights than training, which goes on with its own; it ends in evaluation."""
    recipe = {"optimizer": {"type": optimizer, "config": {"lr": 0.01}}}
    trainer = trainer_of(recipe, tmp_path, eval_strategy="steps", eval_steps=5)
    trainer.train()
    metrics = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry]
    model = tiny_model().train()
    run = registry.recipe(recipe).create(model, total_steps=12, steps_per_epoch=6)
    losses = []
    for number, (_, [(batch, items)]) in enumerate(trainer.steps, start=1):
        run.step(loss_of(model, batch, items))
        if number % 5 == 0:
            run.eval()
            rows = torch.stack([row["input_ids"] for row in sentences(4, 2)])
            with torch.no_grad():
                losses.append(float(model.eval()(input_ids=rows, labels=rows).loss))
            run.train()
            model.train()
    run.eval()
    assert losses == metrics[:2]
    assert_same(trainer.model, model)


class Drawing(TrainerCallback):
    """Keeps the state of torch's generator before each step."""

    def __init__(self):
        self.states = []

    def on_pre_optimizer_step(self, args, state, control, **kwargs):
        self.states.append(torch.get_rng_state())


@pytest.mark.parametrize("accumulated", [1, 2])
def test_gradients_that_are_differentiated_again_have_their_graph(accumulated, tmp_path):
    """AdaHessian, which draws in its step, trains as by hand, with accumulated gradients too."""

    def eager():
        model = tiny_model().train()
        model.set_attn_implementation("eager")
        return model

    recipe = {**COSINE, "optimizer": {"type": "AdaHessian", "config": {"lr": 0.1}}}
    trainer = trainer_of(recipe, tmp_path, eager(), gradient_accumulation_steps=accumulated, max_steps=4)
    drawing = Drawing()
    trainer.add_callback(drawing)
    trainer.train()

    model = eager()
    run = registry.recipe(recipe).create(model, total_steps=4)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*create_graph=True")
        for (_, batches), state in zip(trainer.steps, drawing.states, strict=True):
            *others, last = [loss_of(model, batch, items) for batch, items in batches]
            for loss in others:
                loss.backward(create_graph=True)
            torch.set_rng_state(state)
            run.step(last)
    assert_same(trainer.model, model)

    # The next recipe differentiates once, as torch's fused attention can alone.
    trainer.model.set_attn_implementation("sdpa")
    trainer.recipe = COSINE
    trainer.train()
    assert isinstance(trainer.run.optimizer, torch.optim.AdamW)


def test_seq2seq_trainer(tmp_path):
    """Any trainer that is made of Trainer has its place."""

    class Mine(RecipeTrainer, Seq2SeqTrainer):
        pass

    args = Seq2SeqTrainingArguments(str(tmp_path), max_steps=3, report_to="none", use_cpu=True, disable_tqdm=True)
    trainer = Mine(tiny_model(), args, train_dataset=sentences(), recipe=COSINE)
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    assert 0.0 == trainer.run.optimizer.param_groups[0]["lr"]


def test_the_optimizer_is_made_for_the_model_of_model_init(tmp_path):
    """Each `train` begins with another model, and with a recipe that was set since, as a search of hyperparameters."""
    trainer = Recorded(
        args=arguments(tmp_path), model_init=lambda: tiny_model(), train_dataset=sentences(), recipe=COSINE
    )
    trainer.train()
    first = trainer.model
    model, _, _ = plain_loop(COSINE, trainer.steps, 6, 12)
    assert_same(first, model)
    other = {**COSINE, "optimizer": {"type": "SGD", "config": {"lr": 0.1}}}
    trainer.recipe, trainer.steps = other, []
    trainer.train()
    assert first is not trainer.model
    model, _, _ = plain_loop(other, trainer.steps, 6, 12)
    assert_same(trainer.model, model)
    with pytest.raises(OptimError, match="LBFGS computes the loss several times"):
        trainer.recipe = {"type": "LBFGS"}


def test_an_evaluation_by_a_callback_moves_no_plateau(tmp_path):
    """Only what Trainer itself evaluates counts."""

    class Evaluates(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            trainer.evaluate(sentences(2, 3), metric_key_prefix="other")

    plateau = {"type": "ReduceLROnPlateau", "config": {"patience": 0, "threshold": 0.9, "monitor": "loss"}}
    trainer = trainer_of({"optimizer": ADAMW, "scheduler": plateau}, tmp_path, eval_strategy="epoch")
    trainer.add_callback(Evaluates())
    trainer.train()
    assert 2 == trainer.run.scheduler.last_epoch
    assert 0.001 == pytest.approx(trainer.run.optimizer.param_groups[0]["lr"])


def test_several_sets_that_are_evaluated_move_a_plateau_once(tmp_path):
    """The metric may be that of one of them."""
    plateau = {"type": "ReduceLROnPlateau", "config": {"monitor": "eval_b_loss"}}
    trainer = Recorded(
        tiny_model(),
        arguments(tmp_path, eval_strategy="epoch"),
        train_dataset=sentences(),
        eval_dataset={"a": sentences(4, 2), "b": sentences(4, 3)},
        recipe={"optimizer": ADAMW, "scheduler": plateau},
    )
    trainer.train()
    losses = [entry["eval_b_loss"] for entry in trainer.state.log_history if "eval_b_loss" in entry]
    assert (2, min(losses)) == (trainer.run.scheduler.last_epoch, trainer.run.scheduler.best)


def test_batches_that_are_found_by_trying_begin_a_run_anew(tmp_path):
    """After memory ran out, the schedule is as long as the smaller batches make it."""

    class Short(Recorded):
        def training_step(self, model, inputs, num_items_in_batch=None):
            if len(inputs["input_ids"]) > 2:
                raise RuntimeError("CUDA out of memory.")
            return super().training_step(model, inputs, num_items_in_batch)

    trainer = trainer_of(COSINE, tmp_path, kind=Short, auto_find_batch_size=True)
    trainer.train()
    assert (24, 24) == (trainer.run.horizon.total_steps, len(trainer.logged))
    assert 0.0 == trainer.run.optimizer.param_groups[0]["lr"]


def test_an_epoch_that_is_cut_off_is_none(tmp_path):
    """A schedule by epochs moves with whole ones."""
    recipe = {"optimizer": ADAMW, "scheduler": {"type": "StepLR", "config": {"step_size": 1, "gamma": 0.5}}}
    trainer = trainer_of(recipe, tmp_path, num_train_epochs=1.5)
    trainer.train()
    assert [0.01] * 6 + [0.005] * 3 == [entry["learning_rate"] for entry in trainer.logged]
    assert 0.005 == trainer.run.optimizer.param_groups[0]["lr"]


def test_a_monitor_sees_each_step(tmp_path):
    """What it reports is what it reports of the plain loop."""
    reports, expected = [], []

    class Watched(TrainerCallback):
        def on_train_begin(self, args, state, control, **kwargs):
            Monitor(trainer.run, every=3, to=reports.append)

    trainer = trainer_of(COSINE, tmp_path)
    trainer.add_callback(Watched())
    trainer.train()
    model = tiny_model().train()
    run = registry.recipe(COSINE).create(model, total_steps=12, steps_per_epoch=6)
    Monitor(run, every=3, to=expected.append)
    for _, [(batch, items)] in trainer.steps:
        run.step(loss_of(model, batch, items))
    assert [3, 6, 9, 12] == [report["step"] for report in reports]
    for report in [*reports, *expected]:
        del report["step_time"]
    assert expected == reports
    assert expected[0]["update_ratio"] > 0
