"""audio: recordings, and what a model makes of them."""

from __future__ import annotations

from typing import Any

import attrs

from optim_core.validators import in_range

__all__ = ["Audio"]


@attrs.frozen(kw_only=True)
class Audio:
    """Recordings, each followed by what the model makes of it, in ``recon_00000001.wav``, and a picture of the spectra.

    Batches are audio of shape (batch, channels, samples), alone or as the first of several parts. What the model makes
    is ``model.reconstruct(batch)``, where it has that, else ``model(audio)``.

    Args:
        num_demos: how many recordings of a batch, ≥ 1.
        sample_rate: samples a second, > 0; null is that of the model config, of the model, or else of the data.
    """

    num_demos: int = attrs.field(default=4, validator=in_range(ge=1))
    sample_rate: int | None = attrs.field(default=None, validator=attrs.validators.optional(in_range(gt=0)))

    def build(self, model: Any) -> Any:
        """Make the demo."""
        from optim_training.demos.live.audio import AudioDemo

        return AudioDemo(model, self.num_demos, self.sample_rate)

    @classmethod
    def example_shown(cls) -> tuple[Any, Any]:
        """Return a model and a batch with which the demo can be tried: two tones, which come back as they are."""
        import torch

        tones = torch.stack([(torch.arange(4096.0) * speed).sin() for speed in (0.05, 0.11)])[:, None]
        return torch.nn.Identity(), (0.5 * tones, [{"sample_rate": 8000}, {"sample_rate": 8000}])
