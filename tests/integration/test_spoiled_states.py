"""A saved state that is spoiled in one place is refused with nothing changed, or loads to the same run."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from optim_core import CheckpointMismatchError, registry  # noqa: E402 - torch is needed first

# Each so many of the spoiled states is looked at; `make fuzz` looks at all.
EVERY = 1 if int(os.environ.get("GENERATED_TIMES", "1")) > 1 else 23

ADAMW = {"type": "AdamW", "config": {"lr": 1e-3}}
SGD = {"type": "SGD", "config": {"lr": 0.1, "momentum": 0.9, "nesterov": True}}
RECIPES: dict[str, dict[str, Any]] = {
    "AdamW and cosine": {"optimizer": ADAMW, "scheduler": {"type": "cosine", "config": {"num_warmup_steps": 2}}},
    "SGD and StepLR": {
        "optimizer": SGD,
        "scheduler": {"type": "StepLR", "config": {"step_size": 2}, "interval": "step"},
    },
    "plateau": {"optimizer": SGD, "scheduler": {"type": "ReduceLROnPlateau", "config": {"patience": 0}}},
    "OneCycleLR": {"optimizer": ADAMW, "scheduler": {"type": "OneCycleLR", "config": {"max_lr": 0.2}}},
    "SequentialLR": {
        "optimizer": SGD,
        "scheduler": {
            "type": "SequentialLR",
            "config": {
                "schedulers": [{"type": "LinearLR"}, {"type": "StepLR", "config": {"step_size": 2}}],
                "milestones": [2],
            },
            "interval": "step",
        },
    },
    "groups and clipping": {
        "optimizer": {
            **ADAMW,
            "param_groups": [{"match": "*.bias", "weight_decay": 0, "lr_multiplier": 2.0}],
            "no_decay": ["norm"],
            "lr_decay_gamma": 0.9,
        },
        "gradient_clipping": {"type": "adaptive", "clip_factor": 0.1},
    },
    "Muon": {"optimizer": {"type": "optim-muon:Muon"}, "scheduler": {"type": "cosine"}},
    "LBFGS": {"optimizer": {"type": "LBFGS", "config": {"history_size": 3, "line_search_fn": "strong_wolfe"}}},
    "Lookahead": {"optimizer": {"type": "Lookahead", "config": {"k": 2, "optimizer": ADAMW}}},
    "named": {"optimizer_configs": {"a": {"optimizer": ADAMW, "scheduler": {"type": "cosine"}}, "b": SGD}},
}
DROPPED = object()
INPUT = torch.randn(8, 4, generator=torch.Generator().manual_seed(1))

# These change what is said of a run, and nothing of how it goes on: how it computes, and what follows from the config.
SAID_ONLY = ("recipe",)


def model_of() -> Any:
    layers = torch.nn.Linear(4, 4), torch.nn.LayerNorm(4), torch.nn.Linear(4, 2)
    return torch.nn.Sequential(*layers)


def made(config: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    torch.manual_seed(0)
    models = {name: model_of() for name in config.get("optimizer_configs", {"default": None})}
    given = models if "optimizer_configs" in config else models["default"]
    return registry.recipe(config).create(given, total_steps=20, steps_per_epoch=5), models


def train(run: Any, models: Mapping[str, Any], steps: int) -> None:
    for step in range(steps):
        for name, model in models.items():
            run[name].step(lambda model=model: model(INPUT).square().mean())
        if step % 2:
            run.end_epoch(0.5 + 0.1 * step)


def as_lists(value: Any) -> Any:
    """Plain data that compares by value, each value with its type."""
    if isinstance(value, torch.Tensor):
        return str(value.dtype), list(value.shape), [repr(each) for each in value.detach().flatten().tolist()]
    if isinstance(value, Mapping):
        return {key: as_lists(item) for key, item in value.items()}
    return [as_lists(item) for item in value] if isinstance(value, (list, tuple)) else repr(value)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if path:
        yield path, value
    if path[:1] == SAID_ONLY:
        return
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    key, *rest = path
    if isinstance(value, dict):
        changed = {each: put(item, tuple(rest), new) if each == key else item for each, item in value.items()}
        return {each: item for each, item in changed.items() if item is not DROPPED}
    changed_list = [put(item, tuple(rest), new) if place == key else item for place, item in enumerate(value)]
    return type(value)([item for item in changed_list if item is not DROPPED])


def spoilt(value: Any) -> Iterator[Any]:
    """What may stand in the place of a value when a state is spoiled."""
    yield from (DROPPED, None, "x", [], {}, [value], {"x": value}, 1j, math.nan, -1, 10**30, 1e30, True)
    if isinstance(value, torch.Tensor):
        yield torch.zeros(3, 2, 2)
        yield value.double() if value.dtype != torch.float64 else value.float()
        yield torch.full_like(value, math.nan) if value.is_floating_point() else value.float()
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from (math.inf, -abs(value) - 1, str(value), value + 0.5 if isinstance(value, int) else str(value))
    elif isinstance(value, dict):
        yield {**value, 99: {"x": 1}}
    elif isinstance(value, (list, tuple)):
        yield [*value, *value[:1]]
        yield list(value)[:-1]


@pytest.mark.parametrize("name", RECIPES)
def test_a_spoiled_state_is_refused_or_goes_on_as_before(name):
    """Wherever a state is spoiled, it is refused before anything has changed, or the weights that follow are equal."""
    config = RECIPES[name]
    run, models = made(config)
    train(run, models, 3)
    state = copy.deepcopy(run.state_dict())
    weights = {each: copy.deepcopy(model.state_dict()) for each, model in models.items()}

    def continued(saved: Any) -> Any:
        later, others = made(config)
        for each, model in others.items():
            model.load_state_dict(weights[each])
        later.load_state_dict(copy.deepcopy(saved))
        train(later, others, 2)
        return as_lists({each: model.state_dict() for each, model in others.items()})

    expected = continued(state)
    untouched, _ = made(config)
    before = as_lists(untouched.state_dict())
    cases = [(path, new) for path, value in places(state) for new in spoilt(value) if new is not value]
    refused = 0
    for path, new in cases[::EVERY]:
        spoiled = put(state, path, new)
        try:
            untouched.load_state_dict(spoiled)
        except CheckpointMismatchError:
            refused += 1
        else:
            untouched, _ = made(config)
            assert expected == continued(spoiled), (path, new)
            continue
        assert before == as_lists(untouched.state_dict()), (path, new)
    assert refused > len(cases[::EVERY]) // 2


def test_what_is_wrong_is_told_with_its_place():
    """The error says where in the state, what, and that nothing was loaded."""
    run, models = made(RECIPES["SGD and StepLR"])
    train(run, models, 3)
    state = copy.deepcopy(run.state_dict())
    del state["schedulers"]["default"]["state"]["last_epoch"]
    state["optimizers"]["default"]["state"]["state"][0]["momentum_buffer"] = None
    state["counters"]["steps"]["default"] = -1
    later, _ = made(RECIPES["SGD and StepLR"])
    with pytest.raises(CheckpointMismatchError) as caught:
        later.load_state_dict(state)
    assert "counters.steps.default: must be a whole number of steps, is -1" in str(caught.value)
    assert "optimizers.default.state: state[0].momentum_buffer: was float32 [4, 4] and is NoneType" in str(caught.value)
    state = copy.deepcopy(run.state_dict())
    del state["schedulers"]["default"]["state"]["last_epoch"]
    with pytest.raises(CheckpointMismatchError, match=r"schedulers\.default\.state\.last_epoch: is missing"):
        later.load_state_dict(state)


def test_a_state_of_an_older_torch_loads():
    """Options that a torch does not have yet are missing in what it saved, and so is what says how states looked."""
    run, models = made(RECIPES["AdamW and cosine"])
    train(run, models, 3)
    state = copy.deepcopy(run.state_dict())
    saved = state["optimizers"]["default"]
    for options in (*saved["state"]["param_groups"], *saved["start"]):
        for key in ("maximize", "capturable", "differentiable", "fused", "foreach", "decoupled_weight_decay"):
            del options[key]
    del saved["state"]["made_as"]["entries"], saved["state"]["made_as"]["kept"]
    later, _ = made(RECIPES["AdamW and cosine"])
    later.load_state_dict(state)
    assert 3 == later["default"].steps
