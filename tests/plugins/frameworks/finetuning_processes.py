"""Two processes of Lightning that finetune a backbone from the second epoch on; run by test_lightning_tools.py."""

import sys
import warnings

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import BaseFinetuning
from lightning.pytorch.strategies import DDPStrategy

from optim_core import OptimError, registry
from optim_frameworks.lightning import RecipeModule

warnings.simplefilter("ignore")


class Parts(RecipeModule, pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.recipe = registry.recipe({"type": "SGD", "config": {"lr": 0.1}})
        self.backbone, self.head = torch.nn.Linear(8, 8), torch.nn.Linear(8, 8)

    def training_step(self, batch):
        return self.head(self.backbone(batch)).square().mean()

    def train_dataloader(self):
        return torch.utils.data.DataLoader(torch.ones(4, 8))


class Later(BaseFinetuning):
    def freeze_before_training(self, pl_module):
        self.freeze(pl_module.backbone)

    def finetune_function(self, pl_module, epoch, optimizer):
        if epoch == 1:
            self.unfreeze_and_add_param_group(pl_module.backbone, optimizer)


def say(words):
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    trainer = pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        devices=2,
        strategy=DDPStrategy(process_group_backend="gloo", start_method="fork"),
        callbacks=[Later()],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )

    try:
        trainer.fit(Parts())
    except OptimError as error:
        say(f"refused: {str(error)[:46]}")
