"""Lengths among the keys of a config: which of them are fields of the schedule, and which are the length of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from optim_core.compat.arguments import problem
from optim_core.config.keys import SECTION, naming_keys
from optim_core.config.lengths import LENGTHS
from optim_core.config.loop_keys import EPOCHS
from optim_core.errors import ConfigError
from optim_core.plugin_class.fields import config_fields
from optim_core.registry import registry

__all__ = ["Divided", "divided", "horizon_of"]


class Divided(NamedTuple):
    """A config that keeps the lengths for which its schedule has fields, and the other lengths, which are the run's.

    Args:
        config: the config, without the lengths of the run.
        lengths: the lengths of the run.
        written: field of the schedule to the key under which the user wrote it, where that is another.
    """

    config: Any
    lengths: Mapping[str, Any]
    written: Mapping[str, str]

    def as_written(self, path: str) -> str:
        """Return the path that the user wrote for a path in `config`."""
        before, dot, key = path.rpartition(".")
        return before + dot + self.written.get(key, key) if before in ("", SECTION) else path


def divided(config: Any) -> Divided:
    """Divide a config, or its section ``training``; what is not a mapping is left to ``registry.build``.

    ``epochs``, ``max_epochs`` and ``num_epochs`` are one length: a schedule that has a field of one of these names gets
    it, whichever of them the config uses.

    Raises:
        ConfigError: the config gives one length under two names.
    """
    if not isinstance(config, Mapping):
        return Divided(config, {}, {})
    if isinstance(config.get(SECTION), Mapping):
        section = divided(config[SECTION])
        return section._replace(config={**config, SECTION: section.config})
    takes = _fields_of_schedule(config)
    kept: dict[Any, Any] = {}
    lengths: dict[str, Any] = {}
    keys: dict[str, str] = {}
    written: dict[str, str] = {}
    for key, value in config.items():
        length = LENGTHS.get(key) if isinstance(key, str) else None
        if length is None or key in takes:
            kept[key] = value
        if length is None or value is None:
            continue
        if length in keys:
            raise ConfigError([problem(key, f"means the same as `{keys[length]}`", "give one of the two")])
        keys[length] = key
        field = next((name for name in EPOCHS if name in takes and key in EPOCHS), None)
        if key not in takes and field is not None:
            kept[field] = value
            written[field] = key
        elif key not in takes:
            lengths[length] = value
    return Divided(kept, lengths, written)


def _fields_of_schedule(config: Mapping[Any, Any]) -> Mapping[str, Any]:
    """Return the fields of the schedule whose fields stand in `config` itself; empty where they stand elsewhere."""
    name_key, type_key, params = naming_keys("scheduler")
    if "config" in config or params in config:
        return {}
    name = next((config[key] for key in ("scheduler", name_key, type_key, "type") if key in config), None)
    found = registry.find("scheduler", name) if isinstance(name, str) else None
    return {} if found is None else config_fields(found.cls)


def horizon_of(*sources: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a horizon; where several sources have one length, the last counts."""
    return {
        LENGTHS[key]: value
        for source in sources
        for key, value in source.items()
        if key in LENGTHS and value is not None
    }
