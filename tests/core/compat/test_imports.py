"""What migrated code imports is light, and in nobody's way who does not import it."""

import subprocess
import sys

import pytest

from optim_core import compat

AFTER = "; import sys; print([name for name in ('torch', 'numpy', 'optim_core.compat') if name in sys.modules])"


@pytest.mark.parametrize(
    ("code", "loaded"),
    [
        ("import optim_core", "[]"),
        ("import optim_core.compat", "['optim_core.compat']"),
        ("from optim_core.compat import AdamWSpec; AdamWSpec(lr_decay_gamma=0.9).to_dict()", "['optim_core.compat']"),
    ],
)
def test_torch_is_imported_by_what_makes_live_objects(code, loaded):
    """Not by the module, nor by specifications, which are data."""
    done = subprocess.run([sys.executable, "-c", code + AFTER], check=True, capture_output=True, text=True)

    assert loaded == done.stdout.strip()


def test_all_names_what_there_is():
    """`__all__` is sorted, and each name in it exists."""
    assert sorted(compat.__all__) == compat.__all__
    assert all(hasattr(compat, name) for name in compat.__all__)
