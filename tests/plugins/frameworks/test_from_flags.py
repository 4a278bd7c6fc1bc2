"""Tests of the recipe that flags ask for, whatever library reads them."""

import pytest

from optim_core import ConfigError, OptimError, PluginError, Registry, registry
from optim_frameworks.flags import FlagSet, Given
from optim_frameworks.from_flags import recipe_from

FILE = """
optimizer:
  type: AdamW
  config: {lr: 3e-4, betas: [0.9, 0.95]}
scheduler: {type: cosine, num_warmup_steps: 100}
gradient_clipping: {max_norm: 1.0, norm_type: inf}
"""
NAMED = """
optimizer_configs:
  generator: {optimizer: {type: AdamW, config: {lr: 3e-4}}, scheduler: {type: cosine}}
  critic: {optimizer: {type: SGD, lr: 0.1}}
"""


@pytest.fixture
def file(tmp_path):
    """Return what writes a file of this text, and gives its path."""

    def write(text=FILE):
        path = tmp_path / "train.yaml"
        path.write_text(text)
        return str(path)

    return write


def recipe(names=(), **values):
    """Return the recipe of flags that were all typed."""
    given = {dest: Given(value, f"--{dest.replace('_', '-')}") for dest, value in values.items()}
    return recipe_from(FlagSet.of(names=names), given)


def problems(**values):
    with pytest.raises(ConfigError) as raised:
        recipe(**values)
    return raised.value.problems


def the_problem(**values):
    found = problems(**values)
    assert 1 == len(found), [str(problem) for problem in found]
    return found[0]


# -- names and values ------------------------------------------------------------------------------------------------


def test_names_go_without_case_and_by_aliases():
    made = recipe(optimizer="ADAM-W", scheduler="onecycle", set=["scheduler.config.max_lr=0.1"])
    assert ("AdamW", "OneCycleLR") == (made.optimizer.type, made.scheduler.type)


def test_a_wrong_name_is_told_by_its_flag_with_the_near_one():
    found = problems(optimizer="AdmaW", scheduler="cosin")
    assert ["--optimizer", "--scheduler"] == [problem.path for problem in found]
    assert ["`AdamW`" in found[0].hint, "`cosine`" in found[1].hint] == [True, True]


@pytest.mark.parametrize(
    ("typed", "said"), [(-1.0, "must be > 0"), ("fast", "must be a number"), (float("nan"), "number"), (0.0, "> 0")]
)
def test_a_wrong_rate_is_told_by_its_flag(typed, said):
    problem = the_problem(optimizer="AdamW", lr=typed)
    assert "--lr" == problem.path
    assert said in problem.message


def test_an_optimizer_without_a_rate_is_told_with_what_it_has():
    problem = the_problem(optimizer="AliG", lr=0.1)
    assert ("--lr", "AliG has no `lr`") == (problem.path, problem.message)
    assert "max_lr" in problem.hint


def test_the_rate_of_an_optimizer_around_another_is_that_of_the_inner_one(file):
    path = file("optimizer: {type: Lookahead, config: {optimizer: {type: SGD, lr: 0.5}, k: 3}}")
    assert 0.1 == recipe(config=path, lr=0.1).optimizer.innermost.config.lr
    hint = problems(optimizer="Lookahead", lr=0.1)[0].hint
    assert "in place of --lr: --set 'optimizer.config.optimizer={type: AdamW, lr: 0.1}'" == hint


def test_a_default_rate_of_the_program_does_not_stand_in_the_way_of_an_inner_one():
    """What the hint says, with a program that has a default for `--lr`."""
    given = {
        "optimizer": Given("SAM", "--optimizer"),
        "lr": Given(1e-3, "--lr", typed=False),
        "set": Given(["optimizer.config.optimizer={type: SGD, lr: 0.2}"], "--set"),
    }
    assert 0.2 == recipe_from(FlagSet.of(), given).optimizer.innermost.config.lr


@pytest.mark.parametrize(("typed", "plain"), [("500", 500), ("5%", "5%"), ("2 epochs", "2 epochs"), (7, 7)])
def test_a_warmup_is_a_length(typed, plain):
    made = recipe(optimizer="AdamW", scheduler="cosine", warmup=typed)
    assert plain == made.scheduler.config.num_warmup_steps.plain()


@pytest.mark.parametrize("typed", ["0.05", 0.05])
def test_a_share_of_the_run_is_written_in_percent(typed):
    problem = the_problem(optimizer="AdamW", scheduler="linear", warmup=typed)
    assert "--warmup" == problem.path
    assert "did you mean `5%`?" in problem.hint


def test_the_warmup_is_the_field_that_the_schedule_has_for_it():
    made = recipe(optimizer="AdamW", scheduler="warmup_cosine", warmup="3 epochs")
    assert "3 epochs" == str(made.scheduler.config.warmup_epochs)


@pytest.mark.parametrize("schedule", ["StepLR", "InverseLR", "greedy", "ReduceLROnPlateau"])
def test_a_schedule_without_the_length_of_a_warmup_is_told(schedule):
    problem = problems(optimizer="AdamW", scheduler=schedule, warmup="5")[0]
    assert ("--warmup", f"{schedule} has no warmup that is a length") == (problem.path, problem.message)
    assert "--scheduler warmup" in problem.hint


@pytest.mark.parametrize("values", [{}, {"scheduler": "none"}])
def test_a_warmup_without_a_schedule_is_told(values):
    problem = the_problem(optimizer="AdamW", warmup="5", **values)
    assert "--warmup" == problem.path
    assert "--scheduler" in problem.hint


def test_no_warmup_leaves_it_to_the_schedule():
    assert (
        "StepLR"
        == recipe(optimizer="AdamW", scheduler="StepLR", warmup="none", set=["scheduler.step_size=3"]).scheduler.type
    )


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ("1.0", ("norm", {"max_norm": 1.0, "norm_type": 2.0, "error_if_nonfinite": False})),
        (0.5, ("norm", {"max_norm": 0.5, "norm_type": 2.0, "error_if_nonfinite": False})),
        ("NORM:2", ("norm", {"max_norm": 2.0, "norm_type": 2.0, "error_if_nonfinite": False})),
        ("value:0.5", ("value", {"clip_value": 0.5, "error_if_nonfinite": False})),
        ("adaptive", ("adaptive", {"clip_factor": 0.01, "eps": 0.001, "error_if_nonfinite": False})),
    ],
)
def test_clipping_is_a_norm_or_a_type_with_its_number(typed, fields):
    config = registry.to_config(recipe(optimizer="AdamW", clip=typed))["gradient_clipping"]
    assert fields == (config["type"], config["config"])


@pytest.mark.parametrize("typed", ["off", "-1", "0", "value:x", "value", "1.0:2"])
def test_wrong_clipping_is_told_with_what_to_write(typed):
    problem = the_problem(optimizer="AdamW", clip=typed)
    assert "--clip" in problem.path
    assert "none" in problem.hint or "--set" in problem.hint


@pytest.mark.parametrize("typed", ["none", "None"])
def test_none_takes_schedule_and_clipping_away(file, typed):
    made = recipe(config=file(), scheduler=typed, clip=typed)
    assert (None, None) == (made.scheduler, made.clipper)
    made = recipe(config=file("optimizer: {type: SGD, lr_decay_gamma: 0.5}"), scheduler=typed)
    assert made.scheduler is None


# -- overrides -------------------------------------------------------------------------------------------------------


def test_overrides_reach_every_field():
    made = recipe(optimizer="AdamW", set=["optimizer.config.betas=[0.9, 0.95]", "optimizer.no_decay=[bias]"])
    assert ((0.9, 0.95), ("bias",)) == (made.optimizer.config.betas, made.optimizer.no_decay)


def test_overrides_alone_make_a_recipe():
    assert "SGD" == recipe(set=["optimizer.type=SGD"]).optimizer.type
    assert "SGD" == recipe(set="optimizer={type: SGD}").optimizer.type


def test_a_wrong_override_is_told_as_it_was_typed():
    problem = the_problem(optimizer="AdamW", set=["optimizer.config.lrr=1"])
    assert ("--set optimizer.config.lrr", "unknown key") == (problem.path, problem.message)
    assert "did you mean `lr`?" in problem.hint
    problem = the_problem(optimizer="AdamW", set=["optimizer.config.betas=[0.9, 2]"])
    assert "--set optimizer.config.betas[1]" == problem.path


def test_overrides_that_lead_nowhere_hide_no_other_mistake(file):
    wrong = ["optimizer.confg.lr=2", "optimizer.config.eps=x", "nothing", "bar.baz=3"]
    paths = {problem.path for problem in problems(config=file(), lr=-1, set=wrong)}
    assert {"--lr", "--set", "--set optimizer.confg.lr", "--set bar.baz", "--set optimizer.config.eps"} == paths


@pytest.mark.parametrize("text", ["optimizer.config.lr=2", "optimizer={type: SGD}", "optimizer.config={lr: 2}"])
def test_an_override_of_what_a_flag_sets_is_refused(text):
    problem = the_problem(optimizer="AdamW", lr=0.1, set=[text])
    assert f"--set {text}" == problem.path
    assert "sets as well" in problem.message


def test_a_field_that_is_missing_is_told_with_the_flag_that_needs_it():
    problem = the_problem(optimizer="SGD", scheduler="StepLR")
    assert "--scheduler StepLR: scheduler.step_size" == problem.path
    assert "set it by --set scheduler.step_size=…" in problem.hint
    assert 30 == recipe(optimizer="SGD", scheduler="StepLR", set=["scheduler.step_size=30"]).scheduler.config.step_size


# -- files -----------------------------------------------------------------------------------------------------------


def test_flags_are_set_on_top_of_a_file(file):
    made = recipe(config=file(), lr=0.1, warmup="5%", clip="2")
    assert (0.1, (0.9, 0.95)) == (made.optimizer.config.lr, made.optimizer.config.betas)
    assert "5%" == str(made.scheduler.config.num_warmup_steps)
    assert (2.0, "inf") == (made.clipper.config.max_norm, made.clipper.config.norm_type)


@pytest.mark.parametrize(
    "text",
    [
        "{type: AdamW, learning_rate: 0.5, eps: 1e-6}",
        "{type: AdamW, config: {lr: 0.5, eps: 1e-6}}",
        "optimizer: {type: AdamW, learning_rate: 0.5, eps: 1e-6}",
        "optimizer: {type: AdamW, config: {learning_rate: 0.5, eps: 1e-6}}",
        "{optimizer_name: adamw, lr: 0.5, eps: 1e-6}",
        "training: {optimizer: {type: AdamW, lr: 0.5, eps: 1e-6}}",
    ],
)
def test_files_of_every_form_can_be_overridden(file, text):
    made = recipe(config=file(text), lr=0.1, scheduler="cosine", warmup="5", set=["scheduler.config.eta_min=0.01"])
    assert (0.1, 1e-6) == (made.optimizer.config.lr, made.optimizer.config.eps)
    assert (5, 0.01) == (made.scheduler.config.num_warmup_steps.amount, made.scheduler.config.eta_min)


def test_what_stands_beside_the_recipe_in_a_file_stays_known(file):
    path = file("training: {optimizer: {type: AdamW}, epochs: 3}\nmodel: {type: x}")
    assert registry.recipe(path).unused == recipe(config=path, lr=0.1).unused != {}


def test_what_somebody_may_have_meant_for_the_recipe_is_told_once(file):
    path = file("training: {optimizer: {type: AdamW}, epochs: 3}\nwarmup_steps: 3")
    with pytest.warns(UserWarning, match="warmup_steps") as told:
        recipe(config=path, lr=0.1)
    assert 1 == len(told)


def test_a_mistake_in_the_file_is_told_with_its_line(file):
    found = problems(config=file("optimizer:\n  type: AdamW\n  config: {epss: 3}"), lr=-1)
    assert [("optimizer.config.epss", 3), ("--lr", None)] == [(problem.path, problem.line) for problem in found] or [
        ("--lr", None),
        ("optimizer.config.epss", 3),
    ] == [(problem.path, problem.line) for problem in found]


@pytest.mark.parametrize("text", ["{type: AdamW, epss: 3}", "training: {optimizer: {type: AdamW, epss: 3}}"])
def test_a_mistake_in_a_file_of_another_form_is_told_with_its_line(file, text):
    problem = the_problem(config=file(f"\n{text}"), lr=0.1)
    assert 2 == problem.line
    assert "epss" in problem.path


def test_a_file_that_flags_complete_is_right(file):
    made = recipe(config=file("scheduler: {type: cosine}\ngradient_clipping: {max_norm: 1}"), optimizer="SGD")
    assert ("SGD", "cosine", 1.0) == (made.optimizer.type, made.scheduler.type, made.clipper.config.max_norm)
    made = recipe(config=file("{type: cosine}"), optimizer="SGD", warmup="3")
    assert ("SGD", "cosine") == (made.optimizer.type, made.scheduler.type)
    assert "SGD" == recipe(config=file("optimizer: {type: NoSuch}"), optimizer="SGD").optimizer.type


def test_a_file_that_is_not_there_or_not_readable_is_told_by_the_flag(file, tmp_path):
    missing = str(tmp_path / "nope.yaml")
    assert f"--config {missing}" == the_problem(config=missing).path
    problem = the_problem(config=file("optimizer: {type: ["))
    assert "--config" == problem.path
    assert problem.line is not None


def test_a_file_without_an_optimizer_is_told(file):
    problem = the_problem(config=file("scheduler: {type: cosine}"), lr=0.1)
    assert ("--optimizer", "is required") == (problem.path, problem.message)


def test_another_type_keeps_the_fields_that_it_has(file):
    made = recipe(config=file(), optimizer="Adam", scheduler="linear")
    assert ("Adam", 3e-4, (0.9, 0.95)) == (made.optimizer.type, made.optimizer.config.lr, made.optimizer.config.betas)
    assert 100 == made.scheduler.config.num_warmup_steps.amount


def test_fields_that_another_type_does_not_have_are_told_and_not_lost(file):
    problem = the_problem(config=file(), optimizer="SGD")
    assert ("optimizer.config.betas", 4) == (problem.path, problem.line)
    assert "was made for AdamW, and --optimizer makes it SGD" in problem.hint
    assert "--set 'optimizer={type: SGD, config: {…}}'" in problem.hint
    assert 0.1 == recipe(config=file(), set=["optimizer={type: SGD, config: {lr: 0.1}}"]).optimizer.config.lr


def test_clipping_of_another_type_replaces_the_number_and_loses_nothing_else(file):
    assert "norm_type" in the_problem(config=file(), clip="value:0.5").message
    path = file("optimizer: {type: SGD}\ngradient_clipping: {max_norm: 1.0, error_if_nonfinite: true}")
    made = recipe(config=path, clip="value:0.5")
    assert (0.5, True) == (made.clipper.config.clip_value, made.clipper.config.error_if_nonfinite)
    path = file("optimizer: {type: SGD}\ngradient_clipping: {type: value, clip_value: 1.0}")
    assert "value:2.0" in the_problem(config=path, clip="2.0").hint


def test_clipping_that_a_file_disables_is_enabled(file):
    path = file("optimizer: {type: SGD}\ngradient_clipping: {enabled: false, max_norm: 1.0}")
    assert recipe(config=path).clipper is None
    assert 2.0 == recipe(config=path, clip="2").clipper.config.max_norm


def test_what_a_rate_breaks_in_the_file_is_told_there(file):
    problem = the_problem(
        config=file("optimizer: {type: SGD, lr: 1}\nscheduler: {type: cosine, eta_min: 0.1}"), lr=0.01
    )
    assert ("scheduler.eta_min", 2) == (problem.path, problem.line)


# -- several optimizers ----------------------------------------------------------------------------------------------


def test_each_optimizer_of_a_file_has_flags(file):
    made = recipe(["generator", "critic"], config=file(NAMED), critic_lr=0.5, critic_scheduler="linear", clip="1")
    assert (0.0003, 0.5) == tuple(spec.config.lr for spec in made.optimizers.values())
    assert ["cosine", "linear"] == [made.schedule_of(name).type for name in made.optimizers]


def test_flags_for_one_optimizer_do_not_fit_a_file_of_several(file):
    problem = the_problem(config=file(NAMED), lr=0.1)
    assert ("--lr", True) == (problem.path, "generator, critic" in problem.message)
    assert "--set optimizer_configs.generator" in problem.hint
    assert 1.0 == recipe(config=file(NAMED), clip="1").clipper.config.max_norm


@pytest.mark.parametrize("clip", ["1", "none"])
def test_clipping_of_all_is_refused_where_one_has_its_own(file, clip):
    """A number would stand beside it, and `none` would leave it."""
    own = NAMED.replace("scheduler: {type: cosine}", "gradient_clipping: {max_norm: 2.0}")
    problem = the_problem(config=file(own), clip=clip)
    assert "--clip" == problem.path
    assert "is for all optimizers, and generator of" in problem.message
    assert "--set optimizer_configs.generator.gradient_clipping" in problem.hint
    assert 2.0 == recipe(config=file(own)).clippers["generator"].config.max_norm


def test_flags_for_several_optimizers_do_not_fit_a_file_of_one(file):
    found = problems(names=["generator"], config=file(), generator_lr=0.1)
    assert "--config" == found[0].path
    assert "has no named optimizers" in found[0].message


# -- plugins and flags -----------------------------------------------------------------------------------------------


def test_a_plugin_that_cannot_be_used_is_told():
    blocked = Registry(block=["AdamW"])
    with pytest.raises(PluginError, match="AdamW"):
        recipe_from(
            FlagSet.of(), {"optimizer": Given("AdamW", "--optimizer"), "lr": Given(1, "--lr")}, registry=blocked
        )
    given = {"optimizer": Given("AdamW", "--optimizer"), "warmup": Given(1, "--warmup")}
    with pytest.raises(ConfigError) as raised:
        recipe_from(FlagSet.of(), given, registry=blocked)
    assert ["--warmup", ""] == [problem.path for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"prefix": "my flag"}, "no part of a flag"),
        ({"names": "generator"}, "list of texts"),
        ({"names": ["a", "a"]}, "twice"),
        ({"without": ["lrr"]}, "did you mean `lr`"),
    ],
)
def test_wrong_words_for_flags_are_refused(options, said):
    with pytest.raises(OptimError, match=said):
        FlagSet.of(**options)
