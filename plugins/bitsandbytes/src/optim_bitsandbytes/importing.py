"""What bitsandbytes says when it is imported."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

__all__ = ["without_news_of_kernels"]

LOGGER = "bitsandbytes.backends.cpu.ops"
_NEWS = "Failed to load CPU gemm_4bit_forward"


@contextlib.contextmanager
def without_news_of_kernels() -> Iterator[None]:
    """Leaves out its warning that a kernel for the inference of 4-bit models is missing: no optimizer needs it."""
    logger = logging.getLogger(LOGGER)
    logger.addFilter(_is_no_news)
    try:
        yield
    finally:
        logger.removeFilter(_is_no_news)


def _is_no_news(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_NEWS)
