"""What is said when bitsandbytes is imported to build an optimizer."""

from __future__ import annotations

import logging
import subprocess
import sys

from optim_bitsandbytes.importing import LOGGER, without_news_of_kernels


def test_building_an_optimizer_says_nothing_of_kernels_for_inference():
    """A process that builds one hears nothing of 4-bit kernels, whatever the processor."""
    code = (
        "import torch; from optim_core import registry; "
        "registry.build({'type': 'Adam8bit'}).create_optimizer(torch.nn.Linear(2, 2))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "" == done.stdout
    assert "gemm_4bit" not in done.stderr


def test_other_warnings_are_heard(caplog):
    """Only that one message is left out, and only meanwhile."""
    logger = logging.getLogger(LOGGER)
    with without_news_of_kernels():
        logger.warning("Failed to load CPU gemm_4bit_forward from %s", "afar")
        logger.warning("something else")
    logger.warning("Failed to load CPU gemm_4bit_forward from %s", "afar")

    assert ["something else", "Failed to load CPU gemm_4bit_forward from afar"] == [
        record.getMessage() for record in caplog.records
    ]
