"""The names of parameters and buffers without the prefixes of the wrappers that are around a model, or in it."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel
from wrappers import WRAPPERS, one_process, quietly, wrapped

from optim_core import ParamGroupError
from optim_core.groups.model.wrappers import clean_names, unwrapped, without_prefixes
from optim_core.groups.targets import target_of


class Block(nn.Module):
    """Has a module that is called as wrappers call theirs, and a buffer."""

    def __init__(self):
        super().__init__()
        self.module = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)


class Net(nn.Module):
    """Has what a user may have: a list called module, tied weights, a parametrization, and an extra state."""

    def __init__(self):
        super().__init__()
        self.module = nn.ModuleList(Block() for _ in range(2))
        self.head = nn.utils.parametrizations.weight_norm(nn.Linear(4, 2))
        self.tied = self.head

    def get_extra_state(self):
        return {"steps": 1}

    def set_extra_state(self, state):
        """Take what get_extra_state gave."""


@pytest.fixture(scope="module", autouse=True)
def process():
    """What is distributed needs a process group."""
    with one_process():
        yield


def names_of(model):
    return [name for name, _ in [*model.named_parameters(remove_duplicate=False), *model.named_buffers()]]


@pytest.mark.parametrize("name", WRAPPERS)
def test_names_are_those_of_the_model_without_the_wrapper(name):
    """Every parameter and buffer has the user's name, and only the averaging's own counter is left out."""
    model = wrapped(name, Net())
    clean = clean_names(model)
    assert sorted(names_of(Net())) == sorted(clean.values())
    listed = clean_names(model, names_of(model))
    assert sorted(names_of(Net())) == sorted(listed.values())
    assert {"n_averaged"} >= set(names_of(model)) - set(listed)


@pytest.mark.parametrize("name", WRAPPERS)
def test_keys_of_a_state_become_those_of_the_model_without_the_wrapper(name):
    """The keys of state_dict, in which some wrappers hide their prefix, are in the same order the user's."""
    model = wrapped(name, Net())
    with quietly():
        keys = list(model.state_dict())
    clean = clean_names(model, keys)
    assert list(Net().state_dict()) == list(clean.values())
    assert {"n_averaged"} >= set(keys) - set(clean)


def test_each_wrapper_of_wrappers_is_taken_off_once():
    """A user's own `module` within wrappers that call theirs so, too, keeps its name."""
    model = AveragedModel(AveragedModel(Block()))
    assert "module.weight" == clean_names(model)["module.module.module.weight"]
    assert isinstance(unwrapped(model), Block)


def test_class_of_the_user_is_no_wrapper_for_its_name():
    """A class that is called like one of torch's, and is none, keeps its prefix."""
    own = type("DataParallel", (nn.Module,), {"__module__": "somewhere"})()
    own.module = nn.Linear(2, 2)
    assert {"module.weight": "module.weight", "module.bias": "module.bias"} == clean_names(own)
    assert own is unwrapped(own)


class Inner(nn.Module):
    """Has one parameter, in a module that is called as wrappers call theirs."""

    def __init__(self):
        super().__init__()
        self.module = nn.Linear(2, 2, bias=False)


def test_what_a_wrapper_holds_twice_has_one_name():
    """Fabric keeps the module in its wrappers, and the one without: both are the user's, and each is visited once."""
    fabric = type("_FabricModule", (nn.Module,), {"__module__": "lightning.fabric.wrappers"})()
    fabric._forward_module = nn.DataParallel(Inner())
    fabric._original_module = fabric._forward_module.module
    names = {"_forward_module.module.module.weight": "module.weight", "_original_module.module.weight": "module.weight"}
    assert names == clean_names(fabric)
    # Its state_dict is that of the module without wrappers.
    assert {"module.weight": "module.weight"} == clean_names(fabric, fabric._original_module.state_dict())
    assert ["module.weight"] == target_of(fabric).names
    assert {} == target_of(fabric).aliases


def test_two_tensors_with_one_name_are_refused():
    """What a subclass of a wrapper holds itself may be called as something in the model: both are named."""
    model = type("Own", (nn.DataParallel,), {})(nn.Linear(2, 2))
    model.weight = nn.Parameter(torch.zeros(1))
    with pytest.raises(ParamGroupError, match=r"weight and module\.weight are both weight"):
        clean_names(model)


def test_names_that_lead_nowhere_are_kept_behind_the_prefix():
    """A key that a hook of the user's puts into a state has its module's place, too."""
    model = nn.DataParallel(nn.Sequential(nn.Linear(2, 2)))
    assert {"module.0.scale.x": "0.scale.x"} == clean_names(model, ["module.0.scale.x"])


def test_nothing_is_imported_to_find_wrappers():
    """A process that has not imported torch does not import it for the names."""
    program = "import sys, optim_core.groups.model.wrappers; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert "False\n" == done.stdout


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        (["a", "b.module.c"], ["module.a", "module.b.module.c"]),
        (["a", "b"], ["_orig_mod.module.a", "_orig_mod.module.b"]),
        (["a", "b"], ["module._orig_mod.module.a", "module._orig_mod.module._checkpoint_wrapped_module.b"]),
        (["module.a", "b"], ["module.a", "_fsdp_wrapped_module.b"]),
        (["a"], ["_forward_module.module.a"]),
        ([], []),
    ],
)
def test_names_alone_lose_what_is_a_prefix_of_all(expected, given):
    """Unmistakable prefixes go wherever they are, `module.` as long as all names begin with it."""
    assert expected == without_prefixes(given)
