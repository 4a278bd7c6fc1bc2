"""Signals that stop a run: the step ends, a checkpoint is written, and every process ends with the same status."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks import Callback

from optim_training.steps import steps_of
from optim_training.stopping.requeue import queue_again
from optim_training.telling import say

__all__ = ["StopSignals", "StoppedError"]

# The one that counts where processes were sent different ones: the last of them here.
_BY_WEIGHT = [signal.SIGINT, signal.SIGTERM]
if hasattr(signal, "SIGUSR1"):
    _BY_WEIGHT.insert(0, signal.SIGUSR1)


class StoppedError(SystemExit):
    """A run was stopped by a signal; the exit status of the process is 128 and the number of the signal.

    Args:
        signum: of the signal.

    Example:
        >>> from optim_training.stopping.signals import StoppedError
        >>> StoppedError(15).code
        143
    """

    def __init__(self, signum: int) -> None:
        super().__init__(128 + signum)
        self.signum = signum


class StopSignals(Callback):
    """Ends a run on SIGTERM and SIGINT, and on SIGUSR1 in a job of SLURM's, which is then queued again.

    Promises: whichever process is sent the signal, all of them end after the same optimizer step (see `Moments`), with
    a checkpoint of it, and with the status 143, 130 or 138. Before the training and after it, a signal ends the process
    at once; so does a second SIGINT, whatever the process is doing.

    Args:
        run: the folder of the run.
        save: writes the checkpoint, given the Trainer, and returns it: `CheckpointWriter.save`.

    Raises:
        StoppedError: in ``after_step``, on each process.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.stopping.signals import StopSignals
        >>> signals = StopSignals(Path("runs/first"), save=print)
        >>> with signals.heard():
        ...     pass
    """

    def __init__(self, run: Path, *, save: Callable[[Any], object]) -> None:
        self._run = run
        self._save = save
        self._received = 0
        self._is_training = False

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Hear signals within the ``with``; afterwards they do what they did before.

        Signals come to the main thread of a process; in another one nothing changes.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.getsignal(each) for each in _signals()}
        reading, writing = socket.socketpair()
        writing.setblocking(False)
        descriptor = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        for each in before:
            signal.signal(each, self._receive)
        threading.Thread(target=_end_at_second_interrupt, args=(reading,), daemon=True).start()
        try:
            yield
        finally:
            self._is_training = False
            signal.set_wakeup_fd(descriptor)
            writing.close()
            for each, handler in before.items():
                # It is None where a program in another language has set it.
                signal.signal(each, signal.SIG_DFL if handler is None else handler)

    def _receive(self, signum: int, frame: Any) -> None:
        if not self._is_training:
            raise StoppedError(signum)
        if not self._received:
            name = signal.Signals(signum).name
            _print(f"{name}: the run stops after this step")
        if _weight(signum) > _weight(self._received):
            self._received = signum

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Keep Lightning from setting handlers of its own, which talk to the other processes at any time, and hang."""
        trainer._signal_connector.register_signal_handlers = lambda: None

    def before_training(self, trainer: Any, pl_module: Any) -> None:
        """End steps from now on, where signals have ended the process."""
        self._is_training = threading.current_thread() is threading.main_thread()

    def after_step(self, trainer: Any, pl_module: Any) -> None:
        """Stop, where any process was sent a signal."""
        signum = self._agreed(trainer)
        if not signum:
            return
        is_saved = self._save(trainer) is not None
        name = signal.Signals(signum).name
        if name == "SIGUSR1" and trainer.is_global_zero:
            queue_again(self._run)
        then = "--recover goes on with it" if is_saved else "no checkpoint is kept"
        say(f"{name}: the run has stopped after step {steps_of(trainer)}; {then}")
        raise StoppedError(signum)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Leave nothing to be waited for."""
        self._is_training = False

    def _agreed(self, trainer: Any) -> int:
        """Return the signal that counts for all processes, 0 where none was sent."""
        if trainer.world_size == 1:
            return self._received
        import torch
        from torch import distributed

        weight = torch.tensor([_weight(self._received)], device=trainer.strategy.root_device)
        distributed.all_reduce(weight, distributed.ReduceOp.MAX)
        agreed = int(weight)
        return int(_BY_WEIGHT[agreed - 1]) if agreed else 0


def _signals() -> list[int]:
    """Return the signals that stop a run here; SIGUSR1 is one that SLURM sends before the time of a job is over."""
    in_slurm = "SLURM_JOB_ID" in os.environ
    return [each for each in _BY_WEIGHT if in_slurm or each in (signal.SIGINT, signal.SIGTERM)]


def _weight(signum: int) -> int:
    return _BY_WEIGHT.index(signal.Signals(signum)) + 1 if signum else 0


def _end_at_second_interrupt(reading: socket.socket) -> None:
    """End the process when SIGINT comes for the second time, which the main thread may be too busy to see."""
    interrupts = 0
    with reading:
        while received := reading.recv(64):
            interrupts += received.count(signal.SIGINT)
            if interrupts > 1:
                _print("SIGINT, for the second time: the run ends at once")
                os._exit(128 + signal.SIGINT)


def _print(text: str) -> None:
    """Print from a handler or a thread, where a lock of the standard streams may be held."""
    os.write(2, f"{text}\n".encode())
