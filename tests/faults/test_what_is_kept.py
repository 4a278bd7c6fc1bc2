"""What a registry keeps of what was asked of it: no frame of a caller, and no spelling of a name for ever."""

from __future__ import annotations

import gc
import itertools
import weakref

import pytest
from site_folder import plugin_source

from optim_core import ConfigError, PluginLoadError


class Model:
    """What a caller holds in a variable."""


@pytest.fixture
def without_collector():
    """What is freed is freed at once, or never."""
    gc.disable()
    yield
    gc.enable()


TOPS = {
    "raises": "raise ValueError('no such luck')",
    "raises from": "try:\n    1 / 0\nexcept ArithmeticError as error:\n    raise ValueError('no such luck') from error",
    "raises while": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError('no such luck')",
    "a group": "raise BaseExceptionGroup('all', [ValueError('no such luck'), SystemExit()])",
    "no module": "import not_there_at_all",
    "exits": "raise SystemExit(3)",
    "no class": "del Bad",
}


@pytest.mark.parametrize("top", TOPS.values(), ids=TOPS)
def test_the_error_of_a_broken_plugin_keeps_no_caller_alive(site, top, without_collector):
    """The model in the caller's variable is freed with the error, whoever asks again."""
    site.offer("bad-plugin", "Bad", modules={"bad_plugin": f"{plugin_source('Bad')}\n{top}\n"})
    registry = site.registry()

    def train(name):
        model = Model()
        try:
            registry.build({"type": name})
        except PluginLoadError:
            return weakref.ref(model)

    first = train("Bad")
    assert first() is None
    again = train("bad")
    assert again() is None
    assert "cannot provide" in next(record.error for record in registry.optimizers.plugins() if record.name == "Bad")


@pytest.mark.parametrize(
    "config", [{"type": "Nothing"}, {"type": "Good", "config": {"lr": "fast", "x": 1}}, {}, "no.yaml"]
)
def test_the_error_of_a_wrong_config_keeps_no_caller_alive(site, config, without_collector):
    """A search that tries thousands of configs holds no model for each that is refused."""
    site.offer("good-plugin", "Good")
    registry = site.registry()

    def train():
        model = Model()
        try:
            registry.build(config)
        except ConfigError:
            return weakref.ref(model)

    assert train()() is None


def test_an_error_says_the_line_that_it_came_from(site):
    """The frames are gone from its traceback, and the plugin's own line is not; nothing is said twice."""
    site.offer("bad-plugin", "Bad", modules={"bad_plugin": "raise ValueError('no such luck')\n"})
    registry = site.registry()
    for _ in range(2):
        try:
            registry.build({"type": "Bad"})
        except PluginLoadError as error:
            cause = error.__cause__
    assert ["raise ValueError('no such luck')"] == [note.splitlines()[-1].strip() for note in cause.__notes__]


def test_spellings_of_a_name_are_not_kept_for_ever(site):
    """A service that builds what others write does not grow with what they write."""
    site.offer("good-plugin", "Good")
    registry = site.registry()
    spellings = [
        "".join(each) for each in itertools.product(*[(c.lower(), c.upper(), f"{c}-", f"{c}_") for c in "good"])
    ]
    for prefix in ("", "-", "_", "--", "__", "-_"):
        for spelling in spellings:
            assert "Good" == registry.build({"type": prefix + spelling}).type
    assert len(registry._view().found) <= 1000 < 6 * len(spellings)
