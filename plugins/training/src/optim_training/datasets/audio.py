"""Folders of audio files, in the format of stable-audio-tools' dataset configs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core import OptimError
from optim_core.validators import FieldError, in_range
from optim_training.datasets.problems import Problems
from optim_training.datasets.sound.files import find_sounds, require_whole

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["AudioDir", "AudioFolder"]

Item = tuple["Tensor", dict[str, Any]]


@attrs.frozen(kw_only=True)
class AudioFolder:
    """A folder with audio files.

    Args:
        path: the folder; all below it count.
        id: a name for it, of which nothing depends.
        custom_metadata_module: null. Elsewhere it is a Python file, which a config would have run.
    """

    path: str
    id: str = ""
    custom_metadata_module: str | None = attrs.field(default=None)

    @custom_metadata_module.validator
    def _is_none(self, attribute: attrs.Attribute[Any], value: str | None) -> None:
        if value is not None:
            raise FieldError(
                f"must be null, is {value!r}: a config names no code that is run",
                "a dataset of your own can give metadata: write it as a plugin (`optim new`)",
            )


@attrs.frozen(kw_only=True)
class AudioDir:
    """Audio files in folders, read in parts: WAV, FLAC, Ogg, MP3, AIFF.

    An item is the audio, float32 in [-1, 1] of shape (audio_channels, sample_size), and a mapping of what is known of
    it: ``path``, ``relpath``, ``seconds_start``, ``seconds_total``, ``sample_rate`` and ``padding_mask``, which is true
    where there is audio. A batch is the audio, of shape (batch, audio_channels, sample_size), and a list of mappings.
    A file of another rate is converted, one that is too short is followed by zeros. As the config of
    stable-audio-tools, but for files that cannot be read and for silence, which nothing replaces, and for `drop_last`.

    Args:
        datasets: the folders.
        random_crop: train with another part of a file in every epoch; false takes the beginning.
        phase_flip: train with every other item upside down, which nobody hears.
        drop_last: leave out the last batch of an epoch where it is smaller than the others; by default all is trained.
        sample_rate: samples a second, > 0; null is that of the model config.
        sample_size: samples an item has, > 0; null is that of the model config.
        audio_channels: 1 takes the mean of a file's channels, 2 repeats a single one; null is that of the model config.
    """

    example: ClassVar[Mapping[str, Any]] = {"datasets": [{"path": "sounds"}], "sample_rate": 8000, "sample_size": 512}

    datasets: tuple[AudioFolder, ...] = attrs.field()
    random_crop: bool = True
    phase_flip: bool = True
    drop_last: bool = False
    sample_rate: int | None = attrs.field(default=None, validator=attrs.validators.optional(in_range(gt=0)))
    sample_size: int | None = attrs.field(default=None, validator=attrs.validators.optional(in_range(gt=0)))
    audio_channels: int | None = attrs.field(default=None, validator=attrs.validators.optional(in_range(gt=0)))

    @datasets.validator
    def _are_some(self, attribute: attrs.Attribute[Any], value: tuple[AudioFolder, ...]) -> None:
        if not value:
            raise FieldError("must name at least one folder", 'such as [{"id": "mine", "path": "audio"}]')

    @classmethod
    def example_files(cls, folder: Path) -> None:
        """Write the files of `example` into a folder."""
        import numpy as np
        import soundfile

        (folder / "sounds").mkdir()
        for number in range(8):
            tone = 0.5 * np.sin(np.arange(2000) * (0.1 + 0.02 * number))
            soundfile.write(folder / "sounds" / f"{number}.wav", tone, 8000)

    def check(self) -> list[str]:
        """Return what is wrong with the files: each is opened, and read at its end."""
        problems = Problems()
        for name in ("sample_rate", "sample_size"):
            if getattr(self, name) is None:
                problems.add(f"{name}: neither this config has it nor, beside `model`, the model config")
        for sound in find_sounds(self._folders, problems):
            require_whole(sound, problems)
        return problems.told()

    def count(self) -> int | None:
        """Return how many files there are, None where that cannot be said."""
        problems = Problems()
        found = find_sounds(self._folders, problems)
        return None if problems else len(found)

    def build(self) -> Any:
        """Find the files.

        Raises:
            OptimError: there is none, or neither config gives `sample_rate` and `sample_size`.
        """
        from optim_training.datasets.sound.recordings import Recordings

        problems = Problems()
        sounds = find_sounds(self._folders, problems)
        problems.refuse()
        return Recordings(sounds, *self._shape)

    def augment(self, item: Item, generator: torch.Generator) -> Item:
        """Return another part of the file, and half of the time its negative.

        Args:
            item: what the dataset gives.
            generator: where the random numbers come from.
        """
        import torch

        from optim_training.datasets.sound.recordings import part

        # Both are drawn whatever is asked for, so that one option changes nothing of the other.
        at, flip = torch.rand(2, generator=generator).tolist()
        audio, known = item
        if self.random_crop and known["seconds_total"] * known["sample_rate"] > audio.shape[-1]:
            names = {name: known[name] for name in ("path", "relpath")}
            audio, known = part(names, at, *self._shape)
        return (-audio if self.phase_flip and flip < 0.5 else audio), known

    def collate(self, items: Sequence[Item]) -> tuple[Tensor, list[dict[str, Any]]]:
        """Return a batch: the audio of all in one tensor, and what is known of each in a list."""
        import torch

        return torch.stack([audio for audio, _ in items]), [known for _, known in items]

    @property
    def _folders(self) -> tuple[Path, ...]:
        return tuple(Path(each.path) for each in self.datasets)

    @property
    def _shape(self) -> tuple[int, int, int]:
        if self.sample_rate is None or self.sample_size is None:
            raise OptimError(
                "neither the dataset config nor, beside `model`, the model config has both "
                "`sample_rate` and `sample_size`"
            )
        return self.sample_rate, self.sample_size, self.audio_channels or 2
