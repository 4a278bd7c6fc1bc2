"""A live dataset of windows over bytes. It is made in the training alone: it needs torch."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["Windows"]


class Windows:
    """Windows over bytes, which cover all of them.

    Args:
        data: more than `length` bytes.
        length: how many bytes an item has.

    Example:
        >>> from optim_training.datasets.windows import Windows
        >>> windows = Windows(b"abcdef", 2)
        >>> len(windows), [bytes(part.tolist()) for part in windows[2]]
        (3, [b'de', b'ef'])
    """

    vocabulary = 256

    def __init__(self, data: bytes, length: int) -> None:
        self._data = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        self._length = length

    def __len__(self) -> int:
        return -(-(len(self._data) - 1) // self._length)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        if not 0 <= index < len(self):
            raise IndexError(f"there is no window {index}: they are 0 to {len(self) - 1}")
        start = min(index * self._length, len(self._data) - 1 - self._length)
        window = self._data[start : start + self._length + 1].to(torch.int64)
        return window[:-1], window[1:]
