"""Plugin code is run in one place, whatever many threads ask for at once."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest
from site_folder import plugin_source, provider_source

from optim_core import PluginLoadError

THREADS = 16


@attrs.frozen(kw_only=True)
class WithBuild:
    def build(self, params): ...


def test_a_nested_class_and_a_submodule_can_be_named(site):
    """The target is a path of modules, and after the colon one of attributes."""
    package = site.folder / "deep"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "er.py").write_text(
        "import attrs\nclass Outer:\n    @attrs.frozen\n    class Inner:\n        def build(self, params): ...\n"
    )
    site.add("deep", entry_points={"optim_core.optimizers": {"Deep": "deep.er:Outer.Inner"}})
    assert "Outer.Inner" == site.registry().optimizers["Deep"].__qualname__


# -- threads -------------------------------------------------------------------------------------------------------


@pytest.fixture
def impatient_threads():
    """Threads take turns far more often than usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(*calls):
    """The results of calls that begin at one moment, each in a thread of its own; a deadlock fails."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait(timeout=30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(run, call) for call in calls]
        return [future.result(timeout=60) for future in futures]


def counting(*names):
    """A module that counts in `shared` how often it is run, and takes a while."""
    return plugin_source(*names, top=f"import shared, time\nshared.runs.append({names[0]!r})\ntime.sleep(0.01)")


@pytest.fixture
def shared(site):
    """A module that plugins and tests share."""
    (site.folder / "shared.py").write_text("runs = []\nregistry = None\n")
    import shared

    return shared


@pytest.mark.usefixtures("impatient_threads")
def test_many_threads_that_ask_for_one_name_load_it_once(site, shared):
    """All get the same class."""
    site.offer("lion", "Lion", modules={"lion": counting("Lion")})
    registry = site.registry()
    classes = together(*[lambda: registry.optimizers["Lion"]] * THREADS)
    assert (1, ["Lion"]) == (len(set(classes)), shared.runs)


@pytest.mark.usefixtures("impatient_threads")
def test_many_threads_that_ask_for_many_names_load_each_once(site, shared):
    """While others list, look for faults, and register."""
    names = [f"Opt{number}" for number in range(THREADS)]
    for name in names:
        site.offer(name.lower(), name, modules={name.lower(): counting(name)})
    source = provider_source(["Gnu"], top="import shared\nshared.runs.append('provider')")
    site.add("zoo", entry_points={"optim_core.providers": {"zoo": "zoo:Provider"}}, modules={"zoo": source})
    registry = site.registry()
    together(
        *[lambda name=name: registry.build({"type": name}) for name in names for _ in range(2)],
        *[lambda: list(registry.optimizers)] * 4,
        *[registry.faults] * 2,
        *[lambda: registry.optimizers["gnu"]] * 2,
        lambda: registry.register("optimizer", "Mine", WithBuild),
    )
    assert sorted([*names, "provider"]) == sorted(shared.runs)
    assert {*names, "Gnu", "Mine"} == set(registry.optimizers)


@pytest.mark.usefixtures("impatient_threads")
def test_many_threads_that_ask_for_a_broken_plugin_get_the_same_error(site, shared):
    """However often its import was under way at once."""
    top = "import shared\nshared.runs.append(1)\nraise ValueError(len(shared.runs))"
    site.offer("bad", "Bad", modules={"bad": plugin_source("Bad", top=top)})
    registry = site.registry()

    def error():
        with pytest.raises(PluginLoadError) as caught:
            registry.optimizers["Bad"]
        return str(caught.value)

    assert 1 == len(set(together(*[error] * THREADS)))


@pytest.mark.usefixtures("impatient_threads")
def test_threads_and_imports_that_use_the_registry_do_not_wait_for_each_other(site, shared):
    """One thread asks the registry, one imports the plugin's module itself, and that module asks the registry.

    The import lock and a lock of the registry would be taken in opposite orders.
    """
    site.offer("good", "Good", modules={"good": counting("Good")})
    top = "import shared, time\ntime.sleep(0.02)\nshared.registry.build({'type': 'Good'})"
    names = [f"Opt{number}" for number in range(8)]
    for name in names:
        site.offer(name.lower(), name, modules={name.lower(): plugin_source(name, top=top)})
    shared.registry = site.registry()
    together(
        *[lambda name=name: shared.registry.optimizers[name] for name in names],
        *[lambda name=name: __import__(name.lower()) for name in names],
    )
    assert ["Good"] == shared.runs
    assert {*names, "Good"} == set(shared.registry.optimizers)


@pytest.mark.usefixtures("impatient_threads")
def test_standard_output_is_what_it_was_after_many_loads_at_once(site, shared, capsys):
    """What plugins print is left as it is: the library diverts nothing, in however many threads."""
    names = [f"Opt{number}" for number in range(THREADS)]
    for name in names:
        site.offer(name.lower(), name, modules={name.lower(): f"print('noise')\n{counting(name)}"})
    registry = site.registry()
    stdout = sys.stdout
    together(*[lambda name=name: registry.optimizers[name] for name in names])
    assert stdout is sys.stdout
    printed = capsys.readouterr()
    assert "" == printed.err
    # print() writes its text and the end of the line apart, so that those of several threads may mix.
    assert sorted("noise\n" * THREADS) == sorted(printed.out)
