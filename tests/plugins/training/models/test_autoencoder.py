"""The autoencoder of audio."""

import pytest
import torch
from training_models import made, trained, without_gradient

from optim_core import OptimError

MOMENTS = torch.arange(700.0)
AUDIO = torch.stack([(MOMENTS * speed).sin() for speed in (0.05, 0.11)])[:, None] * 0.5
TINY = {"channels": 4, "strides": [2, 3], "latent": 4, "stft_sizes": [128, 32]}


def model_of(audio=AUDIO, **config):
    torch.manual_seed(0)
    return made("autoencoder", {**TINY, **config}, first_batch=audio)


@pytest.mark.parametrize("weight_norm", [True, False])
def test_it_learns_to_give_back_what_it_was_given(weight_norm):
    """The loss falls, all parameters have a part in it, and any length comes back as long as it was."""
    model = model_of(weight_norm=weight_norm)
    assert [] == without_gradient(model, model.loss(AUDIO)["loss"])
    first, last = trained(model, AUDIO, steps=20)
    assert last < 0.8 * first
    for length in (600, 601, 605, 1):
        assert (2, 1, length) == tuple(model.reconstruct(AUDIO[..., :1].repeat(1, 1, length)).shape)
    assert (2, 4, 700 // 6 + 1) == tuple(model.encode(AUDIO).shape)


def test_with_a_discriminator_it_has_two_losses():
    """Each loss gives gradients to what its optimizer trains, and they are computed one after the other."""
    model = model_of(discriminator=True)
    losses = model.losses((AUDIO, [{}, {}]))
    assert ["discriminator", "autoencoder"] == list(losses) == list(model.trained)
    losses["discriminator"]().backward()
    assert all(parameter.grad is not None for parameter in model.trained["discriminator"].parameters())
    assert all(parameter.grad is None for parameter in model.trained["autoencoder"].parameters())
    before = losses["autoencoder"]()
    before.backward()
    assert all(parameter.grad is not None for parameter in model.trained["autoencoder"].parameters())
    with torch.no_grad():
        next(model.discriminator.parameters()).mul_(2)
    assert before.item() != losses["autoencoder"]().item()
    assert {"spectra", "waves"} == set(model.metrics(AUDIO))


def test_the_discriminator_learns_to_tell_both_apart():
    """Trained alone, its hinge loss falls below that of a coin."""
    model = model_of(discriminator=True)
    optimizer = torch.optim.AdamW(model.trained["discriminator"].parameters(), lr=3e-3)
    for _ in range(20):
        loss = model.losses(AUDIO)["discriminator"]()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1.0


def test_channels_and_rate_have_to_be_those_of_the_data():
    """What a config says of the audio is compared with the audio."""
    known = (AUDIO, [{"sample_rate": 8000}, {"sample_rate": 8000}])
    assert 8000 == model_of(known).sample_rate == model_of(known, sample_rate=8000, discriminator=True).sample_rate
    with pytest.raises(OptimError, match="`audio_channels` is 2, and the audio of the data has 1"):
        model_of(audio_channels=2)
    with pytest.raises(OptimError, match="`sample_rate` is 44100, and that of the data 8000"):
        model_of(known, sample_rate=44100)
    with pytest.raises(OptimError, match=r"audio of shape \(batch, channels, samples\)"):
        model_of(AUDIO[0])


def test_audio_shorter_than_every_window_has_a_loss():
    """Windows longer than the audio are left out, and the shortest stays."""
    short = AUDIO[..., :20]
    assert torch.isfinite(model_of(short).loss(short)["loss"])
