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

import first_steps
from cli_support import broken, optim

from optim_conformance import ConformanceError, Kit, check, conformance_tests, properties_of, subject_of
from optim_core import OptimError, registry
from optim_core.errors import UnknownNameError

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
        "import sys, optim_conformance as t; t.properties_of('optimizer'); print({'torch', 'pytest'} & {*sys.modules})"
    )
    assert "set()\n" == python("-c", code, cwd=tmp_path).stdout


@pytest.fixture(scope="module")
def idle():
    """The report of a clipper that does nothing."""
    return check(Idle)


@pytest.fixture(scope="module")
def first():
    """Gives the result of one property of a class in `first_steps`; all classes share a process."""
    classes = [each for each in vars(first_steps).values() if isinstance(each, type) and hasattr(each, "build")]
    subjects = {cls.__name__: subject_of(cls) for cls in classes}
    kit = Kit(subjects.values())
    return lambda name, wanted="steps": kit.result(subjects[name], properties_of("optimizer")[wanted])


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


def test_the_command_fails_where_a_property_does(site, tmp_path, monkeypatch):
    """Exit status 1; JSON has the results, also of a class in the current folder that no entry point names."""
    targets = {"optim_core.clippers": {"idle": "idle_clipper:Idle"}}
    site.add("optim-idle", entry_points=targets, modules={"idle_clipper": IDLE_CLIPPER})
    (tmp_path / "own_clip.py").write_text(OWN_CLIP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    done = optim("conformance", "idle", "own_clip:Outer.Idle", "--format", "json")
    installed, own = ({each["property"]: each["status"] for each in report["results"]} for report in done.json)

    assert 1 == done.code
    assert [("idle", "clipper"), ("Idle", "clipper")] == [(report["name"], report["kind"]) for report in done.json]
    assert {"failed"} == {installed[name] for name in ("norm_before", "clips", "light_import")}
    assert ("passed", "passed", "passed") == (installed["silent"], own["silent"], own["light_import"])


def test_the_command_wants_names_or_all():
    """Without either it is wrong usage."""
    assert 2 == optim("conformance").code
    assert 2 == optim("conformance", "--all", "norm").code


def test_the_command_lists_what_is_checked():
    """Each property with its sentence, without torch."""
    done = optim("conformance", "--list", "--kind", "clipper")

    assert 1 + len(properties_of("clipper")) == len(done.stdout.splitlines())


def test_a_broken_plugin_stops_no_other(site):
    """It has a line that says why it cannot be loaded, the others are checked, and the exit status is 1."""
    broken(site, "Broken", "import a_module_that_is_missing", kind="clipper")
    done = optim("conformance", "Broken", "norm")
    first, second, last = done.stdout.splitlines()

    assert 1 == done.code
    assert first.startswith("clipper Broken: it cannot be loaded: optim-broken 1.0 cannot provide")
    assert "a_module_that_is_missing" in first
    assert second.startswith("clipper norm of ")
    assert "2 checked; something failed in Broken" == last


def test_a_broken_plugin_is_in_the_data_too(site):
    """With its problem, and without results."""
    broken(site, "Broken", "raise SystemExit(3)", kind="clipper")
    (report,) = optim("conformance", "Broken", "--format", "json").json

    assert (False, [], "clipper") == (report["passed"], report["results"], report["kind"])
    assert "SystemExit: 3" in report["problem"]


def test_everything_that_is_installed_is_checked_although_some_is_broken(site, monkeypatch):
    """`--all` goes on after it, even where an import ends the process."""
    broken(site, "Broken", "1 / 0", kind="clipper")
    broken(site, "Ended", "import os\nos._exit(3)", kind="clipper")
    allowed = "optim-broken,optim-conformance,optim-ended,optim-torch-builtin:norm"
    monkeypatch.setenv("OPTIM_CORE_ALLOW", allowed)
    done = optim("conformance", "--all", "--kind", "clipper")

    assert 1 == done.code
    assert "something failed in Broken, Ended" in done.stdout
    assert "norm of " in done.stdout


@pytest.mark.parametrize("name", ["Adagard", "no_such_module:Clip", "sound:NoSuchClass", "sound:step", "..:x", "a b:c"])
def test_a_name_that_means_nothing_is_wrong_usage(name):
    """Exit status 2, before anything is checked."""
    done = optim("conformance", "norm", name)

    assert (2, "") == (done.code, done.stdout)
    assert name.partition(":")[2] in done.stderr


def test_a_module_of_ones_own_that_cannot_be_imported_is_told_of(tmp_path, monkeypatch):
    """As a plugin that is broken."""
    (tmp_path / "own_broken.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    done = optim("conformance", "own_broken:Clip")

    assert 1 == done.code
    assert done.stdout.startswith("class own_broken:Clip: it cannot be loaded: ")
    assert "ZeroDivisionError" in done.stdout


@pytest.mark.parametrize(
    ("name", "repair"),
    [
        ("WantsClosure", 'conformance = {"step_without_closure": "refuses: why"}'),
        ("WantsGraph", 'conformance = {"ordinary_backward": "refuses: why"}'),
        ("WantsMatrices", 'conformance = {"vectors": "refuses: why"}'),
        (
            "WantsMatricesAndClosure",
            'conformance = {"step_without_closure": "refuses: why", "vectors": "refuses: why"}',
        ),
        ("WantsTrain", "it steps after its `train()`"),
    ],
)
def test_what_a_step_wants_is_found_and_said(first, name, repair):
    """`steps` fails and says how to declare it; what needs a step is left out with a word about that."""
    result = first(name)

    assert "failed" == result.status
    assert repair in str(result)
    assert "it takes no step, see `steps`" == first(name, "descends").reason
    assert "passed" == first(name, "round_trip").status


def test_what_never_steps_is_given_no_advice(first):
    """The message has the exception, and the place in the plugin that raised it."""
    result = first("NeverSteps")

    assert result.repair is None
    assert result.seen.startswith("ValueError: out of luck (at first_steps.py:")


def test_what_a_step_with_a_closure_raises_is_said_too(first):
    """Where it is something else, and nothing makes it step."""
    result = first("WantsMoreThanAClosure")

    assert result.seen.startswith("ValueError: a closure (at first_steps.py:")
    assert result.repair.startswith("with a closure: ValueError: a licence (at first_steps.py:")


def test_what_weights_only_refuses_is_named(first):
    """Instead of torch's advice to everybody else."""
    result = first("KeepsAnObject", "state_dict")

    assert "the state holds first_steps.Kept, which weights_only refuses" == result.seen


def test_a_failure_says_how_to_declare_it(first):
    """In the manner that would be true here."""
    assert str(first("KeepsAnObject", "state_dict")).endswith(
        'if that is its nature, declare it: conformance = {"state_dict": "refuses: why"}'
    )
    assert str(first("Prints", "fields")).endswith(
        'if that is its nature, declare it: conformance = {"fields.log_every": "differs: why"}'
    )


def test_what_cannot_be_declared_is_not_said_to(idle):
    """Nothing advises a declaration that would be refused."""
    assert [None] == [result.repair for result in idle.results if result.property == "light_import"]
    assert not [each for each in idle.results if each.repair and not properties_of("clipper")[each.property].declarable]


def test_what_never_comes_back_is_given_up(first):
    """It fails what was being checked, and nothing more waits for it."""
    subject = subject_of(first_steps.LoopsAtStep)
    kit = Kit([subject])
    result = kit.result(subject, attrs.evolve(properties_of("optimizer")["steps"], seconds=1.0))

    assert "the process takes more than 1 seconds" == result.seen
    assert "not applicable" == kit.result(subject, properties_of("optimizer")["descends"]).status


def test_an_entry_of_the_path_that_is_no_text_is_passed_over(monkeypatch):
    """As Python passes over it."""
    monkeypatch.setattr(sys, "path", [*sys.path, Path("/nowhere")])
    subject = subject_of(Idle)

    assert "passed" == Kit([subject]).result(subject, properties_of("clipper")["defaults"]).status


def test_a_test_of_an_author_says_the_kind(site):
    """Where one name is used for two kinds."""
    source = "import attrs\n@attrs.frozen\nclass A:\n    def build(self, *given): ...\n"
    targets = {"optim_core.clippers": {"twice": "twice:A"}, "optim_core.optimizers": {"twice": "twice:A"}}
    site.add("optim-twice", entry_points=targets, modules={"twice": source})
    registry.refresh()
    test = conformance_tests("twice", kind="clipper")

    assert len(properties_of("clipper")) == len(test.pytestmark[0].args[1])
    with pytest.raises(OptimError, match="say which kind"):
        conformance_tests("twice")


IDLE_CLIPPER = """
import attrs
import torch

@attrs.frozen
class Idle:
    'Does nothing.'
    def build(self): return self
    def clip(self, parameters): return torch.zeros(())
"""

OWN_CLIP = """
import attrs

class Outer:
    @attrs.frozen
    class Idle:
        'Does nothing.'
        def build(self): return self
        def clip(self, parameters):
            import torch
            return torch.zeros(())
"""

PYTEST = ("-m", "pytest", "-p", "no:cacheprovider")

ONLY_THE_PLUGIN = """
import sys

def test_other():
    loaded = {name for name in sys.modules if name.partition(".")[0] in ("optim_core", "optim_conformance", "torch")}
    assert {"optim_conformance", "optim_conformance.pytest_plugin"} == loaded
"""

TEST_OF_AN_AUTHOR = """
from sound import SoundClip
from optim_conformance import conformance_tests

test_conformance = conformance_tests(SoundClip)
"""


def test_an_author_has_a_test_for_each_property(tmp_path):
    """`conformance_tests` makes them, each called after its property."""
    (tmp_path / "test_it.py").write_text(TEST_OF_AN_AUTHOR)
    done = python(*PYTEST, "-v", "test_it.py", cwd=tmp_path)

    assert 0 == done.returncode, done.stdout + done.stderr
    for name in properties_of("clipper"):
        assert f"test_conformance[SoundClip-{name}] PASSED" in done.stdout


def test_a_failing_test_shows_the_sentence_and_no_code_of_the_kit(tmp_path):
    """What was expected and seen stands there too."""
    (tmp_path / "test_it.py").write_text(TEST_OF_AN_AUTHOR.replace("SoundClip", "TellsTheNormAfter").replace(
        "from sound", "from wrong_clippers"))  # fmt: skip
    done = python(*PYTEST, "test_it.py", "-k", "norm_before", cwd=tmp_path)

    assert 1 == done.returncode
    assert properties_of("clipper")["norm_before"].sentence in done.stdout
    assert "the norm before clipping" in done.stdout
    assert "wanted.check" not in done.stdout


def test_the_plugin_of_pytest_checks_what_is_installed(tmp_path):
    """With `--optim-conformance NAME`, beside whatever else is collected."""
    (tmp_path / "test_other.py").write_text("def test_other(): ...")
    done = python(*PYTEST, "--optim-conformance", "norm", "-v", "test_other.py", cwd=tmp_path)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert f"{1 + len(properties_of('clipper'))} passed" in done.stdout


def test_the_plugin_of_pytest_imports_nothing_where_it_is_not_asked_for(tmp_path):
    """Of the kit, optim-core and torch there are the package and the plugin itself, which pytest loads everywhere."""
    (tmp_path / "test_other.py").write_text(ONLY_THE_PLUGIN)
    done = python(*PYTEST, "test_other.py", cwd=tmp_path)

    assert 0 == done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["nrom", "no_such_module:Clip"])
def test_the_plugin_of_pytest_says_that_a_name_means_nothing(tmp_path, name):
    """It is wrong usage, without a traceback."""
    done = python(*PYTEST, "--optim-conformance", name, cwd=tmp_path)

    assert pytest.ExitCode.USAGE_ERROR == done.returncode
    assert done.stderr.startswith("ERROR: --optim-conformance: ")
    assert f"`{name}`" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_plugin_of_pytest_takes_a_kind_and_a_class(tmp_path):
    """The kind goes for all names; a class is named by its module; that pytest is told of the plugin does no harm."""
    options = ("--optim-conformance", "sound:SoundClip", "--optim-conformance-kind", "clipper", "-q")
    chosen = ("-p", "optim_conformance.pytest_plugin", "-k", "round_trip or documented")
    done = python(*PYTEST, *options, *chosen, cwd=tmp_path)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_a_kind_that_there_is_not_is_wrong_usage(tmp_path):
    """The message has those that there are."""
    done = python(*PYTEST, "--optim-conformance", "norm", "--optim-conformance-kind", "clippers", cwd=tmp_path)

    assert pytest.ExitCode.USAGE_ERROR == done.returncode
    assert "'clippers' is no kind of plugin (choose from optimizer, scheduler, clipper)" in done.stderr
