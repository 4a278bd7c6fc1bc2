"""Recipe: validated specs for one training run. Optimization: the live objects that it makes, with one state."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from optim_core.errors import CheckpointMismatchError, ConfigError, OptimError, ParamGroupError
from optim_core.opaque import opaque
from optim_core.specs import ClipperSpec, OptimizerSpec, PluginSpec, SchedulerSpec

if TYPE_CHECKING:
    from torch.amp import GradScaler
    from torch.nn import Module
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core.plugin_class.needs import Need
    from optim_core.protocols import Clipper, ConfigReader
    from optim_core.run.changes import Change, Changed, Found
    from optim_core.run.distributed.stateful import DistributedState
    from optim_core.run.horizon import Horizon
    from optim_core.run.loop import Loop, Loss, Metric, StepResult
    from optim_core.run.missing_state import Lacking
    from optim_core.run.state import Part

__all__ = ["SINGLE", "MadeBy", "Optimization", "Recipe"]

# The name of the one optimizer of a recipe that has no names.
SINGLE = "default"

# Of what is wrong with a saved state, so much is told.
_MOST_TOLD = 40


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


@attrs.frozen
class MadeBy:
    """Where a recipe comes from, so that what was made of it can say its config, and read another one.

    Args:
        registry: the registry that built it; None where it was put together by hand, or unpickled in a process whose
            default registry is another one.

    Example:
        >>> from optim_core import registry
        >>> registry.recipe({"type": "AdamW"}).made_by.registry is registry
        True
    """

    registry: ConfigReader | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        keeps = self.registry is not None and self.registry.is_default
        return MadeBy, (self.registry if keeps else None,)

    def __deepcopy__(self, memo: dict[int, Any]) -> MadeBy:
        return self


@opaque
@attrs.frozen(kw_only=True)
class Recipe:
    """What a config asks for: optimizers by name, a schedule for each that has one, and clipping.

    Args:
        optimizers: name to spec; a recipe of one optimizer calls it "default".
        schedulers: name to spec, for those optimizers that have one.
        clipper: the clipping of all optimizers, None where there is none.
        clippers: name to spec, for those of several optimizers that have clipping of their own.
        unused: what stood beside the recipe in the config of a whole training run, and is not optim-core's to use:
            settings of the training loop, the model. It does not count where recipes are compared.
        made_by: the registry that built it, which does not count either.

    Example:
        >>> from optim_core import registry
        >>> recipe = registry.build({"optimizer": {"type": "AdamW", "lr": 0.001}, "scheduler": {"type": "cosine"}})
        >>> recipe.optimizer.config.lr, recipe.scheduler.type
        (0.001, 'cosine')
    """

    optimizers: dict[str, OptimizerSpec]
    schedulers: dict[str, SchedulerSpec] = attrs.field(factory=dict)
    clipper: ClipperSpec | None = None
    clippers: dict[str, ClipperSpec] = attrs.field(factory=dict)
    unused: dict[str, Any] = attrs.field(factory=dict, eq=False, repr=False)
    made_by: MadeBy = attrs.field(factory=MadeBy, eq=False, repr=False)

    @property
    def needs(self) -> frozenset[Need]:
        """What the optimizers and schedules need of the training loop beyond gradients, all of which `step` gives.

        "closure": the loss is computed several times in a step, so that `step` is to be given a function;
        "create_graph": gradients are differentiated again, so that `step` is to call ``backward()``; "metric": a
        schedule waits for a metric; "modes": ``run.eval()`` before evaluation, and ``run.train()`` after it;
        "gradients": beside the closure there are gradients already.
        """
        return frozenset().union(*map(self.needs_of, self.optimizers))

    def needs_of(self, name: str) -> frozenset[Need]:
        """Return what one optimizer and its schedule need; `needs` says what the words mean.

        Example:
            >>> from optim_core import registry
            >>> recipe = registry.recipe({"optimizer": {"type": "AdamW"}, "scheduler": {"type": "ReduceLROnPlateau"}})
            >>> sorted(recipe.needs_of("default"))
            ['metric']
        """
        from optim_core.plugin_class.needs import needs_of

        schedule = self.schedule_of(name)
        own = needs_of(self.optimizers[name].config)
        return own if schedule is None else own | needs_of(schedule.config)

    @property
    def clippings(self) -> list[ClipperSpec]:
        """All clipping there is: that of all optimizers, or those that some have of their own."""
        return [*([] if self.clipper is None else [self.clipper]), *self.clippers.values()]

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
        return self.schedulers.get(name) or self.optimizers[name].schedule

    def clipping_of(self, name: str) -> ClipperSpec | None:
        """Return the clipping of the optimizer called `name`: its own, or that of all; None where it has none.

        Example:
            >>> from optim_core import registry
            >>> clipped = {"optimizer": {"type": "AdamW"}, "gradient_clipping": {"max_norm": 1.0}}
            >>> sets = {"generator": clipped, "discriminator": {"optimizer": {"type": "AdamW"}}}
            >>> recipe = registry.build({"optimizer_configs": sets})
            >>> recipe.clipping_of("generator").config.max_norm, recipe.clipping_of("discriminator")
            (1.0, None)
        """
        return self.clippers.get(name) or self.clipper

    def create(
        self,
        model: Module | Mapping[str, Module] | Any,
        *,
        total_steps: int | None = None,
        steps_per_epoch: int | None = None,
        epochs: int | None = None,
        lr_multipliers: Mapping[Module, float] | None = None,
        any_length: bool = False,
    ) -> Optimization:
        """Make the live objects.

        Args:
            model: for one optimizer a model, or an iterable of parameters; for named ones a mapping of exactly their
                names to models.
            total_steps: optimizer steps in the whole run.
            steps_per_epoch: optimizer steps in an epoch; of the three lengths, two give the third.
            epochs: passes over the data.
            lr_multipliers: module to factor, > 0; each module belongs to one of the models.
            any_length: whether a length in the config that this run cannot hold, such as a warmup that is as long, is
                told by a warning and stays: for a run that is cut short to be tried.

        Returns:
            the optimizers, schedulers and clipping of the run, whose `step` goes through a step of training.

        Raises:
            ParamGroupError: the models do not fit the names, or the parameters do not fit the multipliers.
            HorizonError: a schedule needs a length that is not given, or has one that the run cannot hold.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> recipe = registry.build({"optimizer": {"type": "AdamW", "lr": 0.001}, "scheduler": {"type": "cosine"}})
            >>> optimizer, scheduler = recipe.create(torch.nn.Linear(8, 2), total_steps=1000)
            >>> scheduler.get_last_lr()
            [0.001]
        """
        from optim_core.run.horizon import Horizon
        from optim_core.run.state import options_of

        horizon = Horizon(total_steps=total_steps, steps_per_epoch=steps_per_epoch, epochs=epochs)
        # What can be gone through once is gone through here, as another optimizer may have to be made later.
        model = list(model) if isinstance(model, Iterator) else model
        models, multipliers = self.models_and_multipliers(model, lr_multipliers)
        optimizers = {
            name: spec.create_optimizer(models[name], lr_multipliers=multipliers.get(name))
            for name, spec in self.optimizers.items()
        }
        _refuse_shared(optimizers)
        made = Made(models, multipliers, {name: options_of(optimizer) for name, optimizer in optimizers.items()})
        schedulers = {}
        for name, optimizer in optimizers.items():
            schedule = self.schedule_of(name)
            if schedule is not None:
                schedulers[name] = schedule.create_scheduler(optimizer, horizon=horizon, any_length=any_length)
                if schedule.waits_for_metric:
                    made.schedulers[name] = deepcopy(schedulers[name].state_dict())
        return Optimization(
            recipe=self,
            optimizers=optimizers,
            schedulers=schedulers,
            clipper=None if self.clipper is None else self.clipper.create_clipper(),
            clippers={name: spec.create_clipper() for name, spec in self.clippers.items()},
            horizon=horizon,
            made=made,
        )

    def to_config(self) -> dict[str, Any] | None:
        """Return the canonical config, as `Registry.to_config` does; None where no registry has built the recipe.

        Example:
            >>> from optim_core import registry
            >>> registry.recipe({"type": "AdamW"}).to_config()["optimizer"]["type"]
            'AdamW'
        """
        reader = self.made_by.registry
        return None if reader is None else reader.to_config(self)

    def distributions(self) -> dict[str, str]:
        """Return the distributions whose plugins the recipe uses, with their versions.

        Example:
            >>> from optim_core import registry
            >>> list(registry.recipe({"type": "AdamW"}).distributions())
            ['optim-torch-builtin']
        """
        schedules = [schedule for name in self.optimizers if (schedule := self.schedule_of(name)) is not None]
        specs = [*self.optimizers.values(), *schedules, *self.clippings]
        named = [spec.provided_by.partition(" ") for spec in specs for spec in _with_parts(spec)]
        return {distribution: version for distribution, _, version in named if distribution}

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


def _no_horizon() -> Horizon:
    from optim_core.run.horizon import Horizon

    return Horizon()


@attrs.define
class Made:
    """How the objects of a run began, and what they were made for.

    Args:
        models: name to the model, or the parameters, that the optimizer was made for.
        multipliers: name to the lr multipliers of its modules.
        options: name to the options that the groups of the optimizer had.
        schedulers: name to the state that a schedule that waits for a metric had.
    """

    models: dict[str, Any] = attrs.field(factory=dict)
    multipliers: dict[str, dict[Any, float]] = attrs.field(factory=dict)
    options: dict[str, list[dict[str, Any]]] = attrs.field(factory=dict)
    schedulers: dict[str, dict[str, Any]] = attrs.field(factory=dict)


@attrs.define(kw_only=True, eq=False)
class Optimization:
    """The live objects of a run, and its training loop. ``optimizer, scheduler = run`` unpacks a run of one.

    Args:
        recipe: what they were made from.
        optimizers: name to optimizer.
        schedulers: name to scheduler, for those optimizers that have one.
        clipper: clips the gradients of all by ``clip(parameters)``; None where there is no clipping, or some optimizers
            have their own.
        clippers: name to what clips the gradients of that optimizer, for those whose gradients are clipped.
        horizon: the length of the run, as far as it was given.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> model = torch.nn.Linear(8, 2)
        >>> run = registry.recipe({"optimizer": {"type": "AdamW"}, "scheduler": "cosine"}).create(model, total_steps=10)
        >>> for batch in torch.ones(10, 4, 8):
        ...     done = run.step(lambda: model(batch).square().mean())
        >>> run.optimizer.param_groups[0]["lr"]
        0.0
    """

    recipe: Recipe
    optimizers: dict[str, Optimizer]
    schedulers: dict[str, LRScheduler]
    clipper: Clipper | None
    clippers: dict[str, Clipper] = attrs.field(factory=dict)
    horizon: Horizon = attrs.field(factory=_no_horizon)
    _made: Made = attrs.field(factory=Made, repr=False)
    _epochs: int = attrs.field(default=0, init=False)
    _loops: dict[str, Loop] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._share_clipper()
        self._loops = {name: self._loop(name) for name in self.optimizers}

    def _share_clipper(self) -> None:
        """Have the clipping of all clip for those that have none of their own."""
        if self.clipper is not None:
            self.clippers = {name: self.clippers.get(name, self.clipper) for name in self.optimizers}

    def _loop(self, name: str) -> Loop:
        from optim_core.run.loop import Loop

        schedule = self.recipe.schedule_of(name)
        return Loop(
            name,
            self.optimizers[name],
            self.schedulers.get(name),
            self.clippers.get(name),
            needs=self.recipe.needs_of(name),
            interval="step" if schedule is None else schedule.interval,
            monitor=None if schedule is None else schedule.monitor,
            others=[optimizer for other, optimizer in self.optimizers.items() if other != name],
            steps_per_epoch=self.horizon.steps_per_epoch,
            model=self._made.models.get(name),
        )

    # Of what it is given to prepare, accelerate asks the type and no more: what is neither a model nor an optimizer, a
    # loader or a schedule it gives back as it is, without a word.
    @property  # type: ignore[misc]
    def __class__(self) -> type:
        from optim_core.run.accelerate import refuse_accelerate

        refuse_accelerate(sys._getframe(1).f_globals)
        return type(self)

    @property
    def optimizer(self) -> Optimizer:
        """The one optimizer; OptimError where there are several."""
        return self.optimizers[_only_name(self.optimizers)]

    @property
    def scheduler(self) -> LRScheduler | None:
        """The one optimizer's scheduler, None where it has none; OptimError where there are several optimizers."""
        return self.schedulers.get(_only_name(self.optimizers))

    @property
    def models(self) -> Mapping[str, Any]:
        """Name of each optimizer to the model, or the parameters, that ``create`` was given for it."""
        return MappingProxyType(self._made.models)

    def __iter__(self) -> Iterator[Any]:
        yield self.optimizer
        yield self.scheduler

    def __getitem__(self, name: str) -> Loop:
        """Return the optimizer called `name` with its schedule and clipping, to step it; else KeyError."""
        try:
            return self._loops[name]
        except KeyError:
            raise KeyError(f"there is no optimizer `{name}`; there are {', '.join(self._loops)}") from None

    # -- the training loop ---------------------------------------------------------------------------------------

    def step(self, loss: Loss = None, *, scaler: GradScaler | None = None, metric: Metric = None) -> StepResult:
        """Take one optimizer step: backward, unscale, clip, step, schedule (if it goes by steps), zero_grad.

        The same loop is right for every plugin. Where gradients are accumulated, call ``loss.backward()`` for the
        batches before, and this with the last one. Nothing here waits for the device, but for a GradScaler, which does
        so itself.

        Args:
            loss: a function of no arguments that computes the loss, a tensor of shape (); it is called once, or, by an
                optimizer that needs a closure, as often as that calls it. Or the loss itself, where the optimizer needs
                no closure; or None, where ``backward()`` was called.
            scaler: the ``torch.amp.GradScaler`` of a run in float16. It is used as by hand: ``scale``, ``unscale_``
                before clipping, ``step``, ``update``. A step that it leaves out moves no schedule.
            metric: what a schedule that waits for a metric after each step is given: a value, or a mapping of names to
                values.

        Returns:
            the loss, the norm of the gradients, the rate, and whether the scaler left the step out.

        Raises:
            OptimError: something is missing that the optimizer or the schedule needs, which it names, or there are
                several optimizers; nothing has been changed.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> model = torch.nn.Linear(8, 2)
            >>> config = {"optimizer": {"type": "LBFGS"}, "gradient_clipping": {"type": "norm", "max_norm": 10.0}}
            >>> run = registry.recipe(config).create(model)
            >>> done = run.step(lambda: model(torch.ones(4, 8)).square().mean())
            >>> done.lr, done.skipped
            (1.0, False)
        """
        return self._only().step(loss, scaler=scaler, metric=metric)

    def _only(self) -> Loop:
        if len(self._loops) != 1:
            raise OptimError(
                f"there are several optimizers: {', '.join(self._loops)}; step each by its name, run[name].step(loss)"
            )
        return next(iter(self._loops.values()))

    def end_epoch(self, metric: Metric = None, *, without: Collection[str] = ()) -> None:
        """Step the schedules that go by epochs; what the clipping found is told.

        Args:
            metric: what a schedule that waits for a metric is given: a value, or a mapping of names to values, from
                which it takes its `monitor`. Other schedules pass over it.
            without: the optimizers whose schedules are not stepped, as there is no new metric for them: after an epoch
                without a validation, say.

        Raises:
            OptimError: a schedule waits for a metric that is not given; no schedule has been stepped.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> recipe = registry.recipe({"optimizer": {"type": "SGD", "lr": 0.1, "lr_decay_gamma": 0.5}})
            >>> run = recipe.create(torch.nn.Linear(8, 2))
            >>> run.end_epoch({"val_loss": 0.3})
            >>> run.optimizer.param_groups[0]["lr"]
            0.05
        """
        from optim_core.run.stepping import without_optimizer_steps

        loops = [loop for name, loop in self._loops.items() if name not in without]
        for loop in loops:
            loop.check_metric("epoch", metric)
        with without_optimizer_steps():
            for loop in loops:
                loop.end_epoch(metric)
        self._epochs += 1
        self.tell()

    def clip(self) -> Any:
        """Clip the gradients of every optimizer, for loops that do without `step`.

        Returns:
            the norm before clipping, None without clipping; of several optimizers a mapping of their names to it.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> model = torch.nn.Linear(2, 1, bias=False)
            >>> config = {"optimizer": {"type": "SGD"}, "gradient_clipping": {"type": "norm", "max_norm": 1.0}}
            >>> run = registry.recipe(config).create(model)
            >>> model(torch.tensor([3.0, 4.0])).backward()
            >>> run.clip()
            tensor(5.)
        """
        norms = {name: loop.clip() for name, loop in self._loops.items()}
        return next(iter(norms.values())) if len(norms) == 1 else norms

    def train(self) -> None:
        """Tell the optimizers that have modes that training goes on; `create` leaves them in this mode.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> run = registry.recipe({"type": "SGD"}).create(torch.nn.Linear(8, 2))
            >>> run.train()
        """
        for loop in self._loops.values():
            loop.set_mode("train")

    def eval(self) -> None:
        """Tell the optimizers that have modes that the model is to be evaluated or saved for use.

        Schedule-free optimizers then put the averaged weights into the model. In this mode `step` and `state_dict` are
        errors, until `train` is called.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> run = registry.recipe({"type": "SGD"}).create(torch.nn.Linear(8, 2))
            >>> run.eval()
        """
        for loop in self._loops.values():
            loop.set_mode("eval")

    def tell(self) -> None:
        """Have the clipping tell what it has found and would have had to wait for, such as norms that are not finite.

        `end_epoch` and `state_dict` do so themselves.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> config = {"optimizer": {"type": "SGD"}, "gradient_clipping": {"type": "norm", "max_norm": 1.0}}
            >>> registry.recipe(config).create(torch.nn.Linear(8, 2)).tell()
        """
        for clipper in {id(clipper): clipper for clipper in self.clippers.values()}.values():
            tell = getattr(clipper, "tell", None)
            if callable(tell):
                tell()

    # -- saving and loading --------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return the state of every optimizer and scheduler, and what they were made from.

        It is plain data, which ``torch.load(weights_only=True)`` reads: the canonical config, the distributions with
        their versions, the lengths of the run, how many steps and epochs were taken, and the states by name. As with
        torch, its tensors are the live ones: save it, or deepcopy it, before training goes on.

        Raises:
            OptimError: an optimizer is in eval mode, in which the weights are others than those that are trained; or
                torch.distributed.checkpoint asks, which is to be given `stateful`.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> run = registry.recipe({"optimizer": {"type": "AdamW"}}).create(torch.nn.Linear(8, 2))
            >>> state = run.state_dict()
            >>> list(state)
            ['format', 'recipe', 'distributions', 'lengths', 'counters', 'optimizers', 'schedulers']
            >>> state["recipe"]["optimizer"]["type"]
            'AdamW'
        """
        from optim_core.run.accelerate import refuse_accelerate
        from optim_core.run.distributed.stateful import refuse_distributed_checkpoint
        from optim_core.run.state import VERSION, saved_optimizer, saved_scheduler

        caller = sys._getframe(1).f_globals
        refuse_distributed_checkpoint(caller)
        refuse_accelerate(caller)
        for loop in self._loops.values():
            loop.refuse_eval("saved")
        self.tell()
        optimizers, schedulers = self._parts()
        return {
            "format": VERSION,
            "recipe": self.recipe.to_config(),
            "distributions": self.recipe.distributions(),
            "lengths": self._lengths(),
            "counters": {"steps": {name: loop.steps for name, loop in self._loops.items()}, "epochs": self._epochs},
            "optimizers": {name: saved_optimizer(part) for name, part in optimizers.items()},
            "schedulers": {name: saved_scheduler(part) for name, part in schedulers.items()},
        }

    def _lengths(self) -> dict[str, int | None]:
        from optim_core.run.changes import LENGTHS

        return {name: getattr(self.horizon, name) for name in LENGTHS}

    def load_state_dict(self, state: Mapping[str, Any], changed: Changed = "error") -> None:
        """Continue where `state` was saved; it is copied, not shared.

        Args:
            state: what `state_dict` gave.
            changed: what happens where the config or the length of the run is another than when it was saved:
                "error" lists every value that differs; "saved" goes on as it was; "config" takes the values of this
                config, for optimizers, schedules and clipping alike, and the step stays, so that a schedule is where it
                would be, had it had these values from the start. A list of paths, as the error names them, takes these
                from this config, and the rest as it was.

        Raises:
            CheckpointMismatchError: names, types, parameters, shapes or a major version differ, or, with "error",
                anything of the config; nothing has been loaded.
            OptimError: `changed` means nothing.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> model = torch.nn.Linear(8, 2)
            >>> config = {"optimizer": {"type": "SGD", "lr": 0.1}, "scheduler": {"type": "linear"}}
            >>> state = registry.recipe(config).create(model, total_steps=10).state_dict()
            >>> later = registry.recipe(config, overrides=["optimizer.lr=0.2"]).create(model, total_steps=10)
            >>> later.load_state_dict(state, changed="config")
            >>> later.optimizer.param_groups[0]["lr"]
            0.2
        """
        self._load(state, self._found(state, changed))

    def check_state_dict(self, state: Mapping[str, Any], changed: Changed = "error") -> list[str]:
        """Raise what `load_state_dict` would, and load nothing.

        Args:
            state: what `state_dict` gave.
            changed: as `load_state_dict` takes it.

        Returns:
            the paths of the values that differ.

        Raises:
            CheckpointMismatchError: as `load_state_dict` does.
            OptimError: as `load_state_dict` does.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> model = torch.nn.Linear(8, 2)
            >>> state = registry.recipe({"type": "SGD", "lr": 0.1}).create(model).state_dict()
            >>> registry.recipe({"type": "SGD", "lr": 0.2}).create(model).check_state_dict(state, changed="config")
            ['optimizer.config.lr']
        """
        return [change.name for change in self._found(state, changed).all]

    def stateful(self, model: Module | Mapping[str, Module], changed: Changed = "error") -> DistributedState:
        """Return what ``torch.distributed.checkpoint`` saves and loads: the run, its models and random generators.

        Any number of processes saves, and any other loads; parameters are known by name. What does not fit is told
        before anything is loaded.

        Args:
            model: the model, or a mapping of names to models, with all the parameters that are trained.
            changed: as `load_state_dict` takes it.

        Raises:
            OptimError: a parameter that is trained is in none of the models, or FullyShardedDataParallel has divided
                it; what ``fully_shard`` divides can be saved.

        Example:
            >>> import torch, warnings
            >>> import torch.distributed.checkpoint as dcp
            >>> from optim_core import registry
            >>> warnings.filterwarnings("ignore", "torch.distributed is disabled")  # this is one process
            >>> model = torch.nn.Linear(8, 2)
            >>> run = registry.recipe({"type": "AdamW"}).create(model)
            >>> done = run.step(lambda: model(torch.ones(4, 8)).square().mean())
            >>> metadata = dcp.save({"run": run.stateful(model)}, checkpoint_id="runs/step1")
            >>> dcp.load({"run": run.stateful(model)}, checkpoint_id="runs/step1")
        """
        from optim_core.run.distributed.stateful import DistributedState
        from optim_core.run.saving.model_state import models_by_name

        models = models_by_name(model)
        check = partial(self._found, changed=changed)
        return DistributedState(self.optimizers, models, self.state_dict, check, self._load)

    def _found(self, state: Mapping[str, Any], changed: Changed) -> Found:
        """Return how a saved run differs from this one; what `load_state_dict` raises is raised here."""
        from optim_core.run.changes import Description, differences
        from optim_core.run.other_length import differs
        from optim_core.run.state import misfits_of, misfits_of_schedules, misfits_of_starts

        optimizers, schedulers = self._parts()
        _refuse(misfits_of(optimizers, schedulers, state))
        now = Description(self.recipe.to_config(), self.recipe.distributions(), self._lengths(), self._multipliers())
        saved = Description(state["recipe"], state["distributions"], state["lengths"], self._multipliers(state))
        specs = [self.recipe.schedule_of(name) for name in schedulers]
        matters = any(spec is not None and differs(spec, saved.lengths, now.lengths) for spec in specs)
        found = differences(saved, now, changed, has_schedules=matters)
        _refuse(misfits_of_schedules(schedulers, state, self._rescheduled(found)))
        if not found.all and saved.config is not None:
            _refuse(misfits_of_starts(optimizers, state))
        return found

    def _rescheduled(self, found: Found) -> set[str]:
        """Return the names of the schedules for which something differs."""
        from optim_core.run.changes import LENGTHS, MULTIPLIERS

        single, lengths = list(self.optimizers) == [SINGLE], [(length,) for length in LENGTHS]
        return {
            name for name in self.schedulers if found.of(*_paths_of(name, single), (MULTIPLIERS, name), *lengths)[0]
        }

    def _load(self, state: Mapping[str, Any], found: Found) -> None:
        recipe, horizon = self.recipe, self.horizon
        if found.all:
            recipe, horizon = self._target(found, state)
        # All that can be refused is refused before the first is changed.
        for plan in [self._planned(name, state, found, recipe, horizon) for name in self.optimizers]:
            plan()
        self._now_is(recipe, horizon, state["counters"])

    def _multipliers(self, state: Mapping[str, Any] | None = None) -> dict[str, list[float]]:
        """Return the lr multiplier of each group of each optimizer, now or in a saved state, in the order of now."""
        from optim_core.run.resuming import start_of

        if state is None:
            starts = {name: self._options(name) for name in self.optimizers}
        else:
            saved = state["optimizers"]
            starts = {name: start_of(optimizer, saved[name]) for name, optimizer in self.optimizers.items()}
        return {
            name: [float(options.get("lr_multiplier", 1.0)) for options in groups] for name, groups in starts.items()
        }

    def _target(self, found: Found, state: Mapping[str, Any]) -> tuple[Recipe, Horizon]:
        """Return the recipe and the length that count from now on, where not all of this config does."""
        from optim_core.run.changes import LENGTHS, merged
        from optim_core.run.horizon import Horizon

        reader, horizon = self.recipe.made_by.registry, self.horizon
        if not any(change.path[0] in LENGTHS for change in found.chosen):
            horizon = Horizon(**state["lengths"])
        if reader is None or len(found.chosen) == len(found.all):
            return self.recipe, horizon
        recipe = reader.recipe(merged(state["recipe"], found.chosen))
        return attrs.evolve(recipe, unused=self.recipe.unused), horizon

    def _planned(
        self, name: str, state: Mapping[str, Any], found: Found, recipe: Recipe, horizon: Horizon
    ) -> Callable[[], None]:
        """Return what loads one optimizer and its schedule, with what counts from now on; nothing is changed yet."""
        from optim_core.run.changes import LENGTHS, MULTIPLIERS
        from optim_core.run.resuming import Continued, load_as_saved, load_with_numbers, start_of, take_over
        from optim_core.run.state import options_of

        optimizer, saved = self.optimizers[name], state["optimizers"][name]
        of_optimizer, of_schedule = _paths_of(name, list(self.optimizers) == [SINGLE])
        lengths = [(length,) for length in LENGTHS] if name in self.schedulers else []
        differing, chosen = found.of(of_optimizer, of_schedule, (MULTIPLIERS, name), *lengths)
        schedule = recipe.schedule_of(name)
        step = None
        if schedule is not None and any(change.path == (*of_schedule, "interval") for change in chosen):
            counters = state["counters"]
            step = counters["epochs"] if schedule.interval == "epoch" else counters["steps"][name]
        part = Continued(optimizer, self.schedulers.get(name), saved, state["schedulers"].get(name), step)

        was = start_of(optimizer, saved)
        start, made = self._options(name), None
        changes, chosen_of_optimizer = found.of(of_optimizer)
        if any(change.path[0] == MULTIPLIERS for change in differing if change not in chosen):
            if chosen_of_optimizer:
                raise OptimError(f"{MULTIPLIERS} differ too; list `{MULTIPLIERS}` with the rest, or nothing")
            start = was
        if len(changes) > len(chosen_of_optimizer):
            made = self._made_anew(name, recipe)
            start = options_of(made)
        lacking = self._lacking(name, recipe, start, saved["state"]) if _any_on(chosen_of_optimizer) else []

        def carry_out() -> None:
            if made is not None:
                take_over(optimizer, made)
            if chosen:
                load_with_numbers(part, start, schedule, horizon)
            else:
                load_as_saved(part, schedule if differing and name in self.schedulers else None, horizon)
            for state in lacking:
                state.give_to(optimizer)
            self._made.options[name] = start if chosen else was

        return carry_out

    def _lacking(
        self, name: str, recipe: Recipe, start: Sequence[Mapping[str, Any]], saved: Mapping[str, Any]
    ) -> list[Lacking]:
        """Return the state that the options of another recipe need and that was not saved."""
        from optim_core.run.missing_state import lacking_state

        spec = recipe.optimizers[name]
        # Their steps cannot be tried without a loss, or with other parameters than the model's.
        if self.recipe.needs_of(name) & {"closure", "create_graph", "gradients"} or spec.needs_model:
            return []
        return lacking_state(name, spec.build_for, start, self.optimizers[name], saved)

    def _made_anew(self, name: str, recipe: Recipe) -> Optimizer:
        """Return the optimizer of another recipe for the same parameters.

        What an optimizer was made with is not in its state, where it is no option of its groups.

        Raises:
            OptimError: what this run was made for gives other parameters now.
        """
        from optim_core.run.guard import shapes_of

        models, multipliers = self._made.models[name], self._made.multipliers.get(name)
        made = recipe.optimizers[name].create_optimizer(models, lr_multipliers=multipliers)
        live = self.optimizers[name]
        if [shapes_of([group]) for group in made.param_groups] != [shapes_of([group]) for group in live.param_groups]:
            raise OptimError(
                f"optimizers.{name}: the model has other parameters to train than when this run was created, so that "
                'nothing was loaded: create the run anew, or load with changed="config"'
            )
        return made

    def _options(self, name: str) -> list[dict[str, Any]]:
        """Return the options with which the groups of an optimizer began, of those that came later as they are."""
        from optim_core.run.state import options_of

        options, live = self._made.options.get(name, []), options_of(self.optimizers[name])
        return [*options, *live[len(options) :]]

    def _now_is(self, recipe: Recipe, horizon: Horizon, counters: Mapping[str, Any]) -> None:
        """Take over what counts from now on."""
        if (recipe.clipper, recipe.clippers) != (self.recipe.clipper, self.recipe.clippers):
            self.clipper = None if recipe.clipper is None else recipe.clipper.create_clipper()
            self.clippers = {name: spec.create_clipper() for name, spec in recipe.clippers.items()}
            self._share_clipper()
        self.recipe, self.horizon = recipe, horizon
        self._epochs = int(counters["epochs"])
        for name, loop in self._loops.items():
            schedule = recipe.schedule_of(name)
            loop.goes_by(schedule.interval if schedule else "step", schedule.monitor if schedule else None)
            loop.clipper = self.clippers.get(name)
            loop.steps = int(counters["steps"].get(name, 0))

    def _parts(self) -> tuple[dict[str, Part], dict[str, Part]]:
        """Return the optimizers and the schedulers, with what the recipe calls them and how they began."""
        from optim_core.run.state import Part

        types = {name: spec.types for name, spec in self.recipe.optimizers.items()}
        schedules = {name: self.recipe.schedule_of(name) for name in self.schedulers}
        made = self._made
        return (
            {
                name: Part(
                    types[name],
                    optimizer,
                    self._options(name),
                    len(made.options.get(name, [])),
                    partial(_refusal, self.recipe.optimizers[name].innermost),
                )
                for name, optimizer in self.optimizers.items()
            },
            {
                name: Part(schedule.types if schedule else "", self.schedulers[name], made.schedulers.get(name))
                for name, schedule in schedules.items()
            },
        )


def _refuse_shared(optimizers: Mapping[str, Any]) -> None:
    """Raise ParamGroupError where one tensor is trained by two optimizers."""
    owners: dict[int, str] = {}
    for name, optimizer in optimizers.items():
        for group in optimizer.param_groups if len(optimizers) > 1 else ():
            for place, parameter in enumerate(group["params"]):
                other = owners.setdefault(id(parameter), name)
                if other != name:
                    title = group["param_names"][place] if group.get("param_names") else f"parameter {place}"
                    raise ParamGroupError(
                        f"the same tensor would be trained by two optimizers, {other} and {name}: {title} of {name}; "
                        "leave it out of one, by requires_grad = False or a rule that freezes it"
                    )


def _refusal(spec: OptimizerSpec, option: str, value: Any) -> str | None:
    """Return what is wrong with a value of an option by the fields of an optimizer's config; None where nothing is."""
    from optim_core.plugin_class.fields import config_fields

    # A schedule may end where no run begins.
    if option in ("lr", "initial_lr") or option not in config_fields(type(spec.config)):
        return None
    try:
        spec.changed(**{option: value})
    except ConfigError as error:
        return error.problems[0].message
    return None


def _refuse(misfits: Iterable[str]) -> None:
    """Raise CheckpointMismatchError with all that keeps a state from being loaded, where something does."""
    found = list(misfits)
    if found:
        more = [f"and {len(found) - _MOST_TOLD} more"] if len(found) > _MOST_TOLD else []
        raise CheckpointMismatchError(
            "\n    ".join(["the saved state does not fit:", *found[:_MOST_TOLD], *more])
            + "\nnothing was loaded; load the state as it was saved, or an older one"
        )


def _any_on(changes: Sequence[Change]) -> bool:
    return any(change.turns_on for change in changes)


def _paths_of(name: str, is_single: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return where an optimizer and its schedule stand in a canonical config."""
    above = () if is_single else ("optimizer_configs", name)
    return (*above, "optimizer"), (*above, "scheduler")


def _with_parts(spec: PluginSpec) -> Iterator[PluginSpec]:
    """Yield a spec, and those in its config."""
    yield spec
    for part in spec.parts:
        yield from _with_parts(part)
