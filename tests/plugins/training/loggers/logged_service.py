"""Runs of 6 steps with each logger and demos of all kinds, as a process: FOLDER. Two of them are resumed."""

import random
import sys
import warnings
from pathlib import Path

import lightning.pytorch as pl
import soundfile
import torch
from matplotlib.figure import Figure

from optim_core import registry
from optim_training.demos.showing import Demos
from optim_training.loggers.run_log import RunLog

FOLDER = Path(sys.argv[1])


class Model(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def training_step(self, batch):
        loss = self.layer(batch).square().mean()
        self.log("train/loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


class Everything:
    """A demo of a file of each kind."""

    def show(self, batch, step, folder):
        files = [folder / f"shown_{step:08}.{ending}" for ending in ("png", "wav", "txt", "csv")]
        Figure(figsize=(1, 1)).savefig(files[0])
        soundfile.write(files[1], [[0.5, 0.5]] * 800, 8000)
        files[2].write_text("a text that was made")
        files[3].write_text("name,value\nfirst row,1\n")
        return files


def train(name, steps, ckpt_path=None):
    random.seed(1)
    folder, module, data = FOLDER / name, Model(), torch.ones(12, 1)
    logger = registry.build({"type": name, "config": {}}, "logger").create(folder, "a project", "run-1")
    demos = Demos(Everything(), module.layer, every=5, dataset=data, batch_size=2, folder=folder / "media")
    trainer = pl.Trainer(
        max_steps=steps,
        accelerator="cpu",
        logger=logger,
        callbacks=[RunLog({"seed": 1, "model": {"width": 5, "name": "the whole config"}}), demos],
        log_every_n_steps=1,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, torch.utils.data.DataLoader(data), ckpt_path=ckpt_path)
    trainer.save_checkpoint(folder / "last.ckpt")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for each in ("tensorboard", "wandb", "comet"):
        train(each, 6)
    train("tensorboard", 9, FOLDER / "tensorboard/last.ckpt")
    train("comet", 9, FOLDER / "comet/last.ckpt")
