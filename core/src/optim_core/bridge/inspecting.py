"""What the child process of `look_at` does: it imports a class, tries values on it, and answers with what it saw."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import metadata
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from optim_core.bridge.config_types import config_type, is_dtype
from optim_core.bridge.live import described
from optim_core.bridge.looking import SeenClass, SeenField, SeenKind
from optim_core.bridge.plugin_class import USUAL
from optim_core.bridge.source import Argument, LibraryClass, Opaque
from optim_core.bridge.trying import Bounds, bounds_of, example_of, lacking, needs_by_trial, told_bounds
from optim_core.discovery.modules import module_exists
from optim_core.errors import OptimError
from optim_core.plugin_class.docstrings import parse_docstring
from optim_core.probing.child_process import own_channel, what_is_told
from optim_core.text.prose import said
from optim_core.text.spelling import nearest
from optim_core.validators import in_range

__all__: list[str] = []

# A docstring's first line is what `optim list` shows.
LONGEST_SUMMARY = 80


def main() -> None:
    told = what_is_told()
    with own_channel() as channel:
        request = next(told)
        sys.path[:] = [*request["path"], request["folder"]]
        try:
            answer = attrs.asdict(_seen(request["module"], request["name"], request["kind"]))
        except OptimError as error:
            answer = {"wrong": str(error)}
        channel.write(json.dumps(answer) + "\n")
        channel.flush()


def _seen(module: str, path: str, kind: SeenKind | None) -> SeenClass:
    cls = _imported(module, path)
    own = _kind_of(cls)
    shown = f"`{module}:{path}`"
    if own is None:
        raise OptimError(
            f"{shown} is neither an optimizer, a subclass of torch.optim.Optimizer, nor a schedule, a subclass of "
            "torch.optim.lr_scheduler.LRScheduler, nor a clipper, with a method clip(parameters): begin with "
            "`optim new NAME`, and call it in `build`"
        )
    if kind not in (None, own):
        raise OptimError(f"{shown} is of the kind {own}, not {kind}: leave --kind out")
    if inspect.isabstract(cls):
        raise OptimError(f"{shown} is abstract: name a class that is derived from it")
    try:
        found = described(cls.__name__, cls)
    except ValueError:
        raise OptimError(f"{shown} shows no signature, so that its fields are not known: write them by hand") from None
    return _Looked(cls, own, found, shown).seen(module, path)


def _imported(module: str, path: str) -> Any:
    try:
        found: Any = importlib.import_module(module) if module_exists(module) else None
    except (Exception, SystemExit) as error:
        raise OptimError(f"the module `{module}` cannot be imported: {said(error)}") from error
    if found is None:
        near = nearest(module, _modules_beside(module))
        hint = f"did you mean `{near}:{path}`?" if near else "install it, or run this in the folder where it is"
        raise OptimError(f"there is no module `{module}`; {hint}")
    for part in path.split("."):
        if not hasattr(found, part):
            classes = [name for name, each in vars(found).items() if isinstance(each, type)]
            near = nearest(part, classes)
            raise OptimError(f"`{module}` has no `{path}`" + (f"; did you mean `{module}:{near}`?" if near else ""))
        found = getattr(found, part)
    if not isinstance(found, type):
        raise OptimError(f"`{module}:{path}` is of the type {type(found).__name__}, and no class")
    return found


def _modules_beside(module: str) -> list[str]:
    """Return the names of the modules that could have been meant: those that are there, in the same package."""
    package, dot, _ = module.rpartition(".")
    if not dot:
        return [found.name for found in pkgutil.iter_modules()]
    if not module_exists(package):
        return [near] if (near := nearest(package, _modules_beside(package))) else []
    paths = importlib.import_module(package).__path__
    return [f"{package}.{found.name}" for found in pkgutil.iter_modules(paths)]


def _kind_of(cls: type[Any]) -> SeenKind | None:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    if issubclass(cls, Optimizer):
        return "optimizer"
    if issubclass(cls, LRScheduler):
        return "scheduler"
    return "clipper" if callable(getattr(cls, "clip", None)) else None


# What a schedule's first argument, and that of an optimizer which is made otherwise than from parameters, is called.
_OTHER_FIRSTS = {
    "model": "the model; see `An optimizer that needs the model` in docs/plugins.md",
    "optimizer": "another optimizer; see `An optimizer around another` in docs/plugins.md",
    "base_optimizer": "another optimizer; see `An optimizer around another` in docs/plugins.md",
    "named_parameters": "names and parameters; write `build` by hand",
}
# How a schedule continues is said when it is created.
_NEVER_FIELDS = {"last_epoch": "it is given when the schedule is created", "verbose": "torch has it no more"}
_OF_THE_RUN = ("total_steps", "num_training_steps")
_BY_STEPS = re.compile(r"(^|_)(steps|iters|iterations)($|_)|^step_size_(up|down)$|^total_steps$")
_WHOLE_BY_NAME = re.compile(r"(^|_)(steps?|epochs?|iters?|size|num|rank|order|period|history|T)($|_)|^k$")
_FLOATS_BY_NAME = ("lr", "max_lr", "min_lr", "base_lr", "weight_decay", "eps", "momentum", "betas")


# A signature says the default better.
_DEFAULT = re.compile(r"\s*\(defaults?\b(?:[^()]|\([^()]*\))*\)|\s*\bDefaults?(?: to)?:?\s\S+$", re.IGNORECASE)


@attrs.frozen
class _Typed:
    """An argument with the type of its field; None where that is not known."""

    argument: Argument
    wanted: Any

    @property
    def required(self) -> bool:
        return self.argument.default is attrs.NOTHING


@attrs.frozen
class _Looked:
    """A class as it is looked at.

    Args:
        cls: the class.
        kind: what it is.
        found: what it shows of itself.
        shown: how messages call it.
    """

    cls: type[Any]
    kind: SeenKind
    found: LibraryClass
    shown: str

    def seen(self, module: str, path: str) -> SeenClass:
        first = self._first()
        typed, left_out = self._typed(self.found.arguments if first is None else self._after(first))
        length = self._length(typed)
        if length is not None:
            for name in ("epochs", "steps_per_epoch"):
                if any(each.argument.name == name for each in typed):
                    left_out[name] = "the length is that of the run"
            typed = [each for each in typed if each.argument.name not in left_out]
        making = partial(self._made, first)
        required = {each.argument.name: each.wanted for each in typed if each.required}
        if length is not None:
            required.setdefault(length, int)
        example = example_of(making, required)
        switches = [each.argument for each in typed if isinstance(each.argument.default, bool)]
        for switch in switches if example is not None else ():
            lacks = lacking(making, {**(example or {}), switch.name: not switch.default})
            if lacks is not None:
                left_out[switch.name] = f"other than {switch.default} it cannot be used here, {lacks}"
        typed = [each for each in typed if each.argument.name not in left_out]
        given = {**_plain_defaults(typed), **(example or dict.fromkeys(required, 0))}
        fields = [self._field(each, given, making if example is not None else None, length) for each in typed]
        if example is not None and length is not None:
            example = {name: value for name, value in example.items() if name != length}
        distribution = _distribution(self.cls.__module__)
        return SeenClass(
            kind=self.kind,
            module=module,
            name=path,
            summary=_summary(self.found.docstring),
            first=None if first is None else first.name,
            first_by_keyword=self._is_keyword_only(first),
            fields=tuple(fields),
            left_out=left_out,
            example=example,
            needs=self._needs(first, given) if self.kind == "optimizer" and example is not None else (),
            waits_for_metric=self.kind == "scheduler" and self._waits_for_metric(),
            length=length,
            interval="step" if any(_BY_STEPS.search(each.argument.name) for each in typed) else "epoch",
            requirement=distribution,
            file=None if distribution else getattr(sys.modules.get(self.cls.__module__), "__file__", None),
        )

    def _first(self) -> Argument | None:
        """Return the argument that it works on."""
        if self.kind == "clipper":
            return None
        usual = "params" if self.kind == "optimizer" else "optimizer"
        named = next((each for each in self.found.arguments if each.name == usual), None)
        first = named or next(iter(self.found.arguments), None)
        if first is None:
            raise OptimError(f"{self.shown} takes no argument that could be {usual}: write it by hand")
        if self.kind == "optimizer" and first.name in _OTHER_FIRSTS:
            raise OptimError(f"{self.shown} is made from {_OTHER_FIRSTS[first.name]}")
        return first

    def _after(self, first: Argument) -> tuple[Argument, ...]:
        return tuple(each for each in self.found.arguments if each is not first)

    def _is_keyword_only(self, first: Argument | None) -> bool:
        parameters = inspect.signature(self.cls).parameters
        return first is not None and (
            first.name not in parameters
            or parameters[first.name].kind is inspect.Parameter.KEYWORD_ONLY
            or next(iter(parameters)) != first.name
        )

    def _typed(self, arguments: Iterable[Argument]) -> tuple[list[_Typed], dict[str, str]]:
        typed: list[_Typed] = []
        left_out: dict[str, str] = {}
        for argument in arguments:
            if argument.name in _NEVER_FIELDS and self.kind == "scheduler":
                left_out[argument.name] = _NEVER_FIELDS[argument.name]
                continue
            why = _why_no_field(argument)
            if why is None:
                typed.append(_Typed(argument, _type_of(argument)))
            elif argument.default is attrs.NOTHING:
                raise OptimError(f"{self.shown} needs `{argument.name}`, which no config can hold: {why}")
            else:
                left_out[argument.name] = why
        return typed, left_out

    def _length(self, typed: list[_Typed]) -> str | None:
        if self.kind != "scheduler":
            return None
        open_lengths = (each.argument.name for each in typed if each.required or each.argument.default is None)
        return next((name for name in open_lengths if name in _OF_THE_RUN), None)

    def _made(self, first: Argument | None, values: Mapping[str, Any], works_on: Any = None) -> Any:
        if self.kind == "clipper" or first is None:
            return self.cls(**_live(self.found, values))
        if works_on is None:
            works_on = _parameters() if self.kind == "optimizer" else _sgd()
        if self._is_keyword_only(first):
            return self.cls(**{first.name: works_on}, **_live(self.found, values))
        return self.cls(works_on, **_live(self.found, values))

    def _needs(self, first: Argument | None, given: Mapping[str, Any]) -> tuple[str, ...]:
        return needs_by_trial(lambda params: self._made(first, given, params))

    def _waits_for_metric(self) -> bool:
        parameters = list(inspect.signature(self.cls.step).parameters.values())[1:]
        return bool(parameters) and parameters[0].default is inspect.Parameter.empty

    def _field(
        self, typed: _Typed, given: Mapping[str, Any], making: Callable[[Mapping[str, Any]], Any] | None, length: Any
    ) -> SeenField:
        argument = typed.argument
        default = argument.default
        if is_dtype(argument) and isinstance(default, Opaque):
            default = default.text.rpartition(".")[2]
        if argument.name == length:
            default = None
        wanted = typed.wanted if typed.wanted is not None else _type_of_value(given.get(argument.name))
        if default is None:
            wanted = wanted | None
        text = parse_docstring(self.found.docstring).fields.get(argument.name, "")
        bounds, of_items = self._bounds(argument.name, wanted, given, making, text)
        if default not in (None, attrs.NOTHING) and not _within(default, bounds):
            bounds = {}
        return SeenField(
            name=argument.name,
            type=_written(wanted),
            default=None if default is attrs.NOTHING else repr(default),
            text=_described(text, self.found.name, bounds, of_items, required=default is attrs.NOTHING),
            bounds=bounds,
            of_items=of_items,
            nullable=type(None) in get_args(wanted),
            is_dtype=is_dtype(argument),
        )

    def _bounds(
        self,
        name: str,
        wanted: Any,
        given: Mapping[str, Any],
        making: Callable[[Mapping[str, Any]], Any] | None,
        text: str,
    ) -> tuple[Bounds, bool]:
        """Return the range of a field, and whether it is that of its items."""
        is_union = get_origin(wanted) in (Union, UnionType)
        own = [each for each in (get_args(wanted) if is_union else (wanted,)) if each is not type(None)]
        numbers = set(own) <= {int, float}
        items = len(own) == 1 and get_origin(own[0]) in (tuple, list) and {*get_args(own[0])} <= {int, float, ...}
        if not own or not (numbers or items):
            return {}, False
        whole = float not in own and float not in get_args(own[0])
        start = given.get(name)
        if start is None and numbers:
            start = 10 if whole else 0.1
        found: Bounds = {}
        if making is not None and start is not None:
            try:
                making({**given, name: start})
                found = bounds_of(making, given, name, start, whole=whole)
            except Exception:  # noqa: BLE001 - a constructor may refuse by any exception
                found = {}
        usual = USUAL.get(name)
        if usual is not None and numbers and not (found.get("gt") or found.get("ge") or 0) > 0:
            found = {**{key: bound for key, bound in found.items() if key in ("lt", "le")}, **usual}
        return found or told_bounds(text), items


def _summary(docstring: str) -> str:
    """Return the first sentence of a docstring, on one line."""
    paragraph = " ".join(docstring.strip().partition("\n\n")[0].replace("``", "`").split())
    sentence = re.split(r"(?<=[^.\d][.!?])\s+(?=[A-Z])", paragraph)[0].rstrip(".: ")
    return textwrap.shorten(sentence, LONGEST_SUMMARY, placeholder=" …")


def _why_no_field(argument: Argument) -> str | None:
    """Return why an argument is no field of a config, None where it is one."""
    if argument.name.startswith("_"):
        return "its name says that it is not for users"
    if isinstance(argument.default, Opaque) and not is_dtype(argument):
        return f"its default is {argument.default.text:.60}"
    if _type_of(argument) is None:
        if argument.annotation is None:
            known = argument.default is attrs.NOTHING
            return None if known else "its type is not known"
        shown = _source(argument.annotation)
        return None if shown in ("Any", "typing.Any") and argument.default is attrs.NOTHING else f"it is {shown:.60}"
    return None


def _source(node: Any) -> str:
    import ast

    return ast.unparse(node)


def _type_of(argument: Argument) -> Any:
    """Return the type of the field; None where it is not known, or no value of a config is meant."""
    wanted = config_type(argument, None)
    if argument.annotation is None and isinstance(argument.default, list) and argument.default:
        wanted = list[type(argument.default[0])]  # type: ignore[misc]
    if wanted is None and argument.annotation is None and argument.name in _FLOATS_BY_NAME:
        wanted = tuple[float, float] if argument.name == "betas" else float
        if argument.default is None:
            wanted = wanted | None
    if wanted is None and argument.annotation is None and argument.default is attrs.NOTHING:
        if argument.name == "milestones":
            wanted = list[int]
        elif _WHOLE_BY_NAME.search(argument.name):
            wanted = int
    if (
        wanted is None
        and argument.annotation is not None
        and isinstance(argument.default, (bool, int, float, str, tuple))
    ):
        # A name of the annotation is not known here; what the default is says enough.
        names = _source(argument.annotation)
        if "Callable" not in names and "Tensor" not in names:
            wanted = config_type(attrs.evolve(argument, annotation=None), None)
    return wanted


def _type_of_value(value: Any) -> Any:
    if isinstance(value, list):
        return list[type(value[0])]  # type: ignore[misc]
    return type(value)


def _plain_defaults(typed: Iterable[_Typed]) -> dict[str, Any]:
    return {
        each.argument.name: each.argument.default
        for each in typed
        if not each.required and not isinstance(each.argument.default, Opaque)
    }


def _live(found: LibraryClass, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as the constructor takes them: a dtype is its name in a config."""
    dtypes = {argument.name for argument in found.arguments if is_dtype(argument)}
    if dtypes.isdisjoint(values):
        return dict(values)
    import torch

    return {
        name: getattr(torch, value) if name in dtypes and isinstance(value, str) else value
        for name, value in values.items()
    }


def _parameters() -> list[Any]:
    import torch

    return [torch.nn.Parameter(torch.linspace(-1.0, 1.0, 16).reshape(4, 4))]


def _sgd() -> Any:
    import torch

    return torch.optim.SGD(_parameters(), lr=0.1, momentum=0.9)


def _within(value: Any, bounds: Bounds) -> bool:
    numbers = value if isinstance(value, (list, tuple)) else [value]
    check = in_range(**bounds)
    try:
        for number in numbers:
            if isinstance(number, (int, float)) and not isinstance(number, bool):
                check(None, None, number)  # type: ignore[arg-type]
    except ValueError:
        return False
    return True


def _described(text: str, name: str, bounds: Bounds, of_items: bool, *, required: bool) -> str:
    """Return what a library says of an argument, without the default, and with the range."""
    text = _DEFAULT.sub("", " ".join(text.split())).strip().rstrip(".,;: ") or f"see {name}'s documentation"
    words = in_range(**bounds).describe() if bounds else ""
    if words and words not in text:
        text += f", each {words}" if of_items else f", {words}"
    return f"{text}{'; required' if required else ''}."


# -- types as they are written ---------------------------------------------------------------------------------------


def _written(wanted: Any) -> str:
    """Return a type as an annotation is written."""
    arguments = get_args(wanted)
    if wanted is type(None) or wanted is None:
        return "None"
    if wanted is ...:
        return "..."
    if get_origin(wanted) is Literal:
        return f"Literal[{', '.join(json.dumps(each) if isinstance(each, str) else repr(each) for each in arguments)}]"
    if get_origin(wanted) in (tuple, list):
        return f"{get_origin(wanted).__name__}[{', '.join(map(_written, arguments))}]"
    if arguments:
        return " | ".join(sorted(map(_written, arguments), key=lambda written: written == "None"))
    return str(wanted.__name__)


def _distribution(module: str) -> str | None:
    """Return the requirement of the distribution that a module is of; None where it is of none."""
    top = module.partition(".")[0]
    for name in metadata.packages_distributions().get(top, ()):
        version = metadata.version(name).partition("+")[0]
        return f"{name}>={version}"
    return None


if __name__ == "__main__":
    main()
