"""A torch module with losses, as it is trained: the same weights as the plain loop has."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from optim_core import OptimError, registry
from optim_training.arguments.training_config import TrainingConfig
from optim_training.begin import begin
from optim_training.job import job_of
from optim_training.loading.facts import Data
from optim_training.loading.loaders import training_loader

RATES = {"generator": 1e-2, "discriminator": 3e-2}
PAIR = {
    "model_type": "toy_pair",
    "training": {
        "optimizer_configs": {
            name: {
                "optimizer": {"type": "AdamW", "config": {"lr": rate}},
                "scheduler": {"type": "InverseLR", "config": {"inv_gamma": 10, "warmup": 0.99}},
            }
            for name, rate in RATES.items()
        }
    },
}


def write(config: object) -> None:
    import yaml

    Path("model.yaml").write_text(yaml.safe_dump(config))
    Path("data.yaml").write_text("dataset_type: toy_data\nsize: 22\n")


def arguments(**given: object) -> TrainingConfig:
    told = {"model_config": "model.yaml", "dataset_config": "data.yaml", "num_workers": 0, "save_dir": "runs"}
    return TrainingConfig(**{**told, **given})


def rows() -> list[dict[str, str]]:
    import csv

    (file,) = Path("runs").glob("*/*/metrics.csv")
    with file.open() as opened:
        return list(csv.DictReader(opened))


@pytest.mark.parametrize("accumulated", [1, 4])
def test_several_optimizers_are_stepped_as_in_the_plain_loop(accumulated):
    """One after the other, each over all batches of a step, clipped by the recipe, with schedules by steps."""
    write(PAIR)
    steps = 5
    assert 0 == begin(arguments(accum_batches=accumulated, max_steps=steps, gradient_clip_val=0.1))
    found = [(float(row["train/generator"]), float(row["train/discriminator"])) for row in rows()]

    job = job_of(arguments(gradient_clip_val=0.1))
    dataset, seed = job.dataset.spec.create(), job.arguments.seed
    loader = training_loader(dataset, batch_size=4, seed=seed, augment=job.dataset.spec.config.augment)
    torch.manual_seed(seed)
    model = job.model.spec.create(Data("toy_data", loader))
    run = job.recipe.create(model.trained)
    expected = []
    batches = list(loader)
    for first in range(0, len(batches), accumulated):
        each = [model.losses(batch) for batch in batches[first : first + accumulated]]
        told = []
        for name in RATES:
            run.optimizers[name].zero_grad()
            losses = [losses[name]() for losses in each]
            for loss in losses[:-1]:
                (loss / len(each)).backward()
            run[name].step(losses[-1] / len(each))
            told.append(float(sum(loss.detach().double() for loss in losses) / len(losses)))
        expected.append(tuple(told))
    whole = min(steps, len(expected))
    assert expected[:whole] == pytest.approx(found[:whole], rel=0, abs=0)
    assert [str(step) for step in range(1, steps + 1)] == [row["step"] for row in rows()]


def test_a_model_and_a_recipe_that_do_not_go_together_are_refused():
    """Other names, one optimizer for two models, two for one."""
    one = {"optimizer": {"type": "AdamW", "config": {"lr": 1e-3}}}
    wrong = copy.deepcopy(PAIR)
    wrong["training"]["optimizer_configs"]["judge"] = wrong["training"]["optimizer_configs"].pop("discriminator")
    for config, message in (
        (wrong, "trains generator, discriminator, and the recipe has generator, judge"),
        ({"model_type": "toy_pair", "training": one}, "one optimizer without a name"),
        ({**PAIR, "model_type": "toy_net"}, "has one loss"),
    ):
        write(config)
        with pytest.raises(OptimError, match=message):
            begin(arguments(max_steps=1, logger="none"))


def test_a_lightning_module_keeps_its_own_steps():
    """Its training_step counts; its optimizer does where the config has none, and the recipe's where it has one."""
    write({"model_type": "toy_lightning", "training": {}})
    assert 0 == begin(arguments(max_epochs=2))
    assert "own_loss" in rows()[0]
    write({"model_type": "toy_lightning", "model": {"configures": False}, "training": {}})
    with pytest.raises(OptimError, match="has no configure_optimizers"):
        begin(arguments(max_steps=1, logger="none"))
    write({"model_type": "toy_lightning", "training": {"optimizer": "sgd", "lr": 0.1}})
    with pytest.warns(UserWarning, match="configure_optimizers of Configured is not asked"):
        assert 0 == begin(arguments(max_steps=1, logger="none"))


def test_metrics_of_validation_are_means_over_all_items():
    """Whatever the sizes of the batches, at the steps that were asked for and at no other."""
    write({"model_type": "toy_net", "training": {"optimizer": {"type": "SGD", "config": {"lr": 1e-9}}}})
    begin(arguments(max_steps=7, val_every=3, val_dataset_config="data.yaml"))
    validated = {row["step"]: float(row["val/mae"]) for row in rows() if row["val/mae"]}
    assert ["3", "6"] == list(validated)
    dataset = registry.build({"type": "toy_data", "size": 22}, "dataset").create()
    torch.manual_seed(42)
    model = registry.build({"type": "toy_net"}, "model").create(
        Data("toy_data", training_loader(dataset, batch_size=4, seed=42))
    )
    inputs, targets = (torch.stack(part) for part in zip(*dataset, strict=True))
    with torch.no_grad():
        expected = float(model.eval().metrics((inputs, targets))["mae"])
    assert expected == pytest.approx(validated["3"], rel=1e-5)


@pytest.mark.parametrize("model_type", ["toy_net", "toy_pair"])
def test_a_plateau_waits_for_the_first_validation(model_type):
    """Before it, and after an epoch without one, the rate stays as it is, with one optimizer and with several."""
    monitor = "val/mse" if model_type == "toy_net" else "val/generator"
    scheduler = {"type": "ReduceLROnPlateau", "config": {"patience": 0, "factor": 0.5, "threshold": 0.9}}
    scheduler["config"]["monitor"] = monitor
    one = {"optimizer": {"type": "SGD", "config": {"lr": 0.001}}, "scheduler": scheduler}
    write(
        {
            "model_type": model_type,
            "training": one if model_type == "toy_net" else {"optimizer_configs": dict.fromkeys(RATES, one)},
        }
    )
    # Two steps an epoch; validated in the second, third, fifth, … epoch.
    assert 0 == begin(arguments(accum_batches=4, max_epochs=6, val_every=3, val_dataset_config="data.yaml"))
    rates = [[value for name, value in row.items() if name.startswith("train/lr")] for row in rows()]
    first = [0.001] * 6 + [0.0005] * 4 + [0.00025] * 2
    assert [[rate] * len(rates[0]) for rate in first] == [[float(rate) for rate in row] for row in rates]


def spoilt(method: str, given: object) -> object:
    """Return a toy model's config, one method of whose model gives something else than it should."""
    import attrs
    from toy_training import ToyNet

    @attrs.frozen(kw_only=True)
    class Spoilt(ToyNet):
        """A network that gives something else."""

        def build(self, data: object) -> object:
            model = super().build(data)
            right = getattr(model, method)
            setattr(model, method, lambda batch: given(right(batch)) if callable(given) else given)
            return model

    return Spoilt


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("loss", lambda losses: losses["mse"].detach(), "depends on no parameter that is trained"),
        ("loss", lambda losses: float(losses["mse"].detach()), r"gives tensors of shape \(\), and not loss: float"),
        ("metrics", {"mae": 0.5}, r"metrics\(batch\) of spoilt gives tensors of shape \(\), and not mae: float"),
        ("metrics", {"mae": torch.zeros(4)}, r"and not mae: a tensor of shape \(4,\)"),
        ("metrics", 0.5, "gives a mapping of names to tensors"),
    ],
)
def test_what_a_model_gives_is_told_where_it_is_something_else(method, given, message):
    """With the model, the method, the name and what it gave, and not by what torch makes of it."""
    registry.register("model", "spoilt", spoilt(method, given))
    write({"model_type": "spoilt", "training": {"optimizer": {"type": "SGD", "config": {"lr": 0.001}}}})
    with pytest.raises(OptimError, match=message):
        begin(arguments(max_steps=2, val_every=1, val_dataset_config="data.yaml", logger="none"))


def test_a_run_that_goes_on_with_other_things_is_told_so(capsys):
    """Weights of another shape and files of another program are refused; other data and accumulation are a warning."""
    from optim_core import CheckpointMismatchError, CheckpointWarning

    config = {
        "model_type": "toy_net",
        "model": {"width": 4},
        "training": {"optimizer": {"type": "SGD", "config": {"lr": 0.001}}},
    }
    write(config)
    begin(arguments(max_steps=2, logger="none"))
    Path("more.yaml").write_text("dataset_type: toy_data\nsize: 40\n")
    with pytest.warns(CheckpointWarning) as told:
        begin(arguments(max_steps=3, logger="none", recover=True, dataset_config="more.yaml", accum_batches=2))
    said = " ".join(str(each.message) for each in told)
    assert "its data had 22 items, and have 40" in said
    assert "was made of 1 batches, and is made of 2" in said
    write({**config, "model": {"width": 5}})
    with pytest.raises(CheckpointMismatchError, match="has the weights of another model than toy_net makes"):
        begin(arguments(max_steps=4, logger="none", recover=True))
    torch.save(torch.nn.Linear(2, 2).state_dict(), "foreign.pt")
    with pytest.raises(CheckpointMismatchError, match="no checkpoint that a run can go on from"):
        begin(arguments(max_steps=4, logger="none", ckpt_path="foreign.pt"))
