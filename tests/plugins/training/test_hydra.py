"""The same training, composed by Hydra: types are checked, and what is missing is named."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml
from warm_python import Done, WarmPython

pytestmark = pytest.mark.xdist_group("training_processes")

SUPPORT = str(Path(__file__).parents[2] / "support")
RUN = f"""
import sys
sys.path.insert(0, {SUPPORT!r})
from optim_core import registry
from toy_training import TOYS
for (kind, name), cls in TOYS.items():
    registry.register(kind, name, cls)
from optim_training.hydra import main
main()
"""
MODEL = {"model_type": "toy_net", "training": {"optimizer": {"type": "AdamW", "config": {"lr": 1e-3}}}}
GIVEN = ["--config-dir", "conf", "model=net", "dataset=points", "save_dir=runs", "num_workers=0"]


def train(python: WarmPython, *arguments: str) -> Done:
    """Run the command in a process, beside the configs of a user."""
    for group, name, config in (("model", "net", MODEL), ("dataset", "points", {"dataset_type": "toy_data"})):
        folder = Path("conf", group)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config))
    Path("run.py").write_text(RUN)
    return python.file(Path("run.py").absolute(), *arguments, cwd=Path.cwd())


def test_groups_and_arguments_make_a_run(python):
    """The members of the groups are the user's configs, and every argument is a key."""
    done = train(python, *GIVEN, "max_steps=3", "model.training.optimizer.config.lr=0.01", "strategy=ddp", "devices=2")
    assert 0 == done.returncode, done.stderr
    (file,) = Path("runs").glob("stable_audio_tools/*/metrics.csv")
    with file.open() as opened:
        rows = list(csv.DictReader(opened))
    assert ["1", "2", "3"] == [row["step"] for row in rows]
    assert {0.01} == {float(row["train/lr"]) for row in rows}
    assert 0.01 == yaml.safe_load((file.parent / "config.yaml").read_text())["recipe"]["optimizer"]["config"]["lr"]
    assert {"conf", "runs", "run.py"} == {path.name for path in Path().iterdir()}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["batch_size=four"], "batch_size: must be a whole number"),
        (["val_every=0"], "val_every: must be ≥ 1"),
        (["+model.model.widht=3"], "did you mean `width`?"),
        (["strategy=dpp"], "dpp"),
        (["batch_sise=3"], "batch_sise"),
    ],
)
def test_what_is_wrong_is_told(python, given, told):
    """Values of another type, keys and groups that are not there."""
    done = train(python, *GIVEN, *given)
    assert told in done.stderr
    assert done.returncode
    assert "Traceback" not in done.stderr
