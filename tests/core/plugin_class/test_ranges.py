"""The range that the validators of a field give, in words and as JSON Schema."""

from __future__ import annotations

import pytest
from attrs import validators

from optim_core.plugin_class.ranges import range_in_words, range_schema
from optim_core.validators import each, fraction, non_negative, positive


def _unknown(instance, attribute, value):
    raise ValueError("never")


@pytest.mark.parametrize(
    ("words", "schema", "validator"),
    [
        ("> 0", {"exclusiveMinimum": 0}, positive),
        ("in [0, 1)", {"minimum": 0, "exclusiveMaximum": 1}, fraction),
        ("> 0", {"exclusiveMinimum": 0}, validators.gt(0)),
        ("≥ 1", {"minimum": 1}, validators.ge(1)),
        ("< 1", {"exclusiveMaximum": 1}, validators.lt(1)),
        ("≤ 2.5", {"maximum": 2.5}, validators.le(2.5)),
        ("> 0 and ≤ 1", {"exclusiveMinimum": 0, "maximum": 1}, [validators.gt(0), validators.le(1)]),
        ("≥ 0", {"minimum": 0}, validators.optional(non_negative)),
        (
            "each in [0, 1)",
            {"minimum": 0, "exclusiveMaximum": 1, "items": {"minimum": 0, "exclusiveMaximum": 1}},
            each(fraction),
        ),
        ("one of a, b", {"enum": ["a", "b"]}, validators.in_(["a", "b"])),
        ("one of a", {"enum": ["a", None]}, validators.optional(validators.in_(["a"]))),
        ("at least 1 long", {"minItems": 1, "minLength": 1}, validators.min_len(1)),
        ("at most 3 long", {"maxItems": 3, "maxLength": 3}, validators.max_len(3)),
        ("each > 0", {"exclusiveMinimum": 0, "items": {"exclusiveMinimum": 0}}, validators.deep_iterable(positive)),
        (None, {}, validators.gt("a")),
        (None, {}, validators.instance_of(int)),
        (None, {}, validators.or_(positive, _unknown)),
        (None, {}, _unknown),
        (None, {}, None),
    ],
)
def test_a_range_is_read_from_the_validator(words, schema, validator):
    """Our validators and attrs' own say their range; of others nothing is claimed."""
    if isinstance(validator, list):
        validator = validators.and_(*validator)

    assert words == range_in_words(validator)
    assert schema == range_schema(validator)
