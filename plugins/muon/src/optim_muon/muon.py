"""The plugin class of Muon."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs

from optim_core.errors import ParamGroupError
from optim_core.plugin_tools import REGEX, expression_error, shown
from optim_core.validators import FieldError, ItemsError, each, fraction, in_range, non_negative, positive
from optim_muon.orthogonal.coefficients import Triple

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

    from optim_core import ParameterInfo

__all__ = ["Muon"]

# What the groups of the two halves are called.
MATRICES, ADAMW = "matrices", "adamw"


@attrs.frozen(kw_only=True)
class Muon:
    """Muon for matrices, AdamW for the rest (Jordan 2024, kellerjordan.github.io); ``TorchMuon`` is for matrices only.

    kellerjordan.github.io/posts/muon. One optimizer of two halves. The matrices' is torch.optim.Muon: the momentum of a
    matrix is made orthogonal by Newton-Schulz iterations, and the matrix moves by ``lr`` times that. The other is
    torch.optim.AdamW. ``TorchMuon`` is torch's own class, which takes matrices only.

    Formula:
        matrices:
            b = momentum * b + (1 - momentum) * g
            X = (1 - momentum) * g + momentum * b if nesterov else b
            X = X / norm(X)
            ns_steps times: A = X X^T, X = c0 * X + (c1 * A + c2 * A A) X
            w = w - lr * muon_weight_decay * w
            w = w - lr * sqrt(max(1, rows / columns)) * X
        all others, where r is adamw_lr:
            w = w - r * weight_decay * w
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g ** 2
            w = w - r * (m / (1 - beta1 ** t)) / (sqrt(v / (1 - beta2 ** t)) + eps)

    Args:
        lr: learning rate of the matrices, > 0.
        adamw_lr: learning rate of all other parameters, > 0.
        momentum: decay of the mean of a matrix's gradient, in [0, 1).
        nesterov: look ahead by one step.
        weight_decay: shrinks the parameters of AdamW by ``adamw_lr * weight_decay`` a step, ≥ 0.
        muon_weight_decay: shrinks the matrices by ``lr * muon_weight_decay`` a step, ≥ 0.
        betas: AdamW's decay of the means of the gradient and of its square, each in [0, 1).
        eps: added to AdamW's denominator, > 0.
        ns_steps: Newton-Schulz iterations, from 1 to 99.
        ns_coefficients: "classic" (Jordan's), "polar_express" (Amsel et al. 2025, arXiv:2505.16932), three
            coefficients, or a list of three for each iteration.
        adjust_lr_fn: how `lr` depends on a matrix of A rows and B columns: "original" or null multiplies it by
            ``sqrt(max(1, A / B))``, "match_rms_adamw" by ``0.2 * sqrt(max(A, B))``, so that an `lr` and a
            `weight_decay` of AdamW fit.
        ns_dtype: in what the iterations are computed; "auto" is bfloat16 where the hardware multiplies that quickly,
            float32 elsewhere.
        divide_work: whether processes that each have the whole model, as under DistributedDataParallel, compute a share
            of the matrices each and tell the others; under fully_shard (FSDP2) they always do.
        matrices: what Muon has; more dimensions than two are flattened to two. "hidden" is every weight of two
            dimensions or more that is no embedding and no output head; "transformer" every parameter of two dimensions
            or more with `transformer` in its name; "auto" is "hidden", narrowed to names with `transformer` where
            there are any; a list has patterns of names, fnmatch's or ``re:`` and a regular expression.
        split: pattern of names to the number of matrices, ≥ 2, that the weight holds one below the other:
            ``{"*.qkv.weight": 3}``.
    """

    lr: float = attrs.field(default=0.02, validator=positive)
    adamw_lr: float = attrs.field(default=3e-4, validator=positive)
    momentum: float = attrs.field(default=0.95, validator=fraction)
    nesterov: bool = True
    weight_decay: float = attrs.field(default=0.01, validator=non_negative)
    muon_weight_decay: float = attrs.field(default=0.0, validator=non_negative)
    betas: tuple[float, float] = attrs.field(default=(0.9, 0.999), validator=each(fraction))
    eps: float = attrs.field(default=1e-8, validator=positive)
    ns_steps: int = attrs.field(default=5, validator=in_range(ge=1, lt=100))
    ns_coefficients: Literal["classic", "polar_express"] | Triple | list[Triple] = attrs.field(default="classic")
    adjust_lr_fn: Literal["original", "match_rms_adamw"] | None = None
    ns_dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    divide_work: bool = False
    matrices: Literal["auto", "transformer", "hidden"] | list[str] = attrs.field(default="auto")
    split: dict[str, int] = attrs.field(factory=dict)

    rates: ClassVar[Mapping[str, str]] = {MATRICES: "lr", ADAMW: "adamw_lr"}
    unmultiplied: ClassVar[Collection[str]] = ("lr",)

    @property
    def lr_meaning(self) -> tuple[str, float, float] | None:
        """What `lr` is and how large it usually is; with steps that are as long as AdamW's, it is like that."""
        return None if self.adjust_lr_fn == "match_rms_adamw" else ("the rate of the matrices", 2e-3, 0.5)

    conformance: ClassVar[Mapping[str, str]] = {
        "fields.matrices": "differs: it is for models with blocks, or names of their own",
        "fields.divide_work": "differs: it is for several processes",
    }

    @ns_coefficients.validator
    def _one_triple_for_each_step(self, _attribute: attrs.Attribute[Any], value: str | Triple | list[Triple]) -> None:
        if isinstance(value, list) and len(value) != self.ns_steps:
            raise FieldError(f"must have a triple for each of ns_steps, {self.ns_steps}, has {len(value)}")

    @matrices.validator
    def _patterns_are_possible(self, _attribute: attrs.Attribute[Any], value: str | list[str]) -> None:
        if isinstance(value, str):
            return
        if not value:
            raise FieldError("must have at least one pattern, is empty", "leave it out for `auto`")
        wrong = {index: error for index, pattern in enumerate(value) if (error := _fault(pattern))}
        if wrong:
            raise ItemsError(wrong)

    @split.validator
    def _parts_are_possible(self, _attribute: attrs.Attribute[Any], value: dict[str, int]) -> None:
        for pattern, number in value.items():
            fault = _fault(pattern)
            if fault:
                raise FieldError(f"has the pattern `{pattern}`, which {fault}")
            if number < 2:
                raise FieldError(f"must have at least 2 parts for each pattern, has {number} for `{pattern}`")

    def group_options_for(self, infos: Sequence[ParameterInfo]) -> list[Mapping[str, Any]]:
        """Return the options of each parameter's group, by the half that it belongs to.

        Raises:
            ParamGroupError: there is no matrix, or the config does not fit the parameters.
        """
        from optim_muon.choosing.fused_weights import parts_of_each
        from optim_muon.choosing.matrices import matrices_among
        from optim_muon.choosing.multiplied import warn_of_multiplied_matrices

        halves = matrices_among(infos, self.matrices)
        parts = parts_of_each(infos, halves, self.split)
        warn_of_multiplied_matrices(infos, halves, self.lr)
        ours = {number: self._matrix_options(number) for number in set(parts)}
        others = self._adamw_options()
        return [ours[number] if is_matrix else others for number, is_matrix in zip(parts, halves, strict=True)]

    def _matrix_options(self, parts: int) -> dict[str, Any]:
        from optim_muon.orthogonal.coefficients import canonical

        return {
            "name": MATRICES,
            "use_muon": True,
            "lr": self.lr,
            # A multiplier does not act on matrices, whose steps are all of one length.
            "lr_multiplier": 1.0,
            "weight_decay": self.muon_weight_decay,
            "momentum": self.momentum,
            "nesterov": self.nesterov,
            "ns_coefficients": canonical(self.ns_coefficients),
            "ns_steps": self.ns_steps,
            "ns_dtype": self.ns_dtype,
            "adjust_lr_fn": self.adjust_lr_fn,
            "divide_work": self.divide_work,
            "split": parts,
        }

    def _adamw_options(self) -> dict[str, Any]:
        return {
            "name": ADAMW,
            "use_muon": False,
            "lr": self.adamw_lr,
            "weight_decay": self.weight_decay,
            "betas": self.betas,
            "eps": self.eps,
        }

    def _refuse_ready_made(self, params: Any) -> None:
        """Refuse ready-made groups where the config says how to make them.

        Raises:
            ParamGroupError: the groups are ready-made, and the config has `matrices` or `split`.
        """
        defaults: dict[str, Any] = {"matrices": "auto", "split": {}}
        said = [f"`{name}`" for name, default in defaults.items() if getattr(self, name) != default]
        groups = params if said and isinstance(params, list) else []
        # Groups that `group_options_for` made have every option; others do not.
        if any(isinstance(group, Mapping) and group.get("use_muon") and "ns_steps" not in group for group in groups):
            raise ParamGroupError(
                f"ready-made groups say by `use_muon` and `split` what {' and '.join(said)} would: hand over the model "
                "instead, or leave that out of the config"
            )

    def build(self, params: ParamsT) -> Optimizer:
        """Make an optim_muon.optimizer.Muon; each group of `params` says by `use_muon` which half it is for.

        Raises:
            ParamGroupError: the groups are ready-made, and the config says how to make them.
        """
        from optim_muon.choosing.report import log_halves
        from optim_muon.optimizer import Muon as MuonOptimizer

        self._refuse_ready_made(params)
        arguments = attrs.asdict(self, recurse=False, filter=attrs.filters.exclude("matrices", "split"))
        optimizer = MuonOptimizer(params, **arguments)
        for group in optimizer.param_groups:
            group.setdefault("name", MATRICES if group["use_muon"] else ADAMW)
        log_halves(optimizer, self.matrices)
        return optimizer


def _fault(pattern: str) -> ValueError | None:
    """Return what is wrong with a pattern of names, None where nothing is."""
    if not pattern:
        return FieldError("must be a pattern of names, is empty")
    error = expression_error(pattern)
    if error is not None:
        return FieldError(f"must be a regular expression after `{REGEX}`, is {shown(pattern)}: {error}")
    return None
