"""A sound optimizer, scheduler and clipper, for wrong ones to differ from in one thing."""

from __future__ import annotations

import sys
from typing import ClassVar

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


@attrs.frozen(kw_only=True)
class SoundAdaptiveClip:
    """Scale all gradients to a percentile of the norms that there were so far.

    Args:
        percentile: in (0, 100).
        warmup: calls that clip nothing, ≥ 1.
    """

    percentile: float = attrs.field(default=50.0, validator=[validators.gt(0), validators.lt(100)])
    warmup: int = attrs.field(default=10, validator=validators.ge(1))

    def build(self):
        return AdaptiveClip(self)


class AdaptiveClip:
    """What it builds: each clipper has norms of its own."""

    def __init__(self, config):
        self.config = config
        self.norms = []

    def clip(self, parameters):
        import torch

        parameters = [parameter for parameter in parameters if parameter.grad is not None]
        norm = torch.nn.utils.get_total_norm([parameter.grad for parameter in parameters])
        if parameters:
            self.norms.append(float(norm))
        if len(self.norms) > self.config.warmup:
            limit = sorted(self.norms)[int(len(self.norms) * self.config.percentile / 100)]
            torch.nn.utils.clip_grads_with_norm_(parameters, limit, norm)
        return norm


@attrs.frozen(kw_only=True)
class SoundAveraging(SoundSGD):
    """SGD that shows the mean of its parameters in evaluation; it steps after `train()` only."""

    needs: ClassVar[tuple[str, ...]] = ("modes",)

    def build(self, params):
        return made(self, params, step=step_in_training, train=train, eval=evaluate, add_param_group=add_in_mode)


def add_in_mode(self, group):
    """The mode is an option of each group, as its state has to be."""
    import torch

    torch.optim.Optimizer.add_param_group(self, {"trains": any(each["trains"] for each in self.param_groups), **group})


def step_in_training(self, closure=None):
    """`step`, and one more of what is averaged."""
    import torch

    if not all(group["trains"] for group in self.param_groups):
        raise RuntimeError("call train() first")
    loss = step(self, closure)
    with torch.no_grad():
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                mean = state.setdefault("mean", parameter.clone())
                mean.lerp_(parameter, 0.1)
    return loss


def train(self):
    """Puts what was trained back."""
    _exchange(self, trains=True)


def evaluate(self):
    """Puts the mean in the place of the parameters."""
    _exchange(self, trains=False)


def _exchange(self, trains):
    import torch

    with torch.no_grad():
        for group in self.param_groups:
            for parameter in group["params"] if group["trains"] != trains else ():
                state = self.state.get(parameter, {})
                if "mean" in state:
                    trained = parameter.clone()
                    parameter.copy_(state["mean"])
                    state["mean"].copy_(trained)
            group["trains"] = trains


@attrs.frozen(kw_only=True)
class SoundWithItsOwnRate(SoundSGD):
    """SGD that finds its rate where it is None, as it is in its groups then.

    Args:
        lr: > 0, or None.
    """

    lr: float | None = None

    def build(self, params):
        def move_at_a_rate(self, group, parameter, gradient):
            move(self, {**group, "lr": 0.01 if group["lr"] is None else group["lr"]}, parameter, gradient)

        return made(self, params, move=move_at_a_rate)


@attrs.frozen(kw_only=True)
class SoundByNorm(SoundSGD):
    """SGD whose step is by the norm of all momenta together, with noise, and a state that is made and then moved.

    Args:
        careful: None stands for True.
        exact: keep what bfloat16 rounds away.
    """

    careful: bool | None = None
    exact: bool = False

    def options(self):
        return {**SoundSGD.options(self), "careful": self.careful is not False, "exact": self.exact}

    def build(self, params):
        return made(self, params, step=step_by_norm)


def step_by_norm(self, closure=None):
    """One step; the norm is of what groups of other rates moved too."""
    import torch

    loss = None
    if closure is not None:
        with torch.enable_grad():
            loss = closure()
    with torch.no_grad():
        pairs = [(group, each) for group in self.param_groups for each in group["params"] if each.grad is not None]
        norms = [(each.grad * 0.1 + each * 1e-3).abs().square().sum().double() for _, each in pairs]
        norm = torch.stack(norms).sum().sqrt() if norms else 1.0
        for group, each in pairs:
            state = self.state[each]
            if "momentum" not in state:
                state["momentum"] = torch.zeros(each.shape).to(each)
                state["lost"] = torch.zeros_like(each)
            noise = 1 + 1e-3 * torch.rand(())
            state["momentum"].mul_(group["momentum"]).add_(each.grad)
            each.mul_(1 - group["lr"] * group["weight_decay"])
            sign = 1 if group["maximize"] else -1
            factor = 1.0 if group["careful"] else 1.5
            change = state["momentum"] * (sign * group["lr"] * factor * noise / (1 + 1e-3 * norm)).to(each.device)
            wanted = change + state["lost"] if group["exact"] else change
            before = each.clone()
            each.add_(wanted)
            if group["exact"]:
                state["lost"].copy_(wanted - (each - before) if each.element_size() == 2 else each * 0)
    return loss
