"""A plugin of pytest: ``pytest -p optim_conformance.pytest_plugin --optim-conformance NAME`` checks what is installed.

It is no entry point of pytest's, so that it costs nothing where it is not asked for. In a file of tests
`optim_conformance.conformance_tests` does the same for classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from optim_conformance.kit import Kit
from optim_conformance.named import subject_named
from optim_conformance.outcomes import Result
from optim_conformance.report import ConformanceError
from optim_conformance.subject import Subject
from optim_conformance.table import Property, properties_of
from optim_core.errors import OptimError
from optim_core.kinds import KINDS

__all__ = ["pytest_addoption", "pytest_collection_modifyitems"]

OPTION = "optim_conformance"
KIND = "optim_conformance_kind"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options."""
    parser.addoption(
        "--optim-conformance",
        dest=OPTION,
        action="append",
        default=[],
        metavar="NAME",
        help="also check this installed plugin, or MODULE:CLASS, with optim-core's conformance kit: a test for each "
        "property",
    )
    parser.addoption(
        "--optim-conformance-kind",
        dest=KIND,
        choices=list(KINDS),
        help="the kind of what --optim-conformance names, needed only where one name is used for two kinds",
    )


def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Adds the tests of the plugins that the option names.

    Raises:
        pytest.UsageError: there is no such plugin, or it is broken.
    """
    kind = session.config.getoption(KIND)
    try:
        kit = Kit([subject_named(name, kind) for name in session.config.getoption(OPTION)])
    except OptimError as error:
        raise pytest.UsageError(f"--optim-conformance: {error}") from error
    items += [item for subject in kit.subjects for item in _items(session, kit, subject)]


def _items(session: pytest.Session, kit: Kit, subject: Subject) -> Iterator[pytest.Item]:
    for each in properties_of(subject.kind).values():
        name = f"{subject.name}-{each.name}"
        yield ConformanceItem.from_parent(session, name=name, kit=kit, subject=subject, required=each)


class ConformanceItem(pytest.Item):
    """The test of one property of one plugin."""

    def __init__(self, *, kit: Kit, subject: Subject, required: Property, **more: Any) -> None:
        super().__init__(**more)
        self._kit = kit
        self._subject = subject
        self._required = required

    def runtest(self) -> None:
        """Checks the property.

        Raises:
            ConformanceError: it does not hold.
        """
        result: Result = self._kit.result(self._subject, self._required)
        if result.status == "failed":
            raise ConformanceError(f"{self._subject.name} {result}")
        if result.status == "not applicable":
            pytest.skip(str(result.reason))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone: no line of the kit's code is to blame."""
        if isinstance(excinfo.value, ConformanceError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """The sentence that must be true."""
        return self.path, None, f"{self._subject.name}: {self._required.sentence}"
