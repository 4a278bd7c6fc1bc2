"""The validators that plugin classes share."""

from __future__ import annotations

import math
import pickle

import pytest

from optim_core.validators import FieldError, ItemsError, each, fraction, in_range, non_negative, positive


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


def test_each_tells_every_item_that_is_outside():
    """Not only the first: each with what is wrong with it."""
    with pytest.raises(ItemsError) as caught:
        each(fraction)(None, None, (1.5, 0.9, -1))
    assert {0: "must be in [0, 1), is 1.5", 2: "must be in [0, 1), is -1"} == {
        index: str(error) for index, error in caught.value.items.items()
    }


def test_a_range_may_name_the_repair():
    """The hint stands apart from the message, and in the text of the exception behind it."""
    with pytest.raises(FieldError) as caught:
        in_range(gt=0, hint="leave it out")(None, None, 0)
    assert ("must be > 0, is 0", "leave it out") == (caught.value.message, caught.value.hint)
    assert "must be > 0, is 0; leave it out" == str(caught.value)


@pytest.mark.parametrize("error", [FieldError("wrong", "mend it"), ItemsError({1: FieldError("wrong")})])
def test_what_a_validator_raises_can_be_sent_to_another_process(error):
    """With all that it holds."""
    copy = pickle.loads(pickle.dumps(error))
    assert (type(error), str(error)) == (type(copy), str(copy))
