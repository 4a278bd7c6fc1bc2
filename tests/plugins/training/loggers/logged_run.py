"""A run of 12 steps with metrics.csv, as a process: FOLDER [kill|resume]."""

import os
import signal
import sys
import warnings
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback

from optim_training.loggers.csv import Csv
from optim_training.loggers.run_log import RunLog

FOLDER, WHAT = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""


class Model(pl.LightningModule):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch):
        loss = self.layer(batch).square().mean()
        self.log("loss", loss)
        return loss

    def validation_step(self, batch):
        self.log("validation", self.layer(batch).square().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


class Saving(Callback):
    """Save after the step 6, and be killed there."""

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if trainer.global_step == 6 and WHAT != "resume":
            trainer.save_checkpoint(FOLDER / "last.ckpt")
            if WHAT == "kill":
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    data = torch.utils.data.DataLoader(torch.ones(12, 4))
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=Csv().build(FOLDER, "project", "run"),
        callbacks=[RunLog({"seed": 1}), Saving()],
        val_check_interval=4,
        log_every_n_steps=1,
        num_sanity_val_steps=0,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Model(), data, data, ckpt_path=FOLDER / "last.ckpt" if WHAT == "resume" else None)
