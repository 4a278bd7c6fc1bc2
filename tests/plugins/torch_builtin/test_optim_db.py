"""torch's own table of optimizer inputs: what it accepts is the same here, what it refuses is refused here."""

import pytest
import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db

from optim_core import ConfigError, registry


def name_of(info):
    name = info.optim_cls.__name__
    return "TorchMuon" if name == "Muon" else name


def label(value):
    return ",".join(value) or "params" if isinstance(value, dict) else str(value) if isinstance(value, str) else ""


ACCEPTED = [
    (name_of(info), dict(given.kwargs))
    for info in optim_db
    for given in info.optim_inputs_func(device="cpu")
    if not any(isinstance(value, torch.Tensor) for value in given.kwargs.values())
]
REFUSED = [
    (name_of(info), dict(given.optimizer_error_input.kwargs), given)
    for info in optim_db
    for given in info.optim_error_inputs_func(device="cpu", dtype=torch.float32)
]


@pytest.mark.parametrize(("name", "values"), ACCEPTED, ids=label)
def test_an_input_of_torch_sets_what_it_sets_in_torch(name, values):
    """The groups of the built optimizer are those of the direct constructor, and have a name."""
    direct = getattr(torch.optim, name.removeprefix("Torch"))([torch.nn.Parameter(torch.ones(2, 2))], **values)
    spec = registry.build({"type": name, "config": values}, kind="optimizer")

    named = [{**group, "name": "default"} for group in direct.state_dict()["param_groups"]]
    assert named == spec.create_optimizer(direct.param_groups[0]["params"]).state_dict()["param_groups"]


@pytest.mark.parametrize(("name", "values", "given"), REFUSED, ids=label)
def test_an_error_of_torch_is_an_error(name, values, given):
    """A wrong argument is a ConfigError; wrong parameters give torch's own exception, at the same moment."""
    if values:
        with pytest.raises(ConfigError):
            registry.build({"type": name, "config": values}, kind="optimizer")
        return
    config = registry.build({"type": name}, kind="optimizer").config
    if given.error_on is OptimizerErrorEnum.CONSTRUCTION_ERROR:
        with pytest.raises(given.error_type, match=given.error_regex):
            config.build(given.optimizer_error_input.params)
    else:
        optimizer = config.build(given.optimizer_error_input.params)
        with pytest.raises(given.error_type, match=given.error_regex):
            optimizer.step()
