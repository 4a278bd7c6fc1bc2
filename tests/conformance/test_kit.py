"""The kit's own ways in: `check`, reports, tests of pytest, the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

pytest.importorskip("torch")

from cli_support import optim

from optim_core import OptimError
from optim_core.errors import UnknownNameError
from optim_core.testing import ConformanceError, check, properties_of

HERE = Path(__file__).parent


@attrs.frozen(kw_only=True)
class Idle:
    """A clipper that does nothing."""

    def build(self):
        return self

    def clip(self, parameters):
        import torch

        return torch.tensor(0.0)


def python(*arguments, cwd):
    """Runs Python with what the tests import; its output and exit status."""
    env = {**os.environ, "PYTHONPATH": str(HERE)}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_importing_the_kit_imports_no_torch_and_no_pytest(tmp_path):
    """Both are imported when a check runs."""
    code = (
        "import sys, optim_core.testing as t; t.properties_of('optimizer'); print({'torch', 'pytest'} & {*sys.modules})"
    )
    assert "set()\n" == python("-c", code, cwd=tmp_path).stdout


@pytest.fixture(scope="module")
def idle():
    """The report of a clipper that does nothing."""
    return check(Idle)


@pytest.mark.parametrize("kind", ["optimizer", "scheduler", "clipper"])
def test_each_property_has_one_sentence(kind):
    """It ends with a full stop, and says what must be true in one line of text."""
    for made in properties_of(kind).values():
        assert made.sentence.endswith("."), made.name
        assert len(made.sentence) < 130, made.name


def test_a_report_has_every_property_once(idle):
    """In the order of the table."""
    assert list(properties_of("clipper")) == [result.property for result in idle.results]
    assert not idle.passed


def test_failures_are_raised_with_the_report(idle):
    """`raise_failures` is an AssertionError whose message says what was expected and seen."""
    with pytest.raises(AssertionError, match=r"expected: .*\n.*seen: "):
        idle.raise_failures()
    with pytest.raises(ConformanceError):
        idle.raise_failures()


def test_a_report_is_plain_data(idle):
    """JSON can hold it."""
    data = idle.as_data()

    assert list(data["results"]) == json.loads(json.dumps(data))["results"]
    assert data["passed"] is False


def test_a_class_of_no_kind_is_refused():
    """The message says which builds there are."""
    with pytest.raises(OptimError, match=r"build\(self, params\)"):
        check(int)


def test_an_unknown_name_is_refused_with_a_suggestion():
    """As everywhere."""
    with pytest.raises(UnknownNameError, match="did you mean `Adam`"):
        check("AdamV")


def test_the_command_checks_installed_plugins():
    """Exit status 0 and a line for each where nothing fails."""
    done = optim("conformance", "norm", "value")

    assert 0 == done.code
    assert ["clipper norm", "clipper value", "2 checked; nothing failed"] == [
        line.partition(" of ")[0] for line in done.stdout.splitlines()
    ]


def test_the_command_fails_where_a_property_does(site):
    """Exit status 1; JSON has the results."""
    source = """
import attrs
import torch

@attrs.frozen
class Idle:
    'Does nothing.'
    def build(self): return self
    def clip(self, parameters): return torch.zeros(())
"""
    targets = {"optim_core.clippers": {"idle": "idle_clipper:Idle"}}
    site.add("optim-idle", entry_points=targets, modules={"idle_clipper": source})
    done = optim("conformance", "idle", "--format", "json")
    results = {result["property"]: result["status"] for result in done.json[0]["results"]}

    assert 1 == done.code
    assert {"failed"} == {results[name] for name in ("norm_before", "clips", "light_import")}
    assert "passed" == results["silent"]


def test_the_command_wants_names_or_all():
    """Without either it is wrong usage."""
    assert 2 == optim("conformance").code
    assert 2 == optim("conformance", "--all", "norm").code


def test_the_command_lists_what_is_checked():
    """Each property with its sentence, without torch."""
    done = optim("conformance", "--list", "--kind", "clipper")

    assert 1 + len(properties_of("clipper")) == len(done.stdout.splitlines())


TEST_OF_AN_AUTHOR = """
from sound import SoundClip
from optim_core.testing import conformance_tests

test_conformance = conformance_tests(SoundClip)
"""


def test_an_author_has_a_test_for_each_property(tmp_path):
    """`conformance_tests` makes them, each called after its property."""
    (tmp_path / "test_it.py").write_text(TEST_OF_AN_AUTHOR)
    done = python("-m", "pytest", "-v", "-p", "no:cacheprovider", "test_it.py", cwd=tmp_path)

    assert 0 == done.returncode, done.stdout + done.stderr
    for name in properties_of("clipper"):
        assert f"test_conformance[SoundClip-{name}] PASSED" in done.stdout


def test_a_failing_test_shows_the_sentence_and_no_code_of_the_kit(tmp_path):
    """What was expected and seen stands there too."""
    (tmp_path / "test_it.py").write_text(TEST_OF_AN_AUTHOR.replace("SoundClip", "TellsTheNormAfter").replace(
        "from sound", "from wrong_clippers"))  # fmt: skip
    done = python("-m", "pytest", "-p", "no:cacheprovider", "test_it.py", "-k", "norm_before", cwd=tmp_path)

    assert 1 == done.returncode
    assert properties_of("clipper")["norm_before"].sentence in done.stdout
    assert "the norm before clipping" in done.stdout
    assert "wanted.check" not in done.stdout


def test_the_plugin_of_pytest_checks_what_is_installed(tmp_path):
    """With `--optim-conformance NAME`, beside whatever else is collected."""
    arguments = (
        "-p",
        "optim_core.testing.pytest_plugin",
        "--optim-conformance",
        "norm",
        "-p",
        "no:cacheprovider",
        "-v",
    )
    (tmp_path / "test_other.py").write_text("def test_other(): ...")
    done = python("-m", "pytest", *arguments, "test_other.py", cwd=tmp_path)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert f"{1 + len(properties_of('clipper'))} passed" in done.stdout
