"""AdamSpec, AdamWSpec and MuonSpec are as the document on optimizer specifications describes them."""

import copy
import json
import pickle

import attrs
import pytest
import torch

from optim_core import ConfigError, ParamGroupError, Registry, UnknownTypeError, registry
from optim_core.compat import AdamSpec, AdamWSpec, MuonSpec, OptimizerSpecification, RegisteredSpec, specifications

DEFAULTS = {
    AdamSpec: {
        "learning_rate": 0.001,
        "lr_decay_gamma": None,
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 0.0,
    },
    AdamWSpec: {
        "learning_rate": 0.001,
        "lr_decay_gamma": None,
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 0.01,
    },
    MuonSpec: {
        "learning_rate": 0.02,
        "adamw_lr": 0.0003,
        "lr_decay_gamma": None,
        "momentum": 0.95,
        "nesterov": True,
        "weight_decay": 0.01,
        "betas": (0.9, 0.999),
    },
}
each_class = pytest.mark.parametrize("cls", [AdamSpec, AdamWSpec, MuonSpec])


@each_class
def test_parameters_and_defaults(cls):
    """The document's lists: `learning_rate` (default: 0.001), `lr_decay_gamma` (default: None), …"""
    assert DEFAULTS[cls] == cls().to_dict()


@pytest.mark.parametrize(
    ("spec", "torch_class", "group"),
    [
        (
            AdamSpec(
                learning_rate=0.001,
                lr_decay_gamma=0.95,
                weight_decay=0.01,
            ),
            torch.optim.Adam,
            {"lr": 0.001, "weight_decay": 0.01, "betas": (0.9, 0.999), "eps": 1e-8},
        ),
        (
            AdamWSpec(
                learning_rate=0.001,
                lr_decay_gamma=0.95,
            ),
            torch.optim.AdamW,
            {"lr": 0.001, "weight_decay": 0.01, "betas": (0.9, 0.999), "eps": 1e-8},
        ),
    ],
)
def test_usage(spec, torch_class, group, model):
    """The document: `AdamSpec(learning_rate=0.001, lr_decay_gamma=0.95, weight_decay=0.01)` and
    `AdamWSpec(learning_rate=0.001, lr_decay_gamma=0.95)`."""
    optimizer = spec.create_optimizer(model)

    assert torch_class is type(optimizer)
    assert group == {key: optimizer.param_groups[0][key] for key in group}


def test_usage_of_muon(model):
    """The document: `MuonSpec(learning_rate=0.02, adamw_lr=0.0003, lr_decay_gamma=0.98)`."""
    spec = MuonSpec(learning_rate=0.02, adamw_lr=0.0003, lr_decay_gamma=0.98)
    optimizer = spec.create_optimizer(model)

    assert {0.02, 0.0003} == {group["lr"] for group in optimizer.param_groups}
    assert isinstance(spec.create_scheduler(optimizer), torch.optim.lr_scheduler.ExponentialLR)


def test_muon_where_it_is_not_installed(tmp_path, monkeypatch):
    """The class is there, and says that the optimizer is not, and how to get it."""
    monkeypatch.setattr(specifications, "registry", Registry(path=[tmp_path]))
    with pytest.raises(UnknownTypeError, match=r"no optimizer is called `muon`\s+.*pip install 'optim-core\[muon\]'"):
        MuonSpec()


def test_per_module_learning_rate_multipliers(model):
    """The document: `create_optimizer(model=self.network, lr_multipliers={self.network.scoring_head: 5.0})`; "Each
    module's parameters receive `base_learning_rate × multiplier`"."""
    optimizer = AdamWSpec(learning_rate=0.001).create_optimizer(model=model, lr_multipliers={model.scoring_head: 5.0})
    of_head = {id(parameter) for parameter in model.scoring_head.parameters()}
    by_rate = {group["lr"]: {id(parameter) for parameter in group["params"]} for group in optimizer.param_groups}

    assert {0.001, 0.005} == set(by_rate)
    assert of_head == by_rate[0.005]
    assert {id(parameter) for parameter in model.parameters()} - of_head == by_rate[0.001]


def test_a_multiplier_for_a_module_of_another_model(model):
    """It is an error, not a silent no-op."""
    with pytest.raises(ParamGroupError, match="Linear has no parameter among those to optimize"):
        AdamWSpec().create_optimizer(model, {torch.nn.Linear(2, 2): 5.0})


def test_lr_decay(model):
    """The document: "If `None`, no decay is applied"; "`lr_decay_gamma=0.95` means LR decreases by 5% each epoch";
    "Uses PyTorch's `ExponentialLR` scheduler"."""
    spec = AdamWSpec(learning_rate=0.001, lr_decay_gamma=0.95)
    optimizer = spec.create_optimizer(model, {model.scoring_head: 5.0})
    scheduler = spec.create_scheduler(optimizer)
    optimizer.step()
    scheduler.step()

    assert torch.optim.lr_scheduler.ExponentialLR is type(scheduler)
    assert [0.001 * 0.95, 0.005 * 0.95] == pytest.approx(scheduler.get_last_lr())
    assert AdamWSpec(learning_rate=0.001).create_scheduler(optimizer) is None


def test_several_models(model):
    """The document: "`create_optimizer_for_multiple(models, lr_multipliers=None)`: Creates optimizer for multiple
    models"."""
    other = torch.nn.Linear(3, 3)
    optimizer = AdamSpec().create_optimizer_for_multiple([model, other], {other: 2.0})

    assert [0.001, 0.002] == [group["lr"] for group in optimizer.param_groups]
    assert 8 == sum(len(group["params"]) for group in optimizer.param_groups)


@each_class
def test_serialization(cls, model, tmp_path):
    """The document: `{"optimizer_type": optimizer_spec.optimizer_type, "optimizer_params": optimizer_spec.to_dict()}`
    is saved, and `OptimizerSpecification.from_serialized(state_dict["optimizer_type"], state_dict["optimizer_params"])`
    loads it: through `torch.save`, and through JSON, where a tuple is a list."""
    optimizer_spec = cls(learning_rate=0.004, lr_decay_gamma=0.9, betas=(0.8, 0.99))
    state_dict = {
        "optimizer_type": optimizer_spec.optimizer_type,
        "optimizer_params": optimizer_spec.to_dict(),
    }
    torch.save(state_dict, tmp_path / "model.pt")

    for loaded in (torch.load(tmp_path / "model.pt", weights_only=True), json.loads(json.dumps(state_dict))):
        again = OptimizerSpecification.from_serialized(
            loaded["optimizer_type"],
            loaded["optimizer_params"],
        )
        assert optimizer_spec == again
        assert cls is type(again)
        assert 0.004 == registry.build(loaded).config.lr


@pytest.mark.parametrize(("cls", "name"), [(AdamSpec, "adam"), (AdamWSpec, "adamw"), (MuonSpec, "muon")])
def test_optimizer_type(cls, name):
    """The document: "String identifier (e.g., "adam", "adamw", "muon")", of the class as of its instances."""
    assert name == cls.optimizer_type
    assert name == cls().optimizer_type


@pytest.mark.parametrize("name", ["adamw", "AdamW", "ADAM_W"])
def test_the_type_is_matched_without_case(name):
    """`from_serialized` "automatically dispatches to the correct optimizer type"."""
    assert AdamWSpec(eps=1e-6) == OptimizerSpecification.from_serialized(name, {"eps": 1e-6})


def test_any_other_optimizer_that_is_installed(model):
    """A saved type that has no class of its own here is one more specification, and round-trips as those do."""
    spec = OptimizerSpecification.from_serialized("sgd", {"learning_rate": 0.1, "momentum": 0.9, "lr_decay_gamma": 0.5})
    optimizer = spec.create_optimizer(model, {model.scoring_head: 2.0})

    assert isinstance(spec, RegisteredSpec)
    assert ("SGD", 0.1, 0.5) == (spec.optimizer_type, spec.to_dict()["lr"], spec.to_dict()["lr_decay_gamma"])
    assert (torch.optim.SGD, [0.1, 0.2]) == (type(optimizer), [group["lr"] for group in optimizer.param_groups])
    assert 0.5 == spec.create_scheduler(optimizer).gamma
    pair = json.loads(json.dumps([spec.optimizer_type, spec.to_dict()]))
    assert spec == OptimizerSpecification.from_serialized(*pair)


@pytest.mark.parametrize(
    ("arguments", "paths"),
    [
        ({"learning_rate": -0.001}, ["learning_rate"]),
        ({"learning_rate": "fast", "eps": 0, "weight_decay": -1}, ["learning_rate", "eps", "weight_decay"]),
        ({"betas": (0.9, 1.5)}, ["betas"]),
        ({"betas": 0.9}, ["betas"]),
        ({"learning_rate": True}, ["learning_rate"]),
        ({"lr_decay_gamma": 0.0}, ["lr_decay_gamma"]),
    ],
)
def test_values_are_checked_when_the_spec_is_made(arguments, paths):
    """All that is wrong is told at once, by the names of the parameters."""
    with pytest.raises(ConfigError) as caught:
        AdamWSpec(**arguments)
    assert paths == [problem.path.partition("[")[0] for problem in caught.value.problems]

    with pytest.raises(ConfigError) as caught:
        OptimizerSpecification.from_serialized("adamw", arguments)
    assert paths == [problem.path.partition("[")[0] for problem in caught.value.problems]


def test_an_unknown_keyword_is_pythons_error():
    """A keyword that a specification lacks is the TypeError that any class raises."""
    with pytest.raises(TypeError, match="wait_decay"):
        AdamWSpec(wait_decay=0.1)
    with pytest.raises(TypeError):
        AdamWSpec(0.001)


@pytest.mark.parametrize(
    ("key", "hint"),
    [("wait_decay", "`weight_decay`"), ("lr", "`learning_rate`"), ("amsgrad", "AdamWSpec takes: learning_rate, ")],
)
def test_an_unknown_parameter_in_a_saved_state(key, hint):
    """It is told with the nearest right name, beside whatever else is wrong."""
    with pytest.raises(ConfigError) as caught:
        OptimizerSpecification.from_serialized("adamw", {key: 0.1, "eps": -1})
    assert [key, "eps"] == [problem.path for problem in caught.value.problems]
    with pytest.raises(ConfigError) as caught:
        OptimizerSpecification.from_serialized("adamw", {key: 0.1})
    assert hint in caught.value.problems[0].hint


@pytest.mark.parametrize(
    ("pair", "error"),
    [
        (("adamww", {}), UnknownTypeError),
        (("adamww", {}), AttributeError),
        ((None, {}), ConfigError),
        (("adamw", [1]), ConfigError),
        (("adamw", {1: 2}), ConfigError),
        (("sgd", {"momentun": 0.9}), ConfigError),
    ],
)
def test_what_is_no_saved_specification(pair, error):
    """It is refused by an error of ours."""
    with pytest.raises(error):
        OptimizerSpecification.from_serialized(*pair)


def test_specs_are_values():
    """Equal numbers make equal specs, however they were written; a spec cannot be changed, but copied with a change."""
    spec = AdamSpec(learning_rate=1, betas=[0.9, 0.99])

    assert AdamSpec(learning_rate=1.0, betas=(0.9, 0.99)) == spec
    assert hash(AdamSpec(learning_rate=1.0, betas=(0.9, 0.99))) == hash(spec)
    assert AdamSpec(learning_rate=1.0) != spec
    assert AdamSpec(weight_decay=0.01) != AdamWSpec()
    assert spec == pickle.loads(pickle.dumps(spec)) == copy.deepcopy(spec)
    assert 0.5 == attrs.evolve(spec, learning_rate=0.5).learning_rate
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        spec.learning_rate = 2.0


def test_the_base_class_is_abstract():
    """It is for type hints, and for `from_serialized`."""
    with pytest.raises(TypeError, match="abstract"):
        OptimizerSpecification()
    assert issubclass(AdamWSpec, OptimizerSpecification)
