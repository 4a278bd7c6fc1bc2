"""The forms that configs have elsewhere: training sections, flat sets, serialized pairs, named sets by themselves."""

from __future__ import annotations

import copy

import attrs
import pytest
from plugin_classes import Epochs, ExponentialLR, Momentum, empty_registry

from optim_core import (
    ConfigError,
    MissingTypeError,
    OptimizerSpec,
    SchedulerSpec,
    UnknownTypeError,
    UnusedConfigWarning,
)

OPTIMIZER = {"type": "Momentum", "config": {"lr": 0.5}}
SCHEDULER = {"type": "ExponentialLR", "config": {"gamma": 0.9}}
PAIR = {"optimizer": OPTIMIZER, "scheduler": SCHEDULER}
RECIPE = {**PAIR, "gradient_clipping": {"type": "norm", "max_norm": 2.0}}
FLAT = {"optimizer": "momentum", "learning_rate": 0.5, "scheduler": "exponential_lr", "gamma": 0.9}


def build(config, **arguments):
    return empty_registry().build(config, **arguments)


def problems(config):
    with pytest.raises(ConfigError) as caught:
        build(config)
    return [(problem.path, problem.message) for problem in caught.value.problems]


def hints(config):
    with pytest.raises(ConfigError) as caught:
        build(config)
    return [problem.hint for problem in caught.value.problems]


# -- what is built ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "config",
    [
        {**FLAT, "max_grad_norm": 2.0},
        {**FLAT, "gradient_clip_val": 2},
        {**FLAT, "grad_clip": 2, "gradient_clip_algorithm": "norm"},
        {**FLAT, "gradient_clipping": {"max_norm": 2}},
        {**FLAT, "grad_clip": {"max_norm": 2}},
        {"optimizer_name": "momentum", "lr": 0.5, "scheduler_type": "ExponentialLR", "gamma": 0.9, "max_grad_norm": 2},
        {"optimizer": "momentum", "lr": 0.5, "scheduler": SCHEDULER, "max_grad_norm": 2},
        {"optimizer": OPTIMIZER, "scheduler": "ExponentialLR", "gamma": 0.9, "max_grad_norm": 2},
        {
            "optimizer_type": "momentum",
            "optimizer_params": {"lr": 0.5},
            "scheduler_type": "ExponentialLR",
            "scheduler_params": {"gamma": 0.9},
            "max_grad_norm": 2,
        },
        {"training": RECIPE},
        {"training": {**PAIR, "max_grad_norm": 2}, "model": {"layers": 3}},
        {"training": {**FLAT, "max_grad_norm": 2.0, "amp": True, "compile": True}},
    ],
)
def test_each_form_builds_the_same_recipe(config):
    """A flat set, a serialized pair, and a training section are the recipe that they say."""
    given = copy.deepcopy(config)
    assert build(RECIPE) == build(config)
    assert given == config


@pytest.mark.parametrize(
    "config",
    [
        {"training": {"optimizer_configs": {"a": PAIR, "b": PAIR}, "use_ema": True}, "model": {}},
        {"optimizer_configs": {"a": PAIR, "b": PAIR}, "use_ema": True, "loss_configs": {"spectral": {}}},
        {"optimizer_configs": {"a": PAIR, "b": PAIR}},
        {"a": PAIR, "b": PAIR},
        {"optimizer_configs": {"a": PAIR, "b": PAIR}, "pre_encoded": True, "clip_grad_norm": 0.0},
    ],
)
def test_named_sets_are_read_from_every_level_down(config):
    """The config of a whole training run, its section, the sets, and the names alone give the same recipe."""
    assert build({"optimizer_configs": {"a": PAIR, "b": PAIR}}) == build(config)


def test_named_optimizers_are_read_without_the_key_above_them():
    """What stands below `optimizer_configs` is read alone, where its entries are optimizers."""
    sets = {"generator": OPTIMIZER, "discriminator": {"type": "momentum", "lr": 1}}
    assert build({"optimizer_configs": sets}) == build(sets)
    assert [("optim", "unknown key")] == problems({"optim": OPTIMIZER})


@pytest.mark.parametrize(
    "config",
    [
        {"optimizer_configs": {"a": PAIR, "b": PAIR}},
        {"a": PAIR, "b": PAIR},
        {"optimizer_configs": {"a": OPTIMIZER, "b": OPTIMIZER}, "scheduler_configs": {"a": SCHEDULER, "b": SCHEDULER}},
        {"training": {"optimizer_configs": {"a": PAIR, "b": PAIR}, "use_ema": True}},
    ],
)
def test_schedules_of_named_sets_go_by_steps(config):
    """As code that has such sets steps them; the class says "epoch". Migrated, they say so, also where one is left."""
    assert ["step", "step"] == [spec.interval for spec in build(config).schedulers.values()]
    migrated = empty_registry().migrate(config)["optimizer_configs"]
    assert ["step", "step"] == [pair["scheduler"]["interval"] for pair in migrated.values()]
    one = empty_registry().migrate({"optimizer_configs": {"default": PAIR}})
    assert "step" == one["scheduler"]["interval"]
    assert "epoch" == build(RECIPE).scheduler.interval


def test_schedules_of_named_sets_may_say_otherwise():
    """An interval beside the type counts; a schedule that waits for a metric keeps that of its class."""
    by_epochs = {**PAIR, "scheduler": {**SCHEDULER, "interval": "epoch"}}
    assert "epoch" == build({"optimizer_configs": {"a": by_epochs}}).schedulers["a"].interval

    @attrs.frozen(kw_only=True)
    class Plateau:
        monitor: str | None = None
        interval = "epoch"

        def build(self, optimizer, horizon):
            raise NotImplementedError

    registry = empty_registry()
    registry.register("scheduler", "Plateau", Plateau)
    waiting = {"optimizer_configs": {"a": {"optimizer": OPTIMIZER, "scheduler": {"type": "Plateau"}}}}
    assert "epoch" == registry.build(waiting).schedulers["a"].interval


def test_one_part_alone_is_its_spec():
    """A flat set or a serialized pair that names one component is that component."""
    assert OptimizerSpec(type="Momentum", config=Momentum(lr=0.5)) == build({"optimizer_name": "momentum", "lr": 0.5})
    assert OptimizerSpec(type="Momentum", config=Momentum(lr=0.5)) == build(
        {"optimizer_type": "momentum", "optimizer_params": {"learning_rate": 0.5}}
    )
    assert SchedulerSpec(type="ExponentialLR", config=ExponentialLR(gamma=0.9), interval="step") == build(
        {"scheduler_name": "exponential-lr", "gamma": 0.9, "interval": "step"}
    )


@pytest.mark.parametrize(
    "config",
    [
        {"optimizer_type": "momentum", "optimizer_params": {"lr": 0.5, "lr_decay_gamma": 0.9}},
        {"optimizer_type": "momentum", "optimizer_params": {"lr": 0.5}, "lr_decay_gamma": 0.9},
        {"optimizer_name": "momentum", "lr": 0.5, "lr_decay_gamma": 0.9},
    ],
)
def test_a_decay_may_stand_in_a_flat_set(config):
    """`lr_decay_gamma` is the optimizer's, beside its name or among its serialized parameters."""
    assert 0.9 == build(config).lr_decay_gamma


@pytest.mark.parametrize("scheduler", [{"scheduler": None}, {"scheduler_name": None}, {}])
def test_a_flat_set_may_have_no_schedule(scheduler):
    """A schedule that is null, or left out, is none."""
    assert build({"optimizer": "momentum", **scheduler}).scheduler is None


@pytest.mark.parametrize("off", [{"max_grad_norm": None}, {"gradient_clip_val": 0}, {"gradient_clip_val": 0.0}])
def test_flat_clipping_can_be_switched_off(off):
    """null is off, and so is Lightning's 0."""
    assert build({"optimizer": "momentum", **off}).clipper is None


def test_what_is_not_optim_cores_is_kept_apart():
    """Settings of the training loop and other sections are in `unused`, and do not count in comparisons."""
    recipe = build({"training": {**FLAT, "amp": True, "batch_size": 4}, "model": {"layers": 3}, "seed": 7})
    assert {"model": {"layers": 3}, "seed": 7, "training": {"amp": True, "batch_size": 4}} == recipe.unused
    assert {} == build({"training": FLAT}).unused


@pytest.mark.parametrize("section", [FLAT, PAIR, {"optimizer_configs": {"a": PAIR}}])
def test_a_section_may_hold_whatever_is_not_about_optimizers(section):
    """Settings of any training loop stand in a section beside the recipe, in whichever form that is."""
    loop = {"class_weights": [1, 2], "dataset_name": "x", "early_stopping_patience": 3, "gradient_checkpointing": True}
    loop |= {"noise_scheduler": {}, "ema_decay": 0.99, "save_steps": 500, "use_effective_length_for_schedule": True}
    recipe = build({"training": {**section, **loop}})
    assert {"training": loop} == recipe.unused


@pytest.mark.parametrize("section", [FLAT, PAIR])
@pytest.mark.parametrize(
    "key",
    ["weight_decai", "schedular", "lr_schedulr", "warmup_ratio", "base_lr", "lr_decay_epochs", "T_max", "gamma_"],
)
def test_what_a_section_says_of_rates_and_schedules_is_not_passed_over(section, key):
    """A key that looks like a field, or speaks of the rate, of warmup or of decay, is an error in a section too."""
    assert [(f"training.{key}", "unknown key")] == problems({"training": {**section, key: 1}})


def test_a_rate_beside_named_sets_is_overridden_by_theirs():
    """`learning_rate` beside sets that each set a rate is not used; where one does not, it is an error."""
    sets = {"a": PAIR, "b": {"type": "Momentum", "learning_rate": 1}}
    with pytest.warns(UnusedConfigWarning, match="training.learning_rate"):
        recipe = build({"training": {"learning_rate": 1, "optimizer_configs": sets}})
    assert {"training": {"learning_rate": 1}} == recipe.unused
    sets["c"] = {"optimizer": {"type": "Momentum"}}
    config = {"training": {"learning_rate": 1, "optimizer_configs": sets}}
    assert [("training.learning_rate", "is not the rate of named sets")] == problems(config)
    assert ["c would train with the default of its optimizer; give each its own lr"] == hints(config)


def test_a_field_of_the_schedule_wins_over_the_training_loops_key():
    """A key of both the loop and the schedule, such as `epochs`, goes to the schedule."""
    registry = empty_registry()
    registry.register("scheduler", "Epochs", Epochs)
    recipe = registry.build({"optimizer": "momentum", "scheduler": "epochs", "epochs": 3})
    assert (3, {}) == (recipe.scheduler.config.epochs, recipe.unused)


def test_two_numbers_of_epochs_must_agree():
    """One number under two names is one number; two numbers are an error."""
    registry = empty_registry()
    registry.register("scheduler", "Epochs", Epochs)
    flat = {"optimizer": "momentum", "scheduler": "epochs", "epochs": 3}
    assert registry.build(flat) == registry.build({**flat, "max_epochs": 3})
    with pytest.raises(ConfigError, match="max_epochs: means the same as `epochs`"):
        registry.build({**flat, "max_epochs": 4})


def test_settings_of_the_loop_make_one_part_a_recipe():
    """Nothing that was given is lost: a spec has no place for it, and a recipe has."""
    recipe = build({"optimizer_name": "momentum", "lr": 0.5, "epochs": 3})
    assert (OPTIMIZER["config"]["lr"], {"epochs": 3}) == (recipe.optimizer.config.lr, recipe.unused)
    with pytest.raises(ConfigError, match="epochs: unknown key"):
        build({"optimizer_name": "momentum", "lr": 0.5, "epochs": 3}, kind="optimizer")


def test_a_number_of_epochs_goes_to_the_schedule_under_any_of_its_names():
    """`max_epochs` is the schedule's `epochs` where it has that field, and its problems are told by the name given."""
    registry = empty_registry()
    registry.register("scheduler", "Epochs", Epochs)
    assert (
        3 == registry.build({"optimizer": "momentum", "scheduler": "epochs", "max_epochs": 3}).scheduler.config.epochs
    )
    with pytest.raises(ConfigError) as caught:
        registry.build({"optimizer": "momentum", "scheduler": "epochs", "num_epochs": "x"})
    assert ["num_epochs"] == [problem.path for problem in caught.value.problems]


@pytest.mark.parametrize("config", [{"scheduler": SCHEDULER}, {"scheduler": "ExponentialLR", "gamma": 0.9}])
def test_a_part_by_its_own_key_is_built_where_its_kind_is_asked_for(config):
    """`kind` makes a config of one part that part's spec."""
    assert build(SCHEDULER) == build(config, kind="scheduler")


# -- keys that speak of a recipe, and are not read -------------------------------------------------------------------

CODE = {"optimizer": "momentum", "lr": 0.5}


def told(config, **arguments):
    """Return the paths and hints of the one warning that a config is built with."""
    with pytest.warns(UnusedConfigWarning) as caught:
        build(config, **arguments)
    (warning,) = caught
    return [(problem.path, problem.hint) for problem in warning.message.problems]


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("gradient_max_norm", 1.0, "write `gradient_clipping: {max_norm: 1.0}`"),
        ("grad_norm", 5, "write `gradient_clipping: {max_norm: 5}`"),
        ("clip_grad_value", 0.5, "or `gradient_clipping: {type: value, clip_value: 0.5}` for each of them"),
        ("clip_max_norm", 0, "leave it out: nothing is clipped where a config does not say so"),
        ("wd", 0.1, "did you mean `weight_decay`"),
        ("l2_reg", 0.1, "did you mean `weight_decay`"),
        ("sgd_weight_decay", 0.1, "did you mean `weight_decay`"),
        ("adam_b1", 0.8, "write `betas: [0.8, …]`"),
        ("warm_up_steps", 500, "write `scheduler: {type: constant_with_warmup, num_warmup_steps: 500}`"),
        ("warmup_epochs", 5, 'num_warmup_steps: "5 epochs"'),
        ("warmup_ratio", 0.1, 'num_warmup_steps: "10%"'),
        ("warmup_steps", 0, "leave it out"),
        ("learning_rate_milestones", [3], "`milestones` is a field of `scheduler: MultiStepLR`"),
        ("cosine_T0", 10, "`T_0` is a field of `scheduler: CosineAnnealingWarmRestarts`"),
        ("scheduling", "plateau", "did you mean `scheduler`?"),
        ("lr_decay", 0.999, "after each epoch, write `lr_decay_gamma: 0.999`"),
    ],
)
@pytest.mark.parametrize("form", ["flat", "nested", "serialized", "override"])
def test_in_the_section_it_is_an_error_that_says_what_to_write(key, value, hint, form):
    """In every form that the recipe in the section has."""
    serialized = {"optimizer_type": "momentum", "optimizer_params": {"lr": 0.5}}
    section = {"flat": CODE, "nested": {"optimizer": OPTIMIZER}, "serialized": serialized, "override": CODE}[form]
    config = {"training": section if form == "override" else {**section, key: value}}
    overrides = [f"training.{key}={value}"] if form == "override" else []
    with pytest.raises(ConfigError) as caught:
        build(config, overrides=overrides)
    (problem,) = caught.value.problems
    assert (f"training.{key}", "unknown key") == (problem.path, problem.message)
    assert hint in problem.hint


def test_both_betas_are_put_together():
    """Two keys that are one field are that field."""
    assert "write `betas: [0.8, 0.99]`" in hints({"training": {**CODE, "adam_b1": 0.8, "adam_b2": 0.99}})[0]


def test_a_field_that_is_given_already_is_said():
    """The other word for it is one too many."""
    assert "it means `weight_decay`, which is given already" in hints({**CODE, "weight_decay": 1, "wd": 1})[0]
    nested = {"optimizer": {"type": "Momentum", "config": {"weight_decay": 1}}, "wd": 1}
    assert "which is given already in `optimizer.config`" in hints(nested)[0]


def test_beside_the_section_and_nested_in_it_one_warning_lists_them():
    """The recipe is built, and what is not read is in `unused` as ever."""
    config = {
        "training": {**CODE, "stages": [{"learning_rate": 1}], "loss": {"gamma": 2}},
        "max_grad_norm": 1.0,
        "lr_scheduler": {"type": "ExponentialLR", "gamma": 0.9},
        "trainer": {"gradient_clip_val": 0.5, "max_epochs": 3},
        "model": {"lr": 1},
        "sample_rate": 44100,
    }
    assert [
        ("training.stages[0].learning_rate", "`lr` belongs into `training`"),
        ("max_grad_norm", "write `gradient_clipping: {max_norm: 1.0}`, in `training`"),
        ("lr_scheduler", "`scheduler` belongs into `training`"),
        ("trainer.gradient_clip_val", "write `gradient_clipping: {max_norm: 0.5}`, in `training`"),
    ] == told(config)


@pytest.mark.parametrize("section", [True, False])
def test_beside_named_sets_one_warning_lists_them(section):
    """In a section of a training config and in one that is the whole config; each set has its own."""
    sets = {"optimizer_configs": {"a": PAIR}, "learning_rate": 1, "use_ema": True, "grad_norm": 5, "warmup_steps": 9}
    place = "training." if section else ""
    name = "optimizer_configs.<name>"
    assert [
        (f"{place}learning_rate", f"each set has its own: `lr` stands in `{name}.optimizer`"),
        (f"{place}grad_norm", "write `gradient_clipping: {max_norm: 5}`"),
        (
            f"{place}warmup_steps",
            f"each set has its own: `num_warmup_steps` stands in `{name}.scheduler`",
        ),
    ] == told({"training": sets} if section else sets)


def test_strict_makes_problems_of_them_with_all_others():
    """At the places where the warning has them; a config without such keys is as right as before."""
    config = {"training": {**CODE, "lr": -1}, "max_grad_norm": 1.0, "grad_clip": None}
    with pytest.raises(ConfigError) as caught:
        build(config, strict=True)
    assert ["training.lr", "max_grad_norm"] == [problem.path for problem in caught.value.problems]
    assert build({"training": CODE}) == build({"training": CODE, "model": {}}, strict=True)
    with pytest.raises(ConfigError, match="max_grad_norm: speaks of what a recipe is about"):
        empty_registry().recipe({"training": CODE, "max_grad_norm": 1.0}, strict=True)


def test_the_warning_is_at_the_line_that_calls():
    """Whichever function of the registry it calls."""
    for method in (empty_registry().build, empty_registry().recipe, empty_registry().migrate):
        with pytest.warns(UnusedConfigWarning) as caught:
            method({"training": CODE, "max_grad_norm": 1.0})
        assert [__file__] == [warning.filename for warning in caught]


@pytest.mark.parametrize("key", ["sample_rate", "ema_decay", "bn_momentum", "dropout_rate", "gradient_clip_val"])
def test_what_speaks_of_something_else_passes_without_a_word(key):
    """And so does clipping that is off."""
    value = 0.0 if key == "gradient_clip_val" else 0.1
    for section in (CODE, {"optimizer": OPTIMIZER}, {"optimizer_configs": {"a": PAIR}}):
        assert build({"training": {**section, key: value}, "model": {key: value}, key: value}, strict=True) is not None


# -- what is refused, by the paths that the user wrote ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            {**FLAT, "learning_rate": -1, "gama": 1},
            [("learning_rate", "must be > 0, is -1.0"), ("gama", "unknown key")],
        ),
        ({**FLAT, "lr": 1}, [("lr", "means the same as `learning_rate`")]),
        ({**FLAT, "optimizer_name": "x"}, [("optimizer_name", "means the same as `optimizer`")]),
        ({"optimizer": "momentum", "scheduler": "ExponentialLR"}, [("gamma", "is required and missing")]),
        ({"optimizer": "momentun", "foo": 1}, [("optimizer", "no optimizer is called `momentun`")]),
        ({"optimizer_name": 3}, [("optimizer_name", "must be the name of a plugin, is 3")]),
        ({"optimizer_name": None, "lr": 1}, [("optimizer_name", "is required and missing")]),
        ({"scheduler": "ExponentialLR", "gamma": 1}, [("optimizer", "is required and missing")]),
        ({"optimizer_params": {"lr": 1}}, [("optimizer_type", "is required and missing")]),
        (
            {"optimizer_type": "momentum", "optimizer_params": {"lr": "x", "lr_decay_gamma": 0}},
            [
                ("optimizer_params.lr", "must be a number, is the text 'x'"),
                ("optimizer_params.lr_decay_gamma", "must be > 0, is 0.0"),
            ],
        ),
        (
            {"optimizer_type": "momentum", "optimizer_params": [1]},
            [("optimizer_params", "must be a mapping of Momentum's fields, is a list of 1")],
        ),
        ({"optimizer_type": "momentum", "optimizer_params": {}, "lr": 1}, [("lr", "unknown key")]),
        (
            {"optimizer": OPTIMIZER, "optimizer_params": {"lr": 1}},
            [("optimizer_params", "has no optimizer_type beside it")],
        ),
        (
            {"optimizer_type": "momentum", "optimizer_params": {"lr_decay_gamma": 1}, "lr_decay_gamma": 1},
            [("lr_decay_gamma", "means the same as `optimizer_params.lr_decay_gamma`")],
        ),
        ({**FLAT, "max_grad_norm": 0}, [("max_grad_norm", "must be > 0, is 0.0")]),
        (
            {**FLAT, "gradient_clipping": {"max_norm": 1}, "max_grad_norm": 2},
            [("max_grad_norm", "means the same as `gradient_clipping`")],
        ),
        ({**FLAT, "scheduler": SCHEDULER}, [("gamma", "stands beside the scheduler that takes it")]),
        ({**FLAT, 3: 4}, [("3", "is not a key: keys are texts")]),
        ({"training": 3}, [("training", "must be a mapping with an optimizer, is 3")]),
        ({"training": {"epochs": 3}}, [("training", "names no optimizer")]),
        ({"training": {**PAIR, "lr": 3}}, [("training.lr", "stands beside the optimizer that takes it")]),
        ({"training": {**PAIR, "schedular": {}}}, [("training.schedular", "unknown key")]),
        ({"training": {**PAIR, "grad_clip": -1}}, [("training.grad_clip", "must be > 0, is -1.0")]),
        ({**PAIR, "grad_clip": 1}, [("grad_clip", "unknown key")]),
        ({"training": {**FLAT, "gamma": "x"}}, [("training.gamma", "must be a number, is the text 'x'")]),
        ({"optimizer_configs": {"a": PAIR}, "foo": 1}, [("foo", "unknown key")]),
        ({**PAIR, "training": {"epochs": 3}}, [("training", "unknown key")]),
        ({"a": {"optimizer": {"type": "Momentum", "lrr": 1}}}, [("a.optimizer.lrr", "unknown key")]),
        (
            {"a": PAIR, "b": {"optimiser": OPTIMIZER}},
            [("b.optimiser", "unknown key")],
        ),
        ({"train": PAIR, "data": {"path": "x"}}, [("train", "unknown key")]),
        ({"run": {"train": PAIR}}, [("", "`type` is missing")]),
        ({"optim": OPTIMIZER, "sched": SCHEDULER}, [("optim", "unknown key"), ("sched", "unknown key")]),
        (
            {"optimizer_configs": OPTIMIZER},
            [("optimizer_configs", "is one optimizer, not a mapping of names to several")],
        ),
        (
            {"optimizer": OPTIMIZER, "scheduler": {"type": "ExponentialLR"}, "gamma": 1},
            [("gamma", "stands beside the scheduler that takes it")],
        ),
    ],
)
def test_what_is_wrong_is_told_where_the_user_wrote_it(config, expected):
    """Every problem of a form has the path in the user's own config, not in the form that it becomes."""
    assert expected == problems(config)


def test_a_key_that_both_parts_take_is_an_error():
    """Nobody but the user can say whose it is."""
    registry = empty_registry()
    registry.register("scheduler", "Epochs", Epochs)
    with pytest.raises(ConfigError, match="momentum: is a field of both Momentum and Epochs") as caught:
        registry.build({"optimizer": "momentum", "scheduler": "epochs", "epochs": 3, "momentum": 0.9})
    assert "optimizer: {type: …, momentum: …} or scheduler" in caught.value.problems[0].hint


@pytest.mark.parametrize(
    ("config", "hint"),
    [
        (
            {"optimizer": "momentum", "scheduler": "ExponentialLR", "gama": 1},
            "did you mean `gamma`? Momentum takes: lr, momentum, betas, weight_decay, nesterov; ",
        ),
        ({**PAIR, "max_grad_norm": 1}, "write `gradient_clipping: {max_norm: 1}`"),
        ({"optimizer": OPTIMIZER, "lr_scheduler": {}}, "did you mean `scheduler`?"),
        ({**PAIR, "lr_scheduler": {}}, "allowed here: optimizer, scheduler, gradient_clipping"),
        ({"optimizer": {**OPTIMIZER, "lr_scheduler": {}}}, "`scheduler` belongs beside the optimizer, not in it"),
        ({"optimizer": OPTIMIZER, "lr_decay_gamma": 0.9}, "move it into `optimizer`, beside `type`"),
        ({"optimizer": {"type": "Momentum", "config": {}, "learning_rate": 1}}, "move it into `config`"),
        ({"optimizer": {"type": "Momentum", "config": {"lr": 2}, "lr": 1}}, "`config.lr` is given too; keep that one"),
        ({"optimizer": {"Momentum": {"lr": 1}}}, "write {type: Momentum, config: {…}}"),
        ({"optimizer": {"config": {"type": "Momentum"}}}, "it stands in `config`: move it out of there"),
        ({"optimizer": {"a": OPTIMIZER, "b": OPTIMIZER}}, "several optimizers are `optimizer_configs`"),
        ({"optimizer": [OPTIMIZER]}, "write it without the brackets around it"),
        ([OPTIMIZER], "write it without the brackets around it"),
        ({"optimizer": OPTIMIZER, "scheduler": [SCHEDULER, SCHEDULER]}, "one schedule after another is"),
        ({"optimizer": OPTIMIZER, "scheduler": "none"}, "for no scheduler leave it out, or write null"),
        ({"optimizer": OPTIMIZER, "gradient_clipping": False}, "for no clipping write null, or leave it out"),
        ({"optimizer": OPTIMIZER, "gradient_clipping": 0.5}, "write gradient_clipping: {max_norm: 0.5}"),
        ({"optimizer": OPTIMIZER, "scheduler": {**SCHEDULER, "interval": "epochs"}}, "did you mean `epoch`?"),
        ({"optimizer_type": "momentum", "optimizer_params": {}, "lr": 1}, "move it into `optimizer_params`"),
        ({**PAIR, "dataset": {}}, "what is not optim-core's may stand beside a recipe that is below `training`"),
        ({"train": PAIR, "data": {}}, "did you mean `training` where `train` stands?"),
        ({"run": {"x": PAIR}}, "`run.x` looks like a recipe: build it alone, or call it `training`"),
        ({"optimizer": {"name": "Momentum"}}, "did you mean `type` where `name` stands?"),
        ({"optimizer": {"_target_": "my.Momentum"}}, "It is the name of a plugin, such as Momentum"),
        ({"optimizer": {"type": "Momentum", "params": {"lr": 1}}}, "did you mean `config`?"),
        ({"optimizer": {"type": "my.Momentum"}}, "did you mean `Momentum` (this process)?"),
    ],
)
def test_the_words_of_other_projects_are_answered_with_ours(config, hint):
    """Keys and names that come from elsewhere have a hint that says what to write."""
    assert hint in hints(config)[0]


def test_the_kinds_of_error_are_those_of_components():
    """A missing type is a KeyError and an unknown one an AttributeError in every form."""
    with pytest.raises(MissingTypeError):
        build({"optimizer_params": {}})
    with pytest.raises(UnknownTypeError):
        build({"optimizer_name": "nothing"})
    with pytest.raises(MissingTypeError):
        build({"optimizer_name": "momentum"}, kind="scheduler")
    assert Momentum() == build({"optimizer_name": "momentum"}, kind="optimizer").config
