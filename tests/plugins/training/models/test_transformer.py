"""The language model."""

import math

import pytest
import torch
from training_models import made, trained, without_gradient

from optim_core import ConfigError, OptimError, registry

TEXT = torch.tensor([list(b"to be or not to be"), list(b"that's the questio")])
BATCH = (TEXT[:, :-1], TEXT[:, 1:])
SMALL = {"width": 32, "depth": 2, "heads": 2}


def model_of(**config):
    torch.manual_seed(0)
    return made("transformer", {**SMALL, **config}, vocabulary=256, first_batch=BATCH)


@pytest.mark.parametrize("positions", ["rope", "learned"])
@pytest.mark.parametrize("tied", [True, False])
def test_it_learns_a_text_and_each_parameter_has_a_part_in_it(positions, tied):
    """It begins at about 8 bits a byte, and knows the text by heart soon; no parameter is idle."""
    model = model_of(positions=positions, tied=tied)
    assert [] == without_gradient(model, model.loss(BATCH))
    assert 7.8 < model.metrics(BATCH)["bits_per_byte"] < 8.3
    _, last = trained(model, BATCH, steps=150, lr=3e-3)
    assert last < 0.5
    assert tied == (model.head.weight is model.embedding.weight)
    assert b" be or " == bytes(model.generate(TEXT[:1, :2], 7, temperature=0)[0].tolist())


def test_a_symbol_depends_on_those_before_it_alone():
    """What comes later changes nothing of what is predicted before."""
    model = model_of()
    other = TEXT.clone()
    other[:, 9:] = 0
    torch.testing.assert_close(model(TEXT)[:, :9], model(other)[:, :9])
    assert not torch.allclose(model(TEXT)[:, 9:], model(other)[:, 9:])


@pytest.mark.parametrize("positions", ["rope", "learned"])
def test_the_place_of_a_symbol_counts(positions):
    """The same symbols in another order give another prediction."""
    model = model_of(positions=positions)
    first, second = torch.tensor([list(b"abc")]), torch.tensor([list(b"bac")])
    with torch.no_grad():
        assert not torch.allclose(model(first)[:, -1], model(second)[:, -1], atol=1e-6)


def test_rotary_positions_are_relative():
    """With rotary positions, queries and keys meet by their distance alone."""
    from optim_training.models.networks.transformer import _rotated

    query, key = torch.randn(2, 1, 1, 1, 8, generator=torch.Generator().manual_seed(1)).expand(2, 1, 1, 6, 8)
    scores = (_rotated(query) @ _rotated(key).transpose(-1, -2))[0, 0]
    torch.testing.assert_close(scores[0, 2], scores[3, 5])
    torch.testing.assert_close(scores[4, 1], scores[3, 0])


def test_generating_is_as_random_as_its_generator():
    """Equal generators say the same, and torch's own is left alone."""
    model = model_of()
    said = [model.generate(TEXT, 5, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(said[0], said[1])
    assert not torch.equal(said[0], said[2])


def test_what_does_not_go_together_is_refused():
    """Heads that do not divide the width, and data that are no symbols, are told."""
    for config in ({"heads": 3}, {"width": 6, "heads": 2}):
        with pytest.raises(ConfigError, match="heads"):
            registry.build({"type": "transformer", "config": {**SMALL, **config}}, "model")
    with pytest.raises(OptimError, match="batches of symbols"):
        made("transformer", SMALL, vocabulary=256, first_batch=(torch.zeros(2, 3), torch.zeros(2, 3)))
    with pytest.raises(OptimError, match="learned positions end at 17"):
        model_of(positions="learned")(TEXT)


def test_bits_are_those_of_the_cross_entropy():
    """The bits are the loss, which is in nats, by ln 2."""
    model = model_of()
    torch.testing.assert_close(model.loss(BATCH) / math.log(2), model.metrics(BATCH)["bits_per_byte"])
