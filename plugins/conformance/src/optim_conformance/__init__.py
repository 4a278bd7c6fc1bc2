"""The conformance kit: whether an optimizer, scheduler or clipper plugin is as it must be.

``check(plugin)`` gives a report of every property; ``conformance_tests(plugin)`` makes them tests of pytest; the
command ``optim conformance NAME`` does the same for what is installed. torch is imported when a check runs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optim_conformance.kit import Kit, check
    from optim_conformance.outcomes import Result
    from optim_conformance.pytest_cases import conformance_tests
    from optim_conformance.report import ConformanceError, Report
    from optim_conformance.subject import Subject, subject_of
    from optim_conformance.table import Property, properties_of

__all__ = [
    "ConformanceError",
    "Kit",
    "Property",
    "Report",
    "Result",
    "Subject",
    "check",
    "conformance_tests",
    "properties_of",
    "subject_of",
]

# Public name to its module. pytest imports this package wherever it is installed, and most runs ask for none of them.
_MODULES = {
    "ConformanceError": "report",
    "Kit": "kit",
    "Property": "table",
    "Report": "report",
    "Result": "outcomes",
    "Subject": "subject",
    "check": "kit",
    "conformance_tests": "pytest_cases",
    "properties_of": "table",
    "subject_of": "subject",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return found


def __dir__() -> list[str]:
    """Name what is public, whether it was imported or not."""
    return sorted({*globals(), *__all__})
