"""What a fresh process finds out."""

from __future__ import annotations

from optim_core.names import listing
from optim_core.testing.fresh_process import Finding
from optim_core.testing.outcomes import Differs, DoesNotApply
from optim_core.testing.table import EVERY_KIND, property_of
from optim_core.testing.training import difference, equal

__all__: list[str] = []


def _require_reached(finding: Finding) -> None:
    if finding.unreachable is not None:
        raise DoesNotApply(f"a fresh process cannot have it: {finding.unreachable}")


@property_of(*EVERY_KIND, declarable=False, in_child=True)
def light_import(finding: Finding) -> None:
    """Importing the module of the plugin class imports no torch."""
    _require_reached(finding)
    if finding.heavy is not None:
        raise Differs("a module that can be imported without torch", finding.heavy)


@property_of(*EVERY_KIND, in_child=True)
def global_state(finding: Finding) -> None:
    """Using it changes nothing that belongs to the whole process: default dtype, random numbers, threads."""
    _require_reached(finding)
    if finding.unused is not None:
        raise Differs("that a fresh process can use it", finding.unused)
    if finding.changed:
        raise Differs("the state of the process as it was", f"it changes {listing(finding.changed)}")


@property_of(*EVERY_KIND, in_child=True)
def silent(finding: Finding) -> None:
    """Importing, building and using it prints nothing."""
    _require_reached(finding)
    if finding.printed:
        raise Differs("no output", repr(finding.printed[:200]))


@property_of("optimizer", "scheduler", in_child=True)
def fresh_process(finding: Finding) -> None:
    """A run that is loaded from its file in a fresh process goes on as it does in the one that saved it, bit by bit."""
    _require_reached(finding)
    if finding.unsaved is not None:
        raise Differs("a run that is saved", finding.unsaved)
    problem = finding.unused or finding.error
    if problem is not None:
        raise Differs("no exception in the fresh process", problem)
    if isinstance(finding.wanted, str) and finding.wanted != finding.found:
        raise Differs(f"rates {finding.wanted}", f"{finding.found}")
    if not isinstance(finding.wanted, str) and not equal(finding.wanted, finding.found):
        raise Differs("the same next steps", f"off by up to {difference(finding.wanted, finding.found):.3g}")
