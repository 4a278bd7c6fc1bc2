"""The forms that configs have: one list, from the first that fits a config is read.

The usual ones, a component and a nested recipe, come first and need nothing of the others, which are imported where a
config is none of the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from optim_core.config.forms.form import Asked, ConfigForm, Reading
from optim_core.config.issues import Hint, Issue, IssuesError
from optim_core.config.keys import NAMED_KEYS, PARTS, RECIPE_KEYS, SECTION, naming_keys

__all__ = ["FORMS", "has_content", "read_form"]


def read_form(config: Mapping[str, Any], asked: Asked, forms: Iterable[ConfigForm] | None = None) -> Reading | None:
    """Return a config as a recipe, named sets or one component; None where it has none of the forms.

    Args:
        config: a mapping, not changed.
        asked: what the forms may have to know beside it.
        forms: those that it may have, `FORMS` where none are given.

    Raises:
        IssuesError: it has a form, and nothing can be made of it.
    """
    found = next((form for form in (FORMS if forms is None else forms) if form.recognises(config, asked)), None)
    return None if found is None else found.read(config, asked)


def has_content(config: Mapping[str, Any]) -> bool:
    """Return whether a key of `config` is one of a recipe's, in any form."""
    return any(key in config for key in (*RECIPE_KEYS, *NAMED_KEYS)) or _is_flat(config)


# -- a component, a recipe -------------------------------------------------------------------------------------------


def _is_component(config: Mapping[str, Any], asked: Asked) -> bool:
    return "type" in config and not asked.section


def _component(config: Mapping[str, Any], asked: Asked) -> Reading:
    kind = asked.kind or asked.kind_of(config)
    return Reading({kind: config}, only=kind, written=(((kind,), ()),))


def _is_nested(config: Mapping[str, Any], _: Asked) -> bool:
    named = isinstance(config.get("scheduler"), str)
    return isinstance(config.get("optimizer"), Mapping) and not named and config.keys() <= set(RECIPE_KEYS)


def _as_it_is(config: Mapping[str, Any], _: Asked) -> Reading:
    return Reading(config)


def _is_recipe(config: Mapping[str, Any], _: Asked) -> bool:
    return any(key in config for key in RECIPE_KEYS)


def _recipe(config: Mapping[str, Any], asked: Asked) -> Reading:
    if not asked.beside_others:
        return Reading(config)
    from optim_core.config.forms.section import recipe_in_section

    return recipe_in_section(config, asked.fields)


# -- the section of a training config --------------------------------------------------------------------------------


def _has_section(config: Mapping[str, Any], asked: Asked) -> bool:
    return SECTION in config and not asked.section and not has_content(config)


def _section(config: Mapping[str, Any], asked: Asked) -> Reading:
    section = config[SECTION]
    if not isinstance(section, Mapping):
        raise IssuesError(Issue("no-section", (SECTION,), section))
    reading = read_form(section, asked._replace(section=True))
    if reading is None:
        from optim_core.config.foreign_words import OTHER_WORDS, snake

        renamed = next(
            (key for key in section if isinstance(key, str) and OTHER_WORDS.get(snake(key)) == PARTS[0]), None
        )
        if renamed is not None:
            hint = Hint.of("recipe-key", near=PARTS[0], flat=False)
            raise IssuesError(Issue("unknown-key", (SECTION, renamed), section[renamed], hint=hint))
        others = [key for key, value in config.items() if isinstance(value, Mapping) and has_content(value)]
        hint = Hint.of("other-section", name=others[0]) if others else Hint("section-example")
        raise IssuesError(Issue("empty-section", (SECTION,), section, hint=hint))
    return reading.below(SECTION, {key: value for key, value in config.items() if key != SECTION})


# -- named sets ------------------------------------------------------------------------------------------------------


def _has_named_sets(config: Mapping[str, Any], _: Asked) -> bool:
    return "optimizer_configs" in config or "scheduler_configs" in config


def _named_sets(config: Mapping[str, Any], asked: Asked) -> Reading:
    from optim_core.config.forms.named_sets import named_sets

    return named_sets(config, section=asked.beside_others)


def _are_named(config: Mapping[str, Any], asked: Asked) -> bool:
    from optim_core.config.forms.named_sets import are_named

    return are_named(config, asked.fields)


def _names(config: Mapping[str, Any], _: Asked) -> Reading:
    return Reading({"optimizer_configs": config}, written=((("optimizer_configs",), ()),))


# -- flat sets -------------------------------------------------------------------------------------------------------


def _is_serialized(config: Mapping[str, Any], _: Asked) -> bool:
    return any(naming_keys(part)[2] in config for part in PARTS)


def _is_flat(config: Mapping[str, Any], _: Asked | None = None) -> bool:
    """Return whether a mapping names an optimizer or a schedule by a text, or by a key of its own."""
    return any(key in config for part in PARTS for key in naming_keys(part)) or any(
        isinstance(config.get(part), str) for part in PARTS
    )


def _flat_set(config: Mapping[str, Any], asked: Asked) -> Reading:
    from optim_core.config.forms.flat_set import FlatSet

    return FlatSet(config, asked.fields, section=asked.beside_others).reading()


# To add a form is to write its row here; of two that fit a config, the first counts.
FORMS: tuple[ConfigForm, ...] = (
    ConfigForm("component", _is_component, _component),
    ConfigForm("nested recipe", _is_nested, _as_it_is),
    ConfigForm("section of a training config", _has_section, _section),
    ConfigForm("named sets", _has_named_sets, _named_sets),
    # One set may name its optimizer in one of these two ways and its schedule in the other.
    ConfigForm("serialized pairs", _is_serialized, _flat_set),
    ConfigForm("flat set", _is_flat, _flat_set),
    ConfigForm("recipe with other keys", _is_recipe, _recipe),
    ConfigForm("named sets without the key above them", _are_named, _names),
)
