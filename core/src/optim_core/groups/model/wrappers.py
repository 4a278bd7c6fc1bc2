"""The modules that wrap a whole module, and the names of a model without the prefixes that they add.

torch.compile, DistributedDataParallel, DataParallel, FullyShardedDataParallel, checkpoint_wrapper and AveragedModel
put a module into another one, and so a prefix before every name in it: ``_orig_mod.``, ``module.``. A prefix is taken
off because the module at that place is such a wrapper, so that a model's own module that is called ``module`` keeps
its name. Wrappers are known by the names of their classes: nothing is imported to find them.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, cast

from optim_core.errors import ParamGroupError
from optim_core.groups.model.parts import buffers_of, children_of, parameters_of

__all__ = ["Wrapper", "clean_names", "inside_of", "unwrapped", "without_prefixes", "wrapper_of"]


class Wrapper(NamedTuple):
    """A class of modules that wrap another module.

    Args:
        package: the package that the class comes from.
        inside: what the wrapper calls the module in it.
        copies: what else it calls the same module, or what is in that; the first is what its ``state_dict`` is of.
        own: its own buffers, which no model without it has.
    """

    package: str
    inside: str
    copies: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


_FABRIC = ("_forward_module", ("_original_module",))
_WRAPPERS: Mapping[str, tuple[Wrapper, ...]] = {
    "OptimizedModule": (Wrapper("torch", "_orig_mod"),),
    "DistributedDataParallel": (Wrapper("torch", "module"), Wrapper("apex", "module")),
    "DataParallel": (Wrapper("torch", "module"),),
    "FullyShardedDataParallel": (Wrapper("torch", "_fsdp_wrapped_module"),),
    "ActivationWrapper": (Wrapper("torch", "_checkpoint_wrapped_module"),),
    "AveragedModel": (Wrapper("torch", "module", own=("n_averaged",)),),
    "DeepSpeedEngine": (Wrapper("deepspeed", "module"),),
    "_FabricModule": (Wrapper("lightning", *_FABRIC), Wrapper("lightning_fabric", *_FABRIC)),
}
_UNMISTAKABLE = ("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")
_PREFIXES = re.compile(rf"(?<![^.])(?:{'|'.join(_UNMISTAKABLE)})\.")
# What stands before every name of a wrapped model, and before some names of a model that has a module called so.
_FIRST = ("module.", "_forward_module.")


@lru_cache(maxsize=1024)
def _wrapper(cls: Any) -> Wrapper | None:
    for base in cls.__mro__:
        package = base.__module__.partition(".")[0]
        for wrapper in _WRAPPERS.get(base.__name__, ()):
            if wrapper.package == package:
                return wrapper
    return None


def wrapper_of(module: Any) -> Wrapper | None:
    """Return what is known of a module that wraps another one, None for any other module."""
    # Every class can be hashed, which mypy does not see.
    return _wrapper(cast("Hashable", type(module)))


def inside_of(module: Any) -> Any:
    """Return what a wrapper holds, None for a module that is no wrapper."""
    wrapper = wrapper_of(module)
    return None if wrapper is None else children_of(module).get(wrapper.inside)


def unwrapped(module: Any) -> Any:
    """Return what the wrappers around a module hold, the module itself where there is none."""
    while (wrapper := _wrapper(cast("Hashable", type(module)))) is not None:
        inner = children_of(module).get(wrapper.inside)
        if inner is None:
            return module
        module = inner
    return module


def clean_names(model: Any, names: Iterable[str] | None = None) -> dict[str, str]:
    """Return each name to the name that the model without wrappers has for it.

    What a wrapper holds itself, the ``n_averaged`` of AveragedModel, is in no model without it, and is left out.

    Args:
        model: a model, which wrappers are around, or in, or neither.
        names: the keys of its ``state_dict``, in which some wrappers hide their prefix and some do not, or other names
            in it; without them the names of all parameters and buffers, those of tied ones at each of their places.

    Raises:
        ParamGroupError: two tensors have one name without the prefixes.

    Example:
        >>> import torch
        >>> from optim_core.groups.model.wrappers import clean_names
        >>> averaged = torch.optim.swa_utils.AveragedModel(torch.nn.Linear(8, 2))
        >>> clean_names(averaged)
        {'module.weight': 'weight', 'module.bias': 'bias'}
    """
    places = _Places(model)
    found: dict[str, str] = {}
    first: dict[str, str] = {}
    for name in _names(model) if names is None else names:
        clean = places.clean(name)
        if clean is None:
            continue
        found[name] = clean
        other = first.setdefault(clean, name)
        if other != name and places.tensor(other) is not places.tensor(name):
            raise _clash(other, name, clean)
    return found


def without_prefixes(names: Sequence[str]) -> list[str]:
    """Return names whose model is not at hand without the prefixes of wrappers.

    Taken off are prefixes that cannot be anything else, and ``module.`` as long as all of the names begin with it.

    Raises:
        ParamGroupError: two names are one without the prefixes.
    """
    clean = list(names)
    text = "\n".join(names)
    if any(f"{prefix}." in text for prefix in _UNMISTAKABLE):
        clean = [_PREFIXES.sub("", name) for name in clean]
    while clean and (first := next((prefix for prefix in _FIRST if clean[0].startswith(prefix)), "")):
        if not all(name.startswith(first) for name in clean):
            break
        clean = [name.removeprefix(first) for name in clean]
    if text != "\n".join(clean):
        _refuse_clash(names, clean)
    return clean


def _refuse_clash(names: Sequence[str], clean: Sequence[str]) -> None:
    first: dict[str, str] = {}
    for name, short in zip(names, clean, strict=True):
        other = first.setdefault(short, name)
        if other != name:
            raise _clash(other, name, short)


def _clash(first: str, second: str, clean: str) -> ParamGroupError:
    return ParamGroupError(f"{first} and {second} are both {clean} without the prefixes of wrappers; rename one")


def _names(model: Any) -> Iterator[str]:
    """Yield the names of all parameters and buffers, wrappers' prefixes included."""
    left = [("", model)]
    while left:
        start, module = left.pop()
        for own in (parameters_of(module), buffers_of(module)):
            yield from (start + name for name, tensor in own.items() if tensor is not None)
        children = [(f"{start}{name}.", child) for name, child in children_of(module).items() if child is not None]
        left += reversed(children)


class _Place(NamedTuple):
    """A module in a model; None for a path that leads nowhere."""

    clean: str
    module: Any


class _Places:
    """Where the names of a model lead."""

    def __init__(self, model: Any) -> None:
        self._known = {"": _Place("", model)}

    def clean(self, name: str) -> str | None:
        """Return a name without the prefixes of wrappers, None where it is that of a wrapper's own buffer."""
        path, _, own = name.rpartition(".")
        place = self._at(path)
        wrapper = wrapper_of(place.module)
        if wrapper is not None and own in wrapper.own:
            return None
        return place.clean + own

    def tensor(self, name: str) -> Any:
        """Return the parameter or buffer of a name, the name where there is none."""
        path, _, own = name.rpartition(".")
        module = self._at(path).module
        while module is not None:
            for tensors in (parameters_of(module), buffers_of(module)):
                if own in tensors:
                    return tensors[own]
            module = _hidden_in(module)
        return name

    def _at(self, path: str) -> _Place:
        known = self._known.get(path)
        if known is None:
            head, _, part = path.rpartition(".")
            known = self._known[path] = _next(self._at(head), part)
        return known


def _next(place: _Place, part: str) -> _Place:
    """Return where a part of a path leads; a wrapper whose prefix is not there is passed through."""
    clean, module = place
    while module is not None:
        child = children_of(module).get(part)
        wrapper = wrapper_of(module)
        if child is not None:
            prefix = wrapper is not None and part in (wrapper.inside, *wrapper.copies)
            return _Place(clean if prefix else f"{clean}{part}.", child)
        module = _hidden_in(module)
    return _Place(f"{clean}{part}.", None)


def _hidden_in(module: Any) -> Any:
    """Return what is named where a wrapper hides its prefix, None for a module that is no wrapper."""
    wrapper = wrapper_of(module)
    return None if wrapper is None else children_of(module).get((*wrapper.copies, wrapper.inside)[0])
