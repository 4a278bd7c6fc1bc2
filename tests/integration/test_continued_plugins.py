"""Each optimizer and each schedule of torch and ours goes on bit for bit from a checkpoint."""

import warnings

import pytest
import torch
from torch import nn

from optim_conformance import subject_of
from optim_core import load_checkpoint, registry, save_checkpoint

OURS = ("optim-torch-builtin", "optim-muon", "optim-schedules")
BEFORE, AFTER = 4, 6
# What these would do after hundreds of steps, they do within this run.
SHORT = {
    "MultiStepLR": {"milestones": [2, 5]},
    "StepLR": {"step_size": 3},
    "multistep": {"milestones": [2, 5]},
    "step": {"step_size": 3},
    "warmup": {"num_warmup_steps": 5},
}


def names(catalog):
    return sorted(record.name for record in catalog.plugins() if record.distribution in OURS)


class Sparse(nn.Module):
    """A model whose gradients are sparse, which SparseAdam takes alone."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(6, 4, sparse=True)

    def forward(self, batch):
        return self.embedding(batch[:, 0].abs().long() % 6)


def dense(with_bias):
    return nn.Sequential(
        nn.Linear(6, 8, bias=with_bias), nn.Tanh(), nn.Dropout(0.3), nn.Linear(8, 8, bias=with_bias), nn.Linear(8, 2)
    )


def model_for(optimizer):
    if optimizer == "SparseAdam":
        return Sparse()
    if optimizer == "TorchMuon":
        return nn.Sequential(nn.Linear(6, 8, bias=False), nn.Dropout(0.3), nn.Linear(8, 2, bias=False))
    return dense(with_bias=True)


def begun(config, seed):
    torch.manual_seed(seed)
    model = model_for(config["optimizer"]["type"])
    recipe = registry.build(config)
    with warnings.catch_warnings():
        # The examples of schedules have warmups and points of longer runs.
        warnings.filterwarnings("ignore", ".*(must be shorter than|lies beyond) the run")
        run = recipe.create(model, total_steps=BEFORE + AFTER, steps_per_epoch=2, any_length=True)
    return model, run


def trained(model, run, steps):
    """The loss and the rates of each step."""
    seen = []
    for _ in range(steps):
        batch = torch.randn(5, 6)

        def closure(batch=batch):
            run.optimizer.zero_grad()
            loss = model(batch).square().mean()
            loss.backward()
            return loss

        loss = run.optimizer.step(closure)
        metric = (loss.item(),) if isinstance(run.scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau) else ()
        if run.scheduler is not None:
            run.scheduler.step(*metric)
        seen.append((loss.item(), [float(group["lr"]) for group in run.optimizer.param_groups]))
    return seen


def continues(path, config):
    """Whether the steps after a checkpoint are those that came after it was saved, to the last bit."""
    model, run = begun(config, seed=0)
    trained(model, run, BEFORE)
    save_checkpoint(path, run=run, model=model)
    expected = trained(model, run, AFTER)
    other, again = begun(config, seed=1)
    trained(other, again, 1)
    load_checkpoint(path, run=again, model=other)
    assert expected == trained(other, again, AFTER)
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("name", names(registry.optimizers))
def test_an_optimizer_continues(name, tmp_path):
    """With dropout, and a rate that a schedule has changed."""
    optimizer = {"type": name, "config": subject_of(name, "optimizer").config}
    continues(tmp_path / "last.pt", {"optimizer": optimizer, "scheduler": {"type": "linear"}})


@pytest.mark.parametrize("name", names(registry.schedulers))
def test_a_schedule_continues(name, tmp_path):
    """Over momentum, which some of them change as well."""
    scheduler = {"type": name, "config": {**subject_of(name, "scheduler").config, **SHORT.get(name, {})}}
    optimizer = {"type": "SGD", "config": {"lr": 0.1, "momentum": 0.9}}
    continues(tmp_path / "last.pt", {"optimizer": optimizer, "scheduler": scheduler})
