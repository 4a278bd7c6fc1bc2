"""What a run refuses in a loop of accelerate that knows nothing of it; accelerate is not imported for it."""

from __future__ import annotations

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
        OptimError: accelerate says of the model that it is prepared.
    """
    if getattr(model, "_is_accelerate_prepared", False):
        raise OptimError(
            f"accelerate has prepared the model, and the run is not: {_REPAIR}; run.step(loss) then calls "
            "accelerator.backward, and knows when gradients are accumulated"
        )
