"""What a plugin class says of a field, or a value, that it does not have here: the hint of the problem."""

from typing import Literal

import attrs
import pytest

from optim_core import ConfigError, Registry


@attrs.frozen(kw_only=True)
class Turning:
    lr: float = 0.1
    way: Literal["left", "right"] | None = None

    @staticmethod
    def why_not(key, value):
        if key == "speed":
            return "turnlib has it from 3.0 on"
        return f"turnlib turns {value} from 3.0 on" if (key, value) == ("way", "back") else None

    def build(self, params): ...


@attrs.frozen(kw_only=True)
class Broken:
    lr: float = 0.1

    @staticmethod
    def why_not(key, value):
        raise RuntimeError(key)

    def build(self, params): ...


def hints_of(cls, config):
    here = Registry(path=[])
    here.register("optimizer", "Turning", cls)
    with pytest.raises(ConfigError) as refused:
        here.build(config)
    return [(problem.message, problem.hint) for problem in refused.value.problems]


@pytest.mark.parametrize(
    "config",
    [
        {"optimizer": {"type": "Turning", "config": {"speed": 2}}},
        {"optimizer": {"type": "Turning", "speed": 2}},
        {"optimizer": {"type": "Turning", "config": {}, "param_groups": [{"match": "*", "speed": 2}]}},
    ],
)
def test_what_the_class_says_of_a_key_is_the_hint(config):
    """In `config`, beside `type` and in a rule a key that the class explains is refused in its words."""
    assert [("unknown key", "turnlib has it from 3.0 on")] == hints_of(Turning, config)


def test_what_the_class_says_of_a_value_is_the_hint():
    """A value that the field's type does not have is refused in the words of the class, and any other as ever."""
    [(message, hint)] = hints_of(Turning, {"optimizer": {"type": "Turning", "config": {"way": "back"}}})

    assert message.startswith("must be `left`, `right` or null")
    assert "turnlib turns back from 3.0 on" == hint
    assert "did you mean `left`?" == hints_of(Turning, {"type": "Turning", "config": {"way": "lefd"}})[0][1]


def test_a_class_that_raises_instead_says_nothing():
    """An exception of `why_not` leaves the hint as it is without it."""
    assert [("unknown key", "Turning takes: lr")] == hints_of(Broken, {"type": "Turning", "config": {"sped": 2}})
