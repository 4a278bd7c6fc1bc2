"""Plugin classes in words: fields, defaults, summaries, examples."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import attrs
from attrs import validators

from optim_core import Registry
from optim_core.reference.describe import describe, example
from optim_core.validators import each, fraction, in_range, positive


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


def test_sources_are_the_addresses_that_a_docstring_names():
    """arXiv numbers, addresses with and without https, and names in torch, each once; no other word with a dot."""

    class Sourced:
        """It (Doe 2017, arXiv:1711.05101), of torch.optim.AdamW and github.com/doe/it.

        As in arXiv:1711.05101, http://doe.org/a_(b).pdf; unlike a.b, doe.org and optim_core.groups/names.
        """

    assert (
        "https://arxiv.org/abs/1711.05101",
        "https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html",
        "https://github.com/doe/it",
        "http://doe.org/a_(b).pdf",
    ) == describe(attrs.frozen(Sourced)).sources
