"""A provider that makes plugin classes of a library: one class for each name, as the library is now, and no more."""

from __future__ import annotations

import copy
import gc
import pickle
import shutil
import subprocess
import sys
import threading
import tracemalloc

import pytest

from optim_core import ConfigError

PROVIDER = """
from optim_core.bridge import Library, wrapping


class Zoo:
    kind = "optimizer"

    def names(self):
        return sorted(library.module().classes)

    def load(self, name):
        return library.plugin_class(name)


def make(module, name):
    found = module.find(name)
    if found is None:
        raise LookupError(f"the installed zoo has no optimizer called {name}")
    return wrapping(found, "zoo", provider="zoo_plugins:provider")


library = Library("zoo", make)
provider = Zoo()
"""
LION = "class Lion:\n    def __init__(self, params, lr: float = 0.5, betas: tuple[float, float] = (0.9, 0.99)): ...\n"
TIGER = "class Tiger:\n    def __init__(self, params, stripes: int = 3): ...\n"


@pytest.fixture
def zoo(site):
    """The provider is installed, and the library where it is looked for."""
    site.add(
        "optim-zoo",
        entry_points={"optim_core.providers": {"zoo": "zoo_plugins:provider"}},
        modules={"zoo_plugins": PROVIDER},
    )
    install(site, LION)
    return site


def install(site, source):
    """Puts a release of the library into the folder, in the place of the last one."""
    folder = site.folder / "zoo"
    folder.mkdir(exist_ok=True)
    (folder / "__init__.py").write_text(source, encoding="utf-8")


def test_specs_and_recipes_survive_pickling_and_copying(zoo):
    """Classes that a bridge made can be pickled and copied as those that stand in a module."""
    recipe = zoo.registry().build({"optimizer": {"type": "Lion", "betas": [0.5, 0.75]}})
    again = pickle.loads(pickle.dumps(recipe))
    assert recipe == again == copy.deepcopy(recipe) == copy.copy(recipe)
    assert type(recipe.optimizer.config) is type(again.optimizer.config)
    assert (0.5, 0.75) == again.optimizer.config.betas


def test_a_pickled_spec_is_unpickled_in_a_new_process(zoo):
    """Nothing has been loaded there; the library is not imported for it."""
    spec = zoo.registry().build({"type": "Lion", "lr": 0.25})
    code = f"""
import pickle, sys
sys.path.insert(0, {str(zoo.folder)!r})
spec = pickle.loads(sys.stdin.buffer.read())
print(spec.type, spec.config, "zoo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(spec), capture_output=True, check=False)
    assert b"Lion Lion(lr=0.25, betas=(0.9, 0.99)) False\n" == done.stdout, done.stderr


def test_what_was_pickled_is_checked_where_it_is_unpickled(zoo):
    """Another release may not take it any more, or may not have the class."""
    pickled = pickle.dumps(zoo.registry().build({"type": "Lion", "lr": 0.25}))
    install(zoo, LION.replace("lr: float", "rate: float"))
    zoo.registry().refresh()
    assert ["Lion"] == list(zoo.registry().optimizers)
    with pytest.raises(TypeError, match="lr"):
        pickle.loads(pickled)
    install(zoo, TIGER)
    assert ["Tiger"] == list(zoo.registry().optimizers)
    with pytest.raises(LookupError, match="no optimizer called Lion"):
        pickle.loads(pickled)


def test_several_threads_get_one_class(zoo):
    """Two classes of one name would make equal configs unequal."""
    install(zoo, "".join(LION.replace("Lion", f"Lion{number}") for number in range(40)))
    import zoo_plugins

    names, found = zoo_plugins.provider.names(), []
    start = threading.Barrier(4)

    def load():
        start.wait()
        found.append([zoo_plugins.provider.load(name) for name in names])

    threads = [threading.Thread(target=load) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert [1] * 40 == [len(set(classes)) for classes in zip(*found, strict=True)]


def test_a_library_that_is_installed_later_is_found(zoo):
    """After `refresh`, in the same process."""
    shutil.rmtree(zoo.folder / "zoo")
    registry = zoo.registry()
    assert [] == list(registry.optimizers)
    assert "No module named 'zoo'" in registry.faults()[0].message
    install(zoo, LION)
    registry.refresh()
    assert (["Lion"], []) == (list(registry.optimizers), registry.faults())
    assert 0.5 == registry.build({"type": "Lion"}).config.lr


def test_a_library_that_is_upgraded_is_read_anew(zoo):
    """After `refresh` its classes are those of the new release; what is the same stays the same class."""
    registry = zoo.registry()
    before = registry.optimizers["Lion"]
    registry.refresh()
    assert before is registry.optimizers["Lion"]
    install(zoo, LION.replace("0.5", "0.25") + TIGER)
    registry.refresh()
    assert ["Lion", "Tiger"] == list(registry.optimizers)
    assert 0.25 == registry.build({"type": "Lion"}).config.lr


def test_a_library_that_is_removed_offers_nothing(zoo):
    """After `refresh` the provider says that it is not installed."""
    registry = zoo.registry()
    assert ["Lion"] == list(registry.optimizers)
    shutil.rmtree(zoo.folder / "zoo")
    registry.refresh()
    assert [] == list(registry.optimizers)
    assert "No module named 'zoo'" in registry.faults()[0].message


def test_a_file_that_cannot_be_read_is_a_fault(zoo):
    """The file and the reason are told, and not that the provider should be installed again."""
    install(zoo, "class Lion(:")
    (fault,) = zoo.registry().faults()
    assert "__init__.py cannot be read by Python" in fault.message
    assert "reinstall" not in fault.message
    with pytest.raises(ConfigError, match="something is wrong with optim-zoo"):
        zoo.registry().build({"type": "Lion"})


def test_the_source_of_a_class_is_not_kept(zoo):
    """A class keeps what it needs to be built, and little is left of source that takes 25 MiB as syntax trees."""
    folder = zoo.folder / "zoo"
    work = "\n".join(f"        self.a{line} = [params, lr, ({line} + 1) * 2]" for line in range(100))
    for number in range(60):
        source = f"class Lion{number}:\n    def __init__(self, params, lr: float = 0.5):\n{work}\n"
        (folder / f"m{number}.py").write_text(source, encoding="utf-8")
    install(zoo, "".join(f"from zoo.m{number} import Lion{number}\n" for number in range(60)))
    from optim_core.bridge import SourcePackage, wrapping

    module = SourcePackage.find("zoo").module("zoo")
    tracemalloc.start()
    try:
        classes = [wrapping(module.find(f"Lion{number}"), "zoo") for number in range(60)]
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 60 == len(set(classes))
    assert kept < 8 * 2**20


def test_classes_that_a_package_hands_on_are_found(site):
    """By name, under another name, and by `*`, of which `__all__` says what is offered; nothing is imported."""
    site.add(
        "optim-zoo",
        entry_points={"optim_core.providers": {"zoo": "zoo_plugins:provider"}},
        modules={"zoo_plugins": PROVIDER},
    )
    install(site, "from .impl import Lion as Big, _Hidden\nfrom .more import *\nfrom zoo.round import *\n")
    folder = site.folder / "zoo"
    (folder / "impl.py").write_text(LION + "class _Hidden(Lion): ...\n")
    (folder / "more.py").write_text("__all__ = ['Tiger']\n" + TIGER + TIGER.replace("Tiger", "Cub"))
    (folder / "round.py").write_text("from zoo import *\n" + TIGER.replace("Tiger", "Panther"))
    registry = site.registry()
    assert ["Big", "Panther", "Tiger"] == sorted(
        record.name for record in registry.plugins("optimizer") if record.provider == "zoo"
    )
    assert 3 == registry.build({"type": "Tiger"}).config.stripes
