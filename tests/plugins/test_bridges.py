"""What holds for every provider that brings the classes of another library."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("library", ["bitsandbytes", "pytorch_optimizer"])
def test_without_the_library_it_says_so(library, tmp_path):
    """The provider is broken, and what it asks for is named; nothing else is harmed."""
    distribution = f"optim-{library.replace('_', '-')}"
    code = f"""
import importlib.machinery, sys

class Without(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "{library}" else importlib.machinery.PathFinder.find_spec(name, path, target)

sys.meta_path[:] = [Without if finder is importlib.machinery.PathFinder else finder for finder in sys.meta_path]
from optim_core import OptimError, registry
print("SGD" in registry.optimizers)
try:
    registry.build({{"type": "{library}:Lion8bit"}})
except OptimError as error:
    print(error)
print(*(fault.message for fault in registry.faults() if fault.distribution == "{distribution}"))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    first, *said, fault = done.stdout.splitlines()
    assert "True" == first
    assert f"No module named '{library}'" in " ".join(said)
    assert f"pip install --upgrade {distribution} {library}" in fault
