"""Optimizers that step only under some condition, or fail in other ways that a report has to tell about."""

from __future__ import annotations

import time

import attrs
from sound import SoundSGD, made, step


def _made(self, params, take):
    """An optimizer that does `take(self, closure)` before each step."""

    def begin(self, closure=None):
        take(self, closure)
        return step(self, closure)

    return made(self, params, step=begin)


def _parameters(optimizer):
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


class WantsClosure(SoundSGD):
    """It steps with a closure only."""

    def build(self, params):
        def take(optimizer, closure):
            if closure is None:
                raise RuntimeError("closure, please")

        return _made(self, params, take)


class WantsGraph(SoundSGD):
    """It differentiates gradients."""

    def build(self, params):
        def take(optimizer, closure):
            import torch

            for parameter in _parameters(optimizer):
                torch.autograd.grad(parameter.grad.sum(), parameter, retain_graph=True)

        return _made(self, params, take)


class WantsMatrices(SoundSGD):
    """It steps where all parameters are matrices."""

    def build(self, params):
        def take(optimizer, closure):
            _rows, _columns = _parameters(optimizer)[1].shape

        return _made(self, params, take)


class WantsMatricesAndClosure(SoundSGD):
    """It wants two things at once."""

    def build(self, params):
        def take(optimizer, closure):
            if closure is None:
                raise RuntimeError("closure, please")
            _rows, _columns = _parameters(optimizer)[1].shape

        return _made(self, params, take)


class WantsTrain(SoundSGD):
    """It steps after its `train()`."""

    def build(self, params):
        def take(optimizer, closure):
            if not getattr(optimizer, "trains", False):
                raise RuntimeError("not in train mode")

        optimizer = _made(self, params, take)
        type(optimizer).train = lambda self: setattr(self, "trains", True)
        return optimizer


class NeverSteps(SoundSGD):
    """It raises whatever it is given."""

    def build(self, params):
        def take(optimizer, closure):
            raise ValueError("out of luck")

        return _made(self, params, take)


class WantsMoreThanAClosure(SoundSGD):
    """It raises something else with a closure."""

    def build(self, params):
        def take(optimizer, closure):
            raise ValueError("a closure" if closure is None else "a licence")

        return _made(self, params, take)


class LoopsAtStep(SoundSGD):
    """Its step never comes back."""

    def build(self, params):
        def take(optimizer, closure):
            while True:
                time.sleep(0.1)

        return _made(self, params, take)


class KeepsAnObject(SoundSGD):
    """Its state holds an object of a class of its own."""

    def build(self, params):
        def take(optimizer, closure):
            for parameter in _parameters(optimizer):
                optimizer.state[parameter]["kept"] = Kept()

        return _made(self, params, take)


class Kept:
    """An object."""


@attrs.frozen(kw_only=True)
class Prints(SoundSGD):
    """It has a field that changes nothing.

    Args:
        log_every: steps between two lines.
    """

    log_every: int = 10
