"""The dataset of a validation, which takes means, classes and the like over from that of the training."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from optim_core.specs import PluginSpec

__all__ = ["build_dataset", "check_dataset", "count_items"]

TRAINING = "training"


def check_dataset(spec: PluginSpec, training: PluginSpec | None = None) -> list[str]:
    """Return what is wrong with the files of a dataset; torch is not needed.

    Args:
        spec: the dataset.
        training: the training dataset, where `spec` is that of a validation.

    Example:
        >>> from optim_core import registry
        >>> from optim_training.datasets.beside_training import check_dataset
        >>> check_dataset(registry.build({"type": "text_files", "config": {"path": "/no/such"}}, "dataset"))
        ['/no/such: there is no such file or folder; of its folders there is only /']
    """
    check = getattr(spec.config, "check", None)
    if check is None:
        return []
    return list(check(**_beside(check, None if training is None else training.config)))


def count_items(spec: PluginSpec) -> int | None:
    """Return how many items a dataset has, None where it does not say without being built.

    Example:
        >>> from optim_core import registry
        >>> from optim_training.datasets.beside_training import count_items
        >>> count_items(registry.build({"type": "digits", "config": {"part": "all"}}, "dataset"))
        1797
    """
    count = getattr(spec.config, "count", None)
    # It may be a field of the dataset's own, too.
    return count() if callable(count) else None


def build_dataset(spec: PluginSpec, training: Any = None) -> Any:
    """Make a dataset.

    Args:
        spec: the dataset.
        training: the live training dataset, where `spec` is that of a validation.

    Raises:
        PluginError: it makes no dataset.
        OptimError: something is wrong with its files.

    Example:
        >>> from optim_core import registry
        >>> from optim_training.datasets.beside_training import build_dataset
        >>> len(build_dataset(registry.build({"type": "digits", "config": {}}, "dataset")))
        1438
    """
    return spec.create(**_beside(spec.config.build, training))


def _beside(method: Callable[..., Any], training: Any) -> dict[str, Any]:
    return {TRAINING: training} if TRAINING in inspect.signature(method).parameters else {}
