"""A run that one process begins and saves, and another continues."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from optim_core.testing.exceptions import told
from optim_core.testing.judging import at_rest
from optim_core.testing.subject import Subject

__all__ = ["begin_in", "how_it_continues"]

AFTER = 25


def begin_in(folder: Path, subject: Subject, number: int) -> str | None:
    """Saves a run, and what comes next in it, as the files of `number`; what goes wrong, None where nothing does."""
    import torch

    try:
        with at_rest():
            content, wanted = _saved_and_next(subject)
            _file(folder, number).write_bytes(content)
            torch.save(wanted, _next(folder, number))
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
        return told(error)
    return None


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number}.pt"


def _next(folder: Path, number: int) -> Path:
    return folder / f"{number}.next.pt"


def _saved_and_next(subject: Subject) -> tuple[bytes, Any]:
    """The file of a run, and what it does next: tensors, or rates as text."""
    from optim_core.testing.of_states import NEXT, prepared, saved
    from optim_core.testing.training import trajectory

    if subject.kind == "optimizer":
        run = prepared(subject)
        return saved(run), trajectory(run, NEXT)
    from optim_core.testing.of_scheduler_states import save_schedule
    from optim_core.testing.walking import begin_walk, take

    spec = subject.spec()
    scheduler = begin_walk(spec)
    take(spec, scheduler, AFTER)
    return save_schedule(scheduler), repr(take(spec, scheduler, NEXT, start=AFTER))


def how_it_continues(folder: Path, subject: Subject, number: int) -> tuple[str, str] | None:
    """What was expected of the run's next steps and what was seen, None where they are the same or none was saved."""
    import torch

    from optim_core.testing.training import difference, equal

    if not _next(folder, number).exists():
        return None
    wanted = torch.load(_next(folder, number), weights_only=True)
    found = _continued(subject, _file(folder, number))
    if isinstance(wanted, str):
        return None if wanted == found else (f"rates {wanted}", str(found))
    if equal(wanted, found):
        return None
    return "the same next steps", f"off by up to {difference(wanted, found):.3g}"


def _continued(subject: Subject, file: Path) -> Any:
    from optim_core.testing.of_states import NEXT, resume
    from optim_core.testing.training import trajectory

    if subject.kind == "optimizer":
        return trajectory(resume(subject, file), NEXT)
    from optim_core.testing.of_scheduler_states import load_schedule
    from optim_core.testing.walking import take

    spec = subject.spec()
    return repr(take(spec, load_schedule(spec, file), NEXT, start=AFTER))
