"""What a run refuses of accelerate, which is not imported here."""

import copy
import pickle

import pytest

pytest.importorskip("torch")

import torch

from optim_core import OptimError, registry
from optim_core.recipe import Optimization
from optim_core.run.accelerate import refuse_accelerate, refuse_prepared


@pytest.fixture
def run():
    return registry.recipe({"type": "AdamW"}).create(torch.nn.Linear(8, 2))


def asked_by(module, question, run):
    """What a module of this name is told when it asks."""
    found = {"__name__": module, "run": run}
    exec(f"answer = {question}", found)
    return found["answer"]


@pytest.mark.parametrize("question", ["isinstance(run, dict)", "run.__class__", "run.state_dict()"])
def test_only_accelerate_that_prepares_is_refused(run, question):
    """Whoever else asks for the type or the state of a run is answered."""
    for module in ("accelerate.accelerator", "accelerate.optimizer"):
        with pytest.raises(OptimError, match="cannot prepare a run"):
            asked_by(module, question, run)
    for module in ("__main__", "accelerate.checkpointing", "accelerate.utils.operations"):
        assert asked_by(module, question, run) in (False, Optimization, run.state_dict())


def test_the_type_of_a_run_is_what_it_was(run):
    """For copies, pickles and whoever asks."""
    assert Optimization is run.__class__ is type(run)
    assert isinstance(run, Optimization)
    assert isinstance(copy.deepcopy(run), Optimization)
    assert isinstance(pickle.loads(pickle.dumps(run)), Optimization)


def test_a_model_is_asked_whether_it_is_prepared():
    """What is no model is none that is prepared."""
    refuse_accelerate({})
    refuse_prepared([torch.zeros(1)])
    model = torch.nn.Linear(8, 2)
    refuse_prepared(model)
    model._is_accelerate_prepared = True
    with pytest.raises(OptimError, match="accelerate has prepared the model, and the run is not prepared"):
        refuse_prepared(model)
