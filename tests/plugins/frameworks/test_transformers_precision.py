"""RecipeTrainer in bf16, and in fp16 with a GradScaler, which accelerate makes on devices alone and these tests set."""

import pytest
import torch
from accelerate.state import AcceleratorState

from optim_core import registry

from .transformers_support import Recorded, assert_same, loss_of, quiet, tiny_model, trainer_of

# On the CPU clipping tells at once of a norm that is not finite, as in any loop with a scaler.
pytestmark = [quiet, pytest.mark.filterwarnings("ignore:the norm of the gradients is")]

CLIPPED = {"type": "norm", "config": {"max_norm": 0.3}}
COSINE = {"scheduler": {"type": "cosine", "config": {"num_warmup_steps": 2}}, "gradient_clipping": CLIPPED}
ADAMW = {"type": "AdamW", "config": {"lr": 0.01}}
FUSED = {"type": "AdamW", "config": {"lr": 0.01, "fused": True}}


def scaler():
    """Return a GradScaler whose first steps overflow."""
    return torch.amp.GradScaler("cpu", init_scale=2.0**18, growth_interval=3)


class Scaled(Recorded):
    """Has the scaler that fp16 has on a device."""

    def create_accelerator_and_postprocess(self):
        super().create_accelerator_and_postprocess()
        self.accelerator.scaler, self.accelerator.native_amp = scaler(), True
        self.accelerator.state._mixed_precision = "fp16"


@pytest.fixture
def precision():
    """Leave accelerate, which has one state in a process, as it was."""
    yield
    AcceleratorState._reset_state()


def by_hand(recipe, steps, dtype, scaling):
    model = tiny_model().train()
    run = registry.recipe(recipe).create(model, total_steps=12, steps_per_epoch=6)
    done = []
    for number, (_, [(batch, items)]) in enumerate(steps, start=1):
        with torch.autocast("cpu", dtype=dtype):
            loss = loss_of(model, batch, items)
        done.append(run.step(loss, scaler=scaling))
        if number % 6 == 0:
            run.end_epoch()
    return model, done


@pytest.mark.usefixtures("precision")
@pytest.mark.parametrize(
    ("optimizer", "rest"),
    [
        (ADAMW, COSINE),
        (FUSED, COSINE),
        ({"type": "Muon"}, COSINE),
        (FUSED, {"scheduler": {"type": "StepLR", "config": {"step_size": 1}}}),
        (ADAMW, {}),
    ],
    ids=["AdamW", "fused", "Muon", "by epochs", "no schedule"],
)
def test_fp16_trains_as_the_plain_loop(optimizer, rest, tmp_path):
    """Gradients are clipped unscaled, and a step that the scaler leaves out moves no schedule."""
    recipe = {"optimizer": optimizer, **rest}
    trainer = trainer_of(recipe, tmp_path, kind=Scaled)
    trainer.train()
    model, done = by_hand(recipe, trainer.steps, torch.float16, scaler())
    assert 12 == next(iter(trainer.run.state_dict()["counters"]["steps"].values()))
    assert 0 < sum(bool(step.skipped) for step in done) < 6
    assert_same(trainer.model, model)
    assert [step.lr for step in done] == [entry["learning_rate"] for entry in trainer.logged]
    if rest is COSINE:
        norms = [entry["grad_norm"] for entry in trainer.logged]
        assert all(float(step.grad_norm) == norm for step, norm in zip(done, norms, strict=True) if not step.skipped)


@pytest.mark.usefixtures("precision")
def test_bf16_trains_as_the_plain_loop(tmp_path):
    """Without a scaler."""
    recipe = {"optimizer": ADAMW, **COSINE}
    trainer = trainer_of(recipe, tmp_path, bf16=True)
    trainer.train()
    model, done = by_hand(recipe, trainer.steps, torch.bfloat16, None)
    assert_same(trainer.model, model)
    assert [float(step.grad_norm) for step in done] == [entry["grad_norm"] for entry in trainer.logged]
