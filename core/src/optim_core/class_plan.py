"""How to structure one attrs class: its keys, their hooks, and what its validators say when something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import attrs

from optim_core.hints import config_fields, field_types
from optim_core.mismatch import Issue, Mismatch
from optim_core.names import listing, nearest
from optim_core.words import shown, type_in_words

__all__ = ["ALIASES", "ClassPlan", "Hook"]

Hook = Callable[[Any, Any], Any]

# A key that means the same as another in every plugin class that has only the other.
ALIASES = {"learning_rate": "lr", "lr": "learning_rate"}

_FACTORY: Any = attrs.Factory


class ClassPlan(NamedTuple):
    """How to structure one attrs class: worked out once."""

    cls: type[Any]
    fields: dict[str, tuple[attrs.Attribute[Any], Hook, Any]]
    required: tuple[str, ...]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, wanted: type[Any], hook_for: Callable[[Any], Hook]) -> ClassPlan:
        attributes = config_fields(wanted)
        hints = field_types(wanted)
        fields = {}
        for key, field in attributes.items():
            hint = hints[field.name]
            fields[key] = (field, hook_for(hint), hint)
        required = tuple(key for key, field in attributes.items() if field.default is attrs.NOTHING)
        for alias, key in ALIASES.items():
            if key in attributes and alias not in attributes:
                fields[alias] = fields[key]
        return cls(wanted, fields, required, tuple(attributes))

    def structure(self, value: Any) -> Any:
        """An instance from a mapping of fields.

        Raises:
            Mismatch: with everything that is wrong.
        """
        if not isinstance(value, Mapping):
            raise Mismatch.here(f"must be a mapping of {self.cls.__name__}'s fields, is {shown(value)}")
        values, failed, issues = self._fields_of(value)
        if not issues:
            try:
                return self.cls(**values)
            except Exception as error:  # noqa: BLE001 - validators and constructors may raise anything
                issues = self._refusals(values, failed, value) or [Issue((), _words(error))]
        else:
            issues += self._refusals(values, failed, value)
        raise Mismatch(*issues)

    def _fields_of(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], set[str], list[Issue]]:
        """The fields whose values have the right type, the names of those that have not, and why."""
        values: dict[str, Any] = {}
        failed: set[str] = set()
        issues: list[Issue] = []
        for key, raw in given.items():
            known = self.fields.get(key) if isinstance(key, str) else None
            if known is None:
                issues.append(self._unknown(key))
                continue
            field, hook, hint = known
            name = field.alias or field.name
            if name in values or name in failed:
                other = ALIASES.get(key, name)
                issues.append(Issue((key,), f"means the same as `{other}`", "give one of the two"))
                continue
            try:
                values[name] = hook(raw, hint)
            except Mismatch as mismatch:
                failed.add(name)
                issues += [issue.below(key) for issue in mismatch.issues]
        for name in self.required:
            if name not in values and name not in failed:
                wanted = type_in_words(self.fields[name][2])
                issues.append(Issue((name,), "is required and missing", f"{self.cls.__name__} needs {wanted} here"))
        return values, failed, issues

    def _unknown(self, key: Any) -> Issue:
        if not isinstance(key, str):
            return Issue((shown(key),), "is not a key: keys are texts")
        near = nearest(key, self.fields)
        allowed = f"{self.cls.__name__} takes: {listing(self.keys) or 'nothing'}"
        return Issue((key,), "unknown key", f"did you mean `{near}`? {allowed}" if near else allowed)

    def _refusals(self, values: dict[str, Any], failed: set[str], given: Mapping[str, Any]) -> list[Issue]:
        """What each field's validator says: attrs itself stops at the first one."""
        instance = object.__new__(self.cls)
        usable: list[tuple[str, attrs.Attribute[Any], Any]] = []
        issues = []
        for key in self.keys:
            field = self.fields[key][0]
            try:
                present, current = self._current(key, field, values, instance) if key not in failed else (False, None)
            except Exception as error:  # noqa: BLE001 - a field's converter or default may raise anything
                issues.append(Issue((self._as_given(key, given),), _words(error)))
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
                    issues.append(Issue((self._as_given(key, given),), _words(error)))
            except Exception as error:  # noqa: BLE001 - a validator may raise anything
                issues.append(Issue((self._as_given(key, given),), _words(error, field.name)))
        return issues

    def _current(
        self, key: str, field: attrs.Attribute[Any], values: dict[str, Any], instance: Any
    ) -> tuple[bool, Any]:
        """Whether a field has a value, and the value: as given, or its default."""
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
        """The key under which the user wrote a field: the alias where that is what stands there."""
        alias = ALIASES.get(key)
        if alias is None or key in given or alias not in given or self.fields.get(alias) is not self.fields[key]:
            return key
        return alias


def _words(error: BaseException, name: str | None = None) -> str:
    """What a validator said; attrs' own begin with the field's name, which the path says already."""
    said = str(error.args[0]) if error.args and isinstance(error.args[0], str) else str(error)
    if name:
        said = said.removeprefix(f"'{name}' ")
    return said or type(error).__name__
