"""Issues, which know their place in a config, to the ConfigError that a user sees, which knows file and line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from optim_core.config.issues import ConfigPath, Issue
from optim_core.errors import ConfigError, MissingTypeError, Problem, UnknownTypeError

if TYPE_CHECKING:
    from optim_core.config.document import Document

__all__ = ["config_error", "path_text"]

LONGEST_KEY = 200
ERRORS: dict[str | None, type[ConfigError]] = {"missing-type": MissingTypeError, "unknown-type": UnknownTypeError}


def path_text(path: ConfigPath) -> str:
    """``("schedulers", 0, "type")`` as ``schedulers[0].type``; a key of thousands of letters is cut short."""
    text = ""
    for step in path:
        if isinstance(step, str) and len(step) > LONGEST_KEY:
            step = f"{step[:LONGEST_KEY]}…"
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def config_error(issues: Iterable[Issue], document: Document | None) -> ConfigError:
    """The exception for `issues`, with the places where they stand in `document`."""
    issues = list(issues)
    problems = []
    for issue in issues:
        file, line, column = document.place(issue.path) if document else (None, None, None)
        problems.append(
            Problem(
                path=path_text(issue.path),
                message=issue.message,
                hint=issue.hint,
                file=file,
                line=line,
                column=column,
            )
        )
    kinds = {issue.error for issue in issues}
    wanted = next((error for kind, error in ERRORS.items() if kind in kinds), ConfigError)
    return wanted(problems)
