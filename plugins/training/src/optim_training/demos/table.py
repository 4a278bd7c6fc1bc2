"""table: rows, and what a model predicts of them."""

from __future__ import annotations

from typing import Any

import attrs

from optim_core.validators import in_range

__all__ = ["Table"]


@attrs.frozen(kw_only=True)
class Table:
    """What a model predicts of rows beside what is right, in ``table_00000001.csv``.

    The columns are those of ``model.predictions(batch)``, a mapping of names to tensors, where the model has that; else
    the second part of a batch is what is right, and ``model(inputs)`` of the first part is what is predicted: a number,
    several, or one for each class, of which the likeliest is shown with its share.

    Args:
        num_demos: how many rows of a batch, ≥ 1.
    """

    num_demos: int = attrs.field(default=10, validator=in_range(ge=1))

    def build(self, model: Any) -> Any:
        """Make the demo."""
        from optim_training.demos.live.table import TableDemo

        return TableDemo(model, self.num_demos)
