"""Variants of a config: the values that `--sweep`, or `--set` with one path several times, puts into it in turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

import attrs

from optim_core import ConfigError, OptimError
from optim_core.errors import Problem
from optim_core.plugin_tools import OVERRIDE, visible

__all__ = ["MOST", "Variant", "common", "variants_of"]

# So many curves of one config are told apart by their colours and strokes.
MOST = 12
SWEEP = "--sweep"
_OPEN, _CLOSE, _QUOTES = "[{", "]}", "\"'"


@attrs.frozen
class Variant:
    """One of the alternatives.

    Args:
        overrides: all that is replaced in the config, as `registry.build` takes it.
        label: in what it differs from the others, ``lr=1e-4, power=2``; "" where it is the only one.
        swept: the paths whose values come from `--sweep`.
    """

    overrides: tuple[str, ...]
    label: str
    swept: tuple[str, ...] = ()

    def problems_of(self, error: ConfigError) -> list[Problem]:
        """Return the problems of an error, those of a swept value as ones of `--sweep`."""
        return [self._of_sweep(problem) for problem in error.problems]

    def _of_sweep(self, problem: Problem) -> Problem:
        hint = problem.hint
        for path in self.swept:
            hint = hint and hint.replace(f"`{path}` was set by {OVERRIDE}", f"`{path}` was set by {SWEEP}")
        in_sweep = any(problem.path == path or problem.path.startswith(f"{path}.") for path in self.swept)
        return attrs.evolve(problem, hint=hint, file=SWEEP if in_sweep and problem.file == OVERRIDE else problem.file)


def variants_of(
    overrides: Sequence[str], sweeps: Sequence[str], *, most: int = MOST, otherwise: str = ""
) -> list[Variant]:
    """Return every combination of alternatives, at least one.

    Args:
        overrides: ``path=value`` each. Of different paths, all hold together; one path with several values has them in
            turn.
        sweeps: ``path=value,value,…`` each.
        most: how many there may be.
        otherwise: what to do where there are more, for the message.

    Raises:
        OptimError: there are more, or a sweep has no path or no value.
    """
    values: dict[str, list[str | None]] = {}
    for override in overrides:
        # What is no override is told by whoever takes it, with the others.
        path, equals, text = override.partition("=")
        value = text if equals else None
        texts = values.setdefault(path.strip() if equals else path, [])
        texts.extend([] if value in texts else [value])
    given = len(values)
    for sweep in sweeps:
        path, listed = _swept(sweep)
        if path in values:
            raise OptimError(f"{SWEEP} {visible(path)}: is given twice; write all values in one: {visible(path)}=V,V,V")
        values[path] = [*listed]
    varied = [path for path, texts in values.items() if len(texts) > 1]
    count = 1
    for path in varied:
        count *= len(values[path])
    if count > most:
        raise OptimError(f"{count:,} combinations of values are too many, at most {most:,} may be{otherwise}")
    names, swept = _short_names(varied), tuple(values)[given:]
    return [
        Variant(
            tuple(path if text is None else f"{path}={text}" for path, text in zip(values, texts, strict=True)),
            ", ".join(
                f"{names[path]}={visible(str(text).strip())}"
                for path, text in zip(values, texts, strict=True)
                if path in names
            ),
            swept,
        )
        for texts in product(*values.values())
    ]


def common(variants: Sequence[Variant]) -> list[str]:
    """Return the overrides that hold for all of them."""
    first, *others = variants
    return [each for each in first.overrides if all(each in other.overrides for other in others)]


def _swept(sweep: str) -> tuple[str, list[str]]:
    """Return path and values of a sweep."""
    path, equals, text = sweep.partition("=")
    values = list(dict.fromkeys(value.strip() for value in _divided(text)))
    if not equals or not path.strip() or "" in values:
        raise OptimError(
            f"{SWEEP} {visible(sweep)}: is not of the form PATH=VALUE,VALUE, such as optimizer.config.lr=1e-4,3e-4"
        )
    return path.strip(), values


def _divided(text: str) -> Iterator[str]:
    """Yield what stands between the commas of a text, but for those in brackets and quotes."""
    depth, quote, start = 0, "", 0
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in _QUOTES:
            quote = letter
        elif letter in _OPEN + _CLOSE:
            depth += 1 if letter in _OPEN else -1
        elif letter == "," and depth == 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _short_names(paths: Iterable[str]) -> dict[str, str]:
    """Return the end of each path, as much of it as tells it from the others, without `config`."""
    parts = {path: [part for part in path.split(".") if part != "config"] or [path] for path in paths}
    names: dict[str, str] = {}
    for path, mine in parts.items():
        others = [each for other, each in parts.items() if other != path]
        count = next((n for n in range(1, len(mine) + 1) if all(each[-n:] != mine[-n:] for each in others)), len(mine))
        names[path] = visible(".".join(mine[-count:]))
    return names
