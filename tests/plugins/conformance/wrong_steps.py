"""Optimizers that treat some parameters otherwise than others, or go wrong after many steps."""

from __future__ import annotations

import math

from sound import SoundSGD, made, momentum, move, step
from wrong_plugins import wrong


def counted(self, parameter):
    """How often the parameter was moved, this time too."""
    state = self.state[parameter]
    state["moved"] = state.get("moved", 0) + 1
    return state["moved"]


@wrong("every_entry")
class SkipsOneParameter(SoundSGD):
    """It leaves a bias of three entries where it is."""

    def build(self, params):
        def skip(self, group, parameter, gradient):
            if parameter.shape != (3,):
                move(self, group, parameter, gradient)

        return made(self, params, move=skip)


@wrong("order")
class CountsParameters(SoundSGD):
    """Its bias correction counts the parameters of a group, and not the steps."""

    def build(self, params):
        def corrected(self, group, parameter, gradient):
            group["moved"] = group.get("moved", 0) + 1
            move(self, group, parameter, gradient / (1 - 0.9 ** group["moved"]))

        return made(self, params, move=corrected)


@wrong("order")
class KeepsStateByShape(SoundSGD):
    """Parameters of one shape share their momentum."""

    def build(self, params):
        def by_shape(self, group, parameter, gradient):
            key = str(tuple(parameter.shape))
            kept = group.setdefault("kept", {})
            kept[key] = kept[key] * group["momentum"] + gradient if key in kept else gradient.clone()
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.add_(kept[key], alpha=(1 if group["maximize"] else -1) * group["lr"])

        return made(self, params, move=by_shape)


@wrong("empty_parameters")
class SpreadsNan(SoundSGD):
    """It scales all gradients by the mean of the last one, of which an empty parameter has none."""

    def build(self, params):
        def scaled(self, group, parameter, gradient):
            factor = gradient.abs().mean() if gradient.numel() == 0 else self.__dict__.get("factor", 1.0)
            self.factor = factor
            move(self, group, parameter, gradient * factor)

        return made(self, params, move=scaled)


@wrong("zero_gradients")
class ClampsWeights(SoundSGD):
    """It keeps all weights between -2 and 2."""

    def build(self, params):
        def clamp(self, group, parameter, gradient):
            move(self, group, parameter, gradient)
            if not parameter.is_complex():
                parameter.clamp_(-2, 2)

        return made(self, params, move=clamp)


@wrong("nan_gradients")
class HidesNan(SoundSGD):
    """It takes gradients of NaN for zeros."""

    def build(self, params):
        def hide(self, group, parameter, gradient):
            move(self, group, parameter, gradient.nan_to_num(0.0))

        return made(self, params, move=hide)


@wrong("decay_shrinks")
class DecaysTheWrongWay(SoundSGD):
    """Its weight decay makes weights larger."""

    def build(self, params):
        def grow(self, group, parameter, gradient):
            parameter.mul_(1 + group["lr"] * group["weight_decay"])
            sign = 1 if group["maximize"] else -1
            parameter.add_(momentum(self, group, parameter, gradient), alpha=sign * group["lr"])

        return made(self, params, move=grow)


@wrong("long_run")
class OverflowsLate(SoundSGD):
    """After a hundred steps it makes NaN."""

    def build(self, params):
        def overflow(self, group, parameter, gradient):
            move(self, group, parameter, gradient)
            if counted(self, parameter) > 100:
                parameter.fill_(math.nan)

        return made(self, params, move=overflow)


@wrong("long_run")
class TurnsRound(SoundSGD):
    """After forty steps it goes uphill."""

    def build(self, params):
        def turn(self, group, parameter, gradient):
            late = counted(self, parameter) > 40
            move(self, {**group, "lr": -3 * group["lr"]} if late else group, parameter, gradient)

        return made(self, params, move=turn)


@wrong("nothing_piles_up")
class KeepsAHistory(SoundSGD):
    """Its state holds all gradients that there were."""

    def build(self, params):
        def keep(self, group, parameter, gradient):
            move(self, group, parameter, gradient)
            self.state[parameter].setdefault("history", []).append(gradient.clone())

        return made(self, params, move=keep)


LOSSES = []


@wrong("nothing_piles_up")
class KeepsLosses(SoundSGD):
    """It keeps all losses, and with them the graphs of all steps."""

    def build(self, params):
        def keep(self, closure=None):
            loss = step(self, closure)
            LOSSES.append(loss)
            return loss

        return made(self, params, step=keep)


@wrong("reused_gradients")
class KeepsTheGradient(SoundSGD):
    """Its momentum begins as the gradient itself, and no copy of it."""

    def build(self, params):
        def alias(self, group, parameter, gradient):
            state = self.state[parameter]
            if "momentum" in state:
                state["momentum"].mul_(group["momentum"]).add_(gradient)
            else:
                state["momentum"] = gradient
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.add_(state["momentum"], alpha=(1 if group["maximize"] else -1) * group["lr"])

        return made(self, params, move=alias)


@wrong("closure_agrees")
class CallsTheClosureTwice(SoundSGD):
    """It calls the closure a second time, for nothing."""

    def build(self, params):
        def twice(self, closure=None):
            loss = step(self, closure)
            if closure is not None:
                closure()
            return loss

        return made(self, params, step=twice)


@wrong("closure")
class CallsTheClosureOtherwise(SoundSGD):
    """The argument of its step has another name."""

    def build(self, params):
        return made(self, params, step=lambda self, function=None: step(self, function))


@wrong("non_contiguous")
class LosesChannelsLast(SoundSGD):
    """It moves a copy of kernels whose channels are last."""

    def build(self, params):
        def lose(self, group, parameter, gradient):
            move(
                self,
                group,
                parameter if parameter.is_contiguous() or parameter.ndim < 4 else parameter.clone(),
                gradient,
            )

        return made(self, params, move=lose)
