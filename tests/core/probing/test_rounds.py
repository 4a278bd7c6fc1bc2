"""Items that children go through, round after round."""

from __future__ import annotations

from optim_core.probing.rounds import Ended, Heard, in_rounds

CRASH = Ended("ends by SIGSEGV")


class Script:
    """A worker that says what stands in a list, and counts how often it is closed."""

    def __init__(self, *says):
        self.says = iter(says)
        self.closed = 0
        self.waited = []

    def answer(self, seconds):
        self.waited.append(seconds)
        return next(self.says)

    def close(self):
        self.closed += 1


def _begins(number):
    return {"number": number, "through": False}


def _through(number, **more):
    return {"number": number, "through": True, **more}


def _all_rounds(numbers, *scripts):
    """What is heard, and which items each worker was given."""
    given = []

    def begin(left):
        given.append(left)
        return scripts[len(given) - 1]

    return list(in_rounds(numbers, begin, lambda message: 2.0 if message else 1.0)), given


def test_one_child_does_everything_where_nothing_ends_it():
    """Each item is heard of once, and the child is ended where none is left."""
    script = Script(_begins(4), _through(4, found="a"), _begins(7), _through(7, found="b"))
    heard, given = _all_rounds([4, 7], script)

    assert [Heard(4, _through(4, found="a")), Heard(7, _through(7, found="b"))] == heard
    assert ([[4, 7]], 1, [1.0, 2.0, 2.0, 2.0]) == (given, script.closed, script.waited)


def test_the_item_that_was_begun_is_to_blame_and_another_child_does_the_rest():
    """The guilty item is not tried again."""
    scripts = Script(_begins(1), _through(1), _begins(2), CRASH), Script(_begins(3), _through(3))
    heard, given = _all_rounds([1, 2, 3], *scripts)

    assert [Heard(1, _through(1)), Heard(2, _begins(2), CRASH), Heard(3, _through(3))] == heard
    assert [[1, 2, 3], [3]] == given


def test_the_end_after_an_item_is_put_down_to_that_item():
    """It may have left behind what ends the process; the next item has not begun."""
    scripts = Script(_begins(1), _through(1), CRASH), Script(_begins(2), _through(2))
    heard, given = _all_rounds([1, 2], *scripts)

    assert [Heard(1, _through(1)), Heard(1, _through(1), CRASH), Heard(2, _through(2))] == heard
    assert [[1, 2], [2]] == given


def test_a_child_that_leaves_is_replaced_without_blame():
    """A process that an item has changed is of no use to the items after it."""
    scripts = Script(_begins(1), _through(1, leaves=True)), Script(_begins(2), _through(2))
    heard, given = _all_rounds([1, 2], *scripts)

    assert [Heard(1, _through(1, leaves=True)), Heard(2, _through(2))] == heard
    assert ([[1, 2], [2]], 1) == (given, scripts[0].closed)


def test_a_child_that_never_begins_ends_after_one_try_for_each_item():
    """The message is empty, by which the caller knows that no item is to blame."""
    heard, given = _all_rounds([1, 2], Script(CRASH), Script(CRASH))

    assert [Heard(1, {}, CRASH), Heard(2, {}, CRASH)] == heard
    assert [[1, 2], [2]] == given


def test_one_who_stops_listening_ends_the_child():
    """No child is left behind where an error ends the loop over what is heard."""
    script = Script(_begins(1), _through(1), _begins(2))
    rounds = in_rounds([1, 2], lambda _: script, lambda _: 1.0)

    assert Heard(1, _through(1)) == next(rounds)
    rounds.close()
    assert 1 == script.closed
