"""What a plugin class, a clipper and a provider must offer.

All of it is structural: a distribution satisfies these protocols without importing optim_core. A plugin class is an
attrs class; its fields are the config, and are typed with what a config file can hold: ``float``, ``int``, ``bool``,
``str``, ``Literal``, ``list``, ``tuple``, ``dict``, unions of these with each other and with ``None``, other attrs
classes, `optim_core.Duration`, and the specs of components that it holds. Its module imports nothing heavy at the top:
the import of torch, or of what it wraps, stands in `build`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core.run.horizon import Horizon

__all__ = [
    "Clipper",
    "ClipperPlugin",
    "ClosedForm",
    "OptimizerPlugin",
    "PluginClass",
    "Provider",
    "SchedulerPlugin",
]


class PluginClass(Protocol):
    """An attrs class, frozen and keyword-only by custom.

    Its docstring begins with one line that says what it is and where it comes from (paper or document); a section
    ``Args:`` in Google's style says for each field the meaning, the unit and the range. A class whose required fields
    are hard to guess may offer ``example: ClassVar``, a mapping that is a valid config.

    One that by its nature lacks a property of the conformance kit declares it by ``conformance: ClassVar``, a mapping
    of the property's name, or ``fields.NAME``, to ``"refuses: why"`` where it raises, or ``"differs: why"`` where it
    does something else. `optim_conformance` then checks that it does as declared. An optimizer for which the rate of a
    group does nothing declares ``"lr_multipliers": "refuses: why"``, and core refuses whatever would give groups rates.
    """

    __attrs_attrs__: ClassVar[Any]


class OptimizerPlugin(PluginClass, Protocol):
    """The config of an optimizer.

    One that treats some parameters otherwise than the rest may offer one of two methods. Each gives the options of a
    parameter's group, by the names that the optimizer has for them; parameters with equal options share a group.

    - ``group_options(info)``: a mapping for one parameter, of which the `optim_core.ParameterInfo` says what it is;
    - ``group_options_for(infos)``: a mapping for each of all parameters, in their order, where the choice for one
      depends on the others. It is asked instead of the first.

    Where a rule of the config, or ``no_decay``, changes fields for some parameters, the method of a config with those
    changes is asked, with all parameters, and what it says of those counts. It changes nothing, and raises
    `optim_core.ParamGroupError` for what it refuses. A rate is multiplied by ``info.lr_multiplier`` afterwards, unless
    the options hold an ``lr_multiplier`` of their own, which then counts instead. Without either method a group gets
    the fields that a rule changes, by their names.

    One with several base rates names them, so that `optim plot` draws each: ``rates: ClassVar``, a mapping of what the
    parameters are, in a word or two, to the field with their rate, ``{"matrices": "lr", "AdamW's": "adamw_lr"}``; and
    ``unmultiplied: ClassVar``, those of the fields that no multiplier acts on. Without `rates` the rate is ``lr``.
    """

    def build(self, params: Any) -> Optimizer:
        """Makes the optimizer.

        Args:
            params: what ``torch.optim.Optimizer`` takes: an iterable of tensors, of (name, tensor) pairs, or a list of
                group dicts. A group may set ``lr``, which then stands for this group instead of the config's. The
                callee owns it.
        """
        ...


class SchedulerPlugin(PluginClass, Protocol):
    """The config of a learning-rate schedule.

    It may offer ``interval``, "step" (default) or "epoch": after which of the two ``step()`` is to be called. One whose
    ``step`` takes a metric has a field ``monitor``, the metric's name or None: that is how it is known.

    A field that means a length in steps has the type `optim_core.Duration`, whose ``resolve(horizon, needed_by)`` gives
    the number of calls of ``step()``.

    One that knows the rate at a step without the steps before it may say so, so that it is drawn without being stepped
    and continued at a step at once. It offers one of two methods, and builds a ``LambdaLR``:

    - ``factor(step)``: the multiple of the base rate at one step, an int from 0, where the config alone decides it;
    - ``closed_form(horizon)``: a `ClosedForm`, where the run does too, or where the curve has absolute rates. A
      schedule that has one in some configs only makes it a property that is None in the others.

    An absolute rate, such as a floor, is for a group the config's times ``group.get("lr_multiplier", 1.0)``.
    """

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Makes the scheduler, at its step 0.

        Args:
            optimizer: its groups' ``lr`` are the base rates.
            horizon: the length of the run as far as the caller gave it. A schedule that needs a length and has none in
                its config asks ``horizon.require("total_steps", name)``, whose error names what is missing.
        """
        ...


class ClosedForm(Protocol):
    """A schedule in a run of known length, as arithmetic on the step."""

    def rates(self, steps: NDArray[Any], base_lr: float, multiplier: float = 1.0) -> NDArray[Any]:
        """The rate of a group that starts from `base_lr` at each of `steps`.

        Args:
            steps: calls of ``step()`` before, int64 ≥ 0, of shape (n,), in any order.
            base_lr: > 0.
            multiplier: the group's lr multiplier, > 0, which `base_lr` holds already; an absolute rate is times it.

        Returns:
            float64, of shape (n,).
        """
        ...


class ClipperPlugin(PluginClass, Protocol):
    """The config of a way to clip gradients."""

    def build(self) -> Clipper:
        """Makes the clipper."""
        ...


class Clipper(Protocol):
    """Changes gradients in place, between ``backward()`` and ``step()``."""

    def clip(self, parameters: Iterable[Tensor]) -> Tensor:
        """Clips the gradients of `parameters`; those without one are passed over.

        Returns:
            The norm of all gradients before clipping, a tensor of shape ().
        """
        ...


class Provider(Protocol):
    """Many plugins of one kind from one library, behind one entry point of the group ``optim_core.providers``.

    The entry point names an object, or a class that is called without arguments. Importing its module, `names` and
    `load` import nothing heavy. A name that a distribution claims by an entry point of its own wins over the provider,
    whose plugin is then reached as ``provider:name``.

    Where the library lacks what a method needs, the method raises a LookupError that says so, and what to do: it is
    shown as it stands. A library that is not installed is a ModuleNotFoundError.

    It may also have ``why_not(self, name) -> str | None``: what is said to somebody who asks for a name of the library
    that is not offered, None for any other name.
    """

    @property
    def kind(self) -> str:
        """The kind of what it offers: "optimizer", "scheduler" or "clipper"."""
        ...

    def names(self) -> Iterable[str]:
        """The names that it offers here and now."""
        ...

    def load(self, name: str) -> type[Any]:
        """The plugin class of one of these names."""
        ...
