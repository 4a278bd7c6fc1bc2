"""Report: what came of every property of one plugin."""

from __future__ import annotations

from typing import Any

import attrs

from optim_conformance.outcomes import Result, Status
from optim_core.errors import OptimError
from optim_core.plugin_tools import Kind, visible

__all__ = ["ConformanceError", "Report"]

_STATUSES: tuple[Status, ...] = ("passed", "failed", "declared", "not applicable")


class ConformanceError(OptimError, AssertionError):
    """A plugin is not as it must be; the message is the report.

    Example:
        >>> from optim_conformance import ConformanceError
        >>> isinstance(ConformanceError("optimizer Lion: 1 failed"), AssertionError)
        True
    """


@attrs.frozen(kw_only=True)
class Report:
    """What came of every property of one plugin; its text is for people.

    Args:
        name: the plugin.
        kind: "optimizer", "scheduler" or "clipper"; None for a class that cannot be loaded.
        provided_by: distribution and version, "" for a class that is not installed.
        results: one for each property, in the order of the table; none where it cannot be loaded.
        problem: why it cannot be loaded, and the repair; None where it can.

    Example:
        >>> from optim_conformance import Report, Result
        >>> passed = Result(property="silent", sentence="It prints nothing.", status="passed")
        >>> report = Report(name="Lion", kind="optimizer", provided_by="", results=(passed,))
        >>> print(report)
        optimizer Lion: 1 passed
    """

    name: str
    kind: Kind | None
    provided_by: str
    results: tuple[Result, ...]
    problem: str | None = None

    @property
    def passed(self) -> bool:
        """Tell whether the plugin can be loaded and no property failed."""
        return self.problem is None and not self.of("failed")

    def of(self, status: Status) -> list[Result]:
        """Return the results of one status.

        Example:
            >>> from optim_conformance import Report, Result
            >>> passed = Result(property="silent", sentence="It prints nothing.", status="passed")
            >>> report = Report(name="Lion", kind="optimizer", provided_by="", results=(passed,))
            >>> [result.property for result in report.of("passed")]
            ['silent']
        """
        return [result for result in self.results if result.status == status]

    def raise_failures(self) -> None:
        """Raise the report as an error where something failed.

        Raises:
            ConformanceError: something did.

        Example:
            >>> from optim_conformance import ConformanceError, Report, Result
            >>> failed = Result(property="silent", sentence="It prints nothing.", status="failed", seen="'step 1'")
            >>> report = Report(name="Lion", kind="optimizer", provided_by="", results=(failed,))
            >>> try:
            ...     report.raise_failures()
            ... except ConformanceError as error:
            ...     print(str(error).splitlines()[0])
            optimizer Lion: 1 failed
        """
        if not self.passed:
            raise ConformanceError(str(self))

    def as_data(self) -> dict[str, Any]:
        """Return the report as plain data.

        Example:
            >>> from optim_conformance import Report, Result
            >>> passed = Result(property="silent", sentence="It prints nothing.", status="passed")
            >>> report = Report(name="Lion", kind="optimizer", provided_by="", results=(passed,))
            >>> report.as_data()["passed"]
            True
        """
        return {"passed": self.passed, **attrs.asdict(self)}

    def in_words(self, *, everything: bool = False) -> str:
        """Put the report into words: what failed and what is declared, or every property; a line where it has none.

        Returns:
            lines of text, the first of which has the counts.

        Example:
            >>> from optim_conformance import Report, Result
            >>> passed = Result(property="silent", sentence="It prints nothing.", status="passed")
            >>> report = Report(name="Lion", kind="optimizer", provided_by="", results=(passed,))
            >>> print(report.in_words(everything=True))
            optimizer Lion: 1 passed
              passed: silent
        """
        if self.problem is not None:
            return f"{self.kind or 'class'} {visible(self.name)}: it cannot be loaded: {visible(self.problem)}"
        counts = {status: len(self.of(status)) for status in _STATUSES}
        owner = f" of {self.provided_by}" if self.provided_by else ""
        counted = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        told = self.results if everything else (*self.of("failed"), *self.of("declared"))
        return "\n".join([f"{self.kind} {self.name}{owner}: {counted}", *(f"  {_indented(each)}" for each in told)])

    def __str__(self) -> str:
        return self.in_words()


def _indented(result: Result) -> str:
    return str(result).replace("\n", "\n  ")
