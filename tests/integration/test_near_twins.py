"""What is called alike, or is nearly the same, says in its first line which is which."""

import re

import pytest

from optim_core import registry
from optim_core.plugin_tools import describe

from .conftest import ROOT

# A plugin, and what it is not. Where several are alike, each names the one that is recommended.
TWINS = {
    "scheduler": {
        "linear": ("LinearLR",),
        "LinearLR": ("linear",),
        "constant": ("ConstantLR",),
        "ConstantLR": ("constant",),
        "constant_with_warmup": ("constant",),
        "polynomial": ("PolynomialLR",),
        "PolynomialLR": ("polynomial",),
        "cosine": ("CosineAnnealingLR", "warmup_cosine"),
        "CosineAnnealingLR": ("cosine",),
        "warmup_cosine": ("cosine",),
        "cosine_with_min_lr": ("cosine",),
        "cosine_warmup_with_min_lr": ("cosine_with_min_lr",),
        "cosine_with_restarts": ("CosineAnnealingWarmRestarts",),
        "CosineAnnealingWarmRestarts": ("cosine_with_restarts",),
        "OneCycleLR": ("cosine",),
        "CyclicLR": ("OneCycleLR",),
        "sequential": ("SequentialLR",),
        "SequentialLR": ("sequential",),
        "ChainedScheduler": ("sequential",),
        "warmup": ("cosine", "linear"),
        "inverse_sqrt": ("InverseLR",),
        "InverseLR": ("inverse_sqrt",),
        "greedy": ("ReduceLROnPlateau",),
        "ReduceLROnPlateau": ("greedy",),
        "StepLR": ("MultiStepLR",),
        "MultiStepLR": ("StepLR",),
        "LambdaLR": ("MultiplicativeLR",),
        "MultiplicativeLR": ("LambdaLR",),
        "ExponentialLR": ("lr_decay_gamma",),
    },
    "optimizer": {
        "Muon": ("TorchMuon",),
        "TorchMuon": ("Muon",),
        "pytorch_optimizer:Muon": ("Muon", "TorchMuon"),
        "AdaMuon": ("Muon",),
        "NorMuon": ("Muon",),
        "DistributedMuon": ("Muon",),
        "Adam": ("AdamW",),
        "AdamW": ("Adam",),
        "FusedAdam": ("AdamW",),
        "CPUAdam": ("FusedAdam",),
        "AdamW8bit": ("AdamW", "AdamW32bit", "PagedAdamW"),
        "PagedAdamW": ("AdamW", "AdamW8bit"),
        "Lion": ("Lion8bit",),
        "Lion8bit": ("Lion", "Lion32bit"),
        "SGD": ("ASGD",),
        "ASGD": ("SGD",),
        "SGDW": ("SGD",),
        "SGD8bit": ("SGD", "SGD32bit"),
        "Adafactor": ("pytorch_optimizer:AdaFactor",),
        "pytorch_optimizer:AdaFactor": ("Adafactor",),
        "Adadelta": ("pytorch_optimizer:AdaDelta",),
        "pytorch_optimizer:AdaDelta": ("Adadelta",),
        "Adamax": ("pytorch_optimizer:AdaMax",),
        "pytorch_optimizer:AdaMax": ("Adamax",),
        "RAdam": ("pytorch_optimizer:RAdam",),
        "pytorch_optimizer:RAdam": ("RAdam",),
        "pytorch_optimizer:ASGD": ("ASGD",),
        "Lookahead": ("Ranger",),
        "Ranger": ("Lookahead",),
        "SAM": ("BSAM",),
        "BSAM": ("SAM",),
        "ScheduleFreeAdamW": ("AdamW", "cosine"),
        "ScheduleFreeRAdam": ("RAdam",),
        "ScheduleFreeSGD": ("SGD", "cosine"),
        "StableAdamW": ("AdamW",),
        "Shampoo": ("ScalableShampoo",),
        "ScalableShampoo": ("Shampoo",),
        "AdEMAMix": ("SimplifiedAdEMAMix",),
        "SimplifiedAdEMAMix": ("AdEMAMix",),
    },
    "clipper": {"norm": ("value", "adaptive"), "value": ("norm",), "adaptive": ("norm",)},
}
CATALOGS = {"optimizer": registry.optimizers, "scheduler": registry.schedulers, "clipper": registry.clippers}
each_twin = pytest.mark.parametrize(
    ("kind", "name", "others"),
    [pytest.param(kind, *twin, id=twin[0]) for kind, twins in TWINS.items() for twin in twins.items()],
)


@each_twin
def test_the_first_line_names_the_other(kind, name, others):
    """`optim list` and `optim show` print that line."""
    first = describe(CATALOGS[kind][name]).summary
    assert [] == [other for other in others if f"`{other}`" not in first], first


@each_twin
def test_the_page_of_what_to_write_tells_them_apart(kind, name, others):
    """A row of docs/choosing.md names both."""
    page = (ROOT / "docs/choosing.md").read_text(encoding="utf-8")
    rows = [set(re.findall(r"[\w:]+", row)) for row in page.splitlines() if row.startswith("|")]
    assert any({name, *others} <= row for row in rows)


def test_names_that_several_libraries_have_are_among_them():
    """What is `provider:name` because another has the plain name says which one that is."""
    qualified = {record.name for record in registry.plugins("optimizer") if ":" in record.name}
    assert qualified <= TWINS["optimizer"].keys()
