"""A plugin of pytest: ``pytest --optim-conformance NAME`` checks what is installed, beside whatever else is collected.

pytest loads it wherever the kit is installed, so nothing but pytest is imported before somebody asks for a check. In a
file of tests `optim_conformance.conformance_tests` does the same for classes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from optim_conformance.kit import Kit
    from optim_conformance.subject import Subject
    from optim_conformance.table import Property

__all__ = ["pytest_addoption", "pytest_collection_modifyitems"]

OPTION = "optim_conformance"
KIND = "optim_conformance_kind"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("optim-conformance", "the conformance kit of optim-core")
    group.addoption(
        "--optim-conformance",
        dest=OPTION,
        action="append",
        default=[],
        metavar="NAME",
        help="also check this installed plugin, or MODULE:CLASS, with optim-core's conformance kit: a test for each "
        "property",
    )
    group.addoption(
        "--optim-conformance-kind",
        dest=KIND,
        type=_kind,
        metavar="KIND",
        help="the kind of what --optim-conformance names: optimizer, scheduler or clipper; needed only where one name "
        "is used for two kinds",
    )


def _kind(text: str) -> str:
    """Return the text where it is a kind of plugin.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    from optim_conformance.kinds import EVERY_KIND

    if text not in EVERY_KIND:
        raise argparse.ArgumentTypeError(f"{text!r} is no kind of plugin (choose from {', '.join(EVERY_KIND)})")
    return text


def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Add the tests of the plugins that the option names.

    Raises:
        pytest.UsageError: there is no such plugin, or it is broken.
    """
    names = session.config.getoption(OPTION)
    if not names:
        return
    from optim_conformance.kit import Kit
    from optim_conformance.named import subject_named
    from optim_core.errors import OptimError

    kind = session.config.getoption(KIND)
    try:
        kit = Kit([subject_named(name, kind) for name in names])
    except OptimError as error:
        raise pytest.UsageError(f"--optim-conformance: {error}") from error
    items += [item for subject in kit.subjects for item in _items(session, kit, subject)]


def _items(session: pytest.Session, kit: Kit, subject: Subject) -> Iterator[pytest.Item]:
    from optim_conformance.table import properties_of

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
        """Check the property.

        Raises:
            ConformanceError: it does not hold.
        """
        from optim_conformance.report import ConformanceError

        result = self._kit.result(self._subject, self._required)
        if result.status == "failed":
            raise ConformanceError(f"{self._subject.name} {result}")
        if result.status == "not applicable":
            pytest.skip(str(result.reason))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the message alone: no line of the kit's code is to blame."""
        from optim_conformance.report import ConformanceError

        if isinstance(excinfo.value, ConformanceError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Return the place of the test, and the sentence that must be true."""
        return self.path, None, f"{self._subject.name}: {self._required.sentence}"
