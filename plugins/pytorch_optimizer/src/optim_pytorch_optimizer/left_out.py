"""The classes of pytorch_optimizer that are not offered, and why."""

from __future__ import annotations

from optim_core.plugin_tools import normalise

__all__ = ["LEFT_OUT", "reason"]

_FUSED = "has no step of its own: it updates each weight in the middle of backward, by `fused_backward(loss, lr)`"

_WRAPS = "wraps another optimizer"

# Class to why it is not offered, as the end of a sentence that begins with its name.
LEFT_OUT: dict[str, str] = {
    "AdaLOMO": _FUSED,
    "LOMO": _FUSED,
    "Magma": _WRAPS,
    "MuonClip": "wants to be told in `step` the largest logit of each attention head, and which groups are whose",
}

# The same for classes that the library has, and does not list as optimizers of its own.
_ELSEWHERE: dict[str, str] = {
    **dict.fromkeys(("FriendlySAM", "GSAM", "LookSAM", "OrthoGrad", "PCGrad"), _WRAPS),
    **dict.fromkeys(("Lookahead", "SAM"), f"{_WRAPS}; one around any other comes with optim-core[torch]"),
    **dict.fromkeys(("ScheduleFreeWrapper", "TRAC", "WSAM"), _WRAPS),
    **dict.fromkeys(
        ("Adam", "AdamW", "LBFGS", "NAdam", "RMSprop", "SGD"), "is torch's own, which comes with optim-core[torch]"
    ),
}
_REASONS = {normalise(name): said for name, said in {**_ELSEWHERE, **LEFT_OUT}.items()}


def reason(name: str) -> str | None:
    """Return why the library's class of this name, whatever its case, is not offered; None for any other name."""
    return _REASONS.get(normalise(name))
