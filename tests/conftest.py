"""What holds for all tests."""

from __future__ import annotations

import gc
import os

from hypothesis import HealthCheck, settings

# Tests run side by side, on tensors so small that a second thread only waits, and keeps a core busy in doing so. The
# libraries read this when they are imported, in the processes that tests start as well.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes depends on what else the machine does, and says nothing about the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    """Let no collection go through what the tests have imported: it is no garbage, and that takes seconds each time."""
    gc.freeze()
