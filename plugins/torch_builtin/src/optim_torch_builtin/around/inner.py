"""What plugin classes of optimizers around another one have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optim_core.plugin_tools import needs_of
from optim_core.validators import FieldError

if TYPE_CHECKING:
    import attrs
    from torch.nn import Module

    from optim_core.specs import OptimizerSpec

__all__ = ["models_of", "needs_of_inner", "takes_no_closure"]


def needs_of_inner(spec: OptimizerSpec) -> tuple[str, ...]:
    """Return what an optimizer needs of the training loop, by what its plugin class says and declares."""
    return tuple(sorted(needs_of(spec.config)))


def takes_no_closure(_instance: Any, _attribute: attrs.Attribute[Any], value: OptimizerSpec) -> None:
    """Refuse an inner optimizer that needs a closure, or a graph of gradients, itself.

    Raises:
        FieldError: it is one.
    """
    if "closure" in needs_of_inner(value):
        raise FieldError(
            f"cannot be {value.type}, which takes its gradients from a closure itself",
            "take an optimizer that steps without one, such as SGD or AdamW",
        )
    if "create_graph" in needs_of_inner(value):
        raise FieldError(
            f"cannot be {value.type}, which differentiates gradients of weights that have been moved since",
            "take an optimizer that steps by the gradients alone, such as SGD or AdamW",
        )


def models_of(model: Module | None) -> tuple[Module, ...]:
    """Return what the inner optimizer is to be told of the model."""
    return () if model is None else (model,)
