"""The hint for a name that no plugin has: the nearest right one, and where that comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from optim_core.discovery.extras import extra_of, install_line, names_of_extras
from optim_core.discovery.records import PluginRecord
from optim_core.kinds import Kind
from optim_core.text.names import normalise, normalise_distribution
from optim_core.text.prose import listing
from optim_core.text.spelling import nearest

__all__ = ["hint_for"]


def hint_for(name: str, kinds: Collection[Kind], records: Collection[PluginRecord], left_out: str | None = None) -> str:
    """What to write for `name`, or to install, where none of `records`, which are those of `kinds`, has it.

    Args:
        name: with or without qualifier.
        kinds: those that are looked for.
        records: what is installed of them.
        left_out: what a provider says of a name that it does not offer.
    """
    usable = [record for record in records if record.state in ("ok", "ambiguous")]
    if ":" in name:
        return left_out or _hint_for_qualified(name, usable)
    plain = [record for record in usable if ":" not in record.name]
    owners = {record.name: f"{record.distribution} {record.version or ''}".rstrip() for record in plain}
    installed = listing(owners)
    # `torch.optim.AdamW` is how code names it.
    name = name.rpartition(".")[2] or name
    exact = next((known for known in owners if normalise(known) == normalise(name)), None)
    extra = extra_of(kinds, name)
    if exact is None and extra is not None:
        return f"it comes with {install_line(extra)}"
    if exact is None and left_out is not None:
        return left_out
    here = {normalise(record.name) for record in records}
    extras = names_of_extras(kinds).items()
    owners |= {known: install_line(extra) for known, extra in extras if normalise(known) not in here}
    near = exact or nearest(name, owners)
    if near is not None:
        return f"did you mean `{near}` ({owners[near]})?"
    return f"installed are: {installed}" if installed else f"none is installed; try {install_line('torch')}"


def _hint_for_qualified(name: str, usable: Iterable[PluginRecord]) -> str:
    """The hint for a ``distribution:name`` that nothing has."""
    offers: dict[str, list[str]] = {}
    for record in usable:
        for source in dict.fromkeys(filter(None, (record.distribution, record.provider))):
            offers.setdefault(source, []).append(record.name.rpartition(":")[2])
    wanted, _, plugin = name.partition(":")
    known = {normalise_distribution(owner): owner for owner in offers}
    owner = known.get(normalise_distribution(wanted)) or nearest(wanted, offers)
    if owner is None:
        return f"distributions with plugins are: {listing(offers) or 'none'}"
    near = nearest(plugin, offers[owner])
    return f"did you mean `{owner}:{near}`?" if near else f"`{owner}` has: {listing(offers[owner])}"
