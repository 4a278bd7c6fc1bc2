"""A class that is looked at: kind, fields, types, ranges and needs, found in a child process that imports it."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from optim_core import OptimError
from optim_core.bridge import look_at
from optim_core.bridge.trying import told_bounds

ZOO = '''
import torch


class Scaled(torch.optim.Adam):
    """Adam with a factor.

    Args:
        scale (float): factor of the rate, must be positive (default: 2.0)
        mode: how
    """

    def __init__(self, params, *args, scale=2.0, every=3, mode="fast", hook=None, **kwargs):
        print("noise")
        if every < 1 or not 0.0 <= scale:
            raise ValueError("every")
        super().__init__(params, *args, **kwargs)


class ByKeyword(torch.optim.Optimizer):
    def __init__(self, *, params, rate, momentum: "float" = 0.5, betas=(0.9, 0.99)):
        if not 0.0 <= momentum < 0.75 or rate <= 0 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError("momentum")
        super().__init__(params, {"lr": rate})

    def train(self): ...
    def eval(self): ...

    def step(self, closure):
        with torch.enable_grad():
            closure()


class Rise(torch.optim.lr_scheduler.LambdaLR):
    def __init__(self, optimizer, warmup_steps, total_steps, last_epoch=-1):
        super().__init__(optimizer, lambda step: min(1.0, step / warmup_steps), last_epoch)


class Clip:
    def __init__(self, max_norm: float = 1.0):
        if max_norm <= 0:
            raise ValueError

    def clip(self, parameters):
        return torch.nn.utils.clip_grad_norm_(parameters, 1.0)


class Around(torch.optim.Optimizer):
    def __init__(self, base_optimizer, k=5): ...


class Lambda(torch.optim.Optimizer):
    def __init__(self, params, fn: "Callable[[int], float]"): ...


def function(): ...
'''


@pytest.fixture(autouse=True)
def zoo(tmp_path, monkeypatch):
    """A module in the current folder."""
    (tmp_path / "zoo_of_mine.py").write_text(ZOO)
    monkeypatch.chdir(tmp_path)


def test_an_optimizer_with_the_arguments_of_its_base():
    """Those that it hands on are its own too; ranges are what the constructor refuses, or the docstring says."""
    seen = look_at("zoo_of_mine:Scaled")
    fields = {field.name: field for field in seen.fields}
    assert ("optimizer", "params", ()) == (seen.kind, seen.first, seen.needs)
    assert {"gt": 0.0} == told_bounds("factor, must be positive")
    assert ("float", "2.0", {"ge": 0.0}) == (fields["scale"].type, fields["scale"].default, fields["scale"].bounds)
    assert {"ge": 1.0} == fields["every"].bounds
    assert ("str", "'fast'") == (fields["mode"].type, fields["mode"].default)
    assert ("tuple[float, float]", True) == (fields["betas"].type, fields["betas"].of_items)
    assert {"ge": 0.0, "lt": 1.0} == fields["betas"].bounds
    assert ["hook"] == list(seen.left_out)
    assert seen.file is not None


def test_arguments_by_keyword_and_what_the_loop_gives():
    """What is required is required, with an example that works; a closure and modes are found by trying."""
    seen = look_at("zoo_of_mine:ByKeyword")
    rate, momentum, _ = seen.fields
    assert seen.first_by_keyword
    assert {"closure", "modes"} == set(seen.needs)
    assert (None, {"gt": 0.0}, {"rate": 0.1}) == (rate.default, rate.bounds, seen.example)
    assert {"ge": 0.0, "lt": 0.75} == momentum.bounds


def test_a_schedule_and_a_clipper():
    """The kind is what the class is; a length of the run is given by the run."""
    rise, clip = look_at("zoo_of_mine:Rise"), look_at("zoo_of_mine:Clip")
    assert ("scheduler", "total_steps", "step") == (rise.kind, rise.length, rise.interval)
    assert ["warmup_steps", "total_steps"] == [field.name for field in rise.fields]
    assert ("clipper", {"gt": 0.0}) == (clip.kind, clip.fields[0].bounds)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("zoo_of_min:Scaled", "did you mean `zoo_of_mine:Scaled`"),
        ("zoo_of_mine:Scale", "did you mean `zoo_of_mine:Scaled`"),
        ("zoo_of_mine.Scaled", "such as zoo_of_mine:Scaled"),
        ("zoo_of_mine:Around", "is made from another optimizer"),
        ("zoo_of_mine:Lambda", "needs `fn`, which no config can hold"),
        ("zoo_of_mine:function", "is of the type function, and no class"),
        ("json:JSONDecoder", "is neither an optimizer"),
    ],
)
def test_what_cannot_be_a_plugin_is_told(address, reason):
    """With what is meant, or what to do."""
    with pytest.raises(OptimError) as caught:
        look_at(address)
    assert reason in str(caught.value)
