"""The warning that an lr multiplier does not act on Muon's matrices."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from optim_muon.choosing.matrices import Halves, called

if TYPE_CHECKING:
    from optim_core import ParameterInfo

__all__ = ["warn_of_multiplied_matrices"]

# optim-core asks about the same parameters once for the config, and again for each rule that changes it.
_told: WeakValueDictionary[int, ParameterInfo] = WeakValueDictionary()


def warn_of_multiplied_matrices(infos: Sequence[ParameterInfo], halves: Halves, lr: float) -> None:
    """Warn, once for these parameters, where a multiplier names matrices; `lr` is for an example in the message."""
    multiplied = [info for info, is_matrix in zip(infos, halves, strict=True) if is_matrix and info.lr_multiplier != 1]
    if not multiplied or _told.get(id(multiplied[0])) is multiplied[0]:
        return
    _told[id(multiplied[0])] = multiplied[0]
    sources = list(dict.fromkeys(source for info in multiplied for source in info.multiplier_from))
    first = multiplied[0]
    rate = f"{lr * first.lr_multiplier:.4g}"
    warnings.warn(
        f"{' and '.join(sources) or 'lr_multiplier'} would multiply the rate of {len(multiplied)} of Muon's matrices, "
        f"{called(multiplied)}; they stay at their own lr, because multipliers act on Muon's AdamW half only: the "
        f"rate of a matrix is that of its orthogonal update, whatever the size of its gradient. For another rate write "
        f'param_groups: [{{match: "{first.name}", lr: {rate}}}]; for AdamW, `matrices:` without it',
        UserWarning,
        stacklevel=2,
    )
