"""How a run that was saved and the run that continues it differ: configs, lengths, distributions."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from optim_core.errors import CheckpointMismatchError, CheckpointWarning, OptimError
from optim_core.kinds import GROUP_KEYS
from optim_core.text.names import plain_name
from optim_core.text.spelling import nearest
from optim_core.text.values import shown

__all__ = ["LENGTHS", "MULTIPLIERS", "Change", "Changed", "Description", "Found", "differences", "merged"]

LENGTHS = ("total_steps", "steps_per_epoch", "epochs")
MULTIPLIERS = "lr_multipliers"

Changed: TypeAlias = 'Literal["error", "saved", "config"] | Sequence[str]'

Path = tuple[str | int, ...]
_ABSENT = object()


class Change(NamedTuple):
    """One value that is another one than when the run was saved.

    Args:
        path: keys and indices that lead to it in the canonical config, or the name of a length.
        saved: the value then, `_ABSENT` where there was none.
        now: the value now, `_ABSENT` where there is none.
    """

    path: Path
    saved: Any
    now: Any

    @property
    def name(self) -> str:
        """The path as messages and `changed=[…]` write it."""
        text = ""
        for step in self.path:
            text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
        return text

    @property
    def is_type(self) -> bool:
        """Whether another plugin stands there; that of the clipping has no state, and may be another."""
        return self.path[-1] == "type" and "gradient_clipping" not in self.path

    @property
    def turns_on(self) -> bool:
        """Whether something is asked for that was off, so that an optimizer may need state that it has not kept."""
        return bool(self.now) and (self.saved is _ABSENT or not self.saved)

    def __str__(self) -> str:
        return f"{self.name}: saved {_said(self.saved)}, now {_said(self.now)}"


def _said(value: Any) -> str:
    return "nothing" if value is _ABSENT else shown(value)


class Description(NamedTuple):
    """What a run was made from.

    Args:
        config: the canonical config; None where it is not known.
        distributions: name to version of those whose plugins it uses.
        lengths: the numbers of a `Horizon`.
        multipliers: optimizer to the lr multiplier of each of its groups.
    """

    config: Mapping[str, Any] | None
    distributions: Mapping[str, str]
    lengths: Mapping[str, int | None]
    multipliers: Mapping[str, Sequence[float]]


class Found(NamedTuple):
    """How two runs differ, and what of it counts from now on.

    Args:
        all: every change.
        chosen: those of which the value now counts; of the others it is the saved one.
    """

    all: list[Change]
    chosen: list[Change]

    def of(self, *tops: tuple[str, ...]) -> tuple[list[Change], list[Change]]:
        """Return the changes, and the chosen ones, below some paths."""

        def below(changes: list[Change]) -> list[Change]:
            return [change for change in changes if any(change.path[: len(top)] == top for top in tops)]

        return below(self.all), below(self.chosen)


def differences(saved: Description, now: Description, changed: Changed, *, has_schedules: bool) -> Found:
    """Compare a saved run with the one that continues it.

    Args:
        saved: what the saved run was made from.
        now: what this one is made from.
        changed: as `Optimization.load_state_dict` takes it.
        has_schedules: whether the length of the run matters.

    Raises:
        CheckpointMismatchError: a type, or a major version, is another one; or, with "error", anything is.
        OptimError: `changed` means nothing.
    """
    if isinstance(changed, str) and changed not in ("error", "saved", "config"):
        raise OptimError(f'changed is "error", "saved", "config" or a list of paths, not {shown(changed)}')
    found = list(_all_changes(saved, now, has_schedules=has_schedules))
    refused = [str(change) for change in found if change.is_type]
    if refused:
        raise CheckpointMismatchError(_message("the saved run is of other plugins:", refused))
    _look_at_versions(saved.distributions, now.distributions)
    if changed == "error" and found:
        ways = 'to go on as it was saved: changed="saved"; with this config: changed="config"; with a part of it: '
        message = _message("the config or the length of the run is not what it was:", map(str, found))
        raise CheckpointMismatchError(message, repair=f'{ways}changed=["{found[0].name}"]')
    if isinstance(changed, str):
        return Found(found, found if changed == "config" else [])
    chosen = _named(found, changed)
    left = [str(change) for change in found if change not in chosen]
    if left:
        warnings.warn(_message("these values stay as they were saved:", left), CheckpointWarning, stacklevel=4)
    return Found(found, chosen)


def _message(first: str, lines: Iterable[str]) -> str:
    return "\n    ".join([first, *lines])


def _all_changes(saved: Description, now: Description, *, has_schedules: bool) -> Iterator[Change]:
    if saved.config is not None and now.config is not None:
        yield from _changes(saved.config, now.config)
    for name in LENGTHS if has_schedules else ():
        if saved.lengths.get(name) != now.lengths.get(name):
            yield Change((name,), saved.lengths.get(name), now.lengths.get(name))
    for name, factors in now.multipliers.items():
        # Rules of the config give multipliers too, and those are found in the config.
        if factors != saved.multipliers.get(name) and not _touches(saved.config, now.config, name):
            yield Change((MULTIPLIERS, name), saved.multipliers.get(name), factors)


def _touches(saved: Mapping[str, Any] | None, now: Mapping[str, Any] | None, name: str) -> bool:
    """Tell whether the configs of an optimizer differ in what gives its groups multipliers."""
    one, other = (_optimizer_in(config or {}, name) for config in (saved, now))
    return any(one.get(key) != other.get(key) for key in GROUP_KEYS)


def _optimizer_in(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    named = config.get("optimizer_configs")
    found: Mapping[str, Any] = (
        config.get("optimizer", {}) if named is None else named.get(name, {}).get("optimizer", {})
    )
    return found


def _look_at_versions(saved: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Warn of distributions whose version is another, and refuse those of another major version."""
    others = {name: (saved[name], now[name]) for name in saved if name in now and now[name] != saved[name]}
    said = {name: f"{name} was {before} and is {after}" for name, (before, after) in others.items()}
    major = [name for name, versions in others.items() if len({version.partition(".")[0] for version in versions}) > 1]
    if major:
        raise CheckpointMismatchError(
            _message("the saved run is of another major version:", [said[name] for name in major])
            + f"\ninstall what it was saved with: pip install {' '.join(f'{name}=={saved[name]}' for name in major)}"
        )
    if said:
        message = _message("the saved run is of other versions:", said.values())
        warnings.warn(message, CheckpointWarning, stacklevel=5)


def _changes(saved: Any, now: Any, path: Path = ()) -> Iterator[Change]:
    """Yield each value of two canonical configs that is not the same in both, in the order of the saved one."""
    if isinstance(saved, Mapping) and isinstance(now, Mapping) and (saved or now):
        for key in dict.fromkeys([*saved, *now]):
            yield from _changes(saved.get(key, _ABSENT), now.get(key, _ABSENT), (*path, key))
    elif isinstance(saved, list) and isinstance(now, list) and len(saved) == len(now):
        for index, (before, after) in enumerate(zip(saved, now, strict=True)):
            yield from _changes(before, after, (*path, index))
    elif path[-1:] == ("type",) and isinstance(saved, str) and isinstance(now, str):
        # The distribution before a name says where it comes from, not what it is.
        if plain_name(saved) != plain_name(now):
            yield Change(path, saved, now)
    elif isinstance(saved, bool) is not isinstance(now, bool) or saved != now:
        yield Change(path, saved, now)


def _named(found: Sequence[Change], names: Sequence[str]) -> list[Change]:
    """Return the changes that paths name, each its own or one above it.

    Raises:
        OptimError: a name is no path of a value that is the same or another.
    """
    if not all(isinstance(name, str) for name in names):
        raise OptimError(f'changed is "error", "saved", "config" or a list of paths, not {shown(names)}')
    chosen = [change for change in found if any(_is_below(change.name, name) for name in names)]
    for name in names:
        if not any(_is_below(change.name, name) for change in found):
            known = [change.name for change in found]
            near = nearest(name, known)
            hint = f"did you mean `{near}`?" if near else f"what differs is {', '.join(known) or 'nothing'}"
            raise OptimError(f"changed names `{name}`, which is the same in both runs, or no path of theirs; {hint}")
    return chosen


def _is_below(path: str, above: str) -> bool:
    return path == above or path.startswith((f"{above}.", f"{above}["))


def merged(config: Mapping[str, Any], chosen: Sequence[Change]) -> dict[str, Any]:
    """Return a config with the chosen values as they are now."""
    result: dict[str, Any] = copy.deepcopy(dict(config))
    for change in chosen:
        if change.path[0] in (*LENGTHS, MULTIPLIERS):
            continue
        place: Any = result
        for step in change.path[:-1]:
            place = place[step]
        if change.now is _ABSENT:
            del place[change.path[-1]]
        else:
            place[change.path[-1]] = copy.deepcopy(change.now)
    return result
