"""Runs of `optim train` in processes of their own, and what is compared of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from warm_python import Program, WarmPython

STRANGER = Path(__file__).with_name("stranger_training.py")
ADAMW = {"type": "AdamW", "config": {"lr": 0.02}}
TRAINING = {
    "watching": {"optimizer": ADAMW, "scheduler": {"type": "cosine", "interval": "step"}},
    "plateau": {
        "optimizer": {"type": "SGD", "config": {"lr": 0.001, "momentum": 0.9}},
        "scheduler": {"type": "ReduceLROnPlateau", "config": {"patience": 0, "factor": 0.7}, "interval": "epoch"},
    },
    "pair": {
        "optimizer_configs": {
            name: {"optimizer": ADAMW, "scheduler": {"type": "ExponentialLR", "config": {"gamma": 0.9}}}
            for name in ("one", "two")
        },
    },
    "estimating": {},
}


def configs(folder: Path, model: str = "watching", size: int = 23, **fields: Any) -> list[str]:
    """Write the configs of a run, and return the arguments that name them."""
    kind = "watching" if model == "plateau" else model
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_text(
        json.dumps({"model_type": kind, "model": fields, "training": TRAINING[model]}), encoding="utf-8"
    )
    (folder / "data.json").write_text(json.dumps({"dataset_type": "stranger_numbers", "size": size}))
    (folder / "val.json").write_text(json.dumps({"dataset_type": "stranger_numbers", "size": 6}))
    return ["--model-config", str(folder / "model.json"), "--dataset-config", str(folder / "data.json")]


def arguments(folder: Path, configs_: list[str], *more: str) -> list[str]:
    """Return all arguments of a run that saves each step below a folder."""
    common = {"--save-dir": folder, "--project": "p", "--batch-size": 4, "--precision": "32", "--checkpoint-every": 1}
    return [*configs_, *(str(part) for pair in common.items() for part in pair), *more]


def begin(python: WarmPython, given: list[str], notes: Path | None = None, **variables: str) -> Program:
    """Start `optim train`."""
    if notes is not None:
        notes.mkdir(parents=True, exist_ok=True)
        variables["STRANGER_NOTES"] = str(notes)
    return python.begin(STRANGER, "train", *given, cwd=Path.cwd(), env=variables)


def finished(python: WarmPython, given: list[str], notes: Path | None = None, **variables: str) -> None:
    """Run `optim train` to its end, which must be a good one."""
    done = begin(python, given, notes, **variables).wait()
    assert not done.returncode, done.stderr[-3000:]


def only_run(folder: Path) -> Path:
    (run,) = (folder / "p").iterdir()
    return run


def result(folder: Path) -> dict[str, Any]:
    """Return the rows of the one run below a folder, and its newest checkpoint without what times and places are."""
    run = only_run(folder)
    newest = max(run.glob("checkpoints/*"), key=lambda path: int(path.stem.partition("step=")[2]))
    rows = (run / "metrics.csv").read_text().splitlines()
    if newest.is_dir():
        return {"rows": rows, "checkpoint": {}}
    checkpoint = torch.load(newest, weights_only=True)
    kept = ("state_dict", "optimizer_states", "lr_schedulers", "optim_training", "global_step", "epoch")
    return {"rows": rows, "checkpoint": {name: checkpoint[name] for name in kept}}


def left_at(whole: Path, folder: Path, step: int) -> None:
    """Copy a run as it was when the checkpoint of a step was the newest, with rows of later steps."""
    shutil.copytree(whole, folder)
    for path in only_run(folder).glob("checkpoints/*"):
        if int(path.stem.partition("step=")[2]) > step:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def seen(notes: Path, process: int = 0) -> list[str]:
    return (notes / f"process-{process}.txt").read_text().splitlines()


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Return where two results differ, bit for bit."""
    if isinstance(one, torch.Tensor):
        return [] if torch.equal(_bits(one), _bits(other)) else [path]
    if isinstance(one, dict):
        if one.keys() != other.keys():
            return [f"{path}: {list(one)} and {list(other)}"]
        return [line for key in one for line in differences(one[key], other[key], f"{path}.{key}")]
    if isinstance(one, (list, tuple)):
        if len(one) != len(other):
            return [f"{path}: {len(one)} and {len(other)} long"]
        pairs = enumerate(zip(one, other, strict=True))
        return [line for place, pair in pairs for line in differences(*pair, f"{path}[{place}]")]
    return [] if one == other else [f"{path}: {one} and {other}"]


def _bits(tensor: torch.Tensor) -> torch.Tensor:
    """Return the bytes of a tensor: what is not a number does not equal itself."""
    return tensor.detach().reshape(-1).view(torch.uint8)
