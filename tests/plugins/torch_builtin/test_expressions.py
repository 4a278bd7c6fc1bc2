"""Rates written as arithmetic: what they give, and that nothing else can be written."""

import math

import pytest
import torch
from torch.optim import lr_scheduler

from optim_core import ConfigError, registry

GIVES = [
    ("0.95 ** epoch", lambda n: 0.95**n),
    ("0.95 ** step", lambda n: 0.95**n),
    ("1 / (1 + epoch)", lambda n: 1 / (1 + n)),
    ("min(1, (step + 1) / 500)", lambda n: min(1, (n + 1) / 500)),
    ("0.5 * (1 + cos(pi * epoch / 100))", lambda n: 0.5 * (1 + math.cos(math.pi * n / 100))),
    ("1 if epoch < 10 and not epoch == 3 else 0.1", lambda n: 1 if n < 10 and n != 3 else 0.1),
    ("e ** -epoch + 2 // 3 + 7 % 4 - floor(1.5)", lambda n: math.e**-n + 2),
    ("max(abs(-0.5), sqrt(4), exp(0), log(1), sin(0), ceil(0.2))", lambda _: 2.0),
    ("epoch > 5 or 0.5", lambda n: 1.0 if n > 5 else 0.5),
    (" 0.5 ", lambda _: 0.5),
    ("1 - epoch / 50", lambda n: 1 - n / 50),
]

REFUSED = [
    "__import__('os').system('true')",
    "epoch.__class__",
    "().__class__.__bases__[0].__subclasses__()",
    "[x for x in range(9)]",
    "(lambda: 1)()",
    "open",
    "exp",
    "eval('1')",
    "'a' * 999999999",
    "f'{epoch}'",
    "9 ** 9 ** 9",
    "10.0 ** 10 ** 10",
    "1 << 10",
    "max(epoch, key=abs)",
    "max(*epoch)",
    "epoch[0]",
    "[1, 2]",
    "{1: 2}",
    "epoch := 3",
    "epoch = 3",
    "import os",
    "1; 2",
    "1 +",
    "",
    "\0",
    "True",
    "None",
    "1j",
    "1e999",
    "1 / epoch",
    "(0 - 1) ** 0.5",
    "-1",
    "min(1)",
    "log(-1)",
    "x" * 1_000_000,
    "(" * 99 + "1" + ")" * 99 + " +",
    "-" * 150 + "1",
    "abs(" * 45 + "1",
    "+".join("1" * 90),
]


@pytest.mark.parametrize("name", ["LambdaLR", "MultiplicativeLR"])
@pytest.mark.parametrize(("expression", "function"), GIVES)
def test_an_expression_gives_the_rates_of_the_function_that_it_describes(name, expression, function):
    """Over 20 steps the rates are those of torch's class with a Python function, and the state has no function."""
    spec = registry.build({"type": name, "config": {"lr_lambda": expression}})
    optimizers = [torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1) for _ in range(2)]
    direct = getattr(lr_scheduler, name)(optimizers[0], lr_lambda=function)
    built = spec.create_scheduler(optimizers[1])

    for _ in range(20):
        assert pytest.approx(direct.get_last_lr(), rel=1e-12) == built.get_last_lr()
        for optimizer, scheduler in zip(optimizers, (direct, built), strict=True):
            optimizer.step()
            scheduler.step()
    assert [{}] == built.state_dict()["lr_lambdas"]


@pytest.mark.parametrize("expression", REFUSED, ids=lambda text: text[:20])
def test_what_is_no_bounded_arithmetic_is_a_config_error(expression):
    """It is refused when the config is read, in a message of moderate length."""
    with pytest.raises(ConfigError) as caught:
        registry.build({"type": "LambdaLR", "config": {"lr_lambda": expression}})

    (problem,) = caught.value.problems
    assert "config.lr_lambda" == problem.path
    assert len(problem.message) < 600


def test_one_expression_for_each_group():
    """A list holds one factor for each group, expressions and functions mixed."""
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))]} for _ in range(2)]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    spec = registry.build({"type": "LambdaLR", "config": {"lr_lambda": ["0.5", lambda epoch: 0.25]}})

    assert [0.5, 0.25] == spec.create_scheduler(optimizer).get_last_lr()


def test_the_problem_of_an_expression_in_a_list_says_which():
    """Items are counted from 0."""
    with pytest.raises(ConfigError, match=r"lr_lambda\[1\]: `1/epoch` has no value at epoch 0: division by zero"):
        registry.build({"type": "LambdaLR", "config": {"lr_lambda": ["0.5", "1/epoch"]}})


@pytest.mark.parametrize("value", [3, None, {"a": 1}, [[1]]])
def test_neither_text_nor_function_is_a_config_error(value):
    """A number is no schedule."""
    with pytest.raises(ConfigError):
        registry.build({"type": "LambdaLR", "config": {"lr_lambda": value}})


@pytest.mark.parametrize(
    ("expression", "words"), [("1 - epoch / 4", "is -0.25"), ("1 / (4 - epoch)", "division by zero")]
)
def test_a_rate_below_zero_or_without_value_stops_the_run(expression, words):
    """torch would go on and climb the loss; the error names the expression and the epoch."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    scheduler = registry.build({"type": "LambdaLR", "config": {"lr_lambda": expression}}).create_scheduler(optimizer)

    for _ in range(3 if words == "division by zero" else 4):
        optimizer.step()
        scheduler.step()
    with pytest.raises(ValueError, match=words):
        scheduler.step()


def test_a_multiplicative_expression_is_first_asked_at_epoch_1():
    """torch multiplies from the first step on, so that an expression needs no value at epoch 0; LambdaLR's does."""
    config = {"lr_lambda": "1 - 0.1 / epoch"}
    assert "MultiplicativeLR" == registry.build({"type": "MultiplicativeLR", "config": config}).type
    with pytest.raises(ConfigError, match="has no value at epoch 0"):
        registry.build({"type": "LambdaLR", "config": config})


def test_an_expression_is_data():
    """It comes back from to_config as it was written."""
    config = {"type": "LambdaLR", "config": {"lr_lambda": "0.95 ** epoch"}, "interval": "epoch"}

    assert config == registry.to_config(registry.build(config))
