"""Optimizers: the numbers are torch's, and what torch refuses, or would trip over later, is refused at once."""

import pytest
import torch
from torch import nn

from optim_core import ConfigError, registry

NOT_DEFAULT = {
    "ASGD": [{"lr": 0.05, "lambd": 0.01, "alpha": 0.6, "t0": 3.0, "weight_decay": 0.1}, {"foreach": True}],
    "Adadelta": [{"lr": 0.5, "rho": 0.8, "eps": 1e-5, "weight_decay": 0.1}, {"maximize": True}, {"foreach": True}],
    "Adafactor": [{"lr": 0.05, "beta2_decay": -0.5, "eps": (1e-8, 1e-2), "d": 2.0, "weight_decay": 0.1}],
    "Adagrad": [
        {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.2, "eps": 1e-6},
        {"fused": True},
    ],
    "Adam": [
        {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.1, "amsgrad": True},
        {"decoupled_weight_decay": True, "weight_decay": 0.3, "maximize": True},
        {"foreach": False},
        {"fused": True},
    ],
    "AdamW": [{"lr": 0.01, "betas": (0.0, 0.9), "weight_decay": 0.0}, {"amsgrad": True, "fused": True}],
    "Adamax": [{"lr": 0.01, "betas": (0.5, 0.9), "eps": 1e-6, "weight_decay": 0.1}, {"foreach": True}],
    "LBFGS": [{"lr": 0.5, "max_iter": 5, "max_eval": 4, "history_size": 3}, {"line_search_fn": "strong_wolfe"}],
    "NAdam": [{"lr": 0.01, "momentum_decay": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}],
    "RAdam": [{"lr": 0.01, "betas": (0.5, 0.9), "weight_decay": 0.1, "decoupled_weight_decay": True}],
    "RMSprop": [{"alpha": 0.9, "momentum": 0.5, "centered": True, "weight_decay": 0.1}, {"foreach": True}],
    "Rprop": [{"etas": (0.4, 1.3), "step_sizes": (1e-5, 10.0)}, {"maximize": True}],
    "SGD": [
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-4},
        {"momentum": 0.9, "dampening": 0.5, "maximize": True},
        {"fused": True},
    ],
    "SparseAdam": [{"lr": 0.01, "betas": (0.5, 0.9), "eps": 1e-6}, {"maximize": True}],
    "TorchMuon": [
        {"lr": 0.02, "momentum": 0.9, "nesterov": False, "ns_steps": 3, "weight_decay": 0.0},
        {"ns_coefficients": (3.0, -4.0, 2.0), "adjust_lr_fn": "match_rms_adamw"},
    ],
}
CASES = [(name, values) for name, configs in NOT_DEFAULT.items() for values in [{}, *configs]]


def trained(name, make):
    """Parameters and optimizer state after 20 steps on data that is always the same."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(7, 4, sparse=name == "SparseAdam"), nn.Flatten())
    if name != "SparseAdam":
        model.extend([nn.Linear(12, 5, bias=name != "TorchMuon"), nn.Tanh(), nn.Linear(5, 3, bias=name != "TorchMuon")])
    words, wanted = torch.randint(7, (8, 3)), torch.randint(3, (8,))
    optimizer = make(model.parameters())

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(words), wanted)
        loss.backward()
        return loss

    for _ in range(20):
        optimizer.step(closure)
    return [*model.parameters()], optimizer.state_dict()


def identical(one, other):
    """Whether two nested values are equal, tensors in every bit and in dtype."""
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(identical(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(identical, one, other))
    return one == other


@pytest.mark.parametrize(("name", "values"), CASES, ids=[f"{name}-{number}" for number, (name, _) in enumerate(CASES)])
def test_twenty_steps_are_bit_for_bit_those_of_the_direct_constructor(name, values):
    """Parameters, state and groups are equal to those of torch's class called with the same arguments."""
    of_torch = getattr(torch.optim, name.removeprefix("Torch"))
    spec = registry.build({"type": name, "config": values}, kind="optimizer")

    direct, direct_state = trained(name, lambda params: of_torch(params, **values))
    built, built_state = trained(name, spec.config.build)

    assert of_torch is type(spec.config.build([nn.Parameter(torch.ones(2, 2))]))
    assert identical(direct, built)
    assert identical(direct_state, built_state)


def test_every_optimizer_has_a_case(optimizer_class):
    """The table of configs above knows every class."""
    assert optimizer_class.__name__ in NOT_DEFAULT


REFUSED = [
    ("AdamW", {"lr": 0}, "lr", "must be > 0, is 0"),
    ("AdamW", {"lr": -1e-3}, "lr", "must be > 0"),
    ("AdamW", {"eps": 0}, "eps", "must be > 0"),
    ("AdamW", {"weight_decay": -0.1}, "weight_decay", "must be ≥ 0"),
    ("AdamW", {"betas": [0.9, 1.0]}, "betas[1]", "must be in [0, 1), is 1.0"),
    ("AdamW", {"betas": [-0.1, 0.9]}, "betas[0]", "must be in [0, 1)"),
    ("AdamW", {"fused": True, "foreach": True}, "fused", "does not go with foreach: true"),
    ("Adam", {"fused": True, "differentiable": True}, "fused", "does not go with differentiable: true"),
    ("SGD", {"foreach": True, "differentiable": True}, "foreach", "does not go with differentiable: true"),
    ("AdamW", {"fused": "always"}, "fused", "must be"),
    ("SGD", {"momentum": -0.1}, "momentum", "must be in [0, 1)"),
    ("RMSprop", {"momentum": 1}, "momentum", "must be in [0, 1)"),
    ("SGD", {"dampening": -0.1, "momentum": 0.9}, "dampening", "must be ≥ 0"),
    ("SGD", {"nesterov": True}, "nesterov", "needs momentum > 0, which is 0.0"),
    ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "nesterov", "needs dampening 0, which is 0.1"),
    ("Adadelta", {"rho": 1.1}, "rho", "must be in [0, 1], is 1.1"),
    ("Adafactor", {"beta2_decay": 0.1}, "beta2_decay", "must be ≤ 0"),
    ("Adafactor", {"d": 0.5}, "d", "must be ≥ 1"),
    ("Adafactor", {"eps": [None, 0]}, "eps[1]", "must be > 0"),
    ("Adafactor", {"eps": [-1e-30, 1e-3]}, "eps[0]", "must be > 0"),
    ("Adafactor", {"eps": [1e-30, 1e-3]}, "eps[0]", "must be ≥ 1e-19"),
    ("Adafactor", {"eps": [1e-30, None]}, "eps[1]", "must be a number"),
    ("Adagrad", {"lr_decay": -0.5}, "lr_decay", "must be ≥ 0"),
    ("Adagrad", {"initial_accumulator_value": -1}, "initial_accumulator_value", "must be ≥ 0"),
    ("ASGD", {"lambd": -1}, "lambd", "must be ≥ 0"),
    ("LBFGS", {"max_iter": 0}, "max_iter", "must be > 0"),
    ("LBFGS", {"max_eval": 0}, "max_eval", "must be > 0"),
    ("LBFGS", {"history_size": 0}, "history_size", "must be > 0"),
    ("LBFGS", {"line_search_fn": "armijo"}, "line_search_fn", "strong_wolfe"),
    ("NAdam", {"momentum_decay": -1}, "momentum_decay", "must be ≥ 0"),
    ("RMSprop", {"alpha": 1.0}, "alpha", "must be in [0, 1)"),
    ("Rprop", {"etas": [1.0, 0.5]}, "etas", "must be one factor in (0, 1) and one > 1"),
    ("Rprop", {"step_sizes": [1.0, 0.5]}, "step_sizes", "must be the smallest step"),
    ("SparseAdam", {"eps": 0}, "eps", "must be > 0"),
    ("TorchMuon", {"ns_steps": 100}, "ns_steps", "must be in [1, 100)"),
    ("TorchMuon", {"momentum": 1.0}, "momentum", "must be in [0, 1)"),
    ("TorchMuon", {"ns_coefficients": [1.0, 2.0]}, "ns_coefficients", "a list of 3"),
    ("TorchMuon", {"adjust_lr_fn": "arbitrary"}, "adjust_lr_fn", "`match_rms_adamw`"),
]


@pytest.mark.parametrize(("name", "values", "path", "words"), REFUSED)
def test_a_value_out_of_range_is_refused_with_its_field_and_range(name, values, path, words):
    """The one problem of the config is at the field that is to be changed, and says what it may be."""
    with pytest.raises(ConfigError) as caught:
        registry.build({"type": name, "config": values}, kind="optimizer")

    (problem,) = caught.value.problems
    assert f"config.{path}" == problem.path
    assert words in problem.message


def test_a_nested_requirement_is_not_checked_on_a_broken_neighbour():
    """Where momentum itself is wrong, that is the problem, and nesterov adds none about it."""
    with pytest.raises(ConfigError) as caught:
        registry.build({"type": "SGD", "config": {"nesterov": True, "momentum": "much"}})

    assert ["config.momentum"] == [problem.path for problem in caught.value.problems]


def test_zero_weight_decay_is_a_value():
    """AdamW with weight_decay 0 trains with 0, not with the default."""
    optimizer = registry.build({"type": "AdamW", "config": {"weight_decay": 0}}).create_optimizer(nn.Linear(2, 2))

    assert 0.0 == optimizer.param_groups[0]["weight_decay"]
