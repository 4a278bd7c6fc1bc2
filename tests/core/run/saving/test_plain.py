"""What a checkpoint may hold."""

from __future__ import annotations

import enum
import io
from collections import Counter, OrderedDict, defaultdict

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from optim_core import OptimError
from optim_core.run.saving.plain import refuse_other_than_plain

PLAIN = [
    None,
    True,
    -(2**127),
    float("nan"),
    1 + 2j,
    "text \ud800",
    b"bytes",
    bytearray(b"bytes"),
    [1, (2, {3})],
    {"a": 1, 2: "b", (3, None): [], 1.5: {}},
    OrderedDict(a=1),
    Counter("abca"),
    torch.ones(2, 3)[:, 1],
    torch.nn.Parameter(torch.ones(2)),
    torch.float8_e4m3fn,
    torch.device("cuda:1"),
    torch.Size([1, 2]),
    torch.ones(2).to_sparse(),
]


class Colour(enum.IntEnum):
    RED = 1


class Marked(torch.Tensor):
    pass


def marked():
    tensor = torch.ones(2)
    tensor.note = Colour.RED
    return tensor


def cyclic():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize("value", PLAIN, ids=lambda value: type(value).__name__)
def test_plain_data_is_saved_and_is_read_back_as_data(value):
    """What is let through loads with weights_only=True, as what it was."""
    refuse_other_than_plain({"extra": value})
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    assert repr(value) == repr(torch.load(file, weights_only=True))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"best": [0.5, np.float64(1)]}, "extra['best'][1] is of type numpy.float64 (write value.item())"),
        (np.ones(2), "extra is of type numpy.ndarray (write torch.from_numpy(value))"),
        ({"colour": Colour.RED}, "extra['colour'] is of type {here}.Colour (write int(value))"),
        (defaultdict(int, a=1), "extra is of type collections.defaultdict (write dict(value))"),
        ((torch.nn.Linear(1, 1),), "extra[0] is of type torch.nn.modules.linear.Linear (write its state_dict())"),
        ({Colour.RED: 1}, "the key a Colour of extra is of type {here}.Colour (write int(value))"),
        (print, "extra is of type builtin_function_or_method"),
        (frozenset([1]), "extra is of type frozenset"),
        (torch.ones(2).as_subclass(Marked), "extra is of type {here}.Marked"),
        (marked(), "extra.note is of type {here}.Colour (write int(value))"),
        (torch.ones(2, device="meta"), "extra is on the device meta, where tensors have no values"),
        (cyclic(), "is nested more than 100 deep"),
    ],
)
def test_what_is_no_plain_data_is_told_with_its_path(value, said):
    """The error names the place, the type and, where it is plain to see, what to write in its place."""
    with pytest.raises(OptimError) as caught:
        refuse_other_than_plain({"other": 1, "extra": value})
    assert said.replace("{here}", __name__) in str(caught.value)
    assert str(caught.value).startswith("not saved: ")


def test_a_few_of_very_many_are_told():
    """A list of a hundred arrays is not a message of a hundred lines."""
    with pytest.raises(OptimError, match=r"extra\[4\] is of .* and 95 more; a checkpoint holds"):
        refuse_other_than_plain({"extra": [np.ones(1)] * 100})
