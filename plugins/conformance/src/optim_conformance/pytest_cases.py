"""The properties of plugins as tests of pytest."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from optim_conformance.kit import Kit
from optim_conformance.report import ConformanceError
from optim_conformance.subject import Plugin, subject_of
from optim_conformance.table import Property, properties_of
from optim_core.plugin_tools import Kind

__all__ = ["conformance_tests"]


def conformance_tests(*plugins: Plugin, kind: Kind | None = None) -> Callable[..., None]:
    """Make a test for each property of each plugin; a module of tests gives it a name that begins with ``test``.

    Args:
        plugins: plugin classes, or names of installed plugins; those of one call share the fresh process that some
            properties need.
        kind: "optimizer", "scheduler" or "clipper", needed only where a name means several.

    Returns:
        a parametrized test function for pytest.

    Raises:
        OptimError: there is no such plugin, or it is broken, or a class is no plugin class.

    Example:
        >>> from optim_conformance import conformance_tests
        >>> test_conformance = conformance_tests("norm", "value")
        >>> [mark] = test_conformance.pytestmark
        >>> [case.id for case in mark.args[1]][:3]
        ['norm-declarations', 'norm-signature', 'norm-documented']
    """
    import pytest

    subjects = [subject_of(plugin, kind) for plugin in plugins]
    kit = cache(lambda: Kit(subjects))
    cases = [
        pytest.param(number, each, id=f"{subject.name}-{each.name}")
        for number, subject in enumerate(subjects)
        for each in properties_of(subject.kind).values()
    ]

    @pytest.mark.parametrize(("plugin", "required"), cases)
    def test_conformance(plugin: int, required: Property) -> None:
        """The plugin has the property that the test is called after."""
        __tracebackhide__ = True
        result = kit().result(subjects[plugin], required)
        if result.status == "failed":
            raise ConformanceError(f"{subjects[plugin].name} {result}")
        if result.status == "not applicable":
            pytest.skip(str(result.reason))

    return test_conformance
