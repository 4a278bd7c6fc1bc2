"""Output led to standard error, for the thread that asks for it and for no other."""

from __future__ import annotations

import contextlib
import io
import sys
import threading

from optim_core.plugin_tools import output_diverted


def test_only_the_thread_in_the_block_is_led_elsewhere(capsys):
    """Another thread prints where it did; afterwards all is as it was."""
    before = sys.stdout
    entered, printed = threading.Event(), threading.Event()

    def divert():
        with output_diverted():
            entered.set()
            printed.wait(20)
            sys.stdout.write("diverted\n")

    thread = threading.Thread(target=divert)
    thread.start()
    entered.wait(20)
    sys.stdout.write("mine\n")
    printed.set()
    thread.join()
    assert ("mine\n", "diverted\n") == capsys.readouterr()
    assert before is sys.stdout


def test_a_redirection_in_another_thread_keeps_standard_output(capsys):
    """contextlib.redirect_stdout that begins in a block, and ends after it, puts back what prints."""
    mine = io.StringIO()
    redirection = contextlib.redirect_stdout(mine)
    with output_diverted():
        redirection.__enter__()
    sys.stdout.write("to me\n")
    redirection.__exit__(None, None, None)
    sys.stdout.write("to all\n")
    with output_diverted():
        sys.stdout.write("diverted\n")
    sys.stdout.write("to all\n")
    assert "to me\n" == mine.getvalue()
    assert ("to all\nto all\n", "diverted\n") == capsys.readouterr()
