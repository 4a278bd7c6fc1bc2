"""Runs of an optimizer on a convex problem that is small enough to be solved hundreds of times in a second."""

from __future__ import annotations

import copy
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs

from optim_conformance.outcomes import Differs, DoesNotApply

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from torch.nn import Module, Parameter, Sequential
    from torch.optim import Optimizer

    from optim_conformance.subject import Subject

__all__ = [
    "IDLE",
    "Run",
    "begin",
    "come_apart",
    "difference",
    "draws_random_numbers",
    "equal",
    "has_rate",
    "model_of",
    "needs_closure",
    "trajectory",
    "values",
]

# Factors on the loss of successive steps. They rise and fall, so that a largest or smallest gradient so far matters.
WEIGHTS = (1.0, 4.0, 0.05, 0.3, 2.0, 0.01, 0.7, 0.1)
# No two of the matrices have one shape, so that a state of another matrix does not fit.
WIDTHS = (4, 6, 5, 3)
SEED = 20_240
# An optimizer may take so many steps before it moves anything: some only gather gradients at first.
IDLE = 15


@attrs.define
class Run:
    """A model each of whose parameters p is drawn to a target t by the loss ``sum(c * (p - t) ** 2) / 2``.

    The curvature c of the entries lies between 0.5 and 2.

    Args:
        model: whose parameters are moved.
        optimizer: the optimizer that is checked.
        targets: one for each parameter.
        with_closure: whether ``step`` is given a closure.
        sparse: whether the gradients are sparse tensors.
        steps: how many were taken.
        sign: factor on the loss whose gradient is taken; -1.0 to climb.
        with_graph: whether gradients can be differentiated again.
        seeded: whether each step has random numbers of its own, the same in every run.
        primed: whether there are gradients already where a closure is given, which some take the first half of a step
            from.
    """

    model: Module
    optimizer: Optimizer
    targets: list[Tensor]
    with_closure: bool
    sparse: bool
    steps: int = 0
    sign: float = 1.0
    with_graph: bool = False
    seeded: bool = True
    primed: bool = True
    parameters: list[Parameter] = attrs.field(init=False)

    @parameters.default
    def _those_of_the_model(self) -> list[Parameter]:
        return list(self.model.parameters())

    def loss(self) -> Tensor:
        """Compute the loss in the parameters' dtype, of shape ()."""
        apart = _flat(self.parameters) - _flat(self.targets)
        squares = (apart.abs() if apart.is_complex() else apart).square()
        return (_curvature(squares) * squares).sum() / 2

    def exact_loss(self) -> float:
        """Compute the loss in float64."""
        squares = (_wide(_flat(values(self))) - _wide(_flat(self.targets))).abs().square()
        return float((_curvature(squares) * squares).sum()) / 2

    def backward(self, weight: float = 1.0) -> Tensor:
        """Set the gradients of `weight` times the loss, which is returned; each has memory of its own."""
        for parameter in self.parameters:
            parameter.grad = None
        loss = self.loss() * (weight * self.sign)
        loss.backward(create_graph=self.with_graph)
        for parameter in self.parameters:
            if parameter.grad is not None:
                # Autograd gives parts of one tensor, and a part lies otherwise in memory than a tensor of its own.
                parameter.grad = parameter.grad.to_sparse(1) if self.sparse else parameter.grad.clone()
        return loss

    def _set_gradients(self, weight: float) -> None:
        """Do to the bit what `backward` does; without autograd, which takes longer, where nothing else can tell."""
        from torch import no_grad

        if not self._has_plain_parameters():
            self.backward(weight)
            return
        with no_grad():
            apart = _flat(self.parameters) - _flat(self.targets)
            flat = _weighted(weight * self.sign, apart.numel(), apart.dtype, apart.device) * (2 * apart)
            parts = flat.split([parameter.numel() for parameter in self.parameters])
            for parameter, part in zip(self.parameters, parts, strict=True):
                parameter.grad = part.view(parameter.shape).clone()

    def _has_plain_parameters(self) -> bool:
        """Tell whether the gradients are what autograd would leave in parameters that nobody listens to."""
        dtype = self.parameters[0].dtype
        return not (self.sparse or self.with_graph or dtype.is_complex) and all(
            parameter.requires_grad
            and parameter.dtype == dtype
            and parameter.is_contiguous()
            and not parameter._backward_hooks
            and not parameter._post_accumulate_grad_hooks
            for parameter in self.parameters
        )

    def zero_gradients(self) -> None:
        """Fill the gradients that are there with zeros; sparse ones stay sparse."""
        for parameter in self.parameters:
            parameter.grad = parameter.grad * 0 if parameter.grad is not None else None

    def step(self, weight: float = 1.0, prepare: Callable[[], None] | None = None) -> None:
        """Take one step; `prepare` may change the gradients before it."""
        from torch import enable_grad

        if self.seeded:
            seed(SEED + self.steps)

        def closure() -> Tensor:
            # Some call it with gradients switched off, which is a property of its own.
            with enable_grad():
                loss = self.backward(weight)
            if prepare:
                prepare()
            return loss

        if self.with_closure:
            if self.primed:
                closure()
            self.optimizer.step(closure)  # type: ignore[arg-type]
        else:
            self._set_gradients(weight)
            if prepare:
                prepare()
            self.optimizer.step()
        self.steps += 1

    def go(self, steps: int) -> Run:
        """Take so many steps, with weights that go on where they were."""
        for _ in range(steps):
            self.step(WEIGHTS[self.steps % len(WEIGHTS)])
        return self

    def rates(self) -> list[float]:
        """Return the learning rate of each group."""
        return [float(group["lr"]) for group in self.optimizer.param_groups if has_rate(group)]


def begin(
    subject: Subject,
    changes: Mapping[str, Any] | None = None,
    *,
    model: Module | None = None,
    groups: Callable[[Module], Any] | None = None,
    multipliers: Callable[[Module], Mapping[Module, float]] | None = None,
    seeded: bool = True,
) -> Run:
    """Begin a run.

    Args:
        subject: an optimizer.
        changes: fields whose values differ from the subject's config.
        model: by default `model_of` the subject.
        groups: what to give instead of the model.
        multipliers: lr multipliers of modules.
        seeded: whether torch's random numbers begin anew.
    """
    model = model_of(subject) if model is None else model
    given = groups(model) if groups else model
    factors = multipliers(model) if multipliers else None
    if seeded:
        seed(SEED)
    spec = subject.spec(changes)
    if groups and subject.needs_model:
        optimizer = spec.build_for(given, [model])
    else:
        optimizer = spec.create_optimizer(given, lr_multipliers=factors)
    targets = [_targets_like(parameter, index) for index, parameter in enumerate(model.parameters())]
    return Run(
        model,
        optimizer,
        targets,
        with_closure=needs_closure(subject),
        sparse=subject.refuses("dense_gradients"),
        with_graph=subject.refuses("ordinary_backward"),
        seeded=seeded,
    )


def seed(number: int) -> None:
    """Seed all random numbers that an optimizer may use.

    Everything is on the CPU. `torch.manual_seed` also tells devices that are not there yet, and keeps for each of them
    the stack of the call, which takes longer than a step.
    """
    import torch

    torch.default_generator.manual_seed(number)
    random.seed(number)
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed(number)


def has_rate(group: Mapping[str, Any]) -> bool:
    """Tell whether a group has a rate that can be changed; one of None is found by the optimizer itself."""
    rate = group.get("lr")
    return hasattr(rate, "numel") or (isinstance(rate, (int, float)) and not isinstance(rate, bool))


def draws_random_numbers(run: Run) -> bool:
    """Tell whether steps of a run draw random numbers; two are taken."""
    import torch

    before = torch.random.get_rng_state(), random.getstate()
    run.seeded = False
    run.go(2)
    return not torch.equal(before[0], torch.random.get_rng_state()) or before[1] != random.getstate()


def needs_closure(subject: Subject) -> bool:
    """Tell whether the optimizer declares that it does not step without a closure."""
    return subject.refuses("step_without_closure")


def model_of(subject: Subject, *, dtype: torch.dtype | None = None, from_zero: bool = False) -> Sequential:
    """Make three linear layers, with the same weights each time; without biases where the subject refuses vectors.

    A plugin class that trains certain models only says which by ``model_to_try()``, which gives a Sequential of them.

    Args:
        subject: an optimizer.
        dtype: of the parameters, float32 by default.
        from_zero: whether all weights are zero, where half precision is finest.
    """
    import torch

    own = getattr(subject.cls, "model_to_try", None)
    if callable(own):
        return _filled(own(), dtype or torch.float32, from_zero)
    bias = not subject.refuses("vectors") and not subject.refuses("dense_gradients")
    return copy.deepcopy(_first_model(bias, dtype or torch.float32, from_zero))


@lru_cache(maxsize=8)
def _first_model(bias: bool, dtype: torch.dtype, from_zero: bool) -> Sequential:
    import torch

    layers = [torch.nn.utils.skip_init(torch.nn.Linear, wide, narrow, bias=bias) for wide, narrow in pairwise(WIDTHS)]
    return _filled(torch.nn.Sequential(*layers), dtype, from_zero)


def _filled(model: Sequential, dtype: torch.dtype, from_zero: bool) -> Sequential:
    """Return the model with the same weights each time."""
    import torch

    model = model.to(dtype)
    with torch.no_grad():
        for index, parameter in enumerate(model.parameters()):
            parameter.copy_(_noise(parameter.shape, 100 + index) * (0.0 if from_zero else 0.5))
    return model


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    import torch

    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def _curvature(like: Tensor) -> Tensor:
    return _from_half_to_two(like.numel(), like.dtype, like.device)


@lru_cache(maxsize=64)
def _from_half_to_two(count: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    import torch

    return torch.linspace(0.5, 2.0, count, dtype=dtype, device=device)


@lru_cache(maxsize=64)
def _weighted(weight: float, count: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return what the derivative of the squares is multiplied with, computed in autograd's order."""
    import torch

    return torch.ones((), dtype=dtype, device=device) * weight / 2 * _from_half_to_two(count, dtype, device)


def _wide(value: Tensor) -> Tensor:
    import torch

    return value.to(torch.complex128 if value.is_complex() else torch.float64)


def _targets_like(parameter: Tensor, index: int) -> Tensor:
    """Return targets of the parameter's dtype, none of whose entries is near zero."""
    import torch

    real, other = (noise + noise.sign() for noise in (_noise(parameter.shape, index + part) for part in (0, 50)))
    target = torch.complex(real, other) if parameter.is_complex() else real
    return target.to(parameter.dtype).to(parameter.device)


@lru_cache(maxsize=64)
def _noise(shape: torch.Size, index: int) -> Tensor:
    import torch

    return torch.randn(shape, generator=torch.Generator().manual_seed(SEED + index), dtype=torch.float32)


def values(run: Run) -> list[Tensor]:
    """Return copies of the parameters."""
    return [parameter.detach().clone() for parameter in run.parameters]


def trajectory(run: Run, steps: int) -> list[Tensor]:
    """Take so many steps, and return the parameters after each, one after the other."""
    passed: list[Tensor] = []
    for _ in range(steps):
        run.go(1)
        passed += values(run)
    return passed


def come_apart(one: Run, other: Run, steps: int) -> bool:
    """Step both runs until their parameters differ, at most so many times; tell whether they do."""
    return any(not equal(values(one.go(1)), values(other.go(1))) for _ in range(steps))


def equal(one: list[Tensor], other: list[Tensor]) -> bool:
    """Tell whether two lists of tensors agree in every bit; NaN is equal to NaN."""
    import torch

    def same(first: Tensor, second: Tensor) -> bool:
        # `torch.equal` is quick, and takes no NaN for equal.
        return torch.equal(first, second) or torch.allclose(first, second, rtol=0.0, atol=0.0, equal_nan=True)

    return len(one) == len(other) and all(map(same, one, other))


def difference(one: list[Tensor], other: list[Tensor]) -> float:
    """Return the largest absolute difference between entries of two lists of tensors."""
    pairs = zip(one, other, strict=True)
    return max((float((first - second).abs().max()) for first, second in pairs if first.numel()), default=0.0)


def require_no_closure(subject: Subject) -> None:
    """End a check that has no meaning for an optimizer that takes its gradients from a closure.

    Raises:
        DoesNotApply: it is one.
    """
    if needs_closure(subject):
        raise DoesNotApply("it takes its gradients from a closure")


def require_groups(subject: Subject) -> None:
    """End a check that needs several groups where the optimizer takes one only.

    Raises:
        DoesNotApply: the optimizer declares that it takes one only.
    """
    if subject.refuses("several_groups"):
        raise DoesNotApply("it takes one parameter group only")


def require_finite(run: Run) -> None:
    """Fail where a parameter is not finite.

    Raises:
        Differs: one is not.
    """
    if not all(value.isfinite().all() for value in values(run)):
        raise Differs("finite parameters", f"NaN or infinity after {run.steps} steps")
