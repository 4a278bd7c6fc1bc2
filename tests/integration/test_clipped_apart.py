"""Named sets of which each is clipped by its own: every form of the config, the steps, a run that is continued."""

import json

import pytest
import torch
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from torch import nn

from optim_core import CheckpointMismatchError, ConfigError, registry
from optim_core.cli.group import cli

ADAM = {"type": "Adam", "config": {"lr": 1e-3}}
SGD = {"type": "SGD", "config": {"lr": 1.0}}
BY_NORM, BY_VALUE = {"type": "norm", "config": {"max_norm": 1.0}}, {"type": "value", "config": {"clip_value": 0.5}}

CANONICAL = {
    "optimizer_configs": {
        "generator": {"optimizer": ADAM, "gradient_clipping": BY_NORM},
        "critic": {"optimizer": ADAM, "gradient_clipping": BY_VALUE},
        "judge": {"optimizer": ADAM},
    }
}
FORMS = {
    "each with its own": CANONICAL,
    "without the key above": CANONICAL["optimizer_configs"],
    "flat": {
        "optimizer_configs": {
            "generator": {"optimizer": {"type": "adam", "learning_rate": 1e-3}, "gradient_clipping": {"max_norm": 1}},
            "critic": {"optimizer": ADAM, "gradient_clipping": {"type": "value", "clip_value": 0.5}},
            "judge": {"optimizer": ADAM, "gradient_clipping": None},
        }
    },
    "side by side": {
        "optimizer_configs": dict.fromkeys(("generator", "critic", "judge"), ADAM),
        "gradient_clipping_configs": {"generator": BY_NORM, "critic": BY_VALUE, "judge": None},
    },
    "one of them off": {
        "optimizer_configs": {
            **CANONICAL["optimizer_configs"],
            "judge": {"optimizer": ADAM, "gradient_clipping": {"enabled": False, "max_norm": 2.0}},
        }
    },
    "in a section": {"training": {**CANONICAL, "batch_size": 16}, "model": {"layers": 2}},
}


def sets(**clipping):
    return {
        "optimizer_configs": {
            name: {"optimizer": SGD} if own is None else {"optimizer": SGD, "gradient_clipping": own}
            for name, own in clipping.items()
        }
    }


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_recipe(form):
    """What `to_config` writes builds it again, and so does what `migrate` writes, which keeps what is switched off."""
    recipe = registry.build(FORMS[form])
    assert registry.build(CANONICAL) == recipe
    assert (None, ["generator", "critic"]) == (recipe.clipper, list(recipe.clippers))
    assert ["norm", "value"] == [spec.type for spec in recipe.clippings]
    assert None is recipe.clipping_of("judge")
    config = registry.to_config(recipe)
    assert 1.0 == config["optimizer_configs"]["generator"]["gradient_clipping"]["config"]["max_norm"]
    assert recipe == registry.build(config) == registry.build(registry.migrate(FORMS[form]))
    if form == "one of them off":
        judge = registry.migrate(FORMS[form])["optimizer_configs"]["judge"]
        assert {"enabled": False, "max_norm": 2.0} == judge["gradient_clipping"]


def test_the_schema_takes_both_places():
    """Of a set, and side by side with the sets: a clipping or null, and nothing else."""
    schema = Draft202012Validator(registry.schema())
    pair = {"optimizer": ADAM, "scheduler": {"type": "cosine"}}
    for clipping, is_right in [
        (BY_NORM, True),
        (None, True),
        ({"type": "value", "max_norm": "much"}, False),
        ([], False),
    ]:
        of_the_set = {"optimizer_configs": {"critic": {**pair, "gradient_clipping": clipping}}}
        beside = {"optimizer_configs": {"critic": ADAM}, "gradient_clipping_configs": {"critic": clipping}}
        of_all = {"optimizer_configs": {"critic": pair}, "gradient_clipping": clipping}
        assert [is_right] * 3 == [schema.is_valid(config) for config in (of_the_set, beside, of_all)]


def test_of_one_set_its_own_clipping_is_that_of_the_recipe():
    """So that whoever has one optimizer finds its clipping where it always is."""
    for name in ("generator", "default"):
        recipe = registry.build({"optimizer_configs": {name: {"optimizer": ADAM, "gradient_clipping": BY_NORM}}})
        assert (1.0, {}) == (recipe.clipper.config.max_norm, recipe.clippers)
        assert recipe == registry.build(registry.to_config(recipe))


@pytest.mark.parametrize("own", [{"max_norm": 2.0}, {"enabled": False}])
def test_clipping_of_all_and_of_one_is_refused(own):
    """Nobody can say which of the two is meant, also where one is off; null says nothing."""
    config = {**sets(generator=own, critic=None), "gradient_clipping": {"max_norm": 1.0}}
    with pytest.raises(ConfigError) as caught:
        registry.build(config)
    (problem,) = caught.value.problems
    assert (
        "optimizer_configs.generator.gradient_clipping",
        "the clipping of all sets says already how its gradients are clipped",
    ) == (
        problem.path,
        problem.message,
    )
    assert "that beside the sets is for all of them, that of a set for it alone" in problem.hint
    config["optimizer_configs"]["generator"]["gradient_clipping"] = None
    assert 1.0 == registry.build(config).clipping_of("generator").config.max_norm


def test_clipping_of_a_name_that_no_set_has_is_refused():
    """With the name that is near."""
    config = {"optimizer_configs": {"generator": ADAM}, "gradient_clipping_configs": {"generater": BY_NORM}}
    with pytest.raises(
        ConfigError, match=r"gradient_clipping_configs.generater: there is no optimizer of this name\n.*`generator`"
    ):
        registry.build(config)


def test_each_step_is_clipped_by_its_own():
    """And one that has none is not."""
    models = {name: nn.Linear(1, 1, bias=False) for name in ("generator", "critic", "judge")}
    run = registry.recipe(sets(generator={"max_norm": 1.0}, critic={"type": "value", "clip_value": 0.5}, judge=None))
    run = run.create(models)
    assert (None, ["generator", "critic"]) == (run.clipper, list(run.clippers))
    for name, moved, norm in (("generator", 1.0, 8.0), ("critic", 0.5, 8.0), ("judge", 8.0, None)):
        weight = models[name].weight
        before = weight.detach().clone()
        weight.grad = torch.full_like(weight, 8.0)
        assert norm == run[name].step().grad_norm
        assert pytest.approx(moved) == (before - weight).item()


def test_one_clipping_of_all_is_one_object():
    """As it was; `run.clip` gives the norm of each."""
    models = {name: nn.Linear(1, 1, bias=False) for name in ("generator", "critic")}
    run = registry.recipe({**sets(generator=None, critic=None), "gradient_clipping": {"max_norm": 1.0}}).create(models)
    assert run.clipper is run.clippers["generator"] is run.clippers["critic"]
    for model in models.values():
        model.weight.grad = torch.full_like(model.weight, 8.0)
    assert {"generator": 8.0, "critic": 8.0} == run.clip()


def test_what_clipping_finds_is_told_at_the_end_of_an_epoch():
    """Of each that has its own."""
    models = {name: nn.Linear(1, 1, bias=False) for name in ("generator", "critic")}
    run = registry.recipe(sets(generator={"max_norm": 1.0}, critic={"max_norm": 2.0})).create(models)
    told = []
    for name, clipper in run.clippers.items():
        object.__setattr__(clipper, "tell", lambda name=name: told.append(name))
    run.end_epoch()
    assert ["generator", "critic"] == told


def test_a_run_goes_on_with_other_clipping_of_a_set():
    """The message has its path; which of the two counts is said as of any other value."""
    models = {name: nn.Linear(1, 1, bias=False) for name in ("generator", "critic")}

    def created(most, kind="norm"):
        field = {"norm": "max_norm", "value": "clip_value"}[kind]
        return registry.recipe(sets(generator={"type": kind, field: most}, critic={"max_norm": 3.0})).create(models)

    state = created(1.0).state_dict()
    path = "optimizer_configs.generator.gradient_clipping.config.max_norm"
    with pytest.raises(CheckpointMismatchError, match=f"{path}: saved 1.0, now 2.0"):
        created(2.0).load_state_dict(state)
    for changed, most in (("saved", 1.0), ("config", 2.0), ([path], 2.0)):
        run = created(2.0)
        run.load_state_dict(state, changed=changed)
        assert most == run.recipe.clippers["generator"].config.max_norm
        models["generator"].weight.grad = torch.full_like(models["generator"].weight, 8.0)
        run["generator"].clip()
        assert pytest.approx(most, abs=1e-4) == models["generator"].weight.grad.item()
    other = created(0.5, "value")
    other.load_state_dict(state, changed="config")
    assert "value" == other.recipe.clippers["generator"].type


def test_the_command_knows_it(tmp_path, monkeypatch):
    """`validate` names every clipping, and an override makes one or changes it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gan.json").write_text(json.dumps(CANONICAL), encoding="utf-8")
    done = CliRunner().invoke(cli, ["validate", "gan.json"])
    assert 0 == done.exit_code
    assert ", norm from optim-torch-builtin" in done.output
    assert ", value from optim-torch-builtin" in done.output
    override = "optimizer_configs.judge.gradient_clipping.max_norm=5"
    recipe = registry.build(
        CANONICAL, overrides=[override, "optimizer_configs.generator.gradient_clipping.config.max_norm=3"]
    )
    assert (5.0, 3.0) == (recipe.clippers["judge"].config.max_norm, recipe.clippers["generator"].config.max_norm)
