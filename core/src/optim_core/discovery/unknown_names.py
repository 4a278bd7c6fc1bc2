"""The hint for a name that no plugin has: the nearest right one, and where that comes from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple

from optim_core.discovery.extras import extra_of, install_line, names_of_extras
from optim_core.kinds import KINDS, Kind
from optim_core.text.names import normalise, normalise_distribution, plain_name
from optim_core.text.prose import listing, visible
from optim_core.text.spelling import Near, nearest

if TYPE_CHECKING:
    from optim_core.discovery.claims import Claim
    from optim_core.discovery.records import PluginRecord

__all__ = ["ExplainName", "UnknownName", "hint_for", "nothing_is_called", "with_kept_out"]

LONGEST_NAME = 80


class UnknownName(NamedTuple):
    """What to do about a name that no plugin has.

    Args:
        hint: what to write for it, or to install.
        extra: the extra of optim-core that brings a plugin of this name, None where none does.
    """

    hint: str
    extra: str | None = None


# Kind (None is any) and name, and what looks for the nearest name.
ExplainName = Callable[[Kind | None, str, Near], UnknownName]


def nothing_is_called(kind: Kind | None, name: str) -> str:
    """Return what is wrong with a name that no plugin has, in words."""
    return f"no {kind or 'plugin'} is called `{visible(name[:LONGEST_NAME])}`"


def hint_for(
    name: str,
    kinds: Collection[Kind],
    records: Collection[PluginRecord],
    left_out: str | None = None,
    near: Near = nearest,
) -> UnknownName:
    """Return what to do about a `name` that none of `records`, which are those of `kinds`, has.

    Args:
        name: with or without qualifier.
        kinds: those that are looked for.
        records: what is installed of them.
        left_out: what a provider says of a name that it does not offer.
        near: looks for the nearest name.
    """
    usable = [record for record in records if record.state in ("ok", "ambiguous")]
    if ":" in name:
        missing = _extra_of_qualified(name, kinds, usable)
        if missing is not None:
            return UnknownName(f"it comes with {install_line(missing)}", missing)
        return UnknownName(left_out or _hint_for_qualified(name, usable, near))
    plain = [record for record in usable if ":" not in record.name]
    owners = {record.name: f"{record.distribution} {record.version or ''}".rstrip() for record in plain}
    installed = listing(owners)
    # `torch.optim.AdamW` is how code names it.
    name = name.rpartition(".")[2] or name
    exact = next((known for known in owners if normalise(known) == normalise(name)), None)
    extra = extra_of(kinds, name)
    if exact is None and extra is not None:
        return UnknownName(f"it comes with {install_line(extra)}", extra)
    if exact is None and left_out is not None:
        return UnknownName(left_out)
    here = {normalise(record.name) for record in records}
    extras = names_of_extras(kinds).items()
    owners |= {known: install_line(extra) for known, extra in extras if normalise(known) not in here}
    known = exact or near(name, owners)
    if known is not None:
        return UnknownName(f"did you mean `{known}` ({owners[known]})?")
    brings = "training" if all(KINDS[kind].apart for kind in kinds) else "torch"
    return UnknownName(f"installed are: {installed}" if installed else f"none is installed; try {install_line(brings)}")


def with_kept_out(
    found: UnknownName, providers: Collection[Claim], reason_against: Callable[[Claim], str | None]
) -> str:
    """Return a hint that says of providers that they are kept out, so that what they offer is not known.

    Args:
        found: the hint without them.
        providers: those that are kept out.
        reason_against: says why one is.
    """
    extra = None if found.extra is None else normalise(found.extra)
    has_it = next((claim for claim in providers if normalise(claim.name) == extra), None)
    if has_it is not None:
        return f"the provider `{has_it.name}` of {has_it.label} has it, and is kept out: {reason_against(has_it)}"
    if not providers:
        return found.hint
    named = listing(f"`{claim.name}` of {claim.label}" for claim in providers)
    which, are = ("provider", "is") if len(providers) == 1 else ("providers", "are")
    return f"{found.hint}; the {which} {named} {are} kept out by allow or block"


def _extra_of_qualified(name: str, kinds: Iterable[Kind], usable: Iterable[PluginRecord]) -> str | None:
    """Return the extra that brings a ``distribution:name`` of ours; None where that is installed, or is not ours."""
    owner, _, plugin = name.partition(":")
    wanted = normalise_distribution(owner)
    extra = extra_of(kinds, plugin)
    # optim-torch-builtin is what the extra torch brings.
    if extra is None or not wanted.startswith(normalise_distribution(f"optim-{extra}")):
        return None
    return None if wanted in {normalise_distribution(record.distribution) for record in usable} else extra


def _hint_for_qualified(name: str, usable: Iterable[PluginRecord], near: Near) -> str:
    """Return the hint for a ``distribution:name`` that nothing has."""
    offers: dict[str, list[str]] = {}
    for record in usable:
        for source in dict.fromkeys(filter(None, (record.distribution, record.provider))):
            offers.setdefault(source, []).append(plain_name(record.name))
    wanted, _, plugin = name.partition(":")
    known = {normalise_distribution(owner): owner for owner in offers}
    owner = known.get(normalise_distribution(wanted)) or near(wanted, offers)
    if owner is None:
        return f"distributions with plugins are: {listing(offers) or 'none'}"
    right = near(plugin, offers[owner])
    return f"did you mean `{owner}:{right}`?" if right else f"`{owner}` has: {listing(offers[owner])}"
