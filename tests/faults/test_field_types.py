"""A class with a field that no config holds a value of is an error of its distribution, when it is loaded."""

from __future__ import annotations

import json

import pytest

from optim_core import ConfigError, PluginLoadError

IMPORTS = """
import abc, array, collections, dataclasses, datetime, decimal, enum, fractions, ipaddress, numbers, pathlib
import re, types, typing, uuid
from collections import abc as cabc
from typing import *
T = TypeVar("T", bound=float)
P = ParamSpec("P")
Exact = NewType("Exact", decimal.Decimal)
class Plain: ...
class Shape(Protocol):
    def area(self) -> float: ...
class Base(abc.ABC):
    @abc.abstractmethod
    def area(self): ...
class MyList(list): ...
class Color(enum.Enum):
    RED = "red"
@attrs.frozen
class Inner:
    exact: decimal.Decimal = decimal.Decimal(1)
@attrs.frozen
class Parts(Generic[T]):
    part: T = None
Pair = collections.namedtuple("Pair", "a b")
@dataclasses.dataclass(frozen=True)
class Warmup:
    steps: int
    start: float = 0.0
    parts: list[float] = dataclasses.field(default_factory=list)
    then: "Warmup | None" = None
    def __post_init__(self):
        if self.steps < 0:
            raise ValueError("steps must not be negative")
@dataclasses.dataclass
class Exactly:
    exact: decimal.Decimal
class Limits(TypedDict):
    low: float
    high: NotRequired[int]
"""

UNUSABLE = [
    *("decimal.Decimal", "fractions.Fraction", "complex", "bytes", "bytearray", "memoryview", "slice", "range", "type"),
    *("datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "datetime.timezone"),
    *("pathlib.PurePath", "re.Pattern", "re.Pattern[str]", "re.Match", "types.FunctionType", "types.ModuleType"),
    *("types.SimpleNamespace", "uuid.UUID", "ipaddress.IPv4Address", "array.array", "numbers.Number", "Exception"),
    *("Exact", "T", "AnyStr", "P", "Plain", "Shape", "Base", "MyList", "Inner", "Parts", "Parts[int]", "Pair"),
    *("Exactly", "list[Exactly]"),
    *("list[decimal.Decimal]", "dict[str, decimal.Decimal]", "tuple[int, decimal.Decimal]", "set[decimal.Decimal]"),
    *("float | decimal.Decimal", "Annotated[decimal.Decimal, 'exact']", "Final[decimal.Decimal]", "Plain | int"),
    *("Optional[Plain]", "list[Optional[Inner]]", "Type[int]", "type[int]", "Iterator[int]"),
    *("Generator[int, None, None]", "Awaitable[int]", "Hashable", "Sized", "IO", "TextIO", "SupportsFloat"),
    *("NoReturn", "Never", "Self", "LiteralString", "Literal[b'x']", "Literal[Color.RED]", "'0'", "Plain()"),
]
USABLE = {
    "object": 1,
    "Any": 1,
    "numbers.Real": 1.5,
    "numbers.Integral": 2,
    "pathlib.Path": "a/b",
    "Color": "red",
    "Color | None": "red",
    "set[int]": [1, 2],
    "frozenset[str]": ["a"],
    "cabc.Set[int]": [1],
    "collections.deque[int]": [1],
    "cabc.Collection[int]": [1],
    "Annotated[float, 'x']": 1.0,
    "Final[int]": 1,
    "NewType('Rate', float)": 0.5,
    "Literal['a', 1, None]": "a",
    "dict[str, list[float]]": {"a": [1.0]},
    "Mapping[str, int]": {"a": 1},
    "'float'": 1.0,
    "Warmup": {"steps": 5, "start": 0.5, "parts": [1.0], "then": None},
    "list[Limits]": [{"low": 0.5}, {"low": 1.0, "high": 2}],
}


def offer(site, annotation: str, default: str = "None") -> None:
    source = (
        f"import attrs\n{IMPORTS}\n@attrs.frozen(kw_only=True)\nclass Bad:\n    lr: float = 0.1\n"
        f"    odd: {annotation} = {default}\n    def build(self, params): ...\n"
    )
    site.offer("good-plugin", "Good")
    site.offer("bad-plugin", "Bad", modules={"bad_plugin": source})


@pytest.mark.parametrize("annotation", UNUSABLE)
def test_an_unusable_type_is_told_when_the_class_is_loaded(site, annotation):
    """Not cattrs' own exception, at every build; others are unharmed, and the schema is JSON."""
    offer(site, annotation)
    registry = site.registry()
    for _ in range(2):
        with pytest.raises(
            PluginLoadError, match=r"of `Bad` the field `odd` has the type|types of `Bad`'s fields"
        ) as caught:
            registry.build({"type": "Bad"})
        assert ("bad-plugin", "1.0") == (caught.value.distribution, caught.value.version)
    assert 0.1 == registry.build({"type": "Good"}).config.lr
    json.dumps(registry.schema(), allow_nan=False)


@pytest.mark.parametrize("annotation", USABLE)
def test_a_usable_type_takes_a_value_and_gives_it_back(site, annotation):
    """What is built says itself as plain data, which builds it again."""
    offer(site, annotation)
    registry = site.registry()
    spec = registry.build({"type": "Bad", "config": {"odd": USABLE[annotation]}})
    config = json.loads(json.dumps(registry.to_config(spec), allow_nan=False))
    assert USABLE[annotation] == config["config"]["odd"]
    assert spec == registry.build(config)
    json.dumps(registry.schema(), allow_nan=False)


@pytest.mark.parametrize(
    ("annotation", "value", "problem"),
    [
        ("Warmup", {"steps": True}, "config.odd.steps: must be a whole number, is true"),
        ("Warmup", {"steps": 1, "start": False}, "config.odd.start: must be a number, is false"),
        ("Warmup", {"steps": 1, "parts": ["x"]}, r"config.odd.parts\[0\]: must be a number"),
        ("Warmup", {"steps": 1, "then": {"steps": 1.5}}, "config.odd.then.steps: must be a whole number, is 1.5"),
        ("Warmup", {"steps": 1, "strat": 0.5}, r"config.odd.strat: unknown key\n +did you mean `start`"),
        ("Warmup", {}, "config.odd.steps: is required and missing"),
        ("Warmup", {"steps": -1}, "config.odd: steps must not be negative"),
        ("Warmup", 5, "config.odd: must be a mapping of Warmup's fields, is 5"),
        ("dict[str, Limits]", {"a": {"low": 1, "high": "x"}}, "config.odd.a.high: must be a whole number"),
        ("Limits", {"low": 1, "hihg": 2}, r"config.odd.hihg: unknown key\n +did you mean `high`"),
    ],
)
def test_a_dataclass_and_a_typed_dictionary_are_read_as_attrs_classes_are(site, annotation, value, problem):
    """No value becomes another one, no key is passed over, and each mistake has its place."""
    offer(site, annotation)
    with pytest.raises(ConfigError, match=problem):
        site.registry().build({"type": "Bad", "config": {"odd": value}})


@pytest.mark.parametrize("annotation", ["set[int]", "frozenset[str]", "collections.deque[str]"])
def test_a_text_is_no_list_of_its_letters(site, annotation):
    """A word in the place of a list is a mistake."""
    offer(site, annotation)
    with pytest.raises(ValueError, match="must be a list"):
        site.registry().build({"type": "Bad", "config": {"odd": "12"}})


@pytest.mark.parametrize(
    "default", ["float('inf')", "float('nan')", "[1.0, float('-inf')]", "{'a': float('inf')}", "10 ** 5000"]
)
def test_a_default_that_json_lacks_is_left_out(site, default):
    """The schema is JSON, and the canonical config, which cannot say it, builds the same again."""
    offer(site, "Any", default)
    registry = site.registry()
    text = json.dumps(registry.schema(), allow_nan=False)
    assert "Infinity" not in text
    spec = registry.build({"type": "Bad"})
    if "**" not in default:
        assert {"lr": 0.1} == registry.to_config(spec)["config"]


def test_bounds_that_json_lacks_are_left_out(site):
    """A validator may be open above."""
    offer(site, "float", "attrs.field(default=1.0, validator=attrs.validators.lt(float('inf')))")
    json.dumps(site.registry().schema(), allow_nan=False)
