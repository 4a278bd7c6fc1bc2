"""What Python's own audit hook hears while every config of the tests is built: SECURITY.md says no more than that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from audited_events import CHANGING, MAKING, RUNNING, SENDING

pytest.importorskip("optim_torch_builtin")
pytest.importorskip("optim_schedules")

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    folders = [TESTS / "wrong_configs", TESTS / "support", *map(Path, filter(None, sys.path))]
    done = subprocess.run(
        [sys.executable, "-B", str(TESTS / "faults" / "audited.py"), str(tmp_path_factory.mktemp("configs"))],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


def events(heard, *beginnings):
    return [
        (name, *each)
        for turn in ("first", "second")
        for name, told in heard[turn].items()
        for each in told
        if each[0].startswith(beginnings)
    ]


def test_the_corpus_is_whole(heard):
    """Hundreds of configs were built."""
    assert len(heard["first"]) > 500


def test_nothing_is_started_sent_changed_or_made(heard):
    """No config, right or wrong, starts a process, opens a connection, changes a file or makes a foreign object."""
    assert [] == events(heard, *RUNNING, *SENDING, *CHANGING, *MAKING)


def test_no_heavy_module_is_imported(heard):
    """Neither torch nor what runs or sends comes in by a config."""
    assert [] == sorted({"torch", "numpy", "pickle", "http.client", "urllib.request"} & set(heard["modules"]))


def test_no_file_is_opened_but_the_config_and_installed_sources(heard):
    """A provider reads the source of the library that it is of, and an import its module: both are installed."""
    installed = (sys.prefix, sys.base_prefix, str(TESTS.parent))
    for name, event, argument in events(heard, "open"):
        config = heard["files"].get(name)
        file = argument.strip("'")
        assert file == config or file.startswith(installed), (name, event)
    assert len([each for each in events(heard, "open") if each[2].strip("'") == heard["files"].get(each[0])]) > 50


def test_once_all_is_imported_nothing_is_imported_or_executed(heard):
    """A second build of any config imports and executes nothing; an expression of numbers is parsed, and no more."""
    assert {"open", "compile"} >= {event for told in heard["second"].values() for event, _ in told}
