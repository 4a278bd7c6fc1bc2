"""Issues, which are data, to the ConfigError that a user sees: in words, and with file and line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

from optim_core.config.advice.hints import hint_text
from optim_core.config.advice.sentences import sentence
from optim_core.config.advice.telling import Telling
from optim_core.config.document import OVERRIDE
from optim_core.config.issues import Code, ConfigPath, Issue, path_text
from optim_core.config.keys import PARTS, naming_keys
from optim_core.errors import (
    ConfigError,
    ConfigWarning,
    MissingTypeError,
    Problem,
    UnknownTypeError,
    UnusedConfigWarning,
    UnusualRateWarning,
)

if TYPE_CHECKING:
    from optim_core.config.document import Document
    from optim_core.discovery.unknown_names import ExplainName

__all__ = ["config_error", "warn"]

# In a flat set the type stands under one of these.
_NAMING = frozenset(key for part in PARTS for key in (part, *naming_keys(part)[:2]))

# What is ours is no caller.
_OURS = "optim_core"

# The first of these codes that is among the issues says which exception is raised; else it is a ConfigError.
_ERRORS: dict[Code, type[ConfigError]] = {
    "missing-type": MissingTypeError,
    "missing-name": MissingTypeError,
    "unknown-type": UnknownTypeError,
}


# Each code of a note to what is warned.
_WARNINGS: dict[Code, type[ConfigWarning]] = {"unread": UnusedConfigWarning, "unusual-rate": UnusualRateWarning}

# A type that an override set may have no field that stands in the file, or need one that does not.
_OF_A_TYPE = ("unknown-key", "missing", "unusual-rate")


def config_error(
    issues: Iterable[Issue], document: Document | None = None, explain: ExplainName | None = None
) -> ConfigError:
    """Return the exception for some issues.

    Args:
        issues: what is wrong, in the order in which it is told.
        document: where the config stands, and what is wrong with overrides of it; None for a mapping.
        explain: says of a name that nothing has what to write in its place.
    """
    issues = list(issues)
    problems = [*(document.refused if document else ()), *_problems(issues, document, explain)]
    codes = {issue.code for issue in issues}
    wanted = next((error for code, error in _ERRORS.items() if code in codes), ConfigError)
    return wanted(problems)


def warn(notes: Iterable[Issue], document: Document | None = None, explain: ExplainName | None = None) -> None:
    """Warn of what is told of a config that is right, once of each kind, at the line that called this library.

    Args:
        notes: what is told, in its order.
        document: where the config stands; None for a mapping.
        explain: says of a name that nothing has what to write in its place.
    """
    notes, level = list(notes), _callers_level()
    for code, warning in _WARNINGS.items():
        of_code = [note for note in notes if note.code == code]
        if of_code:
            warnings.warn(warning(_problems(of_code, document, explain)), stacklevel=level)


def _callers_level() -> int:
    """Return the `stacklevel` of the first caller outside of this library, for the function that asks."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _OURS:
        level, frame = level + 1, frame.f_back
    return level


def _problems(issues: Iterable[Issue], document: Document | None, explain: ExplainName | None) -> list[Problem]:
    tell = Telling.about(explain)
    return [_problem(issue, document, tell) for issue in issues]


def _problem(issue: Issue, document: Document | None, tell: Telling) -> Problem:
    file, line, column = document.place(issue.path) if document else (None, None, None)
    return Problem(
        path=path_text(issue.path),
        message=sentence(issue),
        hint=_with_overridden_type(issue, hint_text(tell, issue.hint), document),
        file=file,
        line=line,
        column=column,
    )


def _with_overridden_type(issue: Issue, hint: str | None, document: Document | None) -> str | None:
    """Return a hint that also says that an override gave the type for which something is wrong."""
    if document is None or issue.code not in _OF_A_TYPE:
        return hint
    types = [path for path in document.overridden if _is_type_of(path, issue.path)]
    if not types or any(issue.path[: len(path)] == path for path in document.overridden):
        return hint
    said = f"`{path_text(types[-1])}` was set by {OVERRIDE}"
    return f"{hint}; {said}" if hint else said


def _is_type_of(path: ConfigPath, place: ConfigPath) -> bool:
    """Return whether what stands at a path is the type of the component that a place is in."""
    if path[-1:] == ("type",):
        return place[: len(path) - 1] == path[:-1]
    return path[-1:] != () and path[-1] in _NAMING and place[:-1] == path[:-1]
