"""Optimizers that need something of the training loop, and say so or do not."""

from __future__ import annotations

from sound import SoundSGD, made, step


def _eager(self, closure):
    """Moves by half of the gradients that are there, and then by those of the closure."""
    import torch

    with torch.no_grad():
        for group in self.param_groups:
            for parameter in group["params"]:
                self.move(group, parameter, parameter.grad / 2)
    return step(self, closure)


class SaysThatItNeedsAClosure(SoundSGD):
    """It says so by `needs` alone, and refuses a step without one."""

    needs = ("closure",)

    def build(self, params):
        def begin(optimizer, closure=None):
            if closure is None:
                raise RuntimeError("closure, please")
            return step(optimizer, closure)

        return made(self, params, step=begin)


class IsWrongWithoutAClosure(SoundSGD):
    """It says so by `needs` alone, and does nothing in a step without one."""

    needs = ("closure",)

    def build(self, params):
        def begin(optimizer, closure=None):
            return None if closure is None else step(optimizer, closure)

        return made(self, params, step=begin)


class NeedsGradientsOfWhichItSaysNothing(SoundSGD):
    """It takes half of a step before it calls the closure."""

    needs = ("closure",)

    def build(self, params):
        return made(self, params, step=lambda optimizer, closure=None: _eager(optimizer, closure or 1 / 0))


class SaysThatItNeedsGradients(NeedsGradientsOfWhichItSaysNothing):
    """It takes half of a step before it calls the closure, and says so."""

    needs = ("closure", "gradients")


class StartsInEvalMode(SoundSGD):
    """It is made in eval mode, in which it takes no step."""

    needs = ("modes",)

    def build(self, params):
        def in_mode(trains):
            return lambda optimizer: [group.update(trains=trains) for group in optimizer.param_groups]

        def begin(optimizer, closure=None):
            if not all(group["trains"] for group in optimizer.param_groups):
                raise RuntimeError("call train() first")
            return step(optimizer, closure)

        optimizer = made(self, params, step=begin, train=in_mode(True), eval=in_mode(False))
        optimizer.eval()
        return optimizer
