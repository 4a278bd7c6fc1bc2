"""The declarations that hold for a plugin: found by checking it until nothing more changes."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from optim_conformance.kit import Kit
from optim_conformance.report import Report
from optim_conformance.subject import Subject
from optim_conformance.table import properties_of
from optim_core.plugin_class.declarations import ATTRIBUTE, wrong_keys

__all__ = ["declarations_that_hold", "declaring"]

# What is declared decides how the rest is checked, so that one round finds what another could not. A plugin for which
# more are needed is another one each time.
MOST_ROUNDS = 8


def declarations_that_hold(subject: Subject) -> tuple[dict[str, str], Report]:
    """Return what the plugin has to declare, and the report of the plugin that declares it.

    Declarations that are there and hold stay as they are; those that hold no more are left out.
    """
    given = getattr(subject.cls, ATTRIBUTE, {})
    declared = dict(given) if isinstance(given, Mapping) else {}
    declarable = [name for name, each in properties_of(subject.kind).items() if each.declarable]
    for key in wrong_keys(subject.cls, declarable, subject.fields):
        del declared[key]
    taken_away: set[str] = set()
    for _ in range(MOST_ROUNDS):
        (report,) = Kit([declaring(subject, declared)]).reports()
        changed = {
            key: text
            for result in report.of("failed")
            for key, text in result.declares.items()
            # What holds in one round and not in the next is no nature of the plugin.
            if key not in taken_away and declared.get(key) != text
        }
        if not changed:
            break
        taken_away |= {key for key, text in changed.items() if text is None}
        declared = {key: text for key, text in {**declared, **changed}.items() if text is not None}
    return declared, report


def declaring(subject: Subject, declared: Mapping[str, str]) -> Subject:
    """Return the subject as its class is when it declares this, which the class does from here on."""
    setattr(subject.cls, ATTRIBUTE, dict(declared))
    return attrs.evolve(subject, declares=dict(declared))
