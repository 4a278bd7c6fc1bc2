"""The demo of audio."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from matplotlib.figure import Figure
from torch import Tensor

from optim_core import OptimError
from optim_training.demos.live.batches import first_part, rows_of

__all__ = ["AudioDemo"]

_WINDOW = 512
# What is 80 decibels below the loudest is black.
_RANGE = 80.0


class AudioDemo:
    """Recordings, each followed by what a model makes of it.

    Args:
        model: what makes it.
        count: how many recordings of a batch.
        sample_rate: None where the model or the data say it.
    """

    def __init__(self, model: Any, count: int, sample_rate: int | None) -> None:
        self._model, self._count, self._rate = model, count, sample_rate

    def show(self, batch: Any, step: int, folder: Path) -> list[Path]:
        """Write ``recon_00000001.wav`` and ``recon_00000001.png``.

        Raises:
            OptimError: the batch is no audio, or nobody says its rate.
        """
        audio = first_part(batch, "audio")
        if audio.dim() != 3 or not audio.is_floating_point():
            raise OptimError(f"audio has the shape (batch, channels, samples), and the data have {tuple(audio.shape)}")
        rate = self._rate or getattr(self._model, "sample_rate", None) or _rate_of(batch)
        if rate is None:
            raise OptimError("nothing says the sample rate of the audio: give training.demo.sample_rate")
        few = rows_of(batch, self._count)
        own = getattr(self._model, "reconstruct", None)
        made = own(few) if callable(own) else self._model(first_part(few, "audio"))
        waves = [(_wave(before), _wave(after)) for before, after in zip(first_part(few, "audio"), made, strict=True)]
        sound, picture = folder / f"recon_{step:08}.wav", folder / f"recon_{step:08}.png"
        soundfile.write(sound, np.concatenate([wave for pair in waves for wave in pair]), int(rate), subtype="PCM_16")
        _draw(waves, int(rate), step).savefig(picture, dpi=100)
        return [sound, picture]


def _rate_of(batch: Any) -> int | None:
    """Return the rate that the data say beside the audio, as stable-audio-tools' do."""
    parts = batch[1:] if isinstance(batch, (list, tuple)) else ()
    for part in parts:
        told = part[0] if isinstance(part, (list, tuple)) and part else part
        if isinstance(told, Mapping) and "sample_rate" in told:
            return int(torch.as_tensor(told["sample_rate"]).flatten()[0])
    return None


def _wave(audio: Tensor) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return samples by channels, in the range that a file holds."""
    wave: np.ndarray[Any, np.dtype[np.float32]] = audio.detach().float().clamp(-1, 1).T.cpu().numpy()
    return wave


def _draw(waves: list[tuple[Any, Any]], rate: int, step: int) -> Figure:
    figure = Figure(figsize=(2.5 * len(waves) + 0.5, 4.5), layout="constrained")
    grid = figure.subplots(2, len(waves), squeeze=False, sharex=True, sharey=True)
    for column, pair in enumerate(waves):
        levels = [_levels(wave) for wave in pair]
        loudest = max(level.max() for level in levels)
        for axes, level in zip(grid[:, column], levels, strict=True):
            span = (0.0, len(pair[0]) / rate, 0.0, rate / 2000)
            axes.imshow(level, origin="lower", aspect="auto", extent=span, vmin=loudest - _RANGE, vmax=loudest)
    for axes, name in zip(grid[:, 0], ("recording", "model"), strict=True):
        axes.set_ylabel(f"{name}, kHz")
    for axes in grid[1]:
        axes.set_xlabel("seconds")
    figure.suptitle(f"step {step}")
    return figure


def _levels(wave: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return decibels of shape (frequencies, moments), of the mean of the channels."""
    mono = torch.from_numpy(wave.mean(axis=1).copy())
    mono = torch.nn.functional.pad(mono, (0, max(0, _WINDOW - len(mono))))
    spectrum = torch.stft(
        mono, _WINDOW, _WINDOW // 4, window=torch.hann_window(_WINDOW), center=False, return_complex=True
    )
    levels: np.ndarray[Any, np.dtype[np.float64]] = 20 * np.log10(spectrum.abs().double().numpy() + 1e-7)
    return levels
