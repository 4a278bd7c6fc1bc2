"""A model config: the model, and below ``training`` the recipe and the demos."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import attrs

from optim_core import ConfigError, OptimizerSpec, PluginError, Problem, Recipe, UnusedConfigWarning, registry
from optim_core.plugin_tools import Document, shown, structured
from optim_core.recipe import SINGLE
from optim_core.specs import PluginSpec
from optim_training.configs.component import SHARED, build_component, fields_of, names_of, near_key, placed

__all__ = ["Demo", "ModelConfig", "model_config_of"]

TYPE, MODEL, TRAINING, DEMO = "model_type", "model", "training", "demo"
_KEYS = (TYPE, MODEL, TRAINING, *SHARED)
_EVERY, _DEMO_TYPES = "demo_every", ("demo_type", "type")
_DEFAULT_EVERY = 2000
# What a model class calls the optimizer that it is trained with where a config names none, and where it has its rate.
OWN_RECIPE = "optimizer_spec"
_RATES = frozenset({"learning_rate", "lr"})


@attrs.frozen(kw_only=True)
class Demo:
    """What is shown during the training, and when.

    Args:
        spec: the demo plugin.
        every: optimizer steps between two demos.
    """

    spec: PluginSpec
    every: int = _DEFAULT_EVERY


@attrs.frozen(kw_only=True)
class ModelConfig:
    """What a model config says.

    Args:
        spec: the model.
        recipe: how it is trained; None of a LightningModule that says so itself.
        demo: what is shown of it, None for nothing.
        shared: what stands beside ``model``, for models and datasets with such a field.
        plain: the config as it was given, with the values that were set; checkpoints have it.
        unread: the paths of keys that nothing reads.
        warned: what speaks of a recipe and is not read where it stands.
    """

    spec: PluginSpec
    recipe: Recipe | None
    demo: Demo | None
    shared: dict[str, Any]
    plain: dict[str, Any]
    unread: list[str]
    warned: list[Problem]


def model_config_of(document: Document) -> ModelConfig:
    """Return what a model config says, with everything that it names found and structured.

    Args:
        document: what a file, or a checkpoint, holds.

    Raises:
        ConfigError: with everything that is wrong in `.problems`.

    Example:
        >>> from optim_core.plugin_tools import Document
        >>> from optim_training.configs.model_config import model_config_of
        >>> config = {"model_type": "dense", "training": {"optimizer": "adamw", "learning_rate": 0.001}}
        >>> model_config_of(Document(None, config, lambda path: None)).recipe.optimizer.type
        'AdamW'
    """
    return _Reader(document).read()


class _Reader:
    """Reads one model config, and gathers what is wrong with it."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._problems: list[Problem] = []
        self._warned: list[Problem] = []

    def read(self) -> ModelConfig:
        value = self._document.value
        if not isinstance(value, Mapping):
            raise ConfigError([self._problem((), f"must be a mapping with `{TYPE}`, is {shown(value)}")])
        fields, training = self._mapping(value, MODEL), self._mapping(value, TRAINING)
        self._refuse_misspelt(value)
        cls = self._class_of(value)
        recipe = self._recipe(value, training, cls)
        own = self._own_recipe(fields, cls)
        if hasattr(cls, OWN_RECIPE):
            fields = {key: field for key, field in fields.items() if key != OWN_RECIPE}
        if own is not None:
            fields = {**fields, OWN_RECIPE: registry.to_config(own.optimizer)}
            if recipe is not None:
                hint = f"leave out this one, or all of `{TRAINING}` but `{DEMO}`"
                message = f"is a second recipe: `{TRAINING}` has one"
                self._problems.append(self._problem((MODEL, OWN_RECIPE), message, hint))
        demo = self._demo(training, cls)
        unused = dict(training) if recipe is None else _below(recipe)
        beside = {str(key): item for key, item in value.items() if key not in (TYPE, MODEL, TRAINING)}
        shared = {**{key: item for key, item in unused.items() if key != DEMO}, **beside}
        spec = self._component(value, fields, shared) if cls is not None else None
        if self._problems or spec is None:
            raise ConfigError(self._problems)
        if recipe is None:
            recipe = self._recipe_of_model(spec, training, own)
            unused = {key: item for key, item in unused.items() if key not in _RATES}
            if self._problems:
                raise ConfigError(self._problems)
        left = [f"{TRAINING}.{key}" for key in unused if key != DEMO and recipe is not None]
        taken = {name for key in fields_of("model", spec.type) for name in (key, f"{TRAINING}.{key}")}
        return ModelConfig(
            spec=spec,
            recipe=recipe,
            demo=demo,
            shared=shared,
            plain=_plain(value),
            unread=[path for path in left if path not in taken and path not in {each.path for each in self._warned}],
            warned=[problem for problem in self._warned if problem.path not in taken],
        )

    # -- the parts -------------------------------------------------------------------------------------------------

    def _mapping(self, value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        part = value.get(key)
        if part is None:
            return {}
        if not isinstance(part, Mapping):
            self._problems.append(self._problem((key,), f"must be a mapping, is {shown(part)}"))
            return {}
        return part

    def _refuse_misspelt(self, value: Mapping[str, Any]) -> None:
        """Refuse keys that are like one of ours: what is below them would be lost."""
        for key in map(str, value):
            meant = None if key in _KEYS else near_key(key, _KEYS)
            if meant is not None and meant not in value:
                self._problems.append(self._problem((key,), "unknown key", f"did you mean `{meant}`?"))

    def _class_of(self, value: Mapping[str, Any]) -> type[Any] | None:
        """Return the plugin class of the model; None where there is none, which is told."""
        if TYPE not in value:
            self._problems.append(
                self._problem((TYPE,), "is missing: it names the model", f"one of {names_of('model')}")
            )
            return None
        name = value[TYPE]
        try:
            found = registry.find("model", name) if isinstance(name, str) and name.strip() else None
        except PluginError as error:
            self._problems.append(self._problem((TYPE,), str(error)))
            return None
        if found is None:
            # With what is wrong with the name, as `build` tells it.
            self._component(value, {}, {})
        return None if found is None else found.cls

    def _component(
        self, value: Mapping[str, Any], fields: Mapping[str, Any], shared: Mapping[str, Any]
    ) -> PluginSpec | None:
        try:
            return build_component("model", self._document, (TYPE,), (MODEL,), fields, shared)
        except ConfigError as error:
            self._problems += error.problems
            return None

    def _recipe(self, value: Mapping[str, Any], training: Mapping[str, Any], cls: type[Any] | None) -> Recipe | None:
        """Return the recipe that the config has; None where it has none, and leaves it to the model."""
        if TRAINING not in value and not hasattr(cls, OWN_RECIPE):
            hint = "training: {optimizer: {type: AdamW, config: {lr: 1e-3}}}"
            self._problems.append(self._problem((TRAINING,), "is missing: it says how the model is trained", hint))
            return None
        if not isinstance(value.get(TRAINING), Mapping) or not training.keys() - {DEMO}:
            return None
        if hasattr(cls, OWN_RECIPE) and training.keys() - {DEMO} <= _RATES:
            return None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                recipe = registry.recipe(self._document)
            except ConfigError as error:
                self._problems += error.problems
                return None
            except PluginError as error:
                self._problems.append(self._problem((TRAINING,), str(error)))
                return None
        for each in caught:
            told = each.message
            self._warned += (
                told.problems if isinstance(told, UnusedConfigWarning) else [Problem(path="", message=str(told))]
            )
        return recipe

    def _own_recipe(self, fields: Mapping[str, Any], cls: type[Any] | None) -> Recipe | None:
        """Return the recipe that stands among the fields of the model, in whatever form; None where none does."""
        if fields.get(OWN_RECIPE) is None or not hasattr(cls, OWN_RECIPE):
            return None
        path, document = (MODEL, OWN_RECIPE), self._document
        part = document._replace(value=fields[OWN_RECIPE], locate=lambda below: document.locate((*path, *below)))
        try:
            recipe = registry.recipe(part, strict=True)
        except ConfigError as error:
            self._problems += [
                attrs.evolve(problem, path=".".join(filter(None, (*path, problem.path)))) for problem in error.problems
            ]
            return None
        except PluginError as error:
            self._problems.append(self._problem(path, str(error)))
            return None
        if len(recipe.optimizers) > 1:
            self._problems.append(self._problem(path, "names several optimizers, and trains one model"))
            return None
        return recipe

    def _recipe_of_model(self, spec: PluginSpec, training: Mapping[str, Any], given: Recipe | None) -> Recipe | None:
        """Return the recipe of the model's own optimizer, with the rate that the config has; None where it has none."""
        own = getattr(spec.config, OWN_RECIPE, None)
        if own is None:
            return None
        try:
            optimizer = own if isinstance(own, OptimizerSpec) else registry.build(own, "optimizer")
            rates = [rate for key, rate in training.items() if key in _RATES]
            optimizers = {SINGLE: optimizer.changed(lr=rates[0]) if rates else optimizer}
            return Recipe(optimizers=optimizers) if given is None else attrs.evolve(given, optimizers=optimizers)
        except ConfigError as error:
            self._problems += [self._problem((TRAINING,), problem.message, problem.hint) for problem in error.problems]
            return None

    def _demo(self, training: Mapping[str, Any], cls: type[Any] | None) -> Demo | None:
        value = training.get(DEMO)
        if value is None:
            return None
        path = (TRAINING, DEMO)
        if not isinstance(value, Mapping):
            self._problems.append(
                self._problem(path, f"must be a mapping such as {{{_EVERY}: 500}}, is {shown(value)}")
            )
            return None
        key = next((key for key in _DEMO_TYPES if key in value), None)
        document = self._document
        if key is None:
            name = getattr(cls, "demo_type", None)
            if name is None:
                names = names_of("demo")
                hint = f"say what is to be shown, {_DEMO_TYPES[0]}: one of {names}"
                self._problems.append(self._problem((*path, _DEMO_TYPES[0]), "is missing", hint))
                return None
            key = _DEMO_TYPES[0]
            demo = {**value, key: name}
            document = document._replace(value={**document.value, TRAINING: {**training, DEMO: demo}})
        every = self._every(value)
        fields = {name: item for name, item in value.items() if name not in (key, _EVERY)}
        try:
            spec = build_component("demo", document, (*path, key), path, fields, {})
        except ConfigError as error:
            self._problems += error.problems
            return None
        return Demo(spec=spec, every=every)

    def _every(self, value: Mapping[str, Any]) -> int:
        try:
            return structured({_EVERY: value.get(_EVERY, _DEFAULT_EVERY)}, _Every).demo_every
        except ConfigError as error:
            path = (TRAINING, DEMO, _EVERY)
            self._problems += [self._problem(path, problem.message, problem.hint) for problem in error.problems]
            return _DEFAULT_EVERY

    def _problem(self, path: tuple[str, ...], message: str, hint: str | None = None) -> Problem:
        return placed(self._document, path, message, hint)


@attrs.frozen
class _Every:
    demo_every: int = attrs.field(validator=attrs.validators.ge(1))


def _below(recipe: Recipe) -> dict[str, Any]:
    """Return what stands below ``training`` and is not read for the recipe."""
    below = recipe.unused.get(TRAINING)
    return dict(below) if isinstance(below, Mapping) else {}


def _plain(value: Any) -> Any:
    """Return plain data, of new mappings and lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
