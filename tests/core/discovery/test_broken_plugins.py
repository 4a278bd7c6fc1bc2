"""Every way in which a plugin can be broken: it harms nothing but itself, and its error says whose it is."""

from __future__ import annotations

import multiprocessing
import pickle
import subprocess
import sys
import textwrap

import attrs
import pytest
from site_folder import plugin_source

from optim_core import PluginLoadError

ENTRY = {"optim_core.optimizers": {"Bad": "bad:Bad"}}
GROUP = "[optim_core.optimizers]\n"


@attrs.frozen
class Case:
    """A broken plugin `Bad` of the distribution bad-plugin 2.0, in the module bad.

    Args:
        name: what is broken.
        cause: what its error holds.
        top: code above its class.
        module: the whole text of its module.
        more: further arguments of `SiteFolder.add`.
    """

    name: str
    cause: str
    top: str | None = None
    module: str | None = None
    more: dict = attrs.Factory(dict)

    def install(self, site):
        site.offer("good-plugin", "Good")
        modules = {"bad": self.module or plugin_source("Bad", top=self.top or "")}
        arguments = {"version": "2.0", "entry_points": ENTRY, "modules": modules, **self.more}
        return site.add("bad-plugin", **arguments)


CLASS = "import attrs\n@attrs.frozen(kw_only=True)\nclass Bad:\n    lr: float = 0.1\n"

AT_USE = [
    Case("missing dependency", "pip install --upgrade bad-plugin not_there_at_all", top="import not_there_at_all.sub"),
    Case("syntax error", "SyntaxError: ", module="class Bad(:\n"),
    Case("raises", "ValueError: no such luck", top="raise ValueError('no such luck')"),
    Case("raises with control characters", r"ValueError: \x1b[31mred", top="raise ValueError('\\x1b[31mred')"),
    Case(
        "raises what cannot be shown",
        "Odd, whose message cannot be shown",
        top="class Odd(Exception):\n    def __str__(self):\n        raise RuntimeError\nraise Odd",
    ),
    Case("raises a group", "BaseExceptionGroup: ", top="raise BaseExceptionGroup('all', [SystemExit(1)])"),
    Case("assert", "AssertionError", top="assert 1 == 2"),
    Case("SystemExit", "SystemExit: 3", top="raise SystemExit(3)"),
    Case("sys.exit without a word", "SystemExit", top="import sys; sys.exit()"),
    Case("GeneratorExit", "GeneratorExit", top="raise GeneratorExit"),
    Case("RecursionError", "RecursionError", top="def deeper():\n    deeper()\ndeeper()"),
    Case(
        "a warning that is an error",
        "DeprecationWarning: old",
        top="import warnings\nwarnings.warn('old', DeprecationWarning)",
    ),
    Case(
        "module missing", "ModuleNotFoundError: No module named 'gone'", more={"entry_points": GROUP + "Bad=gone:Bad"}
    ),
    Case("object missing", "has no attribute 'Worse'", more={"entry_points": GROUP + "Bad = bad:Worse"}),
    Case("nested object missing", "has no attribute 'Inner'", more={"entry_points": GROUP + "Bad = bad:Bad.Inner"}),
    Case("a function, not a class", "the function `Bad`, not an attrs class", module="def Bad(): ..."),
    Case("an instance, not a class", "it names an int, not an attrs class", module="Bad = 3"),
    Case(
        "a class without attrs",
        "without attrs fields; decorate it",
        module="class Bad:\n    def build(self, params): ...",
    ),
    Case("no build", "no method `build`; an optimizer needs `def build(self, params)`", module=CLASS),
    Case("build is no method", "no method `build`", module=CLASS + "    build = 3\n"),
    Case("build takes nothing", "`def build(self, params)`", module=CLASS + "    def build(self): ..."),
    Case(
        "build takes too much",
        "missing a required argument: 'loss'; it needs `def build(self, params)`",
        module=CLASS + "    def build(self, params, model, loss): ...",
    ),
    Case(
        "build takes keywords only", "`def build(self, params)`", module=CLASS + "    def build(self, *, params): ..."
    ),
    Case(
        "a class whose attributes raise",
        "ZeroDivisionError",
        module="class Meta(type):\n    def __getattribute__(cls, name): 1 / 0\nclass Bad(metaclass=Meta): ...",
    ),
    Case("another API", "ImportError: cannot import name 'Spec9'", top="from optim_core import Spec9"),
    Case(
        "asks the registry for itself",
        "which is too early",
        top="import optim_core, shared\nshared.registry.optimizers['Bad']",
    ),
]

FROM_METADATA = [
    Case("same name twice", "lists `Bad` twice", more={"entry_points": GROUP + "Bad = bad:Bad\nBad = bad:Other"}),
    Case("a target that is none", "does not name a target", more={"entry_points": GROUP + "Bad = bad Plugin !!"}),
    Case("a target without a class", "does not name a target", more={"entry_points": GROUP + "Bad = bad"}),
    Case("a target with a hole", "does not name a target", more={"entry_points": GROUP + "Bad = bad..x:Bad"}),
    Case("no target", "does not name a target", more={"entry_points": GROUP + "Bad ="}),
    Case("a line without =", "line 2 of its entry_points.txt has no `=`: 'Bad'", more={"entry_points": GROUP + "Bad"}),
    Case("METADATA missing", "its METADATA is missing or unreadable", more={"metadata": None}),
    Case("METADATA binary", "its METADATA is missing or unreadable", more={"metadata": b"\xff\xfe\x00\x80" * 9}),
    Case("METADATA empty", "its METADATA is missing or unreadable", more={"metadata": b"\n"}),
    Case(
        "unmet extra",
        "it needs not-there>=2, which is not installed: pip install 'bad-plugin[fast]'",
        more={"entry_points": GROUP + "Bad = bad:Bad [fast]", "requires": ['not-there>=2; extra == "fast"']},
    ),
    Case(
        "malformed requirement of an extra",
        "its requirement 'not there' is malformed",
        more={"entry_points": GROUP + "Bad = bad:Bad [fast]", "requires": ["not there"]},
    ),
]
CASES = [pytest.param(case, id=case.name) for case in AT_USE + FROM_METADATA]


@pytest.fixture
def registry(site):
    """The registry, also as ``shared.registry`` for plugins that look for it."""
    registry = site.registry()
    (site.folder / "shared.py").write_text("registry = None\n")
    import shared

    shared.registry = registry
    return registry


@pytest.mark.parametrize("case", CASES)
def test_its_error_names_the_distribution_the_entry_point_and_the_cause(case, site, registry):
    """Using it is one PluginLoadError with all that is needed to mend it."""
    case.install(site)
    with pytest.raises(PluginLoadError) as caught:
        registry.optimizers["Bad"]
    assert ("bad-plugin", "2.0") == (caught.value.distribution, caught.value.version)
    message = str(caught.value)
    assert message.startswith("bad-plugin 2.0 cannot provide `Bad = ")
    assert case.cause in message


@pytest.mark.parametrize("case", CASES)
def test_all_others_are_unharmed(case, site, registry):
    """Listing succeeds, and the other plugin can be used before and after the broken one was."""
    case.install(site)
    assert "Good" in list(registry.optimizers)
    assert "Good" == registry.optimizers["Good"].__name__
    with pytest.raises(PluginLoadError):
        registry.build({"type": "Bad"})
    assert ["Good"] == list(registry.optimizers)
    assert "Good" == registry.build({"type": "good"}).type


@pytest.mark.parametrize("case", CASES)
def test_its_record_says_what_is_known(case, site, registry):
    """The state is `broken` as soon as that is known: from metadata at once, else after the first use."""
    case.install(site)
    states = {record.name: record.state for record in registry.optimizers.plugins()}
    assert {"Bad": "broken" if case in FROM_METADATA else "ok", "Good": "ok"} == states
    with pytest.raises(PluginLoadError):
        registry.optimizers["Bad"]
    bad = next(record for record in registry.optimizers.plugins() if record.name == "Bad")
    assert ("bad-plugin", "2.0", "broken") == (bad.distribution, bad.version, bad.state)
    assert bad.error is not None


@pytest.mark.parametrize("case", CASES)
def test_a_second_use_says_the_same(case, site, registry):
    """A module that left half of itself behind does not give another error the second time."""
    case.install(site)
    messages = set()
    for name in ("Bad", "bad", "bad-plugin:BAD"):
        with pytest.raises(PluginLoadError) as caught:
            registry.optimizers[name]
        messages.add(str(caught.value))
    assert 1 == len(messages)


@pytest.mark.parametrize("case", CASES)
def test_its_error_can_be_pickled(case, site, registry):
    """The error reaches the parent of a worker process whole."""
    case.install(site)
    with pytest.raises(PluginLoadError) as caught:
        registry.optimizers["Bad"]
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (PluginLoadError, str(caught.value), "bad-plugin", "2.0") == (
        type(copy),
        str(copy),
        copy.distribution,
        copy.version,
    )


def test_a_failed_import_is_tried_once(site):
    """Later uses remember, until `refresh`."""
    (site.folder / "shared.py").write_text("tries = 0\n")
    Case("counts", "", top="import shared\nshared.tries += 1\nraise ValueError(shared.tries)").install(site)
    registry = site.registry()
    for tries in (1, 1, 2):
        if tries == 2:
            registry.refresh()
        with pytest.raises(PluginLoadError, match=f"ValueError: {tries}"):
            registry.optimizers["Bad"]


def test_an_alias_of_what_failed_says_the_same(site):
    """Both names mean one plugin, which is imported once."""
    entry_points = GROUP + "Bad = bad:Bad\nWorse = bad:Bad"
    Case("raises", "", top="raise ValueError", more={"entry_points": entry_points}).install(site)
    registry = site.registry()
    causes = []
    for name in ("Bad", "Worse"):
        with pytest.raises(PluginLoadError) as caught:
            registry.optimizers[name]
        causes.append(caught.value.__cause__)
    assert causes[0] is causes[1]


def test_the_cause_is_chained(site):
    """The traceback shows the plugin's own line."""
    Case("raises", "", top="raise ValueError('no such luck')").install(site)
    registry = site.registry()
    for _ in range(2):
        with pytest.raises(PluginLoadError) as caught:
            registry.optimizers["Bad"]
        assert isinstance(caught.value.__cause__, ValueError)


def test_a_keyboard_interrupt_passes(site):
    """Ctrl-C during a plugin's import stops the program, and is not remembered as the plugin's fault."""
    Case("interrupt", "", top="import shared\nif shared.interrupt: raise KeyboardInterrupt").install(site)
    (site.folder / "shared.py").write_text("interrupt = True\n")
    registry = site.registry()
    assert ["Bad", "Good"] == list(registry.optimizers)
    with pytest.raises(KeyboardInterrupt):
        registry.optimizers["Bad"]
    sys.modules["shared"].interrupt = False
    assert "Bad" == registry.optimizers["Bad"].__name__


def test_what_a_plugin_prints_at_import_goes_where_the_program_prints(site, capsys):
    """A library takes nobody's output: only the commands of `optim` lead it elsewhere."""
    Case("prints", "", top="print('hello from a plugin')").install(site)
    stdout = sys.stdout
    site.registry().optimizers["Bad"]
    assert stdout is sys.stdout
    assert ("hello from a plugin\n", "") == capsys.readouterr()


def test_a_very_long_message_is_cut_short(site):
    """A plugin's exception cannot flood a terminal."""
    Case("shouts", "", top="raise ValueError('x' * 10**6)").install(site)
    with pytest.raises(PluginLoadError) as caught:
        site.registry().optimizers["Bad"]
    assert len(str(caught.value)) < 3000


@pytest.mark.parametrize(
    "top",
    [
        "import os; os._exit(3)",
        "import ctypes; ctypes.string_at(0)",
        "import time; time.sleep(60)",
        "import json; del json.dumps",
        "raise KeyboardInterrupt",
    ],
    ids=["os._exit", "segfault", "sleep", "patches others", "KeyboardInterrupt"],
)
def test_what_would_end_the_process_harms_nothing_while_it_is_not_used(site, top):
    """Listing, records, faults and the use of others import none of it."""
    Case("deadly", "", top=top).install(site)
    code = """
        import json, sys
        from optim_core import Registry
        registry = Registry(path=[sys.path[0]])
        assert registry.build({"type": "Good"}).config.lr == 0.1
        assert registry.faults(thorough=True) == []
        print(json.dumps([[record.name, record.state] for record in registry.optimizers.plugins()]))
    """
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(site.folder)!r})\n{textwrap.dedent(code)}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert '[["Bad", "ok"], ["Good", "ok"]]\n' == done.stdout


def test_a_plugin_may_use_the_registry_while_it_is_imported(site, registry):
    """It may list, and build with others, without a deadlock or endless recursion."""
    top = "import shared\nseen = list(shared.registry.optimizers)\nshared.registry.build({'type': 'Good'})"
    Case("re-enters", "", top=top).install(site)
    assert "Bad" == registry.optimizers["Bad"].__name__
    assert ["Bad", "Good"] == sys.modules["bad"].seen


def test_a_plugin_that_takes_being_too_early_well_works(site, registry):
    """A plugin whose own import asked for it in vain, and went on, can be used."""
    top = (
        "import shared\ntry:\n    shared.registry.optimizers['Bad']\nexcept Exception as error:\n    said = str(error)"
    )
    Case("re-enters", "", top=top).install(site)
    assert "Bad" == registry.optimizers["Bad"].__name__
    assert "too early" in sys.modules["bad"].said


def _use_bad(folder):
    from optim_core import Registry

    sys.path.insert(0, folder)
    Registry(path=[folder]).build({"type": "Bad"})


def test_its_error_crosses_processes(site):
    """A worker of multiprocessing hands it over as what it is."""
    Case("raises", "", top="raise ValueError('no such luck')").install(site)
    with (
        multiprocessing.get_context("spawn").Pool(1) as pool,
        pytest.raises(
            PluginLoadError, match=r"bad-plugin 2\.0 cannot provide `Bad = bad:Bad`: ValueError: no such luck"
        ),
    ):
        pool.apply(_use_bad, (str(site.folder),))
