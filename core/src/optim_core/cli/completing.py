"""What a shell completes beyond the names of commands and options: plugins, files, and what --set changes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

from optim_core import OptimError, registry
from optim_core.plugin_tools import KINDS, Kind, format_of, normalise, read_config

__all__ = ["SHELLS", "files", "override_paths", "plugins", "set_option", "words"]

# Where bash ends a word unless it is told otherwise, and that are in the names of plugins and in overrides.
_BREAKS = ":="


@add_completion_class
class _Bash(BashComplete):
    """Completes words with ``:`` and ``=`` in them, at which bash breaks them apart, and puts no space after ``=``."""

    source_template = """\
%(complete_func)s() {
    local IFS=$'\\n' line type value
    COMPREPLY=()
    for line in $(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORDBREAKS="$COMP_WORDBREAKS" \
%(complete_var)s=bash_complete "$1"); do
        IFS=',' read -r type value <<< "$line"
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value"); [[ $value == *= ]] && compopt -o nospace ;;
        esac
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ["COMP_LINE"]
        _, *words = split_arg_string(line)
        incomplete = words.pop() if words and not line[-1].isspace() else ""
        breaks = [sign for sign in _BREAKS if sign in os.environ.get("COMP_WORDBREAKS", _BREAKS)]
        self._before = incomplete[: 1 + max((incomplete.rfind(sign) for sign in breaks), default=-1)]
        return words, incomplete

    def format_completion(self, item: CompletionItem[str]) -> str:
        return f"{item.type},{item.value.removeprefix(self._before)}"


SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": ZshComplete, "fish": FishComplete}


def files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Have the shell complete the name of a file."""
    return [CompletionItem(incomplete, type="file")]


def plugins(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Complete the name of a plugin, whatever its case, with what it is where the shell shows that.

    Args:
        ctx: of the command; where it has a parameter `kind`, only plugins of that kind are offered.
        _param: the parameter that is completed, as click hands it over.
        incomplete: what was typed of it.

    Returns:
        an item for each plugin that can be used.

    Example:
        >>> import click
        >>> from optim_core.cli import plugin_names
        >>> click.Argument(["name"], shell_complete=plugin_names).name
        'name'
    """
    kind = ctx.params.get("kind")
    return _plugins_of(KINDS if kind is None else [kind], incomplete)


def words(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Complete a kind, or the name of a plugin."""
    kinds = [f"{kind}s" for kind in KINDS if f"{kind}s".startswith(incomplete)]
    return [*map(CompletionItem, kinds), *plugins(ctx, param, incomplete)]


def override_paths(_ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Complete ``PATH=VALUE``: paths of the config that is named before it, and the plugins that a `type` may be."""
    path, equals, value = incomplete.partition("=")
    if equals:
        *section, key = path.split(".")
        if key != "type":
            return []
        # A sweep has several values, and the last of them is completed.
        comma = value.rfind(",") + 1 if param.name == "sweeps" else 0
        before, last = value[:comma], value[comma:]
        kinds = [kind for part in section for kind, row in KINDS.items() if row.key == part][-1:]
        return [CompletionItem(f"{path}={before}{item.value}") for item in _plugins_of(kinds or KINDS, last)]
    # click itself understands nothing of a line that ends with an option that lacks its value.
    typed = split_arg_string(os.environ.get("COMP_LINE") or os.environ.get("COMP_WORDS", ""))
    named = [word for word in typed if format_of(word) is not None]
    paths = dict.fromkeys(path for file in named for path in _paths(file))
    return [CompletionItem(f"{path}=") for path in paths if path.startswith(incomplete)]


set_option = click.option(
    "--set",
    "overrides",
    metavar="PATH=VALUE",
    multiple=True,
    help="Replace a value first; repeatable.",
    shell_complete=override_paths,
)


def _plugins_of(kinds: Iterable[Kind], incomplete: str) -> list[CompletionItem[str]]:
    with contextlib.suppress(OptimError):
        return [
            CompletionItem(record.name, help=registry.summary(record))
            for kind in kinds
            for record in registry.plugins(kind)
            if normalise(record.name).startswith(normalise(incomplete)) and record.state == "ok"
        ]
    return []


def _paths(file: str) -> Iterator[str]:
    """Yield what can be set in a config: what stands in the file, and the fields of its plugins that do not."""
    with contextlib.suppress(OptimError):
        config = read_config(file)
        yield from _leaves(config)
        if isinstance(config, Mapping):
            whole = registry.to_config(registry.recipe(file))
            yield from _leaves({key: value for key, value in whole.items() if key in config})


def _leaves(value: Any, path: Iterable[str] = ()) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    elif path:
        yield ".".join(path)
