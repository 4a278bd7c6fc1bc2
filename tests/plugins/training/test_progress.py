"""A run shows where it is: one bar on a terminal, lines of text elsewhere."""

import io
import re

import pytest

torch = pytest.importorskip("torch")
pl = pytest.importorskip("lightning.pytorch")
rich_console = pytest.importorskip("rich.console")

from optim_training.progress import RunProgress  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


class Model(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def training_step(self, batch):
        self.log("train/loss", torch.tensor(0.125))
        self.log("train/lr", torch.tensor(0.5))
        self.log("train/lr/bias", torch.tensor(1.0))
        return self.layer(batch).square().mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


class Clock:
    """It goes on by half a second each time it is looked at."""

    seconds = 0.0

    def __call__(self):
        self.seconds += 0.5
        return self.seconds


def shown(*, is_terminal, **limits):
    text = io.StringIO()
    console = rich_console.Console(file=text, width=80, force_terminal=is_terminal, color_system=None)
    trainer = pl.Trainer(
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        callbacks=[RunProgress(console, Clock())],
        **limits,
    )
    trainer.fit(Model(), torch.utils.data.DataLoader(torch.ones(20, 1)))
    return text.getvalue()


def test_lines():
    """A file is written a line after the first step and at each tenth of the run, without a code of a terminal."""
    lines = shown(is_terminal=False, max_epochs=2).splitlines()
    assert [1, *range(4, 41, 4)] == [int(re.match(r"step (\d+)/40 ", line)[1]) for line in lines]
    assert re.fullmatch(r"step 20/40 loss 0\.125 lr 0\.5 [\d.]+(/s| s/step) 0:\d\d left", lines[5])
    assert re.fullmatch(r"step 40/40 loss 0\.125 lr 0\.5 [\d.]+(/s| s/step) in 0:\d\d", lines[-1])
    assert not any("\x1b" in line for line in lines)


def test_any_end():
    """The total is the smaller of steps and epochs; a run of which nobody knows the end shows none."""
    assert "step 12/12 " in shown(is_terminal=False, max_steps=12, max_epochs=2).splitlines()[-1]
    assert "step 10/10 " in shown(is_terminal=False, max_epochs=2, accumulate_grad_batches=4).splitlines()[-1]


def test_a_bar():
    """A terminal of 80 columns shows one bar, which is no wider, and ends with the whole run."""
    lines = [line for line in re.split(r"[\r\n]|\x1b\[[\d;?]*[A-Za-z]", shown(is_terminal=True, max_steps=25)) if line]
    assert all(len(line) <= 80 for line in lines)
    assert re.match(r"step 25/25 ━+ loss 0\.125 lr 0\.5 .*in 0:\d\d", lines[-1])
