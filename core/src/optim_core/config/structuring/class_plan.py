"""How to structure one attrs class: its keys, their makers, and what its validators say when something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, get_args

import attrs

from optim_core.config.issues import ConfigPath, Hint, Issue, IssuesError
from optim_core.config.structuring.plain_data import Unreadable
from optim_core.config.structuring.scalars import refused
from optim_core.plugin_class.fields import config_fields, field_types
from optim_core.plugin_class.why_not import why_not
from optim_core.text.values import shown
from optim_core.validators import FieldError, ItemsError

__all__ = ["ALIASES", "AUTO", "ClassPlan", "Maker"]

# What cattrs calls a hook: it is given a value and the type that the value is to become, and returns the instance.
Maker = Callable[[Any, Any], Any]

# Each key means the same as the other in every plugin class that has only one of the two.
ALIASES = {"learning_rate": "lr", "lr": "learning_rate"}

_FACTORY: Any = attrs.Factory
# People write these for "choose for me", where null, which is the same to them, is not taken.
_NOTHING = ("none", "null", "auto", "default")
# transformers' Trainer puts its own value in the place of this, in DeepSpeed's JSON.
AUTO = "auto"
_DEFAULTS_SHOWN = (bool, int, float, str)


class ClassPlan(NamedTuple):
    """How to structure one attrs class: worked out once.

    Args:
        cls: the class, which has the validators.
        make: what makes the instance; the class itself, unless it is the likeness of another type.
        fields: key to the field, the maker of its value, and its type; aliases are keys too.
        required: the keys of the fields without a default.
        keys: those of all fields, aliases left out.
    """

    cls: type[Any]
    make: Callable[..., Any]
    fields: dict[str, tuple[attrs.Attribute[Any], Maker, Any]]
    required: tuple[str, ...]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, wanted: type[Any], maker_for: Callable[[Any], Maker], make: Callable[..., Any]) -> ClassPlan:
        attributes = config_fields(wanted)
        hints = field_types(wanted)
        fields = {}
        for key, field in attributes.items():
            hint = hints[field.name]
            fields[key] = (field, maker_for(hint), hint)
        required = tuple(key for key, field in attributes.items() if field.default is attrs.NOTHING)
        for alias, key in ALIASES.items():
            if key in attributes and alias not in attributes:
                fields[alias] = fields[key]
        return cls(wanted, make, fields, required, tuple(attributes))

    def structure(self, value: Any, name: str | None = None) -> Any:
        """Return an instance from a mapping of fields.

        Args:
            value: the mapping.
            name: what messages call the class; by default its own name.

        Raises:
            IssuesError: with everything that is wrong.
        """
        name = name or self.cls.__name__
        if not isinstance(value, Mapping):
            takes = Hint.of("takes", value=value, name=name, keys=self.keys)
            raise IssuesError(Issue("no-fields", (), value, data={"name": name}, hint=takes))
        return self._made(value, name, {})

    def evolve(self, instance: Any, given: Mapping[str, Any], name: str | None = None) -> Any:
        """Return an instance of the class as `instance` is, but for the fields in `given`.

        Raises:
            IssuesError: with everything that is wrong.
        """
        known = {key: getattr(instance, self.fields[key][0].name) for key in self.keys}
        return self._made(given, name or self.cls.__name__, known)

    def _made(self, given: Mapping[str, Any], title: str, known: dict[str, Any]) -> Any:
        """Return an instance with the fields in `given`, and those in `known` where `given` has none."""
        values, failed, issues = self._fields_of(given, title, known)
        values = known | values
        if not issues:
            try:
                return self.make(**values)
            except Exception as error:  # noqa: BLE001 - validators and constructors may raise anything
                issues = self._refusals(values, failed, given) or _issues(error)
        else:
            issues += self._refusals(values, failed, given)
        raise IssuesError(*issues)

    def _fields_of(
        self, given: Mapping[str, Any], title: str, present: Mapping[str, Any]
    ) -> tuple[dict[str, Any], set[str], list[Issue]]:
        """Return the fields whose values have the right type, the names of those that have not, and why.

        Args:
            given: keys and values.
            title: what messages call the class.
            present: the fields that have a value without one in `given`.
        """
        values: dict[str, Any] = {}
        failed: set[str] = set()
        issues: list[Issue] = []
        strays: list[str] = []
        for key, raw in given.items():
            known = self.fields.get(key) if isinstance(key, str) else None
            if known is None:
                strays += [key] if isinstance(key, str) else []
                issues.append(self._unknown(key, given, title))
                continue
            field, maker, hint = known
            name = field.alias or field.name
            if name in values or name in failed:
                other = {"other": ALIASES.get(key, name)}
                issues.append(Issue("same-as", (key,), raw, data=other, hint=Hint("keep-one")))
                continue
            if type(raw) is Unreadable:
                failed.add(name)
                # What raised says what is wrong, and this what is to stand there.
                wanted = Hint.of("needs-a-value", name=title, wanted=hint)
                issues.append(raw.issue._replace(path=(key,), wanted=hint, hint=raw.issue.hint or wanted))
                continue
            try:
                values[name] = maker(raw, hint)
            except IssuesError as error:
                failed.add(name)
                said = why_not(self.cls, key, raw)
                repaired = [
                    _with_default(issue, raw, field)
                    if said is None or issue.path
                    else issue.repaired("left-out", text=said)
                    for issue in error.issues
                ]
                issues += [issue.below(key) for issue in repaired]
        missing = [key for key in self.required if not (key in values or key in failed or key in present)]
        if missing:
            # A key that is misspelt is one mistake, not two.
            meant = self._meant(strays, missing)
            issues += [self._missing(key, title) for key in missing if key not in meant]
        return values, failed, issues

    def _meant(self, strays: Iterable[str], missing: list[str]) -> set[str]:
        """Return those of the missing fields for which one of the stray keys most likely stands."""
        from optim_core.config.foreign_words import field_meant
        from optim_core.config.loop_keys import LOOP_KEYS
        from optim_core.text.spelling import nearest

        names = [name for name, field in self.fields.items() if any(field is self.fields[key] for key in missing)]
        meant: set[str] = set()
        for key in strays:
            near = field_meant(key, self.fields)
            # To compare with the few that are missing is quick, and tells most keys apart from all of them.
            if near is None and key not in LOOP_KEYS and nearest(key, names):
                near = nearest(key, self.fields)
            if near is not None:
                meant.update(name for name in missing if self.fields[near] is self.fields[name])
            if len(meant) == len(missing):
                break
        return meant

    def _missing(self, key: str, title: str) -> Issue:
        wanted = self.fields[key][2]
        return Issue("missing", (key,), wanted=wanted, hint=Hint.of("needs-a-value", name=title, wanted=wanted))

    def _unknown(self, key: Any, given: Mapping[str, Any], title: str) -> Issue:
        if not isinstance(key, str):
            return Issue("key-is-no-text", (shown(key),))
        said = why_not(self.cls, key, given[key])
        if said is not None:
            return Issue("unknown-key", (key,), given[key], hint=Hint.of("left-out", text=said))
        hint = Hint.of("field", key=key, name=title, keys=self.keys, fields=tuple(self.fields), given=given)
        return Issue("unknown-key", (key,), given[key], hint=hint)

    def _refusals(self, values: dict[str, Any], failed: set[str], given: Mapping[str, Any]) -> list[Issue]:
        """Return what each field's validator says: attrs itself stops at the first one."""
        instance = object.__new__(self.cls)
        usable: list[tuple[str, attrs.Attribute[Any], Any]] = []
        issues = []
        for key in self.keys:
            field = self.fields[key][0]
            try:
                present, current = self._current(key, field, values, instance) if key not in failed else (False, None)
            except Exception as error:  # noqa: BLE001 - a field's converter or default may raise anything
                issues += _issues(error, (self._as_given(key, given),))
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
                # The validator looked at a field that has an issue of its own.
                if error.obj is not instance:
                    issues += _issues(error, (self._as_given(key, given),))
            except Exception as error:  # noqa: BLE001 - a validator may raise anything
                issues += _issues(error, (self._as_given(key, given),), field.name)
        return issues

    def _current(
        self, key: str, field: attrs.Attribute[Any], values: dict[str, Any], instance: Any
    ) -> tuple[bool, Any]:
        """Return whether a field has a value, and the value: as given, or its default."""
        if key in values:
            current = values[key]
        elif field.default is attrs.NOTHING:
            return False, None
        elif isinstance(field.default, _FACTORY):
            factory: Any = field.default
            current = factory.factory(instance) if factory.takes_self else factory.factory()
        else:
            current = field.default
        return True, field.converter(current) if callable(field.converter) else current

    def _as_given(self, key: str, given: Mapping[str, Any]) -> str:
        """Return the key under which the user wrote a field: the alias where that is what stands there."""
        alias = ALIASES.get(key)
        if alias is None or key in given or alias not in given or self.fields.get(alias) is not self.fields[key]:
            return key
        return alias


def _with_default(issue: Issue, raw: Any, field: attrs.Attribute[Any]) -> Issue:
    """Return the issue of a field's value; where nothing was meant by the value, with what to do instead."""
    if type(raw) is str and raw.lower() == AUTO and not issue.path and _is_a_number(issue):
        return issue.repaired("auto", field=field.alias or field.name)
    refusal = _refusal_of_zero(field) if raw is False and issue.hint is not None else None
    if refusal is not None:
        # `false` is no 0 where 0 is refused; what is said of 0 is what its author wants to know.
        return issue._replace(hint=refused(refusal).hint if isinstance(refusal, FieldError) else None)
    unset = raw is None or (type(raw) is str and raw.lower() in _NOTHING)
    if issue.path or not unset or field.default is attrs.NOTHING:
        return issue
    shows = type(field.default) in _DEFAULTS_SHOWN
    hint = Hint("leave-it-out", {"default": field.default} if shows else {})
    # To say how the value is written helps more than to say that it can be left out.
    first = issue.hint if raw is not None else None
    return issue._replace(hint=hint if first is None else Hint.of("first-of", hints=[first, hint]))


def _is_a_number(issue: Issue) -> bool:
    """Return whether a number, some of them, or a length was to stand where an issue is."""
    return issue.code == "refused" or not {int, float}.isdisjoint(get_args(issue.wanted) or (issue.wanted,))


def _refusal_of_zero(field: attrs.Attribute[Any]) -> Exception | None:
    """Return what a field's validator says of 0, which `false` may be meant for; None where it takes it."""
    if field.validator is None:
        return None
    try:
        field.validator(None, field, 0.0)
    except (ValueError, TypeError, AttributeError) as error:
        # A validator may look at other fields, of which there are none here.
        return error
    return None


def _issues(error: Exception, path: ConfigPath = (), name: str | None = None) -> list[Issue]:
    """Return what a validator, converter or constructor said, at its place."""
    if isinstance(error, ItemsError):
        return [issue for index, wrong in error.items.items() for issue in _issues(wrong, (*path, index))]
    if isinstance(error, FieldError):
        return [refused(error, path)]
    return [Issue("refused", path, data={"text": _words(error, name)})]


def _words(error: BaseException, name: str | None = None) -> str:
    """Return what a validator said; attrs' own begin with the field's name, which the path says already."""
    said = str(error.args[0]) if error.args and isinstance(error.args[0], str) else str(error)
    if name:
        said = said.removeprefix(f"'{name}' ")
    return said or type(error).__name__
