"""Configs that name classes and give their arguments, anywhere in a tree: those of Hydra and of Lightning's CLI."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from optim_core.config.forms.speaking import topic, words
from optim_core.config.issues import ConfigPath, path_text
from optim_core.config.migrating.library_names import (
    SCHEDULES,
    TORCH,
    Known,
    known,
    known_of_torch,
    known_schedule,
    names_of_torch,
    qualified,
)
from optim_core.config.migrating.named_components import put_component
from optim_core.config.migrating.references import followed
from optim_core.config.migrating.source import MISSING, Source
from optim_core.kinds import Kind
from optim_core.text.prose import listing
from optim_core.text.spelling import nearest
from optim_core.text.values import is_list, shown

__all__ = ["Style", "has_target", "read_constructed"]

# What Lightning takes beside a schedule, `{scheduler: …, interval: step}`.
_BESIDE_SCHEDULE = ("interval", "frequency", "monitor", "strict", "name", "reduce_on_plateau")
# A dotted name with one of these is an optimizer's or a schedule's, whatever library has it.
_ABOUT_RECIPES = frozenset({"optim", "optimizer", "optimizers", "lr_scheduler", "lr_schedulers", "lr_schedule"})
_CLIP, _CLIP_HOW = "gradient_clip_val", "gradient_clip_algorithm"
_CLIP_FIELDS = {"norm": "max_norm", "value": "clip_value"}
# transformers' function that makes the schedule of a name.
_BY_NAME = ("transformers.get_scheduler", "transformers.optimization.get_scheduler")
# What our own config groups for Hydra hold; beside it stands a component.
_FACTORY = "optim_frameworks.hydra.factory"
_OF_RECIPES = ("optim_core.registry.build", "optim_core.registry.recipe")
# What is given by the caller, and no setting.
_GIVEN = ("params", "optimizer")
_DEEPEST = 40
# Matcha-TTS and its kin put what Lightning is told there.
_LIGHTNING_ARGS = "lightning_args"
# Schedules of noise, and none of rates.
_OF_DIFFUSION = ("diffusers.",)

# The arguments of a class, and where they stand.
Arguments = Callable[[Source, Mapping[str, Any], ConfigPath], tuple[dict[str, Any], ConfigPath]]


class Style(NamedTuple):
    """How a config names a class and gives its arguments.

    Args:
        target: the key that names the class.
        arguments: returns the arguments.
        short: a class of torch may be named without its module.
    """

    target: str
    arguments: Arguments
    short: bool


class _Found(NamedTuple):
    """A component of the config.

    Args:
        path: where it stands.
        value: the mapping.
        known: what its class is here.
    """

    path: ConfigPath
    value: Mapping[str, Any]
    known: Known


def has_target(value: Any, key: str, deepest: int = _DEEPEST) -> bool:
    """Tell whether a mapping anywhere in a config has a key whose value is a text."""
    if not deepest:
        return False
    if isinstance(value, Mapping):
        return isinstance(value.get(key), str) or any(has_target(below, key, deepest - 1) for below in value.values())
    return is_list(value) and any(has_target(below, key, deepest - 1) for below in value)


def read_constructed(source: Source, style: Style) -> None:
    """Read the optimizers, schedules and clipping of a config."""
    _Reader(source, style).read()


class _Reader:
    def __init__(self, source: Source, style: Style) -> None:
        self._source = source
        self._style = style

    def read(self) -> None:
        own = self._own_recipe(self._source.document.value, ())
        if own is not None:
            self._put_own(own)
            return
        found = list(self._components(self._source.document.value, ()))
        optimizers = [each for each in found if each.known.kind == "optimizer"]
        schedules = [each for each in found if each.known.kind == "scheduler"]
        if len(optimizers) == 1 and len(schedules) <= 1:
            self._put(("optimizer",), optimizers[0])
            for schedule in schedules:
                self._put(("scheduler",), schedule)
        elif optimizers:
            self._named(optimizers, schedules)
        elif len(schedules) == 1 and schedules[0].path == ():
            # A file of one of Hydra's config groups holds one component.
            self._put((), schedules[0])
        elif not self._source.problems:
            self._source.wrong((), f"names no optimizer: no `{self._style.target}` in it is one that is known here")
        self._clipping()

    def _own_recipe(self, value: Any, path: ConfigPath) -> ConfigPath | None:
        """Return where a recipe of ours stands that Hydra builds by a function of ours; None where there is none."""
        if isinstance(value, Mapping):
            if value.get(self._style.target) in _OF_RECIPES and isinstance(value.get("config"), Mapping):
                return (*path, "config")
            items: Iterable[tuple[Any, Any]] = value.items()
        else:
            items = enumerate(value) if is_list(value) else ()
        found = (self._own_recipe(below, (*path, key)) for key, below in items)
        return next((each for each in found if each is not None), None)

    def _put_own(self, path: ConfigPath) -> None:
        source = self._source
        source.take(*path[:-1], self._style.target)
        for key, value in source.take(*path).items():
            source.put((key,), followed(source, value, (*path, key)), (*path, key))

    # -- what there is -------------------------------------------------------------------------------------------

    def _components(self, value: Any, path: ConfigPath) -> Iterator[_Found]:
        """Yield the components anywhere in a value; none that is in another."""
        if isinstance(value, Mapping):
            target = value.get(self._style.target)
            told = len(self._source.problems)
            meant = self._meant(target, value, path) if isinstance(target, str) else None
            if meant is not None:
                yield _Found(path, value, meant)
            if meant is not None or told != len(self._source.problems):
                return
            for key, below in value.items():
                yield from self._components(below, (*path, key))
        elif is_list(value):
            for place, below in enumerate(value):
                yield from self._components(below, (*path, place))

    def _meant(self, target: str, value: Mapping[str, Any], path: ConfigPath) -> Known | None:
        """Return what a class is here; tell where it is an optimizer or a schedule that has no equal."""
        source, here = self._source, (*path, self._style.target)
        target = str(followed(source, target, here)) if "${" in target else target
        kind = _kind_by_place(path)
        if target.startswith(_OF_DIFFUSION):
            return None
        if target == _FACTORY:
            return Known(kind or "optimizer", str(value.get("type")), None, "optim-core")
        found = known(target) or source.plugin_at(target)
        if target in _BY_NAME:
            arguments, at = self._style.arguments(source, value, path)
            found, here, target = known_schedule(str(arguments.get("name"))), (*at, "name"), str(arguments.get("name"))
            kind = "scheduler"
        if found is None and self._style.short and "." not in target and kind is not None:
            found = known_of_torch(target, kind)
        if found is None and (kind is not None or not _ABOUT_RECIPES.isdisjoint(target.lower().split("."))):
            source.no_equal(here, target, self._near(target, kind) or "write that part of the recipe by hand")
        return found

    def _near(self, target: str, kind: Kind | None) -> str | None:
        """Return the question whether a class of torch was meant."""
        module, _, name = target.rpartition(".")
        if not module.startswith("torch.optim") and (module or not self._style.short):
            return None
        of: Kind = "scheduler" if "lr_scheduler" in module or (not module and kind == "scheduler") else "optimizer"
        near = nearest(name, names_of_torch(of))
        return None if near is None else f"did you mean `{module}.{near}`?" if module else f"did you mean `{near}`?"

    # -- into the recipe -----------------------------------------------------------------------------------------

    def _put(self, target: ConfigPath, found: _Found) -> None:
        source = self._source
        source.take(*found.path, self._style.target)
        if found.value[self._style.target] == _FACTORY:
            for key, value in found.value.items():
                if not key.startswith("_"):
                    source.put((*target, key), followed(source, value, (*found.path, key)), (*found.path, key))
            source.take(*found.path)
            return
        arguments, at = self._style.arguments(source, found.value, found.path)
        if found.value[self._style.target] in _BY_NAME:
            source.take(*at)
            own = arguments.get("scheduler_specific_kwargs") or {}
            if not isinstance(own, Mapping):
                source.wrong((*at, "scheduler_specific_kwargs"), f"must be a mapping, is {shown(own)}")
                own = {}
            arguments = {**arguments, **own}
            arguments = {key: arguments[key] for key in arguments if key not in ("name", "scheduler_specific_kwargs")}
        put_component(source, target, found.known, self._converted_all(arguments, at), at)
        source.put((*target, "type"), found.known.type, (*found.path, self._style.target))
        if found.known.library == "deepspeed":
            self._of_deepspeed(target, at)
        if found.known.kind == "scheduler":
            self._interval(target, found)

    def _of_deepspeed(self, target: ConfigPath, at: ConfigPath) -> None:
        """Give what DeepSpeed's classes have as defaults and the plugins have not, and their names of fields."""
        config = self._source.at_target((*target, "config"))
        if "adamw_mode" in config:
            config["adam_w_mode"] = config.pop("adamw_mode")
        if "lr" not in config:
            self._source.put((*target, "config", "lr"), 1e-3, at)
            self._source.assume(f"{_field(target, 'config.lr')}: 0.001, DeepSpeed's default")

    def _converted_all(self, arguments: Mapping[str, Any], at: ConfigPath) -> dict[str, Any]:
        source = self._source
        given = {key: value for key, value in arguments.items() if key not in _GIVEN}
        values = {key: self._converted(followed(source, value, (*at, key)), (*at, key)) for key, value in given.items()}
        return {key: value for key, value in values.items() if value is not MISSING}

    def _converted(self, value: Any, path: ConfigPath) -> Any:
        """Return an argument in which schedules stand as components."""
        if is_list(value):
            return [self._converted(below, (*path, place)) for place, below in enumerate(value)]
        if not isinstance(value, Mapping):
            return value
        target = value.get(self._style.target)
        if not isinstance(target, str):
            return {key: self._converted(below, (*path, key)) for key, below in value.items()}
        meant = known(target) or (known_of_torch(target, "scheduler") if self._style.short else None)
        if meant is None:
            hint = self._near(target, "scheduler") or "write that part of the recipe by hand"
            self._source.no_equal((*path, self._style.target), target, hint)
            return MISSING
        arguments, at = self._style.arguments(self._source, value, path)
        inner = self._converted_all({key: arguments[key] for key in arguments if key != "verbose"}, at)
        return {"type": meant.type, "config": inner}

    def _beside(self, found: _Found) -> tuple[ConfigPath, dict[str, Any]]:
        """Return what Lightning is told beside a schedule, ``{scheduler: …, interval: step}``, and where it stands."""
        around = found.path[:-1]
        beside = self._source.at(around) if found.path and found.path[-1] == "scheduler" and around else MISSING
        inner = beside.get(_LIGHTNING_ARGS) if isinstance(beside, Mapping) else None
        if isinstance(inner, Mapping):
            around, beside = (*around, _LIGHTNING_ARGS), inner
        if not isinstance(beside, Mapping) or self._style.target in beside:
            return around, {}
        keys = [key for key in _BESIDE_SCHEDULE if key in beside]
        # A name alone is anybody's.
        if keys in ([], ["name"]):
            return around, {}
        return around, {key: followed(self._source, beside[key], (*around, key)) for key in keys}

    def _interval(self, target: ConfigPath, found: _Found) -> None:
        """Read after what the schedule is stepped, and what metric it waits for, where they stand around it."""
        source = self._source
        around, given = self._beside(found)
        for key in given:
            source.take(*around, key)
        if given.get("frequency", 1) not in (1, None, MISSING):
            source.no_equal((*around, "frequency"), f"a schedule stepped every {shown(given['frequency'])} times")
        waits = found.known.type in (qualified(TORCH, "ReduceLROnPlateau"), qualified(SCHEDULES, "greedy"))
        if waits and given.get("monitor") not in (None, MISSING):
            source.put((*target, "config", "monitor"), given["monitor"], (*around, "monitor"))
        elif waits and "monitor" not in (source.at_target((*target, "config")) or {}):
            source.assume(f"{_field(target, 'config.monitor')}: none, so that your code hands over the metric itself")
        if given.get("interval") not in (None, MISSING):
            source.put((*target, "interval"), given["interval"], (*around, "interval"))
        elif found.known.interval is not None:
            self._assumed_interval(target, found, found.known.interval)

    def _assumed_interval(self, target: ConfigPath, found: _Found, interval: str) -> None:
        """Put the interval of a schedule of which nothing says it."""
        source = self._source
        if self._style.short and found.path[-1:] == ("lr_scheduler",) and "init_args" not in found.path:
            # LightningCLI makes configure_optimizers of the two keys, which says no interval.
            source.put((*target, "interval"), "epoch", found.path)
            source.assume(f"{_field(target, 'interval')}: epoch, as Lightning's CLI steps every schedule")
            if interval == "step":
                source.warn(
                    f"{found.known.type.partition(':')[2]} is stepped once an epoch by Lightning's CLI, though its "
                    "lengths are mostly meant as steps; write `interval: step` where they are"
                )
            return
        source.put((*target, "interval"), interval, found.path)
        why = "as Lightning steps a schedule of which nothing else is said"
        why = why if interval == "epoch" else "as its documents step it"
        source.assume(
            f"{_field(target, 'interval')}: {interval}, {why}; where your code steps it otherwise, write that"
        )

    # -- several -------------------------------------------------------------------------------------------------

    def _named(self, optimizers: list[_Found], schedules: list[_Found]) -> None:
        source = self._source
        by_name = {_name_of(each.path): each for each in optimizers}
        if len(by_name) != len(optimizers) or "" in by_name:
            places = listing(path_text(each.path) for each in optimizers)
            source.wrong((), f"holds several optimizers without a name for each: {places}", "migrate each by itself")
            return
        for name, optimizer in by_name.items():
            self._put(("optimizer_configs", name, "optimizer"), optimizer)
        for schedule in schedules:
            name = _name_of(schedule.path)
            if name not in by_name or "scheduler" in source.recipe["optimizer_configs"][name]:
                hint = f"name it as one of the optimizers is: {listing(by_name)}"
                source.wrong(schedule.path, "does not say whose schedule it is", hint)
            else:
                self._put(("optimizer_configs", name, "scheduler"), schedule)

    def _clipping(self) -> None:
        """Read Lightning's clipping, wherever the arguments of its Trainer stand."""
        source = self._source
        holders = list(_holders(source.document.value, ()))
        for path in holders[1:]:
            source.wrong((*path, _CLIP), f"stands at {path_text((*holders[0], _CLIP))}, too", "keep one of the two")
        for path in holders[:1]:
            given = followed(source, source.take(*path, _CLIP), (*path, _CLIP))
            how = source.text(*path, _CLIP_HOW) or "norm"
            if given in (None, 0, MISSING):
                continue
            if how not in _CLIP_FIELDS:
                source.no_equal((*path, _CLIP_HOW), f"clipping by {shown(how)}", "it is by norm or by value")
                continue
            source.put(("gradient_clipping", "type"), qualified(TORCH, how), (*path, _CLIP))
            source.put(("gradient_clipping", _CLIP_FIELDS[how]), given, (*path, _CLIP))


def _field(target: ConfigPath, field: str) -> str:
    """Return how sentences call a field of a component, which may be all of the config."""
    return f"{path_text(target)}.{field}" if target else field


def _kind_by_place(path: ConfigPath) -> Kind | None:
    """Return what a key says that stands there: an optimizer, a schedule, or None for anything else."""
    key = next((step for step in reversed(path) if isinstance(step, str)), None)
    if key is None or not any(part.startswith(("optim", "sched")) for part in words(key)):
        return None
    found = topic(key)
    return None if found == "gradient_clipping" else found


def _holders(value: Any, path: ConfigPath) -> Iterator[ConfigPath]:
    if isinstance(value, Mapping):
        if _CLIP in value:
            yield path
        for name, below in value.items():
            yield from _holders(below, (*path, name))


def _name_of(path: ConfigPath) -> str:
    """Return what a path says of whose optimizer it is: ``g`` of ``optimizer_g``, ``gen`` of ``gen.optimizer``."""
    of_parts = {"optimizer", "optimizers", "optim", "opt", "lr", "scheduler", "schedulers", "sched", "configs"}
    steps = [str(step) for step in path if step not in ("model", "init_args", "config", "lit_module", "module")]
    kept = ["_".join(part for part in step.split("_") if part not in of_parts) for step in steps]
    return "_".join(filter(None, kept))
