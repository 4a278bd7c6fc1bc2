"""The exceptions: what they are, what they say, and that they travel."""

from __future__ import annotations

import pickle

import pytest

from optim_core import (
    BlockedPluginError,
    ConfigError,
    DuplicatePluginError,
    HorizonError,
    IncompatiblePluginError,
    MissingTypeError,
    OptimError,
    PluginError,
    PluginLoadError,
    Problem,
    UnknownNameError,
    UnknownTypeError,
)

PROBLEM = Problem(path="optimizer.config.lr", message="must be > 0, is -1", hint="leave it out", file="a.yaml", line=3)


def test_a_problem_says_where_what_and_the_repair():
    """The parts that are known stand in the order of a compiler's message."""
    assert "a.yaml:3: optimizer.config.lr: must be > 0, is -1\n    leave it out" == str(PROBLEM)
    assert "is empty" == str(Problem(path="", message="is empty"))


@pytest.mark.parametrize(
    ("cls", "bases"),
    [
        (ConfigError, (OptimError, ValueError)),
        (MissingTypeError, (ConfigError, KeyError)),
        (UnknownTypeError, (ConfigError, AttributeError)),
        (UnknownNameError, (UnknownTypeError, KeyError)),
    ],
)
def test_config_errors_are_also_what_older_code_catches(cls, bases):
    """Each is caught by the standard exception that the documents name, and shows its problems as text."""
    error = cls([PROBLEM, PROBLEM])
    assert all(isinstance(error, base) for base in bases)
    assert f"{PROBLEM}\n{PROBLEM}" == str(error)


@pytest.mark.parametrize("cls", [ConfigError, MissingTypeError, UnknownTypeError, UnknownNameError])
def test_config_errors_survive_pickling(cls):
    """Problems, text and class are the same in another process."""
    again = pickle.loads(pickle.dumps(cls([PROBLEM])))
    assert (cls, (PROBLEM,), str(PROBLEM)) == (type(again), again.problems, str(again))


@pytest.mark.parametrize(
    "cls", [PluginError, PluginLoadError, DuplicatePluginError, IncompatiblePluginError, BlockedPluginError]
)
def test_plugin_errors_survive_pickling(cls):
    """Message, distribution and version are the same in another process."""
    again = pickle.loads(pickle.dumps(cls("broken", distribution="optim-lion", version="1.0")))
    assert (cls, "broken", "optim-lion", "1.0") == (type(again), str(again), again.distribution, again.version)


def test_a_length_that_is_missing_is_data_of_the_error():
    """Its sentence says how to give it to `create`; whoever takes it otherwise says so with the data."""
    error = pickle.loads(pickle.dumps(HorizonError("Slow needs epochs", needs="epochs", otherwise=", or write steps")))
    assert "Slow needs epochs: pass epochs=… to create(), or write steps" == str(error)
    assert ("Slow needs epochs", "epochs", ", or write steps") == (error.reason, error.needs, error.otherwise)
    plain = pickle.loads(pickle.dumps(HorizonError("it has none")))
    assert ("it has none", None) == (str(plain), plain.needs)
