"""What the plugin leaves out or demands because of what bitsandbytes does: that the installed release still does it."""

import inspect

import attrs
import pytest
import torch
from torch import nn

from optim_bitsandbytes.provider import _BROKEN, _WITH_MOMENTUM_ONLY, _WITHOUT_EFFECT, optimizers

pytestmark = [
    pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Paged optimizers are not supported on CPU"),
]
# What each argument is set to, which is not its default.
OTHER = {
    "adam_w_mode": False,
    "amsgrad": True,
    "bias_correction": False,
    "centered": True,
    "dampening": 0.5,
    "initial_accumulator_value": 0.5,
    "lr_decay": 0.5,
    "max_unorm": 1e-3,
    "momentum": 0.5,
    "nesterov": True,
}


def left_out():
    """Each class that is offered, with each of its arguments that is none of its plugin's fields."""
    import bitsandbytes

    for name in optimizers.names():
        fields = {field.name for field in attrs.fields(optimizers.load(name))}
        arguments = list(inspect.signature(getattr(bitsandbytes.optim, name)).parameters.values())[1:]
        # `args` holds an object, which no config can.
        yield from ((name, argument) for argument in arguments if argument.name not in (*fields, "args"))


LEFT_OUT = list(left_out())


def made(name, model, **arguments):
    import bitsandbytes

    required = {"lr": 0.01} | ({"momentum": 0.9} if name.startswith(_WITH_MOMENTUM_ONLY) else {})
    return getattr(bitsandbytes.optim, name)(model.parameters(), **required, **arguments)


def trained(name, **arguments):
    """A weight matrix of 64 x 128 after 4 steps of the library's own class."""
    torch.manual_seed(0)
    model = nn.Linear(128, 64, bias=False)
    data = torch.randn(32, 128)
    optimizer = made(name, model, **arguments)
    for _ in range(4):
        optimizer.zero_grad()
        ((model(data) - 1) ** 2).mean().backward()
        optimizer.step()
    return model.weight.detach()


@pytest.mark.parametrize(("name", "argument"), LEFT_OUT, ids=[f"{name}-{argument.name}" for name, argument in LEFT_OUT])
def test_what_is_no_field_has_no_effect_or_is_refused(name, argument):
    """Where a release makes something of an argument, it should become a field."""
    if argument.name == "is_paged":
        assert made(name, nn.Linear(2, 2), is_paged=False).is_paged
        return
    other = 40 - argument.default if argument.name == "optim_bits" else OTHER[argument.name]
    try:
        weights = trained(name, **{argument.name: other})
    except (ValueError, NotImplementedError):
        # The library allows the default alone.
        return
    assert torch.equal(trained(name), weights)


def test_nothing_is_left_out_that_no_class_has():
    """An argument that bitsandbytes has dropped should be dropped from the list."""
    assert set() == set(_WITHOUT_EFFECT) - {argument.name for _, argument in LEFT_OUT}


@pytest.mark.parametrize("name", _BROKEN)
def test_what_is_broken_makes_too_small_a_state(name):
    """The kernel of AdEMAMix has two means in `state1`; once the class makes room for both, it can be offered."""
    import bitsandbytes

    def elements(cls):
        model = nn.Linear(128, 64, bias=False)
        optimizer = cls(model.parameters())
        optimizer.init_state(optimizer.param_groups[0], model.weight, 0, 0)
        return optimizer.state[model.weight]["state1"].numel()

    assert 2 * 64 * 128 == elements(bitsandbytes.optim.AdEMAMix)
    assert 64 * 128 == elements(getattr(bitsandbytes.optim, name))


@pytest.mark.parametrize("name", [name for name in optimizers.names() if name.startswith(_WITH_MOMENTUM_ONLY)])
def test_there_is_no_step_without_momentum(name):
    """The library says so itself, when it is built."""
    import bitsandbytes

    with pytest.raises(NotImplementedError, match="without momentum is not supported"):
        getattr(bitsandbytes.optim, name)(nn.Linear(2, 2).parameters(), lr=0.1, momentum=0)


@pytest.mark.parametrize("name", [name for name in optimizers.names() if name.startswith("RMSprop")])
def test_rmsprop_has_no_decay_of_0(name):
    """The library says so itself, when it is built."""
    import bitsandbytes

    with pytest.raises(NotImplementedError):
        getattr(bitsandbytes.optim, name)(nn.Linear(2, 2).parameters(), lr=0.1, alpha=0)
