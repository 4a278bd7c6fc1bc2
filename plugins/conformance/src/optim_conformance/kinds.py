"""The kinds of plugins that the kit checks."""

from __future__ import annotations

from optim_core.errors import OptimError
from optim_core.plugin_tools import Kind, listing

__all__ = ["EVERY_KIND", "RECIPE_KINDS", "TRAINING_KINDS", "refuse_other_kinds"]

# The core's table may have more: whoever adds a row there has to write the properties of that kind here.
RECIPE_KINDS: tuple[Kind, ...] = ("optimizer", "scheduler", "clipper")
TRAINING_KINDS: tuple[Kind, ...] = ("model", "dataset", "logger", "demo")
EVERY_KIND: tuple[Kind, ...] = (*RECIPE_KINDS, *TRAINING_KINDS)


def refuse_other_kinds(kind: Kind) -> None:
    """Raise OptimError for a kind of which the kit has no properties."""
    if kind not in EVERY_KIND:
        raise OptimError(
            f"the conformance kit has no properties of the kind `{kind}` that it could check; it has those of "
            f"{listing(EVERY_KIND)}"
        )
