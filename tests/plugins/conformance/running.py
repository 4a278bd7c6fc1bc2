"""What the tests of the kit share: a run of Python, and of pytest, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def python(*arguments, cwd):
    """Runs Python with what the tests import; its output and exit status."""
    env = {**os.environ, "PYTHONPATH": str(HERE)}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False)


def run_pytest(*arguments, cwd):
    """Runs pytest, which leaves no cache behind."""
    return python("-m", "pytest", "-p", "no:cacheprovider", *arguments, cwd=cwd)
