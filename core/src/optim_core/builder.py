"""A config mapping to specs and recipes: the forms that a config may have, and all its problems at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from optim_core.discovery import KINDS, Kind
from optim_core.errors import PluginError, Problem
from optim_core.mismatch import Issue, Mismatch, guard, in_order
from optim_core.names import listing, nearest, suggesting, suggestions
from optim_core.problems import config_error
from optim_core.recipe import SINGLE, Recipe
from optim_core.specs import SPECS, ClipperSpec, OptimizerSpec, SchedulerSpec
from optim_core.structure import Structurer
from optim_core.words import shown

if TYPE_CHECKING:
    from optim_core.files import Document

__all__ = ["Builder", "Found"]

# What stands beside `type` and `config`, for every plugin of the kind.
ENVELOPE: dict[Kind, tuple[str, ...]] = {"optimizer": ("lr_decay_gamma",), "scheduler": ("interval",), "clipper": ()}
RECIPE_KEYS = ("optimizer", "scheduler", "gradient_clipping")
NAMED_KEYS = ("optimizer_configs", "scheduler_configs", "gradient_clipping")
DEFAULT_CLIPPER = "norm"
# The schedule that `lr_decay_gamma` stands for.
DECAY = "ExponentialLR"
DEFAULT_INTERVAL = "step"
MOST_SUGGESTIONS = 100


class Found(NamedTuple):
    """A plugin class with the name that specs show, and the distribution and version that provide it."""

    name: str
    cls: type[Any]
    provided_by: str


class Builder:
    """Turns configs into specs.

    Args:
        find: kind and name to plugin class, None where nothing has the name.
        unknown: the problem of a name that nothing has: kind (None for any), name, path.
        kinds_of: the kinds for which something has a name.
    """

    def __init__(
        self,
        find: Callable[[Kind, str], Found | None],
        unknown: Callable[[Kind | None, str, str], Problem],
        kinds_of: Callable[[str], list[Kind]],
    ) -> None:
        self._find = find
        self._unknown = unknown
        self._kinds_of = kinds_of
        self._structurer = Structurer(
            {
                OptimizerSpec: lambda value, _: self._component("optimizer", value),
                SchedulerSpec: lambda value, _: self._component("scheduler", value),
                ClipperSpec: lambda value, _: self._component("clipper", value),
            }
        )

    def build(self, config: Any, kind: Kind | None, document: Document | None) -> Any:
        """The spec or recipe of a config; `document` is where it was read.

        Raises:
            ConfigError: with all its problems, in the order of the config; plugins that cannot be used are among them.
            PluginError: there is no other problem than such plugins; it is that of the first.
        """
        try:
            guard(config)
            with suggestions(MOST_SUGGESTIONS):
                return self._any_form(config, kind)
        except Mismatch as mismatch:
            issues = in_order(mismatch.issues, config)
        if issues[0].failure is not None and all(issue.failure for issue in issues):
            raise issues[0].failure
        raise config_error(issues, document)

    # -- forms ---------------------------------------------------------------------------------------------------

    def _any_form(self, config: Any, kind: Kind | None) -> Any:
        if not isinstance(config, Mapping):
            raise Mismatch.here(f"a config is a mapping, this is {shown(config)}")
        if kind is not None or "type" in config:
            return self._component(kind or self._kind_of(config), config)
        if "optimizer_configs" in config or "scheduler_configs" in config:
            return self._named(config)
        if any(key in config for key in RECIPE_KEYS):
            return self._recipe(config)
        hint = "a component is {type: AdamW, config: {lr: 1e-3}}, a recipe {optimizer: …, scheduler: …}"
        near = next((match for key in config if isinstance(key, str) if (match := nearest(key, RECIPE_KEYS))), None)
        raise Mismatch(
            Issue((), "`type` is missing", f"did you mean the key `{near}`? {hint}" if near else hint, "missing-type")
        )

    def _kind_of(self, config: Mapping[str, Any]) -> Kind:
        """The kind of a component that is the whole config."""
        name = config["type"]
        kinds = self._kinds_of(name) if isinstance(name, str) and name.strip() else list(KINDS[:1])
        if not kinds and ":" in name:
            # Looking it up says what is wrong with the distribution or provider that it names.
            return KINDS[0]
        if not kinds:
            raise Mismatch(self._unknown_type(None, name))
        if len(kinds) > 1:
            ways = " or ".join(f'kind="{kind}"' for kind in kinds)
            raise Mismatch(Issue(("type",), f"`{name}` is the name of several kinds of plugin", f"pass {ways}"))
        return kinds[0]

    def _recipe(self, config: Mapping[str, Any]) -> Recipe:
        issues = _foreign_keys(config, RECIPE_KEYS)
        optimizer, scheduler = self._pair(config, issues)
        clipper = self._clipping(config, issues)
        if issues:
            raise Mismatch(*issues)
        return Recipe(
            optimizers={SINGLE: optimizer},
            schedulers={} if scheduler is None else {SINGLE: scheduler},
            clipper=clipper,
        )

    def _pair(self, config: Mapping[str, Any], issues: list[Issue]) -> tuple[Any, Any]:
        """The optimizer and the schedule under these keys; adds what is wrong to `issues`."""
        optimizer = scheduler = None
        for key in config:
            if key == "optimizer":
                optimizer = self._collect(issues, (key,), "optimizer", config[key])
            elif key == "scheduler" and config[key] is not None:
                scheduler = self._collect(issues, (key,), "scheduler", config[key])
        if "optimizer" not in config:
            hint = "for example optimizer: {type: AdamW, config: {lr: 1e-3}}"
            issues.append(Issue(("optimizer",), "is required and missing", hint))
        _refuse_two_decays(optimizer, scheduler, ("scheduler",), issues)
        return optimizer, scheduler

    def _named(self, config: Mapping[str, Any]) -> Recipe:
        issues = _foreign_keys(config, NAMED_KEYS)
        optimizers: dict[str, Any] = {}
        schedulers: dict[str, Any] = {}
        for name, value in _entries(config, "optimizer_configs", issues):
            below: list[Issue] = []
            if isinstance(value, Mapping) and "type" not in value and ("optimizer" in value or "scheduler" in value):
                below += _foreign_keys(value, ("optimizer", "scheduler"))
                optimizers[name], scheduler = self._pair(value, below)
                if scheduler is not None:
                    schedulers[name] = scheduler
            else:
                optimizers[name] = self._collect(below, (), "optimizer", value)
            issues += [issue.below("optimizer_configs", name) for issue in below]
        if "optimizer_configs" not in config:
            issues.append(Issue(("optimizer_configs",), "is required and missing", "name: {type, config} for each"))
        for name, value in _entries(config, "scheduler_configs", issues):
            path = ("scheduler_configs", name)
            if name not in optimizers:
                near = nearest(name, optimizers)
                hint = f"did you mean `{near}`?" if near else f"the optimizers are {listing(optimizers) or 'none'}"
                issues.append(Issue(path, "there is no optimizer of this name", hint))
            elif name in schedulers:
                issues.append(Issue(path, f"optimizer_configs.{name} has a scheduler already", "keep one of the two"))
            elif value is not None:
                schedulers[name] = self._collect(issues, path, "scheduler", value)
                _refuse_two_decays(optimizers[name], schedulers[name], path, issues)
        clipper = self._clipping(config, issues)
        if issues:
            raise Mismatch(*issues)
        return Recipe(optimizers=optimizers, schedulers=schedulers, clipper=clipper)

    def _clipping(self, config: Mapping[str, Any], issues: list[Issue]) -> ClipperSpec | None:
        value = config.get("gradient_clipping")
        if value is None:
            return None
        path = ("gradient_clipping",)
        if isinstance(value, ClipperSpec):
            return value
        if not isinstance(value, Mapping):
            hint = "for example gradient_clipping: {type: norm, max_norm: 1.0}"
            issues.append(Issue(path, f"must be a mapping or null, is {shown(value)}", hint))
            return None
        given = {key: item for key, item in value.items() if key != "enabled"}
        enabled = value.get("enabled", True)
        if not isinstance(enabled, bool):
            issues.append(Issue((*path, "enabled"), f"must be true or false, is {shown(enabled)}"))
        if not given and enabled is False:
            return None
        spec: ClipperSpec | None = self._collect(issues, path, "clipper", {"type": DEFAULT_CLIPPER, **given})
        return spec if enabled is True else None

    def _collect(self, issues: list[Issue], path: tuple[str, ...], kind: Kind, value: Any) -> Any:
        """A component, or None with what is wrong added to `issues`."""
        try:
            return self._component(kind, value)
        except Mismatch as mismatch:
            issues += [issue.below(*path) for issue in mismatch.issues]
            return None

    # -- one component -------------------------------------------------------------------------------------------

    def _component(self, kind: Kind, value: Any) -> Any:
        """A spec from {type, config} with the kind's envelope, or from a flat {type, field, …}.

        Raises:
            Mismatch: with everything that is wrong below `value`.
        """
        if isinstance(value, SPECS[kind]):
            return value
        if not isinstance(value, Mapping):
            hint = f"write {{type: {value}}}" if isinstance(value, str) else "for example {type: …, config: {…}}"
            raise Mismatch.here(f"must be a mapping with `type`, is {shown(value)}", hint)
        found = self._type_of(kind, value)
        issues: list[Issue] = []
        nested = "config" in value
        if nested:
            options = value["config"] if value["config"] is not None else {}
            issues += self._misplaced(kind, value, found)
        else:
            options = {key: item for key, item in value.items() if key != "type" and key not in ENVELOPE[kind]}
        config = None
        try:
            config = self._structurer.structure(options, found.cls)
        except Mismatch as mismatch:
            prefix = ("config",) if nested else ()
            issues += [self._with_envelope(kind, issue, nested).below(*prefix) for issue in mismatch.issues]
        envelope = self._envelope(kind, value, config, issues)
        if issues:
            raise Mismatch(*issues)
        return SPECS[kind](type=found.name, config=config, provided_by=found.provided_by, **envelope)

    def _type_of(self, kind: Kind, value: Mapping[str, Any]) -> Found:
        if "type" not in value:
            near = next((key for key in value if isinstance(key, str) and nearest(key, ["type"])), None)
            hint = f"did you mean `type` where `{near}` stands?" if near else f"name the {kind}: {{type: …}}"
            raise Mismatch(Issue((), "`type` is missing", hint, "missing-type"))
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
        problem = self._unknown(kind, name, "")
        return Issue(("type",), problem.message, problem.hint, "unknown-type")

    def _misplaced(self, kind: Kind, value: Mapping[str, Any], found: Found) -> list[Issue]:
        """What stands beside `config` and does not belong there."""
        allowed = ("type", "config", *ENVELOPE[kind])
        issues = _foreign_keys(value, allowed)
        fields = self._structurer.keys(found.cls)
        return [
            issue._replace(hint=f"it is a field of {found.name}: move it into `config`")
            if issue.path[-1] in fields
            else issue
            for issue in issues
        ]

    def _with_envelope(self, kind: Kind, issue: Issue, nested: bool) -> Issue:
        """Names the envelope's key where an unknown key of the config means that."""
        key = issue.path[-1] if len(issue.path) == 1 else None
        if issue.message != "unknown key" or not isinstance(key, str):
            return issue
        if nested and key in ENVELOPE[kind]:
            return issue._replace(hint=f"`{key}` belongs beside `type` and `config`, not in `config`")
        near = nearest(key, ENVELOPE[kind])
        return issue._replace(hint=f"did you mean `{near}`?") if near and not nested else issue

    def _envelope(self, kind: Kind, value: Mapping[str, Any], config: Any, issues: list[Issue]) -> dict[str, Any]:
        """What stands beside `config`; adds what is wrong with it to `issues`."""
        if kind == "scheduler":
            interval = value.get("interval")
            if interval is None:
                interval = getattr(config, "interval", DEFAULT_INTERVAL)
            if interval not in ("step", "epoch"):
                issues.append(Issue(("interval",), f"must be `step` or `epoch`, is {shown(interval)}"))
            return {"interval": interval}
        if kind == "optimizer" and value.get("lr_decay_gamma") is not None:
            return {"decay": self._decay(value["lr_decay_gamma"], issues)}
        return {}

    def _decay(self, gamma: Any, issues: list[Issue]) -> Any:
        """ExponentialLR for ``lr_decay_gamma``; its problems are those of that key."""
        try:
            return self._component("scheduler", {"type": DECAY, "config": {"gamma": gamma}})
        except Mismatch as mismatch:
            for issue in mismatch.issues:
                unknown = issue.error == "unknown-type"
                hint = "it is a schedule of torch's: pip install 'optim-core[torch]'" if unknown else issue.hint
                issues.append(issue._replace(path=("lr_decay_gamma",), hint=hint))
            return None


def _foreign_keys(value: Mapping[Any, Any], allowed: tuple[str, ...]) -> list[Issue]:
    issues = []
    for key in value:
        if not isinstance(key, str):
            issues.append(Issue((shown(key),), "is not a key: keys are texts"))
        elif key not in allowed:
            near = nearest(key, allowed)
            keys = f"allowed here: {', '.join(allowed)}"
            issues.append(Issue((key,), "unknown key", f"did you mean `{near}`? {keys}" if near else keys))
    return issues


def _entries(config: Mapping[str, Any], key: str, issues: list[Issue]) -> list[tuple[str, Any]]:
    """The named entries under `key`; adds what is wrong with the mapping itself to `issues`."""
    named = config.get(key)
    if named is None and (key not in config or key == "scheduler_configs"):
        return []
    if not isinstance(named, Mapping):
        issues.append(Issue((key,), f"must be a mapping of names to components, is {shown(named)}"))
        return []
    if not named and key == "optimizer_configs":
        issues.append(Issue((key,), "is empty", "name: {type, config} for each"))
    wrong = [name for name in named if not isinstance(name, str)]
    issues += [Issue((key, shown(name)), "is not a name: names are texts") for name in wrong]
    return [(name, value) for name, value in named.items() if isinstance(name, str)]


def _refuse_two_decays(optimizer: Any, scheduler: Any, path: tuple[str, ...], issues: list[Issue]) -> None:
    if optimizer is not None and scheduler is not None and optimizer.decay is not None:
        hint = "take lr_decay_gamma out, or the scheduler"
        issues.append(Issue(path, "the optimizer's lr_decay_gamma is a schedule already; the two would collide", hint))
