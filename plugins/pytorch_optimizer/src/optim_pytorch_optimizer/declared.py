"""What classes of the library cannot do, as the conformance kit found it in pytorch_optimizer 4.1.0."""

from __future__ import annotations

__all__ = ["declared"]

# Property, or field, to what is declared of it, to the names of the classes.
_DECLARED: dict[str, dict[str, str]] = {
    "many_dimensions": {
        "refuses: it takes matrices only": "SpectralSphere",
    },
    "ordinary_backward": {
        "refuses: it needs loss.backward(create_graph=True)": "AdaHessian SophiaH",
    },
    "step_without_closure": {
        "refuses: it needs a closure": "BSAM",
        "refuses: it needs the loss from a closure": "AliG",
    },
    "vectors": {
        "refuses: it takes matrices only": "SpectralSphere",
    },
}


def declared(name: str) -> dict[str, str]:
    """The declarations of one class for the conformance kit: property to ``"refuses: why"`` or ``"differs: why"``."""
    return {
        wanted: text for wanted, texts in _DECLARED.items() for text, names in texts.items() if name in names.split()
    }
