"""A config mapping to specs and recipes: the forms that a config may have, and all its problems at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from optim_core.config.components import Components
from optim_core.config.forms.form import Asked, ConfigForm, Reading
from optim_core.config.forms.recognise import read_form
from optim_core.config.issues import NOTES, Hint, Issue, IssuesError, in_order
from optim_core.config.keys import DEFAULT_CLIPPER, NAMED_KEYS, PARTS, RECIPE_KEYS
from optim_core.config.lengths import impossible_lengths, length_of_run
from optim_core.config.structuring.plain_data import Unreadable, beside_unreadable, is_record, read_plain
from optim_core.config.structuring.scalars import structure_bool
from optim_core.errors import ConfigError
from optim_core.kinds import Kind
from optim_core.plugin_class.needs import MONITOR
from optim_core.recipe import SINGLE, Recipe
from optim_core.specs import AROUND, ClipperSpec, OptimizerSpec
from optim_core.text.spelling import ONE_SLIP, alike
from optim_core.text.values import shown

if TYPE_CHECKING:
    from optim_core.config.document import Document
    from optim_core.discovery.unknown_names import ExplainName
    from optim_core.run.horizon import Horizon

__all__ = ["Builder"]

CLIPPING, CLIPPINGS = NAMED_KEYS[2:]

# These are told where nothing has a name, which may be new, or where a form would be known by such a name.
_OF_TYPES = ("unknown-type", "missing-type")


class _Built(NamedTuple):
    """A spec or recipe, and what is to be said of its config though it is right.

    Args:
        built: the spec or recipe.
        notes: what its author is warned of, by the paths that he wrote.
    """

    built: Any
    notes: Sequence[Issue] = ()


class _Sets(NamedTuple):
    """Named sets, as they are given and as they are built, by their names."""

    given: Mapping[str, Any]
    optimizers: dict[str, Any]
    schedulers: dict[str, Any]
    clippers: dict[str, ClipperSpec | None]


class Builder:
    """Turns configs into specs and recipes.

    Args:
        components: builds the components in them.
        explain: says of a name that nothing has what to write in its place.
        ask_again: looks for names that are new; it says whether there is one.
    """

    def __init__(self, components: Components, explain: ExplainName, ask_again: Callable[[], bool]) -> None:
        self._components = components
        self._explain = explain
        self._ask_again = ask_again

    def build(
        self,
        config: Any,
        kind: Kind | None,
        document: Document | None,
        forms: Sequence[ConfigForm] | None = None,
        *,
        strict: bool = False,
    ) -> Any:
        """Return the spec or recipe of a config; warn of what is not read in it, and speaks of what a recipe is about.

        Args:
            config: a mapping.
            kind: the kind of component that it is to be, None where it may be a recipe.
            document: where it was read.
            forms: those that it may have, `FORMS` where none are given.
            strict: what else is warned of is a problem.

        Raises:
            ConfigError: with all its problems, in the order of the config; plugins that cannot be used are among them.
            PluginError: there is no other problem than such plugins; it is that of the first.
        """
        return self.build_plain(config, kind, document, forms, strict=strict)[0]

    def build_plain(
        self,
        config: Any,
        kind: Kind | None,
        document: Document | None,
        forms: Sequence[ConfigForm] | None = None,
        *,
        strict: bool = False,
    ) -> tuple[Any, Any]:
        """Return what `build` does, and the config as plain data, which nothing else than this read."""
        try:
            application = document is not None and document.of_application
            (built, notes), plain = self._built(config, kind, forms, strict=strict, application=application)
        except IssuesError as error:
            issues = error.issues
        else:
            if document is not None and document.refused:
                raise ConfigError(document.refused)
            if notes:
                self._warn(notes, document)
            return built, plain
        if document is not None and document.typed:
            from optim_core.config.overrides import with_texts

            again = with_texts(document, issues)
            if again is not None:
                return self.build_plain(again.value, kind, again, forms, strict=strict)
        wrong = self._error(issues, document)
        # What a value raised when it was read is the cause of what is said of it.
        raised = next((issue.data["error"] for issue in issues if issue.code == "unreadable"), wrong.__cause__)
        try:
            raise wrong from raised
        finally:
            # The error's traceback holds this frame: with the error in it, it would be freed by the collector alone.
            del wrong, raised, issues

    def _warn(self, notes: Sequence[Issue], document: Document | None) -> None:
        """Warn of what is not read, at the line of the caller."""
        from optim_core.config.problems import warn

        warn(notes, document, self._explain)

    def _built(
        self,
        config: Any,
        kind: Kind | None,
        forms: Sequence[ConfigForm] | None,
        *,
        strict: bool,
        application: bool,
    ) -> tuple[_Built, Any]:
        """Build a config; raise IssuesError with all that is wrong with it, in its order."""
        plain, unreadable = read_plain(config)
        if isinstance(plain, Unreadable):
            raise IssuesError(*unreadable)
        of_omegaconf = _is_of_omegaconf(config)
        asked = self._asked(kind, application=application or of_omegaconf or is_record(config))
        built, issues = self._tried(plain, asked, forms)
        # A name that is new is looked for once, however many there are that nothing has.
        if any(issue.code in _OF_TYPES for issue in issues) and self._ask_again():
            built, issues = self._tried(plain, asked, forms)
        if of_omegaconf and (issues or unreadable or built.notes):
            again = partial(self._tried, asked=asked, forms=forms)
            plain, built, issues, unreadable = _of_an_application(config, plain, built, issues, unreadable, again)
        if unreadable:
            issues = beside_unreadable(issues, unreadable)
        # What nothing reads is a problem beside others only where it is one alone.
        issues = (*issues, *built.notes) if strict else issues and [each for each in issues if each.code not in NOTES]
        if issues:
            raise IssuesError(*in_order(issues, plain))
        return built._replace(notes=in_order(built.notes, plain)) if built.notes else built, plain

    def _tried(self, plain: Any, asked: Asked, forms: Sequence[ConfigForm] | None) -> tuple[_Built, Sequence[Issue]]:
        """Return what plain data becomes and no issue, or nothing and what is wrong with it."""
        try:
            return self._any_form(plain, asked, forms), ()
        except IssuesError as error:
            return _Built(None), error.issues

    def _error(self, issues: Sequence[Issue], document: Document | None) -> Exception:
        first = issues[0].failure
        refused = document is not None and document.refused
        if first is not None and not refused and all(issue.failure for issue in issues):
            return first
        from optim_core.config.problems import config_error

        return config_error(issues, document, self._explain)

    def given(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the component, recipe or named sets in a config that `build` accepts, as its author gave them."""
        reading = read_form(config, self._asked(None))
        if reading is None:
            return config
        given: Mapping[str, Any] = reading.config if reading.only is None else reading.config[reading.only]
        return given

    # -- forms ---------------------------------------------------------------------------------------------------

    def _any_form(self, config: Any, asked: Asked, forms: Sequence[ConfigForm] | None) -> _Built:
        kind = asked.kind
        if not isinstance(config, Mapping):
            raise IssuesError(Issue("no-config", (), config, hint=Hint.of("config", value=config)))
        reading = read_form(config, asked, forms)
        if kind is not None and (reading is None or list(reading.config) != [kind]):
            built = self._components.build(kind, config)
            return _Built(built, _unusual(built, config))
        if reading is None:
            from optim_core.config.advice.recipes import formless

            raise IssuesError(*formless(config))
        return self._built_of(reading if kind is None else _of_kind(reading, kind))

    def _asked(self, kind: Kind | None, *, application: bool = False) -> Asked:
        return Asked(self._components.fields, self._components.kind_of, kind, application=application)

    def _built_of(self, reading: Reading) -> _Built:
        """Return the spec or recipe of a reading; what is wrong is told by the paths that the user wrote.

        Raises:
            IssuesError: with what is wrong, and what nothing reads, which alone is none.
        """
        issues = list(reading.issues)
        built: Any = None
        try:
            if reading.only is not None:
                built = self._components.build(reading.only, reading.config[reading.only])
            elif "optimizer_configs" in reading.config or "scheduler_configs" in reading.config:
                built = self._named(reading.config, in_section=reading.in_section)
            else:
                built = self._recipe(reading.config, in_section=reading.in_section)
        except IssuesError as error:
            prefix = () if reading.only is None else (reading.only,)
            issues += [issue._replace(path=reading.origin((*prefix, *issue.path))) for issue in error.issues]
        if not issues and reading.unused and isinstance(built, Recipe):
            issues += [
                issue._replace(path=reading.origin(issue.path))
                for issue in self._beyond(built, reading.config, length_of_run(reading.unused))
            ]
        notes = [*(_unread(reading) if reading.unused else ()), *_unusual_rates(built, reading)]
        if issues:
            raise IssuesError(*issues, *notes)
        if not reading.unused or not isinstance(built, Recipe):
            return _Built(built, notes)
        return _Built(attrs.evolve(built, unused=dict(reading.unused)), notes)

    def _beyond(self, recipe: Recipe, config: Mapping[str, Any], run: Horizon | None) -> Iterator[Issue]:
        """Yield what is wrong with the lengths of a recipe's schedules in a run whose length stands beside it."""
        if run is None or self._components.any_length:
            return
        for name, spec in recipe.schedulers.items():
            path: tuple[str, ...] = ("scheduler",)
            if name != SINGLE or "scheduler" not in config:
                pair = name in (config.get("scheduler_configs") or {})
                path = ("scheduler_configs", name) if pair else ("optimizer_configs", name, "scheduler")
            given: Any = config
            for key in path:
                given = given[key]
            yield from [issue.below(*path) for issue in impossible_lengths(spec.config, spec.interval, given, run)]

    def _recipe(self, config: Mapping[str, Any], *, in_section: bool) -> Recipe:
        issues = _foreign_keys(config, RECIPE_KEYS, whole=not in_section)
        optimizer, scheduler = self._pair(config, issues)
        clipper = self._clipping(config.get(CLIPPING), (CLIPPING,), issues)
        if issues:
            from optim_core.config.advice.recipes import beside_its_part

            raise IssuesError(*beside_its_part(issues, config, self._components.fields))
        return Recipe(
            optimizers={SINGLE: optimizer},
            schedulers={} if scheduler is None else {SINGLE: scheduler},
            clipper=clipper,
        )

    def _pair(self, config: Mapping[str, Any], issues: list[Issue]) -> tuple[Any, Any]:
        """Build the optimizer and the schedule under these keys; add what is wrong to `issues`."""
        optimizer = scheduler = None
        for key in config:
            if key == "optimizer":
                optimizer = self._collect(issues, (key,), "optimizer", config[key])
            elif key == "scheduler" and config[key] is not None:
                scheduler = self._collect(issues, (key,), "scheduler", config[key])
        if "optimizer" not in config and not _is_misspelt("optimizer", issues):
            issues.append(Issue("missing", ("optimizer",), hint=Hint("optimizer-example")))
        _refuse_two_decays(config.get("optimizer"), config.get("scheduler"), ("scheduler",), issues)
        _refuse_high_floor(optimizer, scheduler, config.get("scheduler"), ("scheduler",), issues)
        return optimizer, scheduler

    def _named(self, config: Mapping[str, Any], *, in_section: bool) -> Recipe:
        issues = _foreign_keys(config, NAMED_KEYS, whole=not in_section)
        sets = _Sets(dict(_entries(config, "optimizer_configs", issues)), {}, {}, {})
        for name, value in sets.given.items():
            issues += [issue.below("optimizer_configs", name) for issue in self._set(name, value, sets)]
        if "optimizer_configs" not in config:
            issues.append(Issue("missing", ("optimizer_configs",), hint=Hint("one-name-each")))
        self._scheduled_apart(config, sets, issues)
        clipper = self._clipped_apart(config, sets, issues)
        if issues:
            raise IssuesError(*issues)
        own = {name: spec for name, spec in sets.clippers.items() if spec is not None}
        if len(sets.given) == 1 and own:
            # Of one set, its own clipping is that of the whole recipe.
            (clipper,), own = own.values(), {}
        return Recipe(optimizers=sets.optimizers, schedulers=sets.schedulers, clipper=clipper, clippers=own)

    def _set(self, name: str, value: Any, sets: _Sets) -> list[Issue]:
        """Build one of named sets into `sets`; return what is wrong with it."""
        issues: list[Issue] = []
        if isinstance(value, Mapping) and "type" not in value and _is_pair(value):
            issues += _foreign_keys(value, RECIPE_KEYS)
            sets.optimizers[name], scheduler = self._pair(self._by_steps(value), issues)
            if scheduler is not None:
                sets.schedulers[name] = scheduler
            sets.clippers[name] = self._clipping(value.get(CLIPPING), (CLIPPING,), issues)
            if issues:
                from optim_core.config.advice.recipes import beside_its_part

                return beside_its_part(issues, value, self._components.fields)
            return issues
        sets.optimizers[name] = self._collect(issues, (), "optimizer", value)
        if issues:
            from optim_core.config.advice.recipes import beside_its_optimizer

            return beside_its_optimizer(issues)
        return issues

    def _scheduled_apart(self, config: Mapping[str, Any], sets: _Sets, issues: list[Issue]) -> None:
        """Build the schedules that stand side by side with the sets."""
        for name, value in _entries(config, "scheduler_configs", issues):
            path = ("scheduler_configs", name)
            if name not in sets.given:
                issues.append(_no_such_optimizer(path, value, sets.given))
            elif name in sets.schedulers:
                hint = Hint("one-schedule")
                issues.append(Issue("scheduled-twice", path, value, data={"name": name}, hint=hint))
            elif value is not None:
                built = self._collect(issues, path, "scheduler", self._scheduled_by_steps(value))
                sets.schedulers[name] = built
                _refuse_two_decays(sets.given[name], value, path, issues)
                _refuse_high_floor(sets.optimizers[name], built, value, path, issues)

    def _clipped_apart(self, config: Mapping[str, Any], sets: _Sets, issues: list[Issue]) -> ClipperSpec | None:
        """Build the clipping that stands side by side with the sets; return that of all of them."""
        for name, value in _entries(config, CLIPPINGS, issues):
            if name not in sets.given:
                issues.append(_no_such_optimizer((CLIPPINGS, name), value, sets.given))
            elif value is not None:
                sets.clippers[name] = self._clipping(value, (CLIPPINGS, name), issues)
        if _has_names(config.get(CLIPPING), sets.given):
            hint = Hint("clipping-by-name")
            issues.append(Issue("names-in-clipping", (CLIPPING,), config[CLIPPING], hint=hint))
            return None
        clipper = self._clipping(config.get(CLIPPING), (CLIPPING,), issues)
        issues += _clipped_twice(config, sets.given)
        return clipper

    def _by_steps(self, pair: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**pair, "scheduler": self._scheduled_by_steps(pair["scheduler"])} if "scheduler" in pair else pair

    def _scheduled_by_steps(self, scheduler: Any) -> Any:
        """Return a schedule of named sets, which is stepped after each step unless it says otherwise.

        Training code that has named sets steps every schedule after each batch. One that waits for a metric keeps the
        interval of its class.
        """
        if not isinstance(scheduler, Mapping) or scheduler.get("interval") is not None:
            return scheduler
        takes = self._components.fields("scheduler", scheduler.get("type"))
        return scheduler if takes is None or MONITOR in takes else {**scheduler, "interval": "step"}

    def _clipping(self, value: Any, path: tuple[str, ...], issues: list[Issue]) -> ClipperSpec | None:
        if value is None:
            return None
        if isinstance(value, ClipperSpec):
            return value
        if not isinstance(value, Mapping):
            issues.append(Issue("no-clipping", path, value, hint=Hint.of("clipping", value=value)))
            return None
        given = {key: item for key, item in value.items() if key != "enabled"}
        enabled = True
        try:
            enabled = structure_bool(value.get("enabled", True), bool)
        except IssuesError as error:
            issues += [issue.below(*path, "enabled") for issue in error.issues]
        if not given and not enabled:
            return None
        spec: ClipperSpec | None = self._collect(issues, path, "clipper", {**_type_of_clipping(given), **given})
        return spec if enabled else None

    def _collect(self, issues: list[Issue], path: tuple[str, ...], kind: Kind, value: Any) -> Any:
        """Build a component; None with what is wrong added to `issues`."""
        try:
            return self._components.build(kind, value)
        except IssuesError as error:
            issues += [issue.below(*path) for issue in error.issues]
            return None


def _type_of_clipping(given: Mapping[Any, Any]) -> dict[str, str]:
    """Return the type of clipping that names none; nothing where a misspelt `type` names one, which is told then."""
    if "type" in given:
        return {}
    names = (key for key, item in given.items() if isinstance(key, str) and isinstance(item, str))
    return {} if any(alike(key, ["type"], ONE_SLIP) for key in names) else {"type": DEFAULT_CLIPPER}


def _no_such_optimizer(path: tuple[str, ...], value: Any, optimizers: Mapping[str, Any]) -> Issue:
    hint = Hint.of("near-optimizer", name=path[-1], optimizers=list(optimizers))
    return Issue("no-such-optimizer", path, value, hint=hint)


def _has_names(clipping: Any, sets: Mapping[str, Any]) -> bool:
    """Tell whether clipping that is for all sets has something for each of some of them, and nothing else."""
    return isinstance(clipping, Mapping) and bool(clipping) and clipping.keys() <= sets.keys()


def _clipped_twice(config: Mapping[str, Any], sets: Mapping[str, Any]) -> Iterator[Issue]:
    """Yield the issues of sets whose clipping stands in two places, switched off or not."""
    apart = config.get(CLIPPINGS)
    for name, value in sets.items():
        places: list[tuple[str, ...]] = []
        places += [("optimizer_configs", name, CLIPPING)] if _is_pair_with(CLIPPING, value) else []
        places += [(CLIPPINGS, name)] if isinstance(apart, Mapping) and apart.get(name) is not None else []
        places += [(CLIPPING,)] if config.get(CLIPPING) is not None else []
        if len(places) > 1:
            for_all = places[-1] == (CLIPPING,)
            # In a section, clipping for all may stand there by another word.
            data = {"other": "the clipping of all sets" if places[1] == (CLIPPING,) else f"`{'.'.join(places[1])}`"}
            yield Issue("clipped-twice", places[0], data=data, hint=Hint.of("one-clipping", for_all=for_all))


def _is_pair_with(key: str, value: Any) -> bool:
    return isinstance(value, Mapping) and "type" not in value and value.get(key) is not None


def _unread(reading: Reading) -> Sequence[Issue]:
    """Return what stands beside a recipe, where nothing reads it, and speaks of what a recipe is about."""
    from optim_core.config.forms.speaking import speaking

    if next(speaking(reading.unused), None) is None:
        return ()
    from optim_core.config.advice.unread import unread

    return unread(reading)


def _unusual_rates(built: Any, reading: Reading) -> Iterator[Issue]:
    """Yield what is to be said of rates that are unusual for their optimizers, by the paths of the user."""
    if reading.only is not None:
        found: dict[tuple[str, ...], Any] = {(reading.only,): built}
    elif isinstance(built, Recipe):
        found = {_place_of(name, reading.config): spec for name, spec in built.optimizers.items()}
    else:
        return
    for path, spec in found.items():
        given: Any = reading.config
        for key in path:
            given = given[key]
        yield from [issue._replace(path=reading.origin((*path, *issue.path))) for issue in _unusual(spec, given)]


def _place_of(name: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return where the optimizer of a name stands in a recipe."""
    if "optimizer_configs" not in config:
        return ("optimizer",)
    entry = config["optimizer_configs"][name]
    pair = isinstance(entry, Mapping) and "type" not in entry
    return ("optimizer_configs", name, "optimizer") if pair else ("optimizer_configs", name)


def _unusual(spec: Any, given: Any) -> list[Issue]:
    """Return what is to be said of an optimizer's rate, below its component; of one around another, of that one."""
    below: tuple[str, ...] = ()
    while isinstance(spec, OptimizerSpec) and isinstance(inner := getattr(spec.config, AROUND, None), OptimizerSpec):
        if not isinstance(given, Mapping):
            return []
        nested = isinstance(given.get("config"), Mapping)
        given = (given["config"] if nested else given).get(AROUND)
        spec, below = inner, (*below, *(["config"] if nested else []), AROUND)
    if not isinstance(spec, OptimizerSpec) or getattr(spec.config, "lr_meaning", None) is None:
        return []
    from optim_core.config.advice.unusual_rates import unusual_rate

    return [issue.below(*below) for issue in unusual_rate(spec, given)]


def _of_an_application(
    config: Any,
    plain: Any,
    built: _Built,
    issues: Sequence[Issue],
    unreadable: list[Issue],
    again: Callable[[Any], Any],
) -> tuple[Any, _Built, Sequence[Issue], list[Issue]]:
    """Return plain data, what was built of it, and the issues, without what is an application's own and no mistake.

    Args:
        config: the config of the application.
        plain: the same as plain data.
        built: what was built of it.
        issues: what is wrong with it.
        unreadable: the issues of values that cannot be read.
        again: builds other plain data.
    """
    from optim_core.config.interpolations import beside, led_to, others_as_written, put_aside, read_by_none

    rest, aside = put_aside(config, plain, issues)
    if aside:
        plain = rest
        built, issues = again(plain)
    issues, notes = led_to(config, read_by_none(config, issues)), read_by_none(config, built.notes)
    made = built.built
    if not isinstance(made, Recipe):
        return plain, built, issues, others_as_written(config, None, unreadable, issues)
    made = attrs.evolve(made, unused=beside(made.unused, aside))
    return plain, _Built(made, notes), issues, others_as_written(config, made.unused, unreadable, issues)


def _is_of_omegaconf(config: Any) -> bool:
    """Return whether a config is OmegaConf's, in which an application has whatever it needs beside a recipe."""
    return type(config).__module__.partition(".")[0] == "omegaconf"


def _of_kind(reading: Reading, kind: Kind) -> Reading:
    """Return a reading that is to be one component, which has nothing beside it."""
    stray = Hint.of("no-field-of-kind", kind=kind)
    strays = tuple(Issue("unknown-key", (key,), value, hint=stray) for key, value in reading.unused.items())
    return reading._replace(only=kind, issues=(*reading.issues, *strays))


def _foreign_keys(value: Mapping[Any, Any], allowed: tuple[str, ...], *, whole: bool = False) -> list[Issue]:
    """Return what is wrong with the keys that are not allowed; `whole` is set where a recipe is the whole config."""
    if value.keys() <= set(allowed):
        return []
    from optim_core.config.advice.stray_keys import foreign_keys

    return foreign_keys(value, allowed, whole=whole)


def _is_misspelt(key: str, issues: list[Issue]) -> bool:
    """Return whether a key that is unknown was meant to be `key`, which then is not missing as well."""
    strays = [issue for issue in issues if issue.code == "unknown-key" and len(issue.path) == 1]
    if not strays:
        return False
    from optim_core.config.foreign_words import meant

    return any(meant(str(issue.path[0]), issue.data["free"]) == key for issue in strays)


def _is_pair(value: Mapping[Any, Any]) -> bool:
    """Return whether an entry of named sets is {optimizer, scheduler}, if need be misspelt, and no component."""
    if any(part in value for part in RECIPE_KEYS):
        return True
    from optim_core.config.foreign_words import meant

    return any(meant(key, PARTS) for key in value if isinstance(key, str))


def _entries(config: Mapping[str, Any], key: str, issues: list[Issue]) -> list[tuple[str, Any]]:
    """Return the named entries under `key`; add what is wrong with the mapping itself to `issues`."""
    named = config.get(key)
    if named is None and (key not in config or key != "optimizer_configs"):
        return []
    if not isinstance(named, Mapping):
        issues.append(Issue("no-names", (key,), named, hint=Hint.of("names", key=key, value=named)))
        return []
    if isinstance(named.get("type"), str):
        part = key.removesuffix("_configs")
        hint = Hint.of("one-or-named", key=key, part=part)
        issues.append(Issue("one-for-several", (key,), named, data={"part": part}, hint=hint))
        return []
    if not named and key == "optimizer_configs":
        issues.append(Issue("empty", (key,), named, hint=Hint("one-name-each")))
    issues += [Issue("name-is-no-text", (key, shown(name)), name) for name in named if not isinstance(name, str)]
    return [(name, value) for name, value in named.items() if isinstance(name, str)]


def _refuse_two_decays(optimizer: Any, scheduler: Any, path: tuple[str, ...], issues: list[Issue]) -> None:
    if scheduler is not None and _decays(optimizer):
        issues.append(Issue("two-decays", path, scheduler, hint=Hint("take-one-decay-out")))


def _decays(optimizer: Any) -> bool:
    """Tell whether an optimizer, as it is given, has a schedule by ``lr_decay_gamma``, or the one that it is around."""
    if isinstance(optimizer, OptimizerSpec):
        return optimizer.schedule is not None
    if not isinstance(optimizer, Mapping):
        return False
    fields = optimizer["config"] if isinstance(optimizer.get("config"), Mapping) else optimizer
    return optimizer.get("lr_decay_gamma") is not None or (AROUND in fields and _decays(fields[AROUND]))


def _refuse_high_floor(optimizer: Any, scheduler: Any, given: Any, path: tuple[str, ...], issues: list[Issue]) -> None:
    """Refuse a schedule that falls to an absolute rate above the one that the optimizer starts with."""
    absolute = getattr(scheduler.config, "absolute_rate", None) if scheduler is not None else None
    if absolute is None or getattr(scheduler.config, "takes_the_greater", False):
        return
    lr = getattr(optimizer.innermost.config, "lr", None) if optimizer is not None else None
    floor = absolute() if callable(absolute) else None
    if floor is None or not isinstance(lr, float) or floor[1] <= lr:
        return
    field, rate = floor
    place = ("config", field) if isinstance(given, Mapping) and "config" in given else (field,)
    hint = Hint.of("lower-the-floor", field=field)
    issues.append(Issue("floor-above-rate", (*path, *place), rate, data={"lr": lr}, hint=hint))
