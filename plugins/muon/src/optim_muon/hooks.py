"""The hooks of a step, without the record for torch's profiler where none runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

import torch
from torch.optim import Optimizer
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

__all__ = ["hooked_step"]

P = ParamSpec("P")
R = TypeVar("R")


def hooked_step(func: Callable[P, R]) -> Callable[P, R]:
    """Return `func`, the step of an optimizer, with all that torch's optimizers do around theirs.

    torch opens a record of each step even where no profiler runs, which takes longer than the Python of a hundred
    matrices. Such a step is called as it is.
    """
    hooked = Optimizer.profile_hook_step(func)

    @wraps(func)
    def either(*args: P.args, **kwargs: P.kwargs) -> R:
        optimizer = cast("Optimizer", args[0])
        return (hooked if _is_watched(optimizer) else func)(*args, **kwargs)

    return either


def _is_watched(optimizer: Optimizer) -> bool:
    """Return whether anybody is to be called before or after a step, or to be told of it."""
    hooks = (
        optimizer._optimizer_step_pre_hooks,
        optimizer._optimizer_step_post_hooks,
        _global_optimizer_pre_hooks,
        _global_optimizer_post_hooks,
    )
    return any(hooks) or torch.compiler.is_compiling() or torch._C._autograd._profiler_enabled()
