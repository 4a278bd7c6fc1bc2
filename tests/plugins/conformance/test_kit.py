"""The kit: its processes, and what may come to them."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
import pytest

pytest.importorskip("torch")

import first_steps
import sound
from running import python

from optim_conformance import Kit, check, properties_of, subject_of
from optim_core import OptimError
from optim_core.errors import UnknownNameError


def test_importing_the_kit_imports_no_torch_and_no_pytest(tmp_path):
    """Both are imported when a check runs."""
    code = (
        "import sys, optim_conformance as t; t.properties_of('optimizer'); print({'torch', 'pytest'} & {*sys.modules})"
    )
    assert "set()\n" == python("-c", code, cwd=tmp_path).stdout


def test_a_class_of_no_kind_is_refused():
    """The message says which builds there are."""
    with pytest.raises(OptimError, match=r"build\(self, params\)"):
        check(int)


def test_an_unknown_name_is_refused_with_a_suggestion():
    """The kit's `check` refuses a name that is no plugin's with the nearest right one."""
    with pytest.raises(UnknownNameError, match="did you mean `Adam`"):
        check("AdamV")


def test_what_never_comes_back_is_given_up():
    """It fails what was being checked, and nothing more waits for it."""
    subject = subject_of(first_steps.LoopsAtStep)
    kit = Kit([subject])
    result = kit.result(subject, attrs.evolve(properties_of("optimizer")["steps"], seconds=1.0))

    assert "the process takes more than 1 seconds" == result.seen
    assert "not applicable" == kit.result(subject, properties_of("optimizer")["descends"]).status


def test_an_entry_of_the_path_that_is_no_text_is_passed_over(monkeypatch):
    """An entry of sys.path that is no text stops no check, as Python passes over it too."""
    monkeypatch.setattr(sys, "path", [*sys.path, Path("/nowhere")])
    subject = subject_of(sound.SoundClip)

    assert "passed" == Kit([subject]).result(subject, properties_of("clipper")["defaults"]).status
