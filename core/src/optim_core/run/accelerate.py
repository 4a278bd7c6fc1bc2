"""What a run refuses in a loop of accelerate that knows nothing of it; accelerate is not imported for it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from optim_core.discovery.extras import install_line
from optim_core.errors import OptimError

__all__ = ["refuse_accelerate", "refuse_prepared"]

# Where accelerate asks what it was given to prepare, and where it takes an optimizer over.
_PREPARING = frozenset({"accelerate.accelerator", "accelerate.optimizer"})
_REPAIR = (
    "`model, loader = accelerator.prepare(model, loader)`, and then `run = prepare(run, accelerator)` with "
    f"`from optim_frameworks.accelerate import prepare` ({install_line('accelerate')})"
)


def refuse_accelerate(caller: Mapping[str, Any]) -> None:
    """Refuse to be prepared by ``accelerator.prepare``, which gives back as it is what is of no type that it knows.

    Args:
        caller: the globals of the function that asks for the type of a run, or for its state.

    Raises:
        OptimError: it is one of those with which accelerate prepares.
    """
    if caller.get("__name__") in _PREPARING:
        raise OptimError(f"accelerator.prepare cannot prepare a run; leave it out: {_REPAIR}")


def refuse_prepared(model: Any) -> None:
    """Refuse the first step of a run by itself, where accelerate has prepared its model.

    Without the accelerator the loss is neither scaled nor divided, each batch is a step where gradients are to be
    accumulated, and what is saved has no run in it.

    Args:
        model: what the run was created for.

    Raises:
        OptimError: accelerate says of the model that it is prepared, or that gradients are only accumulated now.
    """
    if getattr(model, "_is_accelerate_prepared", False):
        what = "has prepared the model"
    elif _is_accumulating():
        what = "accumulates gradients"
    else:
        return
    raise OptimError(
        f"accelerate {what}, and the run is not prepared: {_REPAIR}; run.step(loss) then calls accelerator.backward, "
        "and knows when gradients are accumulated"
    )


def _is_accumulating() -> bool:
    """Tell whether an accelerator, of which all in a process share the state, waits for more batches."""
    state = sys.modules.get("accelerate.state")
    # Several processes have their own model within the one that is prepared, and nothing says so of it.
    shared = getattr(getattr(state, "GradientState", None), "_shared_state", {})
    return shared.get("sync_gradients") is False
