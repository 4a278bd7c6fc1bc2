"""image: pictures, and what a model says of them or makes of them."""

from __future__ import annotations

from typing import Any

import attrs

from optim_core.validators import in_range

__all__ = ["Image"]


@attrs.frozen(kw_only=True)
class Image:
    """Pictures in ``image_00000001.png``, with the class that the model gives each, or with what it makes of each.

    Batches are pictures of shape (batch, channels, height, width), (batch, height, width), or (batch, height * width)
    where they are square, alone or as the first of several parts, of which the second may be the right classes. Where
    ``model(pictures)`` has their shape it is shown below them; else its largest number names the class.

    Args:
        num_demos: how many pictures of a batch, ≥ 1.
    """

    num_demos: int = attrs.field(default=16, validator=in_range(ge=1))

    def build(self, model: Any) -> Any:
        """Make the demo."""
        from optim_training.demos.live.image import ImageDemo

        return ImageDemo(model, self.num_demos)

    @classmethod
    def example_shown(cls) -> tuple[Any, Any]:
        """Return a model and a batch with which the demo can be tried: four pictures of one colour each."""
        import torch

        pictures = torch.linspace(0.0, 1.0, 4)[:, None, None, None].expand(4, 1, 8, 8).contiguous()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3)), (pictures, torch.arange(4) % 3)
