"""Config values to plugin-class instances: cattrs with strict scalars, and every problem at once.

A hook here raises `Mismatch`, which holds all issues below the value that it was given, with paths relative to that
value. cattrs chooses the hook by type; the hooks for scalars, containers, unions and attrs classes are ours, because
cattrs' own turn "false" into True and 1.5 into 1, and lose the words of a validator.
"""

from __future__ import annotations

import math
import numbers
import operator
import re
import types
from collections import abc
from collections.abc import Callable, Mapping
from reprlib import Repr
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs
from cattrs import Converter

from optim_core.names import listing, nearest

__all__ = ["ALIASES", "Issue", "Mismatch", "Structurer", "guard", "shown", "type_in_words"]

Path = tuple[str | int, ...]
Hook = Callable[[Any, Any], Any]

# A key that means the same as another in every plugin class that has only the other.
ALIASES = {"learning_rate": "lr", "lr": "learning_rate"}

MOST_NODES = 100_000
DEEPEST = 50

_NUMBER = re.compile(r"[-+]?(\d+(_\d+)*)?\.?(\d+)?([eE][-+]?\d+)?")
_WHOLE = re.compile(r"[-+]?\d{1,100}")
_SCALARS_IN_WORDS = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "text",
    type(None): "null",
    Any: "anything",
}
_PLURALS = {float: "numbers", int: "whole numbers", bool: "true or false values", str: "texts"}

_repr = Repr()
_repr.maxstring = _repr.maxother = 60
_repr.maxlist = _repr.maxtuple = _repr.maxdict = 4
_repr.maxlevel = 2


@attrs.frozen
class Issue:
    """What is wrong at one place below a value; the path is relative to that value.

    `error` says which exception the place calls for: "missing-type", "unknown-type", or None.
    """

    path: Path
    message: str
    hint: str | None = None
    error: str | None = None

    def below(self, *prefix: str | int) -> Issue:
        return attrs.evolve(self, path=(*prefix, *self.path))


class Mismatch(Exception):  # noqa: N818 - it never leaves this package
    """A value does not fit its type; `issues` says where and why."""

    def __init__(self, *issues: Issue) -> None:
        super().__init__(issues)
        self.issues = issues

    @classmethod
    def here(cls, message: str, hint: str | None = None) -> Mismatch:
        return cls(Issue((), message, hint))


def guard(value: Any) -> None:
    """Refuses what no config looks like, before anything walks it recursively.

    Raises:
        Mismatch: more than 100,000 values, counting a shared one each time it appears, or nested over 50 deep, which
            is how a mapping that contains itself shows.
    """
    nodes = 0
    stack: list[tuple[Any, int]] = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        if not isinstance(item, (Mapping, list, tuple)):
            continue
        nodes += len(item)
        if depth >= DEEPEST:
            raise Mismatch.here(f"is nested more than {DEEPEST} deep, or contains itself")
        if nodes > MOST_NODES:
            raise Mismatch.here(f"holds more than {MOST_NODES:,} values")
        stack.extend((child, depth + 1) for child in (item.values() if isinstance(item, Mapping) else item))


def shown(value: Any) -> str:
    """A value in words and short: ``the text 'abc'``, ``null``, ``a list``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {_repr.repr(str(value))}"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, numbers.Number):
        return _repr.repr(value)
    return f"a Python object of type {type(value).__name__}"


def type_in_words(wanted: Any) -> str:
    """A field's type as a reader of configs would say it."""
    words = _SCALARS_IN_WORDS.get(wanted) if isinstance(wanted, abc.Hashable) else None
    if words:
        return words
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin is Literal:
        return " or ".join(f"`{argument}`" for argument in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(type_in_words(argument) for argument in arguments))
    if origin is tuple and arguments[-1:] != (...,):
        inner = {_PLURALS.get(argument, type_in_words(argument)) for argument in arguments}
        return f"a list of {len(arguments)} {' or '.join(sorted(inner))}"
    if origin in (list, tuple, abc.Sequence, abc.Iterable):
        return f"a list of {_PLURALS.get(arguments[0], type_in_words(arguments[0]))}"
    if origin in (dict, abc.Mapping) or wanted is dict:
        return "a mapping"
    if origin is abc.Callable:
        return "a function"
    if isinstance(wanted, type):
        return _NAMED_IN_WORDS.get(wanted.__name__, f"a {wanted.__name__}")
    return str(wanted)


_NAMED_IN_WORDS = {
    "OptimizerSpec": "an optimizer {type, config}",
    "SchedulerSpec": "a scheduler {type, config}",
    "ClipperSpec": "a clipper {type, config}",
    "list": "a list",
    "tuple": "a list",
    "dict": "a mapping",
}


def _wrong(wanted: Any, value: Any, hint: str | None = None) -> Mismatch:
    return Mismatch.here(f"must be {type_in_words(wanted)}, is {shown(value)}", hint)


def _float(value: Any, _: Any) -> float:
    if type(value) is float:
        number = value
    elif isinstance(value, str) and len(value) <= 100 and _NUMBER.fullmatch(value) and any(map(str.isdigit, value)):
        number = float(value)
    elif isinstance(value, numbers.Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            raise Mismatch.here("is too large for a number") from None
    else:
        raise _wrong(float, value)
    if not math.isfinite(number):
        raise Mismatch.here(f"must be a finite number, is {number}")
    return number


def _int(value: Any, _: Any) -> int:
    if type(value) is int:
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, (str, numbers.Real)) and not isinstance(value, (bool, numbers.Integral)):
        # 1e5 is how people write 100000, and YAML knows no other whole number with an exponent.
        try:
            number = _float(value, float)
        except Mismatch:
            raise _wrong(int, value) from None
        if number.is_integer():
            return int(number)
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        raise _wrong(int, value)
    return operator.index(value)


def _bool(value: Any, _: Any) -> bool:
    if isinstance(value, bool):
        return value
    quoted = isinstance(value, str) and value.lower() in ("true", "false")
    raise _wrong(bool, value, f"write {value.lower()} without quotes" if quoted else None)


def _str(value: Any, _: Any) -> str:
    if isinstance(value, str):
        return str(value)
    raise _wrong(str, value)


def _none(value: Any, _: Any) -> None:
    if value is not None:
        raise _wrong(type(None), value)


def _anything(value: Any, _: Any) -> Any:
    return value


def _callable(value: Any, wanted: Any) -> Any:
    if callable(value):
        return value
    raise _wrong(wanted, value)


def _literal(value: Any, wanted: Any) -> Any:
    allowed = get_args(wanted)
    for choice in allowed:
        if type(choice) is type(value) and choice == value:
            return choice
    near = nearest(value, [choice for choice in allowed if isinstance(choice, str)]) if isinstance(value, str) else None
    raise _wrong(wanted, value, f"did you mean `{near}`?" if near else None)


class Structurer:
    """One cattrs converter with the rules of optim-core.

    `components` gives hooks for the types that a registry builds: `SchedulerSpec` and the like.
    """

    def __init__(self, components: Mapping[type[Any], Hook]) -> None:
        self._converter = Converter()
        self._plans: dict[type[Any], _Plan] = {}
        for wanted, hook in (
            (float, _float),
            (int, _int),
            (bool, _bool),
            (str, _str),
            (type(None), _none),
        ):
            self._converter.register_structure_hook(wanted, hook)
        for belongs, factory in (
            (attrs.has, self._attrs_hook),
            (_is(list, tuple, abc.Sequence, abc.Iterable), self._sequence_hook),
            (_is(dict, abc.Mapping), self._mapping_hook),
            (_is(Union, types.UnionType), self._union_hook),
            (_is(Literal), lambda _: _literal),
            (_is(abc.Callable), lambda _: _callable),
            (lambda wanted: wanted is Any, lambda _: _anything),
        ):
            self._converter.register_structure_hook_factory(belongs, factory)
        for wanted, hook in components.items():
            self._converter.register_structure_hook(wanted, hook)

    def structure(self, value: Any, cls: type[Any]) -> Any:
        """An instance of the plugin class `cls` from a mapping of its fields.

        Raises:
            Mismatch: with everything that is wrong below `value`.
        """
        plan = self._plans.get(cls)
        if plan is None:
            plan = self._plans[cls] = _Plan.of(cls, self._hook)
        return plan.structure(value)

    def keys(self, cls: type[Any]) -> tuple[str, ...]:
        """The keys that a config of `cls` may have, aliases left out."""
        return tuple(field.alias or field.name for field in attrs.fields(cls) if field.init)

    def _hook(self, wanted: Any) -> Hook:
        hook = self._converter.get_structure_hook(wanted)

        def careful(value: Any, _: Any) -> Any:
            try:
                return hook(value, wanted)
            except Mismatch:
                raise
            except Exception as error:  # noqa: BLE001 - a stranger's hook or constructor may raise anything
                raise Mismatch.here(str(error) or type(error).__name__) from error

        return hook if hook in _OWN_HOOKS else careful

    def _attrs_hook(self, _: Any) -> Hook:
        return self.structure

    def _sequence_hook(self, wanted: Any) -> Hook:
        origin = get_origin(wanted) or wanted
        arguments = get_args(wanted) or (Any,)
        fixed = origin is tuple and get_args(wanted) and arguments[-1] is not ...
        hooks = [self._hook(argument) for argument in arguments if argument is not ...]
        make = tuple if origin is tuple else list

        def sequence(value: Any, _: Any) -> Any:
            if not isinstance(value, (list, tuple)) or (fixed and len(value) != len(hooks)):
                raise _wrong(wanted, value)
            items, issues = [], []
            for index, item in enumerate(value):
                try:
                    items.append(hooks[index if fixed else 0](item, arguments[index if fixed else 0]))
                except Mismatch as mismatch:
                    issues += [issue.below(index) for issue in mismatch.issues]
            if issues:
                raise Mismatch(*issues)
            return make(items)

        return sequence

    def _mapping_hook(self, wanted: Any) -> Hook:
        arguments = get_args(wanted) or (Any, Any)
        key_hook, value_hook = map(self._hook, arguments)

        def mapping(value: Any, _: Any) -> Any:
            if not isinstance(value, Mapping):
                raise _wrong(wanted, value)
            items, issues = {}, []
            for key, item in value.items():
                try:
                    items[key_hook(key, arguments[0])] = value_hook(item, arguments[1])
                except Mismatch as mismatch:
                    issues += [issue.below(key if isinstance(key, str) else shown(key)) for issue in mismatch.issues]
            if issues:
                raise Mismatch(*issues)
            return items

        return mapping

    def _union_hook(self, wanted: Any) -> Hook:
        # Text comes last, so that "1e-4" is a number wherever a number may stand.
        members = sorted(get_args(wanted), key=lambda member: (member is str, get_origin(member) is not Literal))
        hooks = [(member, self._hook(member)) for member in members]
        nullable = type(None) in members

        def union(value: Any, _: Any) -> Any:
            if value is None and nullable:
                return None
            closest: Mismatch | None = None
            for member, hook in hooks:
                try:
                    return hook(value, member)
                except Mismatch as mismatch:
                    if _same_shape(value, member):
                        closest = closest or mismatch
            raise closest or _wrong(wanted, value)

        return union


def _is(*origins: Any) -> Callable[[Any], bool]:
    return lambda wanted: (get_origin(wanted) or wanted) in origins


def _same_shape(value: Any, member: Any) -> bool:
    """Whether a value was most likely meant for this member of a union, so that its words are the ones to show."""
    origin = get_origin(member) or member
    if isinstance(value, Mapping):
        return origin in (dict, abc.Mapping) or attrs.has(member)
    if isinstance(value, (list, tuple)):
        return origin in (list, tuple, abc.Sequence, abc.Iterable)
    return member in (int, float) and isinstance(value, float)


_OWN_HOOKS = (_float, _int, _bool, _str, _none, _anything, _callable, _literal)


@attrs.frozen
class _Plan:
    """How to structure one attrs class: worked out once."""

    cls: type[Any]
    fields: dict[str, tuple[attrs.Attribute[Any], Hook, Any]]
    required: tuple[str, ...]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, wanted: type[Any], hook_for: Callable[[Any], Hook]) -> _Plan:
        attributes = {field.alias or field.name: field for field in attrs.fields(wanted) if field.init}
        hints = get_type_hints(wanted)
        fields = {}
        for key, field in attributes.items():
            hint = hints.get(field.name, Any)
            fields[key] = (field, hook_for(hint), hint)
        required = tuple(key for key, field in attributes.items() if field.default is attrs.NOTHING)
        for alias, key in ALIASES.items():
            if key in attributes and alias not in attributes:
                fields[alias] = fields[key]
        return cls(wanted, fields, required, tuple(attributes))

    def structure(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise Mismatch.here(f"must be a mapping of {self.cls.__name__}'s fields, is {shown(value)}")
        values: dict[str, Any] = {}
        issues: list[Issue] = []
        failed: set[str] = set()
        for key, raw in value.items():
            known = self.fields.get(key) if isinstance(key, str) else None
            if known is None:
                issues.append(self._unknown(key))
                continue
            field, hook, hint = known
            name = field.alias or field.name
            if name in values or name in failed:
                other = next(given for given in value if given != key and given in (name, ALIASES.get(name)))
                issues.append(Issue((key,), f"means the same as `{other}`", "give one of the two"))
                continue
            try:
                values[name] = hook(raw, hint)
            except Mismatch as mismatch:
                failed.add(name)
                issues += [issue.below(key) for issue in mismatch.issues]
        for name in self.required:
            if name not in values and name not in failed:
                hint_text = f"{self.cls.__name__} needs {type_in_words(self.fields[name][2])} here"
                issues.append(Issue((name,), "is required and missing", hint_text))
        if not issues:
            try:
                return self.cls(**values)
            except Exception as error:  # noqa: BLE001 - validators and constructors may raise anything
                issues += self._refusals(values, failed, value) or [Issue((), _words(error))]
        else:
            issues += self._refusals(values, failed, value)
        raise Mismatch(*_in_order(issues, value))

    def _unknown(self, key: Any) -> Issue:
        if not isinstance(key, str):
            return Issue((shown(key),), "is not a key: keys are texts")
        near = nearest(key, self.fields)
        allowed = f"{self.cls.__name__} takes: {listing(self.keys) or 'nothing'}"
        return Issue((key,), "unknown key", f"did you mean `{near}`? {allowed}" if near else allowed)

    def _refusals(self, values: dict[str, Any], failed: set[str], given: Mapping[str, Any]) -> list[Issue]:
        """What each field's validator says: attrs itself stops at the first one."""
        instance = self.cls.__new__(self.cls)
        usable: list[tuple[str, attrs.Attribute[Any], Any]] = []
        issues = []
        for key in self.keys:
            field = self.fields[key][0]
            try:
                present, current = self._current(field, values, instance) if key not in failed else (False, None)
            except Exception as error:  # noqa: BLE001 - a field's converter or default may raise anything
                issues.append(Issue((_as_given(key, given),), _words(error)))
                continue
            if present:
                object.__setattr__(instance, field.name, current)
                usable.append((key, field, current))
        for key, field, current in usable:
            if field.validator is None:
                continue
            try:
                field.validator(instance, field, current)
            except AttributeError as error:
                # It looked at a field that has a problem of its own.
                if error.obj is not instance:
                    issues.append(Issue((_as_given(key, given),), _words(error)))
            except Exception as error:  # noqa: BLE001 - a validator may raise anything
                issues.append(Issue((_as_given(key, given),), _words(error, field.name)))
        return issues

    def _current(self, field: attrs.Attribute[Any], values: dict[str, Any], instance: Any) -> tuple[bool, Any]:
        """Whether a field has a value, and the value: as given, or its default."""
        key = field.alias or field.name
        if key in values:
            current = values[key]
        elif field.default is attrs.NOTHING:
            return False, None
        elif isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
            factory = field.default
            current = factory.factory(instance) if factory.takes_self else factory.factory()  # type: ignore[union-attr]
        else:
            current = field.default
        return True, field.converter(current) if callable(field.converter) else current


def _as_given(key: str, given: Mapping[str, Any]) -> str:
    """The key under which the user wrote a field: the alias where that is what stands there."""
    alias = ALIASES.get(key)
    return alias if alias in given and key not in given else key


def _words(error: BaseException, name: str | None = None) -> str:
    """What a validator said; attrs' own begin with the field's name, which the path says already."""
    said = str(error.args[0]) if error.args and isinstance(error.args[0], str) else str(error)
    if name:
        said = said.removeprefix(f"'{name}' ")
    return said or type(error).__name__


def _in_order(issues: list[Issue], given: Mapping[str, Any]) -> list[Issue]:
    """The issues in the order of the config, what is missing last."""
    places = {key: place for place, key in enumerate(given)}
    return sorted(issues, key=lambda issue: places.get(issue.path[0], len(places)) if issue.path else len(places))
