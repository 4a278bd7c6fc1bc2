"""Config mappings to plugin-class instances: cattrs with strict scalars, and every problem at once.

For each type there is a maker, which cattrs calls a hook: it makes an instance of a value, or raises `IssuesError`,
which holds all issues below the value. Those for scalars, containers, unions and attrs classes are ours, because
cattrs' own turn "false" into True and 1.5 into 1, and lose the words of a validator.
"""

from __future__ import annotations

import types
from collections import abc
from collections.abc import Callable, Mapping
from typing import Any, Literal, Union, get_args, get_origin

from cattrs import Converter

from optim_core.config.issues import Hint, Issue, IssuesError
from optim_core.config.structuring.class_plan import ClassPlan, Maker
from optim_core.config.structuring.scalars import (
    structure_anything,
    structure_bool,
    structure_callable,
    structure_duration,
    structure_float,
    structure_int,
    structure_literal,
    structure_none,
    structure_share,
    structure_str,
    wrong_type,
)
from optim_core.plugin_class.fields import config_fields
from optim_core.plugin_class.records import has_fields, with_fields
from optim_core.plugin_class.usable_types import LISTS, NUMBERS
from optim_core.run.durations import Duration
from optim_core.run.shares import Share
from optim_core.text.values import is_list, shown

__all__ = ["Structurer"]


class Structurer:
    """One cattrs converter with the rules of optim-core.

    `components` gives makers for the types that a registry builds: `SchedulerSpec` and the like.
    """

    def __init__(self, components: Mapping[type[Any], Maker]) -> None:
        self._converter = Converter()
        self._plans: dict[type[Any], ClassPlan] = {}
        for wanted, maker in (_SCALAR_MAKERS | dict(components)).items():
            self._converter.register_structure_hook(wanted, maker)
        for belongs, factory in (
            (has_fields, self._fields_maker),
            (_is(*LISTS), self._sequence_maker),
            (_is(*NUMBERS), lambda wanted: _of_number(NUMBERS[wanted])),
            (_is(dict, abc.Mapping), self._mapping_maker),
            (_is(Union, types.UnionType), self._union_maker),
            (_is(Literal), lambda _: structure_literal),
            (_is(abc.Callable), lambda _: structure_callable),
            (lambda wanted: wanted is Any or wanted is object, lambda _: structure_anything),
        ):
            self._converter.register_structure_hook_factory(belongs, factory)

    def structure(self, value: Any, cls: type[Any], name: str | None = None) -> Any:
        """Return an instance of the plugin class `cls`, called `name` in messages, from a mapping of its fields.

        Raises:
            IssuesError: with everything that is wrong below `value`.
        """
        return self._plan(cls).structure(value, name)

    def evolve(self, instance: Any, given: Mapping[str, Any], name: str | None = None) -> Any:
        """Return an instance of a plugin class as `instance` is, but for the fields in `given`.

        Raises:
            IssuesError: with everything that is wrong in `given`.
        """
        return self._plan(type(instance)).evolve(instance, given, name)

    def _plan(self, cls: type[Any]) -> ClassPlan:
        plan = self._plans.get(cls)
        if plan is None:
            plan = self._plans[cls] = ClassPlan.of(with_fields(cls) or cls, self._maker, make=cls)
        return plan

    def keys(self, cls: type[Any]) -> tuple[str, ...]:
        """Return the keys that a config of `cls` may have, aliases left out."""
        return tuple(config_fields(cls))

    def aliases(self, cls: type[Any]) -> tuple[str, ...]:
        """Return other names of some of the keys."""
        plan = self._plan(cls)
        return tuple(name for name in plan.fields if name not in plan.keys)

    def durations(self, cls: type[Any]) -> tuple[str, ...]:
        """Return the keys whose fields take a length in words, such as "2 epochs"."""
        plan = self._plan(cls)
        return tuple(key for key in plan.keys if Duration in (plan.fields[key][2], *get_args(plan.fields[key][2])))

    def _maker(self, wanted: Any) -> Maker:
        maker = self._converter.get_structure_hook(wanted)

        def careful(value: Any, _: Any) -> Any:
            try:
                return maker(value, wanted)
            except IssuesError:
                raise
            except Exception as error:
                text = str(error) or type(error).__name__
                raise IssuesError(Issue("refused", (), value, wanted, {"text": text})) from error

        return maker if maker in _OWN_MAKERS else careful

    def _fields_maker(self, _: Any) -> Maker:
        return lambda value, cls: self.structure(value, cls)

    def _sequence_maker(self, wanted: Any) -> Maker:
        origin = get_origin(wanted) or wanted
        arguments: tuple[Any, ...] = get_args(wanted) or (Any,)
        fixed = origin is tuple and get_args(wanted) and arguments[-1] is not ...
        makers = [self._maker(argument) for argument in arguments if argument is not ...]
        make = LISTS[origin]
        length = len(makers) if fixed else None
        numeric = all(argument in (int, float) for argument in arguments if argument is not ...)

        def sequence(value: Any, _: Any) -> Any:
            if not is_list(value) or (fixed and len(value) != len(makers)):
                hint = Hint.of("write-list", value=value, length=length) if numeric else None
                raise wrong_type(wanted, value, hint)
            items, issues = [], []
            for index, item in enumerate(value):
                try:
                    items.append(makers[index if fixed else 0](item, arguments[index if fixed else 0]))
                except IssuesError as error:
                    issues += [issue.below(index) for issue in error.issues]
            if issues:
                raise IssuesError(*issues)
            return make(items)

        return sequence

    def _mapping_maker(self, wanted: Any) -> Maker:
        arguments = get_args(wanted) or (Any, Any)
        key_maker, value_maker = map(self._maker, arguments)

        def mapping(value: Any, _: Any) -> Any:
            if not isinstance(value, Mapping):
                raise wrong_type(wanted, value)
            items, issues = {}, []
            for key, item in value.items():
                try:
                    items[key_maker(key, arguments[0])] = value_maker(item, arguments[1])
                except IssuesError as error:
                    issues += [issue.below(key if isinstance(key, str) else shown(key)) for issue in error.issues]
            if issues:
                raise IssuesError(*issues)
            return items

        return mapping

    def _union_maker(self, wanted: Any) -> Maker:
        # Text comes last, so that "1e-4" is a number wherever a number may stand.
        members = sorted(get_args(wanted), key=lambda member: (member is str, not _is(Literal)(member)))
        makers = [(member, self._maker(member)) for member in members]
        nullable = type(None) in members

        def union(value: Any, _: Any) -> Any:
            if value is None and nullable:
                return None
            closest: IssuesError | None = None
            hints: list[Hint] = []
            for member, maker in makers:
                try:
                    return maker(value, member)
                except IssuesError as error:
                    hints += [hint] if (hint := error.issues[0].hint) is not None else []
                    if closest is None and _same_shape(value, member):
                        closest = IssuesError(*(_of_union(issue, wanted) for issue in error.issues))
            raise closest or wrong_type(wanted, value, Hint.of("first-of", hints=hints) if hints else None)

        return union


def _of_number(number: type[Any]) -> Maker:
    maker = _SCALAR_MAKERS[number]
    return lambda value, _: maker(value, number)


def _is(*origins: Any) -> Callable[[Any], bool]:
    return lambda wanted: (get_origin(wanted) or wanted) in origins


def _of_union(issue: Issue, wanted: Any) -> Issue:
    """Return what is wrong with a value by one member of a union, which says what else may stand in its place."""
    if issue.path:
        return issue
    return issue._replace(wanted=wanted, data={**issue.data, "member": issue.data.get("member", issue.wanted)})


def _same_shape(value: Any, member: Any) -> bool:
    """Return whether a value was most likely meant for this member of a union, whose issues then are those to tell."""
    origin = get_origin(member) or member
    if member is Share:
        return isinstance(value, str) and "%" in value
    if isinstance(value, Mapping):
        return origin in (dict, abc.Mapping) or has_fields(member)
    if is_list(value):
        return origin in (list, tuple, abc.Sequence, abc.Iterable)
    if member is Duration:
        return isinstance(value, (int, float, str))
    return member in (int, float) and isinstance(value, float)


_SCALAR_MAKERS: dict[Any, Maker] = {
    float: structure_float,
    int: structure_int,
    bool: structure_bool,
    str: structure_str,
    type(None): structure_none,
    Duration: structure_duration,
    Share: structure_share,
}
_OWN_MAKERS = (*_SCALAR_MAKERS.values(), structure_anything, structure_callable, structure_literal)
