"""Demos come at their steps, and leave the training as it would be without them."""

import random
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pl = pytest.importorskip("lightning.pytorch")

from optim_training.demos.showing import Demos  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")

ITEMS = torch.randn(10, 4, generator=torch.Generator().manual_seed(1))


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4), torch.nn.Dropout(0.5))

    def forward(self, inputs):
        return self.layers(inputs)


class Module(pl.LightningModule):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.model = Network()

    def training_step(self, batch):
        return self.model(batch).square().mean() + random.random() + np.random.rand()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Demo:
    """It does what it is told to, and notes what it was shown."""

    def __init__(self, what=lambda model, batch: None):
        self.what, self.seen, self.model = what, {}, None

    def show(self, batch, step, folder):
        assert not torch.is_grad_enabled()
        assert not any(module.training for module in self.model.modules())
        file = folder / f"demo_{step:08}.txt"
        file.write_text("half")
        self.seen[step] = batch.clone()
        self.what(self.model, batch)
        return [file]


def fit(tmp_path, demo=None, every=3, **more):
    """Train two epochs of five batches; return the weights, and random numbers that are drawn afterwards."""
    random.seed(0)
    np.random.seed(0)
    module = Module()
    callbacks = []
    if demo is not None:
        demo.model = module.model
        arguments = {"dataset": ITEMS, "batch_size": 4, "folder": tmp_path / "media", **more}
        callbacks = [Demos(demo, module.model, every=every, **arguments)]
    trainer = pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, torch.utils.data.DataLoader(ITEMS, batch_size=2))
    assert 10 == trainer.global_step
    drawn = [random.random(), float(np.random.rand()), float(torch.rand(()))]
    return [value.tolist() for value in module.state_dict().values()], drawn


def meddle(model, batch):
    """Draw random numbers, train, change modes, weights and flags."""
    random.random()
    np.random.rand()
    model.train()
    with torch.enable_grad():
        model(batch).sum().backward()
    for parameter in model.parameters():
        parameter.add_(1.0).requires_grad_(False)
    model.layers[0].weight.data = torch.zeros(4, 4)
    model.layers.eval()


def fail(model, batch):
    raise StopIteration(f"no more after {batch.sum()}")


def leave(model, batch):
    raise SystemExit(3)


def test_files_and_steps(tmp_path):
    """A demo comes after the first step and each further third, with the next items, which begin again at the end."""
    demo = Demo()
    fit(tmp_path, demo)
    expected = {1: [0, 1, 2, 3], 4: [4, 5, 6, 7], 7: [8, 9, 0, 1], 10: [2, 3, 4, 5]}
    assert list(expected) == list(demo.seen)
    assert all(torch.equal(ITEMS[items], demo.seen[step]) for step, items in expected.items())
    names = [f"demo_{step:08}.txt" for step in expected]
    assert names == sorted(path.name for path in (tmp_path / "media").iterdir())


@pytest.mark.parametrize("what", [meddle, fail, leave])
def test_the_training_is_the_same(tmp_path, what, capsys):
    """Whatever a demo does, weights, buffers and random numbers are those of a run without it, bit for bit."""
    without = fit(tmp_path)
    demo = Demo(what)
    assert without == fit(tmp_path, demo, every=1)
    assert list(range(1, 11)) == list(demo.seen)
    told = capsys.readouterr().err
    assert (what is not meddle) == ("the demo of step 1 is skipped" in told)
    assert told.count("skipped") == (what is not meddle)
    assert what is meddle or not list((tmp_path / "media").iterdir())


def test_what_is_not_a_list_of_files(tmp_path, capsys):
    """What a demo returns in place of files is told with the step."""
    demo = Demo()
    for gives, told in ((None, "NoneType"), ([Path("missing.png")], "names missing.png, which it has not written")):
        demo.show = lambda batch, step, folder, gives=gives: gives
        fit(tmp_path, demo, every=20)
        assert told in capsys.readouterr().err


def test_fewer_items_than_a_batch(tmp_path):
    """A dataset that is smaller than a batch is shown whole each time."""
    demo = Demo()
    fit(tmp_path, demo, every=1, dataset=ITEMS[:3])
    assert all(torch.equal(ITEMS[:3], batch) for batch in demo.seen.values())
