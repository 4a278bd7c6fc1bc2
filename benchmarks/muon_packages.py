"""Muon and AdamW as other packages have them, for benchmarks/muon.py: those that are installed and run on a device.

What is missing is told with the reason. gram-newton-schulz asks for nine packages of CUDA kernels that it does not need
with its kernels off: ``pip install --no-deps gram-newton-schulz``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module

import attrs
import torch
from torch import nn
from torch.optim import Optimizer

from common import installed

__all__ = ["PACKAGES", "Package", "adamw", "optimi", "together"]

LR, MOMENTUM = 0.02, 0.95
CLASSIC = [3.4445, -4.7750, 2.0315]

# A function that takes one step.
Step = Callable[[], object]
Parameters = list[nn.Parameter]


@attrs.frozen
class Package:
    """An optimizer of another package.

    Args:
        distribution: the name by which pip installs it.
        module: what it is imported by.
        make: makes its step, of matrices and other parameters.
        devices: on which devices it is compared.
        widest: the longest shorter side of a matrix with which it is compared on a CPU, where it is slow; None where
            it is not.
        remark: why, in a few words, if there is anything to say.
    """

    distribution: str
    module: str
    make: Callable[[Parameters, Parameters], Step]
    devices: tuple[str, ...]
    widest: int | None = None
    remark: str = ""

    def missing(self) -> str:
        """Return why it cannot be compared here, nothing where it can."""
        if installed(self.distribution) is None:
            return "it is not installed"
        try:
            import_module(self.module)
        except ImportError as error:
            return f"it cannot be imported: {error}"
        return ""

    def fits(self, shapes: list[tuple[int, ...]], device: str) -> bool:
        """Return whether it is compared with matrices of these shapes."""
        return device != "cpu" or self.widest is None or max(map(min, shapes)) <= self.widest


def together(*optimizers: Optimizer | Step) -> Step:
    """Return a step that takes those of several optimizers, one after the other."""
    steps = [each.step if isinstance(each, Optimizer) else each for each in optimizers]

    def step() -> None:
        for each in steps:
            each()

    return step


def adamw(params: Parameters) -> list[Optimizer]:
    """Return the fused AdamW of torch for these parameters, and none where there are no parameters."""
    return [torch.optim.AdamW(params, lr=3e-4, fused=True)] if params else []


def optimi(params: Parameters) -> Step:
    """Return the step of torch-optimi's AdamW, in the form that is its fastest on a CPU."""
    from optimi import AdamW

    with warnings.catch_warnings(action="ignore"):
        return together(AdamW(params, lr=3e-4, betas=(0.9, 0.999), eps=1e-8, foreach=True))


def _library(matrices: Parameters, others: Parameters) -> Step:
    from pytorch_optimizer import Muon

    return together(Muon([{"params": matrices, "use_muon": True}], lr=LR, momentum=MOMENTUM), *adamw(others))


def _gram(matrices: Parameters, others: Parameters) -> Step:
    """Its kernels and torch.compile, which takes a minute on a CPU, are for CUDA."""
    from gram_newton_schulz import GramNewtonSchulz, Muon

    kernels = matrices[0].is_cuda and installed("quack-kernels") is not None
    iterations, restarts = [CLASSIC] * 5, [2, 4]
    muon = Muon(
        matrices,
        lr=LR,
        momentum=MOMENTUM,
        weight_decay=0.0,
        ns_coefficients=iterations,
        ns_use_kernels=kernels,
        gram_newton_schulz_restart_iterations=restarts,
    )
    if not matrices[0].is_cuda:
        muon.newton_schulz = GramNewtonSchulz(
            ns_use_kernels=False,
            ns_coefficients=iterations,
            gram_newton_schulz_reset_iterations=restarts,
            compile_kwargs=None,
        )
    return together(muon, *adamw(others))


def _dtensor(matrices: Parameters, others: Parameters) -> Step:
    from dtensor_muon import MuonForeach

    groups = [{"params": matrices, "algorithm": "muon"}, {"params": others, "algorithm": "adamw"}]
    return together(
        MuonForeach(
            [group for group in groups if group["params"]],
            lr=LR,
            wd=0.0,
            use_cautious_wd=False,
            momentum=MOMENTUM,
            orthogonalization_strategy="newton_schulz",
        )
    )


def _emerging(matrices: Parameters, others: Parameters) -> Step:
    from emerging_optimizers.orthogonalized_optimizers import Muon

    muon = Muon(matrices, lr=LR, momentum=MOMENTUM, weight_decay=0.0, nesterov=True, use_syrk=True)
    return together(muon, *adamw(others))


PACKAGES = [
    Package("pytorch_optimizer", "pytorch_optimizer", _library, ("cpu",)),
    Package(
        "gram-newton-schulz",
        "gram_newton_schulz",
        _gram,
        ("cpu", "cuda"),
        widest=64,
        remark="multiplies in float16 only, at about 1 GFLOP/s on a CPU: one step of wider matrices takes a minute",
    ),
    Package("dtensor-muon", "dtensor_muon", _dtensor, ("cuda",), remark="has kernels in Triton"),
    Package("emerging-optimizers", "emerging_optimizers", _emerging, ("cuda",), remark="needs Python 3.12"),
]
