"""torch's fused Adam in the place of DeepSpeed's."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from torch import optim

from optim_deepspeed_fused.live.dtype_groups import split_by_dtype

if TYPE_CHECKING:
    from torch.optim.optimizer import ParamsT

    from optim_core.errors import PluginError

__all__ = ["FallbackWarning", "torch_adam"]


class FallbackWarning(UserWarning):
    """Another optimizer than the one that the config names was taken, as the config allows."""


def torch_adam(params: ParamsT, reason: PluginError, *, adam_w_mode: bool, **options: Any) -> optim.Adam:
    """Make torch's fused Adam or AdamW, with the groups that FusedAdam would have.

    Args:
        params: what ``torch.optim.Optimizer`` takes.
        reason: why DeepSpeed's kernel is not taken, which is warned of once in a process.
        adam_w_mode: whether to take AdamW.
        options: the other arguments of both.
    """
    _warn_once(adam_w_mode, str(reason))
    cls = optim.AdamW if adam_w_mode else optim.Adam
    optimizer = cls(params, **options, fused=True)
    optimizer.param_groups[:] = [part for group in optimizer.param_groups for part in split_by_dtype(group)]
    return optimizer


@cache
def _warn_once(adam_w_mode: bool, reason: str) -> None:
    taken = "AdamW" if adam_w_mode else "Adam"
    message = f"torch's fused {taken} takes the place of DeepSpeed's FusedAdam, as `fallback: torch` says: {reason}"
    warnings.warn(message, FallbackWarning, stacklevel=4)
