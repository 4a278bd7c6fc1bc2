"""What a plugin class, a clipper and a provider must offer.

The protocols are structural: a class keeps one by its attributes and methods, and its distribution need not import
optim_core. A plugin class is an attrs class; its fields are the config, and are typed with what a config file can hold:
``float``, ``int``, ``bool``, ``str``, ``Literal``, ``list``, ``tuple``, ``dict``, unions of these with each other and
with ``None``, other attrs classes, `optim_core.Duration`, and the specs of components that it holds. The module of a
plugin class imports nothing heavy at its top: the import of torch, or of what the class wraps, stands in `build`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

if TYPE_CHECKING:
    from argparse import Namespace
    from types import SimpleNamespace

    from numpy.typing import NDArray
    from torch import Tensor
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core.run.horizon import Horizon

__all__ = [
    "Clipper",
    "ClipperPlugin",
    "ClosedForm",
    "ConfigReader",
    "NamedFields",
    "OptimizerPlugin",
    "PluginClass",
    "Provider",
    "SchedulerPlugin",
]


class PluginClass(Protocol):
    """A plugin class of any kind: an attrs class, frozen and keyword-only by custom.

    Its docstring begins with one line that says what it is and where it comes from (paper or document); a section
    ``Args:`` in Google's style says for each field the meaning, the unit and the range. A class whose required fields
    are hard to guess may offer ``example: ClassVar``, a mapping that is a valid config.

    A class that by its nature lacks a property of the conformance kit declares that by ``conformance: ClassVar``, a
    mapping of the property's name, or ``fields.NAME``, to ``"refuses: why"`` where it raises, or ``"differs: why"``
    where it does something else. `optim_conformance` then checks that it does as declared. An optimizer for which the
    rate of a group does nothing declares ``"lr_multipliers": "refuses: why"``, and core refuses whatever would give
    groups rates.

    A class may also have a static method ``why_not(key, value) -> str | None``: what is said to somebody who gives it a
    key that is no field, or a value that a field's type has not got, such as one that needs a newer library.

    Example:
        >>> import attrs
        >>> @attrs.frozen(kw_only=True)
        ... class PlainSGD:
        ...     lr: float = attrs.field(default=0.1, validator=attrs.validators.gt(0))
        ...     def build(self, params):
        ...         from torch.optim import SGD
        ...         return SGD(params, lr=self.lr)
        >>> PlainSGD(lr=0.5)
        PlainSGD(lr=0.5)
    """

    __attrs_attrs__: ClassVar[Any]


class OptimizerPlugin(PluginClass, Protocol):
    """The config of an optimizer.

    An optimizer that treats some parameters otherwise than the rest may offer one of two methods. Either gives the
    options of a parameter's group, by the names that the optimizer has for them; parameters with equal options share a
    group.

    - ``group_options(info)``: a mapping for one parameter, of which the `optim_core.ParameterInfo` says what it is;
    - ``group_options_for(infos)``: a mapping for each of all parameters, in their order, where the choice for one
      depends on the others. Where a class has both methods, this one is asked.

    Where a rule of the config, or ``no_decay``, changes fields for some parameters, the method of a config with those
    changes is asked, with all parameters, and what it says of the changed ones counts. Neither method changes anything;
    each raises `optim_core.ParamGroupError` for what it refuses. A rate is multiplied by ``info.lr_multiplier``
    afterwards, unless the options hold an ``lr_multiplier`` of their own, which then counts instead. Without either
    method a group gets the fields that a rule changes, by their names.

    An optimizer with several base rates names them, so that `optim plot` draws each: ``rates: ClassVar``, a mapping of
    what the parameters are, in a word or two, to the field with their rate, ``{"matrices": "lr", "AdamW's":
    "adamw_lr"}``; and ``unmultiplied: ClassVar``, those of the fields that no multiplier acts on. Without `rates` the
    rate is ``lr``.

    An optimizer whose ``lr`` is no rate like those of Adam and its kin says what it is, and how large it usually is, by
    ``lr_meaning``: three things, ``("the rate of the matrices", 2e-3, 0.5)``, as a ``ClassVar`` or, where the other
    fields decide, a property that is None where there is nothing to say. An ``lr`` outside of that range, given without
    the other rates of the class, was most likely written for another optimizer whose ``type`` alone was changed: it is
    told by an `optim_core.UnusualRateWarning`.

    An optimizer that needs more of the training loop than gradients says so by ``needs``, a tuple of the words
    "closure" (``step`` computes the loss several times), "create_graph" (gradients are differentiated again),
    "gradients" (beside a closure, gradients are to be there already) and "modes" (it has ``train()`` and ``eval()``, to
    be called before steps and before evaluation).

    An optimizer around another one has a field `optimizer` of the type `optim_core.OptimizerSpec`, which is that of the
    other one, and makes it by ``optimizer.build_for(params, models)``. What is said of parameter groups is said of the
    inner optimizer, and the groups that `build` is given are those for it.

    Example:
        >>> import attrs
        >>> from optim_core import Registry
        >>> @attrs.frozen(kw_only=True)
        ... class PlainSGD:
        ...     lr: float = 0.1
        ...     def build(self, params):
        ...         from torch.optim import SGD
        ...         return SGD(params, lr=self.lr)
        >>> registry = Registry()
        >>> registry.register("optimizer", "PlainSGD", PlainSGD)
        >>> registry.build({"type": "plain-sgd", "lr": 0.5}).config
        PlainSGD(lr=0.5)
    """

    def build(self, params: Any) -> Optimizer:
        """Make the optimizer.

        Args:
            params: what ``torch.optim.Optimizer`` takes: an iterable of tensors, of (name, tensor) pairs, or a list of
                group dicts. A group may set ``lr``, which then stands for this group instead of the config's. `build`
                may keep and change what it is given.

        A `build` that declares a third parameter, ``build(self, params, model)``, is also given the model, as the
        caller handed it over: of several models a ``ModuleList``, where names begin with the model's index too. The
        parameters to train and their names are those in `params`; the model is for what else is to be known of them.
        Who hands over parameters alone is told to hand over the model. With a default, ``model=None``, `build` is then
        called without it.
        """
        ...


class SchedulerPlugin(PluginClass, Protocol):
    """The config of a learning-rate schedule.

    A schedule may offer ``interval``, "step" (default) or "epoch": after which of the two ``step()`` is to be called. A
    schedule whose ``step`` takes a metric has a field ``monitor``, the metric's name or None; by that field optim-core
    knows that it waits for one.

    A field that means a length in steps has the type `optim_core.Duration`, whose ``resolve(horizon, needed_by)`` gives
    the number of calls of ``step()``.

    ``lengths``, a mapping of field to what it is the length of, lets optim-core refuse what cannot be: "warmup", which
    is shorter than the run, "run", the schedule itself, and "point", a point in the run; "warmup_epochs" and
    "run_epochs" where a bare number is epochs however the schedule is stepped.

    A schedule that knows the rate at a step without the steps before it may say so; it is then drawn without being
    stepped, and continues at any step at once. It offers one of two methods, and builds a ``LambdaLR``:

    - ``factor(step)``: the multiple of the base rate at one step, an int from 0, where the config alone decides it;
    - ``closed_form(horizon)``: a `ClosedForm`, where the length of the run decides it too, or where the curve has
      absolute rates. A schedule that has one in some configs only makes it a property that is None in the others.

    An absolute rate in the config, such as a floor, is multiplied by each group's
    ``group.get("lr_multiplier", 1.0)``.

    Example:
        >>> import attrs
        >>> @attrs.frozen(kw_only=True)
        ... class Halving:
        ...     every: int = 1000
        ...     def factor(self, step):
        ...         return 0.5 ** (step // self.every)
        ...     def build(self, optimizer, horizon):
        ...         from torch.optim.lr_scheduler import LambdaLR
        ...         return LambdaLR(optimizer, self.factor)
        >>> Halving().factor(2500)
        0.25
    """

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make the scheduler, at its step 0.

        Args:
            optimizer: its groups' ``lr`` are the base rates.
            horizon: the length of the run as far as the caller gave it. A schedule that needs a length and has none in
                its config asks ``horizon.require("total_steps", name)``, whose error names what is missing.
        """
        ...


class ClosedForm(Protocol):
    """A schedule in a run of known length, as arithmetic on the step.

    Example:
        >>> import numpy
        >>> class StraightLine:
        ...     def rates(self, steps, base_lr, multiplier=1.0):
        ...         return base_lr * (1 - steps / 100)
        >>> StraightLine().rates(numpy.array([0, 50, 100]), base_lr=0.5).tolist()
        [0.5, 0.25, 0.0]
    """

    def rates(self, steps: NDArray[Any], base_lr: float, multiplier: float = 1.0) -> NDArray[Any]:
        """Return the rate of a group that starts from `base_lr`, at each of `steps`.

        Args:
            steps: how often ``step()`` was called before, int64 ≥ 0, of shape (n,), in any order.
            base_lr: the rate at the start, > 0.
            multiplier: the group's lr multiplier, > 0. `base_lr` holds it already; an absolute rate of the config is to
                be multiplied by it.

        Returns:
            float64, of shape (n,).
        """
        ...


class ClipperPlugin(PluginClass, Protocol):
    """The config of a way to clip gradients.

    Example:
        >>> import attrs
        >>> @attrs.frozen(kw_only=True)
        ... class ByNorm:
        ...     max_norm: float = 1.0
        ...     def build(self):
        ...         return self
        ...     def clip(self, parameters):
        ...         from torch.nn.utils import clip_grad_norm_
        ...         return clip_grad_norm_(parameters, self.max_norm)
        >>> ByNorm().build()
        ByNorm(max_norm=1.0)
    """

    def build(self) -> Clipper:
        """Make the clipper."""
        ...


class Clipper(Protocol):
    """What changes gradients in place, between ``backward()`` and ``step()``.

    `clip` waits for no device. What a clipper would have to wait for to say, such as that a norm is not finite, it may
    say in ``tell(self) -> None``, which is called where somebody reads a norm, at the end of an epoch, and where the
    run is saved. It warns of what is not told yet. A clipper that counts offers ``steps``, an int, and ``clipped`` and
    ``nonfinite``, each an int or a tensor of shape (): in how many of the steps there was something to clip, and in how
    many the norm was not finite.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> clipper = registry.build({"type": "norm", "max_norm": 1.0}).create_clipper()
        >>> weight = torch.zeros(2, requires_grad=True)
        >>> weight.grad = torch.tensor([3.0, 4.0])
        >>> clipper.clip([weight])
        tensor(5.)
    """

    def clip(self, parameters: Iterable[Tensor]) -> Tensor:
        """Clip the gradients of `parameters`, and pass over parameters that have none.

        Returns:
            The norm of all gradients before clipping, a tensor of shape ().
        """
        ...


class Provider(Protocol):
    """Many plugins of one kind from one library, behind one entry point of the group ``optim_core.providers``.

    The entry point names an object, or a class that is called without arguments. Neither importing its module nor
    calling `names` or `load` imports anything heavy. A name that a distribution claims by an entry point of its own
    wins over the same name of a provider, whose plugin is then reached as ``provider:name``.

    Where the library lacks what a method needs, the method raises a LookupError that says so, and what to do; users
    read its message as it stands. Where the library is not installed, a method raises ModuleNotFoundError.

    A provider may also have ``why_not(self, name) -> str | None``: what is said to somebody who asks for a name of the
    library that is not offered, None for any other name. And ``summary(self, name) -> str | None``: what one of its
    plugins is, in one line, for `optim list`, which asks for all of them and loads none.

    Example:
        >>> from optim_core import registry
        >>> class TorchSGD:
        ...     kind = "optimizer"
        ...     def names(self):
        ...         return ["SGD"]
        ...     def load(self, name):
        ...         return registry.optimizers[name]
        >>> TorchSGD().load("SGD").__name__
        'SGD'
    """

    @property
    def kind(self) -> str:
        """The kind of what it offers: "optimizer", "scheduler" or "clipper"."""
        ...

    def names(self) -> Iterable[str]:
        """Return the names that the provider offers here and now."""
        ...

    def load(self, name: str) -> type[Any]:
        """Return the plugin class of one of the names that `names` gives."""
        ...


class _OfDataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


class _OfPydantic(Protocol):
    def model_dump(self, *args: Any, **kwargs: Any) -> dict[str, Any]: ...


NamedFields: TypeAlias = "SimpleNamespace | Namespace | PluginClass | _OfDataclass | _OfPydantic"
"""An object of named fields, which is read as the mapping that it is: a namespace, or an instance of a dataclass, of an
attrs class or of a model of pydantic's."""


class ConfigReader(Protocol):
    """What reads and writes recipes: a `Registry`, for modules that stand below it.

    Example:
        >>> from optim_core import registry
        >>> reader = registry
        >>> reader.to_config(reader.recipe({"type": "AdamW"}))["optimizer"]["type"]
        'AdamW'
    """

    @property
    def is_default(self) -> bool:
        """Whether it is the default one of a process, which another process has too."""
        ...

    def recipe(self, config: Any) -> Any:
        """Return the recipe of a config."""
        ...

    def to_config(self, built: Any) -> dict[str, Any]:
        """Return the canonical config of a recipe."""
        ...
