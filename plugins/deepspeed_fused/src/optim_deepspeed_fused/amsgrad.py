"""A validator for `amsgrad`, which DeepSpeed's classes take and refuse."""

from __future__ import annotations

from typing import Any

import attrs

from optim_core.validators import FieldError

__all__ = ["no_amsgrad"]


def no_amsgrad(_instance: Any, _attribute: attrs.Attribute[Any], value: bool) -> None:
    """Validate a field that can only say that AMSGrad is off.

    Raises:
        ValueError: AMSGrad is on.
    """
    if value:
        raise FieldError("must be false: DeepSpeed's kernel has no AMSGrad", "AdamW (optim-torch-builtin) has it")
