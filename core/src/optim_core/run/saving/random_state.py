"""The states of the random generators that a training run draws from, as plain data."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from optim_core.errors import OptimError
from optim_core.text.prose import listing, said

__all__ = ["differences", "load_random_state", "random_state", "without_generator"]

Generators = Mapping[str, Any]


class _Source(NamedTuple):
    """How to get at the state of one generator.

    Args:
        read: gives the state.
        write: sets it.
        rehearse: sets it in another generator of the kind, which raises what `write` would.
    """

    read: Callable[[], Any]
    write: Callable[[Any], Any]
    rehearse: Callable[[Any], Any]


def random_state(generators: Generators) -> dict[str, Any]:
    """Return the states of the generators of Python, numpy, torch and its devices, and of the caller's own.

    numpy's is the one behind `numpy.random.rand` and its neighbours, where numpy is imported. Devices count that are
    initialised: no other has drawn a number.

    Args:
        generators: name to a generator of the caller's: a `torch.Generator`, `random.Random`, or one of numpy.

    Raises:
        OptimError: one of the caller's is no generator.

    Example:
        >>> import random
        >>> from optim_core.plugin_tools import load_random_state, random_state
        >>> state = random_state({})
        >>> first = random.random()
        >>> load_random_state(state, {})
        >>> random.random() == first
        True
    """
    own = _own(generators)
    return {
        "process": {name: _plain(source.read()) for name, source in _of_process(_devices()).items()},
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
        >>> import random
        >>> from optim_core.plugin_tools import load_random_state, random_state
        >>> state = random_state({})
        >>> first = random.random()
        >>> load_random_state(state, {})
        >>> random.random() == first
        True
    """
    for name, source in _own(generators).items():
        source.write(state["own"][name])
    for name, source in _of_process(state["process"]).items():
        source.write(state["process"][name])


def without_generator(state: Mapping[str, Any]) -> list[str]:
    """Return the devices and libraries of `state` that are not here."""
    here = _of_process(state["process"])
    return [name for name in state["process"] if name not in here]


def _difference(what: str, source: _Source, saved: Mapping[str, Any], name: str) -> Iterator[str]:
    if name not in saved:
        return
    try:
        source.rehearse(saved[name])
    except Exception as error:  # noqa: BLE001 - each library has its own ways to refuse a state
        yield f"{what} does not take its saved state: {said(error)}"


def _plain(state: Any) -> Any:
    """Return a state with lists in the place of numpy's arrays, which numpy takes as well."""
    if isinstance(state, Mapping):
        return {name: _plain(value) for name, value in state.items()}
    return state.tolist() if type(state).__module__ == "numpy" else state


def _of_process(names: Iterable[str]) -> dict[str, _Source]:
    """Return the generators that every part of the process draws from: of the devices, those in `names`."""
    import torch

    sources = {
        "python": _Source(random.getstate, random.setstate, random.Random().setstate),
        "torch": _Source(torch.get_rng_state, torch.set_rng_state, torch.Generator().set_state),
    }
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        spare = _spare(numpy.random.get_bit_generator())
        read = partial(numpy.random.get_state, legacy=False)
        sources["numpy"] = _Source(read, numpy.random.set_state, numpy.random.RandomState(spare).set_state)
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

    def rehearse(state: Any) -> None:
        torch.Generator(device).set_state(state)

    return _Source(partial(module.get_rng_state, device), partial(module.set_rng_state, device=device), rehearse)


def _own(generators: Generators) -> dict[str, _Source]:
    if not isinstance(generators, Mapping):
        raise OptimError(f"generators must be a mapping of names to generators, is {type(generators).__name__}")
    return {name: _source_of(name, generator) for name, generator in generators.items()}


def _source_of(name: str, generator: Any) -> _Source:
    import torch

    numpy = sys.modules.get("numpy")
    if isinstance(generator, torch.Generator):
        return _Source(generator.get_state, generator.set_state, torch.Generator(generator.device).set_state)
    if isinstance(generator, random.Random) and not isinstance(generator, random.SystemRandom):
        return _Source(generator.getstate, generator.setstate, random.Random().setstate)
    if numpy is not None and isinstance(generator, numpy.random.Generator):
        bits = generator.bit_generator
        return _Source(partial(getattr, bits, "state"), partial(setattr, bits, "state"), _setter(_spare(bits)))
    if numpy is not None and isinstance(generator, numpy.random.RandomState):
        spare = numpy.random.RandomState(_spare(generator._bit_generator))
        return _Source(partial(generator.get_state, legacy=False), generator.set_state, spare.set_state)
    raise OptimError(
        f"generators[{name!r}] must be a torch.Generator, a random.Random or a generator of numpy, "
        f"is {type(generator).__name__}"
    )


def _setter(bits: Any) -> Callable[[Any], None]:
    return partial(setattr, bits, "state")


def _spare(bits: Any) -> Any:
    """Return another of numpy's bit generators of the same kind."""
    return type(bits)(0)
