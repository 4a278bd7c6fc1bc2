"""The flags of a recipe on a command line, as data, of no library in particular.

`optim_frameworks.argparse`, `.click` and `.typer` add the flags, each in the way of its library, and hand over what
was given to `optim_frameworks.from_flags`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from optim_core import ConfigError, OptimError
from optim_core import registry as default_registry
from optim_core.plugin_tools import listing, nearest

if TYPE_CHECKING:
    from optim_core import Registry
    from optim_core.plugin_tools import Kind

__all__ = ["Flag", "FlagSet", "Given", "NamesInShort", "mistakes", "names_beginning", "number", "refuse_taken"]

_WORD = re.compile(r"[A-Za-z]\w*(-\w+)*")
# So many names stand in the help of a flag; `optim list` has the others.
_SHOWN = 24


@attrs.frozen(kw_only=True)
class Flag:
    """One flag.

    Args:
        key: what it is about: "lr".
        name: what is typed, without the dashes before it: "generator-lr".
        metavar: what the help has for its value.
        help: what it does.
        kind: the plugins whose names it takes, None where it takes something else.
        of: the name of the optimizer that it is about, None where there is one.
        several: whether it may be given several times.

    Example:
        >>> from optim_frameworks.flags import FlagSet
        >>> [flag.name for flag in FlagSet.of(prefix="generator", without=["config", "set"]).flags][:2]
        ['generator-optimizer', 'generator-lr']
    """

    key: str
    name: str
    metavar: str
    help: str
    kind: Kind | None = None
    of: str | None = None
    several: bool = False

    @property
    def dest(self) -> str:
        """The name of its value in a program."""
        return self.name.replace("-", "_")


_COMMON = (
    Flag(
        key="config",
        name="config",
        metavar="FILE",
        help="a recipe in a file, in place of the defaults; the other flags are set on top of it",
    ),
    Flag(
        key="clip",
        name="clip",
        metavar="CLIPPING",
        help="clip gradients: a norm such as 1.0, or value:0.5, adaptive:0.01; none does not",
        kind="clipper",
    ),
    Flag(
        key="set",
        name="set",
        metavar="PATH=VALUE",
        help="set a value of the recipe, such as optimizer.config.betas=[0.9,0.95]; repeatable",
        several=True,
    ),
)
_OF_EACH = (
    Flag(key="optimizer", name="optimizer", metavar="NAME", help="the optimizer", kind="optimizer"),
    Flag(key="lr", name="lr", metavar="RATE", help="the learning rate, such as 3e-4"),
    Flag(key="scheduler", name="scheduler", metavar="NAME", help="the schedule of the rate, or none", kind="scheduler"),
    Flag(
        key="warmup",
        name="warmup",
        metavar="LENGTH",
        help="the warmup of the schedule: 500 (steps), 5%, 2 epochs; none leaves it to the schedule",
    ),
)
# In the order in which the help shows them.
KEYS = ("config", "optimizer", "lr", "scheduler", "warmup", "clip", "set")


@attrs.frozen
class Given:
    """The value of one flag.

    Args:
        value: as the library reads it.
        flag: how the user would type the flag, or has typed it: "--lr".
        typed: whether the user gave it; else it is a default of the program, in whose place a config file stands.
    """

    value: Any
    flag: str
    typed: bool = True


@attrs.frozen(kw_only=True)
class FlagSet:
    """The flags of one recipe.

    Args:
        flags: all of them.
        names: the names of its optimizers; none where it has one, without a name.

    Example:
        >>> from optim_frameworks.flags import FlagSet
        >>> [flag.key for flag in FlagSet.of(without=["set"]).flags]
        ['config', 'optimizer', 'lr', 'scheduler', 'warmup', 'clip']
    """

    flags: tuple[Flag, ...]
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, prefix: str = "", names: Iterable[str] = (), without: Iterable[str] = ()) -> FlagSet:
        """Return the flags of a recipe.

        Args:
            prefix: a word before all of them: "generator" makes ``--generator-lr``.
            names: the names of several optimizers, each of which has flags of its own.
            without: the flags that are not wanted: "lr".

        Raises:
            OptimError: a prefix or a name can be no part of a flag, or there is no such flag to leave out.

        Example:
            >>> from optim_frameworks.flags import FlagSet
            >>> [flag.dest for flag in FlagSet.of(names=["g", "d"], without=["warmup", "scheduler", "set"]).flags]
            ['config', 'g_optimizer', 'g_lr', 'd_optimizer', 'd_lr', 'clip']
        """
        names = _words("names", names)
        without = _words("without", without)
        unknown = [key for key in without if key not in KEYS]
        if unknown:
            near = nearest(unknown[0], KEYS)
            meant = f"did you mean `{near}`? " if near else ""
            raise OptimError(f"without: there is no flag `{unknown[0]}`; {meant}there are {listing(KEYS)}")
        before = f"{_words('prefix', [prefix.strip('-')])[0]}-" if prefix else ""
        by_key = {flag.key: flag for flag in (*_COMMON, *_OF_EACH)}
        flags = [attrs.evolve(by_key["config"], name=f"{before}config")]
        for name in names or (None,):
            own = f"{before}{name}-" if name else before
            flags += [attrs.evolve(flag, name=f"{own}{flag.name}", of=name) for flag in _OF_EACH]
        flags += [attrs.evolve(by_key[key], name=f"{before}{key}") for key in ("clip", "set")]
        kept = tuple(flag for flag in flags if flag.key not in without)
        return cls(flags=kept, names=tuple(names))

    def refuse_defaults(self, defaults: Iterable[str]) -> None:
        """Refuse defaults of flags that there are not.

        Raises:
            OptimError: there is one.

        Example:
            >>> from optim_core import OptimError
            >>> from optim_frameworks.flags import FlagSet
            >>> try:
            ...     FlagSet.of().refuse_defaults(["optimiser"])
            ... except OptimError as error:
            ...     print(error)
            there is no flag `optimiser`; did you mean `optimizer`?
        """
        dests = [flag.dest for flag in self.flags]
        for name in defaults:
            if name not in dests:
                near = nearest(name, dests)
                raise OptimError(
                    f"there is no flag `{name}`; " + (f"did you mean `{near}`?" if near else listing(dests))
                )


def _words(what: str, words: Iterable[str]) -> list[str]:
    """Return words that can be parts of a flag.

    Raises:
        OptimError: one of them cannot, or it is one text in place of a list.
    """
    if isinstance(words, str):
        raise OptimError(f"{what} is a list of texts: {what}=[{words!r}]")
    words = list(words)
    for word in words:
        if not isinstance(word, str) or not _WORD.fullmatch(word):
            raise OptimError(f"{what}: {word!r:.60} can be no part of a flag; take letters, digits and dashes")
    twice = [word for word in words if words.count(word) > 1]
    if twice:
        raise OptimError(f"{what}: `{twice[0]}` stands twice in it")
    return words


def number(text: str) -> Any:
    """Return the number that a text is, so that a program can reckon with it; the text itself where it is none.

    Example:
        >>> from optim_frameworks.flags import number
        >>> number("3e-4"), number("fast")
        (0.0003, 'fast')
    """
    try:
        return float(text)
    except ValueError:
        return text


def names_beginning(kind: Kind, beginning: str, registry: Registry = default_registry) -> list[str]:
    """Return the names of plugins that begin so, without case, for completion; no plugin is imported.

    What was typed stays as it is, as shells pass over what does not begin with it.

    Example:
        >>> from optim_frameworks.flags import names_beginning
        >>> names_beginning("scheduler", "cosine_with_")
        ['cosine_with_min_lr', 'cosine_with_restarts']
        >>> names_beginning("optimizer", "adadelt")
        ['adadelta']
    """
    records = registry.plugins(kind)
    names = [record.name for record in records if record.state == "ok"]
    further = [] if kind == "optimizer" else ["none"]
    alike = [name for name in (*names, *further) if name.lower().startswith(beginning.lower())]
    return [beginning + name[len(beginning) :] for name in alike]


def names_in_short(kind: Kind, registry: Registry) -> str:
    """Return the names of the plugins of a kind for a help text, cut short where there are very many."""
    records = [record for record in registry.plugins(kind) if record.state == "ok" and record.alias_of is None]
    # Those of whole libraries are many.
    shown = [record.name for record in records if record.provider is None][:_SHOWN]
    rest = len(records) - len(shown)
    return ", ".join(shown) + (f" and {rest} more: `optim list {kind}s`" if rest > 0 else "")


class NamesInShort:
    """The names of the plugins of a kind as a text, which are looked for when somebody reads it.

    Example:
        >>> from optim_core import registry
        >>> from optim_frameworks.flags import NamesInShort
        >>> str(NamesInShort("clipper", registry))
        'adaptive, norm, value'
    """

    def __init__(self, kind: Kind, registry: Registry) -> None:
        self._kind: Kind = kind
        self._registry = registry

    def __str__(self) -> str:
        return names_in_short(self._kind, self._registry)


def refuse_taken(flags: Sequence[Flag], taken: Collection[str], how: str, dashes: str = "--") -> None:
    """Refuse flags that a program has already.

    Args:
        flags: those that are to be added.
        taken: the flags and arguments that the program has, as they are typed and as it calls their values.
        how: the call that adds them, with a gap for the arguments: "add_arguments(parser, {})".
        dashes: what flags begin with.

    Raises:
        OptimError: some are taken.

    Example:
        >>> from optim_core import OptimError
        >>> from optim_frameworks.flags import FlagSet, refuse_taken
        >>> try:
        ...     refuse_taken(FlagSet.of().flags, ["--epochs", "--lr"], "add_arguments(parser, {})")
        ... except OptimError as error:
        ...     print(str(error).partition(".")[0])
        --lr: the program has it already
    """
    clashes = [flag for flag in flags if flag.dest in taken or f"{dashes}{flag.name}" in taken]
    if clashes:
        names = listing(f"{dashes}{flag.name}" for flag in clashes)
        without = f"without={list(dict.fromkeys(flag.key for flag in clashes))}"
        prefix = "prefix='optim'"
        raise OptimError(
            f"{names}: the program has it already. Take it out there; or leave it out here, "
            f"{how.format(without)}, and hand over what yours says by overrides=[…]; or give all flags of the recipe "
            f"a word of their own, {how.format(prefix)}"
        )


def mistakes(error: OptimError) -> str:
    """Return what is wrong with the flags, as the text that follows "error:".

    Example:
        >>> from optim_core import ConfigError, Problem
        >>> from optim_frameworks.flags import mistakes
        >>> print(mistakes(ConfigError([Problem(path=flag, message="is wrong") for flag in ("--lr", "--clip")])))
        2 mistakes
          --lr: is wrong
          --clip: is wrong
    """
    problems = error.problems if isinstance(error, ConfigError) else ()
    if len(problems) < 2:
        return str(error)
    return f"{len(problems)} mistakes\n" + "\n".join(f"  {problem}" for problem in problems)
