"""An autoencoder of audio that is trained against a discriminator of spectra."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from optim_training.models.networks.autoencoder import AudioAutoencoder, audio_of, normed, spectra

__all__ = ["AdversarialAutoencoder", "SpectralDiscriminator"]

WIDTH = 16
LEAK = 0.2
AUTOENCODER, DISCRIMINATOR = "autoencoder", "discriminator"


class AdversarialAutoencoder(nn.Module):
    """An autoencoder and its discriminator, each with a loss of its own.

    Args:
        autoencoder: what makes reconstructions.
        channels: of the audio.
        stft_sizes: the lengths of the windows whose spectra the discriminator sees.
        adversarial_weight: of what the discriminator says of a reconstruction.
        feature_weight: of the difference of what it sees in both.
    """

    def __init__(
        self,
        autoencoder: AudioAutoencoder,
        channels: int,
        *,
        stft_sizes: Sequence[int],
        adversarial_weight: float,
        feature_weight: float,
    ) -> None:
        super().__init__()
        self.autoencoder = autoencoder
        self.discriminator = nn.ModuleList(SpectralDiscriminator(channels, size) for size in stft_sizes)
        self._adversarial_weight = adversarial_weight
        self._feature_weight = feature_weight

    @property
    def sample_rate(self) -> int | None:
        """The rate of the audio, None where nobody has said it."""
        return self.autoencoder.sample_rate

    @property
    def trained(self) -> dict[str, nn.Module]:
        """What each optimizer trains."""
        return {DISCRIMINATOR: self.discriminator, AUTOENCODER: self.autoencoder}

    def forward(self, audio: Tensor) -> Tensor:
        """Return the audio as it comes back, of the same shape."""
        made: Tensor = self.autoencoder(audio)
        return made

    def losses(self, batch: Any) -> Mapping[str, Callable[[], Tensor]]:
        """Return the loss of the discriminator, and that of the autoencoder, to be computed after the other's step."""
        audio = audio_of(batch)
        return {
            DISCRIMINATOR: lambda: self._loss_of_discriminator(audio),
            AUTOENCODER: lambda: self._loss_of_autoencoder(audio),
        }

    def metrics(self, batch: Any) -> dict[str, Tensor]:
        """Return how far a reconstruction is off, whatever the discriminator says: the spectra, and the waves."""
        losses = self.autoencoder.loss(batch)
        return {name: losses[name] for name in ("spectra", "waves")}

    def reconstruct(self, batch: Any) -> Tensor:
        """Return the audio of a batch as it comes back."""
        return self.autoencoder.reconstruct(batch)

    def _loss_of_discriminator(self, audio: Tensor) -> Tensor:
        with torch.no_grad():
            made = self.autoencoder(audio)
        losses = [
            functional.relu(1 - judge(audio)[-1]).mean() + functional.relu(1 + judge(made)[-1]).mean()
            for judge in self.discriminator
        ]
        return torch.stack(losses).mean()

    def _loss_of_autoencoder(self, audio: Tensor) -> Tensor:
        made = self.autoencoder(audio)
        loss: Tensor = self.autoencoder.reconstruction_loss(made, audio)["loss"]
        says, sees = [], []
        for judge in self.discriminator:
            *of_made, verdict = judge(made)
            with torch.no_grad():
                *of_audio, _ = judge(audio)
            says.append(-verdict.mean())
            sees += [
                functional.l1_loss(first, second) / second.abs().mean().clamp_min(1e-3)
                for first, second in zip(of_made, of_audio, strict=True)
            ]
        return (
            loss + self._adversarial_weight * torch.stack(says).mean() + self._feature_weight * torch.stack(sees).mean()
        )


class SpectralDiscriminator(nn.Module):
    """Layers over the spectra of one resolution.

    Args:
        channels: of the audio.
        size: the length of the windows, in samples.
    """

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self._channels = channels
        self._size = size
        parts = 2 * channels
        self.layers = nn.ModuleList(
            normed(nn.Conv2d(before, WIDTH, (3, 9), stride=(1, stride), padding=(1, 4)), weight_norm=True)
            for before, stride in ((parts, 1), (WIDTH, 2), (WIDTH, 2))
        )
        self.verdict = normed(nn.Conv2d(WIDTH, 1, 3, padding=1), weight_norm=True)

    def forward(self, audio: Tensor) -> list[Tensor]:
        """Return what each layer makes of audio of shape (batch, channels, samples), and the verdict last."""
        seen = spectra(audio, self._size) / self._size**0.5
        parts = torch.cat([seen.real, seen.imag]).unflatten(0, (2, -1, self._channels))
        # To (batch, parts, moments, frequencies).
        image = parts.permute(1, 0, 2, 4, 3).flatten(1, 2)
        made = []
        for layer in self.layers:
            image = functional.leaky_relu(layer(image), LEAK)
            made.append(image)
        return [*made, self.verdict(image)]
