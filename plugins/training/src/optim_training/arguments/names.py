"""The words that some arguments may be; none of them is a plugin's name."""

from __future__ import annotations

from typing import Literal

__all__ = ["NO_LOGGER", "Changed", "Precision", "Strategy", "WeightNormRemoval"]

Strategy = Literal["auto", "ddp", "ddp_find_unused_parameters_true", "fsdp", "deepspeed"]
Precision = Literal["32", "16", "bf16", "16-mixed", "bf16-mixed"]
Changed = Literal["error", "saved", "config"]
WeightNormRemoval = Literal["", "pre_load", "post_load"]

# The logger of a run that logs nowhere; other names are those of plugins.
NO_LOGGER = "none"
