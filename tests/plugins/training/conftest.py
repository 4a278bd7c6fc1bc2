"""Plugins of a training command, for this process."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy_training import TOYS

from optim_core import registry


@pytest.fixture(autouse=True)
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers the toys, and moves into an empty folder."""
    for (kind, name), cls in TOYS.items():
        registry.register(kind, name, cls)  # type: ignore[arg-type]
    monkeypatch.chdir(tmp_path)
