"""The keys of recipes in every form of config, and the words that other projects have for them."""

from __future__ import annotations

from optim_core.kinds import GROUP_KEYS, KINDS, LAYER_DECAY, NO_DECAY, PARAM_GROUPS, Kind

__all__ = [
    "BESIDE",
    "DEFAULT_CLIPPER",
    "GROUP_KEYS",
    "KIND",
    "LAYER_DECAY",
    "NAMED_KEYS",
    "NO_DECAY",
    "PARAM_GROUPS",
    "PARTS",
    "RECIPE_KEYS",
    "RULE_KEYS",
    "SECTION",
    "naming_keys",
    "owner_of",
]

RECIPE_KEYS = ("optimizer", "scheduler", "gradient_clipping")
NAMED_KEYS = ("optimizer_configs", "scheduler_configs", "gradient_clipping", "gradient_clipping_configs")
# Configs of whole training runs hold the recipe below this key.
SECTION = "training"
PARTS: tuple[Kind, Kind] = ("optimizer", "scheduler")
# These stand beside the `type` and `config` of a part.
BESIDE: dict[Kind, tuple[str, ...]] = {part: KINDS[part].beside for part in PARTS}
DEFAULT_CLIPPER = "norm"
# A rule of `param_groups` has these beside the fields of the plugin class.
RULE_KEYS = ("match", "lr_multiplier", "freeze")
# The key by which `match` names kinds of parameters.
KIND = "kind"


def owner_of(key: str) -> Kind | None:
    """Return the part beside whose `type` and `config` a key stands."""
    return next((part for part, keys in BESIDE.items() if key in keys), None)


def naming_keys(part: Kind) -> tuple[str, str, str]:
    """Return the keys that name a part of a flat set, or hold all of its fields."""
    return f"{part}_name", f"{part}_type", f"{part}_params"
