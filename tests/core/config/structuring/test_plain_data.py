"""A caller's config is read once, into plain data; what its objects raise is a problem of the config."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import itertools
from collections import OrderedDict, UserDict, deque
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType, SimpleNamespace
from typing import ClassVar

import attrs
import pytest

from optim_core import OptimizerSpec
from optim_core.config.advice.sentences import sentence
from optim_core.config.issues import Issue, IssuesError
from optim_core.config.structuring.plain_data import Unreadable, beside_unreadable, is_record, plain_data, read_plain


class Mode(enum.StrEnum):
    MIN = "min"


class Rate(float):
    def __repr__(self):
        return "a rate"


class Raises:
    def __getattribute__(self, name):
        raise RuntimeError(name)


class Endless(Mapping):
    def __getitem__(self, key):
        return 1

    def __iter__(self):
        return map(str, itertools.count())

    def __len__(self):
        return 1


class Broken(Mapping):
    def __getitem__(self, key):
        raise KeyError(key)

    def __iter__(self):
        return iter(["lr"])

    def __len__(self):
        return 1


@pytest.mark.parametrize("kind", [dict, OrderedDict, UserDict, lambda data: MappingProxyType(data)])
def test_mappings_become_dicts(kind):
    """A mapping of any type is a dict in the copy."""
    copy = plain_data(kind({"optimizer": kind({"type": "AdamW"})}))

    assert {"optimizer": {"type": "AdamW"}} == copy
    assert (dict, dict) == (type(copy), type(copy["optimizer"]))


@pytest.mark.parametrize("kind", [list, tuple, deque])
def test_sequences_become_lists(kind):
    """A sequence of any type but text is a list in the copy."""
    assert {"betas": [0.9, [0.99]]} == plain_data({"betas": kind([0.9, kind([0.99])])})
    assert [0, 1] == plain_data(range(2))


@pytest.mark.parametrize(
    ("given", "plain"),
    [(Mode.MIN, "min"), (Rate(0.5), 0.5), (enum.IntEnum("N", "A").A, 1), (enum.Enum("N", {"A": "a"}).A, "a")],
)
def test_subclasses_of_text_and_numbers_become_those(given, plain):
    """What a subclass overrides no longer counts; a member of an enumeration is its value."""
    copy = plain_data({"x": given})["x"]

    assert plain == copy
    assert type(plain) is type(copy)


def test_other_objects_stay():
    """Specs, functions and all else are the same objects in the copy."""
    spec = OptimizerSpec(type="Momentum", config=None)

    assert spec is plain_data({"optimizer": spec})["optimizer"]
    assert len is plain_data([len])[0]


@dataclasses.dataclass
class Data:
    type: str = "momentum"
    config: dict = dataclasses.field(default_factory=lambda: {"lr": 0.5})
    counted: ClassVar[int] = 0


@attrs.define
class Attrs:
    _type: str = "momentum"
    config: object = attrs.field(factory=lambda: SimpleNamespace(lr=0.5))


class Model:
    """As pydantic makes them."""

    model_fields: ClassVar = {"type": None, "config": None}

    def __init__(self):
        self.type, self.config = "momentum", argparse.Namespace(lr=0.5)

    def model_dump(self):
        raise AssertionError("it would copy values that are no plain data")


@pytest.mark.parametrize("make", [Data, Attrs, Model, lambda: SimpleNamespace(type="momentum", config={"lr": 0.5})])
def test_objects_of_named_fields_are_the_mappings_that_they_are(make):
    """Without class variables, by the names that their constructors have, and a class is no object of itself."""
    assert {"type": "momentum", "config": {"lr": 0.5}} == plain_data(make())
    assert {"optimizer": [{"type": "momentum", "config": {"lr": 0.5}}]} == plain_data({"optimizer": [make()]})
    assert is_record(make())
    assert not is_record(Data)
    assert Data is plain_data(Data)


def test_what_a_model_was_given_beside_its_fields_is_a_part_of_it():
    """As by `extra="allow"` of pydantic's: neither a rate nor a misspelt one is lost."""

    class Open(Model):
        model_fields: ClassVar = {"type": None}
        model_extra: ClassVar = {"config": None}

    assert {"type": "momentum", "config": {"lr": 0.5}} == plain_data(Open())


def test_what_is_set_beside_the_fields_of_an_object_is_a_part_of_it():
    """Else `config.lr = 0.5` would be lost where the class has no such field; what the class has is no key."""

    @dataclasses.dataclass
    class Later:
        type: str = "momentum"

        @cached_property
        def size(self):
            return 3

    later = Later()
    later.config, later._mine = {"lr": 0.5}, later.size
    assert {"type": "momentum", "config": {"lr": 0.5}} == plain_data(later)


def test_what_a_field_raises_is_told_at_its_place():
    """A property in place of a field may raise anything."""

    class Broken(SimpleNamespace):
        @property
        def lr(self):
            raise RuntimeError("no rate")

    broken = Broken()
    vars(broken)["lr"] = None
    _, (issue,) = read_plain({"config": broken})
    assert (("config", "lr"), "no rate") == (issue.path, str(issue.data["error"]))


def test_the_caller_keeps_a_config_of_its_own():
    """No container of the copy is one of the caller's."""
    given = {"a": {"b": [1, {"c": 2}]}}
    copy = plain_data(given)
    copy["a"]["b"][1]["c"] = 3

    assert {"a": {"b": [1, {"c": 2}]}} == given


@pytest.mark.parametrize(("make", "below"), [(Raises, ()), (Broken, ("lr",))], ids=["an object", "a mapping"])
def test_what_raises_is_a_problem_at_its_place(make, below):
    """The path leads to the object, or to the value in it, and the message says what it raised."""
    with pytest.raises(IssuesError) as caught:
        plain_data({"optimizer": {"config": {"betas": [0.9, make()]}}})

    (issue,) = caught.value.issues
    assert ("optimizer", "config", "betas", 1, *below) == issue.path
    assert "unreadable" == issue.code
    assert isinstance(issue.data["error"], (RuntimeError, KeyError))
    assert issue.data["error"] is caught.value.__cause__


class Some(Mapping):
    """Holds a good value, and raises for others."""

    def __getitem__(self, key):
        if key != "good":
            raise LookupError(f"nothing is at {key}\n    where: somewhere")
        return 1

    def __iter__(self):
        return iter(["first", "good", "second"])

    def __len__(self):
        return 3


def test_values_that_raise_hide_no_other():
    """Each is told at its own path, and what can be read is read."""
    plain, issues = read_plain({"a": Some(), "b": 2})

    assert [("a", "first"), ("a", "second")] == [issue.path for issue in issues]
    assert ({"b": 2}, 1) == ({key: plain[key] for key in "b"}, plain["a"]["good"])
    assert all(isinstance(plain["a"][key], Unreadable) for key in ("first", "second"))


def test_what_was_raised_is_told_in_its_own_words():
    """The sentence has the type and the text, without the lines that are set in."""
    issue = read_plain(Some())[1][0]
    assert "cannot be read: it raised LookupError: nothing is at first" == sentence(issue)


def test_what_only_follows_from_a_value_that_cannot_be_read_is_not_told():
    """Issues above and below it go, and those beside it stay; one of its own path says what is wanted there."""
    unreadable = [Issue("unreadable", ("a", "b"), data={"error": KeyError()})]
    wanted = unreadable[0]._replace(wanted=int)
    above, below, other = Issue("refused", ("a",)), Issue("wrong-type", ("a", "b", 0)), Issue("missing", ("a", "c"))

    assert [other, *unreadable] == beside_unreadable([above, below, other], unreadable)
    assert [wanted] == beside_unreadable([wanted, below], unreadable)


def test_what_never_ends_is_too_large():
    """An endless mapping is read no further than a config may be long."""
    with pytest.raises(IssuesError) as caught:
        plain_data({"optimizer": Endless()})
    assert ["too-many-values"] == [issue.code for issue in caught.value.issues]


def test_what_contains_itself_is_too_deep():
    """Recursion shows as depth."""
    config = {}
    config["optimizer"] = config

    with pytest.raises(IssuesError) as caught:
        plain_data(config)
    assert ["too-deep"] == [issue.code for issue in caught.value.issues]
