"""What somebody meant by a wrong rule of parameters, or by `no_decay`, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from optim_core.config.advice.telling import Telling
from optim_core.config.foreign_words import WORDS_FOR_CONFIG, WORDS_FOR_MATCH, field_meant
from optim_core.config.keys import KIND, RULE_KEYS
from optim_core.groups.rule import MATCH_KINDS, NO_DECAY_KINDS, REGEX, VECTOR
from optim_core.text.prose import listing
from optim_core.text.values import as_in_config

__all__ = ["kind", "kind_key", "kind_to_match", "rule", "rule_key", "rules"]

LONGEST_PATTERN = 100

_RULE = 'for example {match: "*.bias", weight_decay: 0}'
_FOR_MULTIPLIER = frozenset(
    {
        *("lr_mult", "lr_scale", "lr_factor", "lr_ratio", "lr_coef", "lr_multipliers", "mult", "multiplier", "scale"),
        "learning_rate_multiplier",
    }
)
_FOR_DECAY = frozenset({"decay_mult", "wd_mult", "weight_decay_mult", "wd_scale", "wd_multiplier"})
# These words say that parameters are trained.
_TRAINED = frozenset({"requires_grad", "trainable", "train"})
# These stand in the names of modules, layers and parameters; each says of which kind those are.
_SIGNS = {"norm": "norm", "bn": "norm", "ln": "norm", "gn": "norm", "bias": "bias", "emb": "embedding"}
_SIGNS |= {"head": "head", "classifier": "head", "vec": VECTOR}


def rules(_: Telling, value: Any) -> str:
    """Return the hint for rules that are no list."""
    if not isinstance(value, Mapping):
        return f"for example [{_RULE.removeprefix('for example ')}]"
    if "match" in value:
        return "write it in a list: in YAML, with a `-` before it"
    first = next((key for key, item in value.items() if isinstance(key, str) and isinstance(item, Mapping)), None)
    return f'write [{{match: "{first}", …}}, …]' if first is not None and len(first) < LONGEST_PATTERN else _RULE


def rule(_: Telling, value: Any) -> str:
    """Return the hint for a rule that is no mapping."""
    return f'write {{match: "{as_in_config(value)}", …}}' if isinstance(value, str) and value.isprintable() else _RULE


def rule_key(
    tell: Telling, key: str, rule: Mapping[str, Any], name: str, keys: tuple[str, ...], known: tuple[str, ...]
) -> str:
    """Return the hint for an unknown key of a rule.

    Args:
        tell: what the sentences are made with.
        key: the key.
        rule: the rule.
        name: what messages call the plugin class.
        keys: the fields of the class.
        known: its fields and their aliases.
    """
    word, value = key.lower().replace("-", "_"), rule[key]
    if isinstance(value, Mapping) and (word == "config" or word in WORDS_FOR_CONFIG):
        return "its fields stand beside `match`, without a key above them"
    if word == "type":
        return "all groups have the optimizer's type; others are `optimizer_configs`"
    if word in _TRAINED:
        return "write `freeze: true`" if value is False else "leave it out: parameters are trained"
    if word in _FOR_DECAY:
        return "write the value itself: `weight_decay: …`"
    if word in (KIND, f"{KIND}s") and "match" not in rule:
        return f"write `match: {{{KIND}: {_in_words(value)}}}`"
    if word == "regex" and "match" not in rule:
        return f'did you mean `match: "{REGEX}…"`?'
    near = _near(tell, key, word, known)
    takes = f"a rule takes: {', '.join(RULE_KEYS)}, and {name}'s fields: {listing(keys) or 'none'}"
    if near is None:
        return takes
    return f"`{near}` is given already; {takes}" if near in rule else f"did you mean `{near}`? {takes}"


def _in_words(value: Any) -> str:
    kinds = value if isinstance(value, list) else [value]
    known = [kind for kind in kinds if kind in MATCH_KINDS] or ["…"]
    return f"[{', '.join(known)}]" if len(known) > 1 else known[0]


def _near(tell: Telling, key: str, word: str, known: Iterable[str]) -> str | None:
    if word in WORDS_FOR_MATCH:
        return "match"
    if word in _FOR_MULTIPLIER:
        return "lr_multiplier"
    known = list(known)
    return field_meant(key, known) or tell.near(key, [*known, *RULE_KEYS])


def kind(tell: Telling, value: Any) -> str | None:
    """Return the hint for what is none of the kinds of parameters that have no decay."""
    if not isinstance(value, str):
        return None
    near = _kind_near(tell, value, NO_DECAY_KINDS)
    names = "for parameters by name, `param_groups: [{match: …, weight_decay: 0}]`"
    return f"did you mean `{near}`? It goes by the module's type; {names}" if near else names


def kind_to_match(tell: Telling, value: Any) -> str:
    """Return the hint for what is none of the kinds of parameters that a rule may be for."""
    near = _kind_near(tell, value, MATCH_KINDS) if isinstance(value, str) else None
    by_name = 'for parameters by name, `match: "*.name"`'
    return f"did you mean `{near}`? It goes by the module's type; {by_name}" if near else by_name


def kind_key(tell: Telling, key: str, given: Mapping[str, Any]) -> str:
    """Return the hint for a key beside or in place of `kind`."""
    value = given[key]
    if KIND not in given and (tell.near(key, [KIND]) or key in ("type", "module") or value in MATCH_KINDS):
        return f"did you mean `{KIND}`?"
    if KIND not in given and isinstance(value, str) and value.isprintable():
        return f'a pattern stands by itself: write match: "{as_in_config(value)}"'
    return f"allowed here: {KIND}, with {listing(MATCH_KINDS)}"


def _kind_near(tell: Telling, value: str, kinds: tuple[str, ...]) -> str | None:
    parts = re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", value).lower())
    near = next((meant for sign, meant in _SIGNS.items() for part in parts if _has(sign, part)), None)
    return near if near in kinds else tell.near(value, kinds)


def _has(sign: str, part: str) -> bool:
    """Return whether a part of a name says so; a sign of two letters is all of it."""
    return sign in part if len(sign) > 2 else re.fullmatch(rf"{sign}\d*", part) is not None
