"""What is not offered, and why."""

from __future__ import annotations

__all__ = ["LEFT_OUT"]

_MODEL = "is made from a model, not from its parameters"
_MUON = "wants `use_muon` in every parameter group; optim-muon has a Muon that divides the parameters itself"

# Name to what is said of it. Wrappers of other optimizers (SAM and its kin, Lookahead, OrthoGrad, TRAC, PCGrad,
# ScheduleFreeWrapper, …) are not in the library's list of optimizers, and so are not names here either.
LEFT_OUT: dict[str, str] = {
    "AdaGO": _MUON,
    "AdaLOMO": _MODEL,
    "AdaMuon": _MUON,
    "AdamMini": _MODEL,
    "DistributedMuon": _MUON,
    "LOMO": _MODEL,
    "LoRARite": "takes parameters by twos for the factors of one LoRA layer, whatever they are",
    "Magma": "wraps another optimizer",
    "Muon": _MUON,
    "MuonClip": _MUON,
    "NorMuon": _MUON,
}
