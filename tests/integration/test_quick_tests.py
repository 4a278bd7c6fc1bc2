"""`make test-quick`: which tests a change selects."""

import importlib.util
import shutil
import subprocess
import sys

import pytest

from .conftest import ROOT, succeed

SCRIPT = ROOT / ".ci/quick_tests.py"
ALWAYS = "tests/core/config/test_builder.py"
DOCUMENTS = "tests/integration/test_documents.py"
PACKAGING = "tests/integration/test_packaging.py"
ENTRY_POINTS = f"{PACKAGING}::test_entry_points_are_those_of_the_manifest_and_lead_somewhere"
NAMES_IN_MESSAGES = f"{PACKAGING}::test_the_hint_for_what_is_not_installed_knows_every_plugin_and_command_of_the_extras"
WRONG_PLUGINS = "tests/plugins/conformance/test_wrong_plugins.py"


@pytest.fixture(scope="module")
def script():
    """The script, imported by its path."""
    spec = importlib.util.spec_from_file_location("quick_tests", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def added(script, *names):
    """What changes in these files add to the part that always runs."""
    return sorted(set(script.selected(names)) - set(script.selected([])))


def test_a_part_always_runs(script):
    """The core's tests but for those that take long, the wrong configs and the contract; each file is there."""
    always = script.selected([])
    assert {ALWAYS, "tests/wrong_configs/test_wrong_configs.py", "tests/integration/test_contract.py"} <= set(always)
    assert [] == [test for test in always if not (ROOT / test).is_file()]
    assert [] == [place for place in script.SLOW if not (ROOT / place).exists()]
    assert [] == [place for place in (*script.ELSEWHERE, *script.ELSEWHERE.values()) if not (ROOT / place).exists()]
    assert [] == [test for test in always if test.startswith(("tests/core/probing/", "tests/core/compat/"))]


@pytest.mark.parametrize(
    ("changed", "selected"),
    [
        ("core/src/optim_core/config/overrides.py", "tests/core/config/test_overrides.py"),
        ("core/src/optim_core/probing/probe.py", "tests/core/probing/test_probe.py"),
        ("core/src/optim_core/groups/model/survey.py", "tests/core/groups/model/test_survey.py"),
        ("plugins/muon/src/optim_muon/adamw_half.py", "tests/plugins/muon/test_adamw_half.py"),
        ("plugins/schedules/src/optim_schedules/cosine.py", "tests/plugins/schedules/test_formulas.py"),
        ("examples/digits/train.yaml", "tests/integration/test_digits.py"),
        ("docs/muon.md", f"{DOCUMENTS}::test_python_runs_as_written[docs/muon.md]"),
        ("tests/plugins/muon/test_state.py", "tests/plugins/muon/test_state.py"),
        ("tests/plugins/muon/hostile.py", "tests/plugins/muon/test_hostile_matrices.py"),
        ("tests/support/parameter_groups.py", "tests/core/groups/test_plan.py"),
        ("plugins/conformance/src/optim_conformance/properties/steps.py", WRONG_PLUGINS),
        ("plugins/conformance/src/optim_conformance/trials/training.py", WRONG_PLUGINS),
        ("plugins/schedules/pyproject.toml", ENTRY_POINTS),
        ("core/pyproject.toml", ENTRY_POINTS),
        ("core/src/optim_core/discovery/extras.py", NAMES_IN_MESSAGES),
        (".ci/quick_tests.py", "tests/integration/test_quick_tests.py"),
    ],
)
def test_a_change_selects_what_mirrors_it(script, changed, selected):
    """The tests of the changed file are among those that run, and the part that always runs stays."""
    found = script.selected([changed])
    assert selected in found
    assert ALWAYS in found


def test_what_is_selected_beside_is_there(script):
    """Each pattern finds a file, and each test that it adds is a file of tests or a function in one."""
    assert [] == [pattern for pattern in script.ALSO if not list(ROOT.glob(pattern))]
    for test in {test for tests in script.ALSO.values() for test in tests}:
        file, _, name = test.partition("::")
        assert f"def {name}" in (ROOT / file).read_text(encoding="utf-8"), test


def test_a_change_selects_little_else(script):
    """A module with tests of its name does not bring along those of its neighbours; what has no tests brings none."""
    assert ["tests/plugins/muon/test_adamw_half.py"] == added(script, "plugins/muon/src/optim_muon/adamw_half.py")
    assert [] == added(script, "LICENSE", "core/src/optim_core/config/overrides.py")
    names = {test.partition("::")[0] for test in added(script, "docs/muon.md")}
    assert {DOCUMENTS} == names


def test_a_file_that_is_selected_is_not_selected_in_parts(script):
    """Where all tests of documents run, those of one document are not named again."""
    assert [DOCUMENTS] == added(script, "docs/muon.md", DOCUMENTS)


@pytest.fixture
def checkout(tmp_path):
    """A repository of its own whose branch `main` holds the script, and a module with its test."""
    for name in (".ci/quick_tests.py", "tests/core/probing/test_probe.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "core/src/optim_core/probing").mkdir(parents=True)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path)
    return tmp_path


def git(folder, *arguments):
    who = ["-c", "user.name=A Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder):
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Something")


def printed(folder, *arguments):
    return succeed(sys.executable, ".ci/quick_tests.py", *arguments, cwd=folder).split()


def test_what_changed_is_found_by_git(checkout):
    """Files that are new, changed, or committed since the branch began; on `main`, what is not committed."""
    module = checkout / "core/src/optim_core/probing/probe.py"
    assert [] == printed(checkout)
    module.write_text("new = 1\n")
    assert ["tests/core/probing/test_probe.py"] == printed(checkout)
    git(checkout, "checkout", "--quiet", "-b", "branch")
    commit(checkout)
    assert ["tests/core/probing/test_probe.py"] == printed(checkout)
    assert [] == printed(checkout, "HEAD")
    module.unlink()
    assert [] == printed(checkout, "HEAD")
