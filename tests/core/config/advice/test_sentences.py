"""Each code of an issue has its one sentence, and each hint its own."""

from __future__ import annotations

from typing import get_args

import pytest

from optim_core.config.advice.hints import HINTS, hint_text
from optim_core.config.advice.sentences import SENTENCES, sentence
from optim_core.config.advice.telling import MOST_SUGGESTIONS, Telling
from optim_core.config.issues import Code, Hint, HintCode, Issue


def test_every_code_has_a_sentence():
    """Each code of an issue has a sentence, and each sentence a code."""
    assert set(get_args(Code)) == set(SENTENCES)


def test_every_code_of_a_hint_has_a_sentence():
    """Each code of a hint has a sentence, and each sentence of a hint a code."""
    assert set(get_args(HintCode)) == set(HINTS)


@pytest.mark.parametrize(
    ("issue", "words"),
    [
        (Issue("missing"), "is required and missing"),
        (Issue("wrong-type", (), 3, str), "must be text, is 3"),
        (Issue("wrong-type", (), 1.5, int | str, {"member": int}), "must be a whole number, is 1.5"),
        (
            Issue("breaks-a-field", data={"cause": Issue("missing", ("lr",))}),
            "makes `lr` wrong: is required and missing",
        ),
        (Issue("out-of-range", (), -1.0, data={"most": 1}), "must be in (0, 1], is -1.0"),
    ],
)
def test_the_sentence_of_an_issue(issue, words):
    """It is made of the data of the issue."""
    assert words == sentence(issue)


def test_the_first_hint_that_says_something_counts():
    """One that has nothing to say of this value leaves it to the next."""
    number = Hint.of("write-number", value="none", whole=False)
    hints = Hint.of("first-of", hints=[number, Hint.of("leave-it-out", default=0.5)])
    assert "leave it out for the default, 0.5" == hint_text(Telling.about(), hints)


def test_so_many_right_names_are_looked_for_and_no_more():
    """The budget is that of one error, and the next has its own."""
    hint = Hint.of("near-choice", name="stpe", choices=["step", "epoch"])
    tell = Telling.about()
    said = [hint_text(tell, hint) for _ in range(MOST_SUGGESTIONS + 5)]
    assert ["did you mean `step`?"] * MOST_SUGGESTIONS + [None] * 5 == said
    assert "did you mean `step`?" == hint_text(Telling.about(), hint)
