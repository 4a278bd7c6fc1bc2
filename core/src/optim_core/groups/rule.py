"""GroupRule: one entry of ``param_groups``, validated against the plugin class whose fields it overrides."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["MATCH_KINDS", "NO_DECAY_KINDS", "REGEX", "VECTOR", "GroupRule"]

# A pattern that begins with this is a regular expression; any other is a pattern of fnmatch.
REGEX = "re:"
# A kind that the number of dimensions decides, and no module and no name.
VECTOR = "vector"
# The kinds of parameters that may be without weight decay; the first that holds for a parameter decides.
NO_DECAY_KINDS = ("bias", "norm", "embedding", VECTOR)
# The kinds of parameters that a rule may be for; a vector has fewer than two dimensions.
MATCH_KINDS = ("embedding", "head", "norm", "bias", VECTOR)


@attrs.frozen(kw_only=True)
class GroupRule:
    """What a config says of the parameters whose names match, or that are of a kind.

    Args:
        match: patterns of parameter names: of fnmatch, with upper and lower case told apart, or ``re:`` and a regular
            expression that is searched for anywhere in the name.
        kinds: kinds of parameters, of `MATCH_KINDS`; there is a pattern or a kind.
        overrides: field of the plugin class to its value for these parameters.
        config: the instance of the plugin class with the overrides in it; the config's own where there are none.
        lr_multiplier: factor of the rate, > 0.
        freeze: whether the parameters are not to be trained.
    """

    match: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    config: Any = attrs.field(repr=False)
    overrides: dict[str, Any] = attrs.field(factory=dict)
    lr_multiplier: float = 1.0
    freeze: bool = False

    @property
    def matched(self) -> list[str]:
        """What it is for, each as a message says it: ``head.*``, ``kind: norm``."""
        return [*self.match, *(f"kind: {kind}" for kind in self.kinds)]
