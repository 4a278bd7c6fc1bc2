"""Weights that hold several matrices, one below the other: fused query, key and value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from optim_core.errors import ParamGroupError
from optim_muon.choosing.matrices import Halves, called, places_of

if TYPE_CHECKING:
    from optim_core import ParameterInfo

__all__ = ["parts_of_each"]

# A class of transformers whose weight is (in, out), so that its matrices stand side by side.
TRANSPOSED = "Conv1D"


def parts_of_each(infos: Sequence[ParameterInfo], halves: Halves, split: Mapping[str, int]) -> list[int]:
    """Return into how many matrices of equal height each parameter is divided, 1 for a whole one.

    Args:
        infos: all parameters of the optimizer.
        halves: for each whether it is a matrix of Muon's.
        split: pattern of names to a number of parts, ≥ 2; the first that matches a name decides.

    Raises:
        ParamGroupError: a pattern matches nothing that an earlier one left, or something that is not Muon's; or the
            rows of a matrix cannot be divided so.
    """
    parts = [1] * len(infos)
    for pattern, number in split.items():
        places = [place for place in places_of(pattern, infos, "split") if parts[place] == 1]
        if not places:
            raise ParamGroupError(f"split: everything that `{pattern}` matches was taken by a pattern before it")
        others = [infos[place] for place in places if not halves[place]]
        if others:
            raise ParamGroupError(
                f"split: `{pattern}` matches {called(others)}, which {'is' if len(others) == 1 else 'are'} "
                "not among Muon's matrices; match weights only, as `*.qkv.weight`"
            )
        for place in places:
            _check_rows(infos[place], number, pattern)
            parts[place] = number
    return parts


def _check_rows(info: ParameterInfo, number: int, pattern: str) -> None:
    if info.module == TRANSPOSED:
        raise ParamGroupError(
            f"split: `{pattern}` matches {info.name}, whose module, a {TRANSPOSED}, has the parts side by side in "
            "columns, while `split` divides rows; leave it whole"
        )
    if info.shape[0] == number:
        raise ParamGroupError(
            f"split: `{pattern}` divides {info.name}, of shape {info.shape}, into parts of one row, which are vectors; "
            "a stack of matrices, such as experts, cannot be divided into them: leave it to AdamW, by `matrices:`"
        )
    if info.shape[0] % number:
        raise ParamGroupError(
            f"split: `{pattern}` divides {info.name} into {number} parts, but its shape is {info.shape}, and "
            f"{info.shape[0]} rows are no multiple of {number}"
        )
