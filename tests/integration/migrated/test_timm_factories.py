"""`optim_core.compat.timm`, beside what timm 1.0.31 itself makes of the same calls.

timm needs torchvision, so that its numbers are data, which `timm_factories.py` writes.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from optim_core import ConfigError, compat  # noqa: E402
from optim_core.compat.timm import (  # noqa: E402
    create_optimizer,
    create_optimizer_v2,
    create_scheduler,
    create_scheduler_v2,
    param_groups_layer_decay,
    param_groups_weight_decay,
)

from .timm_factories import OPTIMIZERS, SCHEDULERS, Blocks, groups_of, rates_of, two_groups  # noqa: E402

TIMM = json.loads((Path(__file__).parent / "timm_factories_1_0_31.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("case", "expected"), list(zip(SCHEDULERS, TIMM["schedulers"], strict=True)))
def test_every_group_has_the_rates_of_timm(case, expected):
    """At first, after each update and after each epoch, also behind the end; and the run has as many epochs."""
    optimizer = two_groups()
    scheduler, num_epochs = create_scheduler_v2(optimizer, **case)
    assert expected["num_epochs"] == num_epochs
    found = list(rates_of(scheduler, optimizer))
    assert len(expected["rates"]) == len(found)
    for rates, own in zip(expected["rates"], found, strict=True):
        assert rates == pytest.approx(own, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("case", "expected"), list(zip(OPTIMIZERS, TIMM["optimizers"], strict=True)))
def test_the_groups_are_those_of_timm(case, expected):
    """The class, the parameters of each group in their order, and each option of torch's."""
    model = Blocks()
    optimizer = create_optimizer_v2(model, **case)
    assert expected["class"] == type(optimizer).__name__
    found = json.loads(json.dumps(groups_of(optimizer.param_groups, model)))
    assert len(expected["groups"]) == len(found)
    for group, own in zip(expected["groups"], found, strict=True):
        assert group == {key: own[key] for key in group}


def test_the_functions_for_groups_are_those_of_timm():
    """With patterns, with parameters for a fallback, and for a model without a matcher, layers counted off."""
    model = Blocks()
    plain = torch.nn.Sequential(*(torch.nn.Linear(2, 2) for _ in range(8)))
    plain.pretrained_cfg = {"classifier": "7"}
    spared = {"no_weight_decay_list": ["token"], "fallback_list": ["head*"]}
    assert TIMM["groups"] == [
        groups_of(param_groups_weight_decay(model, 0.1, **spared), model),
        groups_of(param_groups_weight_decay(model, 0.0), model),
        groups_of(param_groups_layer_decay(model, 0.1, **spared), model),
        groups_of(param_groups_layer_decay(plain), plain),
    ]


def test_a_run_with_layers_trains_each_at_its_own_rate():
    """The scale of a layer acts from the schedule on, and a saved schedule goes on where another was."""
    optimizer = create_optimizer_v2(Blocks(), "adamw", lr=0.1, weight_decay=0.05, layer_decay=0.5)
    scheduler, _ = create_scheduler_v2(optimizer, num_epochs=10)
    assert {0.1 * scale for scale in (0.125, 0.25, 0.5, 1.0)} >= {group["lr"] for group in optimizer.param_groups}
    scheduler.step(4)
    expected = [group["lr"] for group in optimizer.param_groups]
    again, _ = create_scheduler_v2(optimizer, num_epochs=10)
    again.load_state_dict(scheduler.state_dict())
    again.step(4, metric=0.5)
    assert expected == [group["lr"] for group in optimizer.param_groups]


def test_the_arguments_of_a_command_line():
    """What timm's train.py hands over is taken as it is."""
    args = SimpleNamespace(
        opt="adamw", lr=0.1, weight_decay=0.05, momentum=0.9, opt_betas=[0.9, 0.95], opt_args={"amsgrad": True},
        sched="cosine", epochs=10, warmup_epochs=2, sched_on_updates=True,
    )  # fmt: skip
    optimizer = create_optimizer(args, Blocks())
    assert optimizer.defaults["amsgrad"]
    assert (0.9, 0.95) == optimizer.defaults["betas"]
    scheduler, num_epochs = create_scheduler(args, optimizer, updates_per_epoch=5)
    scheduler.step_update(5)
    assert 10 == num_epochs
    assert pytest.approx(0.050005) == optimizer.param_groups[0]["lr"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"noise": [0.4, 0.9]}, "noise"),
        ({"sched": "plateau", "noise": 0.4}, "noise"),
        ({"cycle_limit": 2}, "cycle_limit"),
        ({"sched": "wsd"}, "sched"),
        ({"sched": "cosin"}, "sched"),
        ({"decay_fn": "linear"}, "decay_fn"),
        ({"step_on_epochs": False}, "updates_per_epoch"),
        ({"sched": "plateau", "step_on_epochs": False, "updates_per_epoch": 3}, "step_on_epochs"),
        ({"sched": "plateau", "plateau_mode": "least"}, "plateau_mode"),
        ({"num_epochs": 0}, "num_epochs"),
    ],
)
def test_what_is_not_here_of_a_schedule_is_refused(changes, path):
    """By the name of the argument, and nothing has been changed."""
    optimizer = two_groups()
    with pytest.raises(ConfigError) as caught:
        create_scheduler_v2(optimizer, **changes)
    assert path == caught.value.problems[0].path
    assert [0.1, 0.05] == [group["lr"] for group in optimizer.param_groups]


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"opt": "adamv"}, "opt"),
        ({"opt": "fused_adam"}, "opt"),
        ({"opt": "sgd", "betas": [0.9, 0.99]}, "betas"),
        ({"opt": "adamw", "lr": -1.0}, "lr"),
        ({"opt": "adamw", "fallback_list": ["head*"]}, "fallback_list"),
    ],
)
def test_what_is_not_here_of_an_optimizer_is_refused(arguments, path):
    """By the name of the argument; what timm would not look at is an error, too."""
    with pytest.raises(ConfigError) as caught:
        create_optimizer_v2(Blocks(), **arguments)
    assert path == caught.value.problems[0].path


def test_a_class_of_timms_own_is_another_here_and_is_told():
    """The plugin of the same name takes its place, and Lookahead is made around any; each with a warning."""
    with pytest.warns(UserWarning, match="timm's own `lion` is not here: Lion of optim-pytorch-optimizer"):
        assert "Lion" == type(create_optimizer_v2(Blocks(), "lion", lr=1e-4)).__name__
    with pytest.warns(UserWarning, match="first pull"):
        around = create_optimizer_v2(Blocks(), "lookahead_sgd", lr=0.1, weight_decay=1e-4)
    assert ("Lookahead", True) == (type(around).__name__, around.param_groups[0]["nesterov"])


def test_the_names_are_those_of_compat_too():
    """`from optim_core.compat import create_optimizer_v2` is the same function."""
    assert create_optimizer_v2 is compat.create_optimizer_v2
    assert param_groups_layer_decay is compat.param_groups_layer_decay
