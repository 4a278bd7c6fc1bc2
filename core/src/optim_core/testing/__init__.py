"""The conformance kit: whether an optimizer, scheduler or clipper plugin is as it must be.

``check(plugin)`` gives a report of every property; ``conformance_tests(plugin)`` makes them tests of pytest; the
command ``optim conformance NAME`` does the same for what is installed. torch is imported when a check runs.
"""

from optim_core.testing.kit import Kit, check
from optim_core.testing.outcomes import Result
from optim_core.testing.pytest_cases import conformance_tests
from optim_core.testing.report import ConformanceError, Report
from optim_core.testing.subject import Subject, subject_of
from optim_core.testing.table import Property, properties_of

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
