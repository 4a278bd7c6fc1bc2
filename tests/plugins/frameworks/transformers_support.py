"""A tiny model, data and trainers of transformers, and the plain loop that they are compared with."""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PrinterCallback, Trainer, TrainingArguments

from optim_core import registry
from optim_frameworks.transformers import RecipeTrainer

# deepspeed, which accelerate imports where it is installed, and pydantic below it.
quiet = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Recorded(RecipeTrainer, Trainer):
    """Keeps what each step was computed from, and what was logged."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.steps = []
        self.remove_callback(PrinterCallback)

    def training_step(self, model, inputs, num_items_in_batch=None):
        if not self.steps or self.steps[-1][0] != self.state.global_step:
            self.steps.append((self.state.global_step, []))
        self.steps[-1][1].append(({name: value.clone() for name, value in inputs.items()}, num_items_in_batch))
        return super().training_step(model, inputs, num_items_in_batch)

    @property
    def logged(self):
        return [entry for entry in self.state.log_history if "learning_rate" in entry]


def tiny_model(seed=0, dropout=0.0):
    torch.manual_seed(seed)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=32, attention_dropout=dropout, **sizes)
    config.loss_type = "ForCausalLM"
    return LlamaForCausalLM(config)


def sentences(number=24, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return [{"input_ids": row, "labels": row} for row in torch.randint(0, 32, (number, 6), generator=generator)]


def arguments(folder, **changed):
    given = {
        "output_dir": str(folder),
        "num_train_epochs": 2,
        "per_device_train_batch_size": 4,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": True,
    }
    return TrainingArguments(**{**given, **changed})


def trainer_of(recipe, folder, model=None, kind=Recorded, data=None, changed="error", **args):
    model = tiny_model() if model is None else model
    data = sentences() if data is None else data
    return kind(
        model,
        arguments(folder, **args),
        train_dataset=data,
        eval_dataset=sentences(4, 2),
        recipe=recipe,
        changed=changed,
    )


def plain_loop(recipe, steps, per_epoch, total, metrics=None):
    """Train a tiny model on what a trainer recorded; return it with its run and the rate and norm of each step.

    Args:
        recipe: as `registry.recipe` takes it.
        steps: `Recorded.steps`.
        per_epoch: optimizer steps in an epoch.
        total: optimizer steps in the run.
        metrics: what the schedule waits for at the end of each epoch.
    """
    model = tiny_model().train()
    run = registry.recipe(recipe).create(model, total_steps=total, steps_per_epoch=per_epoch)
    seen = []
    for number, (_, batches) in enumerate(steps, start=1):
        losses = [lambda batch=batch, items=items: loss_of(model, batch, items) for batch, items in batches]
        for loss in losses[:-1]:
            loss().backward()
        seen.append(run.step(losses[-1]()))
        if number % per_epoch == 0:
            run.end_epoch(metrics[number // per_epoch - 1] if metrics else None)
    return model, run, seen


def loss_of(model, batch, items):
    return model(**batch, num_items_in_batch=items).loss


def assert_same(model, other):
    for (name, value), expected in zip(model.state_dict().items(), other.state_dict().values(), strict=True):
        assert torch.equal(expected, value), name
