"""What stands in an INI file or on a command line, which is text, as the values of a config."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import Any, Literal, get_args, get_origin

from optim_core.plugin_tools import field_types
from optim_training.arguments.training_config import TrainingConfig

__all__ = ["value_of_text"]

# One text in quotes, and nothing else that Python would evaluate.
_QUOTED = re.compile(r"""(["'])(?:\\.|(?!\1)[^\\\n])*\1""")
_BOOLS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@cache
def _types() -> dict[str, Any]:
    return dict(field_types(TrainingConfig))


def value_of_text(name: str, text: str) -> Any:
    """Return the value of an argument as a config file would hold it; of an unknown argument, the text.

    A text in quotes is what stands between them, and ``None`` is nothing. What cannot be is left as it is, for the
    message that says what it must be.

    Example:
        >>> from optim_training.arguments.words import value_of_text
        >>> value_of_text("recover", "false"), value_of_text("name", "'audio'"), value_of_text("project", "None")
        (False, 'audio', None)
    """
    bare = _unquoted(text.strip())
    wanted = _types().get(name)
    if wanted is bool:
        return _BOOLS.get(bare.lower(), bare)
    if bare == "None":
        return None if name in ("project",) else ("none" if name == "logger" else "")
    if get_origin(wanted) is Literal and bare.lower() in get_args(wanted):
        return bare.lower()
    return bare


def _unquoted(text: str) -> str:
    if not _QUOTED.fullmatch(text):
        return text
    try:
        return str(ast.literal_eval(text))
    except (SyntaxError, ValueError):
        return text
