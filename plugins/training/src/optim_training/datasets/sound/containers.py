"""Whether an audio file is whole, by what its container says of itself: libsndfile reads cut files short in silence."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

__all__ = ["cut_short"]

# Sizes that a program writes which does not know them yet: to a pipe, for one.
UNKNOWN = (0, 0xFFFFFFFF)
# The last page of an Ogg file is no longer than this.
LONGEST_PAGE = 65_307
END_OF_STREAM = 4


def cut_short(path: Path) -> str | None:
    """Return what a WAV or Ogg file lacks of what it says that it has, None where nothing is missing.

    Example:
        >>> from pathlib import Path
        >>> import numpy, soundfile
        >>> from optim_training.datasets.sound.containers import cut_short
        >>> soundfile.write("tone.wav", numpy.zeros(1000), 8000)
        >>> cut_short(Path("tone.wav"))
        >>> _ = Path("tone.wav").write_bytes(Path("tone.wav").read_bytes()[:1044])
        >>> cut_short(Path("tone.wav"))
        'its header says 2000 bytes of audio, and 1000 are there'
    """
    with path.open("rb") as file:
        begins = file.read(12)
        if begins[:4] == b"RIFF" and begins[8:] == b"WAVE":
            return _wav(file)
        if begins[:4] == b"OggS":
            return _ogg(file)
    return None


def _wav(file: BinaryIO) -> str | None:
    """Look for the chunk with the audio, each of which has its size before it."""
    end = os.fstat(file.fileno()).st_size
    while len(header := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", header)
        if name != b"data":
            file.seek(size + size % 2, os.SEEK_CUR)
            continue
        there = end - file.tell()
        if size not in UNKNOWN and there < size:
            return f"its header says {size} bytes of audio, and {there} are there"
        return None
    return "it ends before its audio begins"


def _ogg(file: BinaryIO) -> str | None:
    """Look at the last page, which says that it is the last, and how long it is."""
    end = os.fstat(file.fileno()).st_size
    file.seek(max(0, end - LONGEST_PAGE))
    tail = file.read()
    start = tail.rfind(b"OggS")
    page = tail[start:]
    whole = start >= 0 and len(page) >= 27 and len(page) >= 27 + page[26]
    if whole and len(page) >= 27 + page[26] + sum(page[27 : 27 + page[26]]) and page[5] & END_OF_STREAM:
        return None
    return "its last page is not there"
