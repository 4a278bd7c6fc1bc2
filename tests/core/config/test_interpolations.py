"""Configs of OmegaConf: what it says of a value is told at the value's path, and a key for interpolations may stand."""

from __future__ import annotations

import pytest

from optim_core import ConfigError, UnusedConfigWarning, registry

OmegaConf = pytest.importorskip("omegaconf").OmegaConf
pytest.importorskip("optim_torch_builtin")

ADAMW = {"type": "AdamW"}


def recipe(config, below=None, **more):
    config = OmegaConf.create(config)
    return registry.recipe(OmegaConf.select(config, below) if below else config, **more)


def problems(config, **more):
    with pytest.raises(ConfigError) as caught:
        recipe(config, **more)
    return {problem.path: problem for problem in caught.value.problems}, caught.value


def with_rate(rate, **beside):
    return {"optimizer": {"type": "AdamW", "config": {"lr": rate}}, **beside}


# -- what OmegaConf says ---------------------------------------------------------------------------------------------


def test_all_values_that_raise_are_told_at_their_paths_beside_all_other_problems():
    """A value that is `???`, interpolations that lead nowhere, an unknown key and a wrong type are told at once."""
    config = with_rate("???", scheduler={"type": "OneCycleLR", "config": {"max_lr": "${nowhere}", "totl_steps": 10}})
    config["optimizer"] |= {"no_decay": ["bias", "${nothing}"], "config": {"lr": "???", "weight_decay": "much"}}
    found, error = problems(config)

    assert [
        "optimizer.config.lr",
        "optimizer.config.weight_decay",
        "optimizer.no_decay[1]",
        "scheduler.config.max_lr",
        "scheduler.config.totl_steps",
    ] == list(found)
    assert "Missing mandatory value: optimizer.config.lr" in found["optimizer.config.lr"].message
    assert "AdamW needs a number here" == found["optimizer.config.lr"].hint
    assert "Interpolation key 'nowhere' not found" in found["scheduler.config.max_lr"].message
    assert "Interpolation key 'nothing' not found" in found["optimizer.no_decay[1]"].message
    assert "MissingMandatoryValue" == type(error.__cause__).__name__


def test_a_component_that_is_missing_is_told_at_its_path():
    """Its type, or the whole of it, may be `???`; what stands beside it is still looked at."""
    assert ["optimizer", "scheduler.type"] == list(problems({"optimizer": "???", "scheduler": {"type": "cosin"}})[0])
    assert ["optimizer.type"] == list(problems({"optimizer": {"type": "???", "config": {"lr": 0.1}}})[0])


def test_what_a_resolver_raises_is_told(monkeypatch):
    """An environment variable that is not set is named."""
    monkeypatch.delenv("NO_SUCH_RATE", raising=False)
    found, _ = problems(with_rate("${oc.env:NO_SUCH_RATE}"))
    assert "Environment variable 'NO_SUCH_RATE' not found" in found["optimizer.config.lr"].message


def test_a_mapping_that_cannot_be_read_at_all_is_told():
    """The path is that of the config itself."""

    class Closed(dict):
        def __iter__(self):
            raise RuntimeError("this is closed")

    with pytest.raises(ConfigError, match="cannot be read: it raised RuntimeError: this is closed"):
        registry.recipe(Closed())


# -- what an application has beside a recipe -------------------------------------------------------------------------


def test_what_is_the_applications_may_stand_beside_a_recipe():
    """A DictConfig is the config of an application: what says nothing of a recipe is in `unused`."""
    beside = {"model": {"dim": 3, "lr_multiplier": 2}, "seed": 1, "epochs": 3}
    assert beside == recipe(with_rate(0.1, **beside)).unused
    assert beside == recipe({"optimizer": "adamw", "lr": 0.1, **beside}).unused
    assert beside == recipe({"optimizer_configs": {"a": ADAMW}, **beside}).unused


@pytest.mark.parametrize("key", ["shceduler", "learning_rate", "momentum", "warmup_steps"])
def test_what_speaks_of_a_recipe_may_not(key):
    """It is an error there, as in the section of a training config."""
    assert [key] == list(problems(with_rate(0.1, **{key: 0.5}))[0])


def test_a_value_of_the_application_that_cannot_be_read_is_its_own():
    """It stays as it is written, and is told neither alone nor beside what is wrong with the recipe."""
    beside = {"data": {"root": "???", "shapes": [1, "${nowhere}"]}, "paths": {"out": "${hydra:runtime.output_dir}"}}
    config = with_rate("${lr}", lr=0.1, **beside)
    assert {**beside, "lr": 0.1} == recipe(config).unused
    assert {"training": beside, **beside} == recipe({"training": with_rate(0.1, **beside), **beside}).unused
    assert ["optimizer.config.lr"] == list(problems({**config, "lr": "???"})[0])
    del config["lr"]
    assert ["optimizer.config.eps"] == list(
        problems({**config, "optimizer": {"type": "AdamW", "config": {"eps": "a"}}})[0]
    )


def test_a_value_of_a_component_or_a_flat_set_that_cannot_be_read_is_told():
    """Wherever the form has it, alone and in a list."""
    assert ["betas[0]", "lr"] == sorted(problems({"optimizer": "adamw", "lr": "???", "betas": ["???", 0.9]})[0])
    assert ["config.betas[0]"] == list(problems({"type": "AdamW", "config": {"betas": ["???", 0.9]}})[0])


# -- keys for interpolations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "beside"),
    [
        ("${lr}", {"lr": 0.25}),
        ("${...lr}", {"lr": 0.25}),
        ("${base.lr}", {"base": {"lr": 0.25, "dim": 8}}),
        ("${base[lr]}", {"base": {"lr": 0.25}}),
        ("${rates.0}", {"rates": [0.25]}),
        ("${base.${which}}", {"base": {"small": 0.25}, "which": "small"}),
        ("${oc.select:lr, 0.5}", {"lr": 0.25}),
        ("${oc.decode:'${lr}'}", {"lr": 0.25}),
        ("${lr}", {"lr": "${optimum}", "optimum": 0.25}),
    ],
)
def test_a_key_that_only_interpolations_use_is_the_callers(rate, beside):
    """It stands in `unused`, and the value that takes it has it."""
    built = recipe(with_rate(rate, **beside))
    assert 0.25 == built.optimizer.config.lr
    assert set(beside) == set(built.unused)


@pytest.mark.parametrize(
    ("rate", "beside"),
    [
        (0.1, {"lr": 0.25}),
        ("${base}", {"lr": 0.25, "base": 0.1}),
        ("${.weight_decay}", {"weight_decay": 0.1}),
        (0.1, {"lr": {"a": 1, "b": "${lr.a}"}}),
        (r"\${lr}", {"lr": 0.25}),
    ],
    ids=["no interpolation", "of another key", "of another mapping", "of itself", "escaped"],
)
def test_a_stray_key_that_no_interpolation_of_the_recipe_uses_is_an_error(rate, beside):
    """It may be a field that was put into the wrong place."""
    config = with_rate(rate, **beside)
    config["optimizer"]["config"]["weight_decay"] = 0.1
    assert next(iter(beside)) in problems(config)[0]


def test_a_field_beside_the_part_that_takes_it_is_told_both_ways_out():
    """It may be moved, or led to; which key that is says the whole config."""
    found, _ = problems({"training": with_rate(0.1, lr=0.25)}, below="training")
    assert "it is a field of AdamW: move it into `optimizer`, or let the value there lead to it, `${training.lr}`" == (
        found["lr"].hint
    )


def test_a_misspelt_field_that_another_one_takes_is_an_error():
    """In a component, a key is a field, whoever takes its value."""
    schedule = {"type": "OneCycleLR", "config": {"max_lr": "${optimizer.config.lrr}", "total_steps": 10}}
    config = {"optimizer": {"type": "AdamW", "config": {"lrr": 0.1}}, "scheduler": schedule}
    assert ["optimizer.config.lrr"] == list(problems(config)[0])


def test_other_problems_are_told_without_the_key_for_interpolations():
    """What is wrong is told as if it did not stand there."""
    config = with_rate("${lr}", lr=0.1, optimzer={})
    config["optimizer"]["config"]["betas"] = 3
    assert ["optimizer.config.betas", "optimzer"] == list(problems(config)[0])


@pytest.mark.parametrize("rate", ["${training.lr}", "${...lr}"])
def test_such_a_key_may_stand_in_a_section(rate):
    """In the section that holds the recipe, given as a part of the whole or with all around it."""
    config = {"training": with_rate(rate, lr=0.25, batch_size=8), "seed": 3}
    whole = recipe(config)

    assert (0.25, {"seed": 3, "training": {"lr": 0.25, "batch_size": 8}}) == (whole.optimizer.config.lr, whole.unused)
    del config["training"]["batch_size"]
    assert {"lr": 0.25} == recipe(config, "training").unused


@pytest.mark.parametrize("strict", [False, True])
def test_what_an_interpolation_reads_is_no_key_that_is_not_read(strict):
    """Whatever words it has: it is read where the interpolation stands."""
    config = {"training": with_rate("${base.lr}"), "base": {"lr": 0.25}, "max_grad_norm": 1.0, "x": "${max_grad_norm}"}
    assert 0.25 == recipe(config, strict=strict).optimizer.config.lr


def test_such_a_key_may_stand_beside_named_sets_and_flat_ones():
    """Every form of recipe may have it."""
    assert {"base": 0.25} == recipe({"optimizer_configs": {"a": {**ADAMW, "lr": "${base}"}}, "base": 0.25}).unused
    assert {"base": 0.25} == recipe({"optimizer": "adamw", "lr": "${base}", "base": 0.25}).unused


def test_a_key_beside_the_section_that_interpolations_use_is_no_reason_to_warn():
    """Another that speaks of a recipe is one, and with `strict` an error."""
    config = {"training": with_rate("${base.lr}"), "base": {"lr": 0.25}}
    assert 0.25 == recipe(config).optimizer.config.lr
    assert {"base": {"lr": 0.25}} == recipe(config, strict=True).unused
    config["base"]["momentum"] = 0.9
    with pytest.warns(UnusedConfigWarning, match=r"base\.momentum"):
        recipe(config)
    assert ["base.momentum"] == list(problems(config, strict=True)[0])


# -- overrides -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("below", [None, "training"])
def test_an_override_is_seen_by_interpolations(below):
    """A config of OmegaConf stays one: what leads to the value that is replaced gives the new one."""
    config = with_rate("${lr}" if below is None else "${training.lr}", lr=0.1)
    built = recipe(config if below is None else {"training": config}, below, overrides=["lr=0.5"])
    assert 0.5 == built.optimizer.config.lr


def test_an_override_takes_the_place_of_what_is_missing():
    """Other values that raise are told as ever."""
    config = with_rate("???", scheduler={"type": "StepLR", "config": {"step_size": "???"}})
    found, _ = problems(config, overrides=["optimizer.config.lr=0.5"])
    assert ["scheduler.config.step_size"] == list(found)
    assert (
        3
        == recipe(
            config, overrides=["optimizer.config.lr=1", "scheduler.config.step_size=3"]
        ).scheduler.config.step_size
    )


def test_an_override_may_be_an_interpolation_and_a_text_that_looks_like_a_number():
    """It is read as a value of the config, and as the field wants it."""
    config = with_rate(0.1, base=0.5, scheduler={"type": "ReduceLROnPlateau", "config": {"monitor": "loss"}})
    built = recipe(config, overrides=["optimizer.config.lr=${base}", "scheduler.config.monitor=1"])
    assert (0.5, "1") == (built.optimizer.config.lr, built.scheduler.config.monitor)


def test_an_override_leads_through_an_interpolation():
    """What it leads to is copied to where the override is made, and stays as it was where it stands."""
    chosen = {"type": "AdamW", "config": {"lr": 0.1, "eps": "${eps}"}}
    config = {"optimizer": "${choices.${choice}}", "choices": {"first": chosen}, "choice": "first", "eps": 0.5}
    # There, nothing reads it any more.
    with pytest.warns(UnusedConfigWarning, match=r"choices\.first\.config\.lr"):
        built = recipe(config, overrides=["optimizer.config.lr=0.25", "eps=0.75"])
    assert (0.25, 0.75) == (built.optimizer.config.lr, built.optimizer.config.eps)
    assert 0.1 == built.unused["choices"]["first"]["config"]["lr"]
    with pytest.raises(ConfigError, match="optimizer is not a mapping"):
        recipe({**config, "choice": "second"}, overrides=["optimizer.config.lr=0.25"])


def test_the_callers_config_stays_as_it_is():
    """Read-only or not, an override changes a copy."""
    config = OmegaConf.create(with_rate("${lr}", lr=0.1))
    OmegaConf.set_readonly(config, True)
    written = OmegaConf.to_yaml(config)

    assert 0.5 == registry.recipe(config, overrides=["lr=0.5"]).optimizer.config.lr
    assert written == OmegaConf.to_yaml(config)
