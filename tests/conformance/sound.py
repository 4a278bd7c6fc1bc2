"""A sound optimizer, scheduler and clipper, for wrong ones to differ from in one thing."""

from __future__ import annotations

import sys

import attrs
from attrs import validators


def step(self, closure=None):
    """`step` of an optimizer; what one parameter does is in `move`."""
    import torch

    loss = None
    if closure is not None:
        with torch.enable_grad():
            loss = closure()
    with torch.no_grad():
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self.move(group, parameter, parameter.grad)
    return loss


def momentum(self, group, parameter, gradient):
    """The sum of gradients, kept in the state."""
    state = self.state[parameter]
    if "momentum" in state:
        state["momentum"].mul_(group["momentum"]).add_(gradient)
    else:
        state["momentum"] = gradient.clone()
    return state["momentum"]


def move(self, group, parameter, gradient):
    """Moves one parameter."""
    parameter.mul_(1 - group["lr"] * group["weight_decay"])
    sign = 1 if group["maximize"] else -1
    parameter.add_(momentum(self, group, parameter, gradient), alpha=sign * group["lr"])


def made(config, params, **members):
    """SGD with momentum and decoupled weight decay, with other members; its class is in the module of the config's."""
    import torch

    module = sys.modules[type(config).__module__]
    name = f"{type(config).__name__}Optimizer"
    if not hasattr(module, name):
        body = {"step": step, "move": move, **members, "__module__": module.__name__, "__qualname__": name}
        setattr(module, name, type(name, (torch.optim.Optimizer,), body))
    return getattr(module, name)(params, config.options())


@attrs.frozen(kw_only=True)
class SoundSGD:
    """SGD with momentum and decoupled weight decay.

    Args:
        lr: > 0.
        momentum: in [0, 1).
        weight_decay: ≥ 0.
        maximize: climb.
    """

    lr: float = attrs.field(default=0.01, validator=validators.gt(0))
    momentum: float = attrs.field(default=0.9, validator=[validators.ge(0), validators.lt(1)])
    weight_decay: float = attrs.field(default=0.0, validator=validators.ge(0))
    maximize: bool = False

    def options(self):
        names = ("lr", "momentum", "weight_decay", "maximize")
        return {name: getattr(self, name) for name in names}

    def build(self, params):
        return made(self, params)


@attrs.frozen(kw_only=True)
class SoundDecay:
    """Multiply the rate by `gamma` at each step.

    Args:
        gamma: in (0, 1].
    """

    gamma: float = attrs.field(default=0.9, validator=[validators.gt(0), validators.le(1)])

    def factor(self, step):
        return self.gamma**step

    def build(self, optimizer, horizon):
        from torch.optim.lr_scheduler import LambdaLR

        return LambdaLR(optimizer, self.factor)


@attrs.frozen(kw_only=True)
class SoundClip:
    """Scale all gradients to a norm of at most `max_norm`.

    Args:
        max_norm: > 0.
    """

    max_norm: float = attrs.field(default=1.0, validator=validators.gt(0))

    def build(self):
        return self

    def clip(self, parameters):
        import torch

        return torch.nn.utils.clip_grad_norm_(parameters, self.max_norm)
