"""`optim train` by each strategy of several processes: a run that goes on is the run that was never left."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch.distributed")

pytestmark = pytest.mark.xdist_group("training_processes")

SUPPORT = Path(__file__).parents[3] / "support"
MODEL = """
model_type: toy_net
training: {optimizer: {type: AdamW, lr: 0.001}, scheduler: cosine}
"""
ENTRIES = """
[optim_training.models]
toy_net = toy_training:ToyNet

[optim_training.datasets]
toy_data = toy_training:ToyData
"""


@pytest.fixture
def stranger(tmp_path):
    """A folder with a distribution that offers a model and a dataset, which children find too."""
    folder = tmp_path / "site"
    shutil.copytree(SUPPORT, folder, ignore=lambda _, names: [name for name in names if name != "toy_training.py"])
    metadata = folder / "toys-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRIES)
    return folder


@pytest.fixture
def train(python, tmp_path, stranger):
    """Trains in two processes, and gives the folder of the run."""
    script = tmp_path / "optim.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(stranger)!r})\nfrom optim_core.cli import main\nmain()\n")
    (tmp_path / "model.yaml").write_text(MODEL)
    (tmp_path / "data.yaml").write_text("dataset_type: toy_data\n")
    files = ["--model-config", "model.yaml", "--dataset-config", "data.yaml", "--save-dir", "runs", "--devices", "2"]
    limits = ["--max-steps", "9", "--checkpoint-every", "4", "--num-workers", "0"]

    def trained(name, *arguments):
        done = python.file(script, "train", "--name", name, *arguments, *files, *limits, cwd=tmp_path)
        assert not done.returncode, done.stderr
        (run,) = (tmp_path / "runs" / name).iterdir()
        return run

    return trained


@pytest.mark.parametrize("strategy", ["ddp_find_unused_parameters_true", "fsdp", "deepspeed"])
def test_going_on(train, strategy):
    """The rows that follow a checkpoint are the same, number for number, in the run that goes on from there."""
    whole = train("whole", "--strategy", strategy)
    checkpoint = next(whole.glob("checkpoints/*step=4.ckpt"))
    assert checkpoint.is_dir() == (strategy in ("fsdp", "deepspeed"))
    again = train("again", "--strategy", strategy, "--ckpt-path", str(checkpoint))
    header, *rows = (whole / "metrics.csv").read_text().splitlines()
    assert [str(step) for step in range(1, 10)] == [row.split(",")[0] for row in rows]
    assert [header, *rows[4:]] == (again / "metrics.csv").read_text().splitlines()
