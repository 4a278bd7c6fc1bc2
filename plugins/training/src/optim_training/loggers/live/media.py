"""Files of demos, read for loggers."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

__all__ = ["image_of", "kind_of", "sound_of", "table_of", "text_of"]

_KINDS = {
    "image": (".png", ".jpg", ".jpeg", ".gif", ".webp"),
    "audio": (".wav", ".flac", ".ogg"),
    "text": (".txt", ".md", ".csv", ".json"),
}


def kind_of(file: Path) -> str | None:
    """Return "image", "audio" or "text", None for what is something else.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.loggers.live.media import kind_of
        >>> kind_of(Path("recon_00000001.wav")), kind_of(Path("model.bin"))
        ('audio', None)
    """
    return next((kind for kind, endings in _KINDS.items() if file.suffix.lower() in endings), None)


def image_of(file: Path) -> Any:
    """Return an image as height by width by 3 colours."""
    import numpy as np
    from PIL import Image

    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def sound_of(file: Path) -> tuple[Any, int]:
    """Return samples by channels, and the rate."""
    import soundfile

    wave, rate = soundfile.read(file, always_2d=True, dtype="float32")
    return wave, int(rate)


def table_of(file: Path) -> tuple[list[str], list[list[str]]]:
    """Return the columns and the rows of a CSV file."""
    with file.open(newline="", encoding="utf-8") as opened:
        columns, *rows = csv.reader(opened)
    return columns, rows


def text_of(file: Path) -> str:
    """Return a text as it is, and a table, in Markdown."""
    if file.suffix.lower() != ".csv":
        return f"```\n{file.read_text(encoding='utf-8', errors='replace')}\n```"
    columns, rows = table_of(file)
    return "\n".join("| " + " | ".join(row) + " |" for row in [columns, ["---"] * len(columns), *rows])
