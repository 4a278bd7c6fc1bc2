"""The survival model."""

import warnings

import pytest
import torch
from training_models import made, trained, without_gradient

from optim_core import OptimError

GENERATOR = torch.Generator().manual_seed(0)
ROWS = torch.randn(40, 3, generator=GENERATOR)
TIMES = (torch.exp(-ROWS[:, 0]) * (0.5 + torch.rand(40, generator=GENERATOR))).round(decimals=1)
EVENTS = torch.rand(40, generator=GENERATOR) < 0.7
BATCH = (ROWS, TIMES, EVENTS)


def model_of(**config):
    torch.manual_seed(0)
    return made("survival", {"dropout": 0.0, **config}, features=3, first_batch=BATCH)


def test_it_learns_who_is_first():
    """After some steps it tells in most pairs which event comes first; tied times bring no warning."""
    model = model_of()
    before = model.metrics_of_all(model.predictions(BATCH))["concordance_index"]
    assert [] == without_gradient(model, model.loss(BATCH))
    trained(model, BATCH, steps=60)
    after = model.metrics_of_all(model.predictions(BATCH))["concordance_index"]
    assert before < 0.8 < after
    assert len(TIMES.unique()) < 40


def test_the_index_is_that_of_lifelines():
    """The concordance index is the one that lifelines computes, censored and tied rows included."""
    utils = pytest.importorskip("lifelines.utils")
    model = model_of()
    found = model.metrics_of_all(model.predictions(BATCH))["concordance_index"]
    expected = utils.concordance_index(TIMES.numpy(), -model(ROWS).detach().numpy(), EVENTS.numpy())
    assert abs(expected - found.item()) < 0.01


def test_a_linear_model_finds_the_coefficients_of_lifelines():
    """With no hidden layer, trained to its end, it is Cox's model with Efron's ties."""
    lifelines = pytest.importorskip("lifelines")
    pandas = pytest.importorskip("pandas")
    model = model_of(hidden=[])
    trained(model, BATCH, steps=400, lr=5e-2)
    table = pandas.DataFrame(ROWS.numpy(), columns=["a", "b", "c"]).assign(time=TIMES.numpy(), event=EVENTS.numpy())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = lifelines.CoxPHFitter().fit(table, "time", "event").params_.to_numpy()
    found = model.layers[0].weight.detach().squeeze(0)
    torch.testing.assert_close(torch.tensor(expected, dtype=torch.float32), found, atol=2e-3, rtol=0)


def test_a_batch_without_an_event_says_nothing_and_is_told_once():
    """Its loss is 0 with a gradient of 0, and there is one warning of it that says what helps."""
    model = model_of()
    nothing = (ROWS, TIMES, torch.zeros(40, dtype=torch.bool))
    with pytest.warns(UserWarning, match="has no event.*event_aware"):
        loss = model.loss(nothing)
    assert ([], 0.0) == (without_gradient(model, loss), loss.item())
    model.loss(nothing)
    assert "concordance_index" not in model.metrics_of_all(model.predictions(nothing))


def test_one_row_alone_is_no_error():
    """The last batch of a validation may be a single row."""
    model = model_of()
    assert 0.0 == model.loss((ROWS[:1], TIMES[:1], torch.tensor([True]))).item()


def test_other_data_are_refused():
    """Batches of pairs are none of survival data."""
    with pytest.raises(OptimError, match="inputs, times and events"):
        made("survival", {}, features=3, first_batch=(ROWS, EVENTS))
