"""Arguments in an INI file, as training scripts that use prefigure have them: the section [DEFAULTS] of defaults.ini.

What prefigure makes of such a file is kept as far as its author can have meant it: keys keep their case, and a value is
a Python literal or a text. Where prefigure takes ``recover = false`` for a text, which is true, it is false here; a
``%`` is a ``%``; and a value without quotes that a comment follows is refused, where prefigure makes the comment a part
of it.
"""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any, NamedTuple

from optim_core import ConfigError, Problem
from optim_core.plugin_tools import read_text
from optim_training.arguments.words import value_of_text

__all__ = ["SECTION", "Entry", "read_ini"]

SECTION = "DEFAULTS"
# configparser takes time with the square of these.
_LONGEST = 16 * 1024
_BLANK = re.compile(r"[^\S\n]{1000}")
_COMMENT = re.compile(r"\s[;#]")


class Entry(NamedTuple):
    """A value, and where it stands.

    Args:
        value: as a config file would hold it.
        file: the name of the file.
        line: its line there, counted from 1; None where it is not known.
    """

    value: Any
    file: str
    line: int | None


def read_ini(path: str | Path) -> dict[str, Entry]:
    r"""Return the arguments in the section [DEFAULTS] of an INI file.

    Raises:
        ConfigError: the file cannot be read, has no such section, or a value is followed by a comment.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.arguments.ini import read_ini
        >>> _ = Path("defaults.ini").write_text("[DEFAULTS]\nbatch_size = 8\nrecover = false")
        >>> {name: entry.value for name, entry in read_ini("defaults.ini").items()}
        {'batch_size': '8', 'recover': False}
    """
    file = str(path)
    text = read_text(path)
    if len(text) > _LONGEST:
        raise _error(file, f"is longer than {_LONGEST:,} characters, which the arguments of no run are")
    if blank := _BLANK.search(text):
        raise _error(file, "has a thousand blanks on end", text.count("\n", 0, blank.start()) + 1)
    # No section is the default of others, also where it is called DEFAULT; keys keep their case.
    parser = configparser.RawConfigParser(default_section="", inline_comment_prefixes=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text, source=file)
    except configparser.Error as error:
        first, _, _ = str(error.message).partition("\n")
        raise _error(file, first, getattr(error, "lineno", None)) from None
    if not parser.has_section(SECTION):
        hint = f"its arguments stand below a line [{SECTION}]"
        raise _error(file, f"has no section [{SECTION}]", hint=hint)
    return _entries(file, text, dict(parser.items(SECTION)))


def _entries(file: str, text: str, found: dict[str, str]) -> dict[str, Entry]:
    lines = _lines(text)
    problems, entries = [], {}
    for key, written in found.items():
        name, line = key.replace("-", "_"), lines.get(key)
        if not written.strip().startswith(("'", '"')) and (comment := _COMMENT.search(written)):
            shorter = written[: comment.start()].strip()
            message = f"what follows the value would be a part of it: {written!r}"
            hint = f"write `{key} = {shorter}`, and the comment on a line of its own"
            problems.append(Problem(path=name, message=message, hint=hint, file=file, line=line))
        entries[name] = Entry(value_of_text(name, written), file, line)
    if problems:
        raise ConfigError(problems)
    return entries


def _lines(text: str) -> dict[str, int]:
    """Return the line at which each key of the section stands."""
    found: dict[str, int] = {}
    section = None
    for number, line in enumerate(text.splitlines(), 1):
        if heading := re.match(r"\[(.*)\]", line):
            section = heading[1]
        elif section == SECTION and (entry := re.match(r"([^\s=:;#][^=:]*?)\s*[=:]", line)):
            found[entry[1]] = number
    return found


def _error(file: str, message: str, line: int | None = None, hint: str | None = None) -> ConfigError:
    return ConfigError([Problem(path="", message=message, hint=hint, file=file, line=line)])
