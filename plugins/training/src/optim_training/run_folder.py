"""Where a run keeps its files: ``SAVE_DIR/PROJECT/RUN``."""

from __future__ import annotations

import os
import re
import secrets
import time
from pathlib import Path

import attrs

__all__ = ["RUN_VARIABLE", "RunFolder", "new_run"]

# The processes that a run starts find its id here, so that all have one folder.
RUN_VARIABLE = "OPTIM_TRAINING_RUN"


@attrs.frozen
class RunFolder:
    """The folder of a run.

    Args:
        save_dir: the folder below which all runs are kept.
        project: the name of the project.
        run: the id of the run.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.run_folder import RunFolder
        >>> RunFolder(Path("runs"), "digits", "20261201-080000-1a2b3c").checkpoints.as_posix()
        'runs/digits/20261201-080000-1a2b3c/checkpoints'
    """

    save_dir: Path
    project: str
    run: str

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.save_dir / self.project / self.run

    @property
    def checkpoints(self) -> Path:
        """The folder of its checkpoints."""
        return self.path / "checkpoints"

    @property
    def media(self) -> Path:
        """The folder of what demos show."""
        return self.path / "media"

    @property
    def config(self) -> Path:
        """The file with the whole config."""
        return self.path / "config.yaml"


def new_run(save_dir: Path, project: str) -> RunFolder:
    """Return the folder of a run that begins, which other processes of the run find by the same id.

    The id says when the run began; where SLURM or torchrun started all processes, it is theirs.
    """
    run = os.environ.get(RUN_VARIABLE) or _id_of_job() or _new_id()
    return RunFolder(save_dir, project, run)


def _new_id() -> str:
    """Return an id that no other run has, and that says when the run begins."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"


def _id_of_job() -> str | None:
    """Return an id that every process of a job finds by itself, None where none is needed."""
    job = os.environ.get("SLURM_JOB_ID")
    if job is not None and int(os.environ.get("SLURM_NTASKS", "1")) > 1:
        step = os.environ.get("SLURM_STEP_ID", "0")
        return re.sub(r"[^\w.-]", "-", f"slurm-{job}-{step}")
    if "TORCHELASTIC_RUN_ID" in os.environ:
        return _id_of_torchrun()
    return None


def _id_of_torchrun() -> str:
    """Return the id that the first process of a torchrun has made, by the store that torchrun keeps for all."""
    from torch._C._distributed_c10d import TCPStore

    # The store lives as long as torchrun, which starts processes anew, with another count, where one has failed.
    store = TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False)
    key = f"{RUN_VARIABLE}/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}"
    if os.environ["RANK"] == "0":
        store.set(key, _new_id())
    return str(store.get(key).decode())
