"""A config with other values in some fields, which are checked as they are in a config."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from optim_core.config.issues import Issue, IssuesError, in_order
from optim_core.config.problems import config_error
from optim_core.config.structuring.plain_data import plain_data
from optim_core.config.structuring.structurer import Structurer

__all__ = ["evolved"]


def evolved(config: Any, fields: Mapping[str, Any], title: str, ready_made: tuple[type[Any], ...]) -> Any:
    """Return the instance of a plugin class with other values in some fields.

    Args:
        config: the instance, which stays as it is.
        fields: field to value, as a config would have it.
        title: what messages call the plugin.
        ready_made: the classes of components, which a field may hold, and of which an instance is to be given.

    Raises:
        ConfigError: with all that is wrong.
    """
    try:
        return _structurer(ready_made).evolve(config, plain_data(fields), title)
    except IssuesError as error:
        raise config_error(in_order(error.issues, fields)) from error.__cause__


@cache
def _structurer(ready_made: tuple[type[Any], ...]) -> Structurer:
    return Structurer(dict.fromkeys(ready_made, _as_it_is))


def _as_it_is(value: Any, cls: type[Any]) -> Any:
    if not isinstance(value, cls):
        raise IssuesError(Issue("refused", (), value, cls, {"text": f"must be a ready-made {cls.__name__}"}))
    return value
