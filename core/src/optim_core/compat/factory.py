"""Functions and a factory that take an optimizer, a schedule or both as keyword arguments or as one config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from optim_core.compat.arguments import as_arguments, problem
from optim_core.compat.forms import forms_for
from optim_core.compat.lengths import Divided, divided, horizon_of
from optim_core.config.keys import SECTION, naming_keys
from optim_core.errors import ConfigError, MissingTypeError, ParamGroupError
from optim_core.recipe import SINGLE, MadeBy, Recipe
from optim_core.registry import registry
from optim_core.run.horizon import Horizon
from optim_core.specs import SPECS
from optim_core.text.spelling import nearest

if TYPE_CHECKING:
    from torch.nn import Module
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core.protocols import Clipper

__all__ = [
    "OptimizerAndScheduler",
    "OptimizerFactory",
    "create_optimizer",
    "create_optimizer_and_scheduler",
    "create_optimizer_from_config",
    "create_scheduler",
    "create_scheduler_from_config",
    "recipe_and_horizon",
    "require_name",
]

OptimizerOrScheduler = Literal["optimizer", "scheduler"]


class _Pair(NamedTuple):
    optimizer: Optimizer
    scheduler: LRScheduler | None


class OptimizerAndScheduler(_Pair):
    """The pair (optimizer, scheduler), of which the second is None where the config has no schedule.

    `clipper` is what the config says about clipping, None where it says nothing: call its ``clip(parameters)`` between
    ``backward()`` and ``step()``.

    Example:
        >>> import torch
        >>> from optim_core.compat import create_optimizer_and_scheduler
        >>> made = create_optimizer_and_scheduler(torch.nn.Linear(8, 2), optimizer_name="adamw", lr=1e-3)
        >>> optimizer, scheduler = made
        >>> type(optimizer).__name__, scheduler, made.clipper
        ('AdamW', None, None)
    """

    clipper: Clipper | None = None


# -- keyword arguments -----------------------------------------------------------------------------------------------


def create_optimizer(
    params: Any = None,
    *,
    model: Module | None = None,
    lr_multipliers: Mapping[Module, float] | None = None,
    **config: Any,
) -> Optimizer:
    """Make the optimizer that `config` names as ``optimizer_name`` or ``optimizer_type``.

    Args:
        params: a model, or any iterable of parameters that torch takes.
        model: the same under another name; one of the two is given.
        lr_multipliers: module to factor, > 0; its parameters get the rate times the factor.
        config: the optimizer's fields, such as ``lr`` or ``learning_rate``.

    Returns:
        torch's optimizer, or that of the plugin's library.

    Raises:
        ConfigError: with all that is wrong with `config`; MissingTypeError where it names no optimizer,
            UnknownTypeError where nothing installed has the name.
        ParamGroupError: `params` and `model` are both given, or neither; or there is no parameter.

    Example:
        >>> import torch
        >>> from optim_core.compat import create_optimizer
        >>> optimizer = create_optimizer(torch.nn.Linear(8, 2), optimizer_name="adamw", learning_rate=1e-3)
        >>> type(optimizer).__name__, optimizer.param_groups[0]["lr"]
        ('AdamW', 0.001)
    """
    target = _target(params, model)
    require_name("optimizer", config)
    return _optimizer(config, target, lr_multipliers)


def create_scheduler(optimizer: Optimizer, **config: Any) -> LRScheduler:
    """Make the schedule that `config` names as ``scheduler_name`` or ``scheduler_type``.

    Args:
        optimizer: its groups' ``lr`` are the base rates.
        config: the schedule's fields; and the length of the run, as ``epochs`` or ``max_epochs``, ``steps_per_epoch``,
            ``total_steps``. A length that is no field of the schedule is that of the run, for a schedule that needs it.

    Returns:
        torch's scheduler.

    Raises:
        ConfigError: with all that is wrong with `config`; MissingTypeError where it names no schedule,
            UnknownTypeError where nothing installed has the name.
        HorizonError: the schedule needs a length that is not given.

    Example:
        >>> import torch
        >>> from optim_core.compat import create_scheduler
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> scheduler = create_scheduler(optimizer, scheduler_name="StepLR", step_size=10)
        >>> scheduler.step_size
        10
    """
    require_name("scheduler", config)
    return _scheduler(config, optimizer)


def create_optimizer_and_scheduler(
    params: Any = None,
    *,
    model: Module | None = None,
    lr_multipliers: Mapping[Module, float] | None = None,
    **config: Any,
) -> OptimizerAndScheduler:
    """Make the optimizer and the scheduler of a config, in any form that ``registry.build`` takes.

    Args:
        params: a model, or any iterable of parameters that torch takes.
        model: the same under another name; one of the two is given.
        lr_multipliers: module to factor, > 0; its parameters get the rate times the factor.
        config: the fields of both side by side, or ``optimizer={…}, scheduler={…}``; lengths as in `create_scheduler`.

    Returns:
        the optimizer, and the scheduler or None, which can be unpacked.

    Raises:
        ConfigError: with all that is wrong with `config`; MissingTypeError where it names no optimizer,
            UnknownTypeError where nothing installed has a name that it uses.
        HorizonError: the schedule needs a length that is not given.
        OptimError: the config has several optimizers.

    Example:
        >>> import torch
        >>> from optim_core.compat import create_optimizer_and_scheduler
        >>> model = torch.nn.Linear(8, 2)
        >>> optimizer, scheduler = create_optimizer_and_scheduler(
        ...     model, optimizer_name="sgd", lr=0.1, scheduler_name="StepLR", step_size=10
        ... )
        >>> type(optimizer).__name__, type(scheduler).__name__
        ('SGD', 'StepLR')
    """
    return _both(config, _target(params, model), lr_multipliers, {})


def _target(params: Any, model: Any) -> Any:
    if (params is None) == (model is None):
        given = "neither" if params is None else "both"
        raise ParamGroupError(f"give `params` or `model`, one of the two; {given} was given")
    return model if params is None else params


def require_name(kind: OptimizerOrScheduler, config: Mapping[str, Any]) -> None:
    """Raise MissingTypeError where keyword arguments name no optimizer, or no schedule."""
    words = (*naming_keys(kind), kind, "type")
    if any(key in config for key in words):
        return
    near = next((key for key in config if nearest(key, words)), None)
    hint = f"did you mean it where `{near}` stands?" if near else None
    raise MissingTypeError([problem(words[0], "is required and missing", hint)])


# -- configs ---------------------------------------------------------------------------------------------------------


class OptimizerFactory:
    """Makes optimizers and schedulers from configs in any form that ``registry.build`` takes.

    Of a config with both, `create_optimizer` takes the optimizer, and `create_scheduler` the schedule.

    Example:
        >>> import torch
        >>> from optim_core.compat import OptimizerFactory
        >>> config = {"optimizer": {"type": "SGD", "lr": 0.1}, "scheduler": {"type": "ExponentialLR", "gamma": 0.9}}
        >>> optimizer = OptimizerFactory().create_optimizer(torch.nn.Linear(8, 2), config)
        >>> OptimizerFactory().create_scheduler(optimizer, config).gamma
        0.9
    """

    def create_optimizer(
        self, model: Any, config: Mapping[str, Any], *, lr_multipliers: Mapping[Module, float] | None = None
    ) -> Optimizer:
        """Make the optimizer of `config` for a model, or for an iterable of parameters.

        Args:
            model: a model, or an iterable of parameters.
            config: an optimizer, in any form.
            lr_multipliers: a factor of the rate for each of some modules.

        Returns:
            torch's optimizer, or that of the plugin's library.

        Raises:
            ConfigError: with all that is wrong with `config`.
            ParamGroupError: there is no parameter, or a multiplier means none of them.

        Example:
            >>> import torch
            >>> from optim_core.compat import OptimizerFactory
            >>> config = {"type": "SGD", "config": {"lr": 0.1}}
            >>> OptimizerFactory().create_optimizer(torch.nn.Linear(8, 2), config).defaults["lr"]
            0.1
        """
        return _optimizer(config, model, lr_multipliers)

    def create_scheduler(
        self,
        optimizer: Optimizer,
        config: Mapping[str, Any],
        *,
        total_steps: int | None = None,
        steps_per_epoch: int | None = None,
        epochs: int | None = None,
    ) -> LRScheduler:
        """Make the scheduler of `config`; the lengths are those of the run, for a length that the config leaves open.

        Args:
            optimizer: whose groups' ``lr`` are the base rates.
            config: a schedule, in any form.
            total_steps: optimizer steps in the run.
            steps_per_epoch: optimizer steps in an epoch.
            epochs: epochs in the run.

        Returns:
            torch's scheduler.

        Raises:
            ConfigError: with all that is wrong with `config`, or it has no schedule.
            HorizonError: the schedule needs a length that is not given.

        Example:
            >>> import torch
            >>> from optim_core.compat import OptimizerFactory
            >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
            >>> config = {"type": "OneCycleLR", "config": {"max_lr": 0.1}}
            >>> OptimizerFactory().create_scheduler(optimizer, config, total_steps=1000).total_steps
            1000
        """
        return _scheduler(config, optimizer, total_steps=total_steps, steps_per_epoch=steps_per_epoch, epochs=epochs)

    def create_optimizer_and_scheduler(
        self,
        model: Any,
        config: Mapping[str, Any],
        *,
        lr_multipliers: Mapping[Module, float] | None = None,
        total_steps: int | None = None,
        steps_per_epoch: int | None = None,
        epochs: int | None = None,
    ) -> OptimizerAndScheduler:
        """Make the optimizer of `config`, and its scheduler, which is None where the config has no schedule.

        The lengths are those of the run, for a length that the config leaves open.

        Args:
            model: a model, or an iterable of parameters.
            config: an optimizer with or without a schedule, in any form.
            lr_multipliers: a factor of the rate for each of some modules.
            total_steps: optimizer steps in the run.
            steps_per_epoch: optimizer steps in an epoch.
            epochs: epochs in the run.

        Returns:
            the optimizer, and the scheduler or None, which can be unpacked.

        Raises:
            ConfigError: with all that is wrong with `config`.
            HorizonError: the schedule needs a length that is not given.
            OptimError: the config has several optimizers.

        Example:
            >>> import torch
            >>> from optim_core.compat import OptimizerFactory
            >>> config = {"optimizer": {"type": "SGD", "lr": 0.1}, "scheduler": {"type": "linear"}}
            >>> config["scheduler"]["num_warmup_steps"] = 10
            >>> made = OptimizerFactory().create_optimizer_and_scheduler(torch.nn.Linear(8, 2), config, total_steps=100)
            >>> made.optimizer.param_groups[0]["lr"]
            0.0
        """
        lengths = {"total_steps": total_steps, "steps_per_epoch": steps_per_epoch, "epochs": epochs}
        return _both(config, model, lr_multipliers, lengths)


def create_optimizer_from_config(optimizer_config: Mapping[str, Any], parameters: Any) -> Optimizer:
    """Make the optimizer of ``{"type": …, "config": {…}}``.

    Args:
        optimizer_config: the config.
        parameters: a model, or any iterable of parameters that torch takes.

    Returns:
        torch's optimizer, or that of the plugin's library.

    Raises:
        MissingTypeError: a KeyError; there is no ``type``.
        UnknownTypeError: an AttributeError; nothing installed has the type.
        ConfigError: a ValueError, with all that is wrong with the parameters.

    Example:
        >>> import torch
        >>> from optim_core.compat import create_optimizer_from_config
        >>> config = {"type": "AdamW", "config": {"lr": 1e-3}}
        >>> create_optimizer_from_config(config, torch.nn.Linear(8, 2).parameters()).defaults["lr"]
        0.001
    """
    return _optimizer(optimizer_config, parameters, None)


def create_scheduler_from_config(
    scheduler_config: Mapping[str, Any],
    optimizer: Optimizer,
    *,
    total_steps: int | None = None,
    steps_per_epoch: int | None = None,
    epochs: int | None = None,
) -> LRScheduler:
    """Make the scheduler of ``{"type": …, "config": {…}}``.

    The lengths are those of the run, for a length that the config leaves open.

    Args:
        scheduler_config: the schedule's type and config.
        optimizer: whose groups' ``lr`` are the base rates.
        total_steps: steps of the run.
        steps_per_epoch: steps of an epoch.
        epochs: epochs of the run.

    Returns:
        torch's scheduler.

    Raises:
        MissingTypeError: a KeyError; there is no ``type``.
        UnknownTypeError: an AttributeError; nothing installed has the type.
        ConfigError: a ValueError, with all that is wrong with the parameters.
        HorizonError: a ValueError; the schedule needs a length that is not given.

    Example:
        >>> import torch
        >>> from optim_core.compat import create_scheduler_from_config
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> create_scheduler_from_config({"type": "StepLR", "config": {"step_size": 10}}, optimizer).step_size
        10
    """
    lengths = {"total_steps": total_steps, "steps_per_epoch": steps_per_epoch, "epochs": epochs}
    return _scheduler(scheduler_config, optimizer, **lengths)


def _optimizer(config: Any, target: Any, lr_multipliers: Mapping[Module, float] | None) -> Optimizer:
    # A config without a schedule has no use for a length of the run: one that is there stays, and is refused.
    given = divided(config) if _has_schedule(config) else Divided(config, {}, {})
    with as_arguments(given.as_written):
        built = _built(given.config, "optimizer")
    if isinstance(built, Recipe):
        spec = built.optimizer
    elif built.decay is None:
        spec = built
    else:
        hint = "create_optimizer_and_scheduler makes both"
        raise ConfigError([problem("lr_decay_gamma", "is a schedule, and only the optimizer is made here", hint)])
    return spec.create_optimizer(target, lr_multipliers=lr_multipliers)


def _has_schedule(config: Any) -> bool:
    keys = (SECTION, "scheduler", *naming_keys("scheduler"))
    return isinstance(config, Mapping) and any(key in config for key in keys)


def _scheduler(config: Any, optimizer: Optimizer, **lengths: int | None) -> LRScheduler:
    given = divided(config)
    with as_arguments(given.as_written):
        built = _built(given.config, "scheduler")
    spec, unused = (built.scheduler, built.unused) if isinstance(built, Recipe) else (built, {})
    if spec is None:
        raise MissingTypeError([problem("scheduler", "is required and missing", "for example scheduler: {type: …}")])
    horizon = Horizon(**horizon_of(unused, given.lengths, lengths))
    scheduler: LRScheduler = spec.create_scheduler(optimizer, horizon=horizon, any_length=True)
    return scheduler


def _both(
    config: Any,
    target: Any,
    lr_multipliers: Mapping[Module, float] | None,
    lengths: Mapping[str, int | None],
) -> OptimizerAndScheduler:
    recipe, horizon = recipe_and_horizon(config, lengths)
    spec, schedule = recipe.optimizer, recipe.scheduler
    optimizer = spec.create_optimizer(target, lr_multipliers=lr_multipliers)
    scheduler = None if schedule is None else schedule.create_scheduler(optimizer, horizon=horizon, any_length=True)
    made = OptimizerAndScheduler(optimizer, scheduler)
    made.clipper = None if recipe.clipper is None else recipe.clipper.create_clipper()
    return made


def recipe_and_horizon(config: Any, lengths: Mapping[str, int | None]) -> tuple[Recipe, Horizon]:
    """Return the recipe of a config, and the length of the run, of which the config may say a part.

    Raises:
        ConfigError: with all that is wrong with `config`.
        HorizonError: the lengths do not fit each other.
    """
    given = divided(config)
    with as_arguments(given.as_written):
        built = _built(given.config, "optimizer")
    recipe = built if isinstance(built, Recipe) else Recipe(optimizers={SINGLE: built}, made_by=MadeBy(registry))
    return recipe, Horizon(**horizon_of(recipe.unused, given.lengths, lengths))


def _built(config: Any, kind: OptimizerOrScheduler) -> Any:
    """Return the spec of one kind, or the recipe that has it.

    Raises:
        ConfigError: with all that is wrong with `config`.
    """
    if not isinstance(config, Mapping) or "type" in config or "config" in config:
        return registry.build_in(config, kind=kind)
    built = registry.build_in(config, forms_for(kind))
    if kind == "optimizer" and isinstance(built, Recipe) and built.unused and not built.schedulers:
        named = any(key in config for key in naming_keys(kind)) and built.clipper is None
        # What stands beside the name of an optimizer is meant for it: a key that it lacks is refused, not left unused.
        return registry.build_in(config, kind=kind) if named else built
    if isinstance(built, (Recipe, SPECS[kind])):
        return built
    raise MissingTypeError([problem(f"{kind}_name", "is required and missing", f"the config names no {kind}")])
