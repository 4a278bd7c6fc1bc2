"""Validators for numbers that DeepSpeed's kernels round to float32 before they compute with them."""

from __future__ import annotations

from typing import Any

import attrs

from optim_core.validators import FieldError, ItemsError

__all__ = ["betas_in_float32", "eps_in_float32"]

# A larger number is 1 as a float32, and with that all weights are NaN after the first step.
LARGEST_BETA = 1 - 2**-25
# A smaller number is 0 as a float32, and with that a weight is NaN where its gradient is 0.
SMALLEST_EPS = 2**-150


def betas_in_float32(_instance: Any, _attribute: attrs.Attribute[Any], value: tuple[float, ...]) -> None:
    """Validate numbers that are to be below 1 also as float32.

    Raises:
        ItemsError: a number is not.
    """
    wrong = FieldError("is 1 to DeepSpeed's kernel, which computes in float32", "take 0.9999999 or less")
    items: dict[int, ValueError] = {index: wrong for index, item in enumerate(value) if item >= LARGEST_BETA}
    if items:
        raise ItemsError(items)


def eps_in_float32(_instance: Any, _attribute: attrs.Attribute[Any], value: float) -> None:
    """Validate a number that is to be above 0 also as a float32.

    Raises:
        ValueError: the number is not.
    """
    if value <= SMALLEST_EPS:
        raise FieldError("is 0 to DeepSpeed's kernel, which computes in float32", "take 1e-38 or more")
