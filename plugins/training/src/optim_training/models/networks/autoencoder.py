"""A convolutional autoencoder of audio, and a loss of its spectra."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from optim_core import OptimError

__all__ = ["AudioAutoencoder", "SpectralLoss", "audio_of", "channels_and_rate", "normed"]

WIDEST = 8
DILATIONS = (1, 3, 9)
KERNEL = 7
# Spectra have zeros, of which there is no logarithm.
QUIETEST = 1e-5


def audio_of(batch: Any) -> Tensor:
    """Return the audio of a batch, which may have more parts.

    Raises:
        OptimError: there is none, of shape (batch, channels, samples).
    """
    audio = batch[0] if isinstance(batch, (list, tuple)) and len(batch) else batch
    if not isinstance(audio, Tensor) or audio.dim() != 3 or not audio.is_floating_point():
        raise OptimError(
            "the model `autoencoder` takes audio of shape (batch, channels, samples), such as that of the "
            "dataset `audio_dir`, and the data have something else"
        )
    return audio


def channels_and_rate(batch: Any, channels: int | None, rate: int | None) -> tuple[int, int | None]:
    """Return how many channels the audio has, and its rate, None where nothing says it.

    Args:
        batch: a first one.
        channels: what a config says.
        rate: what a config says.

    Raises:
        OptimError: the audio has other channels, or another rate.
    """
    found = audio_of(batch).shape[1]
    if channels is not None and channels != found:
        raise OptimError(f"`audio_channels` is {channels}, and the audio of the data has {found}")
    known = batch[1] if isinstance(batch, (list, tuple)) and len(batch) > 1 else None
    first = known[0] if isinstance(known, (list, tuple)) and known else None
    of_data = first.get("sample_rate") if isinstance(first, dict) else None
    if rate is not None and of_data is not None and rate != of_data:
        raise OptimError(f"`sample_rate` is {rate}, and that of the data {of_data}")
    return found, rate if rate is not None else of_data


def normed(layer: nn.Module, weight_norm: bool) -> nn.Module:
    """Return the layer, with the direction and length of its weights apart where that is asked for."""
    return parametrizations.weight_norm(layer) if weight_norm else layer


class SpectralLoss(nn.Module):
    """How far the spectra of two recordings are apart, at several resolutions.

    The sum over resolutions of the spectral convergence and of the mean absolute difference of the logarithms, divided
    by how many there are, and so much of the mean absolute difference of the waves.

    Args:
        sizes: lengths of the windows, in samples; one that is longer than the audio is left out, but for the shortest.
        waveform_weight: of the waves.
    """

    def __init__(self, sizes: Sequence[int], waveform_weight: float) -> None:
        super().__init__()
        self._sizes = tuple(sizes)
        self._waveform_weight = waveform_weight

    def forward(self, made: Tensor, wanted: Tensor) -> dict[str, Tensor]:
        """Return the loss, and its parts: `spectra` and `waves`."""
        sizes = [size for size in self._sizes if size <= wanted.shape[-1]] or [min(self._sizes)]
        parts = [self._of_size(made, wanted, size) for size in sizes]
        spectra = torch.stack(parts).mean()
        waves = functional.l1_loss(made, wanted)
        return {"loss": spectra + self._waveform_weight * waves, "spectra": spectra, "waves": waves}

    def _of_size(self, made: Tensor, wanted: Tensor, size: int) -> Tensor:
        first, second = magnitudes(made, size), magnitudes(wanted, size)
        convergence: Tensor = (second - first).norm() / second.norm().clamp_min(QUIETEST)
        return convergence + functional.l1_loss(first.clamp_min(QUIETEST).log(), second.clamp_min(QUIETEST).log())


def magnitudes(audio: Tensor, size: int) -> Tensor:
    """Return the magnitudes of the spectra of each channel, of shape (batch * channels, size / 2 + 1, moments)."""
    found: Tensor = spectra(audio, size).abs()
    return found


def spectra(audio: Tensor, size: int) -> Tensor:
    """Return the spectra of each channel, of shape (batch * channels, size / 2 + 1, moments)."""
    window = torch.hann_window(size, device=audio.device)
    waves = audio.flatten(0, 1).float()
    if waves.shape[-1] < size:
        waves = functional.pad(waves, (0, size - waves.shape[-1]))
    return torch.stft(waves, size, hop_length=max(size // 4, 1), window=window, center=False, return_complex=True)


class AudioAutoencoder(nn.Module):
    """An encoder that shortens audio, and a decoder that makes audio of what is left.

    Args:
        channels: of the audio.
        width: channels of the first layer.
        strides: by how much each layer of the encoder shortens.
        latent: channels of what is between.
        weight_norm: whether weights have direction and length apart.
        loss: of a reconstruction.
        sample_rate: of the audio, None where nobody has said it.
    """

    def __init__(
        self,
        channels: int,
        *,
        width: int,
        strides: Sequence[int],
        latent: int,
        weight_norm: bool,
        loss: SpectralLoss,
        sample_rate: int | None,
    ) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.shortening = prod(strides)
        widths = [width * min(2**number, WIDEST) for number in range(len(strides) + 1)]
        down, up = list(zip(widths, widths[1:], strides, strict=False)), []
        encoder: list[nn.Module] = [_convolution(channels, width, KERNEL, weight_norm)]
        for before, after, stride in down:
            encoder += [_Residual(before, dilation, weight_norm) for dilation in DILATIONS]
            encoder += [nn.ELU(), normed(nn.Conv1d(before, after, 2 * stride, stride, -(-stride // 2)), weight_norm)]
            up.append((after, before, stride))
        encoder += [nn.ELU(), _convolution(widths[-1], latent, 3, weight_norm)]
        decoder: list[nn.Module] = [_convolution(latent, widths[-1], KERNEL, weight_norm)]
        for before, after, stride in reversed(up):
            made = nn.ConvTranspose1d(before, after, 2 * stride, stride, -(-stride // 2), output_padding=stride % 2)
            decoder += [nn.ELU(), normed(made, weight_norm)]
            decoder += [_Residual(after, dilation, weight_norm) for dilation in DILATIONS]
        decoder += [nn.ELU(), _convolution(width, channels, KERNEL, weight_norm)]
        self.encoder = nn.Sequential(*encoder)
        self.decoder = nn.Sequential(*decoder)
        self._loss = loss

    def encode(self, audio: Tensor) -> Tensor:
        """Return the latent, of shape (batch, latent, samples / shortening), the samples being rounded up to whole."""
        missing = -audio.shape[-1] % self.shortening
        latent: Tensor = self.encoder(functional.pad(audio, (0, missing))).tanh()
        return latent

    def decode(self, latent: Tensor) -> Tensor:
        """Return audio in [-1, 1], of shape (batch, channels, moments * shortening)."""
        audio: Tensor = self.decoder(latent).tanh()
        return audio

    def forward(self, audio: Tensor) -> Tensor:
        """Return the audio as it comes back, of the same shape."""
        return self.decode(self.encode(audio))[..., : audio.shape[-1]]

    def loss(self, batch: Any) -> dict[str, Tensor]:
        """Return the loss of a reconstruction, and its parts."""
        audio = audio_of(batch)
        return self.reconstruction_loss(self(audio), audio)

    def reconstruction_loss(self, made: Tensor, wanted: Tensor) -> dict[str, Tensor]:
        """Return how far audio is from what it was to be, and the parts of that."""
        losses: dict[str, Tensor] = self._loss(made, wanted)
        return losses

    def reconstruct(self, batch: Any) -> Tensor:
        """Return the audio of a batch as it comes back."""
        made: Tensor = self(audio_of(batch))
        return made


def _convolution(before: int, after: int, kernel: int, weight_norm: bool, dilation: int = 1) -> nn.Module:
    """Return a layer that keeps the length."""
    padding = dilation * (kernel - 1) // 2
    return normed(nn.Conv1d(before, after, kernel, padding=padding, dilation=dilation), weight_norm)


class _Residual(nn.Module):
    def __init__(self, width: int, dilation: int, weight_norm: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ELU(),
            _convolution(width, width, 3, weight_norm, dilation),
            nn.ELU(),
            _convolution(width, width, 1, weight_norm),
        )

    def forward(self, audio: Tensor) -> Tensor:
        added: Tensor = self.layers(audio)
        return audio + added
