"""A config of another project as a recipe that builds, with what was assumed and what was left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from optim_core.config.advice.clipping_words import clipping_for
from optim_core.config.document import Document
from optim_core.config.forms.speaking import Spoken, says_none, speaking, topic
from optim_core.config.issues import ConfigPath, IssuesError, path_text
from optim_core.config.migrating.origins import ORIGINS, Origin, looks_like, nearest_origin, origin_of
from optim_core.config.migrating.source import PluginAt, Source
from optim_core.config.structuring.plain_data import Unreadable, read_plain
from optim_core.errors import ConfigError, OptimError, Problem
from optim_core.text.prose import listing, visible

__all__ = ["Translation", "found_origin", "named_origin", "translate"]


class Translation(NamedTuple):
    """A recipe that was read from a config of another project.

    Args:
        origin: whose config it was.
        document: the recipe, with the places of that config.
        path_of: where a value of the recipe comes from, of two paths as messages have them.
        assumed: what the recipe has and the config has not, each with the reason.
        left_out: the paths of what the recipe has no place for.
        unread: sentences on what speaks of a recipe among that, and on what may be another than its author thinks.
        instead: what else may be written in that config for a value of the recipe, by its path.
    """

    origin: Origin
    document: Document
    path_of: Callable[[str], str]
    assumed: tuple[str, ...]
    left_out: tuple[str, ...]
    unread: tuple[str, ...]
    instead: Mapping[str, str]


def named_origin(name: str) -> Origin:
    """Return the origin of this name.

    Raises:
        OptimError: there is none.
    """
    origin = origin_of(name)
    if origin is None:
        near = nearest_origin(name)
        hint = f"did you mean `{near}`? " if near else ""
        raise OptimError(
            f"no origin is called `{visible(name)}`; {hint}they are {listing(each.name for each in ORIGINS)}, "
            "and optim-core"
        )
    return origin


def found_origin(document: Document) -> Origin | None:
    """Return whose config it is, as far as its keys say; None where it looks like nobody's.

    Raises:
        ConfigError: it may be that of several, or is only perhaps that of one.
    """
    if not isinstance(document.value, Mapping):
        return None
    found = looks_like(document.value)
    sure = [name for name, certainty in found.items() if certainty == "yes"]
    if len(sure) == 1:
        return origin_of(sure[0])
    candidates = sure or list(found)
    if not candidates:
        return None
    choices = " or ".join(f"`--from {name}`" for name in candidates)
    message = "is no config of optim-core's, and its keys do not say for sure whose it is"
    raise ConfigError([Problem(path="", message=message, hint=f"say which: {choices}", file=document.file)])


def translate(document: Document, origin: Origin, plugin_at: PluginAt) -> Translation:
    """Read the recipe in a config of another project. Nothing in the config is imported or executed.

    Raises:
        ConfigError: it is none of this project's, or something in it has no equal.
    """
    source = Source(_plain(document), origin.title, plugin_at)
    if not isinstance(source.document.value, Mapping):
        source.wrong((), "must be a mapping")
    else:
        origin.code().read(source)
    left_out = source.left_out()
    unread = list(_speaking(source, left_out))
    if origin.known:
        for spoken in unread:
            near = source.nearest(spoken.key)
            hint = f"did you mean `{near}`?" if near else _hint(spoken, origin)
            source.wrong(spoken.path, "speaks of what a recipe is about, and is not read", hint)
    source.raise_problems()
    said = [f"{path_text(each.path)} speaks of what a recipe is about: {_hint(each, origin)}" for each in unread]
    return Translation(
        origin,
        source.recipe_document(),
        source.path_of,
        tuple(source.assumed),
        tuple(path_text(path) for path in left_out),
        (*source.warnings, *said),
        {path_text(path): hint for path, hint in source.instead.items()},
    )


def _plain(document: Document) -> Document:
    """Return a document whose value is plain data.

    Raises:
        ConfigError: it is none, too deep or too large.
    """
    from optim_core.config.problems import config_error

    try:
        plain, unreadable = read_plain(document.value)
    except IssuesError as error:
        raise config_error(error.issues, document, _no_names) from None
    if isinstance(plain, Unreadable) or unreadable:
        raise config_error(unreadable, document, _no_names)
    return document._replace(value=plain)


def _no_names(*_: Any) -> Any:
    raise AssertionError("reading plain data meets no names")


def _speaking(source: Source, left_out: list[ConfigPath]) -> Iterator[Spoken]:
    """Yield what speaks of a recipe among what was left out."""
    for path in left_out:
        key, value = path[-1], source.at(path)
        if key in source.others:
            continue
        found = topic(key) if isinstance(key, str) else None
        if found is not None and isinstance(key, str):
            if not (value is None or (found == "gradient_clipping" and says_none(value))):
                yield Spoken(path, key, value, found)
        elif isinstance(key, str):
            yield from speaking({key: value}, path[:-1])


def _hint(spoken: Spoken, origin: Origin) -> str:
    if spoken.topic == "gradient_clipping":
        return f"{clipping_for(spoken.key, spoken.value)}, in the recipe"
    return f"leave it out, where {origin.name} does not read it, or write what it says into the {spoken.topic} by hand"
