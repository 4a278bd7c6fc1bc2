"""What the training data say of themselves to whoever makes a model for them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from optim_core import OptimError
from optim_training.loading.loaders import Loader

__all__ = ["Data"]

_SAYS = {
    "features": "how many numbers an item has",
    "classes": "how many classes its items belong to",
    "vocabulary": "how many symbols its items are made of",
}


class Data:
    """What a model's ``build`` is given: three numbers of the dataset, the dataset itself, and a first batch.

    Args:
        name: the ``dataset_type``, for messages.
        loader: the loader of what is trained.

    Raises:
        OptimError: when one of the numbers is asked for that the dataset does not say.

    Example:
        >>> from optim_training.loading.facts import Data
        >>> from optim_training.loading.loaders import training_loader
        >>> class Points(list):
        ...     features = 2
        >>> data = Data("points", training_loader(Points([0.0, 1.0, 2.0, 3.0]), batch_size=2, seed=42))
        >>> data.features, len(data.first_batch)
        (2, 2)
    """

    def __init__(self, name: str, loader: Loader) -> None:
        self.name = name
        self.dataset: Any = loader.dataset.dataset  # type: ignore[attr-defined]
        self._loader = loader

    @property
    def features(self) -> int:
        """How many numbers an item has."""
        return self._said("features")

    @property
    def classes(self) -> int:
        """How many classes the items belong to."""
        return self._said("classes")

    @property
    def vocabulary(self) -> int:
        """How many symbols the items are made of."""
        return self._said("vocabulary")

    @cached_property
    def first_batch(self) -> Any:
        """The first batch of the first epoch of this process, as the model will be given it, on the CPU."""
        loader = self._loader
        order, items = loader.order, loader.dataset
        places = order.places(epoch=0, batch=0)
        return loader.collate_fn(items.__getitems__(places))  # type: ignore[attr-defined]

    def _said(self, what: str) -> int:
        value = getattr(self.dataset, what, None)
        if value is None:
            raise OptimError(
                f"the dataset `{self.name}` does not say {_SAYS[what]}, which this model is made for: take a dataset "
                f"that does, or give what its `build` makes an attribute `{what}`{self._others()}"
            )
        return int(value)

    def _others(self) -> str:
        said = [what for what in _SAYS if getattr(self.dataset, what, None) is not None]
        return f"; it says its {', '.join(said)}" if said else ""
