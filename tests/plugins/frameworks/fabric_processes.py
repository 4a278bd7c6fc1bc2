"""Two processes of Fabric, each of which prints what is asked for; run by test_lightning_fabric.py."""

import sys
import warnings

import torch
from lightning.fabric import Fabric

from optim_core import OptimError, registry
from optim_frameworks.lightning.fabric import prepare

warnings.filterwarnings("ignore", category=FutureWarning)
CONFIG = {
    "optimizer": {"type": "AdamW", "config": {"lr": 0.01}},
    "scheduler": {"type": "cosine", "config": {"num_warmup_steps": 2}},
    "gradient_clipping": {"max_norm": 0.01},
}
DATA = torch.randn(6, 8, 8, generator=torch.Generator().manual_seed(1))


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def main(fabric, wanted):
    inner = network()
    model = fabric.setup(inner)
    run = prepare(registry.recipe(CONFIG).create(model, total_steps=3), fabric)
    rank = fabric.global_rank
    if wanted == "inner":
        try:
            run.step(inner(DATA[0][4 * rank : 4 * rank + 4]).square().mean())
        except OptimError as error:
            say("refused:", str(error)[:44])
        return
    for first, second in zip(DATA[::2], DATA[1::2], strict=True):
        with fabric.no_backward_sync(model):
            fabric.backward(model(first[4 * rank : 4 * rank + 4]).square().mean() / 2)
        run.step(model(second[4 * rank : 4 * rank + 4]).square().mean() / 2)
    say(rank, [value.tolist() for value in inner.state_dict().values()])


if __name__ == "__main__":
    fabric = Fabric(accelerator="cpu", devices=2, strategy="ddp_fork")
    fabric.launch(main, sys.argv[1])
