"""OptimizerSpec, SchedulerSpec, ClipperSpec: a validated config, ready to become a live object.

A spec is data: it is frozen, compares by value, and needs no torch until a ``create_…`` is called.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import attrs

from optim_core.errors import HorizonError, OptimError, ParamGroupError, PluginError
from optim_core.groups.rule import GroupRule
from optim_core.kinds import KINDS, Kind
from optim_core.opaque import opaque
from optim_core.plugin_class.fields import field_types
from optim_core.text.names import plain_name

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch.nn import Module
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core.groups.plan import Plan
    from optim_core.groups.request import GroupRequest
    from optim_core.groups.targets import Target
    from optim_core.protocols import Clipper
    from optim_core.run.fitting import Misfit
    from optim_core.run.horizon import Horizon

__all__ = [
    "AROUND",
    "SPECS",
    "ClipperSpec",
    "OptimizerFactory",
    "OptimizerSpec",
    "PluginSpec",
    "SchedulerSpec",
    "is_around",
    "spec_class",
]


@contextlib.contextmanager
def _building(what: str, provided_by: str) -> Iterator[str]:
    """Add to an exception that is raised in the block which component of the config it comes from."""
    title = f"{what} ({provided_by})" if provided_by else what
    try:
        yield title
    except Exception as error:
        error.add_note(f"while building {title}")
        raise


@opaque
@attrs.frozen(kw_only=True)
class PluginSpec:
    """What the specs of all kinds have in common.

    Args:
        type: the plugin's name.
        config: the instance of its plugin class.
        provided_by: distribution and version, for messages.

    Example:
        >>> from optim_core import registry
        >>> spec = registry.build({"type": "norm", "config": {"max_norm": 1}})
        >>> spec.kind, spec.type, spec.config.max_norm
        ('clipper', 'norm', 1.0)
    """

    kind: ClassVar[Kind]

    type: str
    config: Any
    provided_by: str = attrs.field(default="", eq=False, repr=False)

    def changed(self, **fields: Any) -> Self:
        """Return this spec with other values in some fields of its config, which are checked as a config's are.

        Args:
            fields: field to value, as a config would have it.

        Raises:
            ConfigError: a field is unknown, or a value is not possible.

        Example:
            >>> from optim_core import registry
            >>> registry.build({"type": "AdamW", "config": {"lr": 0.1}}).changed(lr="1e-3", amsgrad=True).config.lr
            0.001
        """
        if not fields:
            return self
        from optim_core.config.evolving import evolved

        return attrs.evolve(self, config=evolved(self.config, fields, self.type, tuple(SPECS.values())))

    def create(self, *arguments: Any, **further: Any) -> Any:
        """Make what the plugin class describes, from the arguments that the `build` of its kind takes.

        Args:
            arguments: those that every `build` of its kind takes.
            further: those that the `build` of this plugin class declares besides.

        Returns:
            what the `build` of the plugin class returns, which is checked to be of its kind.

        Raises:
            PluginError: the plugin makes something else than its kind promises.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> spec = registry.build({"type": "AdamW", "config": {"lr": 0.01}})
            >>> spec.create(torch.nn.Linear(8, 2).parameters()).defaults["lr"]
            0.01
        """
        with _building(f"{self.kind} {self.type}", self.provided_by) as what:
            made = self.config.build(*arguments, **further)
        methods = KINDS[self.kind].methods
        if not all(_has(made, method) for method in methods):
            lacks = f"is no {self.kind}" if len(methods) > 1 else f"has no {methods[0]}"
            raise PluginError(f"{what}: build returned {made!r:.60}, which {lacks}")
        return made

    @property
    def parts(self) -> list[PluginSpec]:
        """The components that its config holds, in their order.

        Example:
            >>> from optim_core import registry
            >>> spec = registry.build({"type": "Lookahead", "optimizer": {"type": "AdamW"}})
            >>> [part.type for part in spec.parts]
            ['AdamW']
        """
        values = [getattr(self.config, field.name) for field in attrs.fields(type(self.config))]
        held = [part for value in values for part in (value if isinstance(value, list | tuple) else [value])]
        return [part for part in held if isinstance(part, PluginSpec)]

    @property
    def types(self) -> str:
        """Its type, and in brackets those of the components that its config holds.

        Example:
            >>> from optim_core import registry
            >>> parts = [{"type": "LinearLR"}, {"type": "StepLR", "config": {"step_size": 10}}]
            >>> registry.build({"type": "SequentialLR", "schedulers": parts, "milestones": [5]}).types
            'SequentialLR(LinearLR, StepLR)'
        """
        nested = [part.types for part in self.parts]
        name = plain_name(self.type)
        return f"{name}({', '.join(nested)})" if nested else name


def _has(made: Any, method: str) -> bool:
    """Tell whether an object has a method, ``step()``, or an attribute, ``param_groups``."""
    name, is_method, _ = method.partition("(")
    return callable(getattr(made, name, None)) if is_method else hasattr(made, name)


@opaque
@attrs.frozen(kw_only=True)
class SchedulerSpec(PluginSpec):
    """A learning-rate schedule, or one that waits for a metric.

    Args:
        type: the plugin's name.
        config: the instance of its plugin class.
        interval: whether ``step()`` is to be called after each optimizer step or after each epoch.
        provided_by: distribution and version, for messages.

    Example:
        >>> from optim_core import registry
        >>> spec = registry.build({"type": "StepLR", "config": {"step_size": 10}})
        >>> spec.type, spec.interval, spec.config.gamma
        ('StepLR', 'epoch', 0.1)
    """

    kind: ClassVar[Kind] = "scheduler"

    interval: Literal["step", "epoch"] = "step"

    @property
    def monitor(self) -> str | None:
        """The metric that ``step`` is given, for a schedule that waits for one and whose config names it."""
        return getattr(self.config, "monitor", None)

    def create_scheduler(
        self,
        optimizer: Optimizer,
        *,
        horizon: Horizon | None = None,
        last_step: int = 0,
        any_length: bool = False,
    ) -> LRScheduler:
        """Make the scheduler for `optimizer`, whose groups' ``lr`` are the base rates.

        Args:
            optimizer: a freshly created optimizer.
            horizon: the length of the run in optimizer steps and epochs; needed by schedules whose config leaves their
                length open. A schedule that is stepped once an epoch gets it counted in epochs.
            last_step: how many times ``step()`` was called before; the scheduler goes on from there with the rate that
                it then had. A closed form is computed at that step; any other schedule is stepped that often.
            any_length: whether a length that the run cannot hold, such as a warmup that is as long, is told by a
                warning and stays: for a run that is cut short to be tried.

        Returns:
            torch's scheduler.

        Raises:
            HorizonError: the schedule needs a length that neither the config nor `horizon` gives, or has one that the
                run cannot hold, such as a warmup that is as long.
            OptimError: `last_step` is negative, or above 0 for a schedule that waits for a metric.

        Example:
            >>> import torch
            >>> from optim_core import Horizon, registry
            >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
            >>> spec = registry.build({"type": "linear", "config": {"num_warmup_steps": 0}})
            >>> spec.create_scheduler(optimizer, horizon=Horizon(total_steps=100), last_step=50).get_last_lr()
            [0.05]
        """
        from optim_core.run.horizon import count
        from optim_core.run.later_groups import follow
        from optim_core.run.stepping import go_to, restore_base_rates

        wrong = [f"{name}.{misfit.field} {misfit.sentence}: {misfit.hint}" for name, misfit in self.misfits(horizon)]
        if wrong and not any_length:
            raise HorizonError("; ".join(wrong))
        for message in wrong:
            warnings.warn(message, UserWarning, stacklevel=2)
        last_step = count(last_step, "last_step", at_least=0)
        if last_step and self.waits_for_metric:
            raise OptimError(f"{self.type} follows a metric, not a count of steps; continue it by load_state_dict")
        if last_step:
            restore_base_rates(optimizer)
        make = partial(self.build_for, horizon=self.counted(horizon))
        scheduler = make(optimizer)
        if last_step:
            go_to(scheduler, last_step, at_once=self.has_closed_form)
        follow(optimizer, scheduler, make)
        return scheduler

    def misfits(self, horizon: Horizon | None = None) -> list[tuple[str, Misfit]]:
        """Return the lengths in the config, and in those of the schedules in it, that a run cannot hold.

        Args:
            horizon: the run, as far as it is known.

        Returns:
            the type of the schedule, and what is wrong with one of its fields.

        Example:
            >>> from optim_core import Horizon, registry
            >>> spec = registry.build({"type": "linear", "config": {"num_warmup_steps": 500}})
            >>> [(name, misfit.sentence) for name, misfit in spec.misfits(Horizon(total_steps=100))]
            [('linear', 'must be shorter than the run of 100 steps, is 500')]
        """
        from optim_core.run.fitting import misfits

        own = [(self.type, misfit) for misfit in misfits(self.config, self.interval, horizon)]
        inner = [part for part in self.parts if isinstance(part, SchedulerSpec)]
        return own + [found for part in inner for found in part.misfits(horizon)]

    def curve(
        self,
        steps: int | range | Sequence[int] | NDArray[Any],
        base_lr: float,
        *,
        horizon: Horizon | None = None,
        metrics: Sequence[float] | None = None,
        multiplier: float = 1.0,
        group: str | None = None,
    ) -> NDArray[Any]:
        """Return the rate of a parameter group at each of some steps, without a model.

        A closed form is computed for all steps at once; any other schedule is stepped on an optimizer of its own.

        Args:
            steps: the steps, counted from 0, in any order; or how many, from 0 on.
            base_lr: the rate that the group starts from, > 0.
            horizon: the length of the run, as in `create_scheduler`.
            metrics: for a schedule that waits for a metric what each ``step`` is given, as many as the highest step.
            multiplier: the group's lr multiplier, > 0, which `base_lr` holds already, and which scales a floor.
            group: the group's name, where the config has values for groups by name.

        Returns:
            float64, of shape (n,): the rate after so many calls of ``step()``.

        Raises:
            HorizonError: the schedule needs a length that neither the config nor `horizon` gives.
            OptimError: a step is negative or no whole number, or `base_lr` or `multiplier` is out of its range, or
                `metrics` does not fit the schedule, or a value is by name and `group` has none, or numpy is not
                installed.

        Example:
            >>> import numpy
            >>> from optim_core import Horizon, registry
            >>> spec = registry.build({"type": "linear", "config": {"num_warmup_steps": 0}})
            >>> spec.curve([0, 50, 100], base_lr=0.5, horizon=Horizon(total_steps=100)).tolist()
            [0.5, 0.25, 0.0]
        """
        from optim_core.run.stepping import Walk, rates_over

        walk = Walk(self.type, self.config, self.build_for, group)
        return rates_over(walk, steps, base_lr, self.counted(horizon), metrics, multiplier)

    @property
    def named_groups(self) -> list[str]:
        """The names of parameter groups for which the config, or that of a schedule in it, has values of their own.

        Example:
            >>> from optim_core import registry
            >>> spec = registry.build({"type": "OneCycleLR", "max_lr": {"matrices": 0.02, "adamw": 3e-4}})
            >>> spec.named_groups
            ['matrices', 'adamw']
        """
        from optim_core.run.each_group import names_of_groups

        parts = [part for part in self.parts if isinstance(part, SchedulerSpec)]
        names = [*names_of_groups(self.config), *(name for part in parts for name in part.named_groups)]
        return list(dict.fromkeys(names))

    @property
    def waits_for_metric(self) -> bool:
        """Whether ``step`` is to be given a metric."""
        from optim_core.run.stepping import waits_for_metric

        return waits_for_metric(self.config)

    @property
    def has_closed_form(self) -> bool:
        """Whether the rate at a step needs none of the steps before it."""
        from optim_core.run.stepping import has_closed_form

        return has_closed_form(self.config)

    def counted(self, horizon: Horizon | None) -> Horizon:
        """Return the horizon counted as this schedule is stepped: in optimizer steps, or in epochs.

        Example:
            >>> from optim_core import Horizon, registry
            >>> spec = registry.build({"type": "StepLR", "config": {"step_size": 10}, "interval": "epoch"})
            >>> spec.counted(Horizon(total_steps=1000, epochs=5)).total_steps
            5
        """
        from optim_core.run.horizon import Horizon

        horizon = horizon or Horizon()
        return horizon.in_epochs() if self.interval == "epoch" else horizon

    def build_for(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make the scheduler at its step 0, for a schedule that is made of others; `horizon` is counted already.

        Args:
            optimizer: whose groups' ``lr`` are the base rates.
            horizon: the length of the run, in what the schedule is stepped by.

        Returns:
            torch's scheduler.

        Raises:
            PluginError: the plugin gives something else than a scheduler.

        Example:
            >>> import torch
            >>> from optim_core import Horizon, registry
            >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
            >>> spec = registry.build({"type": "StepLR", "config": {"step_size": 10}})
            >>> spec.build_for(optimizer, Horizon()).step_size
            10
        """
        scheduler: LRScheduler = self.create(optimizer, horizon)
        return scheduler


@opaque
@attrs.frozen(kw_only=True)
class OptimizerSpec(PluginSpec):
    """An optimizer.

    Args:
        type: the plugin's name.
        config: the instance of its plugin class.
        decay: ExponentialLR for the config's ``lr_decay_gamma``, None where there is none.
        param_groups: what is different for some parameters; the first rule that matches a name decides.
        no_decay: which of ``bias``, ``norm``, ``embedding`` and ``vector`` get no weight decay.
        layer_decay: factor in (0, 1] by which the rate falls with each layer from the head down; None leaves it.
        provided_by: distribution and version, for messages.

    Example:
        >>> from optim_core import registry
        >>> spec = registry.build({"type": "adamw", "config": {"lr": 0.001}, "no_decay": ["bias"]})
        >>> spec.type, spec.config.lr, spec.no_decay
        ('AdamW', 0.001, ('bias',))
    """

    kind: ClassVar[Kind] = "optimizer"

    decay: SchedulerSpec | None = None
    param_groups: tuple[GroupRule, ...] = ()
    no_decay: tuple[str, ...] = ()
    layer_decay: float | None = None

    @property
    def lr_decay_gamma(self) -> float | None:
        """The factor by which the rate is multiplied after each epoch, None where there is none."""
        return None if self.decay is None else float(self.decay.config.gamma)

    @property
    def inner(self) -> OptimizerSpec | None:
        """The optimizer that this one is around, None where it is around none.

        A plugin class is around another optimizer where it has a field `optimizer` of the type OptimizerSpec.

        Example:
            >>> from optim_core import registry
            >>> registry.build({"type": "Lookahead", "config": {"optimizer": {"type": "AdamW"}}}).inner.type
            'AdamW'
        """
        inner = getattr(self.config, AROUND, None)
        return inner if isinstance(inner, OptimizerSpec) else None

    @property
    def _takes_model(self) -> str | None:
        """Whether the plugin class is made from the model as well: "required", "optional" or None."""
        from optim_core.plugin_class.contract import further_arguments

        return further_arguments(type(self.config), self.kind).get("model")

    @property
    def needs_model(self) -> bool:
        """Whether the optimizer, or the one in it, is made from the model, and cannot be of parameters alone.

        Example:
            >>> from optim_core import registry
            >>> registry.build({"type": "AdamW"}).needs_model
            False
        """
        return self.innermost._takes_model == "required"

    @property
    def innermost(self) -> OptimizerSpec:
        """What decides about groups and rates: the optimizer in those that are around another, else this one.

        Example:
            >>> from optim_core import registry
            >>> registry.build({"type": "AdamW", "config": {"lr": 0.001}}).innermost.config.lr
            0.001
        """
        return self if self.inner is None else self.inner.innermost

    @property
    def schedule(self) -> SchedulerSpec | None:
        """The schedule of ``lr_decay_gamma``, its own or that of the optimizer in it; None where there is none.

        Example:
            >>> from optim_core import registry
            >>> registry.build({"type": "AdamW", "lr_decay_gamma": 0.5}).schedule.config.gamma
            0.5
        """
        return self.decay if self.decay is not None or self.inner is None else self.inner.schedule

    def changed(self, **fields: Any) -> Self:
        """Return this spec with other values in some fields; `PluginSpec.changed` says more.

        What ``param_groups`` says of some parameters stays, and all else is for them as for the others.

        Args:
            fields: field to value, as a config would have it.

        Raises:
            ConfigError: a field is unknown, or a value is not possible, there or beside those of a rule.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> rules = [{"match": "bias", "lr_multiplier": 2.0}]
            >>> spec = registry.build({"type": "AdamW", "param_groups": rules}).changed(weight_decay=0.5)
            >>> [group["weight_decay"] for group in spec.create_optimizer(torch.nn.Linear(8, 2)).param_groups]
            [0.5, 0.5]
        """
        made = super().changed(**fields)
        if not (fields and self.param_groups):
            return made
        from optim_core.config.evolving import evolved

        ready_made = tuple(SPECS.values())
        rules = [
            attrs.evolve(rule, config=evolved(made.config, rule.overrides, self.type, ready_made))
            for rule in self.param_groups
        ]
        return attrs.evolve(made, param_groups=tuple(rules))

    def create_optimizer(self, params: Any, *, lr_multipliers: Mapping[Module, float] | None = None) -> Optimizer:
        """Make the optimizer for a model, or for any iterable of parameters that torch takes.

        Parameters with equal options share a group; the groups come in the order of first appearance. What a rule
        freezes requires no gradient afterwards. A group whose rate is multiplied has the factor as ``lr_multiplier``.

        Args:
            params: a model, whose trainable parameters are taken with their names; or an iterable of tensors, of
                (name, tensor) pairs, or of group dicts.
            lr_multipliers: module to factor, > 0; its parameters get ``lr`` times the factor. Of nested modules the
                innermost wins.

        Returns:
            torch's optimizer, or that of the plugin's library.

        Raises:
            ParamGroupError: there is no parameter, or a rule or multiplier means none of them or does not fit them, or
                it, or the plugin itself, needs the model where an iterable is given.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> model = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.Linear(4, 2))
            >>> spec = registry.build({"type": "AdamW", "config": {"lr": 0.001}})
            >>> optimizer = spec.create_optimizer(model, lr_multipliers={model[1]: 5.0})
            >>> [group["lr"] for group in optimizer.param_groups]
            [0.001, 0.005]
        """
        from optim_core.groups.plan import needs_layers
        from optim_core.groups.targets import target_of

        target = target_of(params, layered=needs_layers(self.group_request()))
        if not isinstance(target, list):
            return self._create(target, lr_multipliers)
        from optim_core.groups.targets import refuse_for_ready_made

        refuse_for_ready_made(self.group_request(), lr_multipliers)
        return self._build(target, ())

    def create_optimizer_for_multiple(
        self, models: Sequence[Module], *, lr_multipliers: Mapping[Module, float] | None = None
    ) -> Optimizer:
        """Make one optimizer for several models; a parameter that they share is taken once.

        A plugin class whose `build` takes the model is given them as one ``torch.nn.ModuleList``.

        Args:
            models: at least one model; parameter names begin with the model's index, ``1.head.weight``.
            lr_multipliers: as in `create_optimizer`; a whole model may be a key.

        Returns:
            torch's optimizer, or that of the plugin's library.

        Raises:
            ParamGroupError: as in `create_optimizer`, or an item is not a model.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> encoder, decoder = torch.nn.Linear(8, 4), torch.nn.Linear(4, 8)
            >>> spec = registry.build({"type": "AdamW", "config": {"lr": 0.001}})
            >>> optimizer = spec.create_optimizer_for_multiple([encoder, decoder], lr_multipliers={decoder: 2.0})
            >>> [group["lr"] for group in optimizer.param_groups]
            [0.001, 0.002]
        """
        from optim_core.groups.plan import needs_layers
        from optim_core.groups.targets import target_of_models

        if hasattr(models, "named_parameters") and not hasattr(models, "__iter__"):
            raise ParamGroupError(f"models is a list of them; for one {type(models).__name__} take create_optimizer")
        return self._create(target_of_models(list(models), layered=needs_layers(self.group_request())), lr_multipliers)

    def factory(self, model: Any = None) -> OptimizerFactory:
        """Return what makes this optimizer of parameters alone, for whoever asks for the class of an optimizer.

        It is called as a class of torch's: ``factory(params, lr=0.1)``. skorch, fastai, ZeroRedundancyOptimizer and
        Hydra's partial take it. It can be pickled, with the model in it.

        Args:
            model: the model of which the parameters will be. Names, ``param_groups``, ``no_decay`` and ``layer_decay``
                then go by it; without it the parameters have the names that they are handed over with.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> model = torch.nn.Linear(8, 2)
            >>> make = registry.build({"type": "AdamW", "no_decay": ["bias"]}).factory(model)
            >>> [group["weight_decay"] for group in make(model.parameters(), weight_decay=0.1).param_groups]
            [0.1, 0.0]
        """
        return OptimizerFactory(self, model)

    def create_scheduler(self, optimizer: Optimizer) -> LRScheduler | None:
        """Make ExponentialLR where ``lr_decay_gamma`` is set, to be stepped once an epoch; else return None.

        Returns:
            torch's scheduler, or None.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> spec = registry.build({"type": "AdamW", "lr_decay_gamma": 0.5})
            >>> spec.create_scheduler(spec.create_optimizer(torch.nn.Linear(8, 2))).gamma
            0.5
        """
        return None if self.schedule is None else self.schedule.create_scheduler(optimizer)

    def group_request(self) -> GroupRequest:
        """Return what the config asks of the parameter groups.

        Example:
            >>> from optim_core import registry
            >>> registry.build({"type": "AdamW", "no_decay": ["bias"]}).group_request().no_decay
            ('bias',)
        """
        from optim_core.groups.request import GroupRequest

        inner = self.innermost
        return GroupRequest(inner.type, inner.config, inner.param_groups, inner.no_decay, inner.layer_decay)

    def _create(
        self,
        target: Target,
        lr_multipliers: Mapping[Module, float] | None,
        groups_of: Callable[[Plan], list[Any]] | None = None,
    ) -> Optimizer:
        """Make the optimizer; `groups_of` gives its groups where they are not those of the plan."""
        from optim_core.groups.plan import plan_of
        from optim_core.groups.refusals import refuse_rates_without_effect, refuse_unknown_options

        plan = plan_of(self.group_request(), target, lr_multipliers)
        refuse_rates_without_effect(plan)
        optimizer = self._build(plan.groups() if groups_of is None else groups_of(plan), target.models, plan)
        refuse_unknown_options(plan, optimizer)
        plan.freeze()
        return optimizer

    def _build(self, params: Any, models: Sequence[Module], plan: Plan | None = None) -> Optimizer:
        from optim_core.groups.names import name_groups
        from optim_core.plugin_class.needs import has_modes
        from optim_core.run.guard import guarded
        from optim_core.run.later_groups import takes_later_groups

        optimizer: Optimizer = guarded(self.build_for(params, models), self.types)
        if has_modes(optimizer):
            optimizer.train()  # type: ignore[attr-defined]
        # Only now, since a constructor may take no keys in a group but its own, or divide a group further.
        if plan is None:
            name_groups(optimizer)
        else:
            name_groups(optimizer, plan.planned_names(), given=plan.given_names())
        by_user = len(params) == len(optimizer.param_groups) and (plan is None or plan.is_by_rules)
        return takes_later_groups(optimizer, models, by_config=not by_user)

    def build_for(self, params: Any, models: Sequence[Module] = ()) -> Optimizer:
        """Make the optimizer of ready-made groups or of parameters, for one that is made around another.

        It checks nothing of what is loaded into it: the one around it does, by its own names.

        Args:
            params: what ``torch.optim.Optimizer`` takes; neither rules nor multipliers act on it.
            models: the models of the parameters, for a plugin class whose `build` takes the model; none where they are
                not known.

        Returns:
            the optimizer.

        Raises:
            ParamGroupError: the plugin needs the model, and there is none.
            PluginError: the plugin gives something else than an optimizer.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> model = torch.nn.Linear(8, 2)
            >>> spec = registry.build({"type": "SGD", "config": {"lr": 0.1}})
            >>> spec.build_for([{"params": list(model.parameters()), "lr": 0.5}]).param_groups[0]["lr"]
            0.5
        """
        from optim_core.groups.targets import MODEL, as_one_model

        declared = self._takes_model
        if declared == "required" and not models:
            raise ParamGroupError(f"{self.type} is made from the model, and is given its parameters alone: {MODEL}")
        further = {"model": as_one_model(models)} if declared and models else {}
        optimizer: Optimizer = self.create(params, **further)
        return optimizer


@attrs.frozen(eq=False)
class OptimizerFactory:
    """Makes an optimizer of parameters, as a class of torch's does; `OptimizerSpec.factory` makes it.

    Args:
        spec: the optimizer.
        model: the model that the parameters are of; None where that is not known.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> make = registry.build({"type": "SGD", "config": {"lr": 0.1}}).factory()
        >>> make([torch.zeros(2, requires_grad=True)], momentum=0.9).defaults["momentum"]
        0.9
    """

    spec: OptimizerSpec
    model: Any = None

    def __call__(self, params: Any, **overrides: Any) -> Optimizer:
        """Make the optimizer.

        Args:
            params: tensors, (name, tensor) pairs or group dicts; with a model, some of its parameters. Those that are
                frozen are left out then, as they are of a model. Groups stay divided as they are, and have the
                options that the config has for their parameters.
            overrides: fields of the config with other values, such as ``lr``.

        Raises:
            ConfigError: a field is unknown, or a value is not possible.
            ParamGroupError: as in `OptimizerSpec.create_optimizer`; or a parameter is not of the model, or a group
                says something else than the config, or holds parameters that the config keeps apart.
        """
        spec = self.spec.changed(**overrides)
        if self.model is None:
            return spec.create_optimizer(params)
        from optim_core.groups.handed import groups_of_handed

        return spec._create(self._target(), None, partial(groups_of_handed, params=params))

    def groups(self, **overrides: Any) -> list[dict[str, Any]]:
        """Return the parameters of the model in the groups that the config makes, for whoever divides them once more.

        ZeroRedundancyOptimizer gives each process a part of each group, and needs the same groups in all.

        Args:
            overrides: fields of the config with other values.

        Raises:
            ParamGroupError: as in `OptimizerSpec.create_optimizer`; or there is no model.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> spec = registry.build({"type": "AdamW", "config": {"lr": 0.1}, "no_decay": ["bias"]})
            >>> groups = spec.factory(torch.nn.Linear(8, 2)).groups()
            >>> [(len(group["params"]), group.get("weight_decay")) for group in groups]
            [(1, None), (1, 0.0)]
        """
        if self.model is None:
            raise ParamGroupError("groups are those of a model: give it to factory(model)")
        from optim_core.groups.handed import without_names
        from optim_core.groups.plan import plan_of

        return without_names(plan_of(self.spec.changed(**overrides).group_request(), self._target(), None).groups())

    def _target(self) -> Target:
        from optim_core.groups.plan import needs_layers
        from optim_core.groups.targets import target_of_models

        return target_of_models([self.model], layered=needs_layers(self.spec.group_request()))


@opaque
@attrs.frozen(kw_only=True)
class ClipperSpec(PluginSpec):
    """A way to clip gradients.

    Args:
        type: the plugin's name.
        config: the instance of its plugin class.
        provided_by: distribution and version, for messages.

    Example:
        >>> from optim_core import registry
        >>> registry.build({"type": "norm", "max_norm": 1.0}).config.max_norm
        1.0
    """

    kind: ClassVar[Kind] = "clipper"

    def create_clipper(self) -> Clipper:
        """Make the clipper; call its ``clip(parameters)`` between ``backward()`` and ``step()``.

        Returns:
            an object with ``clip(parameters)``, which returns the norm before clipping.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> weight = torch.zeros(2, requires_grad=True)
            >>> weight.grad = torch.tensor([3.0, 4.0])
            >>> registry.build({"type": "norm", "max_norm": 1.0}).create_clipper().clip([weight])
            tensor(5.)
        """
        clipper: Clipper = self.create()
        return clipper


SPECS: dict[Kind, type[Any]] = {cls.kind: cls for cls in (OptimizerSpec, SchedulerSpec, ClipperSpec)}
"""Kind to the class of its specs, for the kinds whose specs do more than to make an object of their plugin class."""


# The field that holds the spec of the optimizer that another one is around.
AROUND = "optimizer"


def is_around(cls: type[Any]) -> bool:
    """Tell whether a plugin class is that of an optimizer around another one.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.specs import is_around
        >>> is_around(registry.optimizers["Lookahead"]), is_around(registry.optimizers["AdamW"])
        (True, False)
    """
    return field_types(cls).get(AROUND) is OptimizerSpec


@cache
def spec_class(kind: Kind) -> type[Any]:
    """Return the class of the specs of a kind.

    Example:
        >>> from optim_core.specs import spec_class
        >>> spec_class("optimizer").__name__
        'OptimizerSpec'
    """
    return SPECS.get(kind) or type(f"{kind.title()}Spec", (PluginSpec,), {"kind": kind})
