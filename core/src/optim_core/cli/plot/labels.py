"""What the legend says: in what the configs of the curves differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from optim_core import registry
from optim_core.cli.plot.groups import Group, rates_of
from optim_core.cli.plot.numbers import short
from optim_core.plugin_tools import visible

__all__ = ["legend", "title_of"]

LONGEST, LONGEST_NAME, LONGEST_VALUE = 120, 40, 24
# These fields are compared between all groups; others between groups of the same type, which alone have them.
FOR_ALL = ("optimizer.type", "scheduler.type", "optimizer.lr", "optimizer.lr_decay_gamma")


def legend(groups: Sequence[Group]) -> list[str]:
    """Return a label for each group: its file, where there are several, its names, and what not every config says.

    No two labels are the same.
    """
    files = _short_names([group.file for group in groups])
    settings = [_settings(group) for group in groups]
    labels = []
    for group, mine in zip(groups, settings, strict=True):
        names = [files[group.file]] if len(files) > 1 else []
        names += [_cut(visible(name), LONGEST_NAME) for name in (group.variant, *group.names) if name]
        # In what the variants differ is said already.
        alike = [each for other, each in zip(groups, settings, strict=True) if other.variant == group.variant]
        said = ", ".join(_differing(mine, alike))
        labels.append(_cut(": ".join([*names, said] if said else names or [_kinds(mine)]), LONGEST))
    return _numbered(labels)


def title_of(groups: Sequence[Group], overrides: Sequence[str] = ()) -> str:
    """Return one line for all groups: the files, what holds in all, and of one curve what its config holds."""
    files = list(_short_names([group.file for group in groups]).values())
    together = ", ".join(files)
    together = together if len(together) <= 2 * LONGEST_NAME else f"{len(files)} configs"
    said = [visible(override) for override in overrides]
    if len(groups) == 1:
        said.insert(0, _kinds(_settings(groups[0])))
    return _cut(f"{together}: {', '.join(said)}", LONGEST) if said else together


def _settings(group: Group) -> dict[str, Any]:
    """Return the resolved config as one level of dotted keys without ``config``; the rate is that of the group."""
    flat: dict[str, Any] = {}
    if group.optimizer is not None:
        flat = _flat("optimizer", registry.to_config(group.optimizer))
        for field in rates_of(group.optimizer).values():
            flat.pop(f"optimizer.{field}", None)
        flat["optimizer.lr"] = group.base_lr
        # The rules are other groups, and a group is called by its patterns.
        flat.pop("optimizer.param_groups", None)
    # The schedule of `lr_decay_gamma` is part of the optimizer's config.
    if group.schedule is not None and (group.optimizer is None or group.schedule is not group.optimizer.decay):
        flat |= _flat("scheduler", registry.to_config(group.schedule))
    return {key: value for key, value in flat.items() if value is not None}


def _flat(prefix: str, config: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in config.items():
        place = prefix if key == "config" and isinstance(value, Mapping) else f"{prefix}.{key}"
        flat |= _flat(place, value) if isinstance(value, Mapping) else {place: value}
    return flat


def _differing(mine: Mapping[str, Any], settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what `mine` says, and another does not."""
    first = [key for key in FOR_ALL if key in mine]
    said = []
    for key in [*first, *(key for key in mine if key not in first)]:
        kind = f"{key.partition('.')[0]}.type"
        others = settings if key in first else [other for other in settings if other.get(kind) == mine[kind]]
        if any(other.get(key) != mine[key] for other in others):
            said.append(_said(key, mine[key]))
    is_scheduled = "scheduler.type" in mine or "optimizer.lr_decay_gamma" in mine
    if not is_scheduled and any("scheduler.type" in other for other in settings):
        said.append("no scheduler")
    return said


def _kinds(mine: Mapping[str, Any]) -> str:
    return ", ".join(_said(key, mine[key]) for key in FOR_ALL if key in mine)


def _said(key: str, value: Any) -> str:
    """Say a setting: ``AdamW`` and ``lr 3e-4``; what belongs to the scheduler is clear without that word."""
    if isinstance(value, float):
        text = short(value)
    else:
        text = str(value).lower() if isinstance(value, bool) else _cut(visible(str(value)), LONGEST_VALUE)
    return text if key in FOR_ALL[:2] else f"{key.partition('.')[2]} {text}"


def _short_names(files: Sequence[str]) -> dict[str, str]:
    """Return the last parts of each path, as many as tell it from the others."""
    parts = {file: Path(file).parts or (file,) for file in files}
    count = dict.fromkeys(parts, 1)
    for _ in range(max(map(len, parts.values()))):
        names = {file: "/".join(parts[file][-count[file] :]) for file in parts}
        often = Counter(names.values())
        for file, name in names.items():
            count[file] += often[name] > 1
    return {file: visible(_cut(name, LONGEST_NAME)) for file, name in names.items()}


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _numbered(labels: list[str]) -> list[str]:
    often, seen = Counter(labels), Counter[str]()
    numbered = []
    for label in labels:
        seen[label] += 1
        numbered.append(f"{label} ({seen[label]})" if often[label] > 1 else label)
    return numbered
