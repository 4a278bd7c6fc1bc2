"""Plugins of a training command: a sound one of each kind, and others that are wrong on purpose, each in one thing."""

from __future__ import annotations

import random
from pathlib import Path
from typing import ClassVar

import attrs

SOUND = []
WRONG = []


def sound(kind):
    """Adds the decorated class to the sound ones of a kind."""

    def add(cls):
        SOUND.append((kind, cls))
        return cls

    return add


def wrong(kind, property):  # noqa: A002 - what it is
    """Adds the decorated class to the wrong ones, with the property that it lacks."""

    def add(cls):
        WRONG.append((kind, property, cls))
        return cls

    return add


@sound("dataset")
@attrs.frozen(kw_only=True)
class Lines:
    """The lengths of the lines of a file."""

    example: ClassVar = {"path": "lines.txt"}

    path: str

    @classmethod
    def example_files(cls, folder):
        (folder / "lines.txt").write_text("one\nthree\nseven\n")

    def _lines(self):
        return Path(self.path).read_text(errors="replace").split()

    def check(self):
        if not Path(self.path).exists():
            return [f"{self.path}: there is no such file"]
        return [] if self._lines() else [f"{self.path}: it is empty"]

    def count(self):
        return len(self._lines())

    def build(self):
        return [float(len(line)) for line in self._lines()]

    def augment(self, item, generator):
        import torch

        return item + torch.rand((), generator=generator).item()


@wrong("dataset", "items")
class SaysMore(Lines):
    """It has fewer items than its length says."""

    def build(self):
        class Items(list):
            def __len__(self):
                return 7

        return Items([1.0, 2.0])


@wrong("dataset", "items")
class BeginsAnew(Lines):
    """It has items beyond its end."""

    def build(self):
        class Items(list):
            def __getitem__(self, index):
                return list.__getitem__(self, index % 3)

        return Items([1.0, 2.0, 3.0])


@wrong("dataset", "same_items")
class Draws(Lines):
    """Its items are random."""

    def build(self):
        class Items(list):
            def __getitem__(self, index):
                return list.__getitem__(self, index) + random.random()

        return Items([1.0, 2.0])


@wrong("dataset", "batches")
class Objects(Lines):
    """Torch makes no batch of its items, and it does not either."""

    def build(self):
        return [object(), object()]


@wrong("dataset", "facts")
class Miscounts(Lines):
    """It counts another number of items than it has."""

    def count(self):
        return 17


@wrong("dataset", "augments")
class DrawsElsewhere(Lines):
    """Its augmentation draws from torch's own generator."""

    def augment(self, item, generator):
        import torch

        return item + torch.rand(()).item()


@wrong("dataset", "check")
class RaisesInCheck(Lines):
    """Its check raises where the file is not there."""

    def check(self):
        return [] if self._lines() else ["empty"]


@wrong("dataset", "check")
class SaysNothing(Lines):
    """Its check finds nothing wrong with no file at all."""

    def check(self):
        return []


@sound("model")
@attrs.frozen(kw_only=True)
class Linear:
    """A linear classifier."""

    def build(self, data):
        import torch

        class Model(torch.nn.Linear):
            def loss(self, batch):
                return torch.nn.functional.cross_entropy(self(batch[0]), batch[1])

            def metrics(self, batch):
                return {"accuracy": (self(batch[0]).argmax(1) == batch[1]).float().mean()}

        return Model(data.features, data.classes)


def changed(method):
    """Returns a plugin class whose model has another method of that name."""

    class Changed(Linear):
        """A linear classifier, but for one thing."""

        def build(self, data):
            made = Linear.build(self, data)
            made.__class__ = type("Model", (type(made),), {method.__name__: method})
            return made

    return Changed


@wrong("model", "losses")
class NoNumber(Linear):
    """Its loss is not finite."""

    def build(self, data):
        def loss(self, batch):
            return self(batch[0]).sum() * float("nan")

        return changed(loss)().build(data)


@wrong("model", "losses")
class ChangesTheBatch(Linear):
    """It writes into the batch."""

    def build(self, data):
        def loss(self, batch):
            batch[0].mul_(0.5)
            return self(batch[0]).square().mean()

        return changed(loss)().build(data)


@wrong("model", "gradients")
class Idle(Linear):
    """One of its parameters has no part in the loss."""

    def build(self, data):
        import torch

        made = Linear.build(self, data)
        made.idle = torch.nn.Parameter(torch.zeros(3))
        return made


@wrong("model", "learns")
class GoesUp(Linear):
    """Its gradient leads away."""

    def build(self, data):
        def loss(self, batch):
            square = self(batch[0]).square().mean()
            return 2 * square.detach() - square

        return changed(loss)().build(data)


@wrong("model", "metrics")
class TellsARow(Linear):
    """Its metric is one number for each item."""

    def build(self, data):
        def metrics(self, batch):
            return {"right": (self(batch[0]).argmax(1) == batch[1]).float()}

        return changed(metrics)().build(data)


@wrong("model", "state")
class Forgets(Linear):
    """What it has drawn at build is not in its state."""

    def build(self, data):
        import torch

        made = Linear.build(self, data)
        made.offset = torch.rand(())

        def loss(self, batch):
            return torch.nn.functional.cross_entropy(self(batch[0] * self.offset), batch[1])

        made.__class__ = type("Model", (type(made),), {"loss": loss})
        return made


@wrong("model", "names")
class OtherNames(Linear):
    """Its losses have other names than what they train."""

    def build(self, data):
        import torch

        class Model(torch.nn.Linear):
            @property
            def trained(self):
                return {"generator": self}

            def losses(self, batch):
                return {"critic": lambda: self(batch[0]).square().mean()}

        return Model(data.features, data.classes)


@sound("logger")
@attrs.frozen(kw_only=True)
class Notes:
    """A logger that writes what it is told into a file."""

    def build(self, folder, project, run):
        from lightning.pytorch.loggers import Logger

        class Writes(Logger):
            name = project
            version = run
            file = folder / "notes.txt"

            def log_metrics(self, metrics, step=None):
                with self.file.open("a") as opened:
                    opened.write(f"{step} {metrics}\n")

            def log_hyperparams(self, params, *args, **kwargs):
                self.log_metrics(params)

        return Writes()


@wrong("logger", "logs")
class WritesBeside(Notes):
    """It writes beside the folder of the run."""

    def build(self, folder, project, run):
        return Notes.build(self, folder.parent, project, run)


@wrong("logger", "goes_on")
class WantsANewFolder(Notes):
    """It cannot go on where it has been."""

    def build(self, folder, project, run):
        (folder / "here").mkdir()
        return Notes.build(self, folder, project, run)


@sound("demo")
@attrs.frozen(kw_only=True)
class Largest:
    """The largest number that a model gives."""

    def build(self, model):
        return Shows(model)


class Shows:
    def __init__(self, model):
        self.model = model

    def show(self, batch, step, folder):
        import torch

        with torch.no_grad():
            largest = self.model(batch[0]).max().item()
        file = folder / f"largest_{step:08}.txt"
        file.write_text(str(largest))
        return [file]


@wrong("demo", "writes")
class WritesElsewhere(Largest):
    """It writes beside its folder."""

    def build(self, model):
        class Elsewhere(Shows):
            def show(self, batch, step, folder):
                return Shows.show(self, batch, step, folder.parent)

        return Elsewhere(model)


@wrong("demo", "by_step")
class WritesOver(Largest):
    """It writes the same file at each step."""

    def build(self, model):
        class Over(Shows):
            def show(self, batch, step, folder):
                return Shows.show(self, batch, 1, folder)

        return Over(model)


@wrong("demo", "leaves_alone")
class LeavesGradients(Largest):
    """It leaves gradients behind."""

    def build(self, model):
        class Leaves(Shows):
            def show(self, batch, step, folder):
                self.model(batch[0]).sum().backward()
                return Shows.show(self, batch, step, folder)

        return Leaves(model)
