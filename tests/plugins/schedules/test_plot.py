"""`optim plot` with the schedules of this distribution and torch's."""

import csv
import json

import pytest
from click.testing import CliRunner
from torch_schedules import OF_TORCH

from optim_core import Horizon, registry
from optim_core.cli.group import cli

from .support import optimizer_of, spec_of
from .tables import CLOSED, STEPPED

OPTIMIZER = "optimizer: {type: SGD, config: {lr: 0.1}}\n"


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Plots a config into a table and returns its columns, names first."""
    monkeypatch.chdir(tmp_path)

    def draw(text, *arguments):
        (tmp_path / "train.yaml").write_text(text, encoding="utf-8")
        done = CliRunner().invoke(cli, ["plot", "train.yaml", *arguments, "-o", "curve.csv"])
        assert "wrote curve.csv\n" == done.output, done.output
        with (tmp_path / "curve.csv").open(newline="") as source:
            return list(zip(*csv.reader(source), strict=True))

    return draw


@pytest.mark.parametrize(("name", "values"), [*CLOSED, *STEPPED, *OF_TORCH], ids=str)
def test_every_schedule_is_drawn_as_its_curve(table, name, values):
    """To the last digit."""
    spec = spec_of(name, **values)
    config = registry.to_config(spec)
    run = ("--total-steps", "90", "--steps-per-epoch", "1", "--base-lr", "0.1")
    expected = spec.curve(90, 0.1, horizon=Horizon(total_steps=90, steps_per_epoch=1))

    assert list(expected) == [float(rate) for rate in table(json.dumps(config), *run)[1][1:]]


def test_a_plateau_follows_its_metrics(table, tmp_path):
    """From a list or a file, which has a number more than rates before it."""
    config = OPTIMIZER + "scheduler: {type: reduce_lr_on_plateau, config: {patience: 1, factor: 0.5}}\n"
    (tmp_path / "metrics.json").write_text("[1.0, 0.9,\n0.9, 0.9, 0.9]")

    for metrics in ("1.0,0.9,0.9,0.9,0.9", "metrics.json"):
        columns = table(config, "--metrics", metrics)
        assert ("epoch", "0", "1", "2", "3", "4", "5") == columns[0]
        assert ["0.1", "0.1", "0.1", "0.1", "0.05", "0.05"] == list(columns[1][1:])


@pytest.mark.parametrize("schedule", ["type: cosine, config: {eta_min: 0.01}", "type: linear", "type: greedy"])
def test_a_group_with_a_multiplier_has_the_rates_that_it_is_trained_with(table, schedule):
    """Its floor is scaled too."""
    rule = OPTIMIZER.replace("}}", "}, param_groups: [{match: '0.*', lr_multiplier: 5}]}")
    waits = "greedy" in schedule
    given = ("--metrics", ",".join(["1"] * 19)) if waits else ("--total-steps", "20")
    columns = table(f"{rule}scheduler: {{{schedule}, interval: step}}\n", *given)
    optimizer = optimizer_of(1.0, 5.0)
    recipe = registry.build("train.yaml")
    scheduler = recipe.scheduler.create_scheduler(optimizer, horizon=Horizon(total_steps=20))
    for row in list(zip(*columns, strict=True))[1:]:
        assert [group["lr"] for group in optimizer.param_groups] == [float(rate) for rate in row[1:]]
        optimizer.step()
        scheduler.step(1.0) if waits else scheduler.step()


def test_the_length_is_that_of_the_config(table):
    """A sequence, a warmup around another, OneCycleLR's epochs, and a schedule in epochs."""
    cases = {
        "type: sequential, config: {schedulers: [{type: constant}, {type: cosine}], durations: [30, 12]}": 42,
        "type: warmup, config: {num_warmup_steps: 5, scheduler: {type: cosine, config: {num_training_steps: 20}}}": 25,
        "type: OneCycleLR, config: {max_lr: 0.1, epochs: 3, steps_per_epoch: 7}": 21,
        "type: warmup_cosine, config: {warmup_epochs: 2, max_epochs: 9}": 9,
        "type: SequentialLR, interval: step, config: {milestones: [4], schedulers: "
        "[{type: ConstantLR, config: {total_iters: 4}}, {type: CosineAnnealingLR, config: {T_max: 6}}]}": 10,
    }
    for schedule, length in cases.items():
        assert length == len(table(f"{OPTIMIZER}scheduler: {{{schedule}}}\n")[0]) - 1, schedule
