"""Looking at a class: which kind of plugin it can be, with which fields, ranges and needs.

A child process does it, ``python -m optim_core.bridge.inspecting``. There the class is imported, and made of values
that are tried, so what it prints, leaves behind or ends is nobody else's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import attrs

from optim_core.bridge.trying import Bounds
from optim_core.errors import OptimError
from optim_core.probing.child_process import Child

__all__ = ["SeenClass", "SeenField", "SeenKind", "look_at"]

# The seconds that importing a library, and making its class of values, may take.
TIMEOUT = 300.0

SeenKind = Literal["optimizer", "scheduler", "clipper"]


@attrs.frozen(kw_only=True)
class SeenField:
    """What is seen of an argument that a config can hold.

    Args:
        name: the argument.
        type: its type, as an annotation is written.
        default: its default, as Python writes it; None where it is required.
        bounds: the keywords of a validator, of ge, gt, le, lt, to numbers.
        of_items: whether these are the bounds of each item.
        nullable: whether None is one of its values.
        is_dtype: whether it is the name of a torch.dtype.
        text: what its library says of it.

    Example:
        >>> from optim_core.bridge import SeenField
        >>> SeenField(name="lr", type="float", default="0.1", text="learning rate.").bounds
        {}
    """

    name: str
    type: str
    default: str | None
    text: str
    bounds: Bounds = attrs.Factory(dict)
    of_items: bool = False
    nullable: bool = False
    is_dtype: bool = False


@attrs.frozen(kw_only=True)
class SeenClass:
    """What is seen of a class that a plugin can be made around.

    Args:
        kind: what it is.
        module: the module from which it is imported.
        name: its name there.
        summary: the first line of its docstring.
        first: the argument that it works on, None for a clipper.
        first_by_keyword: whether that one is given by its name.
        fields: the arguments that a config can hold.
        left_out: the other arguments, to why a config cannot hold them.
        example: values of the required fields with which it can be made; None where none was found.
        needs: what an optimizer needs of the training loop.
        waits_for_metric: whether a schedule's ``step`` takes a metric.
        length: the argument that is the length of the run in steps, where it has none of its own.
        interval: after what a schedule is stepped, as its arguments suggest.
        requirement: what pip installs to have it; None where it belongs to no distribution.
        file: the file of a module that belongs to no distribution.

    Example:
        >>> from optim_core.bridge import SeenClass
        >>> seen = SeenClass(kind="clipper", module="zoo", name="Clip", summary="")
        >>> seen.fields
        ()
    """

    kind: SeenKind
    module: str
    name: str
    summary: str
    first: str | None = None
    first_by_keyword: bool = False
    fields: tuple[SeenField, ...] = ()
    left_out: Mapping[str, str] = attrs.Factory(dict)
    example: Mapping[str, Any] | None = None
    needs: tuple[str, ...] = ()
    waits_for_metric: bool = False
    length: str | None = None
    interval: Literal["step", "epoch"] = "epoch"
    requirement: str | None = None
    file: str | None = None


def look_at(address: str, kind: SeenKind | None = None) -> SeenClass:
    """Return what is seen of the class at ``package.module:Class``, which a child process imports and tries.

    A module is looked for on this process's path, and in the current folder.

    Args:
        address: module and class.
        kind: what it is to be; None for what it is.

    Raises:
        OptimError: there is no such module or class, or no plugin can be made around it; with the reason.

    Example:
        >>> import torch
        >>> from optim_core.bridge import look_at
        >>> seen = look_at("torch.optim:SGD")
        >>> seen.kind, seen.fields[0].name, seen.fields[0].type, seen.fields[0].bounds
        ('optimizer', 'lr', 'float', {'gt': 0})
    """
    module, _, path = address.partition(":")
    if not module or not path:
        package, _, name = address.rpartition(".")
        hint = f"{package}:{name}" if package and name else "package.module:Class"
        raise OptimError(f"`{address}` is no class: write the module, a colon and the class, such as {hint}")
    told = {"module": module, "name": path, "kind": kind, "folder": str(Path.cwd())}
    child = Child("optim_core.bridge.inspecting", told)
    try:
        answer = child.answer(TIMEOUT)
    except TimeoutError:
        raise OptimError(f"`{address}`: importing and trying it takes more than {TIMEOUT:g} seconds") from None
    finally:
        child.close()
    if answer is None:
        raise OptimError(f"`{address}`: importing or trying it ends the process")
    if "wrong" in answer:
        raise OptimError(answer["wrong"])
    fields = tuple(SeenField(**field) for field in answer.pop("fields"))
    return SeenClass(**{**answer, "fields": fields, "needs": tuple(answer["needs"])})
