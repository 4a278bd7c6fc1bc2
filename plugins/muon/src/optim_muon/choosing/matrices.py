"""Which parameters are matrices for Muon; all others are AdamW's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from optim_core.errors import ParamGroupError
from optim_core.plugin_tools import listing, matching

if TYPE_CHECKING:
    from optim_core import ParameterInfo

__all__ = ["TRANSFORMER", "Halves", "called", "matrices_among", "places_of"]

# A truth value for each parameter: whether it is a matrix of Muon's.
Halves = list[bool]

# The word that the rules `transformer` and `auto` look for in the names of weights.
TRANSFORMER = "transformer"

# Norms whose scale has the shape of what they normalise, which may be that of a matrix.
NORMS_OF_ANY_SHAPE = ("LayerNorm", "RMSNorm")

# The names that torch.nn.utils.parametrize gives a weight; `original0` of weight normalisation is the magnitude.
PARAMETRIZED = ("original", "original1")

FEW, MANY = 3, 8
BY_HAND = "name the matrices yourself, as `matrices: [pattern, …]`"


def matrices_among(infos: Sequence[ParameterInfo], matrices: str | Sequence[str]) -> Halves:
    """Return for each parameter whether it is a matrix of Muon's.

    Args:
        infos: all parameters of the optimizer.
        matrices: "auto", "transformer" or "hidden", or patterns of names. Whatever the rule, a matrix has two
            dimensions or more.

    Raises:
        ParamGroupError: there is no matrix, or none by this rule; the rule needs names or the model, which were not
            given; or a pattern matches no matrix.
    """
    if not any(info.ndim >= 2 for info in infos):
        raise ParamGroupError(
            f"Muon is for matrices, and none of the {len(infos)} parameters has two dimensions or more; take AdamW for "
            "this model, or, if FSDP1 or DeepSpeed's ZeRO flattened it, shard it with torch's fully_shard instead"
        )
    halves = _RULES[matrices](infos) if isinstance(matrices, str) else _by_patterns(infos, matrices)
    if not any(halves):
        raise ParamGroupError(_without_matrices(infos, matrices))
    return halves


def places_of(pattern: str, infos: Sequence[ParameterInfo], field: str) -> list[int]:
    """Return the places of the parameters whose names match a pattern of the config's `field`.

    Raises:
        ParamGroupError: there are none, or parameters have no names.
    """
    _require_names(infos, f"the pattern `{pattern}` in `{field}`")
    names = [info.name or "" for info in infos]
    found = matching(pattern, names, range(len(names)))
    if not found:
        more = ", …" if len(names) > MANY else ""
        raise ParamGroupError(f"{field}: `{pattern}` matches no parameter; the names are {listing(names[:MANY])}{more}")
    return found


def called(infos: Sequence[ParameterInfo]) -> str:
    """Return the first few parameters by name: ``a.weight, b.weight, c.weight and 9 more``."""
    names = [info.name or f"a tensor of shape {info.shape}" for info in infos[:FEW]]
    more = len(infos) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _is_weight(info: ParameterInfo) -> bool:
    """Return whether a parameter has the shape of a matrix, and is no bias and no scale of a norm."""
    return info.ndim >= 2 and not info.is_bias and not _is_scale(info)


def _is_scale(info: ParameterInfo) -> bool:
    return info.is_norm or info.module in NORMS_OF_ANY_SHAPE or _is_vector(info)


def _is_vector(info: ParameterInfo) -> bool:
    """Return whether all dimensions but one are 1, and it is no layer's weight: a gamma, `weight_g` of weight norms."""
    own = (info.name or "weight").rpartition(".")[2]
    is_weight = ("weight" in own.split("_") and own != "weight_g") or own in PARAMETRIZED
    return not is_weight and sum(size != 1 for size in info.shape) < 2


def _by_name(infos: Sequence[ParameterInfo]) -> Halves:
    _require_names(infos, "`matrices: transformer`")
    return [info.ndim >= 2 and TRANSFORMER in (info.name or "") for info in infos]


def _hidden(infos: Sequence[ParameterInfo]) -> Halves:
    unknown = [info for info in infos if _is_weight(info) and (info.is_embedding is None or info.is_head is None)]
    if unknown:
        otherwise = "" if unknown[0].name is None else f", or take `matrices: transformer`, or {BY_HAND}"
        raise ParamGroupError(
            f"which of {called(unknown)} are embeddings and output heads, which are not Muon's, only the model says: "
            f"hand over the model instead of its parameters{otherwise}"
        )
    return [_is_weight(info) and not info.is_embedding and not info.is_head for info in infos]


def _auto(infos: Sequence[ParameterInfo]) -> Halves:
    halves = _hidden(infos)
    named = [is_hidden and TRANSFORMER in (info.name or "") for is_hidden, info in zip(halves, infos, strict=True)]
    return named if any(named) else halves


def _by_patterns(infos: Sequence[ParameterInfo], patterns: Sequence[str]) -> Halves:
    halves = [False] * len(infos)
    for pattern in patterns:
        found = places_of(pattern, infos, "matrices")
        matrices = [place for place in found if infos[place].ndim >= 2]
        if not matrices:
            raise ParamGroupError(
                f"matrices: `{pattern}` matches no matrix but {called([infos[place] for place in found])}, "
                "which have fewer than two dimensions"
            )
        for place in matrices:
            halves[place] = True
    return halves


_RULES: dict[str, Callable[[Sequence[ParameterInfo]], Halves]] = {
    "auto": _auto,
    "transformer": _by_name,
    "hidden": _hidden,
}


def _require_names(infos: Sequence[ParameterInfo], who: str) -> None:
    nameless = [info for info in infos if info.name is None]
    if nameless:
        raise ParamGroupError(
            f"{who} goes by the parameters' names, and there is none for {called(nameless)}: "
            "hand over the model, or model.named_parameters()"
        )


def _without_matrices(infos: Sequence[ParameterInfo], matrices: str | Sequence[str]) -> str:
    """Return the message for a rule that leaves Muon no matrix."""
    candidates = [info for info in infos if info.ndim >= 2]
    if matrices == TRANSFORMER:
        said = f"none of the {len(candidates)} matrices has `{TRANSFORMER}` in its name, as {called(candidates)}"
        hidden = [info for info in candidates if _is_weight(info) and info.is_embedding is info.is_head is False]
        way_out = f"`matrices: hidden` would take {called(hidden)}" if hidden else BY_HAND
    else:
        kinds = ", ".join(f"{info.name} ({_kind(info)})" for info in candidates[:FEW])
        more = f" and {len(candidates) - FEW} more" if len(candidates) > FEW else ""
        said = f"every matrix is an embedding, an output head, a norm or a bias, and those are AdamW's: {kinds}{more}"
        way_out = f"{BY_HAND}, or take AdamW for this model"
    return f"`matrices: {matrices}` leaves Muon no matrix: {said}; {way_out}"


def _kind(info: ParameterInfo) -> str:
    if info.is_embedding:
        return "embedding and output head" if info.is_head else "embedding"
    return "output head" if info.is_head else "vector" if _is_vector(info) else "norm" if _is_scale(info) else "bias"
