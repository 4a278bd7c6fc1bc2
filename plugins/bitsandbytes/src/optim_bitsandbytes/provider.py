"""The provider: names from what bitsandbytes.optim imports, plugin classes from their constructors."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from optim_bitsandbytes.about import about
from optim_bitsandbytes.declared import DECLARED
from optim_bitsandbytes.importing import without_news_of_kernels
from optim_core.bridge import Library, SourceClass, SourceModule, declared, wrapping
from optim_core.plugin_tools import listing, normalise
from optim_core.validators import each, fraction, in_range, non_negative, positive

__all__ = ["Bitsandbytes", "optimizers"]

_LIBRARY = "bitsandbytes"
MODULE = f"{_LIBRARY}.optim"

# Classes that make a state which is too small for their own kernel.
_BROKEN = ("AdEMAMix32bit", "PagedAdEMAMix32bit")

# Arguments that bitsandbytes takes for compatibility, and then ignores or refuses.
_WITHOUT_EFFECT = (
    "adam_w_mode",
    "amsgrad",
    "bias_correction",
    "centered",
    "dampening",
    "initial_accumulator_value",
    "lr_decay",
    "nesterov",
)
_WITH_MOMENTUM_ONLY = ("LARS", "SGD")

_TYPES: dict[str, Any] = {
    "lr": float,
    "min_8bit_size": int,
    "momentum": float,
    "optim_bits": Literal[8, 32],
    "t_alpha": int | None,
    "t_beta3": int | None,
    "weight_decay": float,
}
_CHECKS: dict[str, Any] = {
    "alpha": non_negative,
    "betas": each(fraction),
    "eps": positive,
    "max_unorm": non_negative,
    "min_8bit_size": non_negative,
    "momentum": in_range(gt=0, lt=1),
    "t_alpha": in_range(ge=1),
    "t_beta3": in_range(ge=1),
}
# `alpha` of RMSprop is a decay; that of AdEMAMix, which _CHECKS is about, is a weight.
_OF_RMSPROP: dict[str, Any] = {"alpha": in_range(gt=0, lt=1)}


@attrs.frozen
class Bitsandbytes:
    """The optimizers whose names say what only bitsandbytes has: 8 or 32 bits, or paged memory.

    The library's classes with a plain name, such as AdamW, are the same as its 32-bit ones, and are not offered.
    Arguments that do nothing are no fields. Neither torch nor the library is imported before something is built.
    """

    kind = "optimizer"

    def names(self) -> list[str]:
        """Return the names of the classes, sorted.

        Raises:
            ModuleNotFoundError: the library is not installed.
        """
        return sorted(filter(_is_offered, _library.module().imports))

    def load(self, name: str) -> type[Any]:
        """Return the plugin class for the optimizer called `name`.

        Raises:
            ModuleNotFoundError: the library is not installed.
            LookupError: the library has no such optimizer, or it is not offered.
        """
        return _library.plugin_class(name)

    def summary(self, name: str) -> str:
        """Return the first line that the library's class says of itself, or its name, and what is called alike."""
        return f"{_library.summary(name) or _in_words(name)} {_neighbours(_library.module(), name)}"

    def why_not(self, name: str) -> str | None:
        """Return why the library's class of this name, whatever its case, is not offered; None for any other name."""
        own = next((each for each in _library.module().imports if normalise(each) == normalise(name)), "")
        if own in _BROKEN:
            return "it makes a state that is too small for its own kernel"
        same = f"{own}32bit"
        return f"its plain names are left to others; it is `{same}` here" if own and same in self.names() else None


def _in_words(name: str) -> str:
    """Return what the name of a class says: PagedLion8bit is "Paged 8-bit Lion optimizer."."""
    plain = name.removeprefix("Paged")
    bits = next((bits for bits in ("8", "32") if plain.endswith(f"{bits}bit")), "")
    words = ["Paged" if plain != name else "", bits and f"{bits}-bit", plain.removesuffix(f"{bits}bit"), "optimizer."]
    return " ".join(filter(None, words))


def _is_offered(name: str) -> bool:
    return (name.endswith("bit") or name.startswith("Paged")) and name not in _BROKEN


def _plugin_class(module: SourceModule, name: str) -> type[Any]:
    found = module.find(name) if _is_offered(name) else None
    if found is None:
        raise LookupError(f"the installed bitsandbytes has no optimizer called {name}")
    found = attrs.evolve(found, docstring=found.docstring or _in_words(name))
    needs_momentum = name.startswith(_WITH_MOMENTUM_ONLY)
    return wrapping(
        found,
        MODULE,
        leave_out=_left_out(found),
        required=("momentum",) if needs_momentum else (),
        types=_TYPES,
        checks=_CHECKS | (_OF_RMSPROP if name.startswith("RMSprop") else {}),
        about=about(name),
        neighbours=_neighbours(module, name),
        members={"conformance": declared(DECLARED, name)},
        provider=f"{__name__}:optimizers",
        importing=without_news_of_kernels,
    )


def _neighbours(module: SourceModule, name: str) -> str:
    """Return which of the library's others train the same, with another state, and whose the plain name is."""
    plain = name.removeprefix("Paged").removesuffix("8bit").removesuffix("32bit")
    kin = (f"{paged}{plain}{bits}" for paged in ("", "Paged") for bits in ("8bit", "32bit", ""))
    others = [f"`{each}`" for each in kin if each in module.imports and _is_offered(each) and each != name]
    differ = "differs in its" if len(others) == 1 else "differ in their"
    return f"`{plain}` is another library's; {listing(others)} {differ} state."


def _left_out(found: SourceClass) -> set[str]:
    """Return the arguments of a class that have no effect, or whose value its name has decided."""
    left_out = set(_WITHOUT_EFFECT)
    if found.name.endswith("bit"):
        left_out.add("optim_bits")
    if found.name.startswith("Paged"):
        left_out.add("is_paged")
    if found.name.startswith("RMSprop"):
        left_out.add("momentum")
    if found.name in ("LAMB8bit", "LARS8bit"):
        left_out.add("max_unorm")
    return left_out


_library = Library(MODULE, _plugin_class)
optimizers = Bitsandbytes()
