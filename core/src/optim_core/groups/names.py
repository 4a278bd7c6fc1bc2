"""Names of parameter groups: one for each, short, the same for the same config and model; in the group as ``name``.

Loggers take them for curves. So a name that is made here has letters, digits, ``_``, ``-`` and ``.`` alone, which all
of them take.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

__all__ = [
    "DEFAULT_GROUP",
    "NAME",
    "common_module",
    "group_names",
    "name_groups",
    "names_of_parts",
    "rule_name",
]

NAME = "name"
"""The key of a group that holds its name, as Lightning and others read it; it is no option of the optimizer."""

DEFAULT_GROUP = "default"
"""The name of the group of the parameters for which the config holds as it is, where nothing else tells it."""

_NUMBERS_ONLY = re.compile(r"[\d.]*")
# More labels than this do not make a name that a legend has room for.
_MOST_LABELS = 2

Groups = Sequence[Mapping[str, Any]]
Labels = tuple[str, ...]


def group_names(optimizer: Any) -> tuple[str, ...]:
    """Return a name for each parameter group of an optimizer, all different.

    It is the ``name`` that the group has, as every group of an optimizer that a spec made has one; else ``group_0``,
    with its number. Where two have one name, the later one has a number behind it.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> from optim_core.plugin_tools import group_names
        >>> spec = registry.build({"type": "AdamW", "no_decay": ["bias"]})
        >>> group_names(spec.create_optimizer(torch.nn.Linear(8, 2)))
        ('default', 'no_decay')
    """
    groups = optimizer.param_groups
    return tuple(_all_different([_own(group) or f"group_{number}" for number, group in enumerate(groups)]))


def rule_name(index: int) -> str:
    """Return the name of the group of a rule, which has nothing in it that a logger refuses.

    Example:
        >>> from optim_core.plugin_tools import rule_name
        >>> rule_name(1)  # of what messages call param_groups[1]
        'param_groups_1'
    """
    return f"param_groups_{index}"


def _plain(text: str) -> str:
    """Return a text with nothing in it that a logger may refuse in the name of a curve."""
    return re.sub(r"[^\w.-]+", "_", text)


def common_module(names: Iterable[str]) -> str:
    """Return the module that holds all parameters of these names: ``encoder.0``; "" where that is the whole model."""
    owners = [name.split(".")[:-1] for name in names]
    common = []
    for parts in zip(*owners, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return ".".join(common)


def names_of_parts(
    labels: Sequence[Collection[Labels]], options: Sequence[Mapping[str, Any]], base: Callable[[int], Collection[str]]
) -> list[str]:
    """Return the names of the groups of a plan.

    What all parameters of a group have in common gives its name; ``default`` is the group of those for which the config
    holds as it is.

    Args:
        labels: for each group what is said of its parameters, in words; parameters of which the same is said have one
            entry.
        options: the options of each group, which tell groups apart of which the same is said. One that is called
            ``name`` is the group's name, or the first part of it.
        base: gives, for the number of a group, the options that the words in `labels` explain.
    """
    given = [_said(option) for option in options]
    names = [
        _joined((*own, *_common(each)) if own else _common(each) or _instead(each))
        for own, each in zip(given, labels, strict=True)
    ]
    if len(set(names)) < len(names):
        names = _told_apart(names, options, base)
    return _all_different([name or DEFAULT_GROUP for name in names])


def _said(options: Mapping[str, Any]) -> Labels:
    name = options.get(NAME)
    return (name,) if isinstance(name, str) and name else ()


def _common(labels: Collection[Labels]) -> Labels:
    """Return what all parameters of a group have in common."""
    first, *others = labels
    return tuple(label for label in first if all(label in other for other in others))


def _instead(labels: Collection[Labels]) -> Labels:
    """Return what stands for parameters that have nothing in common, but something each."""
    if not all(labels):
        return ()
    different = list(dict.fromkeys(each[0] for each in labels))
    rest = len(different) - _MOST_LABELS
    return (*different[:_MOST_LABELS], *([f"and_{rest}_more"] if rest > 0 else []))


def _told_apart(
    names: Sequence[str], options: Sequence[Mapping[str, Any]], base: Callable[[int], Collection[str]]
) -> list[str]:
    """Return names with what tells those apart that are the same: options, such as marks of the plugin class."""
    explained = [{*base(number), NAME} for number in range(len(names))]
    keys = dict.fromkeys(key for each in options for key in each)
    # A mark says more than a number does.
    ordered = sorted(keys, key=lambda key: not any(isinstance(each.get(key), (bool, str)) for each in options))
    told = list(names)
    for key in ordered:
        twice = {name for name, count in Counter(told).items() if count > 1}
        values = {
            name: {repr(each.get(key)) for own, each in zip(told, options, strict=True) if own == name}
            for name in twice
        }
        told = [
            _joined((name, _value(key, each[key])))
            if key in each and key not in own and len(values.get(name, ())) > 1
            else name
            for name, each, own in zip(told, options, explained, strict=True)
        ]
    return told


def _value(key: str, value: Any) -> str:
    """Return an option as a part of a name; nothing for a mark that is not set."""
    if isinstance(value, bool):
        return key if value else ""
    if isinstance(value, str):
        return value
    values = value if isinstance(value, (list, tuple)) else [value]
    return "_".join([key, *(f"{each:g}" if isinstance(each, (int, float)) else str(each) for each in values)])


def name_groups(
    optimizer: Any, planned: Mapping[int, str] | None = None, *, given: Collection[str] = (), known: int = 0
) -> None:
    """Give each group of an optimizer a name that no other has.

    A group that has a name keeps it, with a number behind it where another one before it has the same.

    Args:
        optimizer: the optimizer; one that has an option of its own that is called ``name`` stays as it is.
        planned: the name of the group that each parameter was planned for, by the parameter's ``id``.
        given: names that were put into the groups before, and in place of which the planned ones come.
        known: how many of the groups have their names already.
    """
    if NAME in (getattr(optimizer, "defaults", None) or ()):
        return
    groups = optimizer.param_groups
    own = ["" if _own(group) in given else _own(group) for group in groups]
    wanted = [
        own[number] or _planned(group, planned or {}) or _of_module(group) or _numbered(number, groups)
        for number, group in enumerate(groups)
    ]
    # What somebody has chosen comes first, and of that what was there before.
    order = sorted(range(len(groups)), key=lambda number: (number >= known, not own[number]))
    apart = _apart_by_dtype(wanted, groups)
    for number, name in zip(order, _all_different([apart[number] for number in order]), strict=True):
        groups[number][NAME] = name


def _own(group: Mapping[str, Any]) -> str:
    name = group.get(NAME)
    return name if isinstance(name, str) else ""


def _planned(group: Mapping[str, Any], planned: Mapping[int, str]) -> str:
    names = dict.fromkeys(planned[id(each)] for each in group["params"] if id(each) in planned)
    return _joined(_instead([(name,) for name in names]))


def _of_module(group: Mapping[str, Any]) -> str:
    module = common_module(group.get("param_names") or ())
    return "" if _NUMBERS_ONLY.fullmatch(module) else _plain(module)


def _numbered(number: int, groups: Groups) -> str:
    return DEFAULT_GROUP if len(groups) == 1 else f"group_{number}"


def _apart_by_dtype(names: Sequence[str], groups: Groups) -> list[str]:
    """Return names in which groups that an optimizer has divided by dtype have the dtype behind their name."""
    found = list(names)
    for name in [name for name, count in Counter(names).items() if count > 1]:
        places = [place for place, other in enumerate(names) if other == name]
        dtypes = [{str(each.dtype) for each in groups[place]["params"]} for place in places]
        if all(len(own) == 1 for own in dtypes) and len(set().union(*dtypes)) == len(places):
            for place, (dtype,) in zip(places, dtypes, strict=True):
                found[place] = _joined((name, dtype.removeprefix("torch.")))
    return found


def _joined(labels: Iterable[str]) -> str:
    return "_".join(_plain(label) for label in labels if label)


def _all_different(names: Sequence[str]) -> list[str]:
    """Return names in which each that has been there before has a number behind it."""
    used: set[str] = set()
    found = []
    for name in names:
        free, number = name, 1
        while free in used or (number > 1 and free in names):
            number += 1
            free = f"{name}_{number}"
        used.add(free)
        found.append(free)
    return found
