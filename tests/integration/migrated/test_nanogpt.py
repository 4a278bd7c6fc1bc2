"""What `optim migrate` makes of nanoGPT's configs, beside the formulas of its train.py and model.py."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from optim_core import ConfigError, registry  # noqa: E402

CONFIG = {
    "learning_rate": 1e-3,
    "max_iters": 200,
    "weight_decay": 0.2,
    "beta1": 0.9,
    "beta2": 0.99,
    "grad_clip": 0.5,
    "warmup_iters": 20,
    "lr_decay_iters": 150,
    "min_lr": 1e-4,
    "n_layer": 6,
    "block_size": 256,
}


def get_lr(it, learning_rate, warmup_iters, lr_decay_iters, min_lr):
    """Say the formula of its train.py: up in a line from 1 / (warmup + 1), down in half a cosine, then the floor."""
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    if it > lr_decay_iters:
        return min_lr
    ratio = (it - warmup_iters) / (lr_decay_iters - warmup_iters)
    return min_lr + 0.5 * (1.0 + math.cos(math.pi * ratio)) * (learning_rate - min_lr)


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = torch.nn.Embedding(7, 4)
        self.ln_f = torch.nn.LayerNorm(4)
        self.fc = torch.nn.Linear(4, 4)
        self.gain = torch.nn.Parameter(torch.ones(4))


@pytest.mark.parametrize("warmup", [0, 20])
def test_the_rates_are_those_of_its_formula(warmup):
    """Each of 200 rates is the same, beyond lr_decay_iters too."""
    config = registry.migrate({**CONFIG, "warmup_iters": warmup}, origin="nanogpt")
    run = registry.recipe(config).create(Block(), total_steps=200)
    found = []
    for _ in range(200):
        found.append(run.optimizer.param_groups[0]["lr"])
        run.optimizer.step()
        run.scheduler.step()
    assert [get_lr(it, 1e-3, warmup, 150, 1e-4) for it in range(200)] == pytest.approx(found, rel=1e-12)


def test_what_has_two_dimensions_or_more_decays():
    """Biases, norms and whatever else is a vector do not, as in its configure_optimizers."""
    model = Block()
    run = registry.recipe(registry.migrate(CONFIG)).create(model, total_steps=200)
    decaying = {
        id(each) for group in run.optimizer.param_groups if group["weight_decay"] == 0.2 for each in group["params"]
    }
    assert {id(each) for each in model.parameters() if each.dim() >= 2} == decaying
    assert {(0.9, 0.99)} == {tuple(group["betas"]) for group in run.optimizer.param_groups}
    assert 0.5 == registry.recipe(registry.migrate(CONFIG)).clipper.config.max_norm


def test_what_is_not_given_is_as_its_train_py_has_it():
    """Its defaults are written out and told; without decay_lr the rate stays, and 0 clips nothing."""
    found = registry.migration({"learning_rate": 3e-5, "decay_lr": False, "grad_clip": 0.0}, origin="nanogpt")
    assert {"optimizer"} == set(found.config)
    fields = found.config["optimizer"]["config"]
    assert (0.1, [0.9, 0.95]) == (fields["weight_decay"], fields["betas"])
    assert [] == [key for key in ("weight_decay", "beta1", "beta2") if not any(key in said for said in found.assumed)]


def test_its_python_files_are_read_and_not_run(tmp_path):
    """Literals, numbers made of them and names assigned before are known; anything else is only a text."""
    marker = tmp_path / "ran"
    file = tmp_path / "train_mine.py"
    file.write_text(
        f"""# a comment
import time
open({str(marker)!r}, "w")
out_dir = "out" + str(time.time())
max_iters = 5 * 40
lr_decay_iters = max_iters
learning_rate: float = 1e-3
warmup_iters = 20
min_lr = learning_rate / 10
if True:
    dropout = 0.5
""",
        encoding="utf-8",
    )
    found = registry.migration(file)
    assert "nanogpt" == found.origin
    assert not marker.exists()
    schedule = found.config["scheduler"]["config"]
    assert (20, {"num_training_steps": 180, "eta_min": 1e-4}) == (
        schedule["num_warmup_steps"],
        schedule["scheduler"]["config"],
    )
    assert ("max_iters",) == tuple(path for path in found.left_out if path == "max_iters")
    text = file.read_text(encoding="utf-8")
    for old, new, where in (
        ("1e-3", "float('1e-3')", "7:1: learning_rate"),
        ("dropout = 0.5", "beta2 = 0.5", "11:5: beta2"),
        ("dropout = 0.5", "beta2 += 0.5", "11:5: beta2"),
    ):
        file.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(ConfigError, match=rf"train_mine.py:{where}: must be a number"):
            registry.migration(file)


@pytest.mark.parametrize("text", ["learning_rate = (", "x = 1\n", "a = 9 ** 9 ** 9\n", "a = 'x' * 10 ** 9\n", "\0"])
def test_a_python_file_that_is_no_config_is_refused(tmp_path, text):
    """What cannot be read, or says nothing of a recipe, is an error of the file."""
    file = tmp_path / "x.py"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        registry.migration(file)


def test_a_length_that_cannot_be_is_refused():
    """A decay that ends before the warmup is told in nanoGPT's words."""
    with pytest.raises(ConfigError, match="lr_decay_iters: must be above warmup_iters"):
        registry.migration({**CONFIG, "lr_decay_iters": 10}, origin="nanogpt")
