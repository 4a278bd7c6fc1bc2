"""The program of the README: a real network learns real data, and one word in its config changes the optimizer."""

import os
import re
import signal

import pytest
from warm_python import WarmPython

from .conftest import ROOT

TRAIN = ROOT / "examples/digits/train.py"
README = (ROOT / "README.md").read_text(encoding="utf-8")
# The optimizers of torch import torch._dynamo when they are made.
HEAVY = ("torch._dynamo", "sklearn.datasets")
# Runs the program, and ends the process when it has printed three lines, before the third one's checkpoint is written.
KILLED = """
import builtins, os, runpy, signal, sys

lines = iter(range(2))

def told(line, tell=print):
    tell(line, flush=True)
    if next(lines, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)

builtins.print = told
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
# What one run prints when it ends, to the other digits that another processor may give.
LAST = re.compile(r"^epoch .*  test loss ([\d.]+)  test accuracy ([\d.]+)%$", re.MULTILINE)
# | `NAdam` | `--set optimizer.type=NAdam` | optim-torch-builtin | 0.0723 | 98.3 % |
SWAPPED = re.compile(r"^\| `(\w+)` \| `?([^`|]*)`? \| [\w-]+ \| (0\.\d+) \| ([\d.]+) % \|$", re.MULTILINE)

# They share what has imported these once.
pytestmark = pytest.mark.xdist_group("digits")


@pytest.fixture(scope="module")
def python():
    with WarmPython(HEAVY, env={**os.environ, "PYTHONWARNINGS": "error"}) as started:
        yield started


@pytest.fixture
def run(python, tmp_path):
    """Runs the program in `tmp_path`, whatever its exit status is."""

    def run_with(*arguments):
        return python.file(TRAIN, *arguments, cwd=tmp_path, env={"COLUMNS": "100"})

    return run_with


@pytest.fixture
def train(run):
    """Runs the program, which must succeed; gives what it prints."""

    def succeed_with(*arguments):
        done = run(*arguments)
        assert 0 == done.returncode, done.output
        return done.stdout

    return succeed_with


def ending(printed):
    """The test loss and accuracy after the last epoch."""
    return tuple(float(number) for number in LAST.findall(printed)[-1])


def test_the_readme_says_what_the_optimizers_came_to():
    """It has the losses of six, the first of which is the config's own."""
    names = [name for name, *_ in SWAPPED.findall(README)]
    assert ("AdamW", 6) == (names[0], len(set(names)))


@pytest.mark.parametrize("row", SWAPPED.findall(README)[:1] + SWAPPED.findall(README)[3:5], ids=lambda row: row[0])
def test_the_loss_in_the_readme_is_what_comes_out(train, tmp_path, row):
    """The arguments of a row give its loss and its accuracy, about as much on another processor; nothing is written."""
    name, arguments, loss, accuracy = row
    expected = pytest.approx(float(loss), rel=0.25), pytest.approx(float(accuracy), abs=1)
    assert expected == ending(train(*arguments.split())), name
    assert [] == list(tmp_path.iterdir())


def test_a_killed_run_goes_on_exactly(python, train, tmp_path):
    """Killed in the middle and run again, it prints of the later epochs what the run prints that was let alone."""
    arguments = ("--epochs", "6", "--set", "optimizer.type=NAdam")
    whole = train(*arguments)
    kept = ("--checkpoint", "digits.pt")
    killed = python.code(KILLED, str(TRAIN), *arguments, *kept, cwd=tmp_path)
    again = train(*arguments, *kept)

    assert (-signal.SIGKILL, 3) == (killed.returncode, len(killed.stdout.splitlines()))
    assert whole.startswith(killed.stdout)
    assert whole.endswith(again)
    assert 4 == len(again.splitlines())
    assert "" == train(*arguments, *kept)


def test_what_was_saved_goes_on_with_no_other_config(run, train):
    """Another optimizer and another length of the run are told, and nothing is trained."""
    kept = ("--checkpoint", "digits.pt")
    train("--epochs", "2", *kept)
    other = run("--epochs", "2", *kept, "--set", "optimizer.type=NAdam")
    longer = run("--epochs", "3", *kept)
    assert (1, 1) == (other.returncode, longer.returncode)
    assert "the saved one is AdamW, this one is NAdam" in other.stderr
    assert "total_steps" in longer.stderr
    assert "" == other.stdout + longer.stdout


@pytest.mark.parametrize(
    ("changes", "least"),
    [
        (["scheduler=null", "gradient_clipping=null"], 60),
        (["optimizer={type: LBFGS, max_iter: 4}", "gradient_clipping=null"], 60),
        (["optimizer={type: SAM, config: {optimizer: {type: AdamW, lr: 0.01}}}"], 60),
        (["scheduler={type: plateau, monitor: loss}"], 60),
    ],
    ids=["no schedule", "closure", "two gradients", "metric"],
)
def test_the_loop_is_right_for_whatever_the_config_names(train, changes, least):
    """Parts may be left out, the loss be computed several times in a step, and a schedule wait for the loss."""
    printed = train("--epochs", "2", *(part for change in changes for part in ("--set", change)))
    assert ending(printed)[1] >= least


@pytest.mark.parametrize(
    ("scheduler", "message"),
    [
        ("{type: plateau, monitor: accuracy}", "ReduceLROnPlateau waits for the metric `accuracy`"),
        ("{type: plateau, interval: step}", "ReduceLROnPlateau waits for a metric: run.step(loss, metric=…)"),
    ],
)
def test_what_the_loop_cannot_give_is_a_message(run, scheduler, message):
    """A schedule is refused that waits for a metric that is not there, or for one after each step."""
    done = run("--epochs", "1", "--set", f"scheduler={scheduler}")
    assert 1 == done.returncode
    assert "Traceback" not in done.output
    assert message in done.output


def test_a_mistake_in_the_config_is_a_message(run, tmp_path):
    """Every problem is named with its place, and there is no traceback."""
    done = run("--set", "optimizer.type=Adem", "--set", "scheduler.config.eta_min=-1", "--checkpoint", "digits.pt")
    assert 1 == done.returncode
    assert "Traceback" not in done.output
    assert "no optimizer is called `Adem`" in done.output
    assert "scheduler.config.eta_min" in done.output
    assert [] == list(tmp_path.iterdir())
