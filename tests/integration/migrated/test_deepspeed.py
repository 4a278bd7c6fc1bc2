"""What `optim migrate` makes of DeepSpeed's JSON, beside what DeepSpeed makes of it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("deepspeed")

from optim_core import ConfigError, registry  # noqa: E402

BATCH = {"train_micro_batch_size_per_gpu": 4}
ADAM = {"type": "AdamW", "params": {"lr": 3e-4, "torch_adam": True}}


def migrated(**config):
    return registry.migration({**BATCH, "optimizer": ADAM, **config}, origin="deepspeed")


def rates_of_deepspeed(name, params, steps, lr=3e-4):
    """The rate at each step, as its engine steps the schedule: after each step of the optimizer."""
    from deepspeed.runtime import lr_schedules

    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(2))], lr=lr)
    schedule = getattr(lr_schedules, name)(optimizer, **params)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


SCHEDULES = [
    ("WarmupLR", {}),
    ("WarmupLR", {"warmup_min_lr": 0, "warmup_max_lr": 3e-5, "warmup_num_steps": 30}),
    ("WarmupLR", {"warmup_min_lr": 1e-6, "warmup_max_lr": 1e-3, "warmup_num_steps": 30, "warmup_type": "linear"}),
    ("WarmupLR", {"warmup_num_steps": 1}),
    ("WarmupDecayLR", {"total_num_steps": 100, "warmup_num_steps": 10}),
    (
        "WarmupDecayLR",
        {
            "total_num_steps": 90,
            "warmup_min_lr": 1e-6,
            "warmup_max_lr": 2e-4,
            "warmup_num_steps": 9,
            "warmup_type": "linear",
        },
    ),
    ("WarmupCosineLR", {"total_num_steps": 100, "warmup_num_steps": 10}),
    (
        "WarmupCosineLR",
        {
            "total_num_steps": 80,
            "warmup_num_steps": 7,
            "warmup_min_ratio": 0.1,
            "cos_min_ratio": 0.01,
            "warmup_type": "linear",
        },
    ),
    ("OneCycle", {"cycle_min_lr": 1e-5, "cycle_max_lr": 1e-3, "cycle_first_step_size": 30, "cycle_momentum": False}),
    (
        "OneCycle",
        {
            "cycle_min_lr": 1e-5,
            "cycle_max_lr": 1e-3,
            "cycle_first_step_size": 20,
            "cycle_second_step_size": 30,
            "decay_lr_rate": 0.5,
            "decay_step_size": 10,
            "cycle_momentum": False,
        },
    ),
    ("LRRangeTest", {"lr_range_test_min_lr": 1e-4, "lr_range_test_step_size": 7, "lr_range_test_step_rate": 3}),
    ("LRRangeTest", {"lr_range_test_step_size": 9, "lr_range_test_staircase": True}),
]


@pytest.mark.parametrize(("name", "params"), SCHEDULES, ids=lambda value: str(value)[:60])
def test_a_schedule_has_the_rates_that_deepspeed_sets(name, params):
    """Each of 120 rates is the same: those of the warmup, after the run, and the first one too."""
    config = migrated(scheduler={"type": name, "params": params}).config
    model = torch.nn.Linear(3, 2)
    run = registry.recipe(config).create(model, total_steps=120)
    found = []
    for _ in range(120):
        found.append(run.optimizer.param_groups[0]["lr"])
        run.optimizer.step()
        run.scheduler.step()
    assert rates_of_deepspeed(name, params, 120) == pytest.approx(found, rel=1e-12, abs=1e-18)


@pytest.mark.parametrize(
    ("optimizer", "plugin", "decoupled"),
    [
        ({"type": "Adam", "params": {"lr": 1e-3}}, "FusedAdam", True),
        ({"type": "adamw", "params": {}}, "FusedAdam", True),
        ({"type": "Adam", "params": {"lr": 1e-3, "adam_w_mode": False}}, "FusedAdam", False),
        ({"type": "Adam", "params": {"torch_adam": True, "adam_w_mode": False}}, "Adam", None),
        ({"type": "Adam", "params": {"torch_adam": True}}, "AdamW", None),
        ({"type": "SGD", "params": {"lr": 0.1, "momentum": 0.9}}, "SGD", None),
        ({"type": "Adagrad", "params": {"lr": 0.1}}, "Adagrad", None),
    ],
)
def test_an_optimizer_is_the_class_that_deepspeed_takes(optimizer, plugin, decoupled):
    """Adam decays as AdamW does unless adam_w_mode is false, and its weight decay is 0 where none is given."""
    found = registry.recipe(migrated(optimizer=optimizer).config).optimizer
    assert plugin == found.type
    if decoupled is not None:
        import inspect

        from deepspeed.ops.adam import FusedAdam

        defaults = inspect.signature(FusedAdam.__init__).parameters
        assert decoupled == found.config.adam_w_mode
        for field in ("lr", "betas", "eps", "weight_decay", "bias_correction"):
            assert optimizer["params"].get(field, defaults[field].default) == getattr(found.config, field)


def test_an_optimizer_whose_state_is_offloaded_is_that_of_the_cpu():
    """ZeRO-Offload takes DeepSpeedCPUAdam."""
    for zero in ({"offload_optimizer": {"device": "cpu"}}, {"cpu_offload": True}):
        found = migrated(optimizer={"type": "AdamW", "params": {"lr": 1e-3}}, zero_optimization={"stage": 2, **zero})
        assert "CPUAdam" == found.config["optimizer"]["type"]


def test_what_is_auto_is_told_with_what_it_stands_for():
    """Every `auto` is an error of its own, and nothing is guessed for it."""
    params = {"lr": "auto", "betas": "auto", "eps": "auto", "weight_decay": "auto"}
    schedule = {"warmup_min_lr": "auto", "warmup_max_lr": "auto", "warmup_num_steps": "auto"}
    with pytest.raises(ConfigError) as caught:
        migrated(
            optimizer={"type": "AdamW", "params": params},
            scheduler={"type": "WarmupLR", "params": schedule},
            gradient_clipping="auto",
        )
    assert len(params) + len(schedule) + 1 == len(caught.value.problems)
    assert all("Trainer" in problem.hint for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"optimizer": {"type": "OneBitAdam", "params": {"lr": 1e-3}}}, "has no equal"),
        ({"optimizer": {"type": "Lion", "params": {"lr": 1e-3}}}, "has no equal"),
        ({"optimizer": {"type": "AdamW", "params": {"lr": 1e-3, "max_grad_norm": 1.0}}}, "refused by DeepSpeed"),
        ({"optimizer": None}, "is missing"),
        ({"scheduler": {"type": "OneCycle", "params": {"cycle_min_lr": 0, "cycle_max_lr": 1}}}, "moves the first of"),
        ({"scheduler": {"type": "WarmupLR", "params": {"warmup_max_lr": [1, 2]}}}, "for each parameter group"),
        ({"scheduler": {"type": "WarmupLR", "params": {"warmup_steps": 3}}}, "no parameter of this schedule"),
        ({"scheduler": {"type": "WarmupDecayLR", "params": {}}}, "is needed"),
        ({"scheduler": {"type": "Warmup", "params": {}}}, "has no equal"),
        ({"scheduler": "WarmupLR"}, "must have a `type`"),
        ({"gradient_clip": 1.0}, "speaks of what a recipe is about"),
    ],
)
def test_what_has_no_equal_is_refused(config, said):
    """It is told, and nothing near is taken in its place."""
    with pytest.raises(ConfigError, match=said):
        migrated(**config)


def test_clipping_is_by_norm_and_0_is_none():
    """0.0 is DeepSpeed's default, and clips nothing; batch sizes and ZeRO are left out."""
    found = migrated(gradient_clipping=1.0, zero_optimization={"stage": 2}, steps_per_print=10)
    assert () == migrated(progressive_layer_drop={"enabled": True, "theta": 0.5, "gamma": 0.001}).warnings
    assert {"type": "norm", "config": {"max_norm": 1.0}} == found.config["gradient_clipping"]
    assert ("train_micro_batch_size_per_gpu", "zero_optimization", "steps_per_print") == found.left_out
    assert "gradient_clipping" not in migrated(gradient_clipping=0.0).config
