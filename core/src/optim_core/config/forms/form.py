"""ConfigForm: a shape that configs have, and Reading: what a form makes of one config."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from optim_core.config.issues import ConfigPath, Issue
from optim_core.kinds import Kind

if TYPE_CHECKING:
    from optim_core.config.forms.takes import Fields

__all__ = ["Asked", "ConfigForm", "Places", "Reading"]

# Each is a path in the recipe and the path in which the user wrote it; the first that fits counts.
Places = tuple[tuple[ConfigPath, ConfigPath], ...]


class Reading(NamedTuple):
    """What a form makes of a config: a recipe, named sets or one component.

    Args:
        config: the recipe or the named sets.
        only: the key of `config` that is the whole of it, where one component was given and no recipe.
        written: where the user wrote what stands at a path of `config`.
        unused: what stood beside the recipe in the section of a training config, and around that.
        issues: what is wrong already, by the user's paths.
    """

    config: Mapping[str, Any]
    only: Kind | None = None
    written: Places = ()
    unused: Mapping[str, Any] = {}
    issues: tuple[Issue, ...] = ()

    @property
    def in_section(self) -> bool:
        """Whether the recipe stands in a section of the config."""
        return self.origin(()) != ()

    def origin(self, path: ConfigPath) -> ConfigPath:
        """Return where the user wrote what stands at `path` of `config`."""
        for canonical, given in self.written:
            if path[: len(canonical)] == canonical:
                return (*given, *path[len(canonical) :])
        return path

    def below(self, key: str, others: Mapping[str, Any]) -> Reading:
        """Return the same reading, found at `key` of a mapping that also holds `others`."""
        written = (*((canonical, (key, *given)) for canonical, given in self.written), ((), (key,)))
        unused = {**others, **({key: self.unused} if self.unused else {})}
        return Reading(self.config, self.only, written, unused, tuple(issue.below(key) for issue in self.issues))


class Asked(NamedTuple):
    """What a form may have to know beside the config.

    Args:
        fields: says what the plugin takes that a type means.
        kind_of: the kind of a component; it raises IssuesError where nothing has its type, or several kinds do.
        kind: the kind of which the config is to be a component, None where it may be a recipe.
        section: the config is a section of another one, which holds settings of the training loop too.
        application: the config is that of an application, which may have anything of its own beside a recipe.
    """

    fields: Fields
    kind_of: Callable[[Mapping[str, Any]], Kind]
    kind: Kind | None = None
    section: bool = False
    application: bool = False

    @property
    def beside_others(self) -> bool:
        """Whether what is not a recipe's may stand beside one."""
        return self.section or self.application


class ConfigForm(NamedTuple):
    """A shape that configs have: a row of `FORMS`.

    Args:
        name: how it is called.
        recognises: says whether a config has it, where it has none of those before it.
        read: such a config as a recipe, named sets or one component; it raises IssuesError where nothing can be made
            of it.
    """

    name: str
    recognises: Callable[[Mapping[str, Any], Asked], bool]
    read: Callable[[Mapping[str, Any], Asked], Reading]
