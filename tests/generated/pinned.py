"""Settings of the generated tests: the same examples in every run, or many times as many for a search by hand.

``GENERATED_TIMES=50 pytest tests/generated`` draws 50 times the examples, at random.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

__all__ = ["pinned"]

TIMES = int(os.environ.get("GENERATED_TIMES", "1"))


def pinned(examples: int) -> settings:
    """Settings for a test of so many examples."""
    return settings(
        max_examples=examples * TIMES,
        derandomize=TIMES == 1,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
