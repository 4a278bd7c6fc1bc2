"""Jobs that SLURM queues again: how it is asked to, and which run goes on then."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from optim_core.plugin_tools import said
from optim_training.telling import say

__all__ = ["queue_again", "queued_job", "requeued_job"]

# A file in the folder of a run, with the job that shall go on with it.
_JOB = "slurm_job"


def queue_again(run: Path) -> None:
    """Have SLURM queue this job again, to go on with a run; where it does not, say so.

    Args:
        run: the folder of the run.
    """
    job = _job()
    if job is None:
        return
    (run / _JOB).write_text(job, encoding="utf-8")
    try:
        command = ["scontrol", "requeue", job]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    except OSError as error:
        say(f"the job {job} is not queued again: {said(error)}")
        return
    if done.returncode:
        reason = done.stderr.strip() or f"scontrol has the status {done.returncode}"
        say(f"the job {job} is not queued again: {reason}")
    else:
        say(f"the job {job} is queued again")


def requeued_job() -> str | None:
    """Return the id of this job where SLURM has queued it again, else None.

    Example:
        >>> from optim_training.stopping.requeue import requeued_job
        >>> requeued_job() is None
        True
    """
    return None if os.environ.get("SLURM_RESTART_COUNT", "0") in ("", "0") else _job()


def queued_job(run: Path) -> str | None:
    """Return the id of the job that was queued again to go on with a run, else None."""
    file = run / _JOB
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _job() -> str | None:
    if "SLURM_ARRAY_JOB_ID" in os.environ:
        return f"{os.environ['SLURM_ARRAY_JOB_ID']}_{os.environ['SLURM_ARRAY_TASK_ID']}"
    return os.environ.get("SLURM_JOB_ID")
