"""What a model says of every item of a validation, put together over batches and processes."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["Predictions"]


class Predictions:
    """Named tensors with a row for each item.

    Example:
        >>> import torch
        >>> from optim_training.predictions import Predictions
        >>> predictions = Predictions()
        >>> predictions.add({"risk": torch.tensor([1.0, 2.0])})
        >>> predictions.add({"risk": torch.tensor([3.0])})
        >>> predictions.take()
        {'risk': tensor([1., 2., 3.])}
    """

    def __init__(self) -> None:
        self._batches: dict[str, list[Tensor]] = {}

    def add(self, batch: Mapping[str, Tensor]) -> None:
        """Add those of a batch, which are kept outside of the accelerator."""
        for name, rows in batch.items():
            self._batches.setdefault(name, []).append(rows.detach().cpu())

    def take(self, processes: int = 1) -> dict[str, Tensor]:
        """Return those of all batches, and begin anew.

        Args:
            processes: how many processes have a share of the items; each calls this, and gets all.
        """
        own = {name: torch.cat(rows) for name, rows in self._batches.items()}
        self._batches = {}
        if processes == 1:
            return own
        shares: list[dict[str, Tensor]] = [{} for _ in range(processes)]
        torch.distributed.all_gather_object(shares, own)
        return {name: torch.cat([share[name] for share in shares]) for name in own}
