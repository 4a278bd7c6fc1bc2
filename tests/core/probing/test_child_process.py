"""A child process that plugins run in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_support import broken

from optim_core.probing.child_process import Child
from optim_core.probing.probe import probe

# Has a child that waits, says its number, and ends by itself only after a long time.
PARENT = """
import sys, time
from optim_core.probing.child_process import Child
child = Child(sys.argv[1], {"plugins": [[0, "optimizer", "optim-slow", "Slow"]], "check": False})
print(child.answer(60.0), child._process.pid, flush=True)
time.sleep(600)
"""


def _is_gone(number, seconds=30.0):
    """Whether a process ends in that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return True
        status = Path(f"/proc/{number}/status")
        if status.exists() and "State:\tZ" in status.read_text(encoding="utf-8"):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(os.name != "posix", reason="it sends signals")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_child_does_not_outlive_what_started_it(site, end):
    """However the parent ends, even while a plugin never comes back from its import."""
    broken(site, "Slow", "import time\ntime.sleep(600)")
    env = {**os.environ, "PYTHONPATH": str(site.folder)}
    command = [sys.executable, "-c", PARENT, "optim_core.probing.probe"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline().split()[-1])
        parent.send_signal(end)

    assert _is_gone(child)


def test_an_entry_of_the_path_that_is_no_text_is_passed_over(site, monkeypatch):
    """An entry of sys.path that is no text stops no probe, as Python passes over it too."""
    broken(site, "Bad", "1 / 0")
    monkeypatch.setattr(sys, "path", [*sys.path, Path("/nowhere")])

    assert "ZeroDivisionError" in probe()["optimizer", "optim-bad", "Bad"]


def test_an_answer_that_does_not_come_is_not_waited_for(site):
    """It is a TimeoutError, and the child can be ended."""
    broken(site, "Slow", "import time\ntime.sleep(600)")
    child = Child("optim_core.probing.probe", {"plugins": [[0, "optimizer", "optim-slow", "Slow"]], "check": False})
    assert "importing" == child.answer(60.0)["doing"]

    with pytest.raises(TimeoutError):
        child.answer(0.2)
    child.close()


def test_a_child_that_has_ended_says_nothing_more(site):
    """Its answer is None, and its exit status can be told."""
    child = Child("optim_core.probing.probe", {"plugins": [], "check": False})

    assert child.answer(60.0) is None
    assert 0 == child.exit_status(60.0)
    child.close()
