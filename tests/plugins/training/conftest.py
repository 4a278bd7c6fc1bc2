"""Plugins of a training command, for this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from toy_training import TOYS
from warm_python import WarmPython

from optim_core import registry


@pytest.fixture(scope="session")
def python() -> Iterator[WarmPython]:
    """A Python that has imported Lightning; the tests with it are one group, training_processes, and share it."""
    with WarmPython(["lightning.pytorch"]) as started:
        yield started


@pytest.fixture(autouse=True)
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers the toys, and moves into an empty folder."""
    for (kind, name), cls in TOYS.items():
        registry.register(kind, name, cls)  # type: ignore[arg-type]
    monkeypatch.chdir(tmp_path)
