"""Dense layers that give a log hazard, and Cox's partial likelihood."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from optim_core import OptimError
from optim_training.models.networks.dense import dense_layers

with warnings.catch_warnings():
    # Its module compiles functions as torch no longer recommends.
    warnings.filterwarnings("ignore", message=".*torch.jit.script", category=DeprecationWarning)
    from torchsurv.loss.cox import neg_partial_log_likelihood
    from torchsurv.metrics.cindex import ConcordanceIndex

__all__ = ["CoxNetwork", "require_outcomes"]


def require_outcomes(batch: Any) -> None:
    """Refuse batches that are not inputs, times and events.

    Raises:
        OptimError: the batch is something else.
    """
    triple = isinstance(batch, (list, tuple)) and len(batch) == 3 and all(isinstance(part, Tensor) for part in batch)
    if not triple or batch[1].dim() != 1 or batch[1].shape != batch[2].shape:
        raise OptimError(
            "the model `survival` takes batches of inputs, times and events, such as those of the dataset "
            "`survival_table`, and the data have others"
        )


class CoxNetwork(nn.Module):
    """Dense layers that give the logarithm of a hazard, which is proportional to it at all times.

    Args:
        inputs: how many numbers an item has.
        hidden: the widths between.
        negative_slope: of the leaky ReLU.
        dropout: after each hidden layer.
        ties: "efron" or "breslow".
    """

    def __init__(self, inputs: int, *, hidden: Sequence[int], negative_slope: float, dropout: float, ties: str) -> None:
        super().__init__()
        self.layers = dense_layers(inputs, 1, hidden, negative_slope, dropout)
        self._ties = ties
        self._has_warned = False

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the log hazard of each row, of shape (batch,)."""
        hazards: Tensor = self.layers(inputs.flatten(1)).squeeze(-1)
        return hazards

    def loss(self, batch: Sequence[Tensor]) -> Tensor:
        """Return the negative partial log likelihood, by event."""
        inputs, times, events = batch
        if not self._has_warned and not bool(events.any()):
            self._has_warned = True
            warnings.warn(
                f"a batch of {len(events)} rows has no event, of which Cox's likelihood says nothing: its loss is 0. "
                "Larger batches, or `event_aware: true` of the dataset, give each batch events",
                UserWarning,
                stacklevel=2,
            )
        return self._likelihood(self(inputs), times, events)

    def predictions(self, batch: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return the log hazard of each row beside its time and event."""
        inputs, times, events = batch
        return {"hazard": self(inputs), "time": times, "event": events}

    def metrics_of_all(self, predictions: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the likelihood with all rows at risk, and the concordance index (Harrell 1982).

        The index is the share of pairs of which it is known who was first, and the model says so; 0.5 is chance. It is
        not told where there is no such pair.
        """
        hazards, times, events = predictions["hazard"], predictions["time"], predictions["event"]
        told = {"cox_loss": self._likelihood(hazards, times, events)}
        # A pair can be compared where an event comes before another row's time.
        if bool((times[events] < times.max()).any()):
            told["concordance_index"] = ConcordanceIndex()(hazards.detach(), events, times, instate=False)
        return told

    def _likelihood(self, hazards: Tensor, times: Tensor, events: Tensor) -> Tensor:
        # One row alone is at risk by itself: whatever its hazard, its event was to be expected.
        if len(hazards) < 2 or not bool(events.any()):
            return hazards.sum() * 0.0
        with warnings.catch_warnings():
            # It says at each call that there are ties, and how it takes them, which is what `ties` has said.
            warnings.filterwarnings("ignore", message="Ties in `time` detected")
            likelihood: Tensor = neg_partial_log_likelihood(
                hazards, events, times, ties_method=self._ties, reduction="mean"
            )
        return likelihood
