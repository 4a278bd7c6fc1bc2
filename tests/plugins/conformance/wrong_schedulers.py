"""Schedulers that are wrong on purpose, each in what one property is about."""

from __future__ import annotations

import os
import warnings
from typing import ClassVar

import attrs
from sound import SoundDecay
from wrong_plugins import wrong

from optim_core.run.durations import Duration


class Stateful:
    """A schedule of torch without a closed form, made when it is asked for."""

    @staticmethod
    def of(optimizer, rate, **members):
        from torch.optim.lr_scheduler import LRScheduler

        body = {"get_lr": lambda self: [rate(self, base) for base in self.base_lrs], **members}
        return type("Made", (LRScheduler,), body)(optimizer)


@attrs.frozen(kw_only=True)
class Unformed:
    """Multiply the rate by `gamma` at each step, without a closed form.

    Args:
        gamma: in (0, 1].
    """

    gamma: float = attrs.field(default=0.9, validator=[attrs.validators.gt(0), attrs.validators.le(1)])

    def build(self, optimizer, horizon):
        return Stateful.of(optimizer, lambda schedule, base: base * self.gamma**schedule.last_epoch)


@wrong("rates_in_range", "past_the_end")
class GoesNegative(SoundDecay):
    """Its rate falls below zero for a while."""

    def factor(self, step):
        return -1.0 if step == 40 else self.gamma**step


@wrong("closed_form")
class PromisesOtherwise(SoundDecay):
    """Its closed form is not what it does."""

    def build(self, optimizer, horizon):
        from torch.optim.lr_scheduler import ExponentialLR

        return ExponentialLR(optimizer, self.gamma**2)


@attrs.frozen
class Floored:
    """A closed form with a floor, which is the same for every group where `shared`."""

    gamma: float
    shared: bool

    def rates(self, steps, base_lr, multiplier=1.0):
        import numpy

        return numpy.maximum(base_lr * self.gamma**steps, 0.01 * (1.0 if self.shared else multiplier))


@wrong("closed_form")
class ForgetsTheMultiplier(Unformed):
    """The floor of its closed form is the same for every group, and that of what it builds is not."""

    def closed_form(self, horizon):
        return Floored(self.gamma, shared=True)

    def build(self, optimizer, horizon):
        from torch.optim.lr_scheduler import LambdaLR

        curve = Floored(self.gamma, shared=False)
        return LambdaLR(optimizer, lambda step: float(curve.rates(step, 0.1)) / 0.1)


@wrong("only_rates")
class TurnsDecayOffLate(SoundDecay):
    """It changes the weight decay after step 12."""

    def build(self, optimizer, horizon):
        def factor(step):
            for group in optimizer.param_groups:
                group["weight_decay"] = 0.1 if step > 12 else 0.0
            return self.factor(step)

        from torch.optim.lr_scheduler import LambdaLR

        return LambdaLR(optimizer, factor)


@wrong("several_groups")
class HasAnAbsoluteFloor(Unformed):
    """Its floor is the same for every group."""

    def build(self, optimizer, horizon):
        return Stateful.of(optimizer, lambda schedule, base: max(base * self.gamma**schedule.last_epoch, 0.01))


@wrong("only_rates")
class TurnsDecayOff(SoundDecay):
    """It changes the weight decay too."""

    def build(self, optimizer, horizon):
        def factor(step):
            for group in optimizer.param_groups:
                group["weight_decay"] = 0.1 * step
            return self.factor(step)

        from torch.optim.lr_scheduler import LambdaLR

        return LambdaLR(optimizer, factor)


@wrong("early_step", "silent")
class WarnsOfSomethingElse(SoundDecay):
    """It warns at each step."""

    def factor(self, step):
        warnings.warn("the rate changes", UserWarning, stacklevel=2)
        return self.gamma**step


@wrong("early_step", "last_step")
class WantsStepsOfTheOptimizer(Unformed):
    """It raises where the optimizer did not step before it."""

    def build(self, optimizer, horizon):
        def rate(schedule, base):
            if schedule.last_epoch > 0 and not getattr(optimizer, "_opt_called", False):
                raise RuntimeError("step the optimizer first")
            return base * self.gamma**schedule.last_epoch

        return Stateful.of(optimizer, rate)


@wrong("past_the_end")
class EndsWithTheRun(SoundDecay):
    """It raises past the end of the run."""

    def build(self, optimizer, horizon):
        from torch.optim.lr_scheduler import LambdaLR

        def factor(step):
            if horizon.total_steps is not None and step > horizon.total_steps:
                raise IndexError("the run is over")
            return self.factor(step)

        return LambdaLR(optimizer, factor)


@wrong("length")
class TakesALengthForGranted(SoundDecay):
    """Without a length it fails somehow."""

    def build(self, optimizer, horizon):
        assert horizon.total_steps > 0
        return SoundDecay.build(self, optimizer, horizon)


@wrong("interval", "defaults")
class HasNoInterval(SoundDecay):
    """Its interval is none."""

    interval: ClassVar[str] = "batch"


@wrong("state_dict", "fresh_process", "resume_anywhere", "rolled_back")
class CountsOutside(Unformed):
    """It counts its steps where no state finds them."""

    def build(self, optimizer, horizon):
        calls = []

        def get_lr(schedule):
            calls.append(1)
            return [base * self.gamma ** len(calls) for base in schedule.base_lrs]

        return Stateful.of(optimizer, None, get_lr=get_lr)


@wrong("resume_anywhere")
class ForgetsLate(Unformed):
    """From step 40 on it has forgotten what it did before it was loaded."""

    def build(self, optimizer, horizon):
        steps = []

        def rate(schedule, base):
            steps.append(schedule.last_epoch)
            forgotten = schedule.last_epoch > 40 and 20 not in steps and 39 not in steps
            return base * (0.5 if forgotten else 1.0) * self.gamma**schedule.last_epoch

        return Stateful.of(optimizer, rate)


@wrong("last_step", "fresh_process", "resume_anywhere", "rolled_back", "state_dict")
class ComputesFromItsCalls(SoundDecay):
    """What it builds counts calls, although its closed form does not."""

    def build(self, optimizer, horizon):
        from torch.optim.lr_scheduler import LambdaLR

        calls = []

        def factor(step):
            calls.append(step)
            return self.factor((len(calls) - 1) // len(optimizer.param_groups))

        return LambdaLR(optimizer, factor)


@wrong("fresh_process")
class KnowsItsProcess(SoundDecay):
    """What it does depends on the process."""

    def factor(self, step):
        return self.gamma**step * (1 - os.getpid() * 1e-9)


@wrong("fields")
@attrs.frozen(kw_only=True)
class HasAnIdleField(SoundDecay):
    """A schedule with a field that nothing looks at."""

    floor: float = 0.0


@wrong("silent")
class Prints(SoundDecay):
    """It says hello."""

    def build(self, optimizer, horizon):
        print("hello")  # noqa: T201 - what is wrong with it
        return SoundDecay.build(self, optimizer, horizon)


@wrong("only_rates")
class MovesTheMomentum(SoundDecay):
    """It lowers the momentum, of which its config says nothing."""

    def build(self, optimizer, horizon):
        from torch.optim.lr_scheduler import LambdaLR

        def factor(step):
            for group in optimizer.param_groups:
                if "momentum" in group:
                    group["momentum"] = 0.9 * 0.99**step
            return self.factor(step)

        return LambdaLR(optimizer, factor)


@wrong("any_optimizer")
class WantsMomentum(SoundDecay):
    """It looks at a momentum that not all optimizers have."""

    def build(self, optimizer, horizon):
        if any("momentum" not in group for group in optimizer.param_groups):
            raise KeyError("momentum")
        return SoundDecay.build(self, optimizer, horizon)


@wrong("lengths", "closed_form")
@attrs.frozen(kw_only=True)
class TakesAShareForSteps(SoundDecay):
    """It takes 10% for ten steps."""

    num_warmup_steps: Duration = attrs.field(default=5, converter=Duration.of)

    def build(self, optimizer, horizon):
        from torch.optim.lr_scheduler import LambdaLR

        warmup = max(1, int(self.num_warmup_steps.amount))
        return LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / warmup) * self.factor(step))


@wrong("short_runs")
class DividesByTheRest(Unformed):
    """It divides by the length less one."""

    def build(self, optimizer, horizon):
        last = (horizon.total_steps or 1000) - 1
        return Stateful.of(optimizer, lambda schedule, base: base * self.gamma ** (schedule.last_epoch + 0 / last))


@wrong("length")
class WantsEpochs(SoundDecay):
    """It fails where only the number of steps is known."""

    def build(self, optimizer, horizon):
        if horizon.total_steps:
            horizon.total_steps // horizon.steps_per_epoch
        return SoundDecay.build(self, optimizer, horizon)


@wrong("closed_form")
class StopsAtTheEnd(SoundDecay):
    """Past the end it keeps its rate, and its closed form does not."""

    def build(self, optimizer, horizon):
        from torch.optim.lr_scheduler import LambdaLR

        return LambdaLR(optimizer, lambda step: self.factor(min(step, horizon.total_steps or step)))


@wrong("rolled_back")
class NeverGoesBack(Unformed):
    """What it loads is never earlier than what it has."""

    def build(self, optimizer, horizon):
        def load_state_dict(schedule, state):
            latest = max(schedule.last_epoch, state["last_epoch"])
            schedule.__dict__.update({**state, "last_epoch": latest})

        rate = lambda schedule, base: base * self.gamma**schedule.last_epoch  # noqa: E731
        return Stateful.of(optimizer, rate, load_state_dict=load_state_dict)


@wrong("silent")
class PrintsLate(SoundDecay):
    """It says something at step 40."""

    def factor(self, step):
        if step == 40:
            print("lower")  # noqa: T201 - what is wrong with it
        return self.gamma**step
