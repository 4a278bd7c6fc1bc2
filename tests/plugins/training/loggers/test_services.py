"""TensorBoard, wandb and comet are given metrics, the whole config and media, each in its own library's files."""

import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("torch")

from optim_core import OptimError
from optim_training.loggers.comet import Comet
from optim_training.loggers.tensorboard import TensorBoard
from optim_training.loggers.wandb import WandB

# They look at the runs of one process.
pytestmark = pytest.mark.xdist_group("training_services")

SCRIPT = Path(__file__).with_name("logged_service.py")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folder with a run of each, which had neither a login nor a network."""
    folder = tmp_path_factory.mktemp("runs")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "COMET_"))}
    said = {"HOME": str(tmp_path_factory.mktemp("home")), "WANDB_MODE": "offline", "COMET_START_ONLINE": "0"}
    done = subprocess.run(
        [sys.executable, SCRIPT, folder], env={**ours, **said}, cwd=folder, capture_output=True, text=True, timeout=200
    )
    assert not done.returncode, done.stderr
    return folder


@pytest.mark.filterwarnings("ignore")
def test_tensorboard(runs):
    """It has metrics, the config as text, and media; a resumed run forgets the steps that it takes once more."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = runs / "tensorboard"
    events = EventAccumulator(str(folder / "tensorboard")).Reload()
    assert list(range(1, 10)) == [event.step for event in events.Scalars("train/loss")]
    assert [1, 6] == [event.step for event in events.Images("demo/shown")]
    assert [1, 6] == [event.step for event in events.Audio("demo/shown")]
    texts = {tag: events.Tensors(tag)[-1].tensor_proto.string_val[0].decode() for tag in events.Tags()["tensors"]}
    assert "name: the whole config" in texts["config/text_summary"]
    assert "first row" in texts["demo/shown/text_summary"]
    assert ["last.ckpt", "media", "tensorboard"] == sorted(path.name for path in folder.iterdir())


def test_wandb(runs):
    """An offline run in the folder of the run has all of it."""
    (run,) = runs.glob("wandb/wandb/offline-run-*")
    (file,) = run.glob("*.wandb")
    assert run.name.endswith("-run-1")
    held = file.read_bytes()
    assert all(word in held for word in (b"train/loss", b"the whole config", b"a project", b"demo/shown/image"))
    assert {".png", ".wav", ".json"} <= {path.suffix for path in run.rglob("media/**/*")}


def test_comet(runs):
    """Offline experiments in the folder of the run have all of it, one of each time that the run went on."""
    held = b""
    files = list(runs.glob("comet/comet/*.zip"))
    for file in files:
        with zipfile.ZipFile(file) as archive:
            held += b"".join(archive.read(name) for name in archive.namelist())
    assert 2 == len(files)
    assert all(word in held for word in (b"train/loss", b"the whole config", b"a project", b"a text that was made"))
    assert all(name in held for name in (b"shown_00000001.png", b"shown_00000006.wav", b"shown_00000001.csv"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("logger", "way"), [(WandB(), "WANDB_MODE=offline"), (Comet(), "COMET_START_ONLINE=0")], ids=["wandb", "comet"]
)
def test_no_login(tmp_path, monkeypatch, logger, way):
    """Without a login, and not offline, a logger says how to be either, and leaves no folder."""
    for name in list(os.environ):
        if name.startswith(("WANDB_", "COMET_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(OptimError, match=way):
        logger.build(tmp_path / "run", "project", "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("logger", [TensorBoard(), WandB(), Comet()])
def test_missing_libraries(logger, monkeypatch):
    """A logger whose library is not installed says so, with the command that installs it."""
    assert [] == logger.check()
    monkeypatch.setattr("optim_training.loggers.libraries.find_spec", lambda name: find_spec("no_such_module"))
    (said,) = logger.check()
    assert f"pip install 'optim-training[{type(logger).__name__.lower()}]'" in said
