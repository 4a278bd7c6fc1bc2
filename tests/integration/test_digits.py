"""The demo: a real network learns real data from a config, and one word in it changes the optimizer."""

import os
import re

import pytest
from warm_python import WarmPython

from .conftest import ROOT

TRAIN = ROOT / "examples/digits/train.py"
# The optimizers of torch import torch._dynamo when they are made.
HEAVY = ("torch._dynamo", "matplotlib.backends.backend_agg", "sklearn.datasets", "sklearn.model_selection")

# They share what has imported these once.
pytestmark = pytest.mark.xdist_group("digits")


@pytest.fixture(scope="module")
def python():
    with WarmPython(HEAVY, env={**os.environ, "PYTHONWARNINGS": "error"}) as started:
        yield started


@pytest.fixture
def run(python, tmp_path):
    """Runs the demo in `tmp_path`, whatever its exit status is."""

    def run_with(*arguments):
        return python.file(TRAIN, *arguments, cwd=tmp_path, env={"COLUMNS": "100"})

    return run_with


@pytest.fixture
def train(run):
    """Runs the demo, which must succeed; gives what it prints."""

    def succeed_with(*arguments):
        done = run(*arguments)
        assert 0 == done.returncode, done.output
        return done.stdout

    return succeed_with


def accuracy(printed):
    return float(re.search(r"test accuracy ([\d.]+)%", printed).group(1))


def test_the_demo_learns_and_draws(train, tmp_path):
    """It says who provides each part, reaches 97 %, and writes one picture."""
    printed = train()
    for part, name in [("optimizer", "AdamW"), ("scheduler", "OneCycleLR"), ("clipping", "norm")]:
        assert re.search(rf"^{part} +{name} +optim-torch-builtin \d", printed, re.MULTILINE)
    assert accuracy(printed) >= 97
    assert ["out/digits.png"] == [file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.png")]
    assert b"\x89PNG" == (tmp_path / "out/digits.png").read_bytes()[:4]


@pytest.mark.parametrize("name", ["SGD", "Adam", "adagrad"])
def test_one_word_swaps_the_optimizer_and_nothing_else(train, name):
    """The rest of the config holds for the other optimizer too, and it learns as well."""
    printed = train("--set", f"optimizer.type={name}")
    assert name.lower() in printed.splitlines()[0].lower()
    assert accuracy(printed) >= 97


def test_one_word_brings_muon(train):
    """The convolutions of the demo's network are Muon's, its last layer is not, and it learns as with AdamW."""
    printed = train("--set", "optimizer.type=Muon")
    assert re.search(r"^optimizer +Muon +optim-muon \d", printed, re.MULTILINE)
    assert accuracy(printed) >= 97


def test_the_same_seed_gives_the_same_run(train, tmp_path):
    """Two runs draw the same picture, byte for byte."""
    pictures = []
    for name in ("first.png", "second.png"):
        train("--epochs", "2", "--seed", "7", "--out", name)
        pictures.append((tmp_path / name).read_bytes())
    assert pictures[0] == pictures[1]


def test_parts_may_be_left_out(train):
    """A recipe without a schedule and without clipping trains too."""
    printed = train("--epochs", "1", "--set", "scheduler=null", "--set", "gradient_clipping=null")
    assert re.search(r"^scheduler +none$", printed, re.MULTILINE)
    assert re.search(r"^clipping +none$", printed, re.MULTILINE)


def test_an_optimizer_that_computes_the_loss_several_times_learns_too(train):
    """LBFGS, which needs a closure, is trained by the same loop."""
    printed = train("--epochs", "1", "--set", "optimizer={type: LBFGS}")
    assert re.search(r"^optimizer +LBFGS +optim-torch-builtin \d", printed, re.MULTILINE)
    assert accuracy(printed) >= 80


def test_a_schedule_that_waits_for_a_metric_gets_the_loss(train):
    """Where the loss never falls by the share it has to, the rate falls by `factor` after each epoch but the first."""
    plateau = "{type: plateau, patience: 0, threshold: 0.999, factor: 0.5, monitor: loss}"
    printed = train("--epochs", "4", "--batch-size", "800", "--set", f"scheduler={plateau}")
    # The last epoch is taken with what the third left; nothing is worse than the first.
    assert f"lr {1e-3 * 0.5**2:.2e}" in printed


@pytest.mark.parametrize(
    ("scheduler", "message"),
    [
        ("{type: plateau, monitor: accuracy}", "ReduceLROnPlateau waits for the metric `accuracy`"),
        ("{type: plateau, interval: step}", "ReduceLROnPlateau waits for a metric: run.step(loss, metric=…)"),
    ],
)
def test_what_the_loop_cannot_give_is_a_message(run, tmp_path, scheduler, message):
    """A schedule is refused that waits for a metric that is not there, or for one after each step."""
    done = run("--epochs", "1", "--set", f"scheduler={scheduler}")
    assert 1 == done.returncode
    assert "Traceback" not in done.output
    assert message in done.output
    assert [] == list(tmp_path.iterdir())


def test_a_mistake_in_the_config_is_a_message(run, tmp_path):
    """Every problem is named with its place, and there is no traceback."""
    done = run("--set", "optimizer.type=Adem", "--set", "scheduler.config.max_lr=-1")
    assert 1 == done.returncode
    assert "Traceback" not in done.output
    assert "no optimizer is called `Adem`" in done.output
    assert "scheduler.config.max_lr" in done.output
    assert [] == list(tmp_path.iterdir())
