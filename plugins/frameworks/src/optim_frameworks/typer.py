r"""A recipe from the options of a Typer command.

Example:
    >>> import typer
    >>> from typer.testing import CliRunner
    >>> from optim_core import Recipe
    >>> from optim_frameworks.typer import recipe_options
    >>> app = typer.Typer()
    >>> @app.command()
    ... @recipe_options
    ... def train(recipe: Recipe, epochs: int = 3):
    ...     print(recipe.optimizer.config.lr, epochs)
    >>> CliRunner().invoke(app, ["--optimizer", "adamw", "--lr", "3e-4"]).output
    '0.0003 3\n'
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints, overload

import typer

from optim_core import ConfigError, OptimError, PluginError
from optim_core import registry as default_registry
from optim_frameworks.flags import Flag, FlagSet, Given, mistakes, names_beginning, number, refuse_taken
from optim_frameworks.from_flags import recipe_from

if TYPE_CHECKING:
    from optim_core import Registry

__all__ = ["recipe_options"]

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Typer gives a function its context in an argument of this type, whatever its name.
_CONTEXT = "recipe_context"
_DEFAULTS = ("DEFAULT", "DEFAULT_MAP")


@overload
def recipe_options(function: _Function) -> _Function: ...
@overload
def recipe_options(
    *,
    prefix: str = "",
    names: Iterable[str] = (),
    without: Iterable[str] = (),
    into: str = "recipe",
    registry: Registry = default_registry,
    **defaults: Any,
) -> Callable[[_Function], _Function]: ...
def recipe_options(
    function: Any = None,
    *,
    prefix: str = "",
    names: Iterable[str] = (),
    without: Iterable[str] = (),
    into: str = "recipe",
    registry: Registry = default_registry,
    **defaults: Any,
) -> Any:
    r"""Add the options of a recipe to a command, whose function is given the recipe as the argument `recipe`.

    The options are ``--config``, ``--optimizer``, ``--lr``, ``--scheduler``, ``--warmup``, ``--clip`` and ``--set``. A
    mistake in them is a usage error of Typer, all at once.

    Args:
        function: the function of the command.
        prefix: a word before all options, for a second recipe of the same command: "critic" makes ``--critic-lr``.
        names: the names of several optimizers of one recipe, each of which has options of its own.
        without: the options to leave out: "lr".
        into: the argument of the function that is given the recipe.
        registry: where names are looked up.
        defaults: what the options have where neither the user nor a file says it: ``optimizer="AdamW"``.

    Raises:
        OptimError: the command has such an option already, or no argument for the recipe, or a default is none of an
            option.

    Example:
        >>> import typer
        >>> from typer.testing import CliRunner
        >>> from optim_core import Recipe
        >>> from optim_frameworks.typer import recipe_options
        >>> app = typer.Typer()
        >>> @app.command()
        ... @recipe_options(optimizer="AdamW", lr=1e-3)
        ... def train(recipe: Recipe):
        ...     print(recipe.optimizer.type, recipe.optimizer.config.lr)
        >>> CliRunner().invoke(app, ["--optimizer", "sgd"]).output
        'SGD 0.001\n'
    """
    flags = FlagSet.of(prefix, names, without)
    flags.refuse_defaults(defaults)

    def decorate(function: Any) -> Any:
        parameters = _parameters(function, into)
        theirs = [title for parameter in parameters for title in _titles(parameter)]
        refuse_taken(flags.flags, theirs, "recipe_options({})")
        own_context = next((each.name for each in parameters if each.annotation is typer.Context), None)

        @functools.wraps(function)
        def command(**values: Any) -> Any:
            context = values[own_context] if own_context else values.pop(_CONTEXT)
            given = _given(context, flags, values)
            try:
                values[into] = recipe_from(flags, given, registry=registry)
            except (ConfigError, PluginError) as error:
                raise typer.BadParameter(mistakes(error), ctx=context) from error
            return function(**values)

        if own_context is None:
            kind = inspect.Parameter.KEYWORD_ONLY
            parameters.append(inspect.Parameter(_CONTEXT, kind, annotation=typer.Context))
        parameters += [_option(flag, defaults.get(flag.dest), registry) for flag in flags.flags]
        # Typer reads both of these to know the options.
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return command

    return decorate if function is None else decorate(function)


def _parameters(function: Any, into: str) -> list[inspect.Parameter]:
    """Return the parameters of a command but the one for the recipe, with the types that their annotations mean.

    Raises:
        OptimError: the function takes no recipe.
    """
    signature = inspect.signature(function)
    if into not in signature.parameters:
        raise OptimError(
            f"{function.__name__} has no argument `{into}` for the recipe: def {function.__name__}({into}, …)"
        )
    return [
        parameter.replace(annotation=_meaning(parameter, function), kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in signature.parameters.items()
        if name != into
    ]


def _meaning(parameter: inspect.Parameter, function: Any) -> Any:
    """Return the type of a parameter whose annotation may be a text; the text where nothing has that name.

    The type of another recipe, which a decorator above takes away, may be known to type checkers alone.
    """
    if not isinstance(parameter.annotation, str):
        return parameter.annotation
    holder = SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        return get_type_hints(holder, inspect.unwrap(function).__globals__, include_extras=True)[parameter.name]
    except NameError:
        return parameter.annotation


def _option(flag: Flag, default: Any, registry: Registry) -> inspect.Parameter:
    value: Any = list[str] | None if flag.several else str | None
    further = "" if flag.kind is None else f"; `optim list {flag.kind}s` names them"
    option = typer.Option(
        f"--{flag.name}",
        metavar=flag.metavar,
        help=f"{flag.help}{further}",
        autocompletion=_completer(flag, registry),
        show_default=default is not None,
    )
    # Typer knows a value that is no text by its type.
    default = default if default is None or flag.several else str(default)
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(flag.dest, kind, default=default, annotation=Annotated[value, option])


def _completer(flag: Flag, registry: Registry) -> Callable[[str], list[str]] | None:
    kind = flag.kind
    if kind is None:
        return None

    def complete(incomplete: str) -> list[str]:
        return names_beginning(kind, incomplete, registry)

    return complete


def _given(context: Any, flags: FlagSet, values: dict[str, Any]) -> dict[str, Given]:
    """Take the values of the flags out of `values`, and return those that say something."""
    given = {}
    for flag in flags.flags:
        value = values.pop(flag.dest)
        if value is None or value in ([], ()):
            continue
        source = context.get_parameter_source(flag.dest)
        typed = source is not None and source.name not in _DEFAULTS
        given[flag.dest] = Given(number(value) if flag.key == "lr" else value, f"--{flag.name}", typed)
    return given


def _titles(parameter: inspect.Parameter) -> list[str]:
    """Return the names by which a parameter of a command is known."""
    infos = [parameter.default, *getattr(parameter.annotation, "__metadata__", ())]
    named = [declared for info in infos for declared in getattr(info, "param_decls", None) or ()]
    # The first name of an Option in an annotation is in the place of its default.
    named += [info.default for info in infos if isinstance(getattr(info, "default", None), str)]
    # Without a name of its own an option is called as the argument of the function.
    return [parameter.name, *named, *([] if named else [f"--{parameter.name.replace('_', '-')}"])]
