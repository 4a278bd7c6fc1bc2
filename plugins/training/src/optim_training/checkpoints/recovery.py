"""Which run goes on with ``--recover``, and from which of its checkpoints."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from optim_core import OptimError
from optim_training.checkpoints.contents import check
from optim_training.checkpoints.names import checkpoints_in
from optim_training.run_folder import RUN_VARIABLE, RunFolder
from optim_training.stopping.requeue import queued_job
from optim_training.telling import say

__all__ = ["newest_run"]

_BEGUN = re.compile(r"\d{8}-\d{6}")


def newest_run(save_dir: Path, project: str, *, job: str | None = None) -> tuple[RunFolder, Path] | None:
    """Return the newest run of a project that can go on, and the newest checkpoint of it that loads.

    Promises: each checkpoint is read to its end, with its checksums, before it is chosen; what is passed over is told,
    with the reason. Nothing is changed. The processes that a run has started look at that run alone.

    Args:
        save_dir: below which all runs are kept.
        project: the name of the project.
        job: of SLURM's, that was queued again: the run that it shall go on with, and no other. None for any run.

    Returns:
        None where no run has a checkpoint that loads.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.checkpoints.recovery import newest_run
        >>> newest_run(Path("runs"), "digits") is None
        True
    """
    for run in _runs(save_dir, project):
        if job is not None and queued_job(run.path) != job:
            continue
        checkpoints = checkpoints_in(run.checkpoints)
        if not checkpoints:
            say(f"skipped: run {run.run} has no checkpoint")
        for path in checkpoints:
            try:
                check(path)
            except OptimError as error:
                say(f"skipped: {error}")
                continue
            say(f"run {run.run} goes on from {path}")
            return run, path
    return None


def _runs(save_dir: Path, project: str) -> list[RunFolder]:
    """Return the runs of a project, the newest first."""
    folder = save_dir / project
    if not folder.is_dir():
        return []
    own = os.environ.get(RUN_VARIABLE)
    runs = [RunFolder(save_dir, project, path.name) for path in folder.iterdir() if path.is_dir()]
    found = [run for run in runs if (run.run == own if own else run.checkpoints.is_dir() or run.config.is_file())]
    return sorted(found, key=lambda run: (_begun(run), run.run), reverse=True)


def _begun(run: RunFolder) -> float:
    """Return when a run began: its id says so, or else the first file that it wrote."""
    said = _BEGUN.match(run.run)
    if said is not None:
        try:
            return time.mktime(time.strptime(said[0], "%Y%m%d-%H%M%S"))
        except (ValueError, OverflowError):
            pass
    first = run.config if run.config.is_file() else run.path
    return first.stat().st_mtime
