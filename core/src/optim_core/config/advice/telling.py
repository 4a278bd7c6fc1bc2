"""Telling: what the sentences of one ConfigError are made with."""

from __future__ import annotations

from typing import NamedTuple

from optim_core.discovery.unknown_names import ExplainName
from optim_core.text.spelling import Near, Suggestions

__all__ = ["Said", "Telling"]

# Of thousands of mistakes, so many are told with the right name.
MOST_SUGGESTIONS = 100


class Telling(NamedTuple):
    """What the sentences of one ConfigError have in common.

    Args:
        suggestions: how many more right names may be looked for.
        explain: says of a name that nothing has what to write in its place; None where no plugins are known.
    """

    suggestions: Suggestions
    explain: ExplainName | None = None

    @classmethod
    def about(cls, explain: ExplainName | None = None) -> Telling:
        """Return one for a new ConfigError."""
        return cls(Suggestions(MOST_SUGGESTIONS), explain)

    @property
    def near(self) -> Near:
        """Return what looks for the nearest right name."""
        return self.suggestions.nearest


class Said(NamedTuple):
    """A hint in words; `near` says that it names a right key in place of a wrong one."""

    text: str
    near: bool = False
