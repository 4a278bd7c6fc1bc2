"""GroupRequest: what an optimizer's config asks of its parameter groups."""

from __future__ import annotations

from typing import Any

import attrs

from optim_core.groups.rule import GroupRule

__all__ = ["GroupRequest"]


@attrs.frozen(eq=False)
class GroupRequest:
    """What is asked for the parameters of one optimizer.

    Args:
        type: what messages call the optimizer.
        config: the instance of its plugin class, which holds for every parameter of which nothing else is said.
        rules: what is different for some parameters; the first rule that matches a name decides.
        no_decay: which of ``bias``, ``norm``, ``embedding`` and ``vector`` get no weight decay.
        layer_decay: factor in (0, 1] by which the rate falls with each layer from the head down; None leaves it.
    """

    type: str
    config: Any
    rules: tuple[GroupRule, ...] = ()
    no_decay: tuple[str, ...] = ()
    layer_decay: float | None = None
