"""What `optim migrate` makes of timm's args.yaml, beside what timm 1.0.31 makes of it.

timm needs torchvision, so that its numbers are data: what `create_scheduler_v2` and `create_optimizer_v2` made, with
torch 2.13.0, of the arguments `base` and what each row changes in them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from optim_core import ConfigError, registry  # noqa: E402

TIMM = json.loads((Path(__file__).parent / "timm_1_0_31.json").read_text(encoding="utf-8"))
BASE = TIMM["base"]


class Small(torch.nn.Module):
    """The model of the numbers: a convolution, a norm, a vector of its own, a head."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)
        self.bn = torch.nn.BatchNorm2d(4)
        self.gamma = torch.nn.Parameter(torch.ones(4))
        self.head = torch.nn.Linear(4, 2)


def migrated(**changes):
    return registry.migration({**BASE, **changes})


@pytest.mark.parametrize("row", TIMM["schedules"], ids=lambda row: str(row["arguments"]))
def test_a_schedule_has_the_rates_of_timm(row):
    """Each of 36 epochs has the same rate: in the warmup, behind it, and when the run is over."""
    found = migrated(**row["arguments"])
    assert "timm" == found.origin
    recipe = registry.recipe(found.config)
    run = recipe.create(Small(), epochs=36, steps_per_epoch=1)
    rates = []
    for _ in row["rates"]:
        rates.append(run.optimizer.param_groups[0]["lr"])
        run.optimizer.step()
        if recipe.schedulers:
            assert "epoch" == recipe.scheduler.interval
            run.scheduler.step()
    assert row["rates"] == pytest.approx(rates, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("row", TIMM["optimizers"], ids=lambda row: str(row["arguments"]))
def test_each_parameter_has_the_options_that_timm_gives_it(row):
    """The class is the same, and so is every option of each parameter's group; vectors do not decay."""
    model = Small()
    optimizer = registry.recipe(migrated(**row["arguments"], sched="none").config).create(model).optimizer
    assert row["class"] == type(optimizer).__name__
    names = {id(each): name for name, each in model.named_parameters()}
    for group in optimizer.param_groups:
        for each in group["params"]:
            expected = row["options"][names[id(each)]]
            found = {key: list(value) if isinstance(value, tuple) else value for key, value in group.items()}
            assert expected == {key: found[key] for key in expected}


@pytest.mark.parametrize("warmup", [0, 3])
def test_a_plateau_goes_by_timms_metric(warmup):
    """It watches eval_metric, for which more is better unless it is a loss, and its warmup looks at no metric."""
    config = migrated(sched="plateau", warmup_epochs=warmup, decay_rate=0.5, patience_epochs=1).config
    recipe = registry.recipe(config)
    run = recipe.create(Small(), epochs=12, steps_per_epoch=1)
    rates = []
    for _ in range(8):
        rates.append(run.optimizer.param_groups[0]["lr"])
        run.optimizer.step()
        run.scheduler.step(0.5)
    rise = [1e-5 + epoch * (0.05 - 1e-5) / 3 for epoch in range(warmup)]
    assert [*rise, 0.05, 0.05, 0.05][: len(rates)] == pytest.approx(rates[: warmup + 3])
    assert 0.025 == pytest.approx(rates[warmup + 3])
    assert "min" == migrated(sched="plateau", eval_metric="loss", warmup_epochs=0).config["scheduler"]["config"]["mode"]


def test_a_cosine_by_updates_is_stepped_after_each():
    """Without a warmup, or with one as a prefix, its lengths stay epochs; others depend on the number of batches."""
    config = migrated(sched_on_updates=True, warmup_prefix=True, warmup_epochs=2, epochs=10).config
    run = registry.recipe(config).create(Small(), epochs=12, steps_per_epoch=5)
    rates = []
    for _ in range(60):
        rates.append(run.optimizer.param_groups[0]["lr"])
        run.optimizer.step()
        run.scheduler.step()
    assert (1e-5, 0.05, 0.025) == pytest.approx((rates[0], rates[10], rates[35]))
    with pytest.raises(ConfigError, match="by updates"):
        migrated(sched_on_updates=True)


def test_clipping_goes_by_its_mode():
    """None clips nothing; agc leaves out timm's head, which nothing here does."""
    assert {"type": "norm", "config": {"max_norm": 1.0}} == migrated(clip_grad=1.0).config["gradient_clipping"]
    by_value = migrated(clip_grad=0.5, clip_mode="value").config["gradient_clipping"]
    assert {"type": "value", "config": {"clip_value": 0.5}} == by_value
    assert "gradient_clipping" not in migrated(clip_mode="agc").config
    with pytest.raises(ConfigError, match="leaves the model's head out"):
        migrated(clip_grad=0.02, clip_mode="agc")


def test_layer_decay_gives_each_block_of_a_vit_timms_rate():
    """The head has the whole rate, the last block one factor less, the embedding the least, as BEiT's groups do."""

    class Vit(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.patch_embed = torch.nn.Conv2d(3, 4, 2)
            block = torch.nn.TransformerEncoderLayer
            self.blocks = torch.nn.Sequential(*(block(4, 1, 8, batch_first=True) for _ in range(3)))
            self.norm = torch.nn.LayerNorm(4)
            self.head = torch.nn.Linear(4, 2)

    model = Vit()
    found = migrated(opt="adamw", layer_decay=0.5, lr=1.0, sched="none")
    optimizer = registry.recipe(found.config).create(model).optimizer
    rates = {id(each): group["lr"] for group in optimizer.param_groups for each in group["params"]}
    # timm: layer_decay ** (layer_max - i), with the stem 0, the blocks 1 to 3, the norm and the head 4.
    assert 0.5**4 == rates[id(model.patch_embed.weight)]
    assert [0.5**3, 0.5**2, 0.5] == [rates[id(block.linear1.weight)] for block in model.blocks]
    assert [1.0, 1.0] == [rates[id(model.norm.weight)], rates[id(model.head.weight)]]
    assert any("optim explain" in said for said in found.assumed)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lr": None}, "from the batch of all processes"),
        ({"opt": "lamb"}, "has no equal"),
        ({"opt": "fusedadam"}, "has no equal"),
        ({"opt": "lookahead_adam"}, "Lookahead"),
        ({"sched": "wsd"}, "has no equal"),
        ({"sched": "cosinee"}, "has no equal"),
        ({"lr_noise": [0.4, 0.9]}, "noise"),
        ({"lr_cycle_limit": 3}, "cycles"),
        ({"layer_decay": 0.7, "layer_decay_min_scale": 0.1}, "least rate"),
        ({"opt_betas": [0.9], "opt": "adam"}, "must be 2 numbers"),
        ({"opt_kwargs": {"caution": True}}, "unknown key"),
        ({"decay_milestones": [3.5], "sched": "multistep"}, "must be epochs"),
    ],
)
def test_what_has_no_equal_is_refused(changes, said):
    """It is told, and nothing near is taken in its place."""
    with pytest.raises(ConfigError, match=said):
        migrated(**changes)


def test_the_rate_that_timm_computes_is_told_as_its_formula():
    """Adam's kin scale with the root of the batch, the others with the batch."""
    for opt, ending in (("sgd", "/ 256)"), ("adamw", "/ 256) ** 0.5")):
        with pytest.raises(ConfigError) as caught:
            migrated(lr=None, opt=opt)
        assert caught.value.problems[0].hint.endswith(ending)


def test_what_is_not_given_is_as_timms_train_py_has_it():
    """A file with three arguments has the defaults of the others, and they are told."""
    found = registry.migration({"opt": "adamw", "sched": "cosine", "lr": 1e-3, "warmup_lr": 1e-6})
    assert {"weight_decay", "epochs", "warmup_epochs", "min_lr"} <= {said.partition(":")[0] for said in found.assumed}
