"""The callback that shows a demo now and then."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks import Callback
from torch import nn
from torch.utils.data import default_collate

from optim_core.plugin_tools import said
from optim_training.demos.undisturbed import undisturbed
from optim_training.steps import steps_of
from optim_training.strategies.sharding import gathered
from optim_training.telling import say

__all__ = ["Demos"]


class Demos(Callback):
    """Show a demo after the first step, and then every so many steps: at those where (step - 1) is a multiple of them.

    The demos go through the dataset in its own order, a batch each, and begin again at its end; which items one shows
    depends on its step alone. Nothing of a demo ends or changes the training: random generators, modes and weights are
    put back, and one that fails is told and skipped; what fails in the same way at the same place is told once. The
    first process shows; the others wait in the next step.

    Args:
        demo: what the demo's `build` made: has ``show(batch, step, folder)``.
        model: what the model's `build` made.
        every: steps between two demos, ≥ 1.
        dataset: has ``__len__`` and ``__getitem__``; that of the validation, or else of the training.
        batch_size: how many items a demo is given; all, where there are fewer.
        folder: where the files are written; it is made.
        collate: makes a batch of a list of items; by default torch's own way to do it.
    """

    def __init__(
        self,
        demo: Any,
        model: nn.Module,
        *,
        every: int,
        dataset: Any,
        batch_size: int,
        folder: Path,
        collate: Callable[[list[Any]], Any] | None = None,
    ) -> None:
        self._demo, self._model, self._every = demo, model, every
        self._dataset, self._batch_size, self._folder = dataset, batch_size, folder
        self._collate = default_collate if collate is None else collate
        self._shown = -1
        self._told: set[tuple[type[BaseException], str, int]] = set()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Show, where a step has been taken at which it is to be shown."""
        step = steps_of(trainer)
        # Batches that only accumulate gradients take no step.
        if step == self._shown or step < 1 or (step - 1) % self._every:
            return
        self._shown = step
        with ExitStack() as stack:
            # Each process gathers a sharded model.
            stack.enter_context(gathered(self._model))
            if trainer.is_global_zero:
                self._show(trainer, pl_module, step)

    def _show(self, trainer: Any, module: Any, step: int) -> None:
        try:
            with undisturbed(self._model), trainer.precision_plugin.val_step_context():
                files = self._files(trainer, module, step)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a demo may raise anything, and the run goes on
            self._tell(step, error)
            return
        for logger in trainer.loggers:
            take = getattr(logger, "log_media", None)
            if take is None:
                continue
            try:
                take(files, step)
            except Exception as error:  # noqa: BLE001 - a logger's library may raise anything, and the run goes on
                self._tell(step, error)

    def _files(self, trainer: Any, module: Any, step: int) -> list[Path]:
        batch = trainer.strategy.batch_to_device(trainer.precision_plugin.convert_input(self._batch(step)))
        self._folder.mkdir(parents=True, exist_ok=True)
        # What a demo that fails has written by then is not kept.
        with tempfile.TemporaryDirectory(prefix=".demo-", dir=self._folder) as beside:
            files = _paths(self._demo.show(batch, step, Path(beside)))
            return [self._kept(path, Path(beside)) for path in files]

    def _kept(self, path: Path, beside: Path) -> Path:
        if not path.is_relative_to(beside):
            return path
        kept = self._folder / path.relative_to(beside)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, kept)
        return kept

    def _batch(self, step: int) -> Any:
        length = len(self._dataset)
        size = min(self._batch_size, length)
        begin = (step - 1) // self._every * size
        return self._collate([self._dataset[(begin + number) % length] for number in range(size)])

    def _tell(self, step: int, error: BaseException) -> None:
        kind = (type(error), *_place_of(error))
        if kind not in self._told:
            self._told.add(kind)
            say(f"the demo of step {step} is skipped, as are later ones that fail there: {said(error)}")


def _place_of(error: BaseException) -> tuple[str, int]:
    """Return the file and line where an error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return ("", 0) if trace is None else (trace.tb_frame.f_code.co_filename, trace.tb_lineno)


def _paths(files: Any) -> list[Path]:
    if isinstance(files, (str, bytes)) or not isinstance(files, Iterable):
        raise TypeError(f"show(batch, step, folder) gives a list of files, and this one {type(files).__name__}")
    paths = [Path(file) for file in files]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise FileNotFoundError(f"show(batch, step, folder) names {', '.join(missing)}, which it has not written")
    return paths
