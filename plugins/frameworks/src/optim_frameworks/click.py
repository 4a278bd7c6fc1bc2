r"""A recipe from the options of a click command.

Example:
    >>> import click
    >>> from click.testing import CliRunner
    >>> from optim_frameworks.click import recipe_options
    >>> @click.command()
    ... @recipe_options
    ... def train(recipe):
    ...     click.echo(recipe.optimizer.config.lr)
    >>> CliRunner().invoke(train, ["--optimizer", "adamw", "--lr", "3e-4"]).output
    '0.0003\n'
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar, overload

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from optim_core import ConfigError, OptimError, PluginError
from optim_core import registry as default_registry
from optim_frameworks.flags import Flag, FlagSet, Given, NamesInShort, mistakes, names_beginning, number, refuse_taken
from optim_frameworks.from_flags import recipe_from

if TYPE_CHECKING:
    from optim_core import Registry

__all__ = ["recipe_options"]

_Function = TypeVar("_Function", bound=Callable[..., Any])

# What somebody gave for this call; else a value is a default of the program.
_TYPED = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT, ParameterSource.PROMPT)


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
    """Add the options of a recipe to a command, whose function is given the recipe as the argument `recipe`.

    The options are ``--config``, ``--optimizer``, ``--lr``, ``--scheduler``, ``--warmup``, ``--clip`` and ``--set``. A
    mistake in them is a usage error of click, all at once.

    Args:
        function: the function of the command.
        prefix: a word before all options, for a second recipe of the same command: "critic" makes ``--critic-lr``.
        names: the names of several optimizers of one recipe, each of which has options of its own.
        without: the options to leave out: "lr".
        into: the argument of the function that is given the recipe.
        registry: where names are looked up.
        defaults: what the options have where neither the user nor a file says it: ``optimizer="AdamW"``.

    Raises:
        OptimError: the command has such an option already, or a default is none of an option.

    Example:
        >>> import click
        >>> from click.testing import CliRunner
        >>> from optim_frameworks.click import recipe_options
        >>> @click.command()
        ... @recipe_options(optimizer="AdamW", scheduler="cosine")
        ... def train(recipe):
        ...     click.echo(recipe.scheduler.config.num_warmup_steps)
        >>> print(CliRunner().invoke(train, ["--warmup", "0.05"]).output)
        Usage: train [OPTIONS]
        Try 'train --help' for help.
        <BLANKLINE>
        Error: --warmup: must be a length such as 500, `10%` or `2 epochs`, is 0.05
            did you mean `5%`? write a number of steps (500), a share of the run (10%) or epochs (2 epochs)
        <BLANKLINE>
    """
    flags = FlagSet.of(prefix, names, without)
    flags.refuse_defaults(defaults)

    def decorate(function: Any) -> Any:
        if isinstance(function, click.Command):
            raise OptimError("@recipe_options stands below @click.command(), next to the function")
        theirs = [option for parameter in getattr(function, "__click_params__", []) for option in _titles(parameter)]
        refuse_taken(flags.flags, theirs, "recipe_options({})")

        @functools.wraps(function)
        def command(*args: Any, **values: Any) -> Any:
            context = click.get_current_context()
            _refuse_doubled(context, flags)
            given = _given(context, flags, values)
            try:
                recipe = recipe_from(flags, given, registry=registry)
            except (ConfigError, PluginError) as error:
                raise click.UsageError(mistakes(error), ctx=context) from error
            return function(*args, **{into: recipe}, **values)

        for flag in reversed(flags.flags):
            command = _option(flag, defaults.get(flag.dest), registry)(command)
        return command

    return decorate if function is None else decorate(function)


def _option(flag: Flag, default: Any, registry: Registry) -> Callable[[Any], Any]:
    return click.option(
        f"--{flag.name}",
        flag.dest,
        cls=_Option,
        default=default,
        multiple=flag.several,
        metavar=flag.metavar,
        help=flag.help,
        type=click.Path() if flag.key == "config" else click.STRING,
        flag=flag,
        registry=registry,
    )


class _Option(click.Option):
    """An option that asks for what is installed when its help is shown or its value is completed."""

    def __init__(self, *args: Any, flag: Flag, registry: Registry, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.flag = flag
        self.registry = registry

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        if record is None or self.flag.kind not in ("optimizer", "scheduler"):
            return record
        return record[0], f"{record[1]}: {NamesInShort(self.flag.kind, self.registry)}"

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        if self.flag.kind is None:
            return super().shell_complete(ctx, incomplete)
        return [CompletionItem(name) for name in names_beginning(self.flag.kind, incomplete, self.registry)]


def _given(context: click.Context, flags: FlagSet, values: dict[str, Any]) -> dict[str, Given]:
    """Take the values of the flags out of `values`, and return those that say something."""
    given = {}
    for flag in flags.flags:
        value = values.pop(flag.dest)
        if value is None or value == ():
            continue
        typed = context.get_parameter_source(flag.dest) in _TYPED
        value = number(value) if flag.key == "lr" and isinstance(value, str) else value
        given[flag.dest] = Given(value, f"--{flag.name}", typed)
    return given


def _titles(parameter: click.Parameter) -> list[str]:
    return [str(parameter.name), *parameter.opts, *parameter.secondary_opts]


def _refuse_doubled(context: click.Context, flags: FlagSet) -> None:
    """Refuse options that a decorator above this one has added once more."""
    others = [parameter for parameter in context.command.params if not isinstance(parameter, _Option)]
    theirs = {title for parameter in others for title in _titles(parameter)}
    refuse_taken(flags.flags, theirs, "recipe_options({})")
