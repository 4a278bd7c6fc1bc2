"""Begin a run: find out what it goes on from, check all of it, and only then import what trains."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from optim_core.plugin_tools import Document
from optim_training.arguments.training_config import TrainingConfig
from optim_training.job import Job, Saved, job_of
from optim_training.run_folder import RUN_VARIABLE, RunFolder, new_run
from optim_training.stopping.requeue import requeued_job
from optim_training.telling import say

__all__ = ["begin"]


def begin(
    arguments: TrainingConfig,
    overrides: Sequence[str] = (),
    *,
    documents: Mapping[str, Document] | None = None,
    check: bool = False,
) -> int:
    """Check a run and train it; return the exit status of the process.

    Args:
        arguments: of the run.
        overrides: values to replace in the model config.
        documents: configs that stand in no file, by the argument that would name one.
        check: whether to train nothing.

    Raises:
        ConfigError: with everything that is wrong in `.problems`.
        OptimError: the run cannot begin, or has failed in a way that is known.
    """
    documents = documents or {}
    has_configs = all(getattr(arguments, name) or name in documents for name in ("model_config", "dataset_config"))
    # What is wrong with configs is said before a checkpoint is looked at, for which torch is imported.
    job = job_of(arguments, overrides, documents=documents) if has_configs else None
    if check and job is not None:
        return _checked(job)
    folder, checkpoint = _place(arguments)
    job = job or job_of(arguments, overrides, _saved(checkpoint), documents)
    if check:
        return _checked(job)
    for note in job.notes:
        say(note)
    from optim_training.training import train

    is_first = RUN_VARIABLE not in os.environ
    os.environ[RUN_VARIABLE] = folder.run
    try:
        return train(job, folder, checkpoint)
    finally:
        if is_first:
            # Another run of this process is another run.
            del os.environ[RUN_VARIABLE]


def _place(arguments: TrainingConfig) -> tuple[RunFolder, Path | None]:
    """Return the folder of the run, and the checkpoint from which it goes on."""
    save_dir, project = Path(arguments.save_dir or "."), arguments.folder_of_project
    job = requeued_job()
    if arguments.recover or job is not None:
        from optim_training.checkpoints.recovery import newest_run

        found = newest_run(save_dir, project, job=None if arguments.recover else job)
        if found is not None:
            return found
        say(f"no run of {project} in {save_dir} can go on: one begins")
    if not arguments.ckpt_path:
        return new_run(save_dir, project), None
    from optim_training.checkpoints.contents import check

    given = Path(arguments.ckpt_path)
    check(given)
    return new_run(save_dir, project), given


def _saved(checkpoint: Path | None) -> Saved | None:
    """Return the configs in a checkpoint."""
    if checkpoint is None:
        return None
    from optim_training.checkpoints.contents import configs_in

    return configs_in(checkpoint)


def _checked(job: Job) -> int:
    for note in job.notes:
        say(note)
    say(f"{job.model.spec.type} on {job.dataset.spec.type}: everything is right that can be checked without torch")
    return 0
