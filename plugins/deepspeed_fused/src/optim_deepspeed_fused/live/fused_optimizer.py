"""deepspeed.ops.adam.FusedAdam without the faults that make it train otherwise than torch's Adam."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from deepspeed.accelerator import get_accelerator
from deepspeed.ops.adam import FusedAdam as DeepSpeedFusedAdam
from deepspeed.ops.adam.fused_adam import multi_tensor_applier
from torch import Tensor

from optim_deepspeed_fused.kernel.load import load_kernel
from optim_deepspeed_fused.live.dtype_groups import Group, refuse_other_dtypes, split_by_dtype
from optim_deepspeed_fused.live.lacking import refuse_lacking, refuse_state_with_lacking
from optim_deepspeed_fused.live.trained import (
    MEANS,
    contiguous,
    convert_means,
    say_changed,
    trained_parameters,
    write_back,
)

__all__ = ["FusedAdam"]

# The gradients, parameters, means and mean squares of one call of the kernel.
Columns = tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]


class FusedAdam(DeepSpeedFusedAdam):  # type: ignore[misc]
    """DeepSpeed's FusedAdam, and what is different here:

    - A group that mixes dtypes becomes one group for each. DeepSpeed's counts a step for each dtype.
    - Steps are counted for each parameter, as torch does. DeepSpeed's takes the count of whichever parameter is last.
    - ``zero_grad`` has `set_to_none`, and `set_grad_none` false leaves zeros. DeepSpeed's has not, and does not.
    - Parameters that are not contiguous are trained. DeepSpeed's kernel for the CPU changes a copy of them.
    - On the CPU a step does not depend on the steps of other optimizers, nor on what ran before a resume.
    - It can be copied and pickled.
    - Memory that does not fit is refused: a state of other shapes. DeepSpeed's kernels read and write past its end.
    - A backward pass through a graph from before a step is an error, as with torch's. DeepSpeed's gives wrong numbers.

    The state of a parameter is ``step``, an int, ``exp_avg`` and ``exp_avg_sq``. States of DeepSpeed's own class are
    taken; so are those of torch's Adam and AdamW.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step of all parameters that have a gradient.

        Args:
            closure: computes the loss and the gradients anew, and returns the loss.

        Returns:
            What `closure` returned, None without one.

        Raises:
            RuntimeError: a gradient is sparse.
            ParamGroupError: a parameter is on another device than the kernel is for, or has another dtype, or another
                shape than its gradient or its means.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        device = self._device_type
        due = [(group, trained_parameters(group, self.state, "FusedAdam", device)) for group in self.param_groups]
        forget = device == "cpu"
        for group, parameters in due:
            for (count, _, _), columns in self._batches(group, parameters).items():
                if forget:
                    self._forget(group, count)
                    forget = False
                self._update(group, count, columns)
            say_changed(parameters)
        return loss

    def zero_grad(self, set_to_none: bool | None = None) -> None:
        """Remove the gradients, or fill them with zeros.

        Args:
            set_to_none: whether they are removed; None leaves it to `set_grad_none`.
        """
        torch.optim.Optimizer.zero_grad(self, self.set_grad_none if set_to_none is None else set_to_none)

    def add_param_group(self, param_group: Group) -> None:
        """Add a group, divided into one for each dtype in it.

        Raises:
            ParamGroupError: a trainable parameter is not float32, float16 or bfloat16, or an option is on that the
                kernel does not have.
        """
        super().add_param_group(param_group)
        group = self.param_groups.pop()
        refuse_other_dtypes(group, "FusedAdam")
        refuse_lacking(group, "FusedAdam")
        self.param_groups.extend(split_by_dtype(group))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state.

        Raises:
            CheckpointMismatchError: the state is of an optimizer that did what the kernel cannot.
        """
        refuse_state_with_lacking(state_dict, "FusedAdam")
        super().load_state_dict(state_dict)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "adam_w_mode": self.adam_w_mode, "set_grad_none": self.set_grad_none}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            # Groups of torch's Adam do not have this option.
            group.setdefault("bias_correction", self.defaults["bias_correction"])
            self._count_for_each(group)
        if "multi_tensor_adam" not in vars(self):
            # A copied optimizer loads the kernel, which itself cannot be copied.
            self.multi_tensor_adam = load_kernel("FusedAdamBuilder", "load it where it can be had").multi_tensor_adam
            self._dummy_overflow_buf = get_accelerator().IntTensor([0])

    def _count_for_each(self, group: Group) -> None:
        """Give each parameter its own count of steps, an int.

        DeepSpeed's own class leaves the true count with the parameter that came last, and marks the group by a "step".
        """
        states = [self.state[parameter] for parameter in group["params"] if self.state.get(parameter)]
        for state in states:
            state["step"] = int(state.get("step", 0))
        if "step" in group:
            latest = max([int(group.pop("step")), *(state["step"] for state in states)])
            for state in states:
                state["step"] = latest

    @property
    def _device_type(self) -> str:
        """The kind of device that the kernel is for."""
        return str(self._dummy_overflow_buf.device.type)

    def _batches(self, group: Group, parameters: list[Tensor]) -> dict[tuple[int, torch.dtype, torch.device], Columns]:
        """Advance the counts; return what one call of the kernel can do, by count of steps, dtype and device."""
        batches: dict[tuple[int, torch.dtype, torch.device], Columns] = {}
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state["step"] = group.get("step", 0)
                for key in MEANS:
                    state[key] = torch.zeros_like(parameter, memory_format=torch.contiguous_format)
            convert_means(state, parameter, parameter.dtype)
            state["step"] += 1
            columns = batches.setdefault((state["step"], parameter.dtype, parameter.device), ([], [], [], []))
            row = (parameter.grad, parameter, state["exp_avg"], state["exp_avg_sq"])
            for column, tensor in zip(columns, row, strict=True):
                column.append(tensor)
        return batches

    def _update(self, group: Group, count: int, columns: Columns) -> None:
        gradients = [gradient.to(parameter.dtype) for gradient, parameter in zip(*columns[:2], strict=True)]
        dense = tuple([contiguous(tensor) for tensor in column] for column in (gradients, *columns[1:]))
        self._call(group, count, dense)
        for originals, used in zip(columns[1:], dense[1:], strict=True):
            write_back(originals, used)

    def _forget(self, group: Group, count: int) -> None:
        """Make the CPU's kernel compute the bias correction of the next step anew.

        The kernel keeps the powers of the betas from call to call, for all FusedAdams together, and goes on from them
        where the count is the next one: the last bit then depends on what ran before. After a call two steps ahead it
        starts anew.
        """
        self._call(group, count + 2, tuple([torch.empty(0)] for _ in range(4)))

    def _call(self, group: Group, count: int, columns: tuple[list[Tensor], ...]) -> None:
        multi_tensor_applier(
            self.multi_tensor_adam,
            self._dummy_overflow_buf,
            list(columns),
            float(group["lr"]),
            *group["betas"],
            group["eps"],
            count,
            self.adam_w_mode,
            1 if group["bias_correction"] else 0,
            group["weight_decay"],
        )
