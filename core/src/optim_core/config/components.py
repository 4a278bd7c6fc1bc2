"""One component of a config, {type, config} or flat, to its spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from optim_core.config.issues import Issue, Mismatch
from optim_core.config.keys import GROUP_KEYS, PARAM_GROUPS
from optim_core.config.structuring.structurer import Structurer
from optim_core.errors import PluginError, Problem
from optim_core.kinds import KINDS, Kind
from optim_core.specs import SPECS, spec_class
from optim_core.text.spelling import nearest, suggesting
from optim_core.text.values import shown

if TYPE_CHECKING:
    from optim_core.config.forms.form import Takes

__all__ = ["DECAY", "Components", "Found"]

# The schedule that `lr_decay_gamma` stands for.
DECAY = "ExponentialLR"
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
        unknown: the problem of a name that nothing has: kind (None for any), name, path.
        kinds_of: the kinds for which something has a name.
        names: the names of a kind.
    """

    def __init__(
        self,
        find: Callable[[Kind, str], Found | None],
        unknown: Callable[[Kind | None, str, str], Problem],
        kinds_of: Callable[[str], list[Kind]],
        names: Callable[[Kind], list[str]],
    ) -> None:
        self._find = find
        self._unknown = unknown
        self._kinds_of = kinds_of
        self._names = names
        self._structurer = Structurer({cls: partial(self._held, kind) for kind, cls in SPECS.items()})

    def _held(self, kind: Kind, value: Any, _cls: Any) -> Any:
        """Build the component that a field of another one holds."""
        return self.build(kind, value)

    def build(self, kind: Kind, value: Any) -> Any:
        """A spec from {type, config} with the kind's envelope, or from a flat {type, field, …}.

        Raises:
            Mismatch: with everything that is wrong below `value`.
        """
        if isinstance(value, spec_class(kind)):
            return value
        if not isinstance(value, Mapping):
            from optim_core.config.advice.components import no_component

            raise Mismatch(no_component(kind, value))
        found = self._type_of(kind, value)
        options = self._options(kind, value)
        config: Any = None
        issues: list[Issue] = []
        try:
            config = self._structurer.structure(options, found.cls, found.name)
        except Mismatch as mismatch:
            issues += mismatch.issues
        if issues or ("config" in value and not value.keys() <= {"type", "config", *KINDS[kind].beside}):
            from optim_core.config.advice.components import of_component

            takes = self._takes(found)
            issues = of_component(kind, value, takes, issues, KINDS[kind].beside, self.others(kind, found.name))
        envelope = self._envelope(kind, value, config, issues)
        if PARAM_GROUPS in KINDS[kind].beside and not value.keys().isdisjoint(GROUP_KEYS):
            envelope |= self._groups(value, options, config, found, issues)
        if issues:
            raise Mismatch(*issues)
        return spec_class(kind)(type=found.name, config=config, provided_by=found.provided_by, **envelope)

    def _options(self, kind: Kind, value: Mapping[str, Any]) -> Any:
        """The fields of a component: below `config`, or beside `type`."""
        if "config" in value:
            return value["config"] if value["config"] is not None else {}
        return {key: item for key, item in value.items() if key != "type" and key not in KINDS[kind].beside}

    # -- types ---------------------------------------------------------------------------------------------------

    def fields(self, kind: Kind, name: Any) -> Takes | None:
        """What the plugin takes that a type means, None where it means none that can be used."""
        try:
            found = self._find(kind, name) if isinstance(name, str) else None
        except PluginError:
            return None
        return None if found is None else self._takes(found)

    def others(self, kind: Kind, name: str) -> Callable[[str], str | None]:
        """Looks for another plugin of a kind that takes a key: for a scheduler, one whose name goes on from `name`."""

        def other(key: str) -> str | None:
            names = [each for each in self._names(kind) if kind != "scheduler" or each.startswith(f"{name}_")]
            takes = ((known, self.fields(kind, known)) for known in names if known != name)
            return next((known for known, fields in takes if fields is not None and key in fields), None)

        return other

    def kind_of(self, config: Mapping[str, Any]) -> Kind:
        """The kind of a component that is the whole config.

        Raises:
            Mismatch: nothing has its type, or several kinds do.
        """
        name = config["type"]
        kinds = self._kinds_of(name) if isinstance(name, str) and name.strip() else [next(iter(KINDS))]
        if not kinds and ":" in name:
            # Looking it up says what is wrong with the distribution or provider that it names.
            return next(iter(KINDS))
        if not kinds:
            raise Mismatch(self._unknown_type(None, name))
        if len(kinds) > 1:
            ways = " or ".join(f'kind="{kind}"' for kind in kinds)
            raise Mismatch(Issue(("type",), f"`{name}` is the name of several kinds of plugin", f"pass {ways}"))
        return kinds[0]

    def _takes(self, found: Found) -> Takes:
        from optim_core.config.forms.form import Takes

        return Takes(found.name, self._structurer.keys(found.cls), self._structurer.aliases(found.cls))

    def _type_of(self, kind: Kind, value: Mapping[str, Any]) -> Found:
        if "type" not in value:
            from optim_core.config.advice.components import typeless

            raise Mismatch(typeless(kind, value, self._kinds_of))
        name = value["type"]
        if not isinstance(name, str) or not name.strip():
            raise Mismatch(Issue(("type",), f"must be the name of a plugin, is {shown(name)}"))
        try:
            found = self._find(kind, name)
        except PluginError as error:
            raise Mismatch(Issue(("type",), str(error), failure=error)) from error
        if found is None:
            raise Mismatch(self._unknown_type(kind, name))
        return found

    def _unknown_type(self, kind: Kind | None, name: str) -> Issue:
        if not suggesting():
            return Issue(("type",), "no plugin has this name", error="unknown-type")
        from optim_core.config.advice.components import of_unknown_type

        problem = self._unknown(kind, name, "")
        return Issue(("type",), problem.message, of_unknown_type(kind, name, problem.hint), "unknown-type")

    # -- beside type and config ----------------------------------------------------------------------------------

    def _envelope(self, kind: Kind, value: Mapping[str, Any], config: Any, issues: list[Issue]) -> dict[str, Any]:
        """What stands beside `config`; adds what is wrong with it to `issues`."""
        if "interval" in KINDS[kind].beside:
            interval = value.get("interval")
            if interval is None:
                interval = getattr(config, "interval", DEFAULT_INTERVAL)
            if not isinstance(interval, str) or interval not in INTERVALS:
                near = nearest(interval, INTERVALS) if isinstance(interval, str) else None
                hint = f"did you mean `{near}`?" if near else None
                issues.append(Issue(("interval",), f"must be `step` or `epoch`, is {shown(interval)}", hint))
            return {"interval": interval}
        if "lr_decay_gamma" in KINDS[kind].beside and value.get("lr_decay_gamma") is not None:
            return {"decay": self._decay(value["lr_decay_gamma"], issues)}
        return {}

    def _groups(
        self, value: Mapping[str, Any], options: Any, config: Any, found: Found, issues: list[Issue]
    ) -> dict[str, Any]:
        """What an optimizer says of some of its parameters; adds what is wrong with it to `issues`."""
        from optim_core.config.group_reader import GroupReader

        try:
            return GroupReader(self._structurer, found.name, found.cls, options, config).read(value)
        except Mismatch as mismatch:
            issues += mismatch.issues
            return {}

    def _decay(self, gamma: Any, issues: list[Issue]) -> Any:
        """ExponentialLR for ``lr_decay_gamma``; its problems are those of that key."""
        try:
            decay = self.build("scheduler", {"type": DECAY, "config": {"gamma": gamma}})
        except Mismatch as mismatch:
            for issue in mismatch.issues:
                unknown = issue.error == "unknown-type"
                hint = "it is a schedule of torch's: pip install 'optim-core[torch]'" if unknown else issue.hint
                issues.append(issue._replace(path=("lr_decay_gamma",), hint=hint))
            return None
        if decay.config.gamma > 1:
            hint = "the rate is multiplied by it after each epoch; 0.95 takes 5 % away"
            issues.append(Issue(("lr_decay_gamma",), f"must be in (0, 1], is {decay.config.gamma}", hint))
        return decay
