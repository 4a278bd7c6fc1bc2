"""OptimizerSpecification, AdamSpec, AdamWSpec, MuonSpec: optimizers as frozen values that a checkpoint can hold."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, final

import attrs

from optim_core.compat.arguments import as_arguments, key_of, problem
from optim_core.config.structuring.class_plan import ALIASES
from optim_core.errors import ConfigError, Problem
from optim_core.registry import registry
from optim_core.text.names import normalise
from optim_core.text.spelling import nearest
from optim_core.text.values import shown

if TYPE_CHECKING:
    from torch.nn import Module
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core.specs import OptimizerSpec

__all__ = ["AdamSpec", "AdamWSpec", "MuonSpec", "OptimizerSpecification", "RegisteredSpec"]

DECAY = "lr_decay_gamma"


@attrs.frozen(kw_only=True)
class OptimizerSpecification(abc.ABC):
    """An optimizer with its numbers, as a value: frozen, compared by value, and checked when it is made.

    Example:
        >>> from optim_core.compat import AdamWSpec, OptimizerSpecification
        >>> saved = {"optimizer_type": "adamw", "optimizer_params": {"learning_rate": 0.01}}
        >>> specification = OptimizerSpecification.from_serialized(saved["optimizer_type"], saved["optimizer_params"])
        >>> specification == AdamWSpec(learning_rate=0.01)
        True
    """

    @property
    @abc.abstractmethod
    def optimizer_type(self) -> str:
        """The name of the optimizer, which is saved beside what `to_dict` returns."""

    @abc.abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain data, which `from_serialized` takes, also from JSON.

        Example:
            >>> from optim_core.compat import RegisteredSpec
            >>> RegisteredSpec(optimizer_type="Rprop", params={"lr": 0.01}).to_dict()["lr"]
            0.01
        """

    def create_optimizer(self, model: Module, lr_multipliers: Mapping[Module, float] | None = None) -> Optimizer:
        """Make the optimizer for the trainable parameters of `model`.

        Args:
            model: a module.
            lr_multipliers: module to factor, > 0; its parameters get the rate times the factor. Of nested modules the
                innermost wins.

        Returns:
            torch's optimizer, or that of the plugin's library.

        Raises:
            ParamGroupError: there is no parameter, or a multiplier means none of them.

        Example:
            >>> import torch
            >>> from optim_core.compat import AdamWSpec
            >>> AdamWSpec(learning_rate=0.01).create_optimizer(torch.nn.Linear(8, 2)).defaults["lr"]
            0.01
        """
        return _built(self).create_optimizer(model, lr_multipliers=lr_multipliers)

    def create_optimizer_for_multiple(
        self, models: Sequence[Module], lr_multipliers: Mapping[Module, float] | None = None
    ) -> Optimizer:
        """Make one optimizer for several models; a parameter that they share is taken once.

        Args:
            models: several models.
            lr_multipliers: a factor of the rate for each of some modules.

        Returns:
            torch's optimizer, or that of the plugin's library.

        Example:
            >>> import torch
            >>> from optim_core.compat import AdamWSpec
            >>> encoder, decoder = torch.nn.Linear(8, 4), torch.nn.Linear(4, 8)
            >>> optimizer = AdamWSpec().create_optimizer_for_multiple([encoder, decoder], {decoder: 2.0})
            >>> [group["lr"] for group in optimizer.param_groups]
            [0.001, 0.002]
        """
        return _built(self).create_optimizer_for_multiple(models, lr_multipliers=lr_multipliers)

    def create_scheduler(self, optimizer: Optimizer) -> LRScheduler | None:
        """Make ExponentialLR where ``lr_decay_gamma`` is set, to be stepped once an epoch; else return None.

        Returns:
            torch's scheduler, or None.

        Example:
            >>> import torch
            >>> from optim_core.compat import AdamWSpec
            >>> specification = AdamWSpec(lr_decay_gamma=0.5)
            >>> optimizer = specification.create_optimizer(torch.nn.Linear(8, 2))
            >>> specification.create_scheduler(optimizer).gamma
            0.5
        """
        return _built(self).create_scheduler(optimizer)

    @staticmethod
    def from_serialized(optimizer_name: str, params: Mapping[str, Any]) -> OptimizerSpecification:
        """Return the specification that `optimizer_type` and `to_dict` came from.

        Args:
            optimizer_name: any name that the registry knows, matched without case; adam, adamw and muon give the class
                of this module for it, any other name gives a `RegisteredSpec`.
            params: the fields, as `to_dict` gave them or as JSON made of that; those left out have their defaults.

        Raises:
            ConfigError: with all that is wrong with `params`.
            UnknownTypeError: nothing installed has the name.

        Example:
            >>> from optim_core.compat import OptimizerSpecification
            >>> OptimizerSpecification.from_serialized("adamw", {"learning_rate": 0.01, "betas": [0.9, 0.95]}).betas
            (0.9, 0.95)
        """
        cls = CLASSES.get(normalise(optimizer_name)) if isinstance(optimizer_name, str) else None
        if cls is None or not isinstance(params, Mapping):
            return RegisteredSpec(optimizer_type=optimizer_name, params=params)
        return _from_params(cls, params)


def _build(optimizer_type: str, params: Any) -> OptimizerSpec:
    """Return the spec of a serialized pair, the optimizer's type and its fields.

    Raises:
        ConfigError: the paths of its problems are the keys of `params`.
    """
    with as_arguments(lambda path: path.removeprefix("optimizer_params.")):
        return registry.build({"optimizer_type": optimizer_type, "optimizer_params": params}, "optimizer")


def _built(specification: OptimizerSpecification) -> OptimizerSpec:
    return _build(specification.optimizer_type, specification.to_dict())


@attrs.frozen(kw_only=True)
class _OfFields(OptimizerSpecification):
    """A specification that is saved by the fields of its class."""

    def __attrs_post_init__(self) -> None:
        spec = _built(self)
        checked = {"learning_rate": spec.config.lr, DECAY: spec.lr_decay_gamma}
        # Specifications that mean the same hold the same values, however written: betas from JSON are a list.
        for name, given in self.to_dict().items():
            object.__setattr__(self, name, checked.get(name, getattr(spec.config, name, given)))

    def to_dict(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in attrs.fields(type(self))}


@final
@attrs.frozen(kw_only=True)
class AdamSpec(_OfFields):
    """Adam.

    Args:
        learning_rate: > 0.
        lr_decay_gamma: the rate is multiplied by this after each epoch, > 0; None leaves it.
        betas: decay of the averages of the gradient and of its square, each in [0, 1).
        eps: what is added to the divisor of a step, > 0.
        weight_decay: L2 penalty, ≥ 0.

    Raises:
        ConfigError: a value is wrong; the path is the field.

    Example:
        >>> from optim_core.compat import AdamSpec
        >>> AdamSpec(learning_rate=0.01).to_dict()["betas"]
        (0.9, 0.999)
    """

    optimizer_type: ClassVar[str] = "adam"

    learning_rate: float = 0.001
    lr_decay_gamma: float | None = None
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0


@final
@attrs.frozen(kw_only=True)
class AdamWSpec(_OfFields):
    """AdamW: as Adam, with a weight decay that does not pass through the averages.

    Args:
        learning_rate: > 0.
        lr_decay_gamma: the rate is multiplied by this after each epoch, > 0; None leaves it.
        betas: decay of the averages of the gradient and of its square, each in [0, 1).
        eps: what is added to the divisor of a step, > 0.
        weight_decay: times the rate, the share of each weight that a step takes away, ≥ 0.

    Raises:
        ConfigError: a value is wrong; the path is the field.

    Example:
        >>> from optim_core.compat import AdamWSpec
        >>> AdamWSpec(learning_rate=0.01).to_dict()["weight_decay"]
        0.01
    """

    optimizer_type: ClassVar[str] = "adamw"

    learning_rate: float = 0.001
    lr_decay_gamma: float | None = None
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.01


@final
@attrs.frozen(kw_only=True)
class MuonSpec(_OfFields):
    """Muon for matrices, AdamW for all other parameters; provided by the distribution optim-muon.

    Args:
        learning_rate: Muon's, > 0.
        adamw_lr: AdamW's, > 0.
        lr_decay_gamma: both rates are multiplied by this after each epoch, > 0; None leaves them.
        momentum: Muon's, in [0, 1).
        nesterov: whether Muon's momentum is Nesterov's.
        weight_decay: AdamW's, ≥ 0.
        betas: AdamW's, each in [0, 1).

    Raises:
        ConfigError: a value is wrong; the path is the field.
        UnknownTypeError: optim-muon is not installed.

    Example:
        >>> from optim_core.compat import MuonSpec
        >>> MuonSpec(adamw_lr=0.001).to_dict()["momentum"]
        0.95
    """

    optimizer_type: ClassVar[str] = "muon"

    learning_rate: float = 0.02
    adamw_lr: float = 0.0003
    lr_decay_gamma: float | None = None
    momentum: float = 0.95
    nesterov: bool = True
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.999)


@final
@attrs.frozen(kw_only=True)
class RegisteredSpec(OptimizerSpecification):
    """Any optimizer that is installed, under its own names for its fields.

    Args:
        optimizer_type: the optimizer's name.
        params: its fields, ``lr_decay_gamma`` included; those left out are filled in.

    Raises:
        ConfigError: a field is wrong; the path is its name.
        UnknownTypeError: nothing installed has the name.

    Example:
        >>> from optim_core.compat import RegisteredSpec
        >>> RegisteredSpec(optimizer_type="rmsprop", params={"lr": 0.01}).optimizer_type
        'RMSprop'
    """

    optimizer_type: str
    params: Mapping[str, Any] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        spec = _build(self.optimizer_type, self.params)
        object.__setattr__(self, "optimizer_type", spec.type)
        object.__setattr__(self, "params", {**registry.to_config(spec)["config"], DECAY: spec.lr_decay_gamma})

    def to_dict(self) -> dict[str, Any]:
        return dict(self.params)


CLASSES: dict[str, type[_OfFields]] = {cls.optimizer_type: cls for cls in (AdamSpec, AdamWSpec, MuonSpec)}


def _from_params(cls: type[_OfFields], params: Mapping[str, Any]) -> _OfFields:
    fields = [field.name for field in attrs.fields(cls)]
    strays = [_stray(key, cls, fields) for key in params if key not in fields]
    try:
        specification = cls(**{key: value for key, value in params.items() if key in fields})
    except ConfigError as error:
        places = {key: place for place, key in enumerate(params)}
        problems = sorted([*error.problems, *strays], key=lambda found: places.get(key_of(found.path), -1))
        raise type(error)(problems) from None
    if strays:
        raise ConfigError(strays)
    return specification


def _stray(key: Any, cls: type[_OfFields], fields: list[str]) -> Problem:
    """Return the problem of a field that the class does not have."""
    if not isinstance(key, str):
        return problem(shown(key), "is not a key: keys are texts")
    near = ALIASES[key] if ALIASES.get(key) in fields else nearest(key, fields)
    takes = f"{cls.__name__} takes: {', '.join(fields)}"
    return problem(key, "unknown key", f"did you mean `{near}`? {takes}" if near else takes)
