"""Seeds that depend on nothing but what they are named after, and code whose randomness depends on a seed alone."""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["seed_all", "seed_of", "unchanged_generators"]


def seed_of(*names: int | str) -> int:
    """Return a number of 63 bits that is the same for the same names, in every process and on every machine.

    Args:
        names: what the randomness belongs to, such as the seed of the run, the epoch and the index of an item.

    Example:
        >>> from optim_training.loading.seeds import seed_of
        >>> seed_of(42, 0, 1) == seed_of(42, 0, 1), seed_of(42, 0, 1) == seed_of(42, 1, 0)
        (True, False)
    """
    text = "/".join(map(str, names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def seed_all(seed: int) -> None:
    """Seed the generators of torch on the CPU, of numpy, where it is imported, and of Python.

    Example:
        >>> import random
        >>> from optim_training.loading.seeds import seed_all
        >>> seed_all(1)
        >>> first = random.random()
        >>> seed_all(1)
        >>> first == random.random()
        True
    """
    import torch

    random.seed(seed)
    # torch.manual_seed would seed the generators of all devices as well.
    torch.default_generator.manual_seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed([seed & 0xFFFFFFFF, seed >> 32])


@contextmanager
def unchanged_generators() -> Iterator[None]:
    """Put the generators that `seed_all` seeds back afterwards to what they were.

    Example:
        >>> import random
        >>> from optim_training.loading.seeds import seed_all, unchanged_generators
        >>> seed_all(1)
        >>> expected = random.random()
        >>> seed_all(1)
        >>> with unchanged_generators():
        ...     seed_all(2)
        >>> random.random() == expected
        True
    """
    import torch

    numpy = sys.modules.get("numpy")
    before = random.getstate(), torch.get_rng_state(), None if numpy is None else numpy.random.get_state()
    try:
        yield
    finally:
        random.setstate(before[0])
        torch.set_rng_state(before[1])
        if numpy is not None and before[2] is not None:
            numpy.random.set_state(before[2])
