"""Plugin classes whose config is wrong on purpose."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import ClassVar

import attrs
from sound import SoundSGD, made, move
from wrong_plugins import MoreOrLess, wrong


@wrong("lr_meaning")
class MeaningOfNothing(SoundSGD):
    """Says of its `lr` that it is never as large as its default."""

    lr_meaning: ClassVar[tuple[str, float, float]] = ("the rate of nothing", 5.0, 10.0)


@wrong("declarations")
class DeclaresWhatIsNoProperty(SoundSGD):
    """It declares a property that there is not."""

    conformance: ClassVar = {"descend": "differs: it goes nowhere"}


@wrong("declarations")
class DeclaresWithoutAReason(SoundSGD):
    """It does not say why, nor how."""

    conformance: ClassVar = {"descends": "because"}


@wrong("vectors")
class DeclaresWhatItCan(SoundSGD):
    """It can do what it declares to refuse."""

    conformance: ClassVar = {"vectors": "refuses: it is for matrices"}


@wrong("float64")
class DeclaresADifferenceAndRaises(SoundSGD):
    """It raises where it declares to do something else."""

    conformance: ClassVar = {"float64": "differs: it rounds"}

    def build(self, params):
        def refuse(self, group, parameter, gradient):
            if not parameter.is_complex() and parameter.element_size() == 8:
                raise TypeError("float64 is not supported")
            move(self, group, parameter, gradient)

        return made(self, params, move=refuse)


@wrong("fields")
class DeclaresAFieldThatActs(SoundSGD):
    """It declares a field idle that is not."""

    conformance: ClassVar = {"fields.momentum": "differs: it does nothing"}


def build(self, params):
    return made(self, params)


Untyped = attrs.make_class(
    "Untyped",
    {"lr": attrs.field(default=0.01)},
    class_body={
        "__doc__": "Its field has no type.",
        "build": build,
        "options": lambda self: {"lr": self.lr, "momentum": 0.9, "weight_decay": 0.0, "maximize": False},
        "__module__": __name__,
    },
    frozen=True,
    kw_only=True,
)
wrong("signature")(Untyped)


@wrong("documented")
class Undocumented(SoundSGD):
    pass


@wrong("documented")
class DescribesAFieldThatIsNot(SoundSGD):
    """SGD.

    Args:
        lr: > 0.
        dampening: in [0, 1].
    """


@wrong("defaults")
@attrs.frozen(kw_only=True)
class NeedsAnExample:
    """No config can be made up from its fields."""

    lr: float = attrs.field()

    @lr.validator
    def _is_a_special_number(self, attribute, value):
        if value != 0.01234:
            raise ValueError("must be 0.01234")

    def build(self, params):
        return made(self, params)


@wrong("defaults")
class BuildsSomethingElse(SoundSGD):
    """What it builds steps, and is no optimizer of torch."""

    def build(self, params):
        class Other:
            param_groups: ClassVar = []

            def step(self): ...

        return Other()


@wrong("fields")
@attrs.frozen(kw_only=True)
class HasAnIdleField(SoundSGD):
    """SGD with a field that nothing looks at.

    Args:
        nesterov: look ahead.
    """

    nesterov: bool = False


@wrong("fields")
@attrs.frozen(kw_only=True)
class StoresAFieldOnly(SoundSGD):
    """SGD with a field that reaches the groups and is not used there."""

    dampening: float = 0.0

    def options(self):
        return {**SoundSGD.options(self), "dampening": self.dampening}


@wrong("round_trip")
@attrs.frozen(kw_only=True)
class ConvertsTwice(SoundSGD):
    """Its converter changes what it made."""

    lr: float = attrs.field(default=0.01, converter=lambda lr: lr / 2)


@wrong("round_trip")
@attrs.frozen(kw_only=True)
class HoldsAFunction(SoundSGD):
    """A field holds what no file can."""

    lr_of: Callable[..., float] = attrs.field(default=max)

    def options(self):
        return {**SoundSGD.options(self), "momentum": self.momentum if self.lr_of is max else 0.1}


@wrong("unknown_keys", "signature")
@attrs.frozen(kw_only=True, init=False)
class SwallowsKeys(SoundSGD):
    """Its constructor takes whatever it is given."""

    def __init__(self, lr=0.01, momentum=0.9, weight_decay=0.0, maximize=False, **ignored):
        self.__attrs_init__(lr=lr, momentum=momentum, weight_decay=weight_decay, maximize=maximize)


@wrong("deterministic", MoreOrLess)
class BuildsByChance(SoundSGD):
    """Each build has another rate."""

    builds: ClassVar = []

    def build(self, params):
        self.builds.append(1)
        factor = 1 + len(self.builds) / 1000
        return made(attrs.evolve(self, lr=self.lr * factor), params)


@wrong("deterministic")
@attrs.frozen(kw_only=True)
class ChangesItsConfig(SoundSGD):
    """A build appends to a list in the config."""

    factors: list[float] = attrs.field(factory=lambda: [1.0])

    def options(self):
        return {**SoundSGD.options(self), "lr": self.lr * self.factors[0]}

    def build(self, params):
        optimizer = made(self, params)
        self.factors.append(1.0)
        return optimizer


@wrong("build_only_reads")
class MovesAtBuild(SoundSGD):
    """Building it shrinks the parameters."""

    def build(self, params):
        optimizer = made(self, params)
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.data.mul_(0.99)
        return optimizer


@wrong("options")
class HalvesItsMomentum(SoundSGD):
    """The groups have another momentum than the config."""

    def options(self):
        return {**SoundSGD.options(self), "momentum": self.momentum / 2}


@wrong("silent")
class Prints(SoundSGD):
    """It says hello."""

    def build(self, params):
        print("hello")  # noqa: T201 - what is wrong with it
        return made(self, params)


@wrong("silent")
class PrintsFromC(SoundSGD):
    """It writes to standard output behind Python's back."""

    def build(self, params):
        os.write(1, b"hello\n")
        return made(self, params)


@wrong("global_state")
class SetsTheSeed(SoundSGD):
    """It seeds Python's random numbers."""

    def build(self, params):
        import random

        random.seed(0)
        return made(self, params)


@wrong("global_state")
class SetsThreads(SoundSGD):
    """It sets the number of threads."""

    def build(self, params):
        import torch

        torch.set_num_threads(torch.get_num_threads() + 1)
        return made(self, params)


@wrong("global_state")
class SetsTheDefaultDtype(SoundSGD):
    """It leaves another default dtype behind."""

    def build(self, params):
        import torch

        torch.set_default_dtype(torch.float64)
        return made(self, params)


@wrong("global_state")
class SeedsTorch(SoundSGD):
    """It seeds torch's random numbers."""

    def build(self, params):
        import torch

        torch.manual_seed(3)
        return made(self, params)


@wrong("fresh_process", "global_state")
class EndsTheProcess(SoundSGD):
    """It ends a process in which nothing is saved."""

    def build(self, params):
        if "optim_conformance.processes.child" in sys.orig_argv:
            os._exit(3)
        return made(self, params)
