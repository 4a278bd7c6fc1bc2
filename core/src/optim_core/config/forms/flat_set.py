"""Flat sets, in which the keys of an optimizer, of its schedule and of clipping stand side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.foreign_words import (
    CLIP_ALGORITHM,
    CLIP_WORDS,
    LENGTHS,
    MAX_NORM,
    OTHER_WORDS,
    field_meant,
    snake,
)
from optim_core.config.forms.form import Places, Reading
from optim_core.config.forms.speaking import FIELDS, are_milestones, is_about_else, topic_of
from optim_core.config.forms.takes import Fields, Takes
from optim_core.config.issues import ConfigPath, Hint, Issue, IssuesError
from optim_core.config.keys import BESIDE, PARTS, RECIPE_KEYS, naming_keys, owner_of
from optim_core.config.loop_keys import EPOCHS, LOOP_KEYS
from optim_core.kinds import Kind
from optim_core.text.spelling import alike
from optim_core.text.values import shown

# The ways to clip, each with the field that holds its number.
CLIPPERS = {"norm": "max_norm", "value": "clip_value"}

__all__ = ["FlatSet", "clipping_of", "fields_of", "outside", "same_as"]


def outside(key: str, part: Kind, taken: Takes) -> Issue:
    """Return the issue of a field that stands beside the component that takes it."""
    hint = Hint.of("move-into-part", name=taken.name, part=part)
    return Issue("beside-its-part", (key,), data={"part": part}, hint=hint)


def fields_of(component: Mapping[str, Any], place: str) -> tuple[Mapping[str, Any], str]:
    """Return the fields of a component, and where they stand, beside its `type` or below `config`."""
    if "config" not in component:
        return component, place
    fields = component["config"]
    return fields if isinstance(fields, Mapping) else {}, f"{place}.config"


def same_as(key: str, other: str) -> Issue:
    """Return the issue of a key that means the same as another one that is given."""
    return Issue("same-as", (key,), data={"other": other}, hint=Hint("keep-one"))


def clipping_of(config: dict[str, Any]) -> tuple[dict[str, Any], Places, list[Issue]]:
    """Return `gradient_clipping` for the flat words for it, which go out of `config`; its places; what is wrong."""
    words = [key for key in CLIP_WORDS if key in config]
    if not words:
        return {}, (), []
    clashing = [key for key in ("gradient_clipping", *words) if key in config]
    values = {key: config.pop(key) for key in words}
    algorithm = config.pop(CLIP_ALGORITHM, "norm")
    if len(clashing) > 1:
        return {}, (), [same_as(clashing[-1], clashing[0])]
    if not isinstance(algorithm, str) or algorithm not in CLIPPERS:
        return {}, (), [Issue("wrong-algorithm", (CLIP_ALGORITHM,), algorithm)]
    (word, value), *_ = values.items()
    if value is None or (word != MAX_NORM and _is_zero(value)):
        return {}, (), []
    if value is False:
        return {}, (), [Issue("wrong-type", (word,), value, float, hint=Hint("leave-clipping-out"))]
    if _is_zero(value):
        hint = Hint("leave-clipping-out")
        return {}, (), [Issue("out-of-range", (word,), float(value), data={"most": None}, hint=hint)]
    field = CLIPPERS[algorithm]
    key = "gradient_clipping"
    if isinstance(value, Mapping):
        # mmcv's `grad_clip: {max_norm: 35, norm_type: 2}` has the fields that the clipper has.
        return {key: {"type": algorithm, **value}}, (((key, "type"), (CLIP_ALGORITHM,)), ((key,), (word,))), []
    written: Places = (((key, field), (word,)), ((key, "type"), (CLIP_ALGORITHM,)), ((key,), (word,)))
    return {key: {"type": algorithm, field: value}}, written, []


def _is_zero(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == 0


def _is_same(one: Any, other: Any) -> bool:
    """Return whether two values of a config say the same; an object of another kind says the same as nothing else."""
    plain = (int, float, str, type(None))
    return isinstance(one, plain) and isinstance(other, plain) and one == other


class FlatSet:
    """A mapping that names its parts and holds the fields of both side by side, or below ``…_params``.

    Args:
        config: the mapping.
        fields: says which keys a type takes.
        section: it is the section of a training config, with what is the training loop's in it.
    """

    def __init__(self, config: Mapping[str, Any], fields: Fields, *, section: bool = False) -> None:
        self._given = config
        self._section = section
        self._issues: list[Issue] = []
        self._written: list[tuple[ConfigPath, ConfigPath]] = []
        self._recipe: dict[str, Any] = {}
        # These keys are dealt with, whatever part takes them.
        self._used: set[Any] = set()
        self._options: dict[Kind, Any] = {}
        self._told = False
        self._types = {part: value for part in PARTS if (value := self._named(part)) is not None}
        self._taken = {part: fields(part, value) for part, value in self._types.items()}
        # These parts are components by themselves.
        self._closed = {
            part: fields(part, component.get("type"))
            for part in PARTS
            if isinstance(component := self._recipe.get(part), Mapping)
        }

    def reading(self) -> Reading:
        """Return the recipe, or the one component that the set holds."""
        self._clip()
        for part, value in self._types.items():
            self._recipe[part] = {"type": value, **self._envelope(part), "config": self._serialized(part)}
        unused = self._divide()
        only = self._only() if not unused else None
        return Reading(self._recipe, only, tuple(self._written), unused, tuple(self._issues))

    def _only(self) -> Kind | None:
        """Return the part that is all there is, where it was not given as a part of a recipe."""
        if len(self._recipe) != 1 or any(key in self._given for key in (*RECIPE_KEYS, *CLIP_WORDS)):
            return None
        return next((part for part in PARTS if part in self._recipe), None)

    def _named(self, part: Kind) -> Any:
        """Return the type of a part, whichever key it stands under; None where it has none or is a component by itself.

        Raises:
            IssuesError: there are fields, and no type.
        """
        name, kind, params = naming_keys(part)
        self._used.update((part, name, kind, params))
        keys = [key for key in (part, name, kind) if key in self._given]
        if not keys and params in self._given:
            hint = Hint.of("names-the-part", part=part, params=params)
            raise IssuesError(Issue("missing-name", (kind,), hint=hint))
        self._issues += [same_as(key, keys[0]) for key in keys[1:]]
        value = self._given[keys[0]] if keys else None
        if keys and (keys[0] != part or isinstance(value, str)):
            self._written += [((part, "type"), (keys[0],)), ((part,), (keys[0],))]
            if value is not None:
                return value
        elif keys:
            self._recipe[part] = value
        if params in self._given:
            hint = Hint.of("name-the-part", part=part)
            self._issues.append(Issue("fields-of-nothing", (params,), data={"kind": kind}, hint=hint))
        return None

    def _clip(self) -> None:
        words = ("gradient_clipping", *CLIP_WORDS, CLIP_ALGORITHM)
        given = {key: self._given[key] for key in words if key in self._given}
        clipping, written, issues = clipping_of(given)
        lone = given.pop(CLIP_ALGORITHM, None) is not None
        self._used.update(words[:-1] if lone else words)
        self._recipe.update({**given, **clipping})
        self._written += written
        self._issues += issues

    def _envelope(self, part: Kind) -> dict[str, Any]:
        """Return what stands beside `type` and `config`."""
        of_params = naming_keys(part)[2]
        serialized = self._given.get(of_params)
        params = serialized if isinstance(serialized, Mapping) else {}
        beside = {}
        for key in BESIDE[part]:
            self._used.add(key)
            inside = key in params
            if inside and key in self._given:
                self._issues.append(same_as(key, f"{of_params}.{key}"))
            if inside or key in self._given:
                self._place((part, key), (of_params, key) if inside else (key,))
                beside[key] = params[key] if inside else self._given[key]
        return beside

    def _serialized(self, part: Kind) -> Any:
        """Return the fields of a part that stand below a key of their own; else an empty mapping, to be filled."""
        key = naming_keys(part)[2]
        if key not in self._given:
            self._place((part, "config"), ())
            self._options[part] = {}
            return self._options[part]
        self._place((part, "config"), (key,))
        params = self._given[key]
        if not isinstance(params, Mapping):
            return params
        return {name: value for name, value in params.items() if name not in BESIDE[part]}

    def _place(self, canonical: ConfigPath, given: ConfigPath) -> None:
        self._written.insert(0, (canonical, given))

    def _divide(self) -> dict[str, Any]:
        """Give each part its fields; return what is the training loop's."""
        unused = {}
        known = {part: self._taken[part] for part in self._options}
        # A key may be one of a type that nothing has, or of an optimizer that is missing; then it is left alone.
        complete = None not in self._taken.values() and ("optimizer" in self._recipe or self._lacks_none())
        for key, value in self._given.items():
            if key in self._used:
                continue
            takers = [part for part, found in known.items() if found is not None and key in found]
            if len(takers) == 1:
                self._options[takers[0]][key] = value
            elif takers:
                self._issues.append(self._of_both(key))
            elif key in EPOCHS and self._takes_epochs(key, known.get("scheduler")):
                continue
            elif self._is_the_loops(key):
                unused[key] = value
            elif complete or key in OTHER_WORDS or not isinstance(key, str):
                self._issues.append(self._stray(key))
        return unused

    def _lacks_none(self) -> bool:
        """Return whether a schedule alone is all that was asked for."""
        return "scheduler" in self._recipe and not any(key in self._given for key in RECIPE_KEYS)

    def _is_the_loops(self, key: Any) -> bool:
        """Return whether a key that no part takes is the training loop's; in a section, whatever is not ours is."""
        if isinstance(key, str) and are_milestones(key, self._given[key]):
            return False
        if key in LOOP_KEYS or not self._section or not isinstance(key, str):
            return key in LOOP_KEYS
        if key in FIELDS or topic_of(key, self._given[key]) is not None:
            return False
        if is_about_else(key):
            return True
        if self._is_another_word(key):
            return False
        of_parts = (name for found in self._found() for name in (*found.keys, *found.aliases))
        return not alike(key, (*of_parts, *RECIPE_KEYS, *(name for part in PARTS for name in naming_keys(part))))

    def _is_another_word(self, key: str) -> bool:
        """Return whether a key in a section is another project's word for a field of a part: `first_cycle_steps`."""
        # One word alone, such as `metric`, is as likely the training loop's, and so is what says how long the run is.
        fields = (
            ()
            if "_" not in snake(key)
            else tuple(
                field_meant(key, (*found.keys, *found.aliases), part)
                for part, found in (*self._taken.items(), *self._closed.items())
                if found is not None
            )
        )
        return any(field is not None and field not in LENGTHS for field in fields)

    def _found(self) -> list[Takes]:
        """Return what the parts take whose types are known."""
        return [found for found in (*self._taken.values(), *self._closed.values()) if found is not None]

    def _takes_epochs(self, key: str, schedule: Takes | None) -> bool:
        """Give a schedule a number of epochs that its field has another name for; False where it has no such field."""
        field = next((name for name in EPOCHS if schedule is not None and name in schedule), None)
        if field is None:
            return False
        first = next(name for name in EPOCHS if name in self._given)
        if field in self._given or first != key:
            other = field if field in self._given else first
            if not _is_same(self._given[other], self._given[key]):
                self._issues.append(same_as(key, other))
        else:
            self._options["scheduler"][field] = self._given[key]
            self._place(("scheduler", "config", field), (key,))
        return True

    def _of_both(self, key: str) -> Issue:
        names = [found.name for found in self._taken.values() if found is not None]
        return Issue("of-both-parts", (key,), data={"names": names}, hint=Hint.of("whose-it-is", key=key))

    def _stray(self, key: Any) -> Issue:
        if not isinstance(key, str):
            return Issue("key-is-no-text", (shown(key),))
        owner = owner_of(key)
        if owner is not None and owner in self._closed:
            return Issue("unknown-key", (key,), hint=Hint.of("move-beside-type", part=owner))
        for part, closed in self._closed.items():
            if closed is not None and key in closed:
                return outside(key, part, closed)
        for part, serialized in self._taken.items():
            if part not in self._options and serialized is not None and key in serialized:
                hint = Hint.of("move-into-params", name=serialized.name, params=naming_keys(part)[2])
                return Issue("unknown-key", (key,), hint=hint)
        return Issue("unknown-key", (key,), hint=self._instead(key))

    def _instead(self, key: str) -> Hint:
        """Return the hint for a key that no part takes; what the parts take is said once."""
        found = self._found()
        free = [name for taken in found for name in (*taken.keys, *taken.aliases) if name not in self._given]
        beside = [name for part in self._types for name in BESIDE[part] if name not in self._given]
        takes = [] if self._told else [(taken.name, taken.keys) for taken in found]
        self._told = True
        return Hint.of(
            "key-beside",
            key=key,
            free=free,
            beside=beside,
            takes=takes,
            parts=self._parts(),
            given=self._given,
            section=self._section,
        )

    def _parts(self) -> list[tuple[Kind, Takes, Mapping[str, Any], str]]:
        """Return the parts whose types are known: kind, what it takes, its fields, and where these stand."""
        parts: list[tuple[Kind, Takes, Mapping[str, Any], str]] = []
        for part, taken in self._taken.items():
            if taken is not None:
                params = naming_keys(part)[2]
                serialized = params in self._given
                fields = self._given.get(params) if serialized else self._given
                parts.append((part, taken, fields if isinstance(fields, Mapping) else {}, params if serialized else ""))
        for part, taken in self._closed.items():
            if taken is not None:
                parts.append((part, taken, *fields_of(self._recipe[part], part)))
        return parts
