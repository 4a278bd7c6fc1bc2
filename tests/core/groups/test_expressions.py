"""Regular expressions for names, none of which takes longer than a name is long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optim_core import ConfigError, registry
from optim_core.groups.expressions import ExpressionError, searching

atoms = st.sampled_from(
    ["a", "b", r"\.", ".", r"\w", r"\d", "[ab]", "[^a]", r"\b", "^", "$", "(a|b)", "(?:ab|)", "(?i:b)"]
)
parts = st.builds("{}{}".format, atoms, st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,3}", "*?"]))
groups = st.builds("({}){}".format, st.lists(parts, min_size=1, max_size=3).map("".join), st.sampled_from("*+?"))
expressions = st.lists(parts | groups, min_size=1, max_size=4).map("".join)


@given(expressions, st.text("ab._0B", min_size=1, max_size=8))
def test_what_is_found_is_what_re_finds(expression, name):
    """Whether an expression is followed or left to `re`, it is found in the same names."""
    try:
        wanted = re.compile(expression).search(name)
    except re.error:
        return
    assert bool(wanted) is bool(searching(expression)(name)), expression


@pytest.mark.parametrize(
    "expression", [r"^(\w+\.?)+scale$", "(a|a)*b", "a?" * 30 + "a" * 30 + "b", "(.*)*(.*)*x$", "(a{1,2}){22}b"]
)
def test_no_expression_takes_without_end(expression):
    """Of what would have `re` try more ways than there is time for, all are followed at once."""
    assert not searching(expression)("a" * 44)


def test_what_cannot_be_followed_is_refused():
    """Look-around where much repeats, and what repeats thousands of times, are an error at once."""
    for expression, said in (("(?=(a+)+)b", "could take without end"), ("(x{0,500}){0,500}", "it repeats too much")):
        with pytest.raises(ExpressionError, match=said):
            searching(expression)


def test_a_look_around_alone_is_left_to_re():
    """Where nothing repeats in what repeats, all that `re` has may be used."""
    assert searching(r"^(?!head\.).*bias$")("body.bias")
    assert not searching(r"^(?!head\.).*bias$")("head.bias")


def test_patterns_have_a_length():
    """A pattern of megabytes is an error, and is not looked at."""
    pytest.importorskip("optim_torch_builtin")
    for pattern in ("re:" + "(a|b)?" * 700_000, "*a?" * 1_000_000):
        with pytest.raises(ConfigError, match=r"param_groups\[0\]\.match: has more than 1,000 letters"):
            registry.build({"type": "SGD", "param_groups": [{"match": pattern, "lr": 1}]})
