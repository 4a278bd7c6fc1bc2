"""Clippers that are wrong on purpose, each in what one property is about."""

from __future__ import annotations

from sound import SoundClip
from wrong_plugins import MoreOrLess, wrong


def norm_of(parameters):
    import torch

    return torch.nn.utils.get_total_norm([parameter.grad for parameter in parameters if parameter.grad is not None])


@wrong("norm_before")
class TellsTheNormAfter(SoundClip):
    """It returns the norm after clipping."""

    def clip(self, parameters):
        parameters = list(parameters)
        SoundClip.clip(self, parameters)
        return norm_of(parameters)


@wrong("norm_before")
class TellsAFloat(SoundClip):
    """It returns no tensor."""

    def clip(self, parameters):
        return float(SoundClip.clip(self, parameters))


@wrong("clips", "bf16", "fields", "limit", "mixed_dtypes")
class DoesNothing(SoundClip):
    """It returns the norm and clips nothing."""

    def clip(self, parameters):
        return norm_of(list(parameters))


@wrong("nothing_to_clip", "zero_gradients")
class AlwaysScales(SoundClip):
    """It scales small gradients up."""

    def clip(self, parameters):
        parameters = list(parameters)
        norm = norm_of(parameters)
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.mul_(self.max_norm / norm)
        return norm


@wrong("none_gradients", "empty")
class WantsGradients(SoundClip):
    """It looks at gradients that are not there."""

    def clip(self, parameters):
        parameters = list(parameters)
        for parameter in parameters:
            parameter.grad.add_(0)
        return SoundClip.clip(self, parameters)


@wrong("none_gradients", "limit")
class CountsParameters(SoundClip):
    """It clips by the number of parameters, those without a gradient too."""

    def clip(self, parameters):
        import torch

        parameters = list(parameters)
        return torch.nn.utils.clip_grad_norm_(parameters, self.max_norm * max(1, len(parameters)))


@wrong("empty")
class WantsParameters(SoundClip):
    """It raises where there are no gradients."""

    def clip(self, parameters):
        import torch

        parameters = list(parameters)
        torch.stack([parameter.grad.norm() for parameter in parameters if parameter.grad is not None])
        return SoundClip.clip(self, parameters)


@wrong("iterated_once")
class IteratesTwice(SoundClip):
    """It goes through what it is given twice."""

    def clip(self, parameters):
        norm = norm_of(parameters)
        SoundClip.clip(self, parameters)
        return norm


@wrong("only_gradients")
class MakesNewGradients(SoundClip):
    """It replaces the gradients by new tensors."""

    def clip(self, parameters):
        parameters = list(parameters)
        for parameter in parameters:
            parameter.grad = None if parameter.grad is None else parameter.grad.clone()
        return SoundClip.clip(self, parameters)


@wrong("only_gradients")
class MovesParameters(SoundClip):
    """It shrinks the parameters too."""

    def clip(self, parameters):
        parameters = list(parameters)
        for parameter in parameters:
            parameter.data.mul_(0.999)
        return SoundClip.clip(self, parameters)


@wrong("bf16", "mixed_dtypes")
class RefusesHalfPrecision(SoundClip):
    """It does not take bfloat16."""

    def clip(self, parameters):
        parameters = list(parameters)
        if any(parameter.element_size() == 2 for parameter in parameters):
            raise TypeError("bfloat16 is not supported")
        return SoundClip.clip(self, parameters)


@wrong("global_state")
class UsesRandomNumbers(SoundClip):
    """It draws a random number."""

    def clip(self, parameters):
        import torch

        torch.rand(1)
        return SoundClip.clip(self, parameters)


@wrong("clips", "limit")
class ClipsTheFirstOnly(SoundClip):
    """It clips the gradient of the first parameter."""

    def clip(self, parameters):
        import torch

        parameters = [parameter for parameter in parameters if parameter.grad is not None]
        norm = norm_of(parameters)
        torch.nn.utils.clip_grad_norm_(parameters[:1], self.max_norm)
        return norm


@wrong("clips")
class TurnsRound(SoundClip):
    """Where it clips, it turns gradients round."""

    def clip(self, parameters):
        parameters = list(parameters)
        norm = SoundClip.clip(self, parameters)
        for parameter in parameters:
            if parameter.grad is not None and norm > self.max_norm:
                parameter.grad.neg_()
        return norm


@wrong("limit")
class ClipsToTwice(SoundClip):
    """It clips to twice its limit."""

    def clip(self, parameters):
        import torch

        return torch.nn.utils.clip_grad_norm_(parameters, 2 * self.max_norm)


@wrong("not_finite")
class HidesNan(SoundClip):
    """It makes zeros of what is not finite, and says nothing."""

    def clip(self, parameters):
        parameters = list(parameters)
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.nan_to_num_(0, 0, 0)
        return SoundClip.clip(self, parameters)


@wrong("zero_gradients")
class DividesByTheNorm(SoundClip):
    """It divides by the norm, also where that is 0."""

    def clip(self, parameters):
        parameters = list(parameters)
        norm = norm_of(parameters)
        for parameter in parameters:
            if parameter.grad is not None and (norm == 0 or norm > self.max_norm):
                parameter.grad.mul_(self.max_norm / norm)
        return norm


@wrong("non_contiguous")
class ClipsACopy(SoundClip):
    """What is not contiguous it copies, and clips the copy."""

    def clip(self, parameters):
        parameters = [parameter for parameter in parameters if parameter.grad is not None]
        norm = norm_of(parameters)
        for parameter in parameters:
            parameter.grad.contiguous().mul_((self.max_norm / (norm + 1e-6)).clamp(max=1.0))
        return norm


@wrong("mixed_dtypes")
class WantsOneDtype(SoundClip):
    """It takes gradients of one dtype only."""

    def clip(self, parameters):
        parameters = list(parameters)
        if len({parameter.dtype for parameter in parameters if parameter.grad is not None}) > 1:
            raise TypeError("gradients of one dtype only")
        return SoundClip.clip(self, parameters)


class FirstNorm:
    """Clips by the norm that it saw first."""

    def __init__(self, max_norm):
        self.max_norm = max_norm
        self.first = None

    def clip(self, parameters):
        parameters = [parameter for parameter in parameters if parameter.grad is not None]
        norm = norm_of(parameters)
        self.first = norm if self.first is None else self.first
        for parameter in parameters:
            parameter.grad.mul_((self.max_norm / (self.first + 1e-6)).clamp(max=1.0))
        return norm


@wrong("clips", "bf16", "mixed_dtypes", "nothing_to_clip")
class RemembersTheNorm(SoundClip):
    """It clips by the norm of its first call, ever after."""

    def build(self):
        return FirstNorm(self.max_norm)


class MeanNorm(FirstNorm):
    """Clips to a moving mean of norms, which all that share it add to."""

    def __init__(self, mean):
        self.mean = mean

    def clip(self, parameters):
        parameters = [parameter for parameter in parameters if parameter.grad is not None]
        norm = norm_of(parameters)
        if parameters and norm.isfinite():
            self.mean[:] = [0.9 * self.mean[0] + 0.1 * float(norm)]
        for parameter in parameters:
            parameter.grad.mul_((self.mean[0] / (norm + 1e-12)).clamp(max=1.0))
        return norm


MEAN = [1.0]


@wrong("used_again", MoreOrLess)
class SharesItsHistory(SoundClip):
    """All of its clippers add to one mean of norms."""

    def build(self):
        return MeanNorm(MEAN)
