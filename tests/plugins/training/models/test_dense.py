"""Dense networks."""

import pytest
import torch
from training_models import made, trained

from optim_core import OptimError, registry

INPUTS = torch.linspace(-1, 1, 24).reshape(8, 3)
CLASSES = torch.arange(8) % 2
NUMBERS = INPUTS[:, :2] * 3


def test_it_is_the_network_of_the_document():
    """By default the widths, the slope, the dropout and the optimizer are those of the DenseNetworkModel."""
    spec = registry.build({"type": "DenseNetworkModel", "config": {}}, "model")
    model = made("dense", {}, features=3, classes=2, first_batch=(INPUTS, CLASSES))
    shapes = [tuple(parameter.shape) for parameter in model.parameters() if parameter.dim() == 2]
    assert [(256, 3), (128, 256), (64, 128), (2, 64)] == shapes
    assert "LeakyReLU(negative_slope=0.1)" in str(model)
    assert ("Dropout(p=0.2" in str(model), "AdamW", 1e-3) == (True, spec.config.optimizer_spec.type, 1e-3)


@pytest.mark.parametrize("loss", [None, "cross_entropy", "margin"])
def test_classes_are_learned(loss):
    """With whole numbers as targets it learns classes, and tells the accuracy."""
    model = made("dense", {"loss": loss, "dropout": 0.0}, features=3, classes=2, first_batch=(INPUTS, CLASSES))
    first, last = trained(model, (INPUTS, CLASSES), steps=100)
    assert last < 0.5 * first
    assert model.metrics((INPUTS, CLASSES))["accuracy"] == 1


def test_numbers_are_learned():
    """With other targets it predicts as many numbers, and tells the mean absolute error."""
    model = made("dense", {"dropout": 0.0}, features=3, first_batch=(INPUTS, NUMBERS))
    first, last = trained(model, (INPUTS, NUMBERS))
    assert last < 0.5 * first
    error = (model(INPUTS) - NUMBERS).abs().mean()
    torch.testing.assert_close(error, model.metrics((INPUTS, NUMBERS))["mean_absolute_error"])


@pytest.mark.parametrize(
    ("loss", "batch", "said"),
    [
        ("margin", (INPUTS, NUMBERS), "the targets of the data are no whole numbers"),
        ("mse", (INPUTS, CLASSES), "the targets of the data are classes"),
        (None, INPUTS, "batches of two tensors"),
    ],
)
def test_data_of_another_kind_are_refused_in_words(loss, batch, said):
    """A loss that the targets do not go with is an error before a step."""
    with pytest.raises(OptimError, match=said):
        made("dense", {"loss": loss}, features=3, classes=2, first_batch=batch)
