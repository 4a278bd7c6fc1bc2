"""Rates that are generated are not those that are usual."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let no test of this folder be ended by what is said of unusual rates."""
    for item in items:
        if "generated" in item.path.parts:
            item.add_marker(pytest.mark.filterwarnings("ignore::optim_core.UnusualRateWarning"))
