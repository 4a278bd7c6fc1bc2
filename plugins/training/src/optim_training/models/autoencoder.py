"""An autoencoder of audio, with a discriminator where that is asked for."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from optim_core.validators import FieldError, each, in_range, non_negative

__all__ = ["Autoencoder"]


@attrs.frozen(kw_only=True)
class Autoencoder:
    """A convolutional autoencoder of audio, trained by its spectra at several resolutions (Yamamoto et al. 2020).

    A batch is audio of shape (batch, audio_channels, samples), alone or as the first of several parts. Without a
    discriminator it has one loss. With one it is trained by two optimizers, `autoencoder` and `discriminator`, which
    the recipe names: the discriminator tells spectra of recordings from those of reconstructions by a hinge loss, and
    the autoencoder has to match what the discriminator sees (Kumar et al. 2019; Défossez et al. 2022,
    arXiv:2210.13438).

    Args:
        channels: of the first layer, ≥ 1; each further one has twice as many, up to 8 times as many.
        strides: by how much each layer of the encoder shortens, each ≥ 2.
        latent: channels of what is between encoder and decoder, ≥ 1.
        weight_norm: the layers have direction and length apart (Salimans and Kingma 2016).
        stft_sizes: the lengths of the windows of the spectra, in samples, each ≥ 8.
        waveform_weight: of the mean absolute difference of the waves beside the spectra's, ≥ 0.
        discriminator: train a discriminator too.
        adversarial_weight: of what the discriminator says of a reconstruction, ≥ 0.
        feature_weight: of the difference of what the discriminator sees in both, ≥ 0.
        sample_rate: samples a second, > 0, which demos write; null is that of the model config, or else of the data.
        audio_channels: ≥ 1; null is that of the model config, or else of the data.
    """

    demo_type: ClassVar[str] = "audio"

    channels: int = attrs.field(default=16, validator=in_range(ge=1))
    strides: tuple[int, ...] = attrs.field(default=(4, 4, 4), validator=each(in_range(ge=2)))
    latent: int = attrs.field(default=16, validator=in_range(ge=1))
    weight_norm: bool = True
    stft_sizes: tuple[int, ...] = attrs.field(default=(2048, 512, 128), validator=each(in_range(ge=8)))
    waveform_weight: float = attrs.field(default=1.0, validator=non_negative)
    discriminator: bool = False
    adversarial_weight: float = attrs.field(default=0.1, validator=non_negative)
    feature_weight: float = attrs.field(default=1.0, validator=non_negative)
    sample_rate: int | None = attrs.field(default=None, validator=attrs.validators.optional(in_range(gt=0)))
    audio_channels: int | None = attrs.field(default=None, validator=attrs.validators.optional(in_range(ge=1)))

    @strides.validator
    def _are_some(self, attribute: attrs.Attribute[Any], value: tuple[int, ...]) -> None:
        if not value:
            raise FieldError("must have at least one")

    @stft_sizes.validator
    def _are_some_spectra(self, attribute: attrs.Attribute[Any], value: tuple[int, ...]) -> None:
        if not value:
            raise FieldError("must have at least one")

    def build(self, data: Any) -> Any:
        """Make the autoencoder for audio as that of the data.

        Raises:
            OptimError: the batches of the data are no such audio.
        """
        from optim_training.models.networks.adversarial import AdversarialAutoencoder
        from optim_training.models.networks.autoencoder import AudioAutoencoder, SpectralLoss, channels_and_rate

        channels, rate = channels_and_rate(data.first_batch, self.audio_channels, self.sample_rate)
        loss = SpectralLoss(self.stft_sizes, self.waveform_weight)
        autoencoder = AudioAutoencoder(
            channels,
            width=self.channels,
            strides=self.strides,
            latent=self.latent,
            weight_norm=self.weight_norm,
            loss=loss,
            sample_rate=rate,
        )
        if not self.discriminator:
            return autoencoder
        return AdversarialAutoencoder(
            autoencoder,
            channels,
            stft_sizes=self.stft_sizes,
            adversarial_weight=self.adversarial_weight,
            feature_weight=self.feature_weight,
        )

    @classmethod
    def example_data(cls) -> Any:
        """Return data with which the model can be tried: two short tones."""
        from types import SimpleNamespace

        import torch

        moments = torch.arange(4096.0)
        tones = torch.stack([(moments * 0.05).sin(), (moments * 0.11).sin()])[:, None] * 0.5
        return SimpleNamespace(first_batch=tones)
