"""What a distribution requires of others: whether it admits the installed optim-core, and which extras are unmet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from optim_core.text.names import normalise_distribution
from optim_core.text.prose import brief
from optim_core.version import __version__

if TYPE_CHECKING:
    from packaging.requirements import Requirement

__all__ = ["against_core", "unmet"]

_CORE = "optim-core"
_NAME = re.compile(r"\s*([\w.-]+)")
# The longest that people wrote, with a marker for each system, are a tenth of it. Longer ones can hold numbers of more
# digits than Python converts, and more brackets than it goes into.
LONGEST_REQUIREMENT = 2000
LONGEST_QUOTED = 100
_RELEASE = re.compile(r"[0-9]+(\.[0-9]+)*")


def against_core(requirements: Iterable[str], version: str = __version__) -> str | None:
    """Return why one of `requirements` does not admit `version` of optim-core, None where all do.

    Args:
        requirements: each as PEP 508 writes it; those on other distributions are passed over.
        version: the installed version.
    """
    for text in requirements:
        if _name(text) != _CORE:
            continue
        if len(text) <= LONGEST_REQUIREMENT and _plainly_admits(text, version):
            continue
        requirement = _parsed(text)
        if isinstance(requirement, str):
            return requirement
        if _applies(requirement, "") and not _contains(requirement, version):
            return f"it needs {_CORE}{requirement.specifier}, and {_CORE} {version} is installed"
    return None


def unmet(
    requirements: Iterable[str], extras: Iterable[str], installed: Mapping[str, str], distribution: str
) -> list[str]:
    """Return the requirements that `extras` add and that are not installed; one that is malformed is among them.

    Args:
        requirements: each as PEP 508 writes it.
        extras: names of extras.
        installed: normalised name of a distribution to its version.
        distribution: the name of the one that requires all this; an extra may ask for others of its own extras.
    """
    parsed = [_parsed(requirement) for requirement in requirements]
    own = normalise_distribution(distribution)
    asked = _with_own_extras([each for each in parsed if not isinstance(each, str)], extras, own)
    missing = []
    for requirement in parsed:
        if isinstance(requirement, str):
            missing.append(requirement)
        elif any(_adds(extra, requirement) for extra in asked):
            version = installed.get(normalise_distribution(requirement.name))
            if version is None or not _contains(requirement, version):
                missing.append(f"{requirement.name}{requirement.specifier}")
    return missing


def _with_own_extras(requirements: Iterable[Requirement], extras: Iterable[str], own: str) -> set[str]:
    """Return `extras`, and those they bring of the same distribution, as ``own[fast]; extra == "all"`` does."""
    nested = [requirement for requirement in requirements if normalise_distribution(requirement.name) == own]
    asked: set[str] = set()
    left = set(extras)
    while left:
        extra = left.pop()
        asked.add(extra)
        left.update(more for each in nested if _adds(extra, each) for more in each.extras if more not in asked)
    return asked


def _adds(extra: str, requirement: Requirement) -> bool:
    return _applies(requirement, extra) and not _applies(requirement, "")


def _name(requirement: str) -> str:
    match = _NAME.match(requirement)
    return normalise_distribution(match[1]) if match else ""


def _plainly_admits(requirement: str, version: str) -> bool:
    """Tell whether the text alone admits `version`: ``optim-core``, ``optim-core==0.1.0``, ``optim-core<1,>=0.1``.

    Nearly every plugin says one of these, and the import of packaging takes longer than the rest of a first use.
    """
    bounds = requirement.strip()[len(_CORE) :]
    return not bounds or all(_plainly_within(bound.strip(), version) for bound in bounds.split(","))


def _plainly_within(bound: str, version: str) -> bool:
    own = _release(version)
    limit = _release(bound.lstrip("<>="))
    if own is None or limit is None:
        return False
    operator = bound[: len(bound) - len(bound.lstrip("<>="))]
    return (operator == ">=" and own >= limit) or (operator == "<" and own < limit) or bound == f"=={version}"


def _release(version: str) -> list[int] | None:
    """Return the numbers of a version that is nothing but a release, without zeros at its end; else None."""
    if not _RELEASE.fullmatch(version):
        return None
    numbers = [int(number) for number in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers


def _parsed(text: str) -> Requirement | str:
    """Return the requirement, or in words why it is none."""
    from packaging.requirements import InvalidRequirement, Requirement

    said = f"its requirement '{brief(text, LONGEST_QUOTED)}'"
    if len(text) > LONGEST_REQUIREMENT:
        return f"{said} has {len(text):,} characters, which is more than any needs"
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        return f"{said} is malformed: {str(error).splitlines()[0]}"
    except (ValueError, RecursionError) as error:
        return f"{said} cannot be read: {type(error).__name__}"


def _applies(requirement: Requirement, extra: str) -> bool:
    if requirement.marker is None:
        return True
    try:
        return requirement.marker.evaluate({"extra": extra})
    except (ValueError, RecursionError):
        # The marker compares what cannot be compared, and pip would not install what it stands at.
        return True


def _contains(requirement: Requirement, version: str) -> bool:
    try:
        return requirement.specifier.contains(version, prereleases=True)
    except ValueError:
        # The version of the installed distribution, or the one that is asked for, is malformed.
        return False
