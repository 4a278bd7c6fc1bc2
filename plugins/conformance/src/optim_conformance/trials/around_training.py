"""Plugins of a training command at work: in a folder of their own, on data that they bring or that the kit makes."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from optim_conformance.outcomes import Differs
from optim_conformance.subject import Subject

__all__ = [
    "DATA",
    "FILES",
    "SHOWN",
    "at_work",
    "batch_of",
    "data_of",
    "log_something",
    "losses_of",
    "make",
    "require_plain_tensor",
    "same",
    "shown_of",
    "trained_by",
    "use",
    "workplace",
]

# What a class may offer so that its `example` can be tried.
FILES, DATA, SHOWN = "example_files", "example_data", "example_shown"
ROWS, FEATURES, CLASSES = 8, 4, 3
PROJECT, RUN = "project", "run-1"
# Loggers that send somewhere what they are told do so when they are asked to; the kit asks them not to.
OFFLINE = {"WANDB_MODE": "offline", "COMET_START_ONLINE": "0"}


@contextlib.contextmanager
def workplace(subject: Subject, *, files: bool = True) -> Iterator[Path]:
    """Work in an empty folder, with the files of the class's example in it.

    Args:
        subject: the plugin.
        files: whether the files are there.
    """
    before = Path.cwd()
    kept = {name: os.environ.get(name) for name in OFFLINE}
    with tempfile.TemporaryDirectory(prefix="optim-conformance-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        os.chdir(folder)
        os.environ.update(OFFLINE)
        try:
            write = getattr(subject.cls, FILES, None)
            if files and callable(write):
                write(folder)
            yield folder
        finally:
            os.chdir(before)
            for key, value in kept.items():
                if value is None:
                    os.environ.pop(key, None)
                else:
                    os.environ[key] = value


def data_of(subject: Subject) -> Any:
    """Return what a model's `build` is given: that of the class's own example, or else a small table with classes."""
    own = getattr(subject.cls, DATA, None)
    if callable(own):
        return own()
    batch = _table()
    items = list(zip(*batch, strict=True))
    return SimpleNamespace(features=FEATURES, classes=CLASSES, vocabulary=CLASSES, first_batch=batch, dataset=items)


def _table() -> Any:
    import torch

    generator = torch.Generator().manual_seed(0)
    return torch.randn(ROWS, FEATURES, generator=generator), torch.arange(ROWS) % CLASSES


def shown_of(subject: Subject) -> tuple[Any, Any]:
    """Return the model and the batch that a demo shows: those of the class's own example, or else a linear model."""
    own = getattr(subject.cls, SHOWN, None)
    if callable(own):
        model, batch = own()
        return model, batch
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return torch.nn.Linear(FEATURES, CLASSES), _table()


@contextlib.contextmanager
def at_work(subject: Subject, spec: Any = None) -> Iterator[Any]:
    """Yield what a spec describes, in a folder with the files that it needs.

    Raises:
        Differs: it is not what its kind promises.
    """
    with workplace(subject) as folder:
        yield make(subject, folder, spec)


def make(subject: Subject, folder: Path, spec: Any = None) -> Any:
    """Return what a spec, by default that of the subject's config, describes."""
    spec = subject.spec() if spec is None else spec
    if subject.kind == "model":
        return _model(subject, spec)
    if subject.kind == "logger":
        return _logger(spec, folder)
    return spec.create(shown_of(subject)[0]) if subject.kind == "demo" else spec.create()


def _model(subject: Subject, spec: Any) -> Any:
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = spec.create(data_of(subject))
    if not isinstance(made, torch.nn.Module):
        raise Differs("a torch.nn.Module", f"{made!r:.60}")
    has_steps = callable(getattr(made, "training_step", None))
    if not has_steps and not callable(getattr(made, "loss", None)) and not callable(getattr(made, "losses", None)):
        raise Differs("a module with loss(batch), or losses(batch), or the steps of a LightningModule", f"{made!r:.60}")
    if callable(getattr(made, "losses", None)) and not isinstance(getattr(made, "trained", None), Mapping):
        raise Differs("`trained` beside losses(batch), a mapping of the same names to modules", "there is none")
    return made


def _logger(spec: Any, folder: Path) -> Any:
    made = spec.create(folder, PROJECT, RUN)
    for name in ("log_metrics", "log_hyperparams", "save", "finalize"):
        if not callable(getattr(made, name, None)):
            raise Differs("a logger of Lightning's", f"it has no {name}()")
    return made


def batch_of(subject: Subject) -> Any:
    """Return a batch as a model is given it."""
    return data_of(subject).first_batch


def losses_of(model: Any, batch: Any) -> dict[str, Callable[[], Any]]:
    """Return the losses of a model by name, each to be computed: that which is minimised, or one for each optimizer."""
    if callable(getattr(model, "losses", None)):
        return dict(model.losses(batch))

    def loss() -> Any:
        given = model.loss(batch)
        return next(iter(given.values())) if isinstance(given, Mapping) else given

    return {"loss": loss}


def trained_by(model: Any) -> dict[str, Any]:
    """Return the modules that each loss trains."""
    return dict(model.trained) if callable(getattr(model, "losses", None)) else {"loss": model}


def require_plain_tensor(name: str, value: Any) -> None:
    """Require a finite tensor of shape ().

    Raises:
        Differs: it is something else.
    """
    import torch

    if not isinstance(value, torch.Tensor) or value.numel() != 1 or value.dim() > 1:
        found = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else f"{value!r:.60}"
        raise Differs(f"{name}: a tensor of shape ()", found)
    if not torch.isfinite(value).all():
        raise Differs(f"{name}: a finite number", f"{value.item()}")


def same(one: Any, other: Any) -> bool:
    """Tell whether two items are equal to the last bit, whatever they are made of."""
    import torch

    if isinstance(one, torch.Tensor) or isinstance(other, torch.Tensor):
        return (
            isinstance(one, torch.Tensor)
            and isinstance(other, torch.Tensor)
            and one.dtype == other.dtype
            and one.shape == other.shape
            and bool(torch.equal(torch.nan_to_num(one), torch.nan_to_num(other)))
        )
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "tobytes") and hasattr(other, "tobytes"):
        return bool(one.tobytes() == other.tobytes())
    return bool(one == other)


def use(subject: Subject) -> None:
    """Do with a plugin what a training does with it, once."""
    import torch

    with workplace(subject) as folder:
        made = make(subject, folder)
        if subject.kind == "dataset":
            getattr(subject.spec().config, "check", list)()
            made[len(made) - 1]
        elif subject.kind == "model":
            # Dropout draws random numbers, as it should.
            with torch.random.fork_rng(devices=[]):
                for compute in losses_of(made, batch_of(subject)).values():
                    compute().backward()
        elif subject.kind == "demo":
            made.show(shown_of(subject)[1], 1, folder)
        else:
            log_something(made)


def log_something(logger: Any) -> None:
    """Tell a logger what a run tells it, and that the run has ended."""
    logger.log_hyperparams({"lr": 0.1, "model": {"width": 3}})
    for step in (1, 2):
        logger.log_metrics({"train/loss": 1.0 / step}, step=step)
        logger.save()
    logger.finalize("success")
