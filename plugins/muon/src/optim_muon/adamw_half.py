"""AdamW for parameters that are no matrices, by torch's fused kernel.

torch.optim.AdamW gives each parameter a step count of its own and advances the counts one by one. Here parameters that
have taken the same steps share one count in memory; a state_dict has a count for each, as torch's has.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from functools import cache
from typing import Any

import attrs
import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim.adamw import adamw
from torch.utils._foreach_utils import _get_fused_kernels_supported_devices

from optim_muon.matrices import rate_for
from optim_muon.processes.spread import local, local_gradient

__all__ = ["share_steps", "step_adamw"]

State = MutableMapping[Tensor, dict[str, Any]]


@attrs.define
class Cohort:
    """Parameters of one dtype and device that have taken the same steps, with the state of each."""

    step: Tensor
    states: list[dict[str, Any]] = attrs.field(factory=list)
    params: list[Tensor] = attrs.field(factory=list)
    grads: list[Tensor] = attrs.field(factory=list)
    means: list[Tensor] = attrs.field(factory=list)
    squares: list[Tensor] = attrs.field(factory=list)

    def leave(self, held: dict[int, Tensor]) -> None:
        """Take a count of its own, where parameters that do not step now share the present one."""
        if id(self.step) in held:
            # Cohorts of other dtypes that had the same count go on sharing one.
            self.step = held[id(self.step)]
            for own in self.states:
                own["step"] = self.step


def step_adamw(group: dict[str, Any], state: State) -> None:
    """Take a step of AdamW on the parameters of a group that have a gradient.

    Raises:
        RuntimeError: a gradient is sparse.
    """
    cohorts, held = _cohorts(group["params"], state)
    for cohort in cohorts:
        cohort.leave(held)
    for step in {id(cohort.step): cohort.step for cohort in cohorts}.values():
        step.add_(1)
    for cohort in cohorts:
        _update(cohort, group)


def share_steps(params: Iterable[Tensor], state: State) -> None:
    """Make equal step counts one tensor on the parameters' device again, which saving and loading undoes."""
    shared: dict[tuple[torch.device, float], Tensor] = {}
    for param in params:
        own = state.get(param)
        if own and "step" in own:
            count = float(own["step"])
            key = (param.device, count)
            if key not in shared:
                shared[key] = torch.tensor(count, dtype=torch.float32, device=param.device)
            own["step"] = shared[key]


def _cohorts(params: Iterable[Tensor], state: State) -> tuple[list[Cohort], dict[int, Tensor]]:
    """Return the cohorts that step, and a copy of each count that a parameter without a gradient has."""
    cohorts: dict[tuple[int, torch.dtype], Cohort] = {}
    fresh: dict[torch.device, Tensor] = {}
    held: dict[int, Tensor] = {}
    for param in params:
        grad = param.grad
        if grad is None:
            if state.get(param):
                step = state[param]["step"]
                held.setdefault(id(step), step.clone())
            continue
        if grad.is_sparse:
            raise RuntimeError("Muon's AdamW half takes no sparse gradients; use sparse=False in the embedding")
        own = state[param]
        if not own:
            _begin(param, own, fresh)
        # Plain parameters, of which there may be thousands, are not looked at any closer: that would take time.
        plain = type(param) is Parameter
        step = own["step"]
        key = (id(step), param.dtype)
        cohort = cohorts.get(key)
        if cohort is None:
            cohort = cohorts[key] = Cohort(step)
        cohort.states.append(own)
        cohort.params.append(param if plain else local(param))
        cohort.grads.append(grad if plain else local_gradient(param, grad))
        cohort.means.append(own["exp_avg"] if plain else local(own["exp_avg"]))
        cohort.squares.append(own["exp_avg_sq"] if plain else local(own["exp_avg_sq"]))
    return list(cohorts.values()), held


def _begin(param: Tensor, own: dict[str, Any], fresh: dict[torch.device, Tensor]) -> None:
    if param.device not in fresh:
        fresh[param.device] = torch.zeros((), dtype=torch.float32, device=param.device)
    own["step"] = fresh[param.device]
    own["exp_avg"] = torch.zeros_like(param, memory_format=torch.preserve_format)
    own["exp_avg_sq"] = torch.zeros_like(param, memory_format=torch.preserve_format)


def _update(cohort: Cohort, group: dict[str, Any]) -> None:
    """Take the step of all parameters of a cohort, whose count is that of this step by now."""
    beta1, beta2 = group["betas"]
    tensors = (cohort.params, cohort.grads, cohort.means, cohort.squares)
    if all(all(map(Tensor.is_contiguous, of)) for of in tensors) and _has_kernel(cohort.step.device):
        torch._fused_adamw_(
            *tensors,
            [],
            [cohort.step] * len(cohort.params),
            lr=rate_for(cohort.step, group),
            beta1=beta1,
            beta2=beta2,
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )
        return
    # The fused kernel takes numbers as they lie in memory, and here that order may differ from tensor to tensor.
    adamw(
        *tensors,
        [],
        [cohort.step - 1 for _ in cohort.params],
        foreach=False,
        amsgrad=False,
        beta1=beta1,
        beta2=beta2,
        lr=float(group["lr"]),
        weight_decay=group["weight_decay"],
        eps=group["eps"],
        maximize=False,
    )


@cache
def _has_kernel(device: torch.device) -> bool:
    """Return whether torch has its fused kernel for this device."""
    return device.type in _get_fused_kernels_supported_devices()
