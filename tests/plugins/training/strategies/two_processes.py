"""Two processes on CPUs: a run of six steps, and one that is saved after three and resumed, by each strategy.

It is run as a script, FOLDER NAME…, which Lightning starts once more for the second process; each writes what it found.
"""

import json
import os
import sys
import warnings
from pathlib import Path

import lightning.pytorch as pl
import torch

from optim_training.strategies.live import strategy_of
from optim_training.strategies.sharding import gathered, shard, within

FOLDER = Path(sys.argv[1])


class Network(torch.nn.Module):
    """It has no `forward`, blocks in a list, an output that is tied to the input, and a scale of its own."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embedding = torch.nn.Embedding(8, 8)
        self.blocks = torch.nn.ModuleList(torch.nn.Linear(8, 8) for _ in range(2))
        self.unused = torch.nn.Linear(8, 8)
        self.scale = torch.nn.Parameter(torch.ones(8))

    def logits(self, tokens):
        hidden = self.embedding(tokens)
        for block in self.blocks:
            hidden = hidden + torch.tanh(block(hidden))
        return (hidden * self.scale) @ self.embedding.weight.T

    def loss(self, tokens):
        logits = self.logits(tokens[:, :-1])
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())


class Module(pl.LightningModule):
    def __init__(self, name):
        super().__init__()
        self.name = name
        self.model = Network()
        if "find_unused" not in name:
            del self.model.unused

    def configure_model(self):
        if self.device_mesh is not None:
            shard(self.model, self.device_mesh["data_parallel"])

    def training_step(self, batch):
        return within(self.model, self.model.loss, batch)

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=0.01)

    def train_dataloader(self):
        # All batches of a process are alike: which one a resumed run begins with is not in question here.
        tokens = torch.randint(8, (2, 6), generator=torch.Generator().manual_seed(1))
        return torch.utils.data.DataLoader(tokens[self.trainer.global_rank].expand(6, 6))


def fit(name, *, steps, ckpt_path=None):
    trainer = pl.Trainer(
        strategy=strategy_of(name, accelerator="cpu", devices=2),
        devices=2,
        accelerator="cpu",
        max_steps=steps,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    module = Module(name)
    trainer.fit(module, ckpt_path=ckpt_path)
    return trainer, module


def weights(module):
    found = {}
    for name, value in module.model.state_dict().items():
        found[name] = value.full_tensor() if hasattr(value, "full_tensor") else value.clone()
    return found


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def report(name):
    first, begun = fit(name, steps=6)
    whole = weights(begun)
    with gathered(begun.model) as model, torch.no_grad():
        # The second process does not call it.
        alone = model.loss(torch.arange(6)[None]).item() if first.global_rank == 0 else 0.0
    after = weights(begun)
    trainer, _ = fit(name, steps=6)
    trainer.save_checkpoint(FOLDER / f"{name}.ckpt")
    again, resumed = fit(name, steps=12, ckpt_path=FOLDER / f"{name}.ckpt")
    longer, uninterrupted = fit(name, steps=12)
    return {
        "strategy": type(first.strategy).__name__,
        "steps": [again.global_step, longer.global_step],
        "resumed": same(weights(resumed), weights(uninterrupted)),
        "unchanged by one process": same(whole, after) and alone >= 0.0,
        "is divided": sum(value.to_local().numel() < value.numel() for value in begun.parameters() if name == "fsdp"),
        "sum": sum(value.double().sum().item() for value in whole.values()),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    found = {name: report(name) for name in sys.argv[2:]}
    (FOLDER / f"{os.environ.get('LOCAL_RANK', '0')}.json").write_text(json.dumps(found))
