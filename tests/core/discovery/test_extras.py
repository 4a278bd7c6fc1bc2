"""Which extra of optim-core brings what is missing."""

from __future__ import annotations

import pytest

from optim_core import (
    UnknownTypeError,
)


def test_a_name_of_an_extra_is_answered_with_the_command_that_installs_it(site):
    """Where nothing installed has a name, and an extra would, or would have a near one, the hint is its pip line."""
    with pytest.raises(UnknownTypeError, match=r"it comes with pip install 'optim-core\[torch\]'"):
        site.registry().build({"type": "ada-delta"})
    with pytest.raises(UnknownTypeError, match=r"it comes with pip install 'optim-core\[torch\]'"):
        site.registry().build({"optimizer": {"type": "torch.optim.SGD"}})
    with pytest.raises(UnknownTypeError, match=r"did you mean `AdamW` \(pip install 'optim-core\[torch\]'\)\?"):
        site.registry().build({"type": "AdmW"})


def test_what_is_installed_is_not_offered_from_an_extra(site):
    """A name that a distribution has, usable or not, has its own hint."""
    site.offer("any", "AdamW")
    with pytest.raises(UnknownTypeError, match=r"did you mean `AdamW` \(any 1.0\)"):
        site.registry().build({"type": "AdmW"})
