"""The plugin class of FusedAdam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import FieldError, each, fraction, non_negative, positive
from optim_deepspeed_fused.amsgrad import no_amsgrad
from optim_deepspeed_fused.single_precision import betas_in_float32, eps_in_float32

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["FusedAdam"]

# Fields for which torch's Adam has no option, to the only value with which it does the same.
ONLY_DEEPSPEED = {"bias_correction": True, "set_grad_none": True}


def _torch_can(instance: Any, _attribute: attrs.Attribute[Any], value: str) -> None:
    """Validate `fallback`: where it is "torch", torch's Adam must give the same numbers.

    Raises:
        ValueError: `fallback` is "torch", and the config asks for what torch's Adam does not do.
    """
    for other, only in ONLY_DEEPSPEED.items():
        if value == "torch" and getattr(instance, other) != only:
            raise FieldError(
                f"does not go with {other}: false, which torch's Adam cannot do", "leave one of the two out"
            )


@attrs.frozen(kw_only=True)
class FusedAdam:
    """DeepSpeed's FusedAdam: Adam or AdamW in few kernels; torch's own is ``AdamW`` with ``fused: true``.

    github.com/deepspeedai/DeepSpeed. deepspeed.ops.adam.FusedAdam, in a subclass without the faults that make it train
    otherwise than torch's Adam does. Its kernel is compiled when the first one is built, in one to two minutes, and
    kept. It trains float32, float16 and bfloat16 on a GPU, and on a CPU where there is no GPU.

    Formula:
        w = w - lr * weight_decay * w, or g = g + weight_decay * w without adam_w_mode
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g ** 2
        w = w - lr * (m / (1 - beta1 ** t)) / (sqrt(v / (1 - beta2 ** t)) + eps)

    Args:
        lr: learning rate, > 0. Unlike DeepSpeed's it has no default.
        betas: decay of the means of the gradient and of its square, each in [0, 1), also as a float32.
        eps: added to the denominator, > 0 also as a float32.
        weight_decay: shrinks the weights by ``lr * weight_decay`` a step, or, without `adam_w_mode`, is the factor of
            an L2 penalty; ≥ 0.
        adam_w_mode: decay as AdamW does (DeepSpeed's default); false is Adam.
        bias_correction: divide the means by what they lack in the first steps.
        amsgrad: must be false: the kernel has no AMSGrad.
        set_grad_none: whether ``zero_grad()`` removes the gradients; false fills them with zeros.
        fallback: what to do where the kernel cannot be had: "error", or "torch", which takes torch's fused Adam or
            AdamW with the same numbers and warns once.
    """

    lr: float = attrs.field(validator=positive)
    betas: tuple[float, float] = attrs.field(default=(0.9, 0.999), validator=[each(fraction), betas_in_float32])
    eps: float = attrs.field(default=1e-8, validator=[positive, eps_in_float32])
    weight_decay: float = attrs.field(default=0.0, validator=non_negative)
    adam_w_mode: bool = True
    bias_correction: bool = True
    amsgrad: bool = attrs.field(default=False, validator=no_amsgrad)
    set_grad_none: bool = True
    fallback: Literal["error", "torch"] = attrs.field(default="error", validator=_torch_can)

    example: ClassVar[Mapping[str, Any]] = {"lr": 1e-3, "weight_decay": 0.01}

    conformance: ClassVar[Mapping[str, str]] = {
        "float64": "refuses: DeepSpeed's kernel trains single and half precision",
        "fields.set_grad_none": "differs: it is what `zero_grad()` does",
        "fields.fallback": "differs: it is for where the kernel cannot be had",
    }

    @classmethod
    def check(cls) -> list[str]:
        """Return what keeps the kernel from being had here, each with its repair."""
        from optim_deepspeed_fused.kernel.obstacles import obstacles

        return obstacles("FusedAdamBuilder")

    def build(self, params: ParamsT) -> Optimizer:
        """Make a deepspeed.ops.adam.FusedAdam; with ``fallback: torch`` it may be torch's Adam or AdamW.

        Raises:
            PluginError: the kernel cannot be had here, and `fallback` is "error".
            ParamGroupError: a parameter has a dtype that the kernel does not train.
        """
        from optim_core.errors import PluginError
        from optim_deepspeed_fused.kernel.load import load_kernel

        hint = "set `fallback: torch` for torch's fused Adam with the same numbers"
        try:
            load_kernel("FusedAdamBuilder", hint if self.fallback == "error" else None)
        except PluginError as error:
            if self.fallback == "error":
                raise
            from optim_deepspeed_fused.live.torch_fallback import torch_adam

            options = keyword_arguments(self, "fallback", "amsgrad", *ONLY_DEEPSPEED)
            return torch_adam(params, error, **options)
        from optim_deepspeed_fused.live.fused_optimizer import FusedAdam as Subclass

        return Subclass(params, **keyword_arguments(self, "fallback", "amsgrad"))
