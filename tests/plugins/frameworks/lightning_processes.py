"""Two processes of Lightning: DistributedDataParallel and fully_shard, against the plain loop in the same processes.

They are forks of one that has imported Lightning, which finds in the environment that it need not start any. Each
writes what it found.
"""

import json
import os
import socket
import sys
import warnings
from pathlib import Path

import lightning.pytorch as pl
import torch
import torch._dynamo  # which torch's optimizers import when they are made
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.strategies import DDPStrategy, ModelParallelStrategy
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler

from optim_core import CheckpointMismatchError, registry
from optim_frameworks.lightning import RecipeModule

COSINE = {
    "optimizer": {"type": "AdamW", "lr": 0.01, "no_decay": ["bias", "norm"]},
    "scheduler": {"type": "cosine", "config": {"num_warmup_steps": 2}},
    "gradient_clipping": {"type": "norm", "max_norm": 0.05},
}
GAN = {
    "optimizer_configs": {
        "generator": {"optimizer": {"type": "AdamW", "lr": 0.01}, "scheduler": {"type": "cosine"}},
        "discriminator": {"optimizer": {"type": "SGD", "lr": 0.1}},
    },
    "gradient_clipping": {"type": "norm", "max_norm": 0.05},
}
FOLDER = Path(sys.argv[1])


def network(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Tanh(), torch.nn.Linear(8, 8), torch.nn.LayerNorm(8))


def data():
    return list(torch.randn(12, 4, 8, generator=torch.Generator().manual_seed(1)))


def batches():
    """This process's share of an epoch; Lightning's sampler begins with the first order again where it continues."""
    return DataLoader(data(), batch_size=None, sampler=DistributedSampler(data(), shuffle=False))


def loss_of(net, batch):
    return (net(batch) - batch.flip(-1)).square().mean()


class Model(RecipeModule, pl.LightningModule):
    divided = False

    def __init__(self, config):
        super().__init__()
        self.recipe = registry.recipe(config)
        self.net = network()

    def configure_model(self):
        if self.divided and not hasattr(self.net, "unshard"):
            fully_shard(self.net, mesh=self.device_mesh["data_parallel"])

    def training_step(self, batch):
        return loss_of(self.net, batch)

    def train_dataloader(self):
        return batches()


class Divided(Model):
    divided = True


class Gan(RecipeModule, pl.LightningModule):
    def __init__(self, config):
        super().__init__()
        self.automatic_optimization = False
        self.recipe = registry.recipe(config)
        self.generator, self.discriminator = network(0), network(1)
        self.optimized = {"generator": self.generator, "discriminator": self.discriminator}

    def training_step(self, batch):
        self.run["generator"].step(-self.discriminator(self.generator(batch)).mean())
        self.run["discriminator"].step(loss_of(self.discriminator, self.generator(batch).detach()))

    def train_dataloader(self):
        return batches()


def fit(module, strategy, *, epochs=2, path=None, ckpt_path=None):
    trainer = pl.Trainer(
        strategy=strategy,
        devices=2,
        accelerator="cpu",
        max_epochs=epochs,
        logger=False,
        enable_checkpointing=path is not None,
        callbacks=[] if path is None else [ModelCheckpoint(path, filename="{epoch}", save_top_k=-1)],
        enable_progress_bar=False,
        use_distributed_sampler=False,
        enable_model_summary=False,
    )
    trainer.fit(module, ckpt_path=ckpt_path)
    return trainer


def plain_ddp():
    net = network()
    wrapped = DistributedDataParallel(net)
    run = registry.recipe(COSINE).create(wrapped, total_steps=12, steps_per_epoch=6)
    for _ in range(2):
        for batch in batches():
            run.step(loss_of(wrapped, batch))
    return net


def plain_divided():
    net = fully_shard(network())
    run = registry.recipe(COSINE).create(net, total_steps=12, steps_per_epoch=6)
    for _ in range(2):
        for batch in batches():
            run.step(loss_of(net, batch))
    return net


def plain_gan():
    """The mean of the gradients of both processes, by hand."""
    generator, discriminator = network(0), network(1)
    models = {"generator": generator, "discriminator": discriminator}
    run = registry.recipe(GAN).create(models, total_steps=12, steps_per_epoch=6)
    for _ in range(2):
        for batch in batches():
            for name in models:
                if name == "generator":
                    loss = -discriminator(generator(batch)).mean()
                else:
                    loss = loss_of(discriminator, generator(batch).detach())
                parameters = list(models[name].parameters())
                gradients = torch.autograd.grad(loss, parameters)
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    torch.distributed.all_reduce(gradient)
                    parameter.grad = gradient / 2
                run[name].step()
    return generator, discriminator


def whole(value):
    return value.full_tensor() if hasattr(value, "full_tensor") else value


def same(one, other):
    return all(torch.equal(whole(value), whole(other.state_dict()[name])) for name, value in one.state_dict().items())


def refused(call):
    try:
        call()
    except CheckpointMismatchError as error:
        return str(error)
    return ""


def ddp():
    found = {}
    module = Model(COSINE)
    trainer = fit(module, DDPStrategy(process_group_backend="gloo"), path=FOLDER / "ddp")
    found["ddp"] = same(plain_ddp(), module.net)
    found["ddp steps"] = [trainer.global_step, module.run.horizon.total_steps]
    gan = Gan(GAN)
    fit(gan, DDPStrategy(process_group_backend="gloo", find_unused_parameters=True))
    generator, discriminator = plain_gan()
    found["gan"] = same(generator, gan.generator) and same(discriminator, gan.discriminator)
    other = {**COSINE, "optimizer": {**COSINE["optimizer"], "lr": 0.02}}
    found["ddp refused"] = refused(
        lambda: fit(Model(other), DDPStrategy(process_group_backend="gloo"), ckpt_path=FOLDER / "ddp/epoch=0.ckpt")
    )
    return found


def divided():
    found = {}
    module = Divided(COSINE)
    trainer = fit(module, ModelParallelStrategy(2, 1, process_group_backend="gloo"), path=FOLDER / "divided")
    found["divided"] = same(plain_divided(), module.net)
    found["divided steps"] = [trainer.global_step, module.run.horizon.total_steps]
    again = Divided(COSINE)
    fit(again, ModelParallelStrategy(2, 1, process_group_backend="gloo"), ckpt_path=FOLDER / "divided/epoch=0.ckpt")
    found["divided continued"] = same(again.net, module.net)
    changed = Divided(COSINE)
    changed.changed = "config"
    fit(
        changed,
        ModelParallelStrategy(2, 1, process_group_backend="gloo"),
        epochs=4,
        ckpt_path=FOLDER / "divided/epoch=0.ckpt",
    )
    found["divided rate"] = changed.run.optimizer.param_groups[0]["lr"]
    other = {**COSINE, "optimizer": {**COSINE["optimizer"], "lr": 0.02}}
    found["divided refused"] = refused(
        lambda: fit(
            Divided(other),
            ModelParallelStrategy(2, 1, process_group_backend="gloo"),
            ckpt_path=FOLDER / "divided/epoch=0.ckpt",
        )
    )
    return found


def main(number, port):
    """What one of the processes does."""
    os.environ |= {"NODE_RANK": "0", "LOCAL_RANK": str(number), "WORLD_SIZE": "2"}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    (FOLDER / f"{number}.json").write_text(json.dumps({"ddp": ddp(), "divided": divided()}))
    torch.distributed.destroy_process_group()


def forked():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    children = []
    for number in range(2):
        child = os.fork()
        if child == 0:
            main(number, port)
            sys.stdout.flush()
            os._exit(0)
        children.append(child)
    assert [0, 0] == [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


if __name__ == "__main__":
    forked()
