"""Whatever comes in, `build` returns a spec or raises ConfigError, and leaves what it was given as it was."""

from __future__ import annotations

import pickle
from copy import deepcopy
from typing import Any

import pytest
from click.testing import CliRunner
from hostile_values import MISBEHAVING, misbehaving, odd_keys, odd_values
from hypothesis import given
from hypothesis import strategies as st
from mutations import MUTATIONS, mutated, places
from other_forms import forms
from pinned import pinned
from recipe_configs import configs
from vocabulary import keys, values

from optim_core import ClipperSpec, ConfigError, OptimizerSpec, Recipe, SchedulerSpec, registry
from optim_core.cli.config_text import render
from optim_core.cli.group import cli
from optim_core.kinds import KINDS

# A key that was moved or renamed may stand where nothing reads it, which is told and no error.
pytestmark = pytest.mark.filterwarnings("ignore::optim_core.UnusedConfigWarning")


def built_or_not(config: Any) -> Any:
    """The spec or recipe of a config, the config itself where a rule across fields is broken."""
    try:
        return registry.build(config)
    except ConfigError:
        return config


# A few values of one config's size; what is large is tested as one value among them.
tree = st.recursive(
    values | odd_values,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(keys | odd_keys, below, max_size=5),
    max_leaves=20,
)
# What `build` returned may stand in a config in place of its own config.
specs = configs().map(built_or_not)
kinds = st.sampled_from([None, None, None, *KINDS])


def outcome(config: Any, kind: Any = None, **settings: Any) -> ConfigError | None:
    """Builds; the error that it raised, which is fit to be shown, sent to another process, and found in the config."""
    try:
        built = registry.build(config, kind, **settings)
    except ConfigError as raised:
        error = raised
    else:
        assert isinstance(built, (OptimizerSpec, SchedulerSpec, ClipperSpec, Recipe))
        return None
    assert error.problems
    assert str(error)
    assert error.problems == pickle.loads(pickle.dumps(error)).problems
    return error


def path_texts(config: Any) -> set[str]:
    """The text of the path of every place in a config."""
    texts = set()
    for path in places(config):
        text = ""
        for step in path:
            text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
        texts.add(text)
    return texts


def is_there(path: str, there: set[str]) -> bool:
    """Whether a path leads to one of the places, or to what is missing in one."""
    return path in there or path[: max(path.rfind("."), path.rfind("["), 0)] in there


@pinned(200)
@given(config=st.dictionaries(keys, tree, max_size=5) | tree, kind=kinds)
def test_any_data(config, kind):
    """Nested data with the keys and names of configs in any place, odd values and keys among them."""
    outcome(config, kind)


@pinned(200)
@given(config=mutated(configs() | forms(), values | odd_values | specs | tree, keys | odd_keys, MUTATIONS))
def test_a_spoiled_config(config):
    """A right config with a node or two deleted, renamed, moved, or replaced by whatever there is."""
    outcome(config)


@pinned(120)
@given(config=mutated(configs() | forms(), values, keys, MUTATIONS))
def test_problems_are_where_the_mistake_is(config):
    """Every problem's path leads to a place in the config, or to what is missing there."""
    error = outcome(config)
    there = path_texts(config)
    for problem in error.problems if error else ():
        assert is_there(problem.path, there), problem


@pinned(120)
@given(config=mutated(configs() | forms(), values, keys, MUTATIONS))
def test_the_mapping_is_left_as_it_was(config):
    """Building, right or wrong, changes nothing in the caller's mapping."""
    before = deepcopy(config)
    outcome(config)

    assert before == config
    assert repr(before) == repr(config)


@pinned(200)
@given(config=mutated(configs() | forms(), misbehaving, keys | odd_keys, MUTATIONS))
def test_values_that_raise(config):
    """A value whose own code raises, or lies, is a problem of the config, or is taken for what it is."""
    outcome(config)


@pytest.mark.parametrize("name", MISBEHAVING)
def test_each_value_that_raises(name):
    """What raises when it is looked at is a problem as a component, as a config, as a field, and in a list."""
    make = MISBEHAVING[name]
    for config in (
        {"optimizer": make()},
        {"type": make()},
        {"type": "StepLR", "config": make()},
        {"type": "StepLR", "config": {"step_size": make()}, "interval": make()},
        {"type": "AdamW", "config": {"lr": make(), "betas": [make(), make()], "amsgrad": make()}},
        {"type": "ReduceLROnPlateau", "config": {"mode": make(), "monitor": make()}},
        {"optimizer_configs": {"a": make()}, "scheduler_configs": make(), "gradient_clipping": make()},
    ):
        outcome(config)


@pytest.mark.parametrize("make", [MISBEHAVING[name] for name in MISBEHAVING if "mapping" in name or name == "dict"])
def test_a_mapping_that_raises(make):
    """A whole config that is such a mapping is refused."""
    assert outcome(make()) is not None


# What every parser of the three formats has rules for.
punctuation = st.text(alphabet="{}[]:,-'\"#&*!|>%@=.\\ \n\r\tae1é\u2028", max_size=60)
fragments = st.lists(punctuation | keys | st.sampled_from(["type: AdamW\n", "type = 'AdamW'\n", '{"type": "AdamW"}']))
files = st.binary(max_size=60) | fragments.map(lambda parts: "".join(parts).encode())


@pinned(150)
@given(data=files)
@pytest.mark.parametrize("ending", ["yaml", "json", "toml"])
def test_any_file(ending, data, tmp_path_factory):
    """A file of any bytes."""
    file = tmp_path_factory.getbasetemp() / f"anything.{ending}"
    file.write_bytes(data)
    outcome(file)


@pinned(40)
@given(data=files)
@pytest.mark.parametrize("ending", ["yaml", "json", "toml"])
def test_any_file_on_the_command_line(ending, data, tmp_path_factory):
    """`optim validate` of a file of any bytes ends with 0 or 1, and says something."""
    file = tmp_path_factory.getbasetemp() / f"shown.{ending}"
    file.write_bytes(data)
    result = CliRunner().invoke(cli, ["validate", str(file)], catch_exceptions=False)

    assert result.exit_code in (0, 1)
    assert result.output


@pinned(40)
@given(config=mutated(configs() | forms(), values, keys, MUTATIONS), form=st.sampled_from(["yaml", "json"]))
def test_a_spoiled_file_on_the_command_line(config, form, tmp_path_factory):
    """`optim validate` of a right config with a node or two spoiled says for each problem on which line it is."""
    file = tmp_path_factory.getbasetemp() / f"spoiled.{form}"
    file.write_text(render(config, form), encoding="utf-8")
    result = CliRunner().invoke(cli, ["validate", str(file)], catch_exceptions=False)
    error = outcome(file)

    assert (0 if error is None else 1) == result.exit_code
    for problem in error.problems if error else ():
        assert f"spoiled.{form}:{problem.line}:{problem.column}" in result.output.replace("\n", "")


@pinned(200)
@given(data=st.data())
def test_any_override(data):
    """Overrides of any text, and such as lead to a place of the config or beside one."""
    config = data.draw(configs())
    steps = st.lists(st.sampled_from([str(step) for path in places(config) for step in path[-1:]]) | keys, max_size=4)
    into = st.sampled_from(places(config)).map(lambda path: ".".join(map(str, path)))
    path = into | steps.map(".".join) | st.text(max_size=5)
    text = st.sampled_from(["1e-4", "", "{a: 1}", "[1", "null", "*a", "AdamW", "&a [*a]", "!!x 1", "10%"]) | st.text(
        max_size=5
    )
    override = st.builds("{}={}".format, path, text) | st.text(max_size=8)
    outcome(config, overrides=data.draw(st.lists(override, max_size=3)))
