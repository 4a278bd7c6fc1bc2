"""An attrs class that is no plugin, such as the arguments of a command, from a mapping of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from optim_core.config.issues import IssuesError
from optim_core.config.problems import config_error
from optim_core.config.structuring.structurer import Structurer

__all__ = ["structured"]

T = TypeVar("T")


def structured(values: Mapping[str, Any], cls: type[T]) -> T:
    """Make an attrs class of a mapping of its fields, with every check and message that plugin classes have.

    Args:
        values: field to value, as a config file holds it.
        cls: an attrs class whose fields have types and, where they have a range, validators.

    Returns:
        an instance of the class.

    Raises:
        ConfigError: with everything that is wrong in `.problems`, each at the name of its field.

    Example:
        >>> import attrs
        >>> from optim_core.plugin_tools import structured
        >>> @attrs.frozen
        ... class Arguments:
        ...     batch_size: int = attrs.field(default=4, validator=attrs.validators.ge(1))
        >>> structured({"batch_size": "8"}, Arguments)
        Arguments(batch_size=8)
    """
    try:
        made: T = Structurer({}).structure(values, cls)
    except IssuesError as error:
        raise config_error(error.issues) from None
    return made
