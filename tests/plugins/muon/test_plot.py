"""`optim plot` of Muon, which has a rate for each of its halves."""

import csv

import torch
from click.testing import CliRunner
from torch import nn

from optim_core import Horizon, registry
from optim_core.cli.group import cli

CONFIG = """\
optimizer:
  type: Muon
  config: {lr: 0.02, adamw_lr: 3e-4}
  param_groups:
    - {match: "head.*", lr_multiplier: 5}
    - {match: "narrow.*", lr: 0.01}
scheduler: {type: cosine, config: {num_warmup_steps: 2, eta_min: 1e-4}}
"""


class Model(nn.Module):
    """A parameter for each rate that the config gives."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Linear(4, 4)
        self.narrow = nn.Linear(4, 4, bias=False)
        self.head = nn.Linear(4, 2)


def test_every_curve_is_the_rate_of_a_group(tmp_path, monkeypatch):
    """Both halves have one; multipliers act on AdamW's alone, as in training; floors follow them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.yaml").write_text(CONFIG, encoding="utf-8")
    done = CliRunner().invoke(cli, ["plot", "train.yaml", "--total-steps", "9", "-o", "curve.csv"])
    assert "wrote curve.csv\n" == done.output
    with (tmp_path / "curve.csv").open(newline="") as source:
        names, *rows = csv.reader(source)
    assert [
        "step",
        "matrices: lr 0.02",
        "matrices_param_groups_1: narrow.*: lr 0.01",
        "adamw: lr 3e-4",
        "adamw_param_groups_0: head.*: lr 1.5e-3",
    ] == names

    torch.manual_seed(0)
    recipe = registry.build("train.yaml")
    optimizer = recipe.optimizer.create_optimizer(Model())
    scheduler = recipe.scheduler.create_scheduler(optimizer, horizon=Horizon(total_steps=9))
    for _, *rates in rows:
        assert sorted(group["lr"] for group in optimizer.param_groups) == sorted(map(float, rates))
        optimizer.step()
        scheduler.step()


def test_a_highest_rate_for_each_half_is_drawn_for_each(tmp_path, monkeypatch):
    """By the names of the groups, also of those that only a model divides."""
    monkeypatch.chdir(tmp_path)
    spec = {"type": "OneCycleLR", "config": {"max_lr": {"matrices": 0.02, "adamw": 3e-4, "adamw_no_decay": 0.1}}}
    (tmp_path / "train.yaml").write_text(
        f"optimizer: {{type: Muon, no_decay: [bias]}}\nscheduler: {spec}\n", encoding="utf-8"
    )
    done = CliRunner().invoke(cli, ["plot", "train.yaml", "--total-steps", "1001", "-o", "curve.csv"])
    assert "wrote curve.csv\n" == done.output
    with (tmp_path / "curve.csv").open(newline="") as source:
        names, *rows = csv.reader(source)
    assert ["matrices", "adamw", "adamw_no_decay"] == [name.split(":")[0] for name in names[1:]]
    assert [0.02, 3e-4, 0.1] == [round(max(float(row[place]) for row in rows), 4) for place in (1, 2, 3)]
