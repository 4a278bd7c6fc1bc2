"""The validators that plugin classes share."""

from __future__ import annotations

import math

import pytest

from optim_core.validators import each, fraction, in_range, non_negative, positive


@pytest.mark.parametrize(
    ("validator", "inside", "outside", "words", "schema"),
    [
        (positive, [1e-300, 1, 1e300], [0, -1], "> 0", {"exclusiveMinimum": 0}),
        (non_negative, [0, 1], [-1e-300], "≥ 0", {"minimum": 0}),
        (fraction, [0, 0.999], [1, -0.1], "in [0, 1)", {"minimum": 0, "exclusiveMaximum": 1}),
        (in_range(gt=0, le=1), [1e-9, 1], [0, 1.1], "in (0, 1]", {"exclusiveMinimum": 0, "maximum": 1}),
        (in_range(lt=2), [-5, 1.9], [2], "< 2", {"exclusiveMaximum": 2}),
        (in_range(le=2), [2], [2.1], "≤ 2", {"maximum": 2}),
        (in_range(), [0, -5], [], "finite", {}),
    ],
)
def test_a_range_admits_what_lies_in_it_and_says_so(validator, inside, outside, words, schema):
    """Bounds hold exactly; the range in words and as JSON Schema is the range that is checked."""
    for value in inside:
        assert validator(None, None, value) is None
    for value in [*outside, math.inf, -math.inf, math.nan]:
        with pytest.raises(ValueError, match="must be"):
            validator(None, None, value)
    assert (words, schema) == (validator.describe(), validator.schema())


def test_each_names_the_item_that_is_outside():
    """In a list, the message says which item, counted from 0; a single number is checked as it is."""
    validator = each(fraction)
    assert validator(None, None, (0.9, 0.99)) is None
    with pytest.raises(ValueError, match=r"item 1 must be in \[0, 1\), is 1.0"):
        validator(None, None, (0.9, 1.0))
    with pytest.raises(ValueError, match=r"^must be in \[0, 1\), is 2$"):
        validator(None, None, 2)
    assert "each in [0, 1)" == validator.describe()
