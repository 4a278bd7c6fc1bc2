"""What repairs an issue, in words: the one sentence of each code. Imported where a config is wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from optim_core.config.advice import components, groups, overrides, recipes, unknown_fields, unread, unusual_rates
from optim_core.config.advice.field_words import auto, parts_of_recipe
from optim_core.config.advice.meaning import meaning
from optim_core.config.advice.stray_keys import stray_key
from optim_core.config.advice.telling import Telling
from optim_core.config.foreign_words import meant
from optim_core.config.forms.takes import Takes
from optim_core.config.issues import Hint, HintCode
from optim_core.config.keys import KIND, PARTS, RECIPE_KEYS, SECTION
from optim_core.config.structuring.repairs import as_bool, as_list, as_null, as_number
from optim_core.groups.rule import MATCH_KINDS, NO_DECAY_KINDS, REGEX
from optim_core.kinds import Kind
from optim_core.text.prose import listing
from optim_core.text.values import shown, type_in_words

__all__ = ["HINTS", "hint_text"]


def hint_text(tell: Telling, hint: Hint | None) -> str | None:
    """Return a repair in words, None where there is nothing to say."""
    return None if hint is None else HINTS[hint.code](tell, **hint.data)


def _first_of(tell: Telling, hints: Iterable[Hint]) -> str | None:
    return next(filter(None, (hint_text(tell, hint) for hint in hints)), None)


def _near_choice(tell: Telling, name: str, choices: Iterable[str]) -> str | None:
    near = tell.near(name, choices)
    return f"did you mean `{near}`?" if near else None


def _leave_it_out(_: Telling, **shows: Any) -> str:
    return "leave it out for the default" + "".join(f", {shown(default)}" for default in shows.values())


def _key_beside(
    tell: Telling,
    key: str,
    free: list[str],
    beside: list[str],
    takes: Collection[tuple[str, Collection[str]]],
    parts: Collection[tuple[Kind, Takes, Mapping[str, Any], str]],
    given: Mapping[str, Any],
    section: bool,
) -> str | None:
    means = meaning(key, given[key], parts_of_recipe(parts), given)
    near = None if means else meant(key, [*free, *RECIPE_KEYS, *beside], tell.near)
    said = f"did you mean `{near}`?" if near else means
    taken = "; ".join(f"{name} takes: {listing(keys) or 'nothing'}" for name, keys in takes)
    if said is None and taken:
        taken += _ELSEWHERE if section else _BELOW_A_SECTION
    return " ".join(filter(None, [_ended(said) if taken else said, taken])) or None


_ELSEWHERE = f"; what is about something else may stand in a section beside `{SECTION}`"

_BELOW_A_SECTION = f"; all of this may stand below `{SECTION}`, with what is the training loop's beside it"


def _ended(said: str | None) -> str | None:
    return said if said is None or said.endswith("?") else f"{said};"


def _or_lead_to_it(tell: Telling, hint: Hint | None, key: str) -> str:
    first = hint_text(tell, hint)
    lead = f"let the value there lead to it, `${{{key}}}`"
    return f"{first}, or {lead}" if first else lead


HINTS: dict[HintCode, Callable[..., str | None]] = {
    "said": lambda _, text: str(text),
    "first-of": _first_of,
    # A value.
    "write-bool": lambda _, value: as_bool(value),
    "write-null": lambda _, value: as_null(value),
    "write-number": lambda _, value, whole: as_number(value, whole=whole),
    "write-list": lambda _, value, length: as_list(value, length),
    "near-choice": _near_choice,
    "leave-it-out": _leave_it_out,
    "auto": lambda _, field: auto(field),
    "keep-one": lambda _: "give one of the two",
    "take-one-away": lambda _: "take one of the two away",
    "plain-data": lambda _: "plain dicts, lists, texts and numbers can always be read",
    "python-code": lambda _: "a config file cannot name Python code; see `optim show` for what the field takes as text",
    # A field and a key.
    "needs-a-value": lambda _, name, wanted: f"{name} needs {type_in_words(wanted)} here",
    "field": unknown_fields.field,
    "takes": unknown_fields.takes,
    "left-out": lambda _, text: str(text),
    "field-of-component": unknown_fields.field_of_component,
    "flat-field": unknown_fields.flat_field,
    "near-config": unknown_fields.near_config,
    "beside-config": unknown_fields.beside_config,
    "key-beside": _key_beside,
    "stray-key": lambda tell, **stray: stray_key(tell, **stray).text,
    "key-of-recipe": recipes.key_of_recipe,
    "no-field-of-kind": lambda _, kind: f"it is no field of the {kind}",
    "move-beside-type": lambda _, part: f"move it into `{part}`, beside `type`",
    "near-beside-type": lambda _, word, part: f"did you mean `{word}`, in `{part}`, beside `type`?",
    "move-into-part": lambda _, name, part: f"it is a field of {name}: move it into `{part}`",
    "or-lead-to-it": _or_lead_to_it,
    "move-into-params": lambda _, name, params: f"it is a field of {name}: move it into `{params}`",
    # A component.
    "component": components.component,
    "where-the-type-is": components.where_the_type_is,
    "unknown-type": components.unknown_type,
    "pass-kind": lambda _, kinds: "pass " + " or ".join(f'kind="{kind}"' for kind in kinds),
    "decay": lambda _: "the rate is multiplied by it after each epoch; 0.95 takes 5 % away",
    "install-decay": lambda _: "it is a schedule of torch's: pip install 'optim-core[torch]'",
    "fit-length": lambda _, misfit: str(misfit.hint),
    # A recipe and named sets.
    "config": recipes.config,
    "section-name": lambda _, name: f"did you mean `{SECTION}` where `{name}` stands?",
    "looks-like-a-recipe": lambda _, place: f"`{place}` looks like a recipe: build it alone, or call it `{SECTION}`",
    "recipe-or-component": recipes.recipe_or_component,
    "names-no-optimizer": recipes.names_no_optimizer,
    "recipe-key": recipes.recipe_key,
    "optimizer-example": lambda _: "for example optimizer: {type: AdamW, config: {lr: 1e-3}}",
    "clipping": recipes.clipping,
    "one-name-each": lambda _: "name: {type, config} for each",
    "names": recipes.names,
    "one-or-named": lambda _, key, part: f"call it `{part}`, or give it a name: {key}: {{name: {{type, config}}}}",
    "near-optimizer": recipes.near_optimizer,
    "one-schedule": lambda _: "keep one of the two",
    "clipping-by-name": lambda _: "did you mean `gradient_clipping_configs`?",
    "make-it-a-pair": lambda _, word: f"write the set as {{optimizer: {{type, config}}, {word}}}, beside its optimizer",
    "one-clipping": lambda _, for_all: (
        "keep one of the two: that beside the sets is for all of them, that of a set for it alone"
        if for_all
        else "keep one of the two"
    ),
    "take-one-decay-out": lambda _: "take lr_decay_gamma out, or the scheduler",
    "lower-the-floor": lambda _, field: (
        f"lower it, or raise the optimizer's lr, from which the schedule falls to {field}"
    ),
    # Other forms.
    "leave-clipping-out": lambda _: "leave it out: nothing is clipped where a config does not say so",
    "read-elsewhere": unread.read_elsewhere,
    "give-both-rates": unusual_rates.give_both,
    "section-example": lambda _: f"{SECTION}: {{optimizer: …, scheduler: …}}, or {SECTION}: {{optimizer_configs: …}}",
    "other-section": lambda _, name: f"`{name}` looks like the recipe: build it alone",
    "give-each-a-rate": lambda _, without: (
        f"{listing(without)} would train with the default of its optimizer; give each its own lr"
    ),
    "whose-it-is": lambda _, key: "say whose it is: " + " or ".join(f"{part}: {{type: …, {key}: …}}" for part in PARTS),
    "name-the-part": lambda _, part: f"name the {part} there",
    "names-the-part": lambda _, part, params: f"it names the {part} that `{params}` belongs to",
    # What is said of some parameters.
    "rules": groups.rules,
    "rule": groups.rule,
    "pattern": lambda _: 'a pattern of parameter names, for example match: "*.bias"',
    "first-match-wins": lambda _: "take one of the two away: the first match wins",
    "regular-expression": lambda _: f"what follows `{REGEX}` is Python's `re`",
    "unfreeze": lambda _: "take `freeze` away, or what stands beside it and `match`",
    "freeze-instead": lambda _: "for parameters that are not trained write `freeze: true` in its place",
    "give-a-rate": lambda _, rate: f"give `{rate}` a number",
    "rule-key": groups.rule_key,
    "kinds": lambda _: f"for example [{', '.join(NO_DECAY_KINDS[:2])}]",
    "kind": groups.kind,
    "kind-key": groups.kind_key,
    "kind-to-match": groups.kind_to_match,
    "kinds-to-match": lambda _: f"for example {{{KIND}: {MATCH_KINDS[0]}}}",
    "beside-inner": lambda _, part: f"move it into `{part}`, beside `type`",
    # An override.
    "near-beside-config": overrides.near_beside_config,
    "near-path": overrides.near_path,
}
