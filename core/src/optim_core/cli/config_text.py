"""Configs as text in the three formats, printed or written to a file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Literal, get_args

from optim_core import OptimError, registry
from optim_core.cli.output import can_say, say
from optim_core.cli.writing import write_file

__all__ = ["FORMS", "Form", "form_of", "print_config", "render", "write_config"]

Form = Literal["yaml", "json", "toml"]
FORMS: tuple[Form, ...] = get_args(Form)
# Half of a surrogate pair, which only JSON can write: as an escape.
_HALF = re.compile(r"[\ud800-\udfff]")
_ENDINGS: dict[str, Form] = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml"}


def render(config: dict[str, Any], form: Form, *, ascii_only: bool = False) -> str:
    """A canonical config as text that ends with a line break and builds the same again.

    Args:
        config: as `registry.to_config` gives it.
        form: the format.
        ascii_only: write all other letters as escapes.

    Raises:
        OptimError: the format cannot hold it, or a number has over 4,300 digits.
    """
    if form == "toml":
        from optim_core.config.formats.toml_writer import without_nulls

        config = without_nulls(config, registry.build)
    try:
        has_half = _HALF.search(json.dumps(config, ensure_ascii=False)) is not None
        if has_half and form != "json":
            raise OptimError(f"the config holds half a surrogate pair, which no {form} file can; JSON can")
        return _text(config, form, ascii_only=ascii_only or has_half)
    except ValueError as error:
        # Python reads longer numbers than it writes, where they are hexadecimal.
        raise OptimError(f"the config holds a number that cannot be written: {error}") from None


def _text(config: dict[str, Any], form: Form, *, ascii_only: bool) -> str:
    if form == "json":
        return json.dumps(config, indent=2, ensure_ascii=ascii_only) + "\n"
    if form == "yaml":
        from optim_core.config.formats.yaml_writer import to_yaml

        return to_yaml(config, ascii_only=ascii_only)
    from optim_core.config.formats.toml_writer import to_toml

    text = to_toml(config)
    return re.sub(r"[^\x00-\x7f]", _escaped, text) if ascii_only else text


def _escaped(letter: re.Match[str]) -> str:
    """As TOML's basic strings escape it; letters beyond ASCII stand nowhere else."""
    code = ord(letter.group())
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def print_config(config: dict[str, Any], form: Form) -> None:
    """Prints a canonical config, with escapes where standard output lacks a letter."""
    text = render(config, form)
    if not can_say(text):
        text = render(config, form, ascii_only=True)
    say(text.rstrip("\n"))


def form_of(file: str, wanted: Form | None) -> Form:
    """The format for a file: the wanted one, or that of its ending.

    Raises:
        OptimError: the ending says no format, or another than the wanted one.
    """
    ending = Path(file).suffix
    form = _ENDINGS.get(ending.lower())
    if form is None and wanted is None:
        raise OptimError(f"{file}: the ending `{ending}` says no format; {', '.join(_ENDINGS)} do, or --format")
    if form is not None and wanted not in (None, form):
        raise OptimError(f"{file}: a file that ends in `{ending}` is read as {form}, not as {wanted}")
    return wanted or form or "yaml"


def write_config(config: dict[str, Any], file: str, form: Form) -> None:
    """Writes a canonical config to a file, which holds what it held before until it holds all of the new text.

    Raises:
        OptimError: TOML cannot hold it, or the file cannot be written.
    """
    write_file(render(config, form).encode(), file)
