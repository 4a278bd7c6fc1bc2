"""Two processes with RecipeTrainer: FOLDER.

They are forks of one that has imported transformers. Each writes to FOLDER, as JSON, what went wrong in each check:
nothing, or a traceback. By hand is DistributedDataParallel with the step of a plain loop.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import traceback
from pathlib import Path

import torch
import torch._dynamo  # which torch's optimizers import when they are made
import torch.distributed as dist
from accelerate.state import AcceleratorState, GradientState
from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin
from torch.nn.parallel import DistributedDataParallel
from transformers import LlamaConfig, LlamaForCausalLM, PrinterCallback, Trainer, TrainingArguments

from optim_core import OptimError, registry
from optim_frameworks.transformers import RecipeTrainer

ADAMW = {"type": "AdamW", "config": {"lr": 0.01}, "no_decay": ["norm"]}
CLIPPED = {"type": "norm", "config": {"max_norm": 0.3}}
RECIPE = {"optimizer": ADAMW, "scheduler": {"type": "cosine"}, "gradient_clipping": CLIPPED}
EPOCHS = {**RECIPE, "scheduler": {"type": "StepLR", "config": {"step_size": 1, "gamma": 0.5}}}
PLATEAU = {"patience": 0, "factor": 0.5, "threshold": 0.9, "monitor": "loss"}
WAITING = {**RECIPE, "scheduler": {"type": "ReduceLROnPlateau", "config": PLATEAU}}
FAULTS = (AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError, OptimError)
WORLD = 2


class Recorded(RecipeTrainer, Trainer):
    steps: list

    def create_accelerator_and_postprocess(self):
        super().create_accelerator_and_postprocess()
        if self.args.fsdp:
            # accelerate passes over FSDP where there is no device, and all that it does with it runs without one.
            state = self.accelerator.state
            state.distributed_type = DistributedType.FSDP
            state.fsdp_plugin = FullyShardedDataParallelPlugin(**self.args.fsdp_plugin_args)
            self.is_fsdp_enabled = True

    def training_step(self, model, inputs, num_items_in_batch=None):
        self.steps.append(({name: value.clone() for name, value in inputs.items()}, num_items_in_batch))
        return super().training_step(model, inputs, num_items_in_batch)

    @property
    def rates(self):
        return [entry["learning_rate"] for entry in self.state.log_history if "learning_rate" in entry]


def network():
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=32, attention_dropout=0.0, **sizes)
    config.loss_type = "ForCausalLM"
    return LlamaForCausalLM(config)


def rows(number=24, seed=1):
    generator = torch.Generator().manual_seed(seed)
    data = torch.randint(0, 32, (number, 6), generator=generator)
    # Rows that count for less, so that the processes have different numbers of tokens.
    return [
        {"input_ids": row, "labels": torch.where(torch.arange(6) < place % 5 + 2, row, -100)}
        for place, row in enumerate(data)
    ]


def trained(recipe, folder, resume=None, **args):
    given = {
        "num_train_epochs": 2,
        "per_device_train_batch_size": 4,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": True,
    }
    args = TrainingArguments(str(folder), **{**given, **args})
    trainer = Recorded(network(), args, train_dataset=rows(), eval_dataset=rows(8, 2), recipe=recipe)
    trainer.remove_callback(PrinterCallback)
    trainer.steps = []
    trainer.train(resume_from_checkpoint=None if resume is None else str(resume))
    return trainer


def equal_everywhere(model):
    for value in model.state_dict().values():
        other = [torch.empty_like(value) for _ in range(WORLD)]
        dist.all_gather(other, value.contiguous())
        assert torch.equal(*other)


def loss_of(model, batch, items):
    return model(**batch, num_items_in_batch=items).loss * WORLD


def compare(recipe, folder, metrics=None, **args):
    trainer = trained(recipe, folder, **args)
    model = DistributedDataParallel(network().train())
    run = registry.recipe(recipe).create(model, steps_per_epoch=3, epochs=2)
    waiting = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry] or [None, None]
    rates = []
    for number, (batch, items) in enumerate(trainer.steps, start=1):
        rates.append(run.step(loss_of(model, batch, items)).lr)
        if number % 3 == 0:
            run.end_epoch(waiting[number // 3 - 1])
    assert rates == trainer.rates, (rates, trainer.rates)
    for value, expected in zip(trainer.model.parameters(), model.parameters(), strict=True):
        assert torch.equal(expected, value)
    equal_everywhere(trainer.model)
    return trainer


def check_a_schedule_by_steps_is_that_of_one_process_per_step(folder):
    """Weights and rates are those of DistributedDataParallel by hand; the tokens of all processes count alike."""
    trainer = compare(RECIPE, folder)
    assert 6 == trainer.run.horizon.total_steps
    assert 0.0 == trainer.run.optimizer.param_groups[0]["lr"]


def check_a_schedule_by_epochs_and_a_plateau_go_at_their_own_pace(folder):
    """Each process moves them alike."""
    assert [0.01] * 3 + [0.005] * 3 == compare(EPOCHS, folder).rates
    assert [0.01] * 3 + [0.01] * 3 == compare(WAITING, folder, eval_strategy="epoch").rates


def check_a_run_goes_on(folder):
    """In the middle of an epoch, bit for bit, on each process."""
    whole = trained(RECIPE, folder / "whole", save_strategy="steps", save_steps=2)
    resumed = trained(RECIPE, folder / "other", folder / "whole/checkpoint-2")
    assert 4 == len(resumed.steps)
    for expected, value in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(expected, value)


FSDP = {
    "fsdp": True,
    "fsdp_config": {"state_dict_type": "SHARDED_STATE_DICT", "transformer_layer_cls_to_wrap": ["LlamaDecoderLayer"]},
}
MUON = {**RECIPE, "optimizer": {"type": "Muon", "config": {"lr": 0.02}}}


def check_fsdp2_trains_as_copies_do(folder):
    """Weights are those of DistributedDataParallel but for rounding, and so is the norm, which is that of all parts."""
    for recipe in (RECIPE, MUON):
        divided, copied = trained(recipe, folder, **FSDP), trained(recipe, folder)
        assert divided.rates == copied.rates
        for value, expected in zip(divided.model.parameters(), copied.model.parameters(), strict=True):
            torch.testing.assert_close(value.full_tensor(), expected)
        for divided_log, log in zip(divided.state.log_history, copied.state.log_history, strict=True):
            assert abs(divided_log.get("grad_norm", 0.0) - log.get("grad_norm", 0.0)) < 1e-5


def check_a_run_goes_on_with_fsdp2(folder):
    """Bit for bit, with the schedule where it was."""
    whole = trained(RECIPE, folder / "whole", save_strategy="steps", save_steps=2, **FSDP)
    resumed = trained(RECIPE, folder / "other", folder / "whole/checkpoint-2", **FSDP)
    assert 4 == len(resumed.steps)
    assert whole.rates == resumed.rates
    for expected, value in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(expected.full_tensor(), value.full_tensor())


def raised(call):
    try:
        call()
    except OptimError as error:
        return str(error)
    return "nothing was raised"


def check_what_several_processes_cannot_do_is_refused(folder):
    """A graph of gradients does not survive being averaged; weights that are divided are not swapped."""
    assert "several processes" in raised(lambda: trained({"type": "AdaHessian"}, folder))
    assert "FSDP divides" in raised(lambda: trained({"type": "ScheduleFreeAdamW"}, folder, **FSDP))


def main(number, port, folder):
    """Run the checks as one of the processes."""
    os.environ |= {"RANK": str(number), "LOCAL_RANK": str(number), "WORLD_SIZE": str(WORLD)}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    torch.set_num_threads(1)
    problems = {}
    for name, check in globals().items():
        if name.startswith("check_"):
            try:
                check(folder / name)
            except FAULTS:
                problems[name] = traceback.format_exc()
                # The other may wait for this one.
                (folder / f"{number}.json").write_text(json.dumps(problems), encoding="utf-8")
            else:
                problems[name] = ""
            AcceleratorState._reset_state()
            GradientState._reset_state()
    (folder / f"{number}.json").write_text(json.dumps(problems), encoding="utf-8")
    dist.destroy_process_group()


def forked(folder):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    children = []
    for number in range(WORLD):
        child = os.fork()
        if child == 0:
            main(number, port, folder)
            sys.stdout.flush()
            os._exit(0)
        children.append(child)
    assert [0] * WORLD == [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


if __name__ == "__main__":
    forked(Path(sys.argv[1]))
