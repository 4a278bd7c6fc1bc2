"""Which half of a Muon trains how much, as one line of the log."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from optim_muon.choosing.matrices import TRANSFORMER

if TYPE_CHECKING:
    from torch.optim import Optimizer

__all__ = ["log_halves"]

logger = logging.getLogger("optim_muon")


def log_halves(optimizer: Optimizer, matrices: str | Sequence[str]) -> None:
    """Log, at INFO to ``optim_muon``, how many tensors and numbers each half has, and by which rule."""
    if not logger.isEnabledFor(logging.INFO):
        return
    ours = [group for group in optimizer.param_groups if group["use_muon"]]
    others = [group for group in optimizer.param_groups if not group["use_muon"]]
    logger.info("Muon has %s (%s); AdamW has %s", _size(ours), _rule(ours, matrices), _size(others))


def _size(groups: list[dict[str, Any]]) -> str:
    tensors = [parameter for group in groups for parameter in group["params"]]
    numbers = sum(parameter.numel() for parameter in tensors)
    return f"{len(tensors):,} tensor{'s' if len(tensors) != 1 else ''} with {numbers:,} parameters"


def _rule(groups: list[dict[str, Any]], matrices: str | Sequence[str]) -> str:
    if not isinstance(matrices, str):
        return f"matrices: {', '.join(matrices)}"
    names = [name for group in groups for name in group.get("param_names", ())]
    if matrices != "auto" or not names:
        return f"matrices: {matrices}"
    # `auto` takes only names with this word, where there are any.
    narrowed = all(TRANSFORMER in name for name in names)
    return f"matrices: auto, which is hidden{f' and {TRANSFORMER} in the name' if narrowed else ''}"
