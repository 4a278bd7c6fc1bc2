"""Plugin classes in words: fields, ranges, docstrings, examples."""

from __future__ import annotations

import enum
import sys
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import attrs
import pytest
from attrs import validators
from cli_support import install_demo
from hypothesis import given
from hypothesis import strategies as st

from optim_core import Registry, registry
from optim_core.plugin_class.docstrings import parse_docstring, static_docstring
from optim_core.plugin_class.ranges import range_in_words, range_schema
from optim_core.reference.describe import describe, example, summary_without_import
from optim_core.validators import each, fraction, in_range, non_negative, positive


def _unknown(instance, attribute, value):
    raise ValueError("never")


@pytest.mark.parametrize(
    ("words", "schema", "validator"),
    [
        ("> 0", {"exclusiveMinimum": 0}, positive),
        ("in [0, 1)", {"minimum": 0, "exclusiveMaximum": 1}, fraction),
        ("> 0", {"exclusiveMinimum": 0}, validators.gt(0)),
        ("≥ 1", {"minimum": 1}, validators.ge(1)),
        ("< 1", {"exclusiveMaximum": 1}, validators.lt(1)),
        ("≤ 2.5", {"maximum": 2.5}, validators.le(2.5)),
        ("> 0 and ≤ 1", {"exclusiveMinimum": 0, "maximum": 1}, [validators.gt(0), validators.le(1)]),
        ("≥ 0", {"minimum": 0}, validators.optional(non_negative)),
        (
            "each in [0, 1)",
            {"minimum": 0, "exclusiveMaximum": 1, "items": {"minimum": 0, "exclusiveMaximum": 1}},
            each(fraction),
        ),
        ("one of a, b", {"enum": ["a", "b"]}, validators.in_(["a", "b"])),
        ("one of a", {"enum": ["a", None]}, validators.optional(validators.in_(["a"]))),
        ("at least 1 long", {"minItems": 1, "minLength": 1}, validators.min_len(1)),
        ("at most 3 long", {"maxItems": 3, "maxLength": 3}, validators.max_len(3)),
        ("each > 0", {"exclusiveMinimum": 0, "items": {"exclusiveMinimum": 0}}, validators.deep_iterable(positive)),
        (None, {}, validators.gt("a")),
        (None, {}, validators.instance_of(int)),
        (None, {}, validators.or_(positive, _unknown)),
        (None, {}, _unknown),
        (None, {}, None),
    ],
)
def test_a_range_is_read_from_the_validator(words, schema, validator):
    """Our validators and attrs' own say their range; of others nothing is claimed."""
    if isinstance(validator, list):
        validator = validators.and_(*validator)

    assert words == range_in_words(validator)
    assert schema == range_schema(validator)


class Mode(enum.Enum):
    FAST = "fast"


@attrs.frozen(kw_only=True)
class Described:
    """What it is (Doe 1999).

    More about it,
    and more.

    Args:
        lr: the rate,
            in units: of one.
        mode (str): how.
        private: read without its underscore.

    Raises:
        ValueError: never.
    """

    lr: float = attrs.field(validator=positive)
    mode: Mode = Mode.FAST
    items: list[int] = attrs.Factory(lambda: [1, 2])
    pair: tuple[float, int] = (0.5, 1)
    half: float = attrs.Factory(lambda self: self.lr / 2, takes_self=True)
    function: Any = len
    _private: int | None = None
    derived: int = attrs.field(default=1, init=False)

    def build(self, params): ...


def test_fields_are_described_under_their_keys():
    """A field is called by its key in a config; what is no key is left out."""
    assert ("lr", "mode", "items", "pair", "half", "function", "private") == tuple(
        field.name for field in describe(Described).fields
    )


def test_defaults_are_plain_data():
    """Defaults are what a file could hold; where that is not possible, a note says why."""
    fields = {field.name: (field.required, field.default, field.note) for field in describe(Described).fields}

    assert (True, None, None) == fields["lr"]
    assert (False, "fast", None) == fields["mode"]
    assert (False, [1, 2], None) == fields["items"]
    assert (False, [0.5, 1], None) == fields["pair"]
    assert (False, None, "depends on the other fields") == fields["half"]
    assert (False, None, "a Python object of type builtin_function_or_method") == fields["function"]


def test_a_default_that_cannot_be_computed_is_a_note():
    """A factory that raises is described with what it says, and the example does without it."""
    cls = attrs.make_class(
        "Dice", {"seed": attrs.field(type=int, factory=lambda: 1 // 0), "sides": attrs.field(default=6)}
    )
    seed, sides = describe(cls).fields

    assert (None, "cannot be computed: ZeroDivisionError: integer division or modulo by zero") == (
        seed.default,
        seed.note,
    )
    assert (6, None) == (sides.default, sides.note)
    assert {"sides": 6} == example(cls)


def test_the_docstring_is_taken_apart():
    """Summary, body and fields are apart; a text that goes on in the next line is put together."""
    described = describe(Described)

    assert "What it is (Doe 1999)." == described.summary
    assert "More about it,\nand more.\n\nRaises:\n    ValueError: never." == described.body
    assert "the rate, in units: of one." == described.fields[0].text
    assert "how." == described.fields[1].text
    assert described.fields[2].text is None


def test_without_docstring_there_is_nothing_to_say():
    """A class without docstring has an empty summary, and not that of a base class."""
    bare = attrs.make_class("Bare", {"x": attrs.field(default=1)})

    assert ("", "") == (describe(bare).summary, describe(bare).body)


@given(st.text(st.sampled_from("Args: \nx`(*)\t")))
def test_any_text_can_be_taken_apart(text):
    """No docstring, however strange, is an error."""
    parse_docstring(text)


@attrs.frozen(kw_only=True)
class Needs:
    rate: float = attrs.field(validator=in_range(gt=0, lt=0.3))
    max_lr: float = attrs.field(validator=positive)
    count: int = attrs.field(validator=in_range(gt=200, lt=210))
    pair: tuple[float, float] = attrs.field(validator=each(fraction))
    steps: list[int] = attrs.field(validator=each(positive))
    mode: Literal["a", "b"]
    choice: str = attrs.field(validator=validators.in_(["x", "y"]))
    flag: bool
    text: str
    maybe: int | None = attrs.field(validator=validators.optional(positive))
    nested: Inner
    table: dict[str, int]
    given: float = 7.0

    def build(self, params): ...


@attrs.frozen(kw_only=True)
class Inner:
    x: float = attrs.field(validator=in_range(ge=2))


def test_an_example_fills_what_is_required():
    """Each required field gets a value of its type, within its range; what has a default is left out."""
    made = example(Needs)
    fresh = Registry(path=[])
    fresh.register("optimizer", "Needs", Needs)

    fresh.build({"type": "Needs", "config": made})
    assert "given" not in made
    assert 1e-3 == made["max_lr"]


def test_an_example_without_required_fields_shows_the_first():
    """Where nothing is required, the first field is shown with its default."""
    assert {"a": 0.1} == example(attrs.make_class("Free", {"a": attrs.field(default=0.1), "b": attrs.field(default=2)}))


def test_the_classs_own_example_comes_first():
    """A class that offers an example is believed; what is shown is a copy."""

    @attrs.frozen
    class Own:
        x: float

        example: ClassVar[Mapping[str, Any]] = {"x": 4711, "list": (1, 2)}

    assert {"x": 4711, "list": [1, 2]} == example(Own)


def _summary(name):
    registry.refresh()
    record = next(record for record in registry.plugins("optimizer") if record.name == name)
    registry.refresh()
    return summary_without_import(record)


def test_a_summary_is_read_without_import(site):
    """The first line of a docstring is read from the file, and the module stays unimported."""
    install_demo(site)

    assert "Demo descent: goes ≤ downhill (Doe 1999, arXiv:9901.00001)." == _summary("DemoDescent")
    assert "demo_plugins" not in sys.modules


PACKAGE = {
    "pack/__init__.py": "from .impl.real import Hidden as Shown\n1 / 0\n",
    "pack/impl/__init__.py": "1 / 0\n",
    "pack/impl/real.py": 'class Hidden:\n    """Found."""\n    class Deeper:\n        """Found deeper."""\n1 / 0\n',
    "pack/impl/up.py": "from ..impl.real import Hidden\nfrom . import real\n1 / 0\n",
    "pack/loop.py": "from pack.loop import Round\n",
    "space/inner/mod.py": '# -*- coding: latin-1 -*-\nclass Old:\n    """Found \xe9."""\n',
    "pack/binary.py": "\x00",
    "pack/function.py": 'def run():\n    """Found, too."""\n',
}


@pytest.mark.parametrize(
    ("docstring", "module", "attribute"),
    [
        ("Found.", "pack.impl.real", "Hidden"),
        ("Found deeper.", "pack.impl.real", "Hidden.Deeper"),
        ("Found.", "pack", "Shown"),
        ("Found.", "pack.impl.up", "Hidden"),
        ("Found \xe9.", "space.inner.mod", "Old"),
        ("Found, too.", "pack.function", "run"),
        (None, "pack.impl.up", "real"),
        (None, "pack.impl.up", "Missing"),
        (None, "pack.loop", "Round"),
        (None, "pack.binary", "X"),
        (None, "pack.missing", "X"),
        (None, "pack.function.below", "X"),
        (None, "missing", "X"),
        (None, "sys", "X"),
        (None, "math", "X"),
    ],
)
def test_a_docstring_is_found_in_packages_without_importing_them(tmp_path, monkeypatch, docstring, module, attribute):
    """Packages, namespace packages and re-exports are followed by their files; what cannot be found is None."""
    for name, text in PACKAGE.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="latin-1")
    monkeypatch.syspath_prepend(str(tmp_path))

    assert docstring == static_docstring(module, attribute)
    assert not {"pack", "space"} & set(sys.modules)
