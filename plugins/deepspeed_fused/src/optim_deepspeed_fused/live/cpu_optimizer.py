"""deepspeed.ops.adam.DeepSpeedCPUAdam without the faults that make it train otherwise than torch's Adam."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from deepspeed.ops.adam import DeepSpeedCPUAdam
from torch import Tensor

from optim_deepspeed_fused.kernel.cpu_info import cpu_info_asked_once
from optim_deepspeed_fused.kernel.load import load_kernel
from optim_deepspeed_fused.live.dtype_groups import Group, refuse_other_dtypes
from optim_deepspeed_fused.live.lacking import refuse_lacking, refuse_state_with_lacking
from optim_deepspeed_fused.live.trained import (
    MEANS,
    contiguous,
    convert_means,
    say_changed,
    trained_parameters,
    write_back,
)

__all__ = ["CPUAdam"]


class CPUAdam(DeepSpeedCPUAdam):  # type: ignore[misc]
    """DeepSpeed's CPUAdam, and what is different here:

    - Parameters that are not contiguous are trained. DeepSpeed's kernel changes a copy of them.
    - The means of bfloat16 and float16 parameters stay float32 when a state is loaded. torch converts them.
    - A step does not depend on what ran before a resume.
    - It can be copied and pickled.
    - The processor is asked for its name once, not by a process for each optimizer.
    - As in FusedAdam, memory that does not fit is refused, and autograd is told what a step changed.

    The state of a parameter is ``step``, an int, ``exp_avg`` and ``exp_avg_sq``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        with cpu_info_asked_once():
            super().__init__(*args, **kwargs)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step of all parameters that have a gradient.

        Args:
            closure: computes the loss and the gradients anew, and returns the loss.

        Returns:
            What `closure` returned, None without one.

        Raises:
            RuntimeError: a gradient is sparse.
            ParamGroupError: a parameter is not on the CPU, or has a dtype that is not trained, or another shape than
                its gradient or its means.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        due = [(group, trained_parameters(group, self.state, "CPUAdam", "cpu")) for group in self.param_groups]
        forgotten = False
        for group, parameters in due:
            for parameter in parameters:
                state = self._counted(parameter)
                if not forgotten:
                    # The kernel keeps the powers of the betas, and goes on from them where the count is the next one.
                    # A call two steps ahead makes it compute them anew.
                    self._call(group, state["step"] + 2, [torch.empty(0) for _ in range(4)])
                    forgotten = True
                self._update(group, parameter, state)
            say_changed(parameters)
        return loss

    def add_param_group(self, param_group: Group) -> None:
        """Add a group.

        Raises:
            ParamGroupError: a trainable parameter is not float32, float16 or bfloat16, or an option is on that the
                kernel does not have.
        """
        refuse_lacking({**self.defaults, **param_group}, "CPUAdam")
        super().add_param_group(param_group)
        group = self.param_groups.pop()
        refuse_other_dtypes(group, "CPUAdam")
        self.param_groups.append(group)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state; the means get the dtype that they have here, not that of their parameter.

        Raises:
            CheckpointMismatchError: the state is of an optimizer that did what the kernel cannot.
        """
        refuse_state_with_lacking(state_dict, "CPUAdam")
        # The state that counts is what earlier hooks have made of it; later hooks are to see the means as they stay.
        given: list[dict[str, Any]] = []
        hooks = (
            self.register_load_state_dict_pre_hook(lambda _, changed: given.append(changed)),
            self.register_load_state_dict_post_hook(lambda _: self._take_means(given[-1]), prepend=True),
        )
        try:
            super().load_state_dict(state_dict)
        finally:
            for hook in hooks:
                hook.remove()

    def _take_means(self, state_dict: dict[str, Any]) -> None:
        saved = chain.from_iterable(group["params"] for group in state_dict["param_groups"])
        own = chain.from_iterable(group["params"] for group in self.param_groups)
        for index, parameter in zip(saved, own, strict=True):
            state = state_dict["state"].get(index, {})
            for key in MEANS:
                if key in state:
                    mean = state[key].to(parameter.device, self._dtype_of_means(parameter), copy=True)
                    self.state[parameter][key] = mean

    def __getstate__(self) -> dict[str, Any]:
        own = {"adam_w_mode": self.adam_w_mode, "fp32_optimizer_states": self.fp32_optimizer_states}
        return {**super().__getstate__(), **own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            # Groups of torch's Adam do not have this option.
            group.setdefault("bias_correction", self.defaults["bias_correction"])
        for of_parameter in self.state.values():
            of_parameter["step"] = int(of_parameter["step"])
        if "ds_opt_adam" not in vars(self):
            # A copied optimizer needs an object of its own in the kernel, which counts and frees them.
            kernel = load_kernel("CPUAdamBuilder", "load it where it can be had")
            self.opt_id = DeepSpeedCPUAdam.optimizer_id
            DeepSpeedCPUAdam.optimizer_id += 1
            kernel.create_adam(self.opt_id, 0.0, 0.0, 0.0, 0.0, 0.0, self.adam_w_mode, False)
            self.ds_opt_adam = kernel

    def _counted(self, parameter: Tensor) -> dict[str, Any]:
        """Advance the count of steps of a parameter, and return its state."""
        state: dict[str, Any] = self.state[parameter]
        if not state:
            state["step"] = 0
            for key in MEANS:
                state[key] = torch.zeros_like(
                    parameter, dtype=self._dtype_of_means(parameter), memory_format=torch.contiguous_format
                )
        convert_means(state, parameter, self._dtype_of_means(parameter))
        state["step"] += 1
        return state

    def _dtype_of_means(self, parameter: Tensor) -> torch.dtype:
        return torch.float32 if self.fp32_optimizer_states else parameter.dtype

    def _update(self, group: Group, parameter: Tensor, state: dict[str, Any]) -> None:
        changed = [parameter, *(state[key] for key in MEANS)]
        dense = [contiguous(tensor) for tensor in changed]
        gradient = parameter.grad
        if gradient is not None:
            self._call(group, state["step"], [dense[0], contiguous(gradient.to(parameter.dtype)), *dense[1:]])
        write_back(changed, dense)

    def _call(self, group: Group, count: int, tensors: list[Tensor]) -> None:
        self.ds_opt_adam.adam_update(
            self.opt_id,
            count,
            float(group["lr"]),
            *group["betas"],
            group["eps"],
            group["weight_decay"],
            group["bias_correction"],
            *tensors,
        )
