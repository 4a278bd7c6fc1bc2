"""Overrides: what they replace, what they may create, and where a wrong path leads."""

from __future__ import annotations

import enum
from typing import Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plugin_classes import empty_registry

from optim_core import ConfigError, Duration
from optim_core.config.document import Document
from optim_core.config.overrides import apply_overrides

YAML = """\
# a comment
optimizer:
  type: Momentum
  config:
    lr: 1e-4
    betas: [0.8, 0.9]
scheduler:
  type: ExponentialLR
  config: {gamma: 0.5}
"""

NESTED = {"optimizer": {"type": "Momentum", "config": {"betas": [1]}}}
FLAT = {"optimizer": {"type": "Momentum", "betas": [1]}}
NAMED = {"optimizer_configs": {"my.net": {"optimizer": {"type": "Momentum"}}, "b": {"type": "Momentum", "lr": 1}}}


def refusal(config, **arguments):
    with pytest.raises(ConfigError) as caught:
        empty_registry().build(config, **arguments)
    return caught.value.problems


def refused(config, *overrides):
    """Return what is wrong with overrides, and not with the config."""
    return [problem for problem in refusal(config, overrides=overrides) if problem.file == "--set"]


def overridden(config, *overrides):
    return apply_overrides(Document(None, config, lambda _: None), overrides).value


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("optimizer.config.lr=3e-4", {"lr": 3e-4, "betas": [0.9, 0.99]}),
        ("optimizer.config.betas.1=0.5", {"lr": 1, "betas": [0.9, 0.5]}),
        ("optimizer.config.momentum=0.9", {"lr": 1, "betas": [0.9, 0.99], "momentum": 0.9}),
        ("optimizer.config.betas=[0, 0]", {"lr": 1, "betas": [0, 0]}),
        ("optimizer.config.lr=", {"lr": None, "betas": [0.9, 0.99]}),
        ("optimizer.config={}", {}),
    ],
)
def test_an_override_replaces_one_value_in_a_copy(override, expected):
    """`path=value` sets one value, typed as YAML types it, and the given mapping stays as it is."""
    config = {"optimizer": {"type": "Momentum", "config": {"lr": 1, "betas": [0.9, 0.99]}}}
    document = Document(None, config, lambda _: None)
    assert expected == apply_overrides(document, [override]).value["optimizer"]["config"]
    assert {"lr": 1, "betas": [0.9, 0.99]} == config["optimizer"]["config"]


@pytest.mark.parametrize(
    ("override", "message", "hint"),
    [
        ("optimiser.type=SGD", "the config has no `optimiser`", "did you mean `optimizer`? the config has: optimizer"),
        ("optimizer.confg.lr=1", "optimizer has no `confg`", "did you mean `optimizer.config.lr`?"),
        ("optimizer.typ=SGD", "optimizer has no `typ`", "did you mean `optimizer.type`?"),
        (
            "optimizer.lr=1",
            "optimizer has no `lr`",
            "its fields stand in `config`: did you mean `optimizer.config.lr`?",
        ),
        (
            "optimizer.betas.0=1",
            "optimizer has no `betas`",
            "its fields stand in `config`: did you mean `optimizer.config.betas.0`?",
        ),
        (
            "schedular.type=ExponentialLR",
            "the config has no `schedular`",
            "did you mean `scheduler`? the config has: optimizer",
        ),
        ("optimizer.type.x=1", "optimizer.type is not a mapping, so it has no `x`", None),
        ("optimizer.config.betas.2=1", "optimizer.config.betas is a list of 1; `2` is no place in it", None),
        ("optimizer.config.betas.x=1", "optimizer.config.betas is a list of 1; `x` is no place in it", None),
        ("lr", "`lr` is not of the form path=value", None),
        ("=1", "`=1` is not of the form path=value", None),
        ("optimizer.type=[", "is not YAML: did not find expected node content", None),
    ],
)
def test_an_override_that_leads_nowhere_is_an_error_with_the_nearest_path(override, message, hint):
    """A mistyped path is refused, with the right one where it is near."""
    (problem,) = refused(NESTED, override)
    assert (message, hint) == (problem.message, problem.hint)


def test_an_override_of_a_lone_name_says_what_to_write_first():
    """A part that is a name alone has nothing below it; the hint is the mapping that has."""
    (problem,) = refused({"optimizer": "AdamW"}, "optimizer.config.lr=1")
    assert "optimizer is not a mapping, so it has no `config`" == problem.message
    assert "write optimizer: {type: AdamW} in the config" == problem.hint


def test_what_an_override_brings_in_is_not_blamed_on_the_file(tmp_path):
    """A problem below an overridden path is placed at the override, one beside it at its line."""
    path = tmp_path / "a.yaml"
    path.write_text(YAML)
    found = refusal(path, overrides=["optimizer.config.betas.1=3", "scheduler.config={}"])
    assert [
        ("optimizer.config.betas[1]", "--set", None, None),
        ("scheduler.config.gamma", "--set", None, None),
    ] == [(p.path, p.file, p.line, p.column) for p in found]


def test_overrides_apply_before_a_file_is_built(tmp_path):
    """`build` takes overrides along with a path."""
    path = tmp_path / "a.yaml"
    path.write_text(YAML)
    recipe = empty_registry().build(path, overrides=["optimizer.config.lr=0.25"])
    assert 0.25 == recipe.optimizer.config.lr


@pytest.mark.parametrize(
    ("config", "overrides", "expected"),
    [
        ({"optimizer": {"type": "A"}}, ["optimizer.config.lr=1"], {"optimizer": {"type": "A", "config": {"lr": 1}}}),
        ({"optimizer": {"type": "A"}}, ["optimizer.lr=1"], {"optimizer": {"type": "A", "lr": 1}}),
        ({"type": "A", "config": None}, ["config.lr=1"], {"type": "A", "config": {"lr": 1}}),
        (
            {"type": "A", "lr_decay_gamma": 0.5},
            ["config.lr=1"],
            {"type": "A", "lr_decay_gamma": 0.5, "config": {"lr": 1}},
        ),
        (
            {"optimizer": {"type": "A"}},
            ["scheduler.config.gamma=1", "scheduler.type=B"],
            {"optimizer": {"type": "A"}, "scheduler": {"config": {"gamma": 1}, "type": "B"}},
        ),
        (
            {"optimizer": {"type": "A"}, "scheduler": None},
            ["scheduler.type=B", "scheduler.gamma=1"],
            {"optimizer": {"type": "A"}, "scheduler": {"type": "B", "gamma": 1}},
        ),
        (
            {"optimizer": {"type": "A"}},
            ["gradient_clipping.max_norm=1"],
            {"optimizer": {"type": "A"}, "gradient_clipping": {"max_norm": 1}},
        ),
        ({}, ["optimizer.type=A"], {"optimizer": {"type": "A"}}),
        (
            {"optimizer_configs": {"a": {"optimizer": {"type": "A"}}}},
            ["optimizer_configs.a.scheduler.type=B", "gradient_clipping.max_norm=1"],
            {
                "optimizer_configs": {"a": {"optimizer": {"type": "A"}, "scheduler": {"type": "B"}}},
                "gradient_clipping": {"max_norm": 1},
            },
        ),
        (
            {"training": {"optimizer": {"type": "A"}}},
            ["training.scheduler.type=B"],
            {"training": {"optimizer": {"type": "A"}, "scheduler": {"type": "B"}}},
        ),
    ],
)
def test_what_a_config_may_have_and_this_one_leaves_out_is_created(config, overrides, expected):
    """`config` below a component that has no fields beside its type, and the parts of a recipe."""
    before = repr(config)
    assert expected == overridden(config, *overrides)
    assert before == repr(config)


@pytest.mark.parametrize(
    ("config", "override", "message", "hint"),
    [
        (
            FLAT,
            "optimizer.config.lr=1",
            "optimizer has no `config`",
            "its fields stand beside `type`: did you mean `optimizer.lr`?",
        ),
        (
            {"optimizer": {"type": "Momentum"}, "gradient_clipping": {"max_norm": 1}},
            "gradient_clipping.config.max_norm=1",
            "gradient_clipping has no `config`",
            "its fields stand beside `type`: did you mean `gradient_clipping.max_norm`?",
        ),
        (
            {"type": "Momentum", "lr": 1},
            "config.lr=1",
            "the config has no `config`",
            "its fields stand beside `type`: did you mean `lr`?",
        ),
        (
            NAMED,
            "optimizer_configs.my.net.optimizer.config.lr=1",
            "optimizer_configs has no `my`",
            'a key with dots stands in double quotes: `optimizer_configs."my.net".optimizer.config.lr`',
        ),
        (
            NAMED,
            'optimizer_configs."my.nett".optimizer.lr=1',
            "optimizer_configs has no `my.nett`",
            "did you mean `my.net`? optimizer_configs has: my.net, b",
        ),
        (NAMED, "scheduler.type=B", "the config has no `scheduler`", None),
        (NESTED, "scheduler.config.config.x=1", "scheduler.config has no `config`", "scheduler.config has: nothing"),
        (NESTED, "optimizer.config.x.y=1", "optimizer.config has no `x`", "optimizer.config has: betas"),
    ],
)
def test_nothing_else_is_created(config, override, message, hint):
    """A path that does not fit the form of the config is an error with the path that does."""
    (problem,) = refused(config, override)
    assert message == problem.message
    assert hint in (None, problem.hint)


def test_a_key_in_double_quotes_may_hold_dots_and_signs():
    """`"my.net"` is one key; a quote and a backslash in it are escaped as in JSON."""
    found = overridden(NAMED, 'optimizer_configs."my.net".optimizer.config.lr=a=b', ' "x.=\\"" = 1')
    assert {"type": "Momentum", "config": {"lr": "a=b"}} == found["optimizer_configs"]["my.net"]["optimizer"]
    assert 1 == found['x.="']


def test_all_overrides_that_lead_nowhere_are_reported():
    """One wrong override does not hide the next."""
    found = refused(NESTED, "optimizer.lr=1", "x", "optimizer.type=[", "optimizer.config.lr=2", "a.b=1")
    assert ["optimizer.lr", "", "optimizer.type", "a.b"] == [problem.path for problem in found]


def test_a_wrong_override_hides_no_problem_of_the_config():
    """What is wrong with overrides comes first, and then all that is wrong with the config as the others change it."""
    config = {"optimizer": {"type": "Momentum", "config": {"lr": -1, "no": 1}}, "gradient_clipping": 1}
    found = refusal(config, overrides=["optimizer.confg.lr=1", "optimizer.config.lr=-2"])
    told = [(each.file, each.path) for each in found]
    first = [("--set", "optimizer.confg.lr"), ("--set", "optimizer.config.lr"), (None, "optimizer.config.no")]
    assert first == told[:3]
    assert (None, "gradient_clipping") == told[-1]


def test_there_are_limits_to_overrides():
    """More overrides, or more text in them, than any run needs are an error at once."""
    (many,) = refusal(NESTED, overrides=["optimizer.config.lr=1"] * 1001)
    assert "there are more than 1,000 overrides" == many.message
    (large,) = refusal(NESTED, overrides=["optimizer.config.lr=" + "1" * 5_000_000])
    assert "the overrides are larger than 4 MiB, which no config is" == large.message


def test_what_is_missing_in_a_created_mapping_is_placed_at_the_override(tmp_path):
    """The file is not blamed for a scheduler that it does not have."""
    path = tmp_path / "a.yaml"
    path.write_text("optimizer: {type: Momentum}\n")
    (problem,) = refusal(path, overrides=["scheduler.config.gamma=0.5"])
    assert ("--set", "scheduler", "`type` is missing") == (problem.file, problem.path, problem.message)


@given(st.lists(st.text(st.sampled_from('ab."=\\ 01optimizer'), max_size=12) | st.text(max_size=8), max_size=3))
def test_any_override_is_applied_or_refused(overrides):
    """Whatever an override says, there is a new document or a ConfigError."""
    try:
        overridden({**NESTED, **NAMED}, *overrides)
    except ConfigError:
        return


def test_a_long_path_is_refused_at_its_first_step():
    """A path of a hundred thousand keys is not walked along."""
    (problem,) = refused(NESTED, "optimizer." * 100_000 + "a=1")
    assert "is nested more than 50 deep, or contains itself" == problem.message


@pytest.mark.parametrize("typed", ["5", "1e3", "true", "null", "[1]"])
def test_an_override_of_a_text_is_the_text_that_was_typed(typed):
    """What YAML takes for a number, a bool or null is a text where the field takes text alone."""
    registry = empty_registry()
    built = registry.build({"type": "Everything", "config": {}}, overrides=[f"config.text={typed}", "config.whole=5"])
    assert (typed, 5) == (built.config.text, built.config.whole)


def test_other_problems_are_told_when_a_text_was_typed_too():
    """The text is right, and what is wrong beside it is still told."""
    with pytest.raises(ConfigError) as caught:
        empty_registry().build({"type": "Everything"}, overrides=["config.text=5", "config.whole=x"])
    assert ["config.whole"] == [problem.path for problem in caught.value.problems]


class Shape(enum.Enum):
    ONE = "1"
    TWO = "2"


@attrs.frozen(kw_only=True)
class Texts:
    """Fields that take texts, and others beside them."""

    monitor: str | None = None
    whole_or_text: int | str = 0
    choice: Literal["1", "2", "true"] | None = None
    number_or_choice: float | Literal["1"] = 0.0
    names: list[str] | None = None
    pair: tuple[str, float] = ("a", 0.0)
    labels: dict[str, str] = attrs.field(factory=dict)
    shape: Shape = Shape.TWO
    warmup: Duration | None = None
    length_or_word: Duration | Literal["1.5"] = attrs.field(default=Duration.of(0))
    switch: bool = False

    def build(self, params):
        return None


def with_texts(*overrides):
    registry = empty_registry()
    registry.register("optimizer", "Texts", Texts)
    return registry.build({"type": "Texts", "config": {}}, overrides=[f"config.{text}" for text in overrides]).config


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("monitor=1", Texts(monitor="1")),
        ("monitor=1e3", Texts(monitor="1e3")),
        ("monitor=true", Texts(monitor="true")),
        ("monitor=[a]", Texts(monitor="[a]")),
        ("monitor=null", Texts(monitor=None)),
        ("whole_or_text=1", Texts(whole_or_text=1)),
        ("whole_or_text=1.5", Texts(whole_or_text="1.5")),
        ("choice=1", Texts(choice="1")),
        ("choice=true", Texts(choice="true")),
        ("number_or_choice=1", Texts(number_or_choice=1.0)),
        ("names=[1, a, 2.50]", Texts(names=["1", "a", "2.50"])),
        ("pair=[1, 2]", Texts(pair=("1", 2.0))),
        ("labels={a: 1, b: no, c: ~}", Texts(labels={"a": "1", "b": "no", "c": "~"})),
        ("shape=1", Texts(shape=Shape.ONE)),
        ("warmup=5%", Texts(warmup=Duration.of("5%"))),
        ("warmup=5", Texts(warmup=Duration.of(5))),
        ("length_or_word=1.5", Texts(length_or_word="1.5")),
        ("switch=true", Texts(switch=True)),
    ],
)
def test_an_override_is_a_text_wherever_a_text_may_stand_and_nothing_else_fits(override, expected):
    """What YAML takes for something else is the text that was typed, in a union, a list, a mapping and a choice too."""
    assert expected == with_texts(override)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("choice=3", "must be `1`, `2`, `true` or null, is 3"),
        ("shape=3", "3 is not a valid Shape"),
        ("switch=1", "must be true or false, is 1"),
        ("warmup=1.5", "must be a length such as 500, `10%` or `2 epochs`, is 1.5"),
    ],
)
def test_an_override_that_is_wrong_as_a_text_too_is_told_as_yaml_reads_it(override, message):
    """No quotes are put around what its author did not mean as a text."""
    with pytest.raises(ConfigError) as caught:
        with_texts(override)
    assert [message] == [problem.message for problem in caught.value.problems]


def test_the_last_override_of_a_place_is_the_one_that_counts():
    """An earlier one that YAML takes for a number does not come back as a text."""
    assert Texts(monitor="b") == with_texts("monitor=1", "monitor=b")
    assert Texts(names=["b", "3"]) == with_texts("names=[1, 2]", "names.0=b", "names.1=3")
