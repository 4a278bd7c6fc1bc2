"""The audio files in folders, and what is wrong with each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs

from optim_training.datasets.problems import Problems, missing_path
from optim_training.datasets.sound.containers import cut_short

__all__ = ["Sound", "find_sounds", "require_whole"]

READ = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".opus")
# Audio too, which libsndfile cannot read: who has it in a folder would miss it in the training.
UNREAD = (".m4a", ".aac", ".wma", ".mp4")


@attrs.frozen
class Sound:
    """An audio file.

    Args:
        path: where it is.
        folder: the folder of the config below which it was found.
    """

    path: Path
    folder: Path


def find_sounds(folders: Iterator[Path] | tuple[Path, ...], problems: Problems) -> list[Sound]:
    """Return the audio files below folders, in the order of their names; hidden ones are none.

    Args:
        folders: the folders; one may be a file.
        problems: what is wrong is added here.
    """
    found: dict[Path, Sound] = {}
    for folder in folders:
        if folder.is_file():
            found[folder] = Sound(folder, folder.parent)
            continue
        if not folder.exists():
            problems.add(missing_path(folder, "folder"))
            continue
        files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
        sounds = [file for file in files if file.suffix.lower() in READ]
        for file in files:
            if file.suffix.lower() in UNREAD:
                problems.add(f"{file}: {file.suffix} cannot be read; convert it, such as by `ffmpeg -i FILE FILE.flac`")
        if not sounds:
            other = ", ".join(file.name for file in files[:5]) or "nothing"
            problems.add(
                f"{folder}: there is no audio file below it, which would end in {', '.join(READ)}; it has {other}"
            )
        found |= {file: Sound(file, folder) for file in sounds if file not in found}
    return list(found.values())


def require_whole(sound: Sound, problems: Problems) -> None:
    """Add a sentence where a file cannot be read, is empty, or ends before its header says.

    Args:
        sound: the file.
        problems: what is wrong is added here.
    """
    import soundfile

    if sound.path.stat().st_size == 0:
        problems.add(f"{sound.path}: it is empty: 0 bytes")
        return
    lacks = cut_short(sound.path)
    if lacks is not None:
        problems.add(f"{sound.path}: it is cut: {lacks}")
        return
    try:
        with soundfile.SoundFile(sound.path) as file:
            frames = file.frames
            file.seek(max(frames - 1, 0))
            read = len(file.read(1))
    except (soundfile.LibsndfileError, OSError) as error:
        said = str(getattr(error, "error_string", error)).rstrip(".")
        problems.add(f"{sound.path}: it cannot be read to its end: {said}")
        return
    if frames == 0:
        problems.add(f"{sound.path}: it has no audio: its length is 0")
    elif read < 1:
        problems.add(f"{sound.path}: it is cut: its header says {frames} frames, and the last is not there")
