"""The optimizer: Muon for the groups that say `use_muon: True`, AdamW for those that say False."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, overload

import torch
from torch.optim import Optimizer
from torch.optim.optimizer import ParamsT

from optim_muon.adamw_half import share_steps, step_adamw
from optim_muon.groups import check_defaults, check_parameters, complete_group
from optim_muon.hooks import hooked_step
from optim_muon.matrix_half import step_matrices
from optim_muon.momentum import lay_together
from optim_muon.refusals import refuse_incomplete_among
from optim_muon.saved_state import loadable, standalone

__all__ = ["Muon"]

Coefficients = Literal["classic", "polar_express"] | tuple[float, float, float] | list[tuple[float, float, float]]


class Muon(Optimizer):
    """Muon for matrices and AdamW for the rest, in one optimizer.

    Groups with ``use_muon: True`` take the step of torch.optim.Muon, those with ``use_muon: False`` that of
    torch.optim.AdamW. Every group says which it is: nothing is guessed from a shape. An option that a group does not
    give is that of the constructor. `param_groups` have all options of both halves, as other torch optimizers' do;
    each half reads its own.

    A matrix of more than two dimensions counts as one of ``shape[0]`` rows. A group may say ``split: k`` if each of
    its matrices holds k of equal height, one below the other: each is made orthogonal by itself.

    Args:
        params: groups, each with `use_muon`.
        lr: learning rate of matrices, ≥ 0.
        adamw_lr: learning rate of AdamW's groups, ≥ 0. In a group it is written `lr`.
        momentum: decay of the mean of a matrix's gradient, in [0, 1).
        nesterov: look ahead by one step.
        muon_weight_decay: shrinks matrices by ``lr * muon_weight_decay`` a step. In a group it is `weight_decay`.
        weight_decay: shrinks the parameters of AdamW's groups by ``lr * weight_decay`` a step.
        betas: AdamW's decay of the means of the gradient and of its square, each in [0, 1).
        eps: added to AdamW's denominator, ≥ 0.
        ns_eps: least norm that a matrix is divided by, ≥ 0, as torch.optim.Muon's `eps`: below it the update shrinks
            with the gradient. With 0 it never does.
        ns_steps: Newton-Schulz iterations, from 1 to 99.
        ns_coefficients: "classic", "polar_express", three numbers, or three for each of `ns_steps`.
        adjust_lr_fn: how `lr` depends on a matrix of A rows and B columns: "original" or None multiplies it by
            ``sqrt(max(1, A / B))``, "match_rms_adamw" by ``0.2 * sqrt(max(A, B))``.
        ns_dtype: in what the iterations are computed: "bfloat16", "float32", or "auto", which is bfloat16 where the
            device multiplies it quickly.
        divide_work: whether processes that each have the whole model, as under DistributedDataParallel, compute a
            share of the matrices each and tell the others, by one all_gather a step. All processes of the default
            group must have the same parameters in the same order, and gradients of the same of them.

    Under fully_shard (FSDP2) the work is always divided: pieces go to the one process that computes the matrix, and
    pieces of the result come back, by two all_to_all a step. The state is sharded as the parameters are.

    Raises:
        TypeError: a parameter is not of a floating-point dtype.
        ValueError: a group does not say `use_muon`, or an option or a parameter is not possible there.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 0.02,
        adamw_lr: float = 3e-4,
        momentum: float = 0.95,
        nesterov: bool = True,
        muon_weight_decay: float = 0.0,
        weight_decay: float = 0.01,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        ns_eps: float = 1e-7,
        ns_steps: int = 5,
        ns_coefficients: Coefficients = "classic",
        adjust_lr_fn: Literal["original", "match_rms_adamw"] | None = None,
        ns_dtype: Literal["auto", "bfloat16", "float32"] = "auto",
        divide_work: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "adamw_lr": adamw_lr,
            "momentum": momentum,
            "nesterov": nesterov,
            "muon_weight_decay": muon_weight_decay,
            "weight_decay": weight_decay,
            "betas": betas,
            "eps": eps,
            "ns_eps": ns_eps,
            "ns_steps": ns_steps,
            "ns_coefficients": ns_coefficients,
            "adjust_lr_fn": adjust_lr_fn,
            "ns_dtype": ns_dtype,
            "divide_work": divide_work,
            "split": 1,
            "use_muon": None,
        }
        check_defaults(defaults)
        super().__init__(params, defaults)

    # What torch puts around `step` when the first optimizer of a class is made.
    profile_hook_step = staticmethod(hooked_step)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group, which says by `use_muon` which half it is for.

        Raises:
            TypeError: a parameter is not of a floating-point dtype.
            ValueError: the group does not say `use_muon`, or an option or a parameter is not possible there.
        """
        super().add_param_group(complete_group(param_group, self.defaults))
        try:
            check_parameters(self.param_groups[-1])
            refuse_incomplete_among(self.param_groups[-1])
        except (TypeError, ValueError):
            self.param_groups.pop()
            raise
        for name in ("adamw_lr", "muon_weight_decay"):
            self.param_groups[-1].pop(name, None)

    def state_dict(self) -> dict[str, Any]:
        """Return the state, of which torch.optim.Muon and torch.optim.AdamW can each load that of its groups.

        Buffers are the optimizer's own, as with torch's optimizers; step counts are copies.
        """
        return standalone(super().state_dict())

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load a state of this class, of torch.optim.Muon or of torch.optim.AdamW, and share nothing with it.

        Raises:
            ValueError: a group was saved for the other half, or the state of a parameter does not fit it.
        """
        super().load_state_dict(loadable(state_dict, self.param_groups))
        for group in self.param_groups:
            put_together = lay_together if group["use_muon"] else share_steps
            put_together(group["params"], self.state)

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Take one step; parameters without a gradient stay as they are.

        In a function that torch.compile compiles the step runs as it is, for its kernels work on all parameters
        together already. There is a break in the graph before it, which ``fullgraph=True`` does not allow.

        Args:
            closure: computes the loss again and returns it.

        Raises:
            RuntimeError: a gradient is sparse.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if torch.compiler.is_compiling():
            _uncompiled(self._move)
        else:
            self._move()
        return loss

    def _move(self) -> None:
        """Move the parameters that have a gradient."""
        step_matrices([group for group in self.param_groups if group["use_muon"]], self.state)
        for group in self.param_groups:
            if not group["use_muon"]:
                step_adamw(group, self.state)


@torch.compiler.disable  # type: ignore[untyped-decorator]
def _uncompiled(move: Callable[[], None]) -> None:
    move()
