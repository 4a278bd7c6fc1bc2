"""Fixtures of the tests of what is broken."""

from __future__ import annotations

import pytest
from site_folder import site_on_path


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder for distributions, the first on sys.path; the modules in it are forgotten afterwards."""
    for name in ("ALLOW", "BLOCK", "PREFER"):
        monkeypatch.delenv(f"OPTIM_CORE_{name}", raising=False)
    with site_on_path(tmp_path / "site", monkeypatch) as site:
        yield site
