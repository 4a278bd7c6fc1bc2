"""A run for torch.distributed.checkpoint, in one process: what is saved, what is refused, and by which words."""

from __future__ import annotations

import copy
import random

import pytest

pytest.importorskip("torch")

import torch
import torch.distributed.checkpoint as dcp
from torch import nn

from optim_core import CheckpointMismatchError, OptimError, registry

pytestmark = pytest.mark.filterwarnings("ignore:torch.distributed is disabled")
REPAIR = '{"run": run.stateful(model)}'


def model_and_run(optimizer="AdamW", seed=0, **config):
    torch.manual_seed(seed)
    random.seed(seed)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2))
    recipe = registry.recipe({"optimizer": {"type": optimizer, "config": config}, "scheduler": {"type": "cosine"}})
    return model, recipe.create(model, total_steps=20)


def train(model, run, steps=3):
    for _ in range(steps):
        run.step(lambda: (model(torch.randn(6, 4)) + random.random()).square().mean())


def bits(model):
    return {name: value.tolist() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD", "LBFGS", "Adafactor", "Muon", "schedulefreeadamw"])
@pytest.mark.parametrize("steps", [0, 3])
def test_a_run_goes_on_bit_for_bit(tmp_path, optimizer, steps):
    """Dropout included, after no step as after some, whatever an optimizer keeps, and in which order."""
    model, run = model_and_run(optimizer, lr=0.01)
    train(model, run, steps)
    dcp.save({"run": run.stateful(model)}, checkpoint_id=tmp_path)
    train(model, run)
    later, other = model_and_run(optimizer, seed=1, lr=0.01)
    dcp.load({"run": other.stateful(later)}, checkpoint_id=tmp_path)
    train(later, other)
    assert bits(model) == bits(later)
    assert run.optimizer.param_groups[0]["lr"] == other.optimizer.param_groups[0]["lr"]


def test_named_optimizers_and_models(tmp_path):
    """Each optimizer has its state back, and each model its weights."""

    def new(seed):
        torch.manual_seed(seed)
        models = {"first": nn.Linear(4, 4), "second": nn.Linear(4, 4)}
        named = {"first": {"optimizer": {"type": "AdamW"}}, "second": {"optimizer": {"type": "SGD", "momentum": 0.9}}}
        return models, registry.recipe({"optimizer_configs": named}).create(models)

    def step(models, run):
        batch = torch.randn(3, 4)
        for name, model in models.items():
            run[name].step(lambda model=model: model(batch).square().mean())

    models, run = new(0)
    step(models, run)
    dcp.save({"run": run.stateful(models)}, checkpoint_id=tmp_path)
    step(models, run)
    later, other = new(1)
    dcp.load({"run": other.stateful(later)}, checkpoint_id=tmp_path)
    step(later, other)
    assert {name: bits(model) for name, model in models.items()} == {name: bits(model) for name, model in later.items()}


def test_inside_of_anothers_state(tmp_path):
    """An object of the caller's, as torch's documentation has it, may hold it beside other things."""

    class App:
        def __init__(self, run, model):
            self.run, self.epoch = run.stateful(model), 0

        def state_dict(self):
            return {"inner": self.run.state_dict(), "epoch": self.epoch}

        def load_state_dict(self, state):
            self.run.load_state_dict(state["inner"])
            self.epoch = state["epoch"]

    model, run = model_and_run()
    train(model, run)
    app = App(run, model)
    app.epoch = 7
    dcp.save({"app": app}, checkpoint_id=tmp_path)
    later, other = model_and_run(seed=1)
    found = App(other, later)
    dcp.load({"app": found}, checkpoint_id=tmp_path)
    assert 7 == found.epoch
    assert bits(model) == bits(later)
    moments = [state["exp_avg"].tolist() for state in run.optimizer.state.values()]
    assert moments == [state["exp_avg"].tolist() for state in other.optimizer.state.values()]


@pytest.mark.parametrize("act", [dcp.save, dcp.load, dcp.async_save])
def test_a_run_by_itself_is_refused(tmp_path, act):
    """It would be loaded without its moments; the message has the repair, and nothing is written."""
    _, run = model_and_run()
    with pytest.raises(OptimError) as told:
        act({"run": run}, checkpoint_id=tmp_path / "folder")
    assert REPAIR in str(told.value)
    assert [] == list(tmp_path.iterdir())


def test_what_is_trained_while_it_is_written_is_not_saved(tmp_path):
    """async_save writes what was there when it was called."""
    model, run = model_and_run()
    train(model, run)
    was = bits(model), copy.deepcopy(run.state_dict())
    future = dcp.async_save({"run": run.stateful(model)}, checkpoint_id=tmp_path)
    train(model, run)
    future.result()
    later, other = model_and_run(seed=1)
    dcp.load({"run": other.stateful(later)}, checkpoint_id=tmp_path)
    assert was[0] == bits(later)
    assert was[1]["counters"] == other.state_dict()["counters"]
    for saved, state in zip(
        was[1]["optimizers"]["default"]["state"]["state"].values(), other.optimizer.state.values(), strict=True
    ):
        assert {key: value.tolist() for key, value in saved.items()} == {
            key: value.tolist() for key, value in state.items()
        }


def test_parameters_that_were_not_trained_yet_have_no_state(tmp_path):
    """A layer that gets its first gradients after the checkpoint begins as it would have."""
    model, run = model_and_run()
    model[3].requires_grad_(False)
    train(model, run)
    dcp.save({"run": run.stateful(model)}, checkpoint_id=tmp_path)
    later, other = model_and_run(seed=1)
    dcp.load({"run": other.stateful(later)}, checkpoint_id=tmp_path)
    for trained, of in ((model, run), (later, other)):
        assert 4 == len(of.optimizer.state)
        trained[3].requires_grad_(True)
        torch.manual_seed(3)
        random.seed(3)
        train(trained, of)
    assert bits(model) == bits(later)


def test_other_shapes_are_told_before_anything_is_loaded(tmp_path):
    """By name, each of them; weights, run and random generators are as they were."""
    model, run = model_and_run()
    train(model, run)
    dcp.save({"run": run.stateful(model)}, checkpoint_id=tmp_path)
    other = nn.Sequential(nn.Linear(4, 9), nn.Linear(9, 2))
    of_other = registry.recipe({"type": "AdamW"}).create(other)
    before, drawn = bits(other), torch.get_rng_state()
    with pytest.raises(CheckpointMismatchError) as told:
        dcp.load({"run": of_other.stateful(other)}, checkpoint_id=tmp_path)
    assert "model: 0.weight had the shape [8, 4] and has [9, 4]" in str(told.value)
    assert "model: 1.weight had the shape [8] and has [2, 9]" in str(told.value)
    assert before == bits(other)
    assert {} == of_other.optimizer.state_dict()["state"]
    assert torch.equal(drawn, torch.get_rng_state())


def test_another_config_is_told_before_anything_is_loaded(tmp_path):
    """With both values; `changed` says which of them counts."""
    model, run = model_and_run(lr=0.1)
    train(model, run)
    dcp.save({"run": run.stateful(model)}, checkpoint_id=tmp_path)
    later, other = model_and_run(seed=1, lr=0.2)
    before = bits(later)
    with pytest.raises(CheckpointMismatchError, match=r"optimizer\.config\.lr: saved 0\.1, now 0\.2"):
        dcp.load({"run": other.stateful(later)}, checkpoint_id=tmp_path)
    assert before == bits(later)
    dcp.load({"run": other.stateful(later, changed="saved")}, checkpoint_id=tmp_path)
    reached = run.optimizer.param_groups[0]["lr"]
    assert reached == other.optimizer.param_groups[0]["lr"]
    later, other = model_and_run(seed=1, lr=0.2)
    dcp.load({"run": other.stateful(later, changed="config")}, checkpoint_id=tmp_path)
    assert 2 * reached == pytest.approx(other.optimizer.param_groups[0]["lr"])


def test_a_checkpoint_without_a_run_is_told(tmp_path):
    """Neither a checkpoint of weights alone nor one under another key is loaded in part."""
    model, run = model_and_run()
    dcp.save({"model": model.state_dict()}, checkpoint_id=tmp_path / "weights")
    with pytest.raises(CheckpointMismatchError, match=r"has no run that dcp\.save"):
        dcp.load({"run": run.stateful(model)}, checkpoint_id=tmp_path / "weights")
    dcp.save({"one": run.stateful(model)}, checkpoint_id=tmp_path / "one")
    with pytest.raises(CheckpointMismatchError, match="no run under 'run'; it has runs under one"):
        dcp.load({"run": run.stateful(model)}, checkpoint_id=tmp_path / "one")


def test_the_weights_can_be_read_without_the_run(tmp_path):
    """They lie under `model`, by their names."""
    model, run = model_and_run()
    train(model, run)
    dcp.save({"run": run.stateful(model)}, checkpoint_id=tmp_path)
    weights = {name: torch.zeros_like(value) for name, value in model.state_dict().items()}
    dcp.load({"run": {"model": weights}}, checkpoint_id=tmp_path)
    assert bits(model) == {name: value.tolist() for name, value in weights.items()}


def test_a_model_without_the_trained_parameters_is_refused():
    """Its run would be saved without the weights that it trains."""
    model, run = model_and_run()
    other, _ = model_and_run()
    with pytest.raises(OptimError, match=r"the optimizer trains 0\.weight, which is in none of these models"):
        run.stateful(other)
    with pytest.raises(OptimError, match=r"must be a torch\.nn\.Module"):
        run.stateful(model.parameters())


def test_a_model_without_memory_is_refused():
    """What is loaded into it would be lost without a word."""
    with torch.device("meta"):
        model = nn.Linear(4, 4)
    with pytest.raises(OptimError, match="on the device meta, where nothing can be loaded"):
        registry.recipe({"type": "AdamW"}).create(model).stateful(model)


def test_the_slow_weights_of_lookahead_are_saved(tmp_path):
    """What an optimizer around another keeps of each parameter is divided as the parameter is."""

    def new(seed):
        torch.manual_seed(seed)
        model = nn.Linear(4, 4)
        config = {"type": "Lookahead", "config": {"k": 2, "optimizer": {"type": "AdamW"}}}
        return model, registry.recipe({"optimizer": config}).create(model)

    model, run = new(0)
    train(model, run)
    dcp.save({"run": run.stateful(model)}, checkpoint_id=tmp_path)
    train(model, run)
    later, other = new(1)
    dcp.load({"run": other.stateful(later)}, checkpoint_id=tmp_path)
    train(later, other)
    assert bits(model) == bits(later)


def test_tied_weights(tmp_path):
    """They load into what is tied; what was two tensors is not made one without a word."""

    def new(seed, tied):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
        if tied:
            model[1].weight = model[0].weight
        return model, registry.recipe({"type": "SGD"}).create(model)

    for tied in (False, True):
        model, run = new(0, tied)
        dcp.save({"run": run.stateful(model)}, checkpoint_id=tmp_path / str(tied))
    later, other = new(1, True)
    dcp.load({"run": other.stateful(later)}, checkpoint_id=tmp_path / "True")
    assert bits(model) == bits(later)
    assert later[0].weight is later[1].weight
    with pytest.raises(CheckpointMismatchError, match=r"0\.weight and 1\.weight are one tensor, and were two"):
        dcp.load({"run": other.stateful(later)}, checkpoint_id=tmp_path / "False")


def test_a_state_that_was_not_read_whole_is_told():
    """What the caller asked torch.distributed.checkpoint for by himself may lack the moments."""
    model, run = model_and_run()
    train(model, run)
    state = copy.deepcopy(run.stateful(model).state_dict())
    del state["optimizers"]["default"]["0.weight"]["exp_avg"]
    with pytest.raises(CheckpointMismatchError, match=r"exp_avg of 0\.weight was saved and has not been read"):
        run.stateful(model).load_state_dict(state)
    with pytest.raises(CheckpointMismatchError, match="not a state of format 1"):
        run.stateful(model).load_state_dict({})
