"""What must be true of a logger."""

from __future__ import annotations

from pathlib import Path

from optim_conformance.outcomes import Differs
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.around_training import log_something, make, workplace

__all__: list[str] = []


@property_of("logger", seconds=180.0)
def logs(subject: Subject) -> None:
    """It takes the config and metrics of a run, ends, and has left a file in the folder of the run alone."""
    with workplace(subject) as around:
        folder = around / "run"
        folder.mkdir()
        log_something(make(subject, folder))
        strange = [name for name in _files(around) if not name.startswith("run/")]
        if strange:
            raise Differs("files in the folder of the run", f"{strange[0]} beside it")
        if not _files(folder):
            raise Differs("a file in the folder of the run", "there is none")


@property_of("logger", seconds=180.0)
def goes_on(subject: Subject) -> None:
    """A second logger for the same folder and run goes on where the first ended."""
    with workplace(subject) as folder:
        for _ in range(2):
            log_something(make(subject, folder))


def _files(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
