"""What a checkpoint may hold: plain data, which `torch.load(weights_only=True)` reads back."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from typing import Any

from optim_core.errors import OptimError

__all__ = ["refuse_other_than_plain"]

_SCALARS = (type(None), bool, int, float, complex, str, bytes, bytearray)
_LISTS = (list, tuple, set)
# MultiStepLR counts its milestones.
_MAPPINGS = (dict, OrderedDict, Counter)
# A container that contains itself shows by its depth, and pickle goes not much deeper.
_DEEPEST = 100
_PLAIN = "a checkpoint holds None, numbers, texts, tensors, and lists, tuples, sets and dicts of them"


def refuse_other_than_plain(values: dict[str, Any]) -> None:
    """Raise OptimError with the path of each value that is no plain data.

    Subclasses are none: numpy's `float64` is a float for isinstance, and is not loaded as data.

    Args:
        values: what is to be saved, by the name that the path begins with.

    Example:
        >>> from optim_core import OptimError
        >>> from optim_core.plugin_tools import refuse_other_than_plain
        >>> refuse_other_than_plain({"extra": {"step": 3}})
        >>> try:
        ...     refuse_other_than_plain({"extra": {"when": object}})
        ... except OptimError as error:
        ...     print("extra" in str(error))
        True
    """
    wrong = [line for name, value in values.items() for line in _wrong(value, name, 0)]
    if wrong:
        raise OptimError(f"not saved: {'; '.join(wrong[:5])}{_more(wrong)}; {_PLAIN}")


def _more(wrong: list[str]) -> str:
    return f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""


def _wrong(value: Any, path: str, depth: int) -> Iterator[str]:
    import torch

    kind = type(value)
    if kind in _SCALARS or kind in (torch.dtype, torch.device, torch.Size):
        return
    if depth > _DEEPEST:
        yield f"{path[:100]}… is nested more than {_DEEPEST} deep"
    elif kind in _MAPPINGS:
        for key, inner in value.items():
            yield from _wrong(key, f"the key {_short(key)} of {path}", depth + 1)
            yield from _wrong(inner, f"{path}[{_short(key)}]", depth + 1)
    elif kind in _LISTS:
        for place, inner in enumerate(value):
            yield from _wrong(inner, f"{path}[{place}]", depth + 1)
    elif kind in (torch.Tensor, torch.nn.Parameter):
        yield from _wrong_in_tensor(value, path, depth)
    else:
        yield f"{path} is of type {_name(kind)}{_repair(value)}"


def _wrong_in_tensor(tensor: Any, path: str, depth: int) -> Iterator[str]:
    if tensor.is_meta:
        # torch.save takes it, and keeps nothing but its shape.
        yield f"{path} is on the device meta, where tensors have no values"
    for name, inner in vars(tensor).items():
        yield from _wrong(inner, f"{path}.{name}", depth + 1)


def _short(key: Any) -> str:
    text = repr(key) if type(key) in _SCALARS else f"a {type(key).__name__}"
    return text if len(text) <= 80 else f"{text[:80]}…"


def _name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _repair(value: Any) -> str:
    """Return what to write in its place, where that is plain to see."""
    if type(value).__module__.partition(".")[0] == "numpy":
        return " (write value.item())" if getattr(value, "ndim", 1) == 0 else " (write torch.from_numpy(value))"
    if hasattr(value, "state_dict"):
        return " (write its state_dict())"
    for plain in (bool, int, float, str, dict, list, tuple):
        if isinstance(value, plain):
            return f" (write {plain.__name__}(value))"
    return ""
