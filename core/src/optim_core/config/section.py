"""A section of a config file that is another program's, and has to be read by the rules of that."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from optim_core.config.document import Section
from optim_core.config.formats.format import FormatError
from optim_core.config.formats.load import format_of
from optim_core.config.issues import ConfigPath, Position
from optim_core.errors import ConfigError, Problem

__all__ = ["read_section"]


def read_section(file: str | os.PathLike[str], keys: Sequence[str]) -> Section | None:
    r"""Return the mapping below some keys of a file, which remembers its lines for the messages of `Registry.build`.

    The rest of the file is another program's, so that nothing is said about it: a file that is missing or that cannot
    be read has no section. One that ends in neither ``.json`` nor ``.toml`` is read as YAML.

    Args:
        file: a path.
        keys: those that lead to the mapping, the outermost first.

    Returns:
        the mapping, or None where the keys lead to none; `with_value` of it gives another value, such as one in which
        references are resolved, the same places.

    Raises:
        ConfigError: what stands there is no config: a key twice, a tag.

    Example:
        >>> from optim_core import ConfigError, registry
        >>> from optim_core.plugin_tools import read_section
        >>> import optim_torch_builtin
        >>> with open("run.yaml", "w") as file:
        ...     _ = file.write("model: {width: 3}\noptimization:\n  type: AdamW\n  lr: -1\n")
        >>> section = read_section("run.yaml", ["optimization"])
        >>> try:
        ...     registry.build(section)
        ... except ConfigError as error:
        ...     print(error)
        run.yaml:4:3: lr: must be > 0, is -1.0
    """
    name = os.fspath(file)
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
    file_format = format_of(name)
    read = _in_yaml if file_format is None or file_format.name == "yaml" else _in(file_format.code().read)
    try:
        return read(text, name, tuple(keys))
    except FormatError as error:
        line, column = error.position
        problem = Problem(
            path=".".join(keys),
            message=error.message,
            hint=error.hint,
            file=name,
            line=line or None,
            column=column or None,
        )
        raise ConfigError([problem]) from None


def _in_yaml(text: str, file: str, keys: ConfigPath) -> Section | None:
    """Read one section alone, as what stands beside it may follow other rules."""
    from optim_core.config.formats.yaml_reader import Positions, compose, node_at, value_of

    try:
        root = compose(text)
    except FormatError:
        return None
    node = node_at(root, keys)
    if node is None:
        return None
    value = value_of(node)
    return Section(value, file, Positions(node).of) if isinstance(value, dict) else None


def _in(read: Callable[[str], tuple[Any, Callable[[ConfigPath], Position | None]]]) -> Callable[..., Section | None]:
    def section(text: str, file: str, keys: ConfigPath) -> Section | None:
        try:
            value, locate = read(text)
        except FormatError:
            return None
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return Section(value, file, lambda path: locate((*keys, *path))) if isinstance(value, dict) else None

    return section
