"""`optim train` before anything is trained: what is wrong is told at once, and torch is not imported for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

# Runs the command in a process that tells which of the heavy modules it has imported.
RUN = """
import sys
from optim_core import registry
from toy_training import TOYS
for (kind, name), cls in TOYS.items():
    registry.register(kind, name, cls)
from optim_core.cli.group import cli
try:
    cli(sys.argv[1:], prog_name="optim")
finally:
    heavy = {"torch", "lightning", "numpy", "matplotlib"} & sys.modules.keys()
    print("imported:", *sorted(heavy), file=sys.stderr)
"""
MODEL = {"model_type": "toy_net", "training": {"optimizer": {"type": "AdamW", "config": {"lr": 1e-3}}}}
SUPPORT = str(Path(__file__).parents[2] / "support")


def train(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {SUPPORT!r})\n{RUN}", "train", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def write(model: object = MODEL, data: object = None) -> list[str]:
    Path("model.json").write_text(json.dumps(model))
    Path("data.json").write_text(json.dumps(data or {"dataset_type": "toy_data"}))
    Path("nowhere").symlink_to("gone")
    return ["--model-config", "model.json", "--dataset-config", "data.json"]


@pytest.mark.parametrize(
    ("given", "model", "data", "told"),
    [
        (["--batch-size", "four"], MODEL, None, "--batch-size: must be a whole number"),
        (["--strategy", "dpp"], MODEL, None, "did you mean `ddp`?"),
        (["--logger", "csw"], MODEL, None, "did you mean `csv`"),
        (["--val-every", "5"], MODEL, None, "give --val-dataset-config, or leave out --val-every"),
        (["--val-dataset-config", "no.json"], MODEL, None, "no.json: --val-dataset-config: there is no such file"),
        (["--ckpt-path", "no.ckpt"], MODEL, None, "no.ckpt: --ckpt-path: there is no such file"),
        (["--save-dir", "model.json"], MODEL, None, "model.json: --save-dir: is no folder"),
        (["--save-dir", "data.json/runs"], MODEL, None, "data.json: --save-dir: is no folder"),
        (["--save-dir", "nowhere"], MODEL, None, "nowhere: --save-dir: is no folder"),
        (["--name", "model.json"], MODEL, None, "model.json: --name: is no folder"),
        (["--project", "model.json"], MODEL, None, "model.json: --project: is no folder"),
        (["--set", "model.width=0"], {**MODEL, "model": {}}, None, "--set: model.width: must be >= 1"),
        ([], {**MODEL, "model": {"widht": 3}}, None, "did you mean `width`?"),
        ([], MODEL, {"dataset_type": "toy_date"}, "did you mean `toy_data`"),
        ([], MODEL, {"dataset_type": "toy_data", "broken": 17}, "data.json: row 17: is broken"),
        (
            ["--gradient-clip-val", "1"],
            {**MODEL, "training": {**MODEL["training"], "gradient_clipping": {"max_norm": 1}}},
            None,
            "clips by itself",
        ),
    ],
)
def test_what_is_wrong_is_told_before_torch_is_imported(given, model, data, told):
    """Arguments, configs, overrides, files of data: with place and repair, and exit status 1."""
    done = train(*write(model, data), *given)
    assert told in done.stderr
    assert "imported:\n" in done.stderr
    assert (1, "") == (done.returncode, done.stdout)


def test_missing_configs_are_named():
    """Both at once."""
    done = train()
    assert "--model-config: is missing" in done.stderr
    assert "--dataset-config: is missing" in done.stderr
    assert 1 == done.returncode


def test_everything_can_be_checked_without_training():
    """`--check` looks at all that can be looked at without torch."""
    done = train(*write(), "--check")
    assert "toy_net on toy_data: everything is right" in done.stderr
    assert "imported:\n" in done.stderr
    assert 0 == done.returncode


def test_an_ini_file_is_migrated():
    """`optim migrate` writes the YAML that says the same, and what is wrong in it has its line."""
    from cli_support import optim

    Path("defaults.ini").write_text("[DEFAULTS]\n# how many\nbatch_size = 8\nrecover = false\n")
    done = optim("migrate", "defaults.ini")
    assert ("batch_size: 8\nrecover: false\n", 0) == (done.stdout, done.code)
    assert "comments" in done.stderr
    Path("defaults.ini").write_text("[DEFAULTS]\nbtach_size = 8\n")
    done = optim("migrate", "defaults.ini")
    assert "defaults.ini:2: btach_size: unknown key" in done.stderr
    assert 1 == done.code
