"""From the flags that were given to a recipe, or to all that is wrong, told by the flags."""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_args

import attrs

from optim_core import ConfigError, Duration, PluginError, Problem
from optim_core import registry as default_registry
from optim_core.errors import UnusedConfigWarning
from optim_core.plugin_tools import KINDS, OVERRIDE, field_types, listing, normalise, read_config
from optim_core.specs import AROUND, is_around
from optim_frameworks.flags import FlagSet, Given

if TYPE_CHECKING:
    from optim_core import Recipe, Registry
    from optim_core.plugin_tools import Kind

__all__ = ["recipe_from"]

CLIPPING = "gradient_clipping"
NAMED = "optimizer_configs"
PAIR = ("optimizer", "scheduler")
NONE = "none"
# What a bare number of `--clip` is.
NORM, MAX_NORM = "norm", "max_norm"
# The two keys by which a config has the rate of an optimizer.
RATES = ("lr", "learning_rate")
CLIP_HINT = "write a norm such as 1.0, or value:0.5, adaptive:0.01, none"
_PLACE_IN_LIST = re.compile(r"\[(\d+)\]")

Path = tuple[str, ...]


class _MistakeError(Exception):
    """A flag is wrong in a way that the recipe alone would not show."""

    def __init__(self, flag: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.problem = Problem(path=flag, message=message, hint=hint)


@attrs.frozen
class _Setting:
    """An override that stands for a flag.

    Args:
        path: the keys of what it sets.
        value: plain data.
        flag: as the user typed it: "--lr".
    """

    path: Path
    value: Any
    flag: str

    @property
    def text(self) -> str:
        return f"{'.'.join(self.path)}={json.dumps(self.value)}"


@attrs.frozen
class _Base:
    """What the flags are set on top of.

    Args:
        source: a mapping, or the path of a file that can be overridden as it stands.
        value: what is in it, in the canonical form; a component may have its fields beside its type.
        file: how messages call it.
        error: what is wrong with the file by itself, with its lines, where `source` is another.
        unused: what stands beside the recipe in the file.
    """

    source: Any
    value: Mapping[str, Any]
    file: str | None = None
    error: ConfigError | None = None
    unused: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def title(self) -> str:
        return self.file or "the default recipe"

    def component(self, path: Path) -> Mapping[str, Any] | None:
        """Return the component at a path, None where there is none."""
        found: Any = self.value
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else None


def recipe_from(
    flags: FlagSet,
    given: Mapping[str, Given],
    *,
    registry: Registry = default_registry,
    overrides: Iterable[str] = (),
) -> Recipe:
    """Return the recipe that flags ask for.

    A config file stands in place of the defaults of the program, and what the user typed is set on top of it.

    Args:
        flags: those that there are.
        given: those that have a value, by their `dest`.
        registry: where names are looked up.
        overrides: what the program sets last, as `Registry.recipe` takes it.

    Raises:
        ConfigError: with everything that is wrong; the path of each problem is the flag that the user typed, or the
            path in a file.
        PluginError: a plugin that is named cannot be used, and nothing else is wrong.

    Example:
        >>> from optim_frameworks.flags import FlagSet, Given
        >>> from optim_frameworks.from_flags import recipe_from
        >>> given = {"optimizer": Given("adamw", "--optimizer"), "lr": Given(3e-4, "--lr")}
        >>> recipe = recipe_from(FlagSet.of(), given)
        >>> recipe.optimizer.type, recipe.optimizer.config.lr
        ('AdamW', 0.0003)
    """
    return _Reading(flags, given, registry, list(overrides)).recipe()


class _Reading:
    """Reads the flags of one recipe.

    Args:
        flags: those that there are.
        given: those that have a value, by their `dest`.
        registry: where names are looked up.
        overrides: what the program sets last.
    """

    def __init__(self, flags: FlagSet, given: Mapping[str, Given], registry: Registry, overrides: list[str]) -> None:
        pairs = [(flag, given[flag.dest]) for flag in flags.flags if flag.dest in given]
        # A file that the user names stands in place of all defaults.
        replaced = any(flag.key == "config" and each.typed for flag, each in pairs)
        self._given = {(flag.key, flag.of): each for flag, each in pairs if each.typed or not replaced}
        self._flags = flags
        self._names: tuple[str | None, ...] = flags.names or (None,)
        self._registry = registry
        self._overrides = overrides
        self._problems: list[Problem] = []
        self._missing: list[Path] = []
        self._astray: set[Path] = set()
        self._swapped: dict[Path, tuple[str, Given]] = {}

    def recipe(self) -> Recipe:
        """Return the recipe.

        Raises:
            ConfigError: with all that is wrong.
            PluginError: a plugin cannot be used, and nothing else is wrong.
        """
        base = self._base()
        sets = self._sets()
        settings = list(self._settings(base, sets))
        self._refuse_undoing(settings, sets)
        recipe, kind_of_error = self._built(base, settings, [text for text in sets if _path_of(text)])
        if recipe is None or self._problems:
            raise kind_of_error(dict.fromkeys(self._problems))
        return attrs.evolve(recipe, unused=dict(base.unused)) if base.unused else recipe

    def _built(self, base: _Base, settings: list[_Setting], sets: list[str]) -> tuple[Recipe | None, type[ConfigError]]:
        """Return the recipe, or None with what is wrong with it added to the problems, and the error to raise then.

        Raises:
            PluginError: a plugin cannot be used, and nothing else is wrong.
        """
        overrides = [*(setting.text for setting in settings), *sets, *self._overrides]
        try:
            return self._registry.recipe(base.source, overrides=overrides), ConfigError
        except PluginError as error:
            if not self._problems:
                raise
            self._problems.append(Problem(path="", message=str(error)))
            return None, ConfigError
        except ConfigError as error:
            told = [problem for problem in error.problems if not self._is_told(problem)]
            self._problems += self._told(told, base, settings, sets)
            # An override that leads nowhere keeps all others from being looked at.
            astray = {_path_in(problem.path) for problem in error.problems if problem.file == OVERRIDE}
            left = [text for text in sets if _path_of(text) not in astray]
            if len(left) < len(sets):
                self._astray |= astray
                self._built(base, settings, left)
            return None, type(error)

    def _is_told(self, problem: Problem) -> bool:
        """Tell whether a problem comes from one that is told already."""
        where = _path_in(problem.path)
        if any(_meet(path, where) for path in self._astray):
            return True
        return bool(self._missing) and (not where or where in self._missing)

    def _flag(self, key: str, name: str | None = None) -> str:
        """Return a flag as it is typed, which may not have been given."""
        wanted = [flag.name for flag in self._flags.flags if (flag.key, flag.of) == (key, name)]
        return f"--{wanted[0]}" if wanted else f"--{key}"

    # -- what the flags are set on top of ------------------------------------------------------------------------

    def _base(self) -> _Base:
        given = self._given.get(("config", None))
        if given is None:
            empty: dict[str, Any] = {NAMED: {}} if self._flags.names else {}
            return _Base(empty, empty)
        config, file = given.value, None
        if not isinstance(config, Mapping):
            file = os.fspath(config)
            try:
                raw = read_config(file)
            except ConfigError as error:
                raise ConfigError([_of_file(problem, given.flag) for problem in error.problems]) from None
        else:
            raw = config
        if _is_canonical(raw):
            return _Base(config, raw, file)
        if isinstance(raw, Mapping) and isinstance(raw.get("type"), str):
            return self._alone(config, raw, file)
        unused = self._registry.recipe(config).unused
        with warnings.catch_warnings():
            # The line before has said it.
            warnings.simplefilter("ignore", UnusedConfigWarning)
            canonical = self._registry.migrate(config)
        if "type" in canonical:
            canonical = {"optimizer": canonical}
        return _Base(canonical, canonical, file, unused=unused)

    def _alone(self, config: Any, component: Mapping[str, Any], file: str | None) -> _Base:
        """Return the base of a config that is one component."""
        try:
            error = None
            self._registry.build(config)
        except ConfigError as wrong:
            error = wrong
        row = next((row for kind, row in KINDS.items() if self._registry.knows(kind, component["type"])), None)
        value = {"optimizer" if row is None else str(row.key): component}
        return _Base(value, value, file, error)

    # -- flags to overrides --------------------------------------------------------------------------------------

    def _settings(self, base: _Base, sets: list[str]) -> Iterator[_Setting]:
        """Yield an override for each flag but `--set`; what is wrong with one is added to the problems."""
        steps = [self._optimizer, self._rate, self._scheduler, self._warmup]
        if not self._fits(base):
            steps = []
        for name in self._names:
            for step in steps:
                try:
                    yield from step(base, name, sets)
                except _MistakeError as mistake:
                    self._problems.append(mistake.problem)
        try:
            yield from self._clip(base)
        except _MistakeError as mistake:
            self._problems.append(mistake.problem)

    def _fits(self, base: _Base) -> bool:
        """Return whether the flags and the config are both of one optimizer, or both of named ones."""
        named = base.value.get(NAMED)
        if self._flags.names:
            if named is None:
                wanted = f"and the flags are those of {listing(self._flags.names)}"
                self._problems.append(
                    Problem(path=self._flag("config"), message=f"{base.title} has no named optimizers, {wanted}")
                )
            return named is not None
        if named is None:
            return True
        for key in ("optimizer", "lr", "scheduler", "warmup"):
            given = self._given.get((key, None))
            if given is not None:
                hint = f"set a value of one of them by {self._flag('set')} {NAMED}.{next(iter(named), 'name')}.…=…"
                message = f"{base.title} has several optimizers, {listing(named)}"
                self._problems.append(Problem(path=given.flag, message=message, hint=hint))
        return False

    def _optimizer(self, base: _Base, name: str | None, sets: list[str]) -> Iterator[_Setting]:
        path = _path(name, "optimizer")
        given, component = self._given.get(("optimizer", name)), base.component(path)
        if given is not None:
            yield from self._type(given, path, component, base)
        elif component is None and not any(_path_of(text) in (path[:-1], path, (*path, "type")) for text in sets):
            self._missing.append(path)
            config = self._flag("config")
            message, hint = "is required", "name an optimizer, such as AdamW"
            if base.file is None:
                message, hint = f"{message}, or {config}", f"{hint}, or give a recipe in a file by {config}"
            raise _MistakeError(self._flag("optimizer", name), message, hint)

    def _type(self, given: Given, path: Path, component: Mapping[str, Any] | None, base: _Base) -> Iterator[_Setting]:
        """Yield what makes a component one of another type, or a new one."""
        type_name = str(given.value)
        if component is None:
            # The mapping that holds the parts of a named set may be missing too.
            above = len(path) > 1 and base.component(path[:-1]) is None and path[-1] == "optimizer"
            whole = {"type": type_name}
            yield _Setting(path[:-1] if above else path, {path[-1]: whole} if above else whole, given.flag)
        elif normalise(str(component.get("type", ""))) != normalise(type_name):
            self._swapped[path] = (str(component.get("type", "")), given)
            yield _Setting((*path, "type"), type_name, given.flag)

    def _rate(self, base: _Base, name: str | None, sets: list[str]) -> Iterator[_Setting]:
        given = self._given.get(("lr", name))
        if given is None:
            return
        path = _path(name, "optimizer")
        component = base.component(path)
        type_name = self._type_name("optimizer", name, component)
        # An override of the type comes after this, so that nothing can be known of its fields yet.
        known = not any(_path_of(text) == (*path, "type") for text in sets)
        try:
            where = self._rate_path(given, path, component, type_name if known else None)
        except _MistakeError:
            # A rate that the program has for others is none for an optimizer whose own is told elsewhere.
            if not given.typed and self._is_around(type_name):
                return
            raise
        yield _Setting(where, given.value, given.flag)

    def _is_around(self, type_name: str | None) -> bool:
        """Tell whether an optimizer is made around another."""
        cls = self._class("optimizer", type_name)
        return cls is not None and is_around(cls)

    def _rate_path(self, given: Given, path: Path, component: Mapping[str, Any] | None, type_name: str | None) -> Path:
        """Return where the rate of an optimizer stands, or of the one that it is around.

        Raises:
            _MistakeError: there is none.
        """
        cls = self._class("optimizer", type_name)
        fields = _fields(component)
        key = next((rate for rate in RATES if rate in fields), RATES[0])
        if cls is not None and is_around(cls):
            inner = fields.get(AROUND)
            if not isinstance(inner, Mapping):
                whole = f"{{type: AdamW, lr: {given.value}}}"
                hint = f"in place of {given.flag}: {self._flag('set')} '{'.'.join(path)}.config.{AROUND}={whole}'"
                raise _MistakeError(given.flag, f"{type_name} has the rate of the optimizer that it is around", hint)
            return self._rate_path(given, _field_path(path, component, AROUND), inner, str(inner.get("type")))
        if cls is not None and RATES[0] not in field_types(cls):
            hint = f"{type_name} takes: {listing(field_types(cls))}"
            raise _MistakeError(given.flag, f"{type_name} has no `lr`", hint)
        return _field_path(path, component, key)

    def _scheduler(self, base: _Base, name: str | None, _sets: list[str]) -> Iterator[_Setting]:
        given = self._given.get(("scheduler", name))
        if given is None:
            return
        path = _path(name, "scheduler")
        if not _is_none(given.value):
            yield from self._type(given, path, base.component(path), base)
            return
        if base.component(path) is not None:
            yield _Setting(path, None, given.flag)
        optimizer = base.component(_path(name, "optimizer"))
        if optimizer is not None and optimizer.get("lr_decay_gamma") is not None:
            yield _Setting((*_path(name, "optimizer"), "lr_decay_gamma"), None, given.flag)

    def _warmup(self, base: _Base, name: str | None, sets: list[str]) -> Iterator[_Setting]:
        given = self._given.get(("warmup", name))
        if given is None or _is_none(given.value):
            return
        path = _path(name, "scheduler")
        component = base.component(path)
        type_name = self._type_name("scheduler", name, component)
        if type_name is None:
            hint = f"add {self._flag('scheduler', name)}, such as constant_with_warmup or cosine"
            raise _MistakeError(given.flag, "there is no schedule that could warm up", hint)
        cls = self._class("scheduler", type_name)
        known = cls is not None and not any(_path_of(text) == (*path, "type") for text in sets)
        lengths = _warmup_lengths(cls) if cls is not None and known else ["num_warmup_steps"]
        if not lengths:
            hint = (
                f"take a schedule that has one, such as cosine; or put one before {type_name}: "
                f"{self._flag('scheduler', name)} warmup {self._flag('set')} "
                f"'{'.'.join(path)}.config.scheduler={{type: {type_name}}}'"
            )
            raise _MistakeError(given.flag, f"{type_name} has no warmup that is a length", hint)
        yield _Setting(_field_path(path, component, lengths[0]), given.value, given.flag)

    def _type_name(self, kind: Kind, name: str | None, component: Mapping[str, Any] | None) -> str | None:
        """Return the type that a component is going to have, None where there is to be none."""
        given = self._given.get((kind, name))
        if given is not None:
            return None if kind == "scheduler" and _is_none(given.value) else str(given.value)
        return None if component is None else str(component.get("type"))

    def _class(self, kind: Kind, type_name: str | None) -> type[Any] | None:
        """Return a plugin class; None where there is none, which building the recipe is going to say."""
        try:
            found = None if type_name is None else self._registry.find(kind, type_name)
        except PluginError:
            return None
        return None if found is None else found.cls

    # -- clipping ------------------------------------------------------------------------------------------------

    def _clip(self, base: _Base) -> Iterator[_Setting]:
        given = self._given.get(("clip", None))
        if given is None:
            return
        path, component = (CLIPPING,), base.component((CLIPPING,))
        own = [name for name, each in (base.value.get(NAMED) or {}).items() if each.get(CLIPPING) is not None]
        if own:
            hint = f"set it for one of them: {self._flag('set')} {NAMED}.{own[0]}.{CLIPPING}.…=…"
            message = (
                f"is for all optimizers, and {listing(own)} of {base.title} {'have' if own[1:] else 'has'} clipping"
            )
            raise _MistakeError(given.flag, f"{message} of {'their' if own[1:] else 'its'} own", hint)
        if _is_none(given.value):
            if component is not None:
                yield _Setting(path, None, given.flag)
            return
        type_name, amount = _clipping(str(given.value))
        was = None if component is None else str(component.get("type", NORM))
        if type_name is None and was is not None and normalise(was) != NORM:
            hint = f"write {was}:{given.value}, or {NORM}:{given.value}"
            raise _MistakeError(given.flag, f"a number alone is a norm, and {base.title} clips by {was}", hint)
        type_name = type_name or NORM
        cls = self._class("clipper", type_name)
        field = next(iter(field_types(cls)), MAX_NORM) if cls is not None else MAX_NORM
        if component is None or was is None or normalise(was) != normalise(type_name):
            kept = self._kept(given, component, cls, type_name, base) if component is not None else {}
            yield _Setting(path, {"type": type_name, "config": kept}, given.flag)
            component = None
        elif component.get("enabled") not in (None, True):
            yield _Setting((*path, "enabled"), True, given.flag)
        if amount is not None:
            yield _Setting(_field_path(path, component, field), amount, given.flag)

    def _kept(
        self, given: Given, component: Mapping[str, Any], cls: type[Any] | None, type_name: str, base: _Base
    ) -> dict[str, Any]:
        """Return what clipping of another type takes over from the one of the config, whose number it replaces.

        Raises:
            _MistakeError: the config says something else of it that the other type does not have.
        """
        old = self._class("clipper", str(component.get("type", NORM)))
        number = next(iter(field_types(old)), None) if old is not None else None
        kept = {key: value for key, value in _fields(component).items() if key != number}
        lost = [] if cls is None else [key for key in kept if key not in field_types(cls)]
        if lost:
            hint = f"take it out there, or say all of it: {self._flag('set')} '{CLIPPING}={{type: {type_name}, …}}'"
            raise _MistakeError(given.flag, f"{base.title} has {listing(lost)}, which {type_name} does not take", hint)
        return kept

    # -- overrides -----------------------------------------------------------------------------------------------

    def _sets(self) -> list[str]:
        given = self._given.get(("set", None))
        if given is None:
            return []
        return [given.value] if isinstance(given.value, str) else [str(text) for text in given.value]

    def _refuse_undoing(self, settings: list[_Setting], sets: list[str]) -> None:
        """Refuse overrides in place of what another flag says, which would be lost."""
        for text in sets:
            path = _path_of(text)
            if not path:
                message = f"`{text:.60}` is not of the form path=value"
                self._problems.append(Problem(path=self._flag("set"), message=message))
            undone = [setting.flag for setting in settings if path and _covers(path, setting.path)]
            if undone:
                message = f"sets what {undone[0]} sets as well"
                self._problems.append(Problem(path=f"{self._flag('set')} {text}", message=message, hint="keep one"))

    # -- what is wrong -------------------------------------------------------------------------------------------

    def _told(self, problems: list[Problem], base: _Base, settings: list[_Setting], sets: list[str]) -> list[Problem]:
        """Return the problems of a config with overrides by the flags that are wrong, or by the places of the file."""
        told = [(problem, self._by_flag(problem, settings, sets)) for problem in problems]
        by_flag = [flagged for _, flagged in told if flagged is not None]
        own = [problem for problem, flagged in told if flagged is None]
        if base.error is not None and own and not self._swapped:
            return [*by_flag, *base.error.problems]
        in_file = [attrs.evolve(each, file=base.file) if each.file in (None, OVERRIDE) else each for each in own]
        for path, (old, given) in self._swapped.items():
            below = [number for number, problem in enumerate(in_file) if _covers(path, _path_in(problem.path))]
            if below:
                in_file[below[-1]] = self._after_swap(in_file[below[-1]], path, old, given, base)
        return [*by_flag, *in_file]

    def _by_flag(self, problem: Problem, settings: list[_Setting], sets: list[str]) -> Problem | None:
        """Return a problem by the flag whose value it is about; None where it is about none."""
        where = _path_in(problem.path)
        of_sets = [(path, None) for text in sets if (path := _path_of(text))]
        owners = [(path, each) for path, each in [*((s.path, s) for s in settings), *of_sets] if _covers(path, where)]
        if owners:
            path, setting = max(owners, key=lambda owner: len(owner[0]))
            if setting is None:
                return attrs.evolve(problem, path=f"{self._flag('set')} {problem.path}", file=None)
            hint = CLIP_HINT if path[0] == CLIPPING else problem.hint
            if where == path or where[-1] == "type":
                return attrs.evolve(problem, path=setting.flag, file=None, hint=hint)
            return self._beyond(problem, " ".join([setting.flag, *_type_in(setting.value)]))
        for (key, name), given in self._given.items():
            if problem.file == OVERRIDE and key in PAIR and _covers(_path(name, key), where):
                return self._beyond(problem, f"{given.flag} {given.value}")
        return None

    def _beyond(self, problem: Problem, flag: str) -> Problem:
        """Return a problem of a field that no flag sets, of a component that one does."""
        by_hand = f"set it by {self._flag('set')} {problem.path}=…"
        hint = f"{problem.hint}; {by_hand}" if problem.hint else by_hand
        return attrs.evolve(problem, path=f"{flag}: {problem.path}", file=None, hint=hint)

    def _after_swap(self, problem: Problem, path: Path, old: str, given: Given, base: _Base) -> Problem:
        """Return a problem with what to do where a config was made for another type than a flag names."""
        anew = f"{self._flag('set')} '{'.'.join(path)}={{type: {given.value}, config: {{…}}}}'"
        hint = (
            f"{base.title} was made for {old}, and {given.flag} makes it {given.value}: change it there, or begin anew "
            f"with {anew} in place of {given.flag}"
        )
        return attrs.evolve(problem, hint=f"{problem.hint}\n    {hint}" if problem.hint else hint)


# -- paths -----------------------------------------------------------------------------------------------------------


def _path(name: str | None, key: str) -> Path:
    """Return where a part of a recipe stands."""
    return (key,) if name is None else (NAMED, name, key)


def _path_of(override: str) -> Path:
    """Return the keys of the path of an override, () where it has none."""
    path, equals, _ = override.partition("=")
    return tuple(key.strip() for key in path.split(".")) if equals and path.strip() else ()


def _path_in(path: str) -> Path:
    """Return the keys of the path of a problem."""
    return tuple(_PLACE_IN_LIST.sub(r".\1", path).split(".")) if path else ()


def _covers(path: Path, other: Path) -> bool:
    """Tell whether something at a path holds what is at another one."""
    return other[: len(path)] == path


def _meet(path: Path, other: Path) -> bool:
    """Tell whether one of two paths leads to a place below the other."""
    return bool(path and other) and (_covers(path, other) or _covers(other, path))


def _field_path(path: Path, component: Mapping[str, Any] | None, field: str) -> Path:
    """Return where a field of a component stands: below `config`, or beside its type if the others do."""
    return (*path, field) if component is not None and _is_flat(component) else (*path, "config", field)


def _is_flat(component: Mapping[str, Any]) -> bool:
    return "config" not in component and bool(_fields(component))


def _fields(component: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the fields that a component gives."""
    if component is None:
        return {}
    if "config" in component:
        return component["config"] if isinstance(component["config"], Mapping) else {}
    beside = {"type", "enabled", *(key for row in KINDS.values() for key in row.beside)}
    return {key: value for key, value in component.items() if key not in beside}


# -- values ----------------------------------------------------------------------------------------------------------


def _is_canonical(config: Any) -> bool:
    """Tell whether a config can be overridden by the paths of the canonical form."""
    if not isinstance(config, Mapping):
        return False
    if NAMED in config:
        sets = config[NAMED]
        return (
            config.keys() <= {NAMED, CLIPPING}
            and isinstance(sets, Mapping)
            and all(isinstance(each, Mapping) and each.keys() <= {*PAIR, CLIPPING} for each in sets.values())
        )
    return config.keys() <= {*PAIR, CLIPPING} and all(
        value is None or isinstance(value, Mapping) for value in config.values()
    )


def _of_file(problem: Problem, flag: str) -> Problem:
    """Return the problem of a file that cannot be read, with the flag that names it."""
    if problem.line is not None:
        return attrs.evolve(problem, path=flag)
    return attrs.evolve(problem, path=f"{flag} {problem.file}", file=None)


def _is_none(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower() == NONE


def _type_in(value: Any) -> list[str]:
    """Return the type of a component, or of the optimizer in a new named set; nothing for another value."""
    component = value.get("optimizer", value) if isinstance(value, Mapping) else {}
    return [str(component["type"])] if "type" in component else []


def _clipping(text: str) -> tuple[str | None, str | None]:
    """Return the type and the number of ``value:0.5``, ``adaptive`` or ``1.0``."""
    type_name, colon, amount = text.strip().rpartition(":")
    if _is_number(amount):
        return (type_name or None) if colon else None, amount
    return text.strip(), None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _warmup_lengths(cls: type[Any]) -> list[str]:
    """Return the fields of a schedule that are the length of its warmup."""
    return [
        name
        for name, kind in field_types(cls).items()
        if "warmup" in name and (kind is Duration or Duration in get_args(kind))
    ]
