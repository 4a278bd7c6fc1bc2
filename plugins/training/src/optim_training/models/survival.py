"""A network for survival data, trained by Cox's partial likelihood."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import attrs

from optim_core.validators import each, fraction, in_range

__all__ = ["Survival"]


@attrs.frozen(kw_only=True)
class Survival:
    """Dense layers that give the log hazard, trained by the partial likelihood of a batch (Cox 1972; torchsurv).

    A batch is inputs, times and events, as `survival_table` has them. Rows at risk are those of the batch, so that
    larger batches are better; in several processes each has its own. A batch without an event says nothing: its loss
    is 0, of which there is one warning. It tells the likelihood and the concordance index of all validation rows.

    Args:
        hidden: the widths of the layers, each ≥ 1; none makes Cox's linear model.
        negative_slope: of the leaky ReLU below 0, ≥ 0.
        dropout: in [0, 1).
        ties: how rows count whose events have the same time: "efron" (1977) or "breslow" (1974).
    """

    demo_type: ClassVar[str] = "table"

    hidden: tuple[int, ...] = attrs.field(default=(32, 16), validator=each(in_range(ge=1)))
    negative_slope: float = attrs.field(default=0.1, validator=in_range(ge=0))
    dropout: float = attrs.field(default=0.1, validator=fraction)
    ties: Literal["efron", "breslow"] = "efron"

    def build(self, data: Any) -> Any:
        """Make the network for the features of the data.

        Raises:
            OptimError: the batches of the data are no inputs, times and events.
        """
        from optim_training.models.networks.cox import CoxNetwork, require_outcomes

        require_outcomes(data.first_batch)
        return CoxNetwork(
            data.features,
            hidden=self.hidden,
            negative_slope=self.negative_slope,
            dropout=self.dropout,
            ties=self.ties,
        )

    @classmethod
    def example_data(cls) -> Any:
        """Return data with which the model can be tried: eight rows with two covariates."""
        from types import SimpleNamespace

        import torch

        rows = torch.linspace(-1.0, 1.0, 16).reshape(8, 2)
        batch = (rows, torch.arange(1.0, 9.0), torch.arange(8) % 2 == 0)
        return SimpleNamespace(features=2, first_batch=batch)
