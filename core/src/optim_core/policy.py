"""Which plugins may be used, and which distribution wins a name that several claim."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import attrs

from optim_core.discovery import Claim
from optim_core.errors import OptimError
from optim_core.names import normalise, normalise_distribution

__all__ = ["Policy"]


def _listed(name: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in os.environ.get(name, "").split(",") if item.strip())


def _matches(pattern: str, claim: Claim) -> bool:
    """Whether `pattern` (a distribution, a plugin name, or ``distribution:name``; ``*`` is a wildcard) means `claim`."""
    distribution, colon, name = pattern.partition(":")
    of_distribution = fnmatchcase(normalise_distribution(claim.distribution), normalise_distribution(distribution))
    if colon:
        return of_distribution and fnmatchcase(normalise(claim.name), normalise(name))
    return of_distribution or fnmatchcase(normalise(claim.name), normalise(pattern))


@attrs.frozen
class Policy:
    """Allow, block and prefer.

    Args:
        allow: where given, only what one of these means may be used.
        block: what one of these means may not be used; it wins over `allow`.
        prefer: plugin name to the distribution that provides it where several do.
    """

    allow: tuple[str, ...] | None
    block: tuple[str, ...]
    prefer: dict[str, str]

    @classmethod
    def of(cls, allow: Iterable[str] | None, block: Iterable[str] | None, prefer: Mapping[str, str] | None) -> Policy:
        """The policy of a registry; what is None is read from OPTIM_CORE_ALLOW, OPTIM_CORE_BLOCK, OPTIM_CORE_PREFER.

        The variables hold items with commas between them, the last one items such as ``Muon=optim-muon``.

        Raises:
            OptimError: a text where a list belongs, or an item of OPTIM_CORE_PREFER without ``=``.
        """
        for name, value in (("allow", allow), ("block", block)):
            if isinstance(value, str):
                raise OptimError(f"{name} takes a list of names; write [{value!r}]")
        if prefer is None:
            pairs = [item.partition("=") for item in _listed("OPTIM_CORE_PREFER")]
            for name, equals, distribution in pairs:
                if not (name.strip() and equals and distribution.strip()):
                    raise OptimError(f"OPTIM_CORE_PREFER: `{name}` is not of the form Name=distribution")
            prefer = {name.strip(): distribution.strip() for name, _, distribution in pairs}
        return cls(
            allow=(_listed("OPTIM_CORE_ALLOW") or None) if allow is None else tuple(allow),
            block=_listed("OPTIM_CORE_BLOCK") if block is None else tuple(block),
            prefer={normalise(name): distribution for name, distribution in prefer.items()},
        )

    def reason_against(self, claim: Claim) -> str | None:
        """Why `claim` may not be used, None where it may."""
        for pattern in self.block:
            if _matches(pattern, claim):
                return f"block (OPTIM_CORE_BLOCK) lists `{pattern}`"
        if self.allow is not None and not any(_matches(pattern, claim) for pattern in self.allow):
            return f"allow (OPTIM_CORE_ALLOW) lists only {', '.join(f'`{item}`' for item in self.allow) or 'nothing'}"
        return None

    def preferred(self, name: str) -> str | None:
        """The distribution that is to provide `name`, normalised, None where none is set."""
        distribution = self.prefer.get(normalise(name))
        return None if distribution is None else normalise_distribution(distribution)

    def idle(self, claims: Iterable[Claim]) -> list[str]:
        """The items of allow, block and prefer that mean nothing installed, each as a sentence."""
        claims = list(claims)
        sentences = [
            f"{setting} lists `{pattern}`, which means nothing that is installed"
            for setting, patterns in (("allow", self.allow or ()), ("block", self.block))
            for pattern in patterns
            if not any(_matches(pattern, claim) for claim in claims)
        ]
        for name, distribution in self.prefer.items():
            wanted = normalise_distribution(distribution)
            if not any(
                normalise(claim.name) == name and normalise_distribution(claim.distribution) == wanted
                for claim in claims
            ):
                sentences.append(f"prefer names `{distribution}` for `{name}`, which it does not provide")
        return sentences
