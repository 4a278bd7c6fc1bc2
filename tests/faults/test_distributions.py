"""Whatever reading one distribution raises is a fault of that distribution, and nothing else is harmed."""

from __future__ import annotations

import gc
import importlib.metadata
import time
import tracemalloc
import warnings

import pytest
from hostile_distributions import DISTRIBUTIONS, FINDERS, PLACES, on_meta_path

from optim_core import ConfigError, DuplicatePluginError, Registry

LONGEST_MESSAGE = 3000


def unharmed(site) -> list[str]:
    """Do with the healthy plugin all that can be done; return what is said of others, and whose it is."""
    registry = Registry(path=[*site.path, str(site.folder)])
    assert "Good" in registry.names("optimizer")
    assert 0.1 == registry.build({"type": "Good"}).config.lr
    assert "Good" in str(registry.schema())
    with pytest.raises(ConfigError, match="did you mean `Good`"):
        registry.build({"type": "Goood"})
    told = [(record.distribution, record.error) for record in registry.plugins("optimizer") if record.error]
    told += [(fault.distribution, fault.message) for fault in registry.faults(thorough=True)]
    for message in map(" ".join, told):
        assert message.isprintable()
        assert len(message) < LONGEST_MESSAGE
    return [": ".join(each) for each in told]


@pytest.mark.parametrize("install", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)
def test_a_broken_distribution_harms_nothing_and_is_named(site, install):
    """Listing, building, the schema and the message for a misspelt name go on; the fault says whose it is."""
    site.offer("good-plugin", "Good")
    install(site)
    told = unharmed(site)
    assert told
    assert all("bad" in each for each in told)


@pytest.mark.parametrize("install", PLACES.values(), ids=PLACES)
def test_a_broken_place_on_the_path_harms_nothing(site, install):
    """Where somebody would miss what is in it, it is told; where Python itself passes over it, it is not."""
    site.offer("good-plugin", "Good")
    install(site)
    silent = {"a pipe", "a device without an end", "a file that is no zip file"}
    name = next(name for name, each in PLACES.items() if each is install)
    assert bool(unharmed(site)) is (name not in silent)
    # importlib.metadata holds zip files in a circle of its own, and leaves it to the collector to close them.
    importlib.metadata.MetadataPathFinder().invalidate_caches()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.mark.parametrize("finder", FINDERS.values(), ids=FINDERS)
def test_a_finder_of_others_harms_nothing(site, finder, monkeypatch):
    """Its distributions are a stranger's code, as it is itself."""
    site.offer("good-plugin", "Good")
    on_meta_path(finder, monkeypatch)
    unharmed(site)


def test_many_names_of_one_plugin_cost_memory_with_their_number(site):
    """6,000 names, which took 280 MB, share one list of themselves; a pattern is compared with each once."""
    lines = "".join(f"Good{number} = good:Good\n" for number in range(6000))
    site.offer("good", "Good", entry_points=f"[optim_core.optimizers]\n{lines}")
    begin = time.process_time()
    tracemalloc.start()
    registry = site.registry(block=["other*", "Nothing*"])
    assert 6000 == len(registry.plugins("optimizer"))
    assert ["Good0"] == registry.names("optimizer")
    assert "Good0" == registry.build({"type": "good5999"}).type
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held < 40_000_000
    assert time.process_time() - begin < 20


def test_the_way_out_of_a_copied_metadata_folder_works(site):
    """No name tells a copy from its original, so what is printed is the command that deletes the copy."""
    import shutil
    import subprocess

    original = site.offer("good-plugin", "Good")
    shutil.copytree(original, site.folder / "a copy of good_plugin-1.0.dist-info")
    registry = site.registry()
    with pytest.raises(DuplicatePluginError, match="delete the folder that is a copy: rm -r ") as caught:
        registry.build({"type": "Good"})
    assert "write" not in str(caught.value)
    subprocess.run(["sh", "-c", str(caught.value).rpartition(": ")[2]], check=True)
    assert original.exists()
    assert "Good" == site.registry().build({"type": "Good"}).type
