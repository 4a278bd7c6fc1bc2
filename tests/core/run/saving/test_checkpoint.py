"""A run is saved to a file and continued from it; what does not fit is told before anything has changed."""

from __future__ import annotations

import copy
import pickle
import random
import subprocess
import zipfile
from pathlib import Path

import attrs
import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import nn

import optim_core.run.saving.checkpoint as module
from optim_core import (
    CheckpointError,
    CheckpointMismatchError,
    MissingCheckpointError,
    OptimError,
    Registry,
    load_checkpoint,
    registry,
    save_checkpoint,
)

CONFIG = {
    "optimizer": {"type": "AdamW", "config": {"lr": 0.1}},
    "scheduler": {"type": "CosineAnnealingLR", "config": {"T_max": 20}},
    "gradient_clipping": {"type": "norm", "config": {"max_norm": 0.5}},
}


def model_and_run(seed=0, config=CONFIG):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2))
    return model, registry.build(config).create(model, total_steps=20)


def train(model, run, steps):
    for _ in range(steps):
        batch = torch.randn(6, 4) + random.random() + np.random.rand()
        run.step(lambda batch=batch: model(batch).square().mean())


def everything(model, run):
    """The values of a model, a run and the random generators, as text to the last bit."""
    state = (
        dict(model.state_dict()),
        run.state_dict(),
        random.getstate(),
        np.random.get_state(),
        torch.get_rng_state(),
    )
    return repr(with_lists(state))


def with_lists(value):
    if isinstance(value, dict):
        return {key: with_lists(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [with_lists(inner) for inner in value]
    return value.tolist() if hasattr(value, "tolist") else value


@pytest.fixture
def saved(tmp_path):
    """A checkpoint of a run after five steps."""
    model, run = model_and_run()
    train(model, run, 5)
    path = tmp_path / "last.pt"
    save_checkpoint(path, run=run, model=model, extra={"step": 5})
    return path


def names(folder):
    return [entry.name for entry in folder.iterdir()]


def refused(path, error=CheckpointMismatchError, **arguments):
    """What loading says, after it was seen that nothing has changed."""
    model, run = model_and_run(seed=7)
    train(model, run, 2)
    before = everything(model, run)
    with pytest.raises(error) as caught:
        load_checkpoint(path, **{"run": run, "model": model, **arguments})
    assert before == everything(model, run)
    return str(caught.value)


def test_a_run_continues_bit_for_bit(tmp_path):
    """Weights, moments, schedule, dropout and what Python, numpy and torch draw go on as if nothing had happened."""
    model, run = model_and_run()
    train(model, run, 5)
    save_checkpoint(tmp_path / "last.pt", run=run, model=model, extra={"step": 5, "losses": [1.0, (0.5, None)]})
    train(model, run, 10)
    expected = everything(model, run)
    other, again = model_and_run(seed=1)
    train(other, again, 3)

    assert {"step": 5, "losses": [1.0, (0.5, None)]} == load_checkpoint(tmp_path / "last.pt", run=again, model=other)
    train(other, again, 10)
    assert expected == everything(other, again)


def test_saving_changes_nothing(tmp_path):
    """A run that saves is the one that does not."""
    model, run = model_and_run()
    train(model, run, 5)
    before = everything(model, run)
    save_checkpoint(tmp_path / "last.pt", run=run, model=model)
    assert before == everything(model, run)


def test_a_file_is_plain_data(saved):
    """`torch.load(weights_only=True)` reads it, and finds the weights by their names."""
    content = torch.load(saved, weights_only=True)
    assert "optim-core checkpoint" == content["format"]
    assert (1, {"step": 5}) == (content["version"], content["extra"])
    assert list(model_and_run()[0].state_dict()) == list(content["models"][""]["state"])


def test_generators_of_the_loop_are_saved_with_the_run(tmp_path):
    """The order of the data goes on where it was."""
    model, run = model_and_run()
    order = torch.Generator().manual_seed(5)
    torch.randperm(10, generator=order)
    save_checkpoint(tmp_path / "last.pt", run=run, model=model, generators={"order": order})
    expected = torch.randperm(10, generator=order)
    other = torch.Generator()
    load_checkpoint(tmp_path / "last.pt", run=run, model=model, generators={"order": other})
    assert torch.equal(expected, torch.randperm(10, generator=other))
    told = "generators: the checkpoint has order: pass generators={'order': …}"
    assert told in refused(tmp_path / "last.pt")


def test_parts_can_be_loaded_alone(saved):
    """Without a run the weights are loaded and no generator is set; without a model what was given as extra is read."""
    model, run = model_and_run(seed=1)
    before = torch.get_rng_state(), random.getstate(), copy.deepcopy(run.state_dict())
    assert {"step": 5} == load_checkpoint(saved)
    assert {"step": 5} == load_checkpoint(saved, model=model)
    content = torch.load(saved, weights_only=True)
    assert torch.equal(content["models"][""]["state"]["0.weight"], model[0].weight)
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1:] == (random.getstate(), run.state_dict())


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_may_be_relative_text_or_a_path(kind, tmp_path, monkeypatch):
    """It stands in the current folder; folders that are missing are made."""
    monkeypatch.chdir(tmp_path)
    model, run = model_and_run()
    save_checkpoint(kind("runs/last.pt"), run=run, model=model, extra=3)
    assert 3 == load_checkpoint(kind("runs/last.pt"), run=run, model=model)
    assert ["last.pt"] == names(tmp_path / "runs")


def test_extra_that_is_no_plain_data_is_refused(saved):
    """The error names the value, and the file stays what it was."""
    before = saved.read_bytes()
    model, run = model_and_run()
    with pytest.raises(
        OptimError, match=r"not saved: extra\['best'\] is of type numpy.float64 \(write value.item\(\)\)"
    ):
        save_checkpoint(saved, run=run, model=model, extra={"best": np.float64(0.5)})
    assert before == saved.read_bytes()
    assert [saved.name] == names(saved.parent)


def test_what_a_full_disk_does_not_take_is_told(saved, tmp_path):
    """The error is that of the disk, and the old checkpoint is whole."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a file system in memory cannot be mounted here")
    try:
        model, run = model_and_run()
        path = small / "last.pt"
        save_checkpoint(path, run=run, model=model, extra=1)
        with pytest.raises(CheckpointError, match=r"last\.pt cannot be written: No space left on device; make room"):
            save_checkpoint(path, run=run, model=model, extra=torch.ones(100_000))
        assert 1 == load_checkpoint(path, run=run, model=model)
        assert ["last.pt"] == names(small)
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_file_that_is_not_there_is_told(tmp_path):
    """The error is a FileNotFoundError too, so that a loop can begin from nothing."""
    path = tmp_path / "none.pt"
    assert f"there is no checkpoint at {path}" == refused(path, FileNotFoundError)
    error = pickle.loads(pickle.dumps(MissingCheckpointError("there is none", errno=2)))
    assert ("there is none", 2) == (str(error), error.errno)


def test_a_folder_is_no_checkpoint(tmp_path):
    """The error says what is there."""
    assert f"{tmp_path} cannot be read: Is a directory" in refused(tmp_path, CheckpointError)


def foreign(content):
    """A file that some program wrote, by what is in it."""

    def write(path):
        if content == "text":
            path.write_text("optimizer: {type: AdamW}")
        elif content == "zip":
            with zipfile.ZipFile(path, "w") as file:
                file.writestr("a.txt", "a")
        elif content == "weights":
            torch.save(model_and_run()[0].state_dict(), path)
        elif content == "objects":
            torch.save(nn.Linear(1, 1), path)
        elif content == "old":
            torch.save({}, path, _use_new_zipfile_serialization=False)
        elif content == "newer":
            torch.save({"format": "optim-core checkpoint", "version": 2, "written_by": "3.1.0"}, path)
        else:
            torch.save({"format": "optim-core checkpoint", "version": 1, "models": {}, "extra": None}, path)

    return write


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        ("text", CheckpointError, "is cut off or no checkpoint"),
        ("old", CheckpointError, "is cut off or no checkpoint"),
        ("zip", CheckpointMismatchError, "is no checkpoint that save_checkpoint wrote: "),
        ("weights", CheckpointMismatchError, "is no checkpoint that save_checkpoint wrote; torch.load reads what"),
        ("objects", CheckpointMismatchError, "is no checkpoint that save_checkpoint wrote: "),
        (
            "newer",
            CheckpointMismatchError,
            "is of version 2 of the format, and this optim-core reads 1; it was written",
        ),
        ("else", CheckpointMismatchError, "is not whole: it has no run, random"),
    ],
)
def test_the_file_of_another_program_is_told(tmp_path, content, error, said):
    """Nothing in it is run, and nothing is changed."""
    path = tmp_path / "last.pt"
    foreign(content)(path)
    message = refused(path, error)
    assert message.startswith(f"{path} {said}")
    assert len(message) < 400


def test_everything_that_does_not_fit_the_model_is_told(saved):
    """By name, all at once, before the run is looked at."""
    model, _ = model_and_run()
    model[3] = nn.Linear(8, 3, bias=False)
    assert refused(saved, model=model).splitlines()[1:] == [
        "    model: only in the checkpoint: 3.bias",
        "    model: 3.weight had the shape [2, 8] and has [3, 8]",
    ]


def test_where_the_run_does_not_fit_the_model_is_what_it_was(saved):
    """The run says what differs, and the weights that were loaded are put back."""
    model, run = model_and_run(config={"optimizer": {"type": "SGD", "config": {"lr": 0.1}}})
    before = everything(model, run)
    with pytest.raises(CheckpointMismatchError, match="AdamW"):
        load_checkpoint(saved, run=run, model=model)
    assert before == everything(model, run)


def test_a_run_of_several_optimizers_is_one_file(tmp_path):
    """Models go by the names of the recipe."""
    config = {name: {"optimizer": CONFIG["optimizer"]} for name in ("generator", "discriminator")}
    recipe = registry.build({"optimizer_configs": config})
    models = {"generator": nn.Linear(2, 3), "discriminator": nn.Linear(3, 1)}
    run = recipe.create(models)
    save_checkpoint(tmp_path / "last.pt", run=run, model=models)
    others = {name: copy.deepcopy(model) for name, model in models.items()}
    with torch.no_grad():
        others["generator"].weight.zero_()
    load_checkpoint(tmp_path / "last.pt", run=recipe.create(others), model=others)
    assert torch.equal(models["generator"].weight, others["generator"].weight)
    assert "the checkpoint holds the models generator, discriminator" in refused(tmp_path / "last.pt")


def test_a_device_that_is_not_here_is_told(saved):
    """The run goes on, and not bit for bit."""
    content = torch.load(saved, weights_only=True)
    content["random"][0]["process"]["cuda:77"] = torch.zeros(16, dtype=torch.uint8)
    content["random"].append(content["random"][0])
    torch.save(content, saved)
    model, run = model_and_run()
    with pytest.warns(
        UserWarning, match="last.pt: the random states of cuda:77 have no generator here; it was saved by 2"
    ):
        load_checkpoint(saved, run=run, model=model)


def test_what_the_run_shall_do_with_changes_is_passed_on(saved):
    """Without a word nothing is passed, so that whatever has a state can be saved."""
    asked: list[dict[str, object]] = []

    class Run:
        def state_dict(self):
            return {}

        def load_state_dict(self, state, **changed):
            asked.append(changed)

    for changed in ("error", "saved", ["optimizer.config.lr"]):
        load_checkpoint(saved, run=Run(), changed=changed)
    assert [{}, {"changed": "saved"}, {"changed": ["optimizer.config.lr"]}] == asked
    assert ["load_checkpoint", "save_checkpoint"] == module.__all__


def test_a_config_that_has_changed_is_told_or_taken(saved):
    """By default it is refused with both values; a list of paths takes them from this config."""
    config = {**CONFIG, "optimizer": {"type": "AdamW", "config": {"lr": 0.1, "weight_decay": 0.3}}}
    model, run = model_and_run(config=config)
    before = everything(model, run)
    with pytest.raises(CheckpointMismatchError, match=r"optimizer\.config\.weight_decay"):
        load_checkpoint(saved, run=run, model=model)
    assert before == everything(model, run)
    load_checkpoint(saved, run=run, model=model, changed="saved")
    assert 0.01 == run.optimizer.param_groups[0]["weight_decay"]
    model, run = model_and_run(config=config)
    load_checkpoint(saved, run=run, model=model, changed=["optimizer.config.weight_decay"])
    assert 0.3 == run.optimizer.param_groups[0]["weight_decay"]


def test_a_run_in_eval_mode_is_not_saved(saved):
    """Its weights are those for evaluation, from which it cannot go on."""
    model, run = model_and_run(config={"optimizer": {"type": "ScheduleFreeAdamW", "config": {"lr": 0.1}}})
    run.step(lambda: model(torch.randn(6, 4)).square().mean())
    before = saved.read_bytes()
    run.eval()
    with pytest.raises(OptimError, match="eval"):
        save_checkpoint(saved, run=run, model=model)
    assert before == saved.read_bytes()
    run.train()
    save_checkpoint(saved, run=run, model=model, extra=1)
    assert 1 == load_checkpoint(saved, run=run, model=model)


class Fragile(torch.optim.Adam):
    """An optimizer that fails where it has loaded a part of its state."""

    fails = False

    def load_state_dict(self, state_dict):
        super().load_state_dict(state_dict)
        if Fragile.fails:
            Fragile.fails = False
            raise IndexError("list index out of range")


@attrs.frozen(kw_only=True)
class FragileAdam:
    lr: float = 0.1

    def build(self, params):
        return Fragile(params, lr=self.lr)


def test_where_an_optimizer_fails_on_the_way_the_run_is_what_it_was(tmp_path):
    """Its own error is raised, and model, moments, schedule and generators are those from before."""
    known = Registry()
    known.register("optimizer", "FragileAdam", FragileAdam)
    recipe = known.recipe({**CONFIG, "optimizer": {"type": "FragileAdam"}})
    model, _ = model_and_run()
    run = recipe.create(model, total_steps=20)
    train(model, run, 3)
    save_checkpoint(tmp_path / "last.pt", run=run, model=model)
    train(model, run, 2)
    before = everything(model, run)
    Fragile.fails = True
    with pytest.raises(IndexError):
        load_checkpoint(tmp_path / "last.pt", run=run, model=model)
    assert before == everything(model, run)
    load_checkpoint(tmp_path / "last.pt", run=run, model=model)
    assert before != everything(model, run)
