"""The states of random generators: read, compared, and set."""

from __future__ import annotations

import copy
import io
import random

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from optim_core import OptimError
from optim_core.run.saving.random_state import differences, load_random_state, random_state, without_generator

MAKERS = {
    "torch": lambda: torch.Generator().manual_seed(1),
    "python": lambda: random.Random(1),
    "legacy": lambda: np.random.RandomState(1),
    "PCG64": lambda: np.random.default_rng(1),
    "Philox": lambda: np.random.Generator(np.random.Philox(1)),
    "SFC64": lambda: np.random.Generator(np.random.SFC64(1)),
    "MT19937": lambda: np.random.Generator(np.random.MT19937(1)),
}


def saved(state):
    """A state as it comes out of a file."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def drawn(generator):
    """Numbers of each kind, those that keep half a number for the next time included."""
    if isinstance(generator, torch.Generator):
        return [*torch.randn(3, generator=generator).tolist(), *torch.rand(20, generator=generator).tolist()]
    if isinstance(generator, random.Random):
        return [generator.gauss(0, 1), generator.random()]
    if isinstance(generator, np.random.RandomState):
        return [generator.randn(), generator.rand()]
    return [generator.standard_normal(), int(generator.integers(5, dtype=np.int32)), generator.random()]


def of_process():
    return [random.gauss(0, 1), random.random(), np.random.randn(), np.random.rand(), *torch.randn(3).tolist()]


def test_the_generators_of_the_process_go_on_where_they_were():
    """Python's, numpy's and torch's give again what they gave after they were saved."""
    of_process()
    state = saved(random_state({}))
    expected = of_process()
    of_process()
    assert [] == list(differences(state, {}))
    load_random_state(state, {})
    assert expected == of_process()


def test_saving_draws_no_number():
    """A run that saves goes on as one that does not."""
    state = random_state({})
    expected = of_process()
    load_random_state(state, {})
    random_state({})
    list(differences(state, {}))
    assert expected == of_process()


@pytest.mark.parametrize("name", MAKERS)
def test_generators_of_the_caller_go_on_where_they_were(name):
    """A generator of torch, Python or numpy, saved in the middle of a pair of numbers, gives again what it gave."""
    generator = MAKERS[name]()
    drawn(generator)
    state = saved(random_state({"loader": generator}))
    expected = drawn(generator)
    other = MAKERS[name]()
    assert [] == list(differences(state, {"loader": other}))
    load_random_state(state, {"loader": other})
    assert expected == drawn(other)


def test_what_does_not_fit_is_told_and_changes_nothing():
    """Names that are missing or too many, and a generator of another kind, each by name."""
    state = saved(random_state({"a": MAKERS["torch"](), "b": MAKERS["PCG64"](), "c": MAKERS["python"]()}))
    given = {"b": MAKERS["Philox"](), "c": MAKERS["python"](), "d": MAKERS["torch"]()}
    before = copy.deepcopy([given["b"].bit_generator.state["state"]["key"].tolist(), given["c"].getstate()])
    found = list(differences(state, given))

    assert ["generators: the checkpoint has a: pass generators={'a': …}", "generators: the checkpoint has no d"] == (
        found[:2]
    )
    assert 3 == len(found)
    assert found[2].startswith("generators['b'] does not take its saved state: ")
    assert before == [given["b"].bit_generator.state["state"]["key"].tolist(), given["c"].getstate()]


def test_a_state_of_the_process_that_does_not_fit_is_told():
    """A state of another length, as another version of torch may have it, is found before it is set."""
    state = random_state({})
    state["process"]["torch"] = state["process"]["torch"][:100]
    assert ["the generator torch does not take its saved state"] == [
        line.partition(":")[0] for line in differences(state, {})
    ]


def test_devices_that_are_not_here_are_named():
    """The state of a device that this machine lacks is left out, and can be told."""
    state = random_state({})
    here = list(state["process"])
    state["process"]["cuda:77"] = torch.zeros(16, dtype=torch.uint8)
    assert ["cuda:77"] == without_generator(state)
    assert [] == list(differences(state, {}))
    assert [*here[:2], "numpy"] == [name for name in here if ":" not in name]


@pytest.mark.parametrize("wrong", [3, random.SystemRandom(), torch])
def test_what_is_no_generator_is_refused(wrong):
    """The error names it, and what it may be; the operating system's generator has no state."""
    with pytest.raises(OptimError, match=r"generators\['loader'\] must be a torch.Generator"):
        random_state({"loader": wrong})
    with pytest.raises(OptimError, match="generators must be a mapping of names to generators, is Generator"):
        random_state(torch.Generator())
