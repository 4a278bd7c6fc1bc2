"""What is said of a text that is not YAML."""

from __future__ import annotations

import pytest

from optim_core.config.formats.format import FormatError
from optim_core.config.formats.yaml_reader import compose


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a:\n\tb: 1\n", (2, 1), "here stands a tab"),
        ("a:\n  b: 1\n   c: 2\n", (3, 5), "line 3 is indented more than line 2"),
        ("a:\n  b: 1\n c: 2\n", (3, 2), "line 3 is indented less than line 2"),
        ("a:\n  b:1\n  c: 2\n", (3, 4), "line 2 has no space after its `:`"),
        ("a\n  b: 1\n", (2, 4), "line 1 has no `:` after its key"),
        ("a: b: c\n", (1, 5), "put a value that holds a `:` in quotes"),
        ("a: [1, 2\nb: 3\n", (2, 2), "the `[` of line 1, column 4, is not closed before this"),
        ("a: {b: 1\nc: 3]\n", (2, 2), "the `{` of line 1, column 4, is not closed before this"),
        ("a: @b\n", (1, 4), "put a value that begins with `@` in quotes"),
        ("a: `b`\n", (1, 4), "begins with a backtick"),
        ("a: *b\n", (1, 4), "there is no `&b` before this `*b`"),
        ("a: 1\n---\nb: 2\n", (2, 1), "a config is one"),
        ("a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> main\n", (2, 1), "keep one side"),
        ("a: b\x07\n", (1, 5), "take it out"),
    ],
)
def test_the_repair_of_what_is_not_yaml(text, place, words):
    """It names the line to mend, which is often not the one at which the parser gave up."""
    with pytest.raises(FormatError) as caught:
        compose(text)
    assert place == caught.value.position
    assert words in (caught.value.hint or "")


def test_a_quote_that_is_not_closed_is_shown_where_it_opens():
    """The place of a quote that is never closed is where it opens, and not the end of the file."""
    with pytest.raises(FormatError) as caught:
        compose('a:\n  b: "c\n  d: 1\ne: 2\n')
    assert ((2, 6), "is not YAML: a quote is opened here and not closed") == (
        caught.value.position,
        caught.value.message,
    )
