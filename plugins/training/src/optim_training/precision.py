"""What a precision is to Lightning, and what it becomes where there is no GPU."""

from __future__ import annotations

from typing import Final

__all__ = ["precision_of"]

_LIGHTNING: Final = {"32": "32-true", "16": "16-mixed", "bf16": "bf16-mixed"}


def precision_of(name: str, *, accelerator: str) -> tuple[str, str]:
    """Return what ``Trainer(precision=…)`` takes for a name, and a sentence where that is another precision.

    Half precision with scaled gradients needs a GPU; Lightning would take bfloat16 in its place on a CPU.

    Args:
        name: a `Precision` of the training arguments.
        accelerator: "cpu", or what else the Trainer is given, such as "gpu".

    Example:
        >>> from optim_training.precision import precision_of
        >>> precision_of("16-mixed", accelerator="gpu")
        ('16-mixed', '')
        >>> precision_of("16-mixed", accelerator="cpu")
        ('32-true', 'precision 16-mixed needs a GPU, and there is none: 32 is taken')
    """
    wanted = _LIGHTNING.get(name, name)
    if wanted == "16-mixed" and accelerator == "cpu":
        return "32-true", f"precision {name} needs a GPU, and there is none: 32 is taken"
    return wanted, ""
