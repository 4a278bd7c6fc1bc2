"""What classes of pytorch_optimizer read from their ``**kwargs`` can be set, checked, where it has an effect."""

import attrs
import pytest
import torch
from torch import nn

from optim_core import ConfigError, Registry
from optim_pytorch_optimizer.keyword_options import OPTION_TEXTS
from optim_pytorch_optimizer.provider import optimizers

OFFERED = [
    (name, option)
    for name in optimizers.names()
    for option in OPTION_TEXTS
    # Where an option stands in the signature, it is no matter of ``**kwargs``.
    if option in attrs.fields_dict(optimizers.load(name)) and (name, option) != ("Ranger", "use_gc")
]


@pytest.fixture(scope="module")
def registry():
    return Registry()


def trained(registry, name, **fields):
    """The weights after some steps on a gradient that is at first long, and then short."""
    required = {"num_iterations": 100} if name == "Ranger21" else {}
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 4))
    data, wanted = torch.randn(32, 6), torch.randn(32, 4)
    config = {"type": f"pytorch_optimizer:{name}", "config": {**required, **fields}}
    optimizer = registry.build(config).create_optimizer(model)
    for step in range(12):
        optimizer.zero_grad()
        loss = ((model(data * (0.01 if step % 2 else 1.0)) - wanted) ** 2).mean() * (100 if step % 3 else 1)
        loss.backward(create_graph=name == "AdaHessian")
        optimizer.step()
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


@pytest.mark.parametrize(("name", "option"), OFFERED)
@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
def test_an_option_has_an_effect(registry, name, option):
    """An option that a class does not look at is none of its fields."""
    before = {"adanorm": True} if option == "adanorm_r" else {}
    after = {**before, option: 0.5 if option == "adanorm_r" else True}
    changed = trained(registry, name, **after)
    assert torch.isfinite(changed).all()
    assert not torch.equal(trained(registry, name, **before), changed)


def test_options_are_those_of_the_source():
    """Lion asks its groups for three; AdaBound and SWATS ask for one that their constructors drop."""
    offered = {(name, option) for name, option in OFFERED}
    assert {"adanorm", "adanorm_r", "cautious", "use_gc"} == {option for name, option in offered if name == "Lion"}
    assert set() == {option for name, option in offered if name in ("AdaBound", "SWATS", "NorMuon", "Prodigy")}
    assert ("ADOPT", "stable_adamw") in offered
    assert ("Yogi", "adam_debias") in offered


def test_an_option_of_another_class_is_refused(registry):
    """The library would take it and do nothing."""
    with pytest.raises(ConfigError, match="cautious: unknown key"):
        registry.build({"type": "Prodigy", "config": {"cautious": True}})


@pytest.mark.parametrize("value", ["false", 1, None])
def test_an_option_is_true_or_false(registry, value):
    """It is checked as every other field."""
    with pytest.raises(ConfigError, match="must be true or false"):
        registry.build({"type": "Lion", "config": {"cautious": value}})


def test_a_rule_may_set_an_option(registry):
    """It is an option of the group."""
    rule = {"match": "0.*", "cautious": True}
    spec = registry.build({"type": "Lion", "config": {}, "param_groups": [rule]})
    groups = spec.create_optimizer(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))).param_groups
    assert [True, False] == [group["cautious"] for group in groups]


@pytest.mark.parametrize(
    ("fields", "message"),
    [({"adanorm_r": 0.5}, "has no effect without `adanorm`"), ({"adanorm_r": 1.0, "adanorm": True}, r"in \[0, 1\)")],
)
def test_the_decay_of_adanorm_needs_adanorm(registry, fields, message):
    """Alone it would change nothing."""
    with pytest.raises(ConfigError, match=message):
        registry.build({"type": "AdaBelief", "config": fields})
