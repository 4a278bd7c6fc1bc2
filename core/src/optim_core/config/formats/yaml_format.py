"""YAML: configs as ``.yaml`` and ``.yml`` files hold them."""

from __future__ import annotations

from typing import Any

from optim_core.config.formats.format import Locate

__all__ = ["has_comments", "read", "write"]


def read(text: str) -> tuple[Any, Locate]:
    """Return the value that a text holds, and what finds the places of the values in it.

    Raises:
        FormatError: it is not YAML, or no config.
    """
    from optim_core.config.formats.yaml_reader import Positions, compose, value_of

    root = compose(text)
    return value_of(root), Positions(root).of


def write(config: Any, *, ascii_only: bool = False) -> str:
    """Return plain data as YAML, keys in their order; with `ascii_only`, all other letters as escapes."""
    from optim_core.config.formats.yaml_writer import to_yaml

    return to_yaml(config, ascii_only=ascii_only)


def has_comments(text: str) -> bool:
    """Tell whether there is a ``#`` between the tokens of YAML."""
    from yaml import YAMLError

    from optim_core.config.formats.yaml_reader import between_tokens

    try:
        return "#" in text and any("#" in between for between in between_tokens(text))
    except YAMLError:
        # libyaml reads a little more than PyYAML's own scanner; what is not known to be no comment may be one.
        return True
