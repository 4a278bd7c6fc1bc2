"""A recipe from the arguments of a program: flags for `argparse`, and the recipe that they ask for.

Example:
    >>> import argparse
    >>> from optim_frameworks.argparse import add_arguments, recipe_of
    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> args = parser.parse_args(["--optimizer", "adamw", "--lr", "3e-4", "--scheduler", "cosine", "--warmup", "5%"])
    >>> recipe = recipe_of(args, parser)
    >>> recipe.optimizer.config.lr, recipe.scheduler.config.num_warmup_steps
    (0.0003, Duration.of('5%'))
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optim_core import ConfigError, OptimError, PluginError
from optim_core import registry as default_registry
from optim_frameworks.flags import Flag, FlagSet, Given, NamesInShort, mistakes, names_beginning, number, refuse_taken
from optim_frameworks.from_flags import recipe_from

if TYPE_CHECKING:
    from optim_core import Recipe, Registry

__all__ = ["add_arguments", "recipe_of"]

# Beside the values, a namespace has the names of all that are ours under the first of these, and what the user typed
# under the second, before the name of each. It is plain data, which survives in JSON; and the defaults of a subcommand
# with the same flags, which argparse puts over what was typed before it, do not reach it.
_FLAGS = "recipe_flags"
_TYPED = "typed_"


def add_arguments(
    parser: argparse.ArgumentParser | argparse._ArgumentGroup,
    *,
    prefix: str = "",
    names: Iterable[str] = (),
    without: Iterable[str] = (),
    registry: Registry = default_registry,
) -> None:
    """Add ``--config``, ``--optimizer``, ``--lr``, ``--scheduler``, ``--warmup``, ``--clip`` and ``--set`` to a parser.

    `recipe_of` makes the recipe of what is parsed. Nothing is imported for it, and no plugin looked for until somebody
    asks for help or completion, which argcomplete gives.

    Args:
        parser: a parser, or a group of one.
        prefix: a word before all flags, for a second recipe in the same parser: "critic" makes ``--critic-lr``.
        names: the names of several optimizers of one recipe, each of which has flags of its own,
            ``--generator-optimizer``; ``--config``, ``--clip`` and ``--set`` are common to all.
        without: the flags to leave out: "lr".
        registry: what is installed, for help and completion.

    Raises:
        OptimError: the parser has such a flag already.

    Example:
        >>> import argparse
        >>> from optim_frameworks.argparse import add_arguments, recipe_of
        >>> parser = argparse.ArgumentParser()
        >>> add_arguments(parser, names=["generator", "critic"])
        >>> parser.set_defaults(generator_optimizer="AdamW", critic_optimizer="SGD")
        >>> recipe = recipe_of(parser.parse_args(["--critic-lr", "0.1"]), parser, names=["generator", "critic"])
        >>> recipe.optimizers["critic"].config.lr
        0.1
    """
    flags = FlagSet.of(prefix, names, without)
    dashes = ("-" if "-" in parser.prefix_chars else parser.prefix_chars[0]) * 2
    resolves = parser.conflict_handler == "resolve"
    # A parser that resolves conflicts takes the later of two flags, which its author has asked for.
    taken = {name for action in parser._actions for name in ([] if resolves else [action.dest, *action.option_strings])}
    refuse_taken(flags.flags, taken, "add_arguments(parser, {})", dashes)
    group = parser
    if isinstance(parser, argparse.ArgumentParser):
        title = f"recipe of {prefix.strip('-')}" if prefix else "recipe"
        group = parser.add_argument_group(title, "how the model is trained; see `optim list` and `optim show NAME`")
    for flag in flags.flags:
        _add(group, f"{dashes}{flag.name}", flag, registry)
    group.set_defaults(**{_flags_of(prefix): [flag.dest for flag in flags.flags]})


def _add(group: Any, option: str, flag: Flag, registry: Registry) -> None:
    help_text = flag.help.replace("%", "%%") + (": %(installed)s" if flag.kind in ("optimizer", "scheduler") else "")
    action = group.add_argument(
        option,
        action=_Keep,
        flag=flag,
        dest=flag.dest,
        type=number if flag.key == "lr" else str,
        metavar=flag.metavar,
        help=help_text,
        installed=None if flag.kind is None else NamesInShort(flag.kind, registry),
    )
    if flag.kind is not None:
        action.completer = _completer(flag, registry)


def _flags_of(prefix: str) -> str:
    """Return the name under which a namespace has the names of the flags."""
    return f"{prefix.strip('-').replace('-', '_')}_{_FLAGS}" if prefix else _FLAGS


def _completer(flag: Flag, registry: Registry) -> Callable[..., list[str]]:
    """Return what argcomplete asks for the names that begin so."""
    kind = flag.kind

    def complete(prefix: str, **_: Any) -> list[str]:
        return [] if kind is None else names_beginning(kind, prefix, registry)

    return complete


class _Keep(argparse.Action):
    """Stores a value, and that the user typed it; the help asks for what is installed only when it is shown."""

    def __init__(self, *args: Any, flag: Flag, installed: NamesInShort | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.flag = flag
        self.installed = installed

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        if self.flag.several:
            earlier = getattr(namespace, self.dest, None) or []
            values = [*([earlier] if isinstance(earlier, str) else earlier), values]
        setattr(namespace, self.dest, values)
        setattr(namespace, _TYPED + self.dest, option_string)


def recipe_of(
    args: argparse.Namespace | Mapping[str, Any],
    parser: argparse.ArgumentParser | None = None,
    *,
    prefix: str = "",
    names: Iterable[str] = (),
    registry: Registry = default_registry,
    overrides: Iterable[str] = (),
) -> Recipe:
    """Return the recipe that parsed arguments ask for.

    What the user typed is set on top of the file of ``--config``; what a program gave by ``set_defaults`` counts where
    no file is typed.

    Args:
        args: what ``parse_args`` gave, or its ``vars``, also after a detour through JSON.
        parser: where given, a mistake ends the program with the usage and the exit status 2, as argparse does it; else
            it is an exception.
        prefix: that of `add_arguments`.
        names: those of `add_arguments`.
        registry: where names are looked up.
        overrides: what the program itself sets last: ``["optimizer.config.lr=0.1"]``.

    Raises:
        ConfigError: without a parser, with all that is wrong, each by its flag.
        PluginError: without a parser, a plugin cannot be used.
        OptimError: `args` are not those of a parser that `add_arguments` was given.

    Example:
        >>> from argparse import ArgumentParser
        >>> from optim_core import ConfigError
        >>> from optim_frameworks.argparse import add_arguments, recipe_of
        >>> parser = ArgumentParser()
        >>> add_arguments(parser)
        >>> try:
        ...     recipe_of(parser.parse_args(["--optimizer", "AdamW", "--lr", "-1"]))
        ... except ConfigError as error:
        ...     print(error)
        --lr: must be > 0, is -1.0
    """
    values = dict(args) if isinstance(args, Mapping) else vars(args)
    flags = FlagSet.of(prefix, names)
    ours = values.get(_flags_of(prefix))
    if ours is None and not any(flag.dest in values for flag in flags.flags):
        at = f", prefix={prefix!r}" if prefix else ""
        raise OptimError(f"the arguments have no flags of a recipe: call add_arguments(parser{at}) before parsing them")
    if ours is not None:
        _refuse_other_names(flags, ours)
    given = {}
    for flag in flags.flags:
        # Where nothing says which flags are ours, as in a namespace that was made by hand, all are, and all were typed.
        if ours is not None and flag.dest not in ours:
            continue
        value, option = values.get(flag.dest), values.get(_TYPED + flag.dest)
        if value is not None:
            given[flag.dest] = Given(value, option or f"--{flag.name}", ours is None or option is not None)
        elif option is not None:
            raise OptimError(
                f"{option} was typed, and its value is gone: a subcommand that has the same flag sets it anew. Call "
                "add_arguments for the subcommands alone, or for the parser above them alone"
            )
    try:
        return recipe_from(flags, given, registry=registry, overrides=overrides)
    except (ConfigError, PluginError) as error:
        if parser is None:
            raise
        parser.error(mistakes(error))


def _refuse_other_names(flags: FlagSet, ours: Collection[str]) -> None:
    """Refuse flags that were added for other optimizers than those whose recipe is asked for, and would be lost."""
    known = {flag.dest for flag in flags.flags}
    strange = [dest for dest in ours if dest not in known]
    lacking = [name for name in flags.names if not any(flag.of == name and flag.dest in ours for flag in flags.flags)]
    if strange or lacking:
        what = f"--{strange[0].replace('_', '-')} was added" if strange else f"no flag of {lacking[0]} was added"
        raise OptimError(f"{what}, and recipe_of has other names: give add_arguments and recipe_of the same names=[…]")
