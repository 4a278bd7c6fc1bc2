"""Fixtures of the core's tests."""

from __future__ import annotations

import importlib
import sys

import pytest
from site_folder import SiteFolder


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    """The variables of the one who runs the tests do not count."""
    for name in ("ALLOW", "BLOCK", "PREFER"):
        monkeypatch.delenv(f"OPTIM_CORE_{name}", raising=False)


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


@pytest.fixture
def distribution(site):
    """Installs a distribution: see `SiteFolder.add`."""
    return site.add
