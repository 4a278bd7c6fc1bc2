"""The rows of the table of `optim explain`: layers that are alike have one, and what the groups hold."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from optim_core.cli.output import INDENT, say
from optim_core.cli.table import GAP, print_table
from optim_core.plugin_tools import visible

if TYPE_CHECKING:
    from optim_core.registry import GroupPlan, ParameterPlan

__all__ = ["HEADINGS", "print_groups", "print_rows", "rows_of", "summary_of"]

HEADINGS = ["parameter", "shape", "group", "lr", "weight_decay", "decided by"]
# The number of a layer, a part of a parameter's name for itself.
_NUMBER = re.compile(r"(?<![^.])\d+(?![^.])")


def print_rows(plans: list[ParameterPlan], columns: int, *, everything: bool) -> None:
    """Print the parameters of one optimizer as wide as `columns` allows.

    Args:
        plans: its parameters, in the order of the model.
        columns: how many there are to fill.
        everything: whether each has a row; else those that differ in the numbers of their layers alone share one.
    """
    rows = rows_of(plans, everything=everything)
    kept = [0, *(place for place in range(1, 5) if any(row[place] for row in rows)), 5]
    rows = [[row[place] for place in kept] for row in rows]
    headings = [HEADINGS[place] for place in kept]
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)][:-1]
    if sum(widths) + GAP * len(widths) <= columns:
        print_table(headings, rows, columns)
    else:
        _print_below(headings, rows, columns)


def rows_of(plans: list[ParameterPlan], *, everything: bool) -> list[list[str]]:
    """Return a row for each parameter of one optimizer, with a text below each of `HEADINGS`.

    Args:
        plans: its parameters, in the order of the model.
        everything: whether each has a row; else those that differ in the numbers of their layers alone share one.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> from optim_core.cli import rows_of
        >>> plans = list(registry.explain(registry.build({"type": "SGD"}), torch.nn.Linear(3, 2, bias=False)))
        >>> rows_of(plans, everything=False)[0][:4]
        ['weight', '2x3', 'default', '0.001']
    """
    return [_row(plan.name, plan) for plan in plans] if everything else list(_alike(plans))


def _print_below(headings: list[str], rows: list[list[str]], columns: int) -> None:
    """Print each name on a line of its own, and all else in a sentence below it."""
    for row in rows:
        say(row[0])
        named = [f"{heading} {cell}" for heading, cell in zip(headings[2:-1], row[2:-1], strict=True) if cell]
        said = "; ".join(filter(None, [", ".join([row[1], *named]), row[-1]]))
        say(click.wrap_text(said.replace("group frozen", "frozen"), columns, INDENT, INDENT))


def _row(name: str, plan: ParameterPlan) -> list[str]:
    return [
        visible(name),
        "x".join(map(str, plan.shape)) or "scalar",
        "frozen" if plan.frozen else visible(str(plan.group_name)),
        _number(plan.lr),
        _number(plan.weight_decay),
        "; ".join(map(visible, plan.decided_by)),
    ]


def _alike(plans: list[ParameterPlan]) -> Iterator[list[str]]:
    """Yield a row for each set of parameters that have all in common but the numbers of their layers.

    Only a set with each combination of its numbers has one row, so that the name says exactly which they are.
    """
    sets: dict[tuple[str, ...], list[ParameterPlan]] = {}
    for plan in plans:
        sets.setdefault((_NUMBER.sub("*", plan.name), *_row("", plan)), []).append(plan)
    for together in sets.values():
        numbers = [sorted(set(column)) for column in zip(*map(_numbers, together), strict=True)]
        if 1 < len(together) == math.prod(map(len, numbers)):
            yield _row(_common_name(together[0].name, numbers), together[0])
        else:
            yield from (_row(plan.name, plan) for plan in together)


def _numbers(plan: ParameterPlan) -> list[int]:
    return [int(number) for number in _NUMBER.findall(plan.name)]


def _common_name(name: str, numbers: list[list[int]]) -> str:
    """Return a name with what its numbers may be: ``blocks.{0..3,5}.weight``."""
    each = iter(numbers)

    def ranges(_: re.Match[str]) -> str:
        values = next(each)
        if len(values) == 1:
            return str(values[0])
        starts = [values[0], *(value for before, value in pairwise(values) if value != before + 1)]
        ends = [*(before for before, value in pairwise(values) if value != before + 1), values[-1]]
        spans = zip(starts, ends, strict=True)
        return "{" + ",".join(str(start) if start == end else f"{start}..{end}" for start, end in spans) + "}"

    return _NUMBER.sub(ranges, name)


def print_groups(groups: list[GroupPlan], columns: int) -> None:
    """Print what each group of an optimizer holds, and how much is not trained."""
    for group in groups:
        say(click.wrap_text(summary_of(group), columns, subsequent_indent=INDENT))


def summary_of(group: GroupPlan) -> str:
    """Return a line that says what a group holds.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> from optim_core.cli import summary_of
        >>> explanation = registry.explain(registry.build({"type": "SGD"}), torch.nn.Linear(3, 2))
        >>> [summary_of(group) for group in explanation.groups()]
        ['default: 2 tensors, 8 parameters, lr 0.001, weight_decay 0']
    """
    title = "frozen" if group.name is None else visible(group.name)
    tensors = "1 tensor" if group.tensors == 1 else f"{group.tensors} tensors"
    rates = [("lr", group.lr), ("weight_decay", group.weight_decay)]
    said = [f"{name} {_number(value)}" for name, value in rates if value is not None]
    said += [f"{name} {value!r}" for name, value in group.options.items()]
    return f"{title}: {', '.join([tensors, f'{group.numbers:,} parameters', *said])}"


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
