"""Recipe: validated specs for one training run. Optimization: the live objects that it makes, with one state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from optim_core.errors import OptimError, ParamGroupError
from optim_core.opaque import opaque
from optim_core.specs import ClipperSpec, OptimizerSpec, SchedulerSpec
from optim_core.text.names import plain_name

if TYPE_CHECKING:
    from torch.nn import Module
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core.protocols import Clipper
    from optim_core.run.state import Part

__all__ = ["SINGLE", "Optimization", "Recipe"]

# The name of the one optimizer of a recipe that has no names.
SINGLE = "default"


def _only_name(optimizers: Mapping[str, Any]) -> str:
    """Return the name of the one optimizer.

    Raises:
        OptimError: there are several.
    """
    if len(optimizers) != 1:
        raise OptimError(
            f"there are several optimizers: {', '.join(optimizers)}; use .optimizers[name] and .schedulers[name]"
        )
    return next(iter(optimizers))


@opaque
@attrs.frozen(kw_only=True)
class Recipe:
    """What a config asks for: optimizers by name, a schedule for each that has one, and clipping.

    Args:
        optimizers: name to spec; a recipe of one optimizer calls it "default".
        schedulers: name to spec, for those optimizers that have one.
        clipper: the clipping, None where there is none.
        unused: what stood beside the recipe in the config of a whole training run, and is not optim-core's to use:
            settings of the training loop, the model. It does not count where recipes are compared.

    Example:
        >>> from optim_core import registry
        >>> recipe = registry.build({"optimizer": {"type": "AdamW", "lr": 0.001}, "scheduler": {"type": "cosine"}})
        >>> recipe.optimizer.config.lr, recipe.scheduler.type
        (0.001, 'cosine')
    """

    optimizers: dict[str, OptimizerSpec]
    schedulers: dict[str, SchedulerSpec] = attrs.field(factory=dict)
    clipper: ClipperSpec | None = None
    unused: dict[str, Any] = attrs.field(factory=dict, eq=False, repr=False)

    @property
    def optimizer(self) -> OptimizerSpec:
        """The one optimizer's spec.

        Raises:
            OptimError: there are several.
        """
        return self.optimizers[_only_name(self.optimizers)]

    @property
    def scheduler(self) -> SchedulerSpec | None:
        """The one optimizer's schedule, ``lr_decay_gamma`` included; None where it has none.

        Raises:
            OptimError: there are several optimizers.
        """
        return self.schedule_of(_only_name(self.optimizers))

    def schedule_of(self, name: str) -> SchedulerSpec | None:
        """Return the schedule of the optimizer called `name`, ``lr_decay_gamma`` included; None where it has none.

        Example:
            >>> from optim_core import registry
            >>> recipe = registry.build({"optimizer": {"type": "AdamW", "lr_decay_gamma": 0.95}})
            >>> recipe.schedule_of("default").type
            'ExponentialLR'
        """
        return self.schedulers.get(name) or self.optimizers[name].decay

    def create(
        self,
        model: Module | Mapping[str, Module] | Any,
        *,
        total_steps: int | None = None,
        steps_per_epoch: int | None = None,
        epochs: int | None = None,
        lr_multipliers: Mapping[Module, float] | None = None,
    ) -> Optimization:
        """Make the live objects.

        Args:
            model: for one optimizer a model, or an iterable of parameters; for named ones a mapping of exactly their
                names to models.
            total_steps: optimizer steps in the whole run.
            steps_per_epoch: optimizer steps in an epoch; of the three lengths, two give the third.
            epochs: passes over the data.
            lr_multipliers: module to factor, > 0; each module belongs to one of the models.

        Raises:
            ParamGroupError: the models do not fit the names, or the parameters do not fit the multipliers.
            HorizonError: a schedule needs a length that is not given.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> recipe = registry.build({"optimizer": {"type": "AdamW", "lr": 0.001}, "scheduler": {"type": "cosine"}})
            >>> optimizer, scheduler = recipe.create(torch.nn.Linear(8, 2), total_steps=1000)
            >>> scheduler.get_last_lr()
            [0.001]
        """
        from optim_core.run.horizon import Horizon

        horizon = Horizon(total_steps=total_steps, steps_per_epoch=steps_per_epoch, epochs=epochs)
        models, multipliers = self.models_and_multipliers(model, lr_multipliers)
        optimizers = {
            name: spec.create_optimizer(models[name], lr_multipliers=multipliers.get(name))
            for name, spec in self.optimizers.items()
        }
        schedulers = {}
        for name, optimizer in optimizers.items():
            schedule = self.schedule_of(name)
            if schedule is not None:
                schedulers[name] = schedule.create_scheduler(optimizer, horizon=horizon)
        clipper = None if self.clipper is None else self.clipper.create_clipper()
        return Optimization(recipe=self, optimizers=optimizers, schedulers=schedulers, clipper=clipper)

    def models_and_multipliers(
        self, model: Any, lr_multipliers: Mapping[Any, float] | None
    ) -> tuple[dict[str, Any], dict[str, dict[Any, float]]]:
        """Return the model of each optimizer, and its part of the multipliers, by the optimizer's name.

        Args:
            model: as in `create`.
            lr_multipliers: as in `create`.

        Raises:
            ParamGroupError: the models do not fit the names, or a multiplier belongs to none of several models.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> recipe = registry.build({"optimizer": {"type": "AdamW"}})
            >>> models, multipliers = recipe.models_and_multipliers(torch.nn.Linear(8, 2), None)
            >>> models
            {'default': Linear(in_features=8, out_features=2, bias=True)}
        """
        models = self._models(model)
        return models, _by_model(models, lr_multipliers or {})

    def _models(self, model: Any) -> dict[str, Any]:
        if len(self.optimizers) == 1 and not isinstance(model, Mapping):
            return dict.fromkeys(self.optimizers, model)
        wanted = ", ".join(self.optimizers)
        from optim_core.groups.model.wrappers import unwrapped

        model = unwrapped(model)
        # torch.nn.ModuleDict maps names to models, and is not a Mapping for isinstance.
        if not isinstance(model, Mapping) and not hasattr(model, "keys"):
            raise ParamGroupError(f"this recipe has named optimizers; give a mapping of {wanted} to models")
        missing = [name for name in self.optimizers if name not in model]
        surplus = [str(name) for name in model if name not in self.optimizers]
        if missing or surplus:
            said = [f"no model for {', '.join(missing)}"] if missing else []
            said += [f"no optimizer for {', '.join(surplus)}"] if surplus else []
            raise ParamGroupError(f"{' and '.join(said)}; the recipe's names are {wanted}")
        return {name: model[name] for name in self.optimizers}


def _by_model(models: Mapping[str, Any], lr_multipliers: Mapping[Any, float]) -> dict[str, dict[Any, float]]:
    """Return the multipliers of each model; one that belongs to none of several models is an error."""
    if lr_multipliers:
        from optim_core.groups.multipliers import refuse_other_than_mapping

        refuse_other_than_mapping(lr_multipliers)
    if len(models) == 1:
        return {name: dict(lr_multipliers) for name in models}
    inside = {
        name: {id(inner) for inner in model.modules()} if lr_multipliers and hasattr(model, "modules") else set()
        for name, model in models.items()
    }
    divided: dict[str, dict[Any, float]] = {}
    for module, factor in lr_multipliers.items():
        owners = [name for name in models if id(module) in inside[name]]
        if not owners:
            raise ParamGroupError(f"lr_multipliers: {type(module).__name__} is not part of {' or '.join(models)}")
        for name in owners:
            divided.setdefault(name, {})[module] = factor
    return divided


@attrs.define(kw_only=True, eq=False)
class Optimization:
    """The live objects of a run. ``optimizer, scheduler = run`` unpacks a run of one.

    Args:
        recipe: what they were made from.
        optimizers: name to optimizer.
        schedulers: name to scheduler, for those optimizers that have one.
        clipper: call ``clip(parameters)`` between ``backward()`` and ``step()``; None where there is no clipping.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> run = registry.build({"optimizer": {"type": "AdamW"}}).create(torch.nn.Linear(8, 2))
        >>> type(run.optimizer).__name__, run.scheduler, run.clipper
        ('AdamW', None, None)
    """

    recipe: Recipe
    optimizers: dict[str, Optimizer]
    schedulers: dict[str, LRScheduler]
    clipper: Clipper | None

    @property
    def optimizer(self) -> Optimizer:
        """The one optimizer; OptimError where there are several."""
        return self.optimizers[_only_name(self.optimizers)]

    @property
    def scheduler(self) -> LRScheduler | None:
        """The one optimizer's scheduler, None where it has none; OptimError where there are several optimizers."""
        return self.schedulers.get(_only_name(self.optimizers))

    def __iter__(self) -> Iterator[Any]:
        yield self.optimizer
        yield self.scheduler

    def state_dict(self) -> dict[str, Any]:
        """Return the state of every optimizer and scheduler, which ``torch.load(weights_only=True)`` reads.

        As with torch, its tensors are the live ones: save it, or deepcopy it, before training goes on.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> run = registry.build({"optimizer": {"type": "AdamW"}}).create(torch.nn.Linear(8, 2))
            >>> list(run.state_dict())
            ['format', 'optimizers', 'schedulers']
        """
        from optim_core.run.state import save_state

        return save_state(*self._parts())

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue where `state` was saved, optimizers first, then schedulers; `state` is copied, not shared.

        As with torch, what the state holds wins over the config: rates, momentum, a schedule's numbers.

        Raises:
            CheckpointMismatchError: before anything is loaded, where names, types, parameters or shapes differ; it
                says which.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> schedule = {"type": "StepLR", "config": {"step_size": 1}}
            >>> recipe = registry.build({"optimizer": {"type": "SGD", "config": {"lr": 0.1}}, "scheduler": schedule})
            >>> model = torch.nn.Linear(8, 2)
            >>> run, later = recipe.create(model), recipe.create(model)
            >>> run.optimizer.step()
            >>> run.scheduler.step()
            >>> later.load_state_dict(run.state_dict())
            >>> later.scheduler.last_epoch
            1
        """
        from optim_core.run.state import load_state

        load_state(*self._parts(), state)

    def _parts(self) -> tuple[dict[str, Part], dict[str, Part]]:
        """Return the optimizers and the schedulers, with what the recipe calls them."""
        from optim_core.run.state import Part

        types = {name: plain_name(spec.type) for name, spec in self.recipe.optimizers.items()}
        schedules = {name: self.recipe.schedule_of(name) for name in self.schedulers}
        return (
            {name: Part(types[name], optimizer) for name, optimizer in self.optimizers.items()},
            {
                name: Part(_types_in(schedule) if schedule else "", self.schedulers[name])
                for name, schedule in schedules.items()
            },
        )


def _types_in(schedule: SchedulerSpec) -> str:
    """Return a schedule's type, and the types of what it combines: ``SequentialLR(LinearLR, StepLR)``."""
    parts = [part for value in _values(schedule.config) for part in (value if isinstance(value, list) else [value])]
    nested = [_types_in(part) for part in parts if isinstance(part, SchedulerSpec)]
    name = plain_name(schedule.type)
    return f"{name}({', '.join(nested)})" if nested else name


def _values(config: Any) -> list[Any]:
    return [getattr(config, field.name) for field in attrs.fields(type(config))]
