"""Which extra of optim-core brings a plugin that is not installed: for messages alone, never to find a plugin."""

from __future__ import annotations

from collections.abc import Iterable

from optim_core.discovery import Kind
from optim_core.names import normalise

__all__ = ["EXTRAS", "extra_of", "install_line", "names_of_extras"]

# What the distributions of the extras register. A test compares this with their entry points.
EXTRAS: dict[str, dict[Kind, tuple[str, ...]]] = {
    "schedules": {
        "scheduler": (
            "constant",
            "constant_with_warmup",
            "cosine",
            "cosine_warmup_with_min_lr",
            "cosine_with_min_lr",
            "cosine_with_restarts",
            "greedy",
            "inverse_sqrt",
            "InverseLR",
            "linear",
            "polynomial",
            "reduce_lr_on_plateau",
            "sequential",
            "warmup",
            "warmup_cosine",
            "warmup_stable_decay",
        )
    },
    "torch": {
        "optimizer": (
            "Adadelta",
            "Adafactor",
            "Adagrad",
            "Adam",
            "Adamax",
            "AdamW",
            "ASGD",
            "LBFGS",
            "NAdam",
            "RAdam",
            "RMSprop",
            "Rprop",
            "SGD",
            "SparseAdam",
            "TorchMuon",
        ),
        "scheduler": (
            "ChainedScheduler",
            "ConstantLR",
            "cosine_warm_restarts",
            "CosineAnnealingLR",
            "CosineAnnealingWarmRestarts",
            "CyclicLR",
            "exponential",
            "ExponentialLR",
            "LambdaLR",
            "LinearLR",
            "MultiplicativeLR",
            "multistep",
            "MultiStepLR",
            "onecycle",
            "OneCycleLR",
            "plateau",
            "PolynomialLR",
            "ReduceLROnPlateau",
            "SequentialLR",
            "step",
            "StepLR",
        ),
        "clipper": ("adaptive", "norm", "value"),
    },
}


def install_line(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install 'optim-core[{extra}]'"


def names_of_extras(kinds: Iterable[Kind]) -> dict[str, str]:
    """Plugin name to extra, for plugins of these kinds."""
    return {name: extra for kind in kinds for extra, plugins in EXTRAS.items() for name in plugins.get(kind, ())}


def extra_of(kinds: Iterable[Kind], name: str) -> str | None:
    """The extra that brings a plugin of this name, None where none does."""
    wanted = normalise(name)
    return next((extra for known, extra in names_of_extras(kinds).items() if normalise(known) == wanted), None)
