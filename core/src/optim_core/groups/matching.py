"""The rule of ``param_groups`` that decides each parameter: the first that matches one of its names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from glob import escape

from optim_core.errors import ParamGroupError
from optim_core.groups.patterns import matching
from optim_core.groups.rule import REGEX, GroupRule
from optim_core.text.prose import listing
from optim_core.text.spelling import nearest

__all__ = ["match_rules", "rule_title"]

MOST_COMPARED = 2000
# Names that rules have taken are removed from those to look at when fewer than this share of them is left.
STILL_PENDING = 0.75


def rule_title(index: int, rule: GroupRule) -> str:
    """Return what messages call a rule: ``param_groups[1] `head.*```."""
    return f"param_groups[{index}] {' '.join(f'`{pattern}`' for pattern in rule.match)}"


def match_rules(
    rules: Sequence[GroupRule], names: Sequence[str], aliases: Mapping[int, Sequence[str]], trained: Sequence[bool]
) -> list[int | None]:
    """Return the index of the rule for each parameter, None where none matches.

    Args:
        rules: the rules in their order.
        names: the name of each parameter.
        aliases: the other names of tied parameters, by the parameter's index.
        trained: whether each parameter takes a gradient.

    Raises:
        ParamGroupError: a rule, or one of its patterns, matches nothing; or a rule matches nothing that an earlier one
            leaves, or nothing that is trained.
    """
    texts, owners = list(names), list(range(len(names)))
    for place, others in aliases.items():
        texts += others
        owners += [place] * len(others)
    found: list[int | None] = [None] * len(names)
    pending: Sequence[int] = range(len(texts))
    left = len(pending)
    for index, rule in enumerate(rules):
        by_pattern = {pattern: matching(pattern, texts, pending) for pattern in rule.match}
        taken = [
            place for place in {owners[text] for own in by_pattern.values() for text in own} if found[place] is None
        ]
        if not taken:
            raise _of_nothing(index, rules, texts, [found[owner] for owner in owners])
        _refuse_dead([pattern for pattern, own in by_pattern.items() if not own], index, texts)
        if not rule.freeze and not any(trained[place] for place in taken):
            some = listing(names[place] for place in sorted(taken)[:3])
            raise ParamGroupError(
                f"{rule_title(index, rule)}: all {len(taken)} parameters that it matches are frozen already: {some}; "
                "take the rule out, or let them require a gradient"
            )
        for place in taken:
            found[place] = index
        left -= len(taken)
        if left < len(pending) * STILL_PENDING:
            pending = [text for text in pending if found[owners[text]] is None]
            left = len(pending)
    return found


def _refuse_dead(patterns: Sequence[str], index: int, names: Sequence[str]) -> None:
    """Raise ParamGroupError where one of these patterns of the rule at `index` matches none of all names."""
    for pattern in patterns:
        if not matching(pattern, names, range(len(names))):
            raise ParamGroupError(f"param_groups[{index}]: `{pattern}` matches no parameter; {_hint([pattern], names)}")


def _of_nothing(
    index: int, rules: Sequence[GroupRule], texts: Sequence[str], found: Sequence[int | None]
) -> ParamGroupError:
    """Return the error of a rule that has no parameter left."""
    rule = rules[index]
    title = rule_title(index, rule)
    own = [place for pattern in rule.match for place in matching(pattern, texts, range(len(texts)))]
    if own:
        earlier = sorted({taker for place in own if (taker := found[place]) is not None})
        takers = " and ".join(rule_title(each, rules[each]) for each in earlier)
        return ParamGroupError(
            f"{title}: each of the {len(set(own))} parameters that it matches is taken by an earlier rule, {takers}; "
            "the first match wins: put the narrower rule first"
        )
    return ParamGroupError(f"{title} matches no parameter; {_hint(rule.match, texts)}")


def _hint(patterns: Sequence[str], names: Sequence[str]) -> str:
    """Return what may have been meant by patterns that match nothing."""
    near = next(filter(None, (_suggestion(pattern, names) for pattern in patterns)), None)
    return f"did you mean `{near}`?" if near else f"the names are {listing(names[:5])}{', …' * (len(names) > 5)}"


def _suggestion(pattern: str, names: Sequence[str]) -> str | None:
    """Return a pattern or name near to a pattern that matches nothing, None where there is none."""
    everywhere = range(len(names))
    if pattern.startswith(REGEX):
        return None
    for wider in (f"*.{pattern}", f"{pattern}.*", f"*.{pattern}.*"):
        if matching(wider, names, everywhere):
            return wider
    lower = [name.lower() for name in names]
    if places := matching(pattern.lower(), lower, everywhere):
        return escape(names[places[0]])
    plain = pattern.strip("*?.")
    parts = {part: None for name in names[:MOST_COMPARED] for part in _ends(name)}
    near = nearest(plain, parts) if plain else None
    # What is near may stand at one end of the names: then the stars and dots around it are what is too much.
    tried = (pattern.replace(plain, escape(near)), *(around.format(escape(near)) for around in _AROUND)) if near else ()
    return next((found for found in tried if found != pattern and matching(found, names, everywhere)), None)


# The patterns of a name, from the narrowest to the widest.
_AROUND = ("{}", "{}.*", "*.{}", "*.{}.*", "*{}*")


def _ends(name: str) -> list[str]:
    """Return a name, and what stands before and after each of its dots."""
    parts = name.split(".")
    starts = [".".join(parts[:count]) for count in range(1, len(parts))]
    return [name, *parts, *starts]
