"""The monitors of a training loop of one's own."""

import pytest
import torch
from torch import nn

from optim_core import OptimError
from optim_core.compat import GradientMonitor, OptimizerMonitor


@pytest.fixture
def reports():
    return []


def test_rates_are_told_at_the_interval(optimizer, reports):
    """At the first batch, and at each that is a multiple; as they are then, and as numbers."""
    monitor = OptimizerMonitor(optimizer=optimizer, log_interval=2, to=reports.append)
    for batch_idx in range(5):
        optimizer.param_groups[0]["lr"] = torch.tensor(0.5**batch_idx)
        monitor.log_lr(batch_idx)

    assert [{"step": step, "lr/group_0": 0.5**step} for step in (0, 2, 4)] == reports


def test_gradients_are_told_at_the_interval(model, train, reports):
    """In the document's loop, between backward() and step(): those of all parameters, and of each module."""
    monitor = GradientMonitor(model=model, log_interval=2, to=reports.append, depth=1)
    norms = []

    def log(parameters):
        norms.append(torch.cat([parameter.grad.flatten() for parameter in parameters]).norm().item())
        monitor.log_gradients()

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        train(optimizer, clip=log)

    assert [0, 2] == [report["step"] for report in reports]
    assert [pytest.approx(norms[0]), pytest.approx(norms[2])] == [report["grad_norm"] for report in reports]
    assert ["backbone", "scoring_head", "output_head"] == [name.partition("/")[2] for name in list(reports[0])[2:]]


def test_modules_have_the_names_of_the_model_without_wrappers(model, reports):
    """And parameters without a gradient have no norm."""
    wrapped = nn.DataParallel(model)
    wrapped.module.output_head(torch.ones(1, 4)).sum().backward()
    GradientMonitor(wrapped, to=reports.append).log_gradients()

    assert ["step", "grad_norm", "grad_norm/output_head"] == list(reports[0])


def test_a_log_is_written_to_where_nothing_else_is_named(optimizer, caplog):
    """At the level INFO."""
    with caplog.at_level("INFO"):
        OptimizerMonitor(optimizer).log_lr(0)

    assert ["step 0: lr/group_0 0.0001"] == [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("arguments", [{"log_interval": 0}, {"to": "run.csv"}])
@pytest.mark.parametrize("monitor", [OptimizerMonitor, GradientMonitor])
def test_what_means_nothing_is_told(model, optimizer, monitor, arguments):
    """An interval of 0, and a name where a writer is wanted."""
    with pytest.raises(OptimError):
        monitor(optimizer if monitor is OptimizerMonitor else model, **arguments)


def test_another_object_is_told(model, optimizer):
    """What is watched is an optimizer, and a model."""
    with pytest.raises(OptimError, match="takes an optimizer, not Network"):
        OptimizerMonitor(model)
    with pytest.raises(OptimError, match="takes a model, not AdamW"):
        GradientMonitor(optimizer)
