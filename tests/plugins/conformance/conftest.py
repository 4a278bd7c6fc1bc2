"""Fixtures of the tests of the conformance kit."""

from __future__ import annotations

import pytest
from site_folder import site_on_path

from optim_core import registry


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder for distributions, the first on sys.path; the modules in it are forgotten afterwards."""
    with site_on_path(tmp_path / "site", monkeypatch) as site:
        yield site
    registry.refresh()
