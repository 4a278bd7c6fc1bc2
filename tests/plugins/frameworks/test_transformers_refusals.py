"""What RecipeTrainer refuses, before it could be silently wrong; the message says the repair."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import torch
from transformers import Seq2SeqTrainer, Trainer, TrainingArguments

from optim_core import ConfigError, HorizonError, OptimError, registry
from optim_frameworks.transformers import RecipeTrainer
from optim_frameworks.transformers.arguments import refuse_strangers
from optim_frameworks.transformers.pace import EpochEnds

from .transformers_support import Recorded, arguments, quiet, sentences, tiny_model, trainer_of

pytestmark = quiet

ADAMW = {"optimizer": {"type": "AdamW", "config": {"lr": 0.01}}}
PLATEAU = {**ADAMW, "scheduler": {"type": "ReduceLROnPlateau"}}
FOLDER = "runs"


def refused(*words, recipe=ADAMW, **args):
    """Fail unless a trainer is refused with each of the words."""
    with pytest.raises(OptimError) as caught:
        trainer_of(recipe, FOLDER, **args)
    for word in words:
        assert word in str(caught.value)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Trainer makes its folder where the tests run."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("learning_rate", 1e-3, "optimizer.config.lr"),
        ("weight_decay", 0.1, "optimizer.config.weight_decay"),
        ("adam_beta1", 0.8, "optimizer.config.betas"),
        ("adam_beta2", 0.95, "optimizer.config.betas"),
        ("adam_epsilon", 1e-6, "optimizer.config.eps"),
        ("optim", "adafactor", "optimizer.type"),
        ("optim_args", "a=1", "optimizer.config"),
        ("lr_scheduler_type", "cosine", "scheduler.type"),
        ("lr_scheduler_kwargs", {"num_cycles": 2}, "scheduler.config"),
        ("warmup_steps", 10, "scheduler.config.num_warmup_steps"),
        ("warmup_steps", 0.1, "scheduler.config.num_warmup_steps"),
        ("max_grad_norm", 0.5, "gradient_clipping"),
        ("max_grad_norm", 0.0, "gradient_clipping"),
    ],
)
def test_an_argument_that_the_recipe_has_a_place_for(name, value, place):
    """It would do nothing; the message says where it belongs."""
    refused(f"{name}={value!r}", place, **{name: value})


def test_all_such_arguments_are_told_at_once():
    """Whoever moves to a recipe reads one message."""
    refused(
        "learning_rate=0.1", "warmup_steps=5", "max_grad_norm=2.0", learning_rate=0.1, warmup_steps=5, max_grad_norm=2.0
    )


def test_defaults_of_a_class_of_arguments_are_no_settings():
    """A class that inherits from TrainingArguments may have other defaults, as TRL's have."""

    @dataclass
    class Tuned(TrainingArguments):
        learning_rate: float = field(default=2e-5)

    args = Tuned(FOLDER, use_cpu=True, report_to="none")
    assert Recorded(tiny_model(), args, recipe=ADAMW).run is None
    args.learning_rate = 5e-5
    with pytest.raises(OptimError, match="learning_rate=5e-05 belongs to"):
        Recorded(tiny_model(), args, recipe=ADAMW)


def test_an_argument_that_is_set_later():
    """As by a search of hyperparameters: training does not begin."""
    trainer = trainer_of(ADAMW, FOLDER)
    trainer.args.learning_rate = 0.1
    with pytest.raises(OptimError, match=r"learning_rate=0\.1 belongs to optimizer\.config\.lr"):
        trainer.train()


def test_a_recipe_that_is_missing():
    """A line that was forgotten."""
    with pytest.raises(OptimError, match=r'the recipe is missing: Recorded\(…, recipe="train.yaml"\)'):
        Recorded(tiny_model(), arguments(FOLDER))


def test_a_config_that_is_wrong_is_told_before_anything_is_made(tmp_path):
    """With file and line, as anywhere."""
    (tmp_path / "train.yaml").write_text("optimizer:\n  type: AdamW\n  config: {lrr: 0.1}\n")
    with pytest.raises(ConfigError, match=r"train\.yaml:3:12: optimizer\.config\.lrr"):
        Recorded(None, None, recipe=tmp_path / "train.yaml")


def test_a_recipe_is_a_path_a_mapping_or_a_recipe(tmp_path):
    """All of them give the same."""
    (tmp_path / "train.yaml").write_text("optimizer: {type: AdamW, config: {lr: 0.01}}\n")
    for recipe in (ADAMW, registry.recipe(ADAMW), tmp_path / "train.yaml", str(tmp_path / "train.yaml")):
        assert 0.01 == trainer_of(recipe, FOLDER).recipe.optimizer.config.lr


def test_a_run_in_the_place_of_a_recipe():
    """A run belongs to one model."""
    run = registry.recipe(ADAMW).create(tiny_model())
    refused("give the recipe", recipe=run)


def test_bases_in_the_wrong_order():
    """Trainer's optimizer would be taken, in silence."""
    with pytest.raises(OptimError, match=r"class Mine\(RecipeTrainer, Trainer\)"):
        type("Mine", (Trainer, RecipeTrainer), {})
    with pytest.raises(OptimError, match=r"class Mine\(RecipeTrainer, Seq2SeqTrainer\)"):
        type("Mine", (Seq2SeqTrainer, RecipeTrainer), {})


def test_a_base_that_makes_its_own_optimizer():
    """What it does would never be called."""

    class Layered(Trainer):
        def create_optimizer(self, model=None):
            return super().create_optimizer(model)

    with pytest.raises(OptimError, match=r"Layered\.create_optimizer would never be called"):
        type("Mine", (RecipeTrainer, Layered), {})


def test_a_class_without_trainer():
    """RecipeTrainer is nothing by itself."""
    with pytest.raises(OptimError, match=r"class Alone\(RecipeTrainer, Trainer\)"):
        type("Alone", (RecipeTrainer,), {})(recipe=ADAMW)


def test_a_version_of_transformers_without_what_it_stands_on(monkeypatch):
    """It is told when the class is made."""
    monkeypatch.delattr(Trainer, "_clip_grad_norm")
    with pytest.raises(OptimError, match="has no _clip_grad_norm"):
        type("Mine", (RecipeTrainer, Trainer), {})


def test_an_optimizer_beside_the_recipe():
    """Two that train one model."""
    model = tiny_model()
    run = registry.recipe({**ADAMW, "scheduler": "constant"}).create(model)
    for given, word in (
        ({"optimizers": tuple(run)}, "optimizers=… and recipe=…"),
        ({"optimizers": (None, run.scheduler)}, "optimizers=… and recipe=…"),
        ({"optimizer_cls_and_kwargs": (torch.optim.SGD, {})}, "optimizer_cls_and_kwargs=… and recipe=…"),
    ):
        with pytest.raises(OptimError, match=word):
            Recorded(model, arguments(FOLDER), recipe=ADAMW, **given)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ({"type": "LBFGS"}, "LBFGS computes the loss several times in a step"),
        ({"optimizer_configs": {"a": {"type": "SGD"}, "b": {"type": "SGD"}}}, "several optimizers, a, b"),
    ],
)
def test_what_trainer_cannot_do(recipe, words):
    """A closure, several optimizers."""
    refused(words, recipe=recipe)


def test_what_divides_the_work_in_another_way(monkeypatch):
    """DeepSpeed clips and steps by itself; FSDP1 makes one weight of many."""
    trainer = trainer_of(ADAMW, FOLDER)
    monkeypatch.setattr(trainer, "is_deepspeed_enabled", True)
    with pytest.raises(OptimError, match="DeepSpeed steps the optimizer"):
        refuse_strangers(trainer)
    monkeypatch.setattr(trainer, "is_deepspeed_enabled", False)
    monkeypatch.setattr(trainer, "is_fsdp_enabled", True)
    plugin = SimpleNamespace(fsdp_version=1)
    monkeypatch.setitem(vars(trainer.accelerator.state), "fsdp_plugin", plugin)
    with pytest.raises(OptimError, match="FSDP1 divides"):
        refuse_strangers(trainer)
    plugin.fsdp_version = 2
    refuse_strangers(trainer)


def test_a_plateau_without_a_metric():
    """It would never move."""
    refused("nothing is evaluated", recipe=PLATEAU)
    refused("none is named", "monitor: eval_loss", recipe=PLATEAU, eval_strategy="epoch")
    by_steps = {**ADAMW, "scheduler": {"type": "ReduceLROnPlateau", "interval": "step"}}
    refused("interval: epoch", recipe=by_steps, eval_strategy="epoch")


def test_a_plateau_that_looks_for_the_other_extreme():
    """Trainer takes any metric that does not end in `loss` for one of which more is better."""
    args = {"eval_strategy": "epoch", "metric_for_best_model": "perplexity"}
    refused("mode: min", "greater_is_better=False", recipe=PLATEAU, **args)
    assert trainer_of(PLATEAU, FOLDER, **args, greater_is_better=False).run is None


def test_a_metric_that_no_evaluation_gives():
    """It says what there is."""
    recipe = {**ADAMW, "scheduler": {"type": "ReduceLROnPlateau", "config": {"monitor": "accuracy"}}}
    trainer = trainer_of(recipe, FOLDER, eval_strategy="epoch")
    with pytest.raises(OptimError, match=r"waits for the metric `accuracy`, and the evaluation gave eval_loss"):
        trainer.train()


def test_a_schedule_by_epochs_that_needs_to_know_how_many():
    """Data without a length has no epochs to count."""

    class Endless(torch.utils.data.IterableDataset):
        def __iter__(self):
            yield from sentences()

    recipe = {**ADAMW, "scheduler": {"type": "cosine", "config": {"num_training_steps": None}, "interval": "epoch"}}
    trainer = trainer_of(recipe, FOLDER, data=Endless(), max_steps=9)
    with pytest.raises(HorizonError):
        trainer.train()


def test_an_optimizer_that_is_made_by_hand():
    """It would be trained in place of the recipe's."""

    class Mine(Recorded):
        def create_optimizer(self, model=None):
            self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
            return self.optimizer

    with pytest.raises(OptimError, match=r"super\(\)\.create_optimizer\(\)"):
        trainer_of(ADAMW, FOLDER, kind=Mine).train()


def test_a_schedule_that_is_made_by_hand():
    """It would move in place of the recipe's."""

    class Mine(Recorded):
        def create_scheduler(self, num_training_steps, optimizer=None):
            self.lr_scheduler = torch.optim.lr_scheduler.ConstantLR(self.run.optimizer)
            return self.lr_scheduler

    with pytest.raises(OptimError, match=r"super\(\)\.create_scheduler"):
        trainer_of(ADAMW, FOLDER, kind=Mine).train()


def test_clipping_that_is_overridden():
    """A step with gradients that were not clipped is not taken."""

    class Mine(Recorded):
        def _clip_grad_norm(self, model):
            return torch.tensor(1.0)

    recipe = {**ADAMW, "gradient_clipping": {"type": "norm", "config": {"max_norm": 1.0}}}
    with pytest.raises(OptimError, match="the gradients were not clipped as the recipe says"):
        trainer_of(recipe, FOLDER, kind=Mine).train()


def test_the_callback_that_moves_epochs_is_needed():
    """A schedule by epochs would stand still."""
    trainer = trainer_of(ADAMW, FOLDER)
    trainer.remove_callback(EpochEnds)
    with pytest.raises(OptimError, match="the callback EpochEnds was removed"):
        trainer.train()
