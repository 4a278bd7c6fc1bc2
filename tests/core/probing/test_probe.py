"""The child process that imports every plugin."""

from __future__ import annotations

import shutil
import sys

import pytest
from cli_support import broken, install_demo

from optim_core.errors import OptimError
from optim_core.probing.probe import probe

SEGFAULT = "import ctypes\nctypes.string_at(0)"


def test_good_plugins_have_no_error(site):
    """Of what works nothing is said, and it is not imported here."""
    install_demo(site)

    assert {} == probe()
    assert "demo_plugins" not in sys.modules


@pytest.mark.parametrize(
    ("top", "words"),
    [
        ("import os\nos._exit(0)", "ends the process with exit status 0"),
        ("import os\nos._exit(9)", "ends the process with exit status 9"),
        (SEGFAULT, "ends the process by SIGSEGV"),
        ("import os\nos.kill(os.getpid(), 9)", "ends the process by SIGKILL"),
        ("raise KeyboardInterrupt", "ends the process"),
        ("import time\ntime.sleep(60)", "takes more than 1.5 seconds"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("import a_module_that_is_missing", "pip install --upgrade optim-bad a_module_that_is_missing"),
        ("def deeper(): deeper()\ndeeper()", "RecursionError"),
    ],
)
def test_whatever_a_plugin_does_at_import_is_found_and_named(site, top, words):
    """The guilty one is named with what it did; those before and after it are still examined."""
    broken(site, "Aaa", "1 / 0")
    broken(site, "Bad", top)
    broken(site, "Ccc", "1 / 0")
    errors = probe(timeout=1.5)

    assert {
        ("optimizer", "optim-aaa", "Aaa"),
        ("optimizer", "optim-bad", "Bad"),
        ("optimizer", "optim-ccc", "Ccc"),
    } == set(errors)
    message = errors["optimizer", "optim-bad", "Bad"]
    assert message.startswith("optim-bad 1.0 cannot provide `Bad = module_of_bad:Bad`: ")
    assert words in message


def test_a_plugin_of_several_names_is_named_once(site):
    """Aliases of one class are one plugin: it is imported once and told of once."""
    targets = {"optim_core.optimizers": {"Bad": "bad_module:Bad", "worse": "bad_module:Bad"}}
    site.add("optim-bad", entry_points=targets, modules={"bad_module": "import os\nos._exit(1)"})

    assert [("optimizer", "optim-bad", "Bad")] == list(probe())


def test_each_of_several_that_end_the_process_is_found(site):
    """A new child goes on where the last one was ended."""
    for name in ("One", "Two", "Three"):
        broken(site, name, "import os\nos._exit(1)")
    broken(site, "Good", "")

    assert {"One", "Two", "Three"} == {name for _, _, name in probe()}


@pytest.mark.parametrize(
    "top",
    [
        'print(\'{"plugin": [], "through": true}\')',
        "import os\nos.write(1, b'noise\\n')",
        "import sys\nsys.stdout.close()",
        "import sys\nsys.stdin.read()",
        "import os\nos.close(1)\nos.close(0)",
        "import sys\nsys.path.clear()",
    ],
)
def test_what_a_plugin_does_to_the_process_does_not_fall_on_others(site, top):
    """Prints, also past Python, closed streams and a changed path confuse neither the child nor what it reports."""
    broken(site, "Loud", top)
    broken(site, "Zzz", "1 / 0")

    assert [("optimizer", "optim-zzz", "Zzz")] == list(probe(timeout=10))


def test_providers_and_commands_are_examined_too(site):
    """A provider that fails when asked for its names, and a command that cannot be imported, are found."""
    provider = "class Many:\n    kind = 'optimizer'\n    def names(self): raise RuntimeError('no names')\n"
    site.add("optim-many", entry_points={"optim_core.providers": {"many": "many:Many"}}, modules={"many": provider})
    site.add("optim-run", entry_points={"optim_core.commands": {"run": "not_there:run"}})
    errors = probe()

    assert "no names" in errors["provider", "optim-many", "many"]
    assert "not_there" in errors["command", "optim-run", "run"]


def test_what_may_not_be_used_is_not_imported(site, monkeypatch, tmp_path):
    """Blocked and incompatible plugins are not imported, not even in the child."""
    trace = tmp_path / "trace"
    top = f"open({str(trace)!r}, 'w').close()"
    broken(site, "Bad", top)
    monkeypatch.setenv("OPTIM_CORE_BLOCK", "optim-bad")

    assert {} == probe()
    assert not trace.exists()


def test_a_child_that_cannot_begin_is_an_error(site, monkeypatch):
    """Where the child process itself does not run, that is said, and no plugin is blamed."""
    install_demo(site)
    monkeypatch.setattr(sys, "executable", shutil.which("false"))

    with pytest.raises(OptimError, match="before it began"):
        probe()


def test_annotations_for_type_checkers_only_are_found(site):
    """A field whose type cannot be resolved at run time is found, although its module can be imported."""
    source = (
        "from __future__ import annotations\nimport attrs\n@attrs.frozen\nclass Typed:\n"
        "    dtype: torch.dtype = None\n    def build(self, params): ...\n"
    )
    site.add("optim-typed", entry_points={"optim_core.optimizers": {"Typed": "typed:Typed"}}, modules={"typed": source})

    assert "NameError: name 'torch' is not defined" in probe()["optimizer", "optim-typed", "Typed"]


def _with_check(site, name, body, kind="optimizer"):
    """Installs a distribution whose plugin `name` has a class method `check` with this body."""
    module = f"module_of_{name.lower()}"
    source = (
        f"import attrs\n@attrs.frozen\nclass {name}:\n    @classmethod\n    def check(cls):\n        {body}\n"
        "    def build(self, params): ...\n"
    )
    targets = {f"optim_core.{kind}s": {name: f"{module}:{name}"}}
    site.add(f"optim-{name.lower()}", entry_points=targets, modules={module: source})


def test_what_keeps_a_plugin_from_being_built_is_asked_where_it_is_wanted(site):
    """A class method `check` that finds obstacles makes the plugin broken, with all of them; by default it is left."""
    _with_check(site, "Needy", "return ['no compiler: get one', 'no ninja: get it']")
    _with_check(site, "Able", "return []")

    assert {} == probe()
    assert {
        ("optimizer", "optim-needy", "Needy"): "optim-needy 1.0 cannot provide `Needy = module_of_needy:Needy`: "
        "it cannot be built here: no compiler: get one; no ninja: get it"
    } == {key: error for key, error in probe(check=True).items() if key[1] in ("optim-needy", "optim-able")}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise RuntimeError('dear me')", "RuntimeError: dear me"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("return 'a text'", "check() returned a text; it returns a list of texts"),
        ("return 7", "'int' object is not iterable"),
        ("import os; os._exit(4)", "checking it ends the process with exit status 4"),
        ("print('noise'); return ['no device']", "it cannot be built here: no device"),
    ],
)
def test_whatever_a_check_does_falls_on_its_plugin_alone(site, body, words):
    """A check that raises, ends the process, prints, or returns what it should not is that plugin's fault."""
    _with_check(site, "Aaa", body)
    _with_check(site, "Zzz", "return ['no luck']")
    errors = probe(check=True)

    assert words in errors["optimizer", "optim-aaa", "Aaa"]
    assert "no luck" in errors["optimizer", "optim-zzz", "Zzz"]
