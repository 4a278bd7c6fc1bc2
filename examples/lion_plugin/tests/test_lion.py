"""What Lion does: none of this needs optim-core."""

import pytest
import torch
from lion_plugin import Lion


def test_a_step_moves_every_weight_by_the_rate():
    """Lion looks at signs only: a step without weight decay is lr long in each direction."""
    weights = torch.nn.Parameter(torch.tensor([1.0, -2.0, 3.0]))
    optimizer = Lion(lr=0.25).build([weights])
    (weights * torch.tensor([5.0, -0.1, 1e-3])).sum().backward()
    optimizer.step()
    assert weights.tolist() == [0.75, -1.75, 2.75]


def test_the_config_reaches_the_optimizer():
    """Every field is an option of the parameter group."""
    group = (
        Lion(lr=1e-3, betas=(0.95, 0.98), weight_decay=0.1).build([torch.nn.Parameter(torch.ones(2))]).param_groups[0]
    )
    assert (group["lr"], group["betas"], group["weight_decay"]) == (1e-3, (0.95, 0.98), 0.1)


@pytest.mark.parametrize("wrong", [{"lr": 0.0}, {"lr": -1e-4}, {"weight_decay": -0.1}])
def test_a_value_out_of_range_is_refused(wrong):
    """A rate is positive, a decay is not negative."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Lion(**wrong)
