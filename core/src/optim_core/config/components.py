"""One component of a config, {type, config} or flat, to its spec."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from optim_core.config.issues import Hint, Issue, IssuesError
from optim_core.config.keys import GROUP_KEYS, PARAM_GROUPS
from optim_core.config.lengths import impossible_lengths
from optim_core.config.structuring.structurer import Structurer
from optim_core.errors import PluginError
from optim_core.kinds import KINDS, Kind
from optim_core.specs import AROUND, SPECS, is_around, spec_class

if TYPE_CHECKING:
    from optim_core.config.forms.takes import Takes

__all__ = ["DECAY", "Components", "Found"]

# This is the schedule that `lr_decay_gamma` stands for.
DECAY = "ExponentialLR"
# A longer name is no plugin's, and is not looked up.
LONGEST_TYPE = 1000
DEFAULT_INTERVAL = "step"
INTERVALS = ("step", "epoch")


class Found(NamedTuple):
    """A plugin class with the name that specs show, and the distribution and version that provide it."""

    name: str
    cls: type[Any]
    provided_by: str


class Components:
    """Turns components into specs.

    Args:
        find: kind and name to plugin class, None where nothing has the name.
        kinds_of: the kinds for which something has a name.
        unimported: name and fields of each plugin of a kind, as far as they can be read without importing it.
        any_length: whether lengths pass that no run could hold, such as a warmup as long as its schedule.
    """

    def __init__(
        self,
        find: Callable[[Kind, str], Found | None],
        kinds_of: Callable[[str], list[Kind]],
        unimported: Callable[[Kind], Iterable[tuple[str, Collection[str]]]],
        *,
        any_length: bool = False,
    ) -> None:
        self._find_short = find
        self._kinds_of_short = kinds_of
        self._unimported = unimported
        self.any_length = any_length
        self._structurer = Structurer({cls: partial(self._held, kind) for kind, cls in SPECS.items()})

    def _find(self, kind: Kind, name: str) -> Found | None:
        return self._find_short(kind, name) if len(name) <= LONGEST_TYPE else None

    def _kinds_of(self, name: str) -> list[Kind]:
        return self._kinds_of_short(name) if len(name) <= LONGEST_TYPE else []

    def _held(self, kind: Kind, value: Any, _cls: Any) -> Any:
        """Build the component that a field of another one holds."""
        return self.build(kind, value)

    def build(self, kind: Kind, value: Any) -> Any:
        """Return a spec from {type, config} with the kind's envelope, or from a flat {type, field, …}.

        Raises:
            IssuesError: with everything that is wrong below `value`.
        """
        if isinstance(value, spec_class(kind)):
            return value
        if not isinstance(value, Mapping):
            from optim_core.config.advice.components import no_component

            raise IssuesError(no_component(kind, value))
        try:
            found = self._type_of(kind, value)
        except IssuesError as error:
            raise IssuesError(*error.issues, *self._beside_nobody(kind, value)) from error
        options = self._options(kind, value)
        config: Any = None
        issues: list[Issue] = []
        try:
            config = self._structurer.structure(options, found.cls, found.name)
        except IssuesError as error:
            issues += error.issues
        if issues or ("config" in value and not value.keys() <= {"type", "config", *KINDS[kind].beside}):
            from optim_core.config.advice.components import of_component

            takes = self._takes(found)
            issues = of_component(kind, value, takes, issues, KINDS[kind].beside, self.others(kind, found.name))
        envelope = self._envelope(kind, value, config, issues)
        if PARAM_GROUPS in KINDS[kind].beside and not value.keys().isdisjoint(GROUP_KEYS):
            envelope |= self._groups(value, options, config, found, issues)
        if not issues and "interval" in envelope and not self.any_length:
            issues += impossible_lengths(config, envelope["interval"], value)
        if issues:
            raise IssuesError(*issues)
        return spec_class(kind)(type=found.name, config=config, provided_by=found.provided_by, **envelope)

    def _options(self, kind: Kind, value: Mapping[str, Any]) -> Any:
        """Return the fields of a component: below `config`, or beside `type`."""
        if "config" in value:
            return value["config"] if value["config"] is not None else {}
        return {key: item for key, item in value.items() if key != "type" and key not in KINDS[kind].beside}

    # -- types ---------------------------------------------------------------------------------------------------

    def fields(self, kind: Kind, name: Any) -> Takes | None:
        """Return what the plugin takes that a type means, None where it means none that can be used."""
        try:
            found = self._find(kind, name) if isinstance(name, str) else None
        except PluginError:
            return None
        return None if found is None else self._takes(found)

    def others(self, kind: Kind, name: str) -> Callable[[str], str | None]:
        """Return what finds another plugin that takes a key, of a scheduler one whose name goes on from `name`.

        None is imported for it.
        """

        @cache
        def takes() -> list[tuple[str, Collection[str]]]:
            begin = f"{name}_" if kind == "scheduler" else ""
            found = [each for each in self._unimported(kind) if each[0].startswith(begin) and each[0] != name]
            # The one that takes least beside the key is the likeliest.
            return sorted(found, key=lambda each: len(each[1]))

        return lambda key: next((known for known, fields in takes() if key in fields), None)

    def kind_of(self, config: Mapping[str, Any]) -> Kind:
        """Return the kind of a component that is the whole config.

        Raises:
            IssuesError: nothing has its type, or several kinds do.
        """
        name = config["type"]
        kinds = self._kinds_of(name) if isinstance(name, str) and name.strip() else [next(iter(KINDS))]
        if not kinds and ":" in name[:LONGEST_TYPE]:
            # Looking it up says what is wrong with the distribution or provider that it names.
            return next(iter(KINDS))
        if not kinds:
            raise IssuesError(_unknown_type(None, name))
        if len(kinds) > 1:
            raise IssuesError(Issue("several-kinds", ("type",), name, hint=Hint.of("pass-kind", kinds=kinds)))
        return kinds[0]

    def _takes(self, found: Found) -> Takes:
        from optim_core.config.forms.takes import Takes

        keys, aliases = self._structurer.keys(found.cls), self._structurer.aliases(found.cls)
        interval = getattr(found.cls, "interval", None)
        return Takes(
            found.name,
            keys,
            aliases,
            interval=interval if isinstance(interval, str) else None,
            durations=self._structurer.durations(found.cls),
        )

    def _type_of(self, kind: Kind, value: Mapping[str, Any]) -> Found:
        if "type" not in value:
            from optim_core.config.advice.components import typeless

            raise IssuesError(typeless(kind, value, self._kinds_of))
        name = value["type"]
        if not isinstance(name, str) or not name.strip():
            raise IssuesError(Issue("no-plugin-name", ("type",), name))
        try:
            found = self._find(kind, name)
        except PluginError as error:
            # Its traceback would hold the frames that hold the issue, and so itself.
            failure = error.with_traceback(None)
            raise IssuesError(Issue("unusable-plugin", ("type",), name, failure=failure)) from error
        if found is None:
            raise IssuesError(_unknown_type(kind, name))
        return found

    # -- beside type and config ----------------------------------------------------------------------------------

    def _envelope(self, kind: Kind, value: Mapping[str, Any], config: Any, issues: list[Issue]) -> dict[str, Any]:
        """Return what stands beside `config`; add what is wrong with it to `issues`."""
        if "interval" in KINDS[kind].beside:
            interval = value.get("interval")
            if interval is None:
                interval = getattr(config, "interval", DEFAULT_INTERVAL)
            if not isinstance(interval, str) or interval not in INTERVALS:
                hint = Hint.of("near-choice", name=interval, choices=INTERVALS) if isinstance(interval, str) else None
                issues.append(Issue("wrong-interval", ("interval",), interval, hint=hint))
            return {"interval": interval}
        if "lr_decay_gamma" in KINDS[kind].beside and value.get("lr_decay_gamma") is not None:
            inner = getattr(config, AROUND, None)
            if getattr(inner, "schedule", None) is not None:
                issues.append(Issue("two-decays", ("lr_decay_gamma",), value["lr_decay_gamma"], hint=Hint("keep-one")))
            return {"decay": self._decay(value["lr_decay_gamma"], issues)}
        return {}

    def _beside_nobody(self, kind: Kind, value: Mapping[str, Any]) -> list[Issue]:
        """Return what is wrong beside the type of a plugin that cannot be had, as far as that can be told."""
        issues: list[Issue] = []
        if "type" not in value:
            return issues
        self._envelope(kind, value, None, issues)
        if PARAM_GROUPS in KINDS[kind].beside:
            from optim_core.config.group_reader import GroupReader

            try:
                GroupReader(self._structurer, "the optimizer", None, {}, None).read(value)
            except IssuesError as error:
                issues += error.issues
        return issues

    def _groups(
        self, value: Mapping[str, Any], options: Any, config: Any, found: Found, issues: list[Issue]
    ) -> dict[str, Any]:
        """Return what an optimizer says of some of its parameters; add what is wrong with it to `issues`."""
        from optim_core.config.group_reader import GroupReader

        if is_around(found.cls):
            given = [key for key in GROUP_KEYS if value.get(key) is not None]
            hint = Hint.of("beside-inner", part=f"config.{AROUND}" if "config" in value else AROUND)
            issues += [
                Issue("groups-of-inner", (key,), value[key], data={"name": found.name}, hint=hint) for key in given
            ]
            return {}
        try:
            return GroupReader(self._structurer, found.name, found.cls, options, config).read(value)
        except IssuesError as error:
            issues += error.issues
            return {}

    def _decay(self, gamma: Any, issues: list[Issue]) -> Any:
        """Build ExponentialLR for ``lr_decay_gamma``; add what is wrong with it to `issues`, at that key."""
        try:
            decay = self.build("scheduler", {"type": DECAY, "config": {"gamma": gamma}})
        except IssuesError as error:
            for issue in error.issues:
                hint = Hint("install-decay") if issue.code == "unknown-type" else issue.hint
                issues.append(issue._replace(path=("lr_decay_gamma",), hint=hint))
            return None
        gamma = decay.config.gamma
        if gamma > 1:
            issues.append(Issue("decay-grows", ("lr_decay_gamma",), gamma, hint=Hint("decay")))
        return decay


def _unknown_type(kind: Kind | None, name: str) -> Issue:
    hint = Hint.of("unknown-type", kind=kind, name=name)
    return Issue("unknown-type", ("type",), name, data={"kind": kind}, hint=hint)
