"""The patterns by which rules match names."""

from __future__ import annotations

import pytest
from model_tree import Model
from parameter_groups import groups, spec, value_of

from optim_core import ParamGroupError


@pytest.mark.parametrize(
    ("match", "name"),
    [
        ("head.weight", "head.weight"),
        ("*.0.fc.bias", "blocks.0.fc.bias"),
        ("blocks.[01].*", "blocks.1.norm.weight"),
        ("blocks.[!0]*", "blocks.1.fc.weight"),
        ("re:1\\.fc", "blocks.1.fc.bias"),
        ("h??d.*", "head.bias"),
        ("*", "embed.weight"),
    ],
)
def test_patterns_are_those_of_fnmatch_or_regular_expressions(match, name):
    """A pattern stands for the whole name, an expression for any part of it."""
    assert 0.5 == value_of(groups(spec(param_groups=[{"match": match, "lr": 0.5}]), Model(2)), name, "lr")


def test_upper_and_lower_case_differ():
    """A pattern in another case matches nothing, and the right name is suggested."""
    with pytest.raises(ParamGroupError, match=r"`Head.weight` matches no parameter; did you mean `head.weight`"):
        spec(param_groups=[{"match": "Head.weight", "lr": 0.5}]).create_optimizer(Model(1))
