"""A small network with dropout in Lightning and in a plain loop, which must come to the same weights."""

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.plugins.precision import MixedPrecision

from optim_core import registry
from optim_frameworks.lightning import RecipeModule

# What Lightning 2.6.6 itself says with torch 2.13, on a machine of two cores, of runs as short as these.
LIGHTNINGS_OWN = [
    pytest.mark.filterwarnings(r"ignore:.*isinstance\(treespec, LeafSpec\):FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:.*is smaller than the logging interval"),
    pytest.mark.filterwarnings("ignore:You defined a `validation_step` but have no"),
    pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`, callbacks used"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty"),
]
BATCHES = 6


def network(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Linear(8, 8), torch.nn.Tanh(), torch.nn.Dropout(0.1), torch.nn.Linear(8, 8), torch.nn.LayerNorm(8)
    )


def data(batches=BATCHES):
    return torch.randn(batches, 4, 8, generator=torch.Generator().manual_seed(1))


def loader(batches=BATCHES):
    return torch.utils.data.DataLoader(data(batches), batch_size=None)


def loss_of(net, batch):
    return (net(batch) - batch.flip(-1)).square().mean()


class Model(RecipeModule, pl.LightningModule):
    """A model that is trained by whatever recipe it is given."""

    def __init__(self, recipe):
        super().__init__()
        self.recipe = recipe
        self.net = network()
        self.optimized = self.net

    def training_step(self, batch):
        loss = loss_of(self.net, batch)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch):
        self.log("val_loss", loss_of(self.net, batch))


def trainer(**options):
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "accelerator": "cpu",
        "devices": 1,
        "num_sanity_val_steps": 0,
    }
    return pl.Trainer(**{**quiet, **options})


def float16(scale=2.0**12):
    """16-bit floats with a GradScaler, on the CPU, where Lightning has them by this alone."""
    return MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=scale))


def fitted(config, model=Model, *, batches=BATCHES, val=False, ckpt_path=None, **options):
    """The model after a run, trained by the recipe of a config."""
    module = model(registry.recipe(config))
    torch.manual_seed(2)
    made = trainer(**options)
    made.fit(module, loader(batches), loader(2) if val else None, ckpt_path=ckpt_path)
    return module


def plain(config, *, epochs=2, batches=BATCHES, val=False, accumulate=1, at_end="train", **lengths):
    """The network after the same run in a plain loop."""
    net = network()
    steps = -(-batches // accumulate)
    run = registry.recipe(config).create(net, **(lengths or {"total_steps": epochs * steps, "steps_per_epoch": steps}))
    torch.manual_seed(2)
    for _ in range(epochs):
        # A loader that is begun draws a number, which dropout then has not.
        epoch = list(loader(batches))
        for chunk in [epoch[start : start + accumulate] for start in range(0, batches, accumulate)]:
            for batch in chunk[:-1]:
                (loss_of(net, batch) / accumulate).backward()
            run.step(lambda last=chunk[-1]: loss_of(net, last) / accumulate)
        metric = None
        if val:
            run.eval()
            net.eval()
            with torch.no_grad():
                metric = {"val_loss": torch.stack([loss_of(net, batch) for batch in loader(2)]).mean()}
            net.train()
            run.train()
        run.end_epoch(metric)
    getattr(run, at_end)()
    return net


def assert_same(expected, module):
    """The weights are equal, bit for bit."""
    trained = module.net.state_dict()
    for name, value in expected.state_dict().items():
        assert torch.equal(value, trained[name]), name
