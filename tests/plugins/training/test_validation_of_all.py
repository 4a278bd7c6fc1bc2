"""Validation with our datasets and models: what is taken over from the training, and metrics of all rows."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch

from optim_core import ConfigError
from optim_training.arguments.training_config import TrainingConfig
from optim_training.begin import begin
from optim_training.job import job_of

TABLE = {
    "dataset_type": "survival_table",
    "path": "patients.csv",
    "time": "days",
    "event": "died",
    "fold_column": "fold",
}
MODEL = {"model_type": "survival", "model": {"dropout": 0.0}, "training": {"optimizer": "adamw", "learning_rate": 1e-2}}


@pytest.fixture
def files(toys: None) -> None:
    import json

    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(60, 2, generator=generator)
    lines = ["age,size,days,died,fold"]
    for number, (age, size) in enumerate(rows.tolist()):
        lines.append(f"{50 + 9 * age},{size},{100 - 30 * age:.0f},{int(number % 3 > 0)},{number % 4}")
    Path("patients.csv").write_text("\n".join(lines) + "\n")
    for name, config in (
        ("model", MODEL),
        ("data", {**TABLE, "folds": [0, 1, 2]}),
        ("val", {**TABLE, "folds": [3]}),
    ):
        Path(f"{name}.json").write_text(json.dumps(config))


def arguments(**given: object) -> TrainingConfig:
    told = {
        "model_config": "model.json",
        "dataset_config": "data.json",
        "val_dataset_config": "val.json",
        "val_every": 4,
        "max_steps": 8,
        "num_workers": 0,
        "save_dir": "runs",
        "logger": "csv",
        "batch_size": 9,
    }
    return TrainingConfig(**{**told, **given})


@pytest.mark.usefixtures("files")
def test_the_concordance_index_is_of_all_rows_of_the_validation() -> None:
    """Whatever the size of a batch, the index is that of all rows, standardised as those of the training."""
    found = []
    for batch_size in (9, 15):
        begin(arguments(batch_size=batch_size, max_steps=4, name=f"of{batch_size}"))
        (file,) = Path("runs").glob(f"of{batch_size}/*/metrics.csv")
        with file.open() as opened:
            rows = [row for row in csv.DictReader(opened) if row.get("val/concordance_index")]
        found.append(float(rows[-1]["val/concordance_index"]))
        assert rows[-1]["val/cox_loss"]
    assert all(0.5 < index <= 1.0 for index in found)


@pytest.mark.usefixtures("files")
def test_what_no_training_row_has_is_told_before_torch_is_imported() -> None:
    """A word of the validation that no training row has is a problem of the job; so are fewer rows than a batch."""
    text = Path("patients.csv").read_text().splitlines()
    sexes = ["sex", *("fm"[number % 2] if number % 4 < 3 else "x" for number in range(60))]
    Path("patients.csv").write_text("\n".join(f"{line},{sex}" for line, sex in zip(text, sexes, strict=True)) + "\n")
    import json

    for name, folds in (("data", [0, 1, 2]), ("val", [3])):
        config = {**TABLE, "folds": folds, "text_columns": ["sex"]}
        Path(f"{name}.json").write_text(json.dumps(config))
    with pytest.raises(ConfigError, match="row 4, column `sex`: no training row has `x`"):
        job_of(arguments())


@pytest.mark.usefixtures("files")
def test_fewer_rows_than_a_batch_are_told_with_the_repair() -> None:
    """A batch that is larger than the dataset is refused before the training."""
    with pytest.raises(ConfigError, match=r"the dataset has 45 items, and a batch 46[^$]*--batch-size 45"):
        job_of(arguments(batch_size=46))
