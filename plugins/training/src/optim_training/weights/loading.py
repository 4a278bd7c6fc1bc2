"""Load the weights of a checkpoint into a model, and say by name what was loaded and what was not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import attrs
import torch
from torch import nn

from optim_core import OptimError
from optim_training.weights.files import named_as, weights_of

__all__ = ["Loaded", "load_pretrained", "load_pretransform"]


@attrs.frozen
class Loaded:
    """What came of loading a checkpoint.

    Args:
        path: of the checkpoint.
        begin: what stood there before the names of the model.
        names: what was loaded.
        skipped: what the checkpoint holds and was not loaded, with the reason.
        untouched: what the model has and the checkpoint has not.
    """

    path: Path
    begin: str
    names: list[str]
    skipped: dict[str, str]
    untouched: list[str]

    def lines(self) -> list[str]:
        r"""Say it, a line for each name.

        Example:
            >>> from pathlib import Path
            >>> from optim_training.weights.loading import Loaded
            >>> told = Loaded(Path("a.ckpt"), "model.", ["weight"], {"head": "the model has none"}, [])
            >>> print(*told.lines(), sep="\n")
            a.ckpt: 1 of 2 weights are loaded, without `model.` before their names
              loaded   weight
              skipped  head: the model has none
        """
        count = len(self.names) + len(self.skipped)
        without = f", without `{self.begin}` before their names" if self.begin else ""
        return [
            f"{self.path}: {len(self.names)} of {count} weights are loaded{without}",
            *(f"  loaded   {name}" for name in self.names),
            *(f"  skipped  {name}: {why}" for name, why in self.skipped.items()),
            *(f"  as it was  {name}: the checkpoint has none" for name in self.untouched),
        ]


def load_pretrained(model: nn.Module, path: Path) -> Loaded:
    """Load what fits by name and shape.

    Raises:
        OptimError: the checkpoint cannot be read, or nothing of it fits.
    """
    loaded = _load(model, path)
    if not loaded.names:
        raise OptimError(
            f"{path}: nothing of it fits the model: "
            f"{_first(f'{name} ({why})' for name, why in loaded.skipped.items())}; the model has "
            f"{_first(model.state_dict())}"
        )
    return loaded


def load_pretransform(model: nn.Module, path: Path) -> Loaded:
    """Load all of a checkpoint into ``model.pretransform``, which has to be all of that.

    Raises:
        OptimError: the model has no pretransform, the checkpoint cannot be read, or the two are not of the same names
            and shapes; the pretransform may then hold some of the weights.
    """
    pretransform = pretransform_of(model, "--pretransform-ckpt-path")
    loaded = _load(pretransform, path)
    wrong = [f"{name}: {why}" for name, why in loaded.skipped.items()]
    wrong += [f"{name}: the checkpoint has none" for name in loaded.untouched]
    if wrong:
        raise OptimError(
            f"{path}: is no checkpoint of this pretransform: {len(loaded.names)} weights fit, and {len(wrong)} do not:"
            + "".join(f"\n  {line}" for line in wrong)
            + "\nwhere the names end in original0, original1, weight_g or weight_v: --remove-pretransform-weight-norm "
            "pre_load takes off the weight normalisation before, and post_load after this is loaded"
        )
    return loaded


def pretransform_of(model: nn.Module, option: str) -> nn.Module:
    """Return a model's pretransform.

    Args:
        model: has it as an attribute.
        option: what asks for it, for the message.

    Raises:
        OptimError: it has none.
    """
    found = getattr(model, "pretransform", None)
    if not isinstance(found, nn.Module):
        raise OptimError(f"{option} is for models with a `pretransform`, and {type(model).__name__} has none")
    return found


def _load(model: nn.Module, path: Path) -> Loaded:
    own = model.state_dict()
    held, begin = named_as(own, weights_of(path))
    skipped = dict.fromkeys(held.keys() - own.keys(), "the model has none")
    for name in held.keys() & own.keys():
        if held[name].shape != own[name].shape:
            skipped[name] = f"has the shape {tuple(held[name].shape)}, the model's {tuple(own[name].shape)}"
    names = [name for name in own if name in held and name not in skipped]
    with torch.no_grad():
        for name in names:
            own[name].copy_(held[name])
    untouched = [name for name in own if name not in held]
    return Loaded(path, begin, names, {name: skipped[name] for name in held if name in skipped}, untouched)


def _first(names: Iterable[str], count: int = 5) -> str:
    every = list(names)
    return ", ".join(every[:count]) + (f" and {len(every) - count} more" if len(every) > count else "")
