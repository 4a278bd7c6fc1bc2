"""What a fresh process finds out."""

from __future__ import annotations

from optim_conformance.kinds import EVERY_KIND
from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.processes.fresh_process import Finding
from optim_conformance.table import property_of
from optim_core.plugin_tools import listing

__all__: list[str] = []


def _require_reached(finding: Finding) -> None:
    if finding.unreachable is not None:
        raise DoesNotApply(f"a fresh process cannot have it: {finding.unreachable}")


@property_of(*EVERY_KIND, declarable=False, needs_step=False, in_child=True)
def light_import(finding: Finding) -> None:
    """Importing the module of the plugin class imports no torch."""
    _require_reached(finding)
    if finding.heavy is not None:
        raise Differs("a module that can be imported without torch", finding.heavy)


@property_of(*EVERY_KIND, in_child=True)
def global_state(finding: Finding) -> None:
    """Importing and using it changes nothing that belongs to the whole process: random numbers, dtype, environment."""
    _require_reached(finding)
    if finding.unused is not None:
        raise Differs("that a fresh process can use it", finding.unused)
    if finding.changed:
        raise Differs("the state of the process as it was", f"it changes {listing(finding.changed)}")


@property_of(*EVERY_KIND, in_child=True)
def silent(finding: Finding) -> None:
    """Importing, building and using it prints nothing, and warns of nothing."""
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
    if finding.otherwise is not None:
        raise Differs(*finding.otherwise)
