"""The forms that configs have elsewhere, each turned into a recipe or into named sets.

A training section around the recipe, with settings of the training loop in it; named sets without the key above them;
flat sets and serialized pairs. What is a recipe already passes as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from typing import Any

from optim_core.config.foreign_words import (
    CLIP_ALGORITHM,
    FIELD_WORDS,
    FIELDS,
    LOOP_KEYS,
    OTHER_WORDS,
    OUR_WORDS,
    SIGNS_OF_A_SECTION,
    is_about,
    meant,
)
from optim_core.config.forms.flat_set import FlatSet, clipping_of, is_flat
from optim_core.config.forms.form import Fields, Form
from optim_core.config.issues import Hint, Issue, IssuesError
from optim_core.config.keys import NAMED_KEYS, PARTS, RECIPE_KEYS, SECTION
from optim_core.text.spelling import alike

__all__ = ["has_content", "read_form"]


def read_form(config: Mapping[str, Any], fields: Fields) -> Form | None:
    """The form that a config has which is no component with a `type`; None where it has none.

    Args:
        config: a mapping, not changed.
        fields: says which keys a type takes, to divide flat sets.

    Raises:
        IssuesError: the section of a training config holds no recipe.
    """
    if SECTION not in config or has_content(config):
        return _form(config, fields, section=False)
    section = config[SECTION]
    if not isinstance(section, Mapping):
        raise IssuesError(Issue("no-section", (SECTION,), section))
    form = _form(section, fields, section=True)
    if form is None:
        others = [key for key, value in config.items() if isinstance(value, Mapping) and has_content(value)]
        hint = Hint.of("other-section", name=others[0]) if others else Hint("section-example")
        raise IssuesError(Issue("empty-section", (SECTION,), section, hint=hint))
    return form.below(SECTION, {key: value for key, value in config.items() if key != SECTION})


def has_content(config: Mapping[str, Any]) -> bool:
    """Whether a key of `config` is one of a recipe's, in any form."""
    return any(key in config for key in (*RECIPE_KEYS, *NAMED_KEYS)) or is_flat(config)


def _form(config: Mapping[str, Any], fields: Fields, *, section: bool) -> Form | None:
    if "optimizer_configs" in config or "scheduler_configs" in config:
        if not section and SIGNS_OF_A_SECTION.isdisjoint(key for key in config if isinstance(key, str)):
            return Form(config)
        return _without_others(config, NAMED_KEYS, OUR_WORDS, _overridden_rate(config))
    if is_flat(config):
        return FlatSet(config, fields, section=section).form()
    if any(key in config for key in RECIPE_KEYS):
        return Form(config) if not section else _without_others(config, _of_parts(config, fields), FIELD_WORDS)
    if _are_named(config, fields):
        return Form({"optimizer_configs": config}, written=((("optimizer_configs",), ()),))
    return None


# -- named sets without the key above them ---------------------------------------------------------------------------


def _are_named(config: Mapping[Any, Any], fields: Fields) -> bool:
    """Whether the keys are names, with pairs {optimizer, scheduler} below them, or optimizers."""
    if not config or not all(isinstance(name, str) and _may_be_a_name(name) for name in config):
        return False
    if any(map(_is_pair, config.values())):
        return all(map(_looks_like_a_pair, config.values()))
    return all(isinstance(value, Mapping) and fields("optimizer", value.get("type")) for value in config.values())


def _may_be_a_name(key: str) -> bool:
    return meant(key, (*RECIPE_KEYS, *NAMED_KEYS, SECTION)) is None


def _is_pair(value: Any) -> bool:
    """Whether a value is {optimizer, scheduler} and nothing else."""
    return isinstance(value, Mapping) and isinstance(value.get("optimizer"), Mapping) and value.keys() <= set(PARTS)


def _looks_like_a_pair(value: Any) -> bool:
    """Whether a value is a pair, if need be misspelt."""
    keys = value if isinstance(value, Mapping) and "type" not in value else ()
    return bool(keys) and all(isinstance(key, str) and meant(key, PARTS) is not None for key in keys)


# -- a section of a training config ----------------------------------------------------------------------------------


def _without_others(
    config: Mapping[str, Any], ours: Collection[str], words: Container[str], issues: Iterable[Issue] = ()
) -> Form:
    """A section without what belongs to the training loop; what looks like ours stays, to be refused by its name.

    Args:
        config: the section.
        ours: the keys that are certainly not the loop's.
        words: those that say of a key that has one of them that it is about optimizers and schedules.
        issues: what is wrong already.
    """
    kept = {key: value for key, value in config.items() if not isinstance(key, str) or _is_ours(key, ours, words)}
    unused = {key: value for key, value in config.items() if key not in kept}
    clipping, written, of_clipping = clipping_of(kept)
    return Form({**kept, **clipping}, None, written, unused, (*issues, *of_clipping))


def _is_ours(key: str, ours: Collection[str], words: Container[str]) -> bool:
    """Whether a key is one of a recipe's, or looks like it."""
    own = (*RECIPE_KEYS, *NAMED_KEYS)
    if key in ours or key in own or key in OTHER_WORDS or key == CLIP_ALGORITHM:
        return True
    return key not in LOOP_KEYS and (is_about(key, words) or alike(key, (*own, *ours)))


def _overridden_rate(config: Mapping[str, Any]) -> list[Issue]:
    """A `learning_rate` beside named sets is the fallback for none of them where each sets its own, or an error."""
    sets = config.get("optimizer_configs")
    if "learning_rate" not in config or not isinstance(sets, Mapping):
        return []
    without = [str(name) for name, value in sets.items() if not _has_rate(value)]
    if not without:
        return []
    return [Issue("rate-of-named-sets", ("learning_rate",), hint=Hint.of("give-each-a-rate", without=without))]


def _has_rate(value: Any) -> bool:
    """Whether an entry of named sets, as a pair or as a component, sets its rate; what is malformed is left alone."""
    component = value.get("optimizer") if isinstance(value, Mapping) and "optimizer" in value else value
    if not isinstance(component, Mapping):
        return True
    given = component.get("config", component)
    return not isinstance(given, Mapping) or "lr" in given or "learning_rate" in given


def _of_parts(config: Mapping[str, Any], fields: Fields) -> set[str]:
    """The keys that the parts of a recipe take, which say nothing beside them."""
    found = set(FIELDS)
    for part in PARTS:
        component = config.get(part)
        taken = fields(part, component.get("type")) if isinstance(component, Mapping) else None
        found |= {key for key in (*taken.keys, *taken.aliases) if key not in LOOP_KEYS} if taken else set()
    return found
