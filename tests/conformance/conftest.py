"""Fixtures of the tests of the conformance kit."""

from __future__ import annotations

import importlib
import sys

import pytest
from site_folder import SiteFolder

from optim_core import registry


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder for distributions, the first on sys.path; the modules in it are forgotten afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield SiteFolder(folder)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]
    importlib.invalidate_caches()
    registry.refresh()
