"""An `lr` as for another optimizer, which stays where nothing but the type of a config is changed."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import pytest

from optim_core import ConfigError, Registry, UnusualRateWarning


@attrs.frozen(kw_only=True)
class Plain:
    """An optimizer like any other."""

    lr: float = 1e-3
    weight_decay: float = 0.0

    def build(self, params: Any) -> Any:
        raise NotImplementedError


@attrs.frozen(kw_only=True)
class Halves:
    """Matrices with `lr`, the rest with `adamw_lr`."""

    lr: float = 0.02
    adamw_lr: float = 3e-4
    like_adamw: bool = False
    rates: ClassVar[dict[str, str]] = {"matrices": "lr", "the rest": "adamw_lr"}

    @property
    def lr_meaning(self) -> tuple[str, float, float] | None:
        return None if self.like_adamw else ("the rate of the matrices", 2e-3, 0.5)

    def build(self, params: Any) -> Any:
        raise NotImplementedError


@pytest.fixture
def registry(tmp_path):
    """A registry with these two."""
    made = Registry(path=[str(tmp_path)])
    made.register("optimizer", "Plain", Plain)
    made.register("optimizer", "Halves", Halves)
    return made


FORMS = {
    "a component": ({"type": "Halves", "lr": 3e-4}, "lr"),
    "with a config": ({"type": "Halves", "config": {"lr": 3e-4}}, "config.lr"),
    "by the other name": ({"type": "Halves", "learning_rate": 3e-4}, "learning_rate"),
    "a recipe": ({"optimizer": {"type": "Halves", "config": {"lr": 3e-4}}}, "optimizer.config.lr"),
    "a section": ({"training": {"optimizer": {"type": "Halves", "lr": 3e-4}}, "data": {}}, "training.optimizer.lr"),
    "a flat set": ({"training": {"optimizer": "halves", "lr": 3e-4, "batch_size": 8}}, "training.lr"),
    "a serialized pair": ({"optimizer_type": "Halves", "optimizer_params": {"lr": 3e-4}}, "optimizer_params.lr"),
    "named sets": (
        {"optimizer_configs": {"a": {"type": "Plain", "lr": 3e-4}, "b": {"type": "Halves", "lr": 3e-4}}},
        "optimizer_configs.b.lr",
    ),
    "named pairs": (
        {"optimizer_configs": {"a": {"optimizer": {"type": "Halves", "config": {"lr": 3e-4}}}}},
        "optimizer_configs.a.optimizer.config.lr",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_rate_that_is_unusual_for_what_it_is_is_told_in_every_form(registry, form):
    """Once, where it stands, with the class' other rate that is not given; strict, it is a problem."""
    config, path = FORMS[form]
    with pytest.warns(UnusualRateWarning) as caught:
        registry.build(config)
    ((problem,),) = [each.message.problems for each in caught]
    assert path == problem.path
    assert (
        "`lr` is the rate of the matrices, 0.02 by default; `adamw_lr` is not given, and is 0.0003" in problem.message
    )
    assert "write `adamw_lr: 0.0003`" in problem.hint
    with pytest.raises(ConfigError) as refused:
        registry.build(config, strict=True)
    assert (problem,) == refused.value.problems


@pytest.mark.parametrize(
    "fields",
    [{}, {"lr": 0.02}, {"lr": 3e-4, "adamw_lr": 3e-4}, {"lr": 3e-4, "like_adamw": True}, {"adamw_lr": 1e-3}],
    ids=["no rate", "a usual one", "both", "where it is usual", "the other alone"],
)
def test_what_says_what_it_means_is_not_told(registry, fields):
    """Both rates, or one that is usual: warnings are errors in tests."""
    assert "Halves" == registry.build({"type": "Halves", **fields}, strict=True).type


def test_a_type_that_an_override_gave_is_named(registry):
    """With what its fields mean now, and with what it lacks."""
    config = {"optimizer": {"type": "Plain", "config": {"lr": 3e-4}}}
    with pytest.warns(UnusualRateWarning, match="`optimizer.type` was set by --set"):
        registry.build(config, overrides=["optimizer.type=Halves"])
    config["optimizer"]["config"]["weight_decay"] = 0.1
    with pytest.raises(ConfigError) as refused:
        registry.build(config, overrides=["optimizer.type=Halves"])
    (problem,) = refused.value.problems
    assert "optimizer.config.weight_decay" == problem.path
    assert problem.hint.endswith("; `optimizer.type` was set by --set")


def test_what_an_override_gives_beside_its_type_is_its_own(registry):
    """The hint of a field that an override gave says nothing of the type."""
    config = {"optimizer": {"type": "Plain", "config": {}}}
    with pytest.raises(ConfigError) as refused:
        registry.build(config, overrides=["optimizer.type=Halves", "optimizer.config.momentum=0.9"])
    assert "was set by" not in refused.value.problems[0].hint
