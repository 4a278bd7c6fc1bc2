"""A run of one or two processes that a signal stops: FOLDER DEVICES WHAT [CHECKPOINT]."""

import logging
import sys
import time
import warnings
from pathlib import Path

import torch
from lightning.pytorch.callbacks import Callback

sys.path.insert(0, str(Path(__file__).parents[1] / "resuming"))

from resumed_run import train

FOLDER, DEVICES, WHAT = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
CHECKPOINT = Path(sys.argv[4]) if len(sys.argv) > 4 else None


class Telling(Callback):
    """Says where the process is, and takes its time."""

    def on_fit_start(self, trainer, pl_module):
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"rank{trainer.global_rank}").write_text(str(__import__("os").getpid()))

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if WHAT == "fails" and trainer.global_rank == 1 and trainer.global_step == 3:
            raise ValueError("no such luck")
        if WHAT != "quick":
            time.sleep(60 if WHAT == "stuck" else 0.1)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    train(
        FOLDER,
        model="Constant",
        checkpoint=CHECKPOINT,
        every=1000,
        max_steps=30 if WHAT == "quick" else 100000,
        max_epochs=-1,
        size=40,
        devices=DEVICES,
        callbacks=[Telling()],
        stops=True,
        strategy="auto" if DEVICES == 1 else "ddp",
        accumulate_grad_batches=2,
    )
