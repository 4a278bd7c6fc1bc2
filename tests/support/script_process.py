"""A script of several processes, run to its end or ended with all that it has started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

__all__ = ["run_script"]

SECONDS = 150


def run_script(script, folder, *arguments):
    """Run a script with the folder that it is to write into; fail where it does, or takes too long."""
    child = subprocess.Popen([sys.executable, script, folder, *arguments], start_new_session=True)
    try:
        child.wait(timeout=SECONDS)
    finally:
        # The script has ended by itself, or is ended with its forks.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    assert 0 == child.returncode
