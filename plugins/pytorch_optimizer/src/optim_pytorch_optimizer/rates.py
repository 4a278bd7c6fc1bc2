"""What `lr` is in the library's classes in which it is no rate like that of AdamW."""

from __future__ import annotations

from typing import Any

__all__ = ["rate_members"]

_MATRICES = ("the rate of the matrices", 2e-3, 0.5)

# These learn the size of their steps.
_FACTOR = ("a factor of the rate that it finds by itself", 0.1, 10.0)

_LR_MEANING = {
    **dict.fromkeys(("AdaGO", "AdaMuon", "DistributedMuon", "Muon", "NorMuon"), _MATRICES),
    **dict.fromkeys(("AdamG", "DAdaptAdaGrad", "DAdaptAdam", "DAdaptAdan", "DAdaptLion", "DAdaptSGD"), _FACTOR),
    "Prodigy": _FACTOR,
    "AdaDelta": ("a factor of steps that have a length of their own", 1e-2, 10.0),
}


def rate_members(name: str) -> dict[str, Any]:
    """Return the member of the plugin class of an optimizer that says what its `lr` is; nothing where it is usual."""
    meaning = _LR_MEANING.get(name)
    if meaning is None:
        return {}
    if meaning is not _MATRICES:
        return {"lr_meaning": meaning}

    def lr_meaning(self: Any) -> tuple[str, float, float] | None:
        """Say what `lr` is; with steps that are as long as AdamW's, it is as large as AdamW's."""
        return None if self.use_adjusted_lr else _MATRICES

    return {"lr_meaning": property(lr_meaning)}
