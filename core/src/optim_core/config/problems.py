"""Issues, which are data, to the ConfigError that a user sees: in words, and with file and line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

from optim_core.config.advice.hints import hint_text
from optim_core.config.advice.sentences import sentence
from optim_core.config.advice.telling import Telling
from optim_core.config.issues import Code, Issue, path_text
from optim_core.errors import ConfigError, MissingTypeError, Problem, UnknownTypeError, UnusedConfigWarning

if TYPE_CHECKING:
    from optim_core.config.document import Document
    from optim_core.discovery.unknown_names import ExplainName

__all__ = ["config_error", "warn"]

# What is ours is no caller.
_OURS = "optim_core"

# The first of these codes that is among the issues says which exception is raised; else it is a ConfigError.
_ERRORS: dict[Code, type[ConfigError]] = {
    "missing-type": MissingTypeError,
    "missing-name": MissingTypeError,
    "unknown-type": UnknownTypeError,
}


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
    """Warn once of all that is not read in a config, at the line that called this library.

    Args:
        notes: what is not read, in the order in which it is told.
        document: where the config stands; None for a mapping.
        explain: says of a name that nothing has what to write in its place.
    """
    warnings.warn(UnusedConfigWarning(_problems(notes, document, explain)), stacklevel=_callers_level())


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
        hint=hint_text(tell, issue.hint),
        file=file,
        line=line,
        column=column,
    )
