"""Handwritten digits, which come with scikit-learn."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from optim_core.validators import in_range

__all__ = ["Digits"]

# load_digits has so many images; to know it takes no import.
IMAGES = 1797
SIDE = 8
# A pixel is a number from 0 to this.
LIGHTEST = 16.0


@attrs.frozen(kw_only=True)
class Digits:
    """The 1797 handwritten digits of scikit-learn, 8 x 8 pixels each (Alpaydin and Kaynak 1998, UCI).

    An item is the pixels, float32 in [0, 1], and the digit, a number from 0 to 9. They are part of scikit-learn:
    nothing is downloaded.

    Args:
        part: "training" or "validation", which share no image, or "all".
        validation_share: the share of the images that are for validation, in (0, 1).
        seed: which images these are; ≥ 0, and the same for both parts.
        images: pixels of shape (1, 8, 8); false makes them one row of 64.
    """

    part: Literal["training", "validation", "all"] = "training"
    validation_share: float = attrs.field(default=0.2, validator=in_range(gt=0, lt=1))
    seed: int = attrs.field(default=0, validator=in_range(ge=0))
    images: bool = False

    def check(self) -> list[str]:
        """Return what is wrong: nothing, but where a share is so small that it is no image."""
        return [] if self.count() else [f"validation_share: of {IMAGES} images it leaves none for {self.part}"]

    def count(self) -> int:
        """Return how many images there are."""
        validation = round(IMAGES * self.validation_share)
        return {"all": IMAGES, "validation": validation, "training": IMAGES - validation}[self.part]

    def build(self) -> Any:
        """Read the images."""
        import numpy as np
        import torch
        from sklearn.datasets import load_digits

        from optim_training.datasets.arrays import Arrays

        pixels, digits = load_digits(return_X_y=True)
        order = np.arange(IMAGES) if self.part == "all" else np.random.default_rng(self.seed).permutation(IMAGES)
        chosen = order[-self.count() :] if self.part == "validation" else order[: self.count()]
        shape = (1, SIDE, SIDE) if self.images else (SIDE * SIDE,)
        inputs = torch.tensor(pixels[chosen] / LIGHTEST, dtype=torch.float32).reshape(-1, *shape)
        targets = torch.tensor(digits[chosen], dtype=torch.int64)
        return Arrays([inputs, targets], features=SIDE * SIDE, classes=10)
