"""The states of the random generators that a training run draws from, as plain data."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from optim_core.errors import OptimError
from optim_core.run.saved_values import same
from optim_core.text.prose import listing, said

__all__ = ["differences", "load_random_state", "malformed", "random_state", "without_generator"]

Generators = Mapping[str, Any]

# numpy's is None where numpy was not imported.
_ALWAYS = ("python", "torch", "numpy")


class _Source(NamedTuple):
    """How to get at the state of one generator.

    Args:
        read: gives the state.
        write: sets it.
        rehearse: sets it in another generator of the kind, which raises what `write` would, and returns what that
            other one then has.
    """

    read: Callable[[], Any]
    write: Callable[[Any], Any]
    rehearse: Callable[[Any], Any]


def _rehearsal(setter: Callable[[Any], Any], read: Callable[[], Any]) -> Callable[[Any], Any]:
    def rehearse(state: Any) -> Any:
        setter(state)
        return read()

    return rehearse


def malformed(state: Any) -> str | None:
    """Return what is wrong with the form of what `random_state` gave, None where nothing is."""
    for part in ("process", "own"):
        if not isinstance(state, Mapping) or not isinstance(state.get(part), Mapping):
            return f"random.{part}: must be a mapping of names to the states of generators"
    missing = [name for name in _ALWAYS if name not in state["process"]]
    return f"random.process: has no state of {listing(missing)}" if missing else None


def random_state(generators: Generators) -> dict[str, Any]:
    """Return the states of the generators of Python, numpy, torch and its devices, and of the caller's own.

    numpy's is the one behind `numpy.random.rand` and its neighbours, where numpy is imported. Devices count that are
    initialised: no other has drawn a number.

    Args:
        generators: name to a generator of the caller's: a `torch.Generator`, `random.Random`, or one of numpy.

    Raises:
        OptimError: one of the caller's is no generator.

    Example:
        >>> import torch
        >>> from optim_core.plugin_tools import load_random_state, random_state
        >>> state = random_state({})
        >>> first = torch.rand(3)
        >>> load_random_state(state, {})
        >>> torch.equal(torch.rand(3), first)
        True
    """
    own = _own(generators)
    process = {name: _plain(source.read()) for name, source in _of_process(_devices()).items()}
    return {
        "process": {**dict.fromkeys(_ALWAYS), **process},
        "own": {name: _plain(source.read()) for name, source in own.items()},
    }


def differences(state: Mapping[str, Any], generators: Generators) -> Iterator[str]:
    """Give what keeps `state` from being loaded, without changing a generator.

    Args:
        state: what `random_state` gave.
        generators: the caller's generators, by the names that were saved.

    Raises:
        OptimError: one of the caller's is no generator.
    """
    saved = state["own"]
    missing = [name for name in saved if name not in generators]
    surplus = [name for name in generators if name not in saved]
    if missing:
        yield f"generators: the checkpoint has {listing(missing)}: pass generators={{{missing[0]!r}: …}}"
    if surplus:
        yield f"generators: the checkpoint has no {listing(surplus)}"
    for name, source in _own(generators).items():
        yield from _difference(f"generators[{name!r}]", source, saved, name)
    for name, source in _of_process(state["process"]).items():
        yield from _difference(f"the generator {name}", source, state["process"], name)


def load_random_state(state: Mapping[str, Any], generators: Generators) -> None:
    """Set the generators that are here to what `random_state` gave.

    Args:
        state: what it gave; `differences` finds nothing wrong with it.
        generators: the caller's generators, by the names that were saved.

    Example:
        >>> import torch
        >>> from optim_core.plugin_tools import load_random_state, random_state
        >>> state = random_state({})
        >>> first = torch.rand(3)
        >>> load_random_state(state, {})
        >>> torch.equal(torch.rand(3), first)
        True
    """
    for name, source in _own(generators).items():
        source.write(state["own"][name])
    for name, source in _of_process(state["process"]).items():
        if state["process"][name] is not None:
            source.write(state["process"][name])


def without_generator(state: Mapping[str, Any]) -> list[str]:
    """Return the devices and libraries of `state` that are not here."""
    here = _of_process(state["process"])
    return [name for name, saved in state["process"].items() if name not in here and saved is not None]


def _difference(what: str, source: _Source, saved: Mapping[str, Any], name: str) -> Iterator[str]:
    if name not in saved or (name == "numpy" and saved[name] is None):
        return
    try:
        taken = _plain(source.rehearse(saved[name]))
    except Exception as error:  # noqa: BLE001 - each library has its own ways to refuse a state
        yield f"{what} does not take its saved state: {said(error)}"
        return
    if not same(taken, saved[name]):
        yield f"{what} does not take its saved state as it is: a number of it is out of range, or of another type"
    elif name == "python" and not _is_of_python(saved[name]):
        yield f"{what} does not take its saved state: what is left of a pair of normal numbers is no number"


def _plain(state: Any) -> Any:
    """Return a state with lists in the place of numpy's arrays, which numpy takes as well."""
    if isinstance(state, Mapping):
        return {name: _plain(value) for name, value in state.items()}
    return state.tolist() if type(state).__module__ == "numpy" else state


def _of_process(names: Iterable[str]) -> dict[str, _Source]:
    """Return the generators that every part of the process draws from: of the devices, those in `names`."""
    import torch

    sources = {
        "python": _Source(random.getstate, random.setstate, _rehearsed_by(random.Random())),
        "torch": _Source(torch.get_rng_state, torch.set_rng_state, _rehearsed_by_torch(torch.Generator())),
    }
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        spare = _spare(numpy.random.get_bit_generator())
        read = partial(numpy.random.get_state, legacy=False)
        sources["numpy"] = _Source(read, numpy.random.set_state, _rehearsed_by_numpy(numpy.random.RandomState(spare)))
    for name in names:
        kind, _, number = name.partition(":")
        if number and int(number) < _device_count(kind):
            sources[name] = _of_device(kind, int(number))
    return sources


def _devices() -> list[str]:
    """Return the devices that are initialised, such as ``cuda:0``."""
    import torch

    kinds = [kind for kind in ("cuda", "xpu") if getattr(torch, kind).is_initialized()]
    kinds += ["mps"] if torch.backends.mps.is_available() else []
    return [f"{kind}:{number}" for kind in kinds for number in range(_device_count(kind))]


def _device_count(kind: str) -> int:
    import torch

    module = getattr(torch, kind, None)
    return module.device_count() if kind in ("cuda", "xpu", "mps") and module is not None else 0


def _of_device(kind: str, number: int) -> _Source:
    import torch

    module = getattr(torch, kind)
    device = f"{kind}:{number}"

    read, write = partial(module.get_rng_state, device), partial(module.set_rng_state, device=device)
    return _Source(read, write, lambda state: _rehearsed_by_torch(torch.Generator(device))(state))


def _own(generators: Generators) -> dict[str, _Source]:
    if not isinstance(generators, Mapping):
        raise OptimError(f"generators must be a mapping of names to generators, is {type(generators).__name__}")
    return {name: _source_of(name, generator) for name, generator in generators.items()}


def _source_of(name: str, generator: Any) -> _Source:
    import torch

    numpy = sys.modules.get("numpy")
    if isinstance(generator, torch.Generator):
        spare = torch.Generator(generator.device)
        return _Source(generator.get_state, generator.set_state, _rehearsed_by_torch(spare))
    if isinstance(generator, random.Random) and not isinstance(generator, random.SystemRandom):
        return _Source(generator.getstate, generator.setstate, _rehearsed_by(random.Random()))
    if numpy is not None and isinstance(generator, numpy.random.Generator):
        bits = generator.bit_generator
        spare_bits = _spare(bits)
        rehearse = _rehearsal(_setter(spare_bits), partial(getattr, spare_bits, "state"))
        return _Source(partial(getattr, bits, "state"), _setter(bits), rehearse)
    if numpy is not None and isinstance(generator, numpy.random.RandomState):
        spare = numpy.random.RandomState(_spare(generator._bit_generator))
        return _Source(partial(generator.get_state, legacy=False), generator.set_state, _rehearsed_by_numpy(spare))
    raise OptimError(
        f"generators[{name!r}] must be a torch.Generator, a random.Random or a generator of numpy, "
        f"is {type(generator).__name__}"
    )


def _rehearsed_by(spare: random.Random) -> Callable[[Any], Any]:
    return _rehearsal(spare.setstate, spare.getstate)


def _rehearsed_by_torch(spare: Any) -> Callable[[Any], Any]:
    return _rehearsal(spare.set_state, spare.get_state)


def _rehearsed_by_numpy(spare: Any) -> Callable[[Any], Any]:
    return _rehearsal(spare.set_state, partial(spare.get_state, legacy=False))


def _is_of_python(state: Any) -> bool:
    """Tell whether the last part of a state of Python's generator, which it takes unseen, is what it may be."""
    return state[2] is None or (type(state[2]) is float and math.isfinite(state[2]))


def _setter(bits: Any) -> Callable[[Any], None]:
    return partial(setattr, bits, "state")


def _spare(bits: Any) -> Any:
    """Return another of numpy's bit generators of the same kind."""
    return type(bits)(0)
