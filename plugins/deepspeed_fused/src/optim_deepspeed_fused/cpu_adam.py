"""The plugin class of CPUAdam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import each, fraction, non_negative, positive
from optim_deepspeed_fused.amsgrad import no_amsgrad
from optim_deepspeed_fused.single_precision import betas_in_float32, eps_in_float32

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["CPUAdam"]


@attrs.frozen(kw_only=True)
class CPUAdam:
    """DeepSpeed's CPUAdam, for parameters in CPU memory (arXiv:2101.06840); ``FusedAdam`` goes where the GPU is.

    Ren et al. 2021. deepspeed.ops.adam.DeepSpeedCPUAdam, in a subclass without the faults that make it train otherwise
    than torch's Adam does. Unlike FusedAdam it runs on the CPU also where there is a GPU, and keeps the means of
    bfloat16 and float16 parameters in float32. Its kernel is compiled when the first one is built, in one to two
    minutes, and kept.

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
        fp32_optimizer_states: keep the means in float32; false keeps them in the parameter's dtype.
    """

    lr: float = attrs.field(validator=positive)
    betas: tuple[float, float] = attrs.field(default=(0.9, 0.999), validator=[each(fraction), betas_in_float32])
    eps: float = attrs.field(default=1e-8, validator=[positive, eps_in_float32])
    weight_decay: float = attrs.field(default=0.0, validator=non_negative)
    adam_w_mode: bool = True
    bias_correction: bool = True
    amsgrad: bool = attrs.field(default=False, validator=no_amsgrad)
    fp32_optimizer_states: bool = True

    example: ClassVar[Mapping[str, Any]] = {"lr": 1e-3, "weight_decay": 0.01}

    conformance: ClassVar[Mapping[str, str]] = {
        "float64": "refuses: DeepSpeed's kernel trains single and half precision",
        "fields.fp32_optimizer_states": "differs: it is for parameters of half precision",
    }

    @classmethod
    def check(cls) -> list[str]:
        """Return what keeps the kernel from being had here, each with its repair."""
        from optim_deepspeed_fused.kernel.obstacles import obstacles

        return obstacles("CPUAdamBuilder")

    def build(self, params: ParamsT) -> Optimizer:
        """Make a deepspeed.ops.adam.DeepSpeedCPUAdam.

        Raises:
            PluginError: the kernel cannot be had here.
            ParamGroupError: a parameter has a dtype that the kernel does not train.
        """
        from optim_deepspeed_fused.kernel.load import load_kernel

        load_kernel("CPUAdamBuilder", "take AdamW (optim-torch-builtin) with `fused: auto`")
        from optim_deepspeed_fused.live.cpu_optimizer import CPUAdam as Subclass

        options = keyword_arguments(self, "adam_w_mode", "amsgrad")
        return Subclass(params, adamw_mode=self.adam_w_mode, **options)
