"""The examples in examples/training: their configs are right, and they train."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from warm_python import WarmPython

pytest.importorskip("lightning")

# All share a Python that has imported these.
pytestmark = pytest.mark.xdist_group("training_examples")

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples/training"
NAMES = ("digits", "language", "survival", "audio")


@pytest.fixture(scope="module")
def python() -> Iterator[WarmPython]:
    with WarmPython(["torch._dynamo", "lightning.pytorch"]) as started:
        yield started


def run(python: WarmPython, file: Path, *arguments: object, cwd: Path) -> str:
    """Return what a program prints; it has to succeed."""
    done = python.file(file, *map(str, arguments), cwd=cwd)
    assert 0 == done.returncode, done.output
    return done.output


@pytest.fixture(params=NAMES)
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of an example, with the data that it fetches, where that is possible."""
    name = request.param
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("data", "runs"))
    if name == "audio" and shutil.which("apt-get") is None:
        pytest.skip("there is no apt-get")
    fetch = folder / "fetch.py"
    if fetch.exists():
        done = subprocess.run([sys.executable, fetch], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode and (name == "audio" or find_spec("lifelines") is None):
            pytest.skip(f"the network gives nothing: {done.stderr[-200:]}")
        assert 0 == done.returncode, done.stderr
    return folder


def test_an_example_checks_and_trains_three_steps(example: Path, python: WarmPython) -> None:
    """Its configs and data are right, three steps leave their losses, and a validation and a picture can be made."""
    training = (Path(sys.executable).with_name("optim"), "train", "--config-file", "run.yaml")
    assert "everything is right" in run(python, *training, "--check", cwd=example)
    run(python, *training, "--max-steps", "3", "--val-every", "3", "--batch-size", "4", cwd=example)
    (file,) = (example / "runs").glob("*/*/metrics.csv")
    with file.open() as opened:
        rows = list(csv.DictReader(opened))
    assert {"1", "2", "3"} == {row["step"] for row in rows}
    losses = [name for name in rows[0] if name.startswith("train/") and "lr" not in name]
    assert losses
    assert all(row[losses[0]] for row in rows if row["step"] in "123" and not any(map(row.get, _validated(rows))))
    assert any(row[name] for row in rows for name in _validated(rows))
    picture = example / "picture.png"
    run(python, EXAMPLES / "plot.py", file.parents[1], "--columns", losses[0], "-o", picture, cwd=example)
    assert picture.stat().st_size > 1000


def _validated(rows: list[dict[str, str]]) -> list[str]:
    return [name for name in rows[0] if name.startswith("val/")]


@pytest.mark.parametrize("name", NAMES)
def test_a_readme_has_the_commands_and_the_picture(name: str) -> None:
    """The README of an example names its configs' command and a picture that is there."""
    text = (EXAMPLES / name / "README.md").read_text()
    assert "optim train --config-file run.yaml" in text
    (picture,) = (line.partition("(")[2].rstrip(")") for line in text.splitlines() if line.startswith("!["))
    assert (EXAMPLES / name / picture).stat().st_size > 1000
    assert picture in text.partition("![")[0]


def test_the_other_model_of_the_language_example_differs_in_its_optimizer_alone() -> None:
    """Both configs have the same model, schedule and clipping."""
    import yaml

    first, second = (
        yaml.safe_load((EXAMPLES / f"language/model-{name}.yaml").read_text()) for name in ("muon", "adamw")
    )
    assert ("Muon", "AdamW") == tuple(each["training"].pop("optimizer")["type"] for each in (first, second))
    assert first == second
