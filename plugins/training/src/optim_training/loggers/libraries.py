"""Whether the library of a logger is installed, without importing it."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["lacking"]


def lacking(module: str, extra: str) -> list[str]:
    """Say what is not installed, and how to install it; nothing where it is there.

    Args:
        module: what the logger imports.
        extra: of optim-training, which brings it.

    Example:
        >>> from optim_training.loggers.libraries import lacking
        >>> lacking("json", "json"), lacking("no_such_module", "wandb")
        ([], ["no_such_module is not installed: pip install 'optim-training[wandb]'"])
    """
    if find_spec(module) is not None:
        return []
    return [f"{module} is not installed: pip install 'optim-training[{extra}]'"]
