"""The rule of ``param_groups`` that decides each parameter: the first that matches one of its names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from glob import escape

from optim_core.errors import ParamGroupError
from optim_core.groups.patterns import matching
from optim_core.groups.rule import MATCH_KINDS, REGEX, GroupRule
from optim_core.text.prose import listing
from optim_core.text.spelling import nearest

__all__ = ["match_rules", "rule_title"]

# The kinds of one parameter.
Kinds = AbstractSet[str]

MOST_COMPARED = 2000
# Names that rules have taken are removed from those to look at when fewer than this share of them is left.
STILL_PENDING = 0.75


def rule_title(index: int, rule: GroupRule) -> str:
    """Return what messages call a rule: ``param_groups[1] `head.*```."""
    return f"param_groups[{index}] {' '.join(f'`{each}`' for each in rule.matched)}"


def match_rules(
    rules: Sequence[GroupRule],
    names: Sequence[str],
    aliases: Mapping[int, Sequence[str]],
    trained: Sequence[bool],
    kinds: Sequence[Kinds] = (),
) -> list[int | None]:
    """Return the index of the rule for each parameter, None where none matches.

    Args:
        rules: the rules in their order.
        names: the name of each parameter.
        aliases: the other names of tied parameters, by the parameter's index.
        trained: whether each parameter takes a gradient.
        kinds: the kinds of each parameter, where a rule goes by them.

    Raises:
        ParamGroupError: a rule, or one of its patterns or kinds, matches nothing; or a rule matches nothing that an
            earlier one leaves, or nothing that is trained.
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
        meant = {owners[text] for own in by_pattern.values() for text in own} | _of_kinds(rule, kinds)
        taken = [place for place in meant if found[place] is None]
        if not taken:
            raise _of_nothing(index, rules, texts, owners, found, kinds)
        _refuse_dead_kinds(index, rule, kinds)
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


def _of_kinds(rule: GroupRule, kinds: Sequence[Kinds]) -> set[int]:
    """Return the parameters that are of a kind of a rule."""
    return {place for place, own in enumerate(kinds) if not own.isdisjoint(rule.kinds)} if rule.kinds else set()


def _refuse_dead_kinds(index: int, rule: GroupRule, kinds: Sequence[Kinds]) -> None:
    """Raise ParamGroupError where no parameter is of one of the kinds of a rule."""
    dead = next((kind for kind in rule.kinds if not any(kind in own for own in kinds)), None)
    if dead is not None:
        raise ParamGroupError(f"param_groups[{index}]: `kind: {dead}` matches no parameter; {_kinds_there_are(kinds)}")


def _kinds_there_are(kinds: Sequence[Kinds]) -> str:
    there = [kind for kind in MATCH_KINDS if any(kind in own for own in kinds)]
    return f"the kinds that there are: {listing(there)}" if there else "none is of any kind"


def _of_nothing(
    index: int,
    rules: Sequence[GroupRule],
    texts: Sequence[str],
    owners: Sequence[int],
    found: Sequence[int | None],
    kinds: Sequence[Kinds],
) -> ParamGroupError:
    """Return the error of a rule that has no parameter left.

    Args:
        index: that of the rule.
        rules: all rules.
        texts: the names of all parameters, with those of tied ones.
        owners: the index of the parameter of each name.
        found: the rule that has each parameter by now.
        kinds: the kinds of each parameter.
    """
    rule = rules[index]
    title = rule_title(index, rule)
    by_name = {owners[text] for pattern in rule.match for text in matching(pattern, texts, range(len(texts)))}
    own = by_name | _of_kinds(rule, kinds)
    if own:
        earlier = sorted({taker for place in own if (taker := found[place]) is not None})
        takers = " and ".join(rule_title(each, rules[each]) for each in earlier)
        return ParamGroupError(
            f"{title}: each of the {len(own)} parameters that it matches is taken by an earlier rule, {takers}; "
            "the first match wins: put the narrower rule first"
        )
    hint = _hint(rule.match, texts) if rule.match else _kinds_there_are(kinds)
    return ParamGroupError(f"{title} matches no parameter; {hint}")


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
