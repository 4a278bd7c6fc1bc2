"""Configs of applications, composed by Hydra as their programs would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

# A program as its author writes it: what it needs for the run it imports there.
PROGRAM = """\
import sys

import hydra


@hydra.main(config_path="conf", config_name="config", version_base=None)
def main(config):
    from optim_core import registry

    recipe = registry.recipe(config)
    print(recipe.optimizer.type, recipe.optimizer.config.lr, "torch" in sys.modules)


main()
"""


def write(folder: Path, **files: str) -> Path:
    """Write configs: ``optimizer__mine`` is the file optimizer/mine.yaml."""
    for name, text in files.items():
        file = folder / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def composed(folder: Path, *overrides: str, config_name: str | None = "config") -> DictConfig:
    """Return the config of an application whose configs are in a folder."""
    with initialize_config_dir(str(folder), version_base=None):
        return compose(config_name, overrides=list(overrides))


def run_program(folder: Path, *arguments: str, more: Mapping[str, str] | None = None) -> str:
    """Run the program, whose configs are in `folder / conf`, and return what it prints."""
    (folder / "program.py").write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "program.py", *arguments],
        cwd=folder,
        env={**os.environ, **(more or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout
