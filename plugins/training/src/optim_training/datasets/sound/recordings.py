"""Parts of audio files as tensors, at one rate and with so many channels. It is made in the training alone."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, gcd
from typing import Any

import numpy as np
import soundfile
import torch
from scipy.signal import resample_poly
from torch import Tensor

from optim_core import OptimError
from optim_training.datasets.sound.files import Sound

__all__ = ["Recordings"]


class Recordings:
    """The beginnings of audio files, each with what is known of it; another part is read by `part`.

    Args:
        sounds: the files.
        rate: samples a second, to which other rates are converted.
        size: samples an item has; a shorter file is followed by zeros.
        channels: 1 takes the mean of all; more repeat those of the file, or leave out what is beyond them.
    """

    def __init__(self, sounds: Sequence[Sound], rate: int, size: int, channels: int) -> None:
        self._sounds = tuple(sounds)
        self._rate = rate
        self._size = size
        self._channels = channels

    def __len__(self) -> int:
        return len(self._sounds)

    def __getitem__(self, index: int) -> tuple[Tensor, dict[str, Any]]:
        sound = self._sounds[index]
        known = {"path": str(sound.path), "relpath": sound.path.relative_to(sound.folder).as_posix()}
        return part(known, 0.0, self._rate, self._size, self._channels)


def part(known: dict[str, Any], at: float, rate: int, size: int, channels: int) -> tuple[Tensor, dict[str, Any]]:
    """Read `size` samples of a file: float32 in [-1, 1], of shape (channels, size), and what is known of them.

    Args:
        known: `path` and `relpath` of the file.
        at: where the part begins, of all places where a whole one may: 0 is the first, and 1 the last.
        rate: samples a second.
        size: samples.
        channels: as `Recordings` has them.

    Raises:
        OptimError: the file cannot be read.
    """
    try:
        with soundfile.SoundFile(known["path"]) as file:
            frames, own_rate = file.frames, file.samplerate
            needed = ceil(size * own_rate / rate)
            start = min(int(at * (max(frames - needed, 0) + 1)), max(frames - needed, 0))
            audio = _read(file, start, needed, rate)[:, :size]
    except (soundfile.LibsndfileError, OSError) as error:
        raise OptimError(f"{known['path']}: it cannot be read: {error}") from error
    heard = torch.from_numpy(np.ascontiguousarray(_with_channels(audio, channels))).clamp(-1, 1)
    padded = torch.nn.functional.pad(heard, (0, size - heard.shape[1]))
    return padded, {
        **known,
        "seconds_start": start / own_rate,
        "seconds_total": frames / own_rate,
        "sample_rate": rate,
        "padding_mask": torch.arange(size) < heard.shape[1],
    }


def _read(file: Any, start: int, needed: int, rate: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return so many frames at another rate, as the whole file's conversion has them there; shape (channels, time)."""
    shared = gcd(rate, file.samplerate)
    up, down = rate // shared, file.samplerate // shared
    if up == down:
        file.seek(start)
        plain: np.ndarray[Any, np.dtype[np.float32]] = file.read(needed, dtype="float32", always_2d=True).T
        return plain
    # The filter reaches over ten samples of the lower rate; before the start it is given whole periods of both rates.
    reach = ceil(10 * max(1.0, down / up) / down) * down
    before = min(start // down * down, reach)
    file.seek(start - before)
    frames = file.read(before + needed + reach, dtype="float32", always_2d=True).T
    converted = resample_poly(frames, up, down, axis=1).astype(np.float32)
    first = before // down * up
    length = min(ceil(needed * up / down), ceil((frames.shape[1] - before) * up / down))
    return np.asarray(converted[:, first : first + length])


def _with_channels(
    audio: np.ndarray[Any, np.dtype[np.float32]], channels: int
) -> np.ndarray[Any, np.dtype[np.float32]]:
    if channels == 1 or len(audio) == channels:
        return audio if len(audio) == channels else audio.mean(axis=0, keepdims=True)
    return np.asarray(audio[np.arange(channels) % len(audio)])
