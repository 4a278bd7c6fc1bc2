"""What must be true of a demo."""

from __future__ import annotations

import copy
from pathlib import Path

from optim_conformance.outcomes import Differs
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.around_training import same, shown_of, workplace

__all__: list[str] = []


@property_of("demo", seconds=120.0)
def writes(subject: Subject) -> None:
    """`show` returns the files that it has written, all of them in the folder that it is given, and no other."""
    with workplace(subject) as around:
        before = _files(around)
        folder = around / "media"
        folder.mkdir()
        model, batch = shown_of(subject)
        shown = subject.spec().create(model).show(batch, 1, folder)
        if not isinstance(shown, list):
            raise Differs("a list of files", f"{shown!r:.60}")
        told = {Path(file).resolve() for file in shown}
        found = _files(around) - before
        if not told:
            raise Differs("a file at least", "none")
        for file in sorted(found | told):
            if not file.is_relative_to(folder):
                raise Differs("files in its folder", f"{file.name} outside of it")
            if file not in found:
                raise Differs("files that are there", f"{file.name} is not")
            if file not in told:
                raise Differs("each file that it writes in the list", f"{file.name} is not in it")


@property_of("demo", seconds=120.0)
def by_step(subject: Subject) -> None:
    """Another step writes other files, so that none of an earlier one is lost."""
    with workplace(subject) as folder:
        model, batch = shown_of(subject)
        demo = subject.spec().create(model)
        first, second = (set(demo.show(batch, step, folder)) for step in (1, 2001))
        if first & second:
            raise Differs("other files at another step", f"{sorted(map(str, first & second))[0]} twice")


@property_of("demo", seconds=120.0)
def leaves_alone(subject: Subject) -> None:
    """Showing changes neither the model, its mode and gradients included, nor the batch, nor random generators."""
    import torch

    with workplace(subject) as folder:
        model, batch = shown_of(subject)
        demo = subject.spec().create(model)
        model.train()
        before, given = copy.deepcopy(model.state_dict()), copy.deepcopy(batch)
        generator = torch.get_rng_state()
        demo.show(batch, 1, folder)
        if not same(dict(before), dict(model.state_dict())):
            raise Differs("the model as it was", "its state differs")
        if any(parameter.grad is not None for parameter in model.parameters()):
            raise Differs("a model without gradients", "there are some")
        if not same(given, batch):
            raise Differs("the batch as it was", "another one")
        if not torch.equal(generator, torch.get_rng_state()):
            raise Differs("random numbers of a generator of its own", "it draws from torch's")


def _files(folder: Path) -> set[Path]:
    return {file.resolve() for file in folder.rglob("*") if file.is_file()}
