"""Loggers are told where a run goes on, and its rows are those of a run that was never interrupted."""

import csv
from pathlib import Path

import pytest

pytest.importorskip("torch")

pytestmark = pytest.mark.xdist_group("training_processes")

SCRIPT = Path(__file__).with_name("logged_run.py")


def train(python, folder, *arguments, dies=False, **environment):
    """Train in a process of its own."""
    done = python.file(SCRIPT, str(folder), *arguments, cwd=Path.cwd(), env=environment)
    assert dies == (done.returncode == -9), done.stderr
    assert dies or not done.returncode, done.stderr


def rows(folder):
    with (folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_rows_of_a_resumed_run(python, tmp_path):
    """A run killed the moment its checkpoint of step 6 is there ends, resumed, with the rows of one never killed.

    A single process writes them whatever SLURM_PROCID says.
    """
    train(python, tmp_path / "whole", SLURM_PROCID="3")
    whole = rows(tmp_path / "whole")
    assert [str(step) for step in range(1, 13)] == [row["step"] for row in whole]
    assert [step % 4 == 0 for step in range(1, 13)] == [bool(row["validation"]) for row in whole]
    train(python, tmp_path / "cut", "kill", dies=True)
    assert [str(step) for step in range(1, 7)] == [row["step"] for row in rows(tmp_path / "cut")]
    with (tmp_path / "cut/metrics.csv").open("a") as file:
        file.write("7,0.1,0,\n8,0.")
    train(python, tmp_path / "cut", "resume")
    assert whole == rows(tmp_path / "cut")
