"""Everything that is installed passes the conformance kit."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import pytest

pytest.importorskip("torch")

from optim_conformance import Kit, properties_of, subject_of
from optim_core import registry
from optim_core.kinds import KINDS

# So many share their processes, and run in one worker: a library that plugins wrap is imported once in each process.
BATCH = 80
# What the kit cannot train: the property that tells so, and its words.
NOT_TRAINED = {
    "DeMo": ("steps", "Default process group has not been initialized"),
    "DistributedMuon": ("defaults", "Default process group has not been initialized"),
    "SaRA": ("unused_parameters", "none does"),
    "Shampoo": ("steps", "linalg.svd: The algorithm failed to converge"),
}

# A step of it takes a hundred times as long as of others; it passed when it was checked by itself.
TOO_SLOW = ("SpectralSphere",)

# What compiles a kernel when it is first built in an environment, which takes longer than the kit waits for a plugin.
COMPILED = ("CPUAdam", "FusedAdam")
BUILD = """
import sys, torch
from optim_core import registry
for name in sys.argv[1:]:
    spec = registry.build({"type": name, "config": {"lr": 1e-3}}, "optimizer")
    spec.create_optimizer([torch.nn.Parameter(torch.zeros(2))])
"""

USABLE = [
    (kind, record)
    for kind in KINDS
    for record in registry.plugins(kind)
    if record.state == "ok" and not record.alias_of
]
# First what has an entry point of its own, then what providers offer.
INSTALLED = [
    (kind, record.name)
    for kind, record in sorted(USABLE, key=lambda usable: usable[1].provider or "")
    if record.alias_of is None and record.name not in (*NOT_TRAINED, *TOO_SLOW)
]


@cache
def kit_of(batch):
    """Return the kit for one batch, whose kernels are compiled before its clock runs."""
    plugins = INSTALLED[batch * BATCH : (batch + 1) * BATCH]
    compiled = [name for _, name in plugins if name in COMPILED]
    if compiled:
        subprocess.run([sys.executable, "-c", BUILD, *compiled], check=True, capture_output=True)
    return Kit(subject_of(name, kind) for kind, name in plugins)


def _cases():
    for number, (_, name) in enumerate(INSTALLED):
        mark = pytest.mark.xdist_group(f"conformance_of_batch_{number // BATCH}")
        yield pytest.param(*divmod(number, BATCH), id=name, marks=mark)


@pytest.mark.parametrize(("batch", "place"), list(_cases()))
def test_it_has_every_property_or_declares_what_it_cannot(batch, place):
    """No property fails."""
    kit = kit_of(batch)
    report = kit.report(kit.subjects[place])

    assert report.passed, str(report)


@cache
def kit_of_what_is_not_trained():
    """The kit for those that cannot be trained, which share a process too."""
    return Kit(map(subject_of, NOT_TRAINED))


@pytest.mark.xdist_group("conformance_of_what_is_not_trained")
@pytest.mark.parametrize("name", list(NOT_TRAINED))
def test_what_cannot_be_trained_is_told_with_the_reason(name):
    """The property that shows it fails, with what the library says."""
    told, said = NOT_TRAINED[name]
    kit = kit_of_what_is_not_trained()
    subject = kit.subjects[list(NOT_TRAINED).index(name)]
    result = kit.result(subject, properties_of(subject.kind)[told])

    assert "failed" == result.status
    assert said in str(result.seen)
