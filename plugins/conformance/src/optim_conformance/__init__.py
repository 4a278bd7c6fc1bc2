"""The conformance kit: whether an optimizer, scheduler or clipper plugin is as it must be.

``check(plugin)`` gives a report of every property; ``conformance_tests(plugin)`` makes them tests of pytest; the
command ``optim conformance NAME`` does the same for what is installed. torch is imported when a check runs.
"""

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
