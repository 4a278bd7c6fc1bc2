"""The forms of configs that the functions of compat take: those of `registry.build`, and a schedule alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.forms import recognise
from optim_core.config.forms.form import Asked, ConfigForm, Reading
from optim_core.config.keys import naming_keys

__all__ = ["forms_for"]


def forms_for(kind: str) -> tuple[ConfigForm, ...]:
    """Return the forms that a config may have for a function that makes this kind, "optimizer" or "scheduler"."""
    return (*_OF_SCHEDULES, *recognise.FORMS) if kind == "scheduler" else recognise.FORMS


def _is_below_its_key(config: Mapping[str, Any], _: Asked) -> bool:
    return isinstance(config.get("scheduler"), Mapping) and len(config) == 1


def _below_its_key(config: Mapping[str, Any], _: Asked) -> Reading:
    return Reading(config, only="scheduler")


def _has_fields_beside(config: Mapping[str, Any], _: Asked) -> bool:
    named = isinstance(config.get("scheduler"), str)
    return named and not any(key in config for key in ("optimizer", *naming_keys("optimizer")))


def _with_fields(config: Mapping[str, Any], _: Asked) -> Reading:
    fields = {key: value for key, value in config.items() if key != "scheduler"}
    component = {"type": config["scheduler"], **fields}
    written = ((("scheduler", "type"), ("scheduler",)), (("scheduler",), ()))
    return Reading({"scheduler": component}, only="scheduler", written=written)


_OF_SCHEDULES = (
    ConfigForm("schedule below its key", _is_below_its_key, _below_its_key),
    ConfigForm("schedule with its fields beside it", _has_fields_beside, _with_fields),
)
