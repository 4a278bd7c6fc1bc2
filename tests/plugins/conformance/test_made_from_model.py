"""Optimizers that are made from the model, or train certain models only, are given these."""

from __future__ import annotations

from typing import ClassVar

import attrs
import pytest
import torch

from optim_conformance import check, subject_of
from optim_conformance.trials.training import begin, model_of
from optim_core.specs import OptimizerSpec


@attrs.frozen(kw_only=True)
class OfModel:
    """SGD that insists on a model whose parameters it trains."""

    lr: float = attrs.field(default=0.01, validator=attrs.validators.gt(0))

    def build(self, params, model):
        optimizer = torch.optim.SGD(params, lr=self.lr)
        known = set(map(id, model.parameters()))
        assert all(id(each) in known for group in optimizer.param_groups for each in group["params"])
        return optimizer


@attrs.frozen(kw_only=True)
class OfOneLayer(OfModel):
    """SGD that wants a model of its own."""

    @staticmethod
    def model_to_try():
        return torch.nn.Sequential(torch.nn.Linear(7, 7))


@attrs.frozen(kw_only=True)
class AroundMuon:
    """Nothing but the optimizer in it."""

    optimizer: OptimizerSpec
    example: ClassVar = {"optimizer": {"type": "Muon"}}

    def build(self, params, model=None):
        return self.optimizer.build_for(params)


def test_an_optimizer_that_is_made_from_the_model_is_checked():
    """Every property that gives groups or parameters gives the model as well; this module alone imports torch."""
    report = check(OfModel)
    assert ["light_import"] == [result.property for result in report.results if result.status == "failed"]
    assert "passed" == next(result.status for result in report.results if result.property == "several_groups")


def test_the_model_to_try_is_the_plugins():
    """It is filled with the kit's weights, the same each time."""
    subject = subject_of(OfOneLayer)
    one, other = model_of(subject), model_of(subject, dtype=torch.float64)
    assert [(7, 7), (7,)] == [tuple(parameter.shape) for parameter in one.parameters()]
    assert torch.equal(one[0].weight, other[0].weight.float())
    assert torch.float64 is other[0].bias.dtype
    assert 1 == begin(subject).go(1).steps


@pytest.mark.parametrize(("cls", "makes_groups"), [(OfModel, False), (AroundMuon, True)])
def test_the_hook_of_an_inner_optimizer_makes_the_groups(cls, makes_groups):
    """What is around another has that one's groups."""
    assert makes_groups is subject_of(cls).has_group_options
