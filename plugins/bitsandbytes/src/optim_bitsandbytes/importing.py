"""Importing bitsandbytes without a message that is of no use to who trains with its optimizers."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

__all__ = ["without_news_of_kernels"]

LOGGER = "bitsandbytes.backends.cpu.ops"
_NEWS = "Failed to load CPU gemm_4bit_forward"


@contextlib.contextmanager
def without_news_of_kernels() -> Iterator[None]:
    """Keep bitsandbytes silent, in the block, about a missing kernel for 4-bit inference, which no optimizer needs."""
    logger = logging.getLogger(LOGGER)
    logger.addFilter(_is_no_news)
    try:
        yield
    finally:
        logger.removeFilter(_is_no_news)


def _is_no_news(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_NEWS)
