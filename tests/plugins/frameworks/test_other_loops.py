"""The programs of examples/frameworks: bit for bit what a plain loop of `run.step` does.

timm and composer import torchvision, which does not import beside the CPU's torch of constraints.txt, and torchtune
torchao. Their programs, and fastai's, run here where these are installed; that was tried by hand, with the operators of
torchvision declared before.
"""

import importlib
import sys
import warnings
from pathlib import Path

import pytest
import torch
from script_process import run_script
from torch import nn
from torch.nn.functional import mse_loss as mse
from torch.utils.data import DataLoader, TensorDataset

from optim_core import OptimError, registry

from . import ddp_processes

EXAMPLES = Path(__file__).parents[3] / "examples" / "frameworks"
EPOCHS, BATCHES = 3, 5
BY_STEP = {
    "optimizer": {"type": "AdamW", "lr": 0.05, "no_decay": ["bias"]},
    "scheduler": {"type": "cosine", "config": {"num_warmup_steps": "20%"}},
    "gradient_clipping": {"max_norm": 0.05},
}
BY_EPOCH = {
    "optimizer": {"type": "Muon", "config": {"lr": 0.05}},
    "scheduler": {"type": "StepLR", "config": {"step_size": 1, "gamma": 0.5}, "interval": "epoch"},
}
PLATEAU = {
    "optimizer": {"type": "SGD", "config": {"lr": 0.05, "momentum": 0.9}},
    "scheduler": {"type": "ReduceLROnPlateau", "config": {"patience": 0, "threshold": 0.5, "monitor": "valid_loss"}},
    "gradient_clipping": {"max_norm": 0.5},
}
CLOSURE = {"optimizer": {"type": "LBFGS", "config": {"lr": 0.1, "max_iter": 3}}}
MODES = {"optimizer": {"type": "ScheduleFreeAdamW", "config": {"lr": 0.05}}}
EVERYWHERE = {"by step": BY_STEP, "by epoch": BY_EPOCH}


def type_of(config):
    return config["optimizer"]["type"]


def program(name, *libraries):
    """Return the module examples/frameworks/NAME_loop.py, where what it needs can be imported."""
    for library in libraries:
        pytest.importorskip(library, reason=f"{library} does not import here", exc_type=(ImportError, RuntimeError))
    sys.path.insert(0, str(EXAMPLES))
    try:
        with warnings.catch_warnings():
            # What a library warns of as it is imported is about its own dependencies.
            warnings.simplefilter("ignore")
            return importlib.import_module(f"{name}_loop")
    finally:
        sys.path.remove(str(EXAMPLES))


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2))


def loader(seed=1, count=BATCHES):
    torch.manual_seed(seed)
    return DataLoader(TensorDataset(torch.randn(count * 4, 4), torch.randn(count * 4, 2)), batch_size=4)


def valid_loss(model):
    model.eval()
    with torch.no_grad():
        losses = [mse(model(inputs), targets) for inputs, targets in loader(2, 1)]
    model.train()
    return {"valid_loss": sum(losses).item()}


def plain(config, model, *, scaler=None):
    """Return the weights after a plain loop."""
    run = registry.recipe(config).create(model, total_steps=EPOCHS * BATCHES, steps_per_epoch=BATCHES)
    for _ in range(EPOCHS):
        for inputs, targets in loader():

            def loss(inputs=inputs, targets=targets):
                return mse(model(inputs), targets)

            run.step(loss, scaler=scaler)
        run.eval()
        metrics = valid_loss(model)
        run.train()
        run.end_epoch(metrics)
    return run, weights(model)


def weights(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def same(config, run, model):
    """Tell whether a program did what the plain loop does: weights, rates and steps."""
    expected, other = plain(config, network())
    rates = [group["lr"] for group in run.optimizer.param_groups]
    assert [group["lr"] for group in expected.optimizer.param_groups] == rates
    return torch.equal(other, weights(model))


@pytest.mark.parametrize("config", [BY_STEP, BY_EPOCH, PLATEAU, CLOSURE, MODES], ids=type_of)
def test_ignite(config):
    """Schedules by step, by epoch and for a metric, clipping, closures and modes."""
    model = network()
    run = program("ignite", "ignite").train(
        model, loader(), registry.recipe(config), epochs=EPOCHS, validate=lambda: valid_loss(model)
    )

    assert same(config, run, model)


def test_ignite_saves_a_run_and_goes_on(tmp_path):
    """A run is what `Checkpoint` takes: it has `state_dict` and `load_state_dict`."""
    from ignite.engine import Engine
    from ignite.handlers import Checkpoint, DiskSaver

    model = network()
    recipe = registry.recipe(BY_STEP)
    run = recipe.create(model, total_steps=EPOCHS * BATCHES)
    batches = list(loader())
    ends = {"run": run, "model": model}

    def train(model, run, batches):
        for inputs, targets in batches:
            run.step(mse(model(inputs), targets))

    train(model, run, batches[:2])
    Checkpoint(ends, DiskSaver(str(tmp_path), require_empty=False))(Engine(lambda *_: None))
    (file,) = tmp_path.iterdir()
    other = network()
    again = recipe.create(other, total_steps=EPOCHS * BATCHES)
    Checkpoint.load_objects({"run": again, "model": other}, torch.load(file, weights_only=True))
    for each in ((model, run), (other, again)):
        train(*each, batches[2:])

    assert torch.equal(weights(model), weights(other))


@pytest.mark.parametrize("config", [BY_STEP, BY_EPOCH, PLATEAU, MODES], ids=type_of)
def test_fastai(config, tmp_path, monkeypatch):
    """The rate that `fit` sets is that of another optimizer."""
    found = program("fastai", "fastai.learner")
    from fastai.data.core import DataLoaders

    monkeypatch.chdir(tmp_path)
    model = network()
    dls = DataLoaders(loader(), loader(2, 1))
    run = found.train(dls, model, mse, registry.recipe(config), epochs=EPOCHS)

    assert same(config, run, model)


def test_fastai_refuses_what_would_set_the_rate_again():
    """One cycle is a schedule of fastai's; an optimizer that computes the loss anew says that it needs a function."""
    found = program("fastai", "fastai.learner")
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner

    dls = DataLoaders(loader(), loader(2, 1))

    def learner(config):
        callback = found.RecipeCallback(registry.recipe(config))
        return Learner(dls, network(), mse, cbs=callback)

    with pytest.raises(OptimError, match="fit_one_cycle"):
        learner(BY_STEP).fit_one_cycle(1)
    with pytest.raises(OptimError, match="LBFGS"):
        learner(CLOSURE).fit(1)


@pytest.mark.parametrize("config", EVERYWHERE.values(), ids=EVERYWHERE)
def test_composer(config):
    """Its own step, with the schedule at its own pace, and clipping between gradients and step."""
    found = program("composer", "torchvision", "composer")
    from composer import ComposerModel

    class Model(ComposerModel):
        def __init__(self):
            super().__init__()
            self.net = network()

        def forward(self, batch):
            return self.net(batch[0])

        def loss(self, outputs, batch):
            return mse(outputs, batch[1])

    model = Model()
    run = found.train(model, loader(), registry.recipe(config), epochs=EPOCHS)

    assert same(config, run, model)


@pytest.mark.parametrize("config", [PLATEAU, CLOSURE, MODES], ids=type_of)
def test_composer_refuses_what_it_gives_nobody(config):
    """A metric, a function, and modes."""
    found = program("composer", "torchvision", "composer")
    with pytest.raises(OptimError, match="composer's Trainer does not give"):
        found.train(network(), loader(), registry.recipe(config), epochs=1)


@pytest.mark.parametrize("scaling", [False, True], ids=["", "scaled"])
@pytest.mark.parametrize("config", [BY_STEP, BY_EPOCH, PLATEAU, MODES], ids=type_of)
def test_timm(config, scaling):
    """With the average of the weights, which is taken after each step, and with a GradScaler."""
    found = program("timm", "torchvision", "timm")
    scaler = torch.amp.GradScaler("cpu", enabled=scaling)
    model = network()
    run, average = found.train(
        model,
        loader(),
        mse,
        registry.recipe(config),
        epochs=EPOCHS,
        validate=lambda: valid_loss(model),
        scaler=scaler,
    )
    expected, other = plain(config, network(), scaler=torch.amp.GradScaler("cpu", enabled=scaling))

    assert torch.equal(other, weights(model))
    assert [group["lr"] for group in expected.optimizer.param_groups] == [
        group["lr"] for group in run.optimizer.param_groups
    ]
    assert not torch.equal(weights(average.module), weights(model))


@pytest.mark.parametrize("config", EVERYWHERE.values(), ids=EVERYWHERE)
def test_torchtune(config):
    """Clipping sees gradients that are divided by all tokens of the step."""
    found = program("torchtune", "torchao", "torchtune.models.llama2")
    from torchtune.models.llama2 import llama2

    config = {key: value for key, value in config.items() if config is BY_STEP or key != "scheduler"}

    def decoder():
        torch.manual_seed(0)
        sizes = {"vocab_size": 16, "num_layers": 2, "num_heads": 2, "num_kv_heads": 2, "embed_dim": 16}
        return llama2(**sizes, max_seq_len=8, intermediate_dim=16)

    torch.manual_seed(1)
    batches = [{"tokens": row, "labels": row.roll(-1, 1)} for row in torch.randint(0, 16, (6, 2, 8))]
    batches[0]["labels"] = batches[0]["labels"].clone()
    batches[0]["labels"][:, 3:] = -100
    model, other = decoder(), decoder()
    found.train(model, batches, registry.recipe(config), steps=3, accumulate=2)
    run = registry.recipe(config).create(other, total_steps=3)
    loss_of = found.CEWithChunkedOutputLoss()
    other.set_num_output_chunks(loss_of.num_output_chunks)
    for place in range(0, 6, 2):
        counts = [(batch["labels"] != -100).sum() for batch in batches[place : place + 2]]
        for batch, count in zip(batches[place : place + 2], counts, strict=True):
            (loss_of(other(batch["tokens"]), batch["labels"]) * count).backward()
        for parameter in other.parameters():
            parameter.grad.mul_(1 / sum(counts))
        run.step()

    assert torch.equal(weights(other), weights(model))


# -- torch's own -----------------------------------------------------------------------------------------------------


def test_two_processes_do_what_one_does(tmp_path):
    """Each has the weights of one process that has both shares of each batch."""
    run_script(ddp_processes.__file__, str(tmp_path))
    found = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    for name, config in ddp_processes.RECIPES.items():
        model = ddp_processes.network()
        steps = ddp_processes.STEPS
        run = registry.recipe(config).create(model, total_steps=ddp_processes.EPOCHS * steps, steps_per_epoch=steps)
        for _ in range(ddp_processes.EPOCHS):
            for pair in ddp_processes.shares().unbind(1):
                for share in pair:
                    (ddp_processes.loss_of(model, share) / 2).backward()
                run.step()
            run.end_epoch()
        expected = ddp_processes.result(model, run)
        for each in found:
            assert torch.equal(expected["weights"], each[name]["weights"])
            assert expected["rates"] == each[name]["rates"]


@pytest.mark.parametrize("whole", [True, False], ids=["model", "step"])
def test_what_is_compiled_does_what_is_not(whole):
    """The model, or the loss with it; the run is made of the one or the other."""
    model = network()
    if whole:
        compiled = torch.compile(model, backend="aot_eager")
        run, loss_of = registry.recipe(BY_STEP).create(compiled, total_steps=BATCHES), None
    else:
        run = registry.recipe(BY_STEP).create(model, total_steps=BATCHES)
        loss_of = torch.compile(lambda inputs, targets: mse(model(inputs), targets), backend="aot_eager")
    other = network()
    plain_run = registry.recipe(BY_STEP).create(other, total_steps=BATCHES)
    for inputs, targets in loader():
        run.step(loss_of(inputs, targets) if loss_of else mse(compiled(inputs), targets))
        plain_run.step(mse(other(inputs), targets))

    assert torch.equal(weights(other), weights(model))


# -- what is silently wrong without ----------------------------------------------------------------------------------


def test_the_handler_of_ignite_is_a_step_ahead():
    """Of a schedule that goes from its last rate, where a closed form is right: the table says so."""
    program("ignite", "ignite")  # which lets what it warns of as it is imported pass
    from ignite.engine import Engine, Events
    from ignite.handlers.param_scheduler import LRScheduler

    def rates(kind):
        config = {"optimizer": {"type": "SGD", "lr": 1.0}, "scheduler": kind}
        run = registry.recipe(config).create(network(), total_steps=4)
        found = []
        trainer = Engine(lambda *_: found.append(run.optimizer.param_groups[0]["lr"]))
        trainer.add_event_handler(Events.ITERATION_STARTED, LRScheduler(run.scheduler))
        trainer.run(range(4))
        return found

    assert [0.5, 0.25, 0.125, 0.0625] == rates({"type": "ExponentialLR", "gamma": 0.5, "interval": "step"})
    assert 1.0 == rates({"type": "cosine"})[0]


def test_fit_of_fastai_sets_its_rate_over_that_of_each_group():
    """Rules and multipliers are lost: the table says so."""
    program("fastai", "fastai.learner")
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.optimizer import OptimWrapper

    model = network()
    spec = registry.build({"type": "AdamW", "lr": 0.5})
    optimizer = spec.create_optimizer(model, lr_multipliers={model[0]: 2.0})
    learner = Learner(
        DataLoaders(loader(), loader(2, 1)), model, mse, opt_func=lambda *_, **__: OptimWrapper(opt=optimizer)
    )
    learner.fit(1)

    assert [0.001, 0.001] == [group["lr"] for group in optimizer.param_groups]
