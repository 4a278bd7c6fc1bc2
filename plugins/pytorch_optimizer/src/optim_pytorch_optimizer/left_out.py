"""What is not offered, and why."""

from __future__ import annotations

from optim_core.text.names import normalise

__all__ = ["LEFT_OUT", "reason"]

_MODEL = "is made from a model, not from its parameters"

_WRAPS = "wraps another optimizer"

# Name to what is said of it.
LEFT_OUT: dict[str, str] = {
    "AdaLOMO": _MODEL,
    "AdamMini": _MODEL,
    "LOMO": _MODEL,
    "LoRARite": "takes parameters by twos for the factors of one LoRA layer, whatever they are",
    "Magma": _WRAPS,
    "MuonClip": "wants to be told in `step` the largest logit of each attention head, and which groups are whose",
}

# What the library has and does not list as an optimizer of its own.
_ELSEWHERE: dict[str, str] = {
    **dict.fromkeys(("FriendlySAM", "GSAM", "LookSAM", "Lookahead", "OrthoGrad", "PCGrad", "SAM"), _WRAPS),
    **dict.fromkeys(("ScheduleFreeWrapper", "TRAC", "WSAM"), _WRAPS),
    **dict.fromkeys(
        ("Adam", "AdamW", "LBFGS", "NAdam", "RMSprop", "SGD"), "is torch's own, which comes with optim-core[torch]"
    ),
}
_REASONS = {normalise(name): said for name, said in {**_ELSEWHERE, **LEFT_OUT}.items()}


def reason(name: str) -> str | None:
    """Why the library's class of this name, whatever its case, is not offered; None for any other name."""
    return _REASONS.get(normalise(name))
