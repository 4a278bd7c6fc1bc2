"""Fixtures of the core's tests."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from site_folder import site_on_path

# The interfaces of other projects take live models and optimizers; the core's own tests run without torch too.
collect_ignore = ["compat"] if find_spec("torch") is None else []


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    """The variables of the one who runs the tests do not count."""
    for name in ("ALLOW", "BLOCK", "PREFER"):
        monkeypatch.delenv(f"OPTIM_CORE_{name}", raising=False)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder for distributions, the first on sys.path; the modules in it are forgotten afterwards."""
    with site_on_path(tmp_path / "site", monkeypatch) as site:
        yield site


@pytest.fixture
def distribution(site):
    """Installs a distribution: see `SiteFolder.add`."""
    return site.add
