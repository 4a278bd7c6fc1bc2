"""Every installed plugin is a member of Hydra's config groups, and an application that has its own keeps them."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.errors import ConfigCompositionException, MissingConfigException
from hydra.types import RunMode
from hydra.utils import instantiate
from omegaconf import OmegaConf
from omegaconf.errors import ConfigAttributeError
from script_process import run_script
from site_folder import site_on_path

from optim_core import ConfigError, Duration, UnusedConfigWarning, registry
from optim_frameworks.hydra import PluginConfigs, plugin_config

from .hydra_support import composed, run_program, write

ALL = """\
defaults: [optimizer: AdamW, scheduler: cosine, clipper: norm, _self_]
gradient_clipping: {config: {max_norm: 1}}
"""
KINDS = ("optimizer", "scheduler", "clipper")


@pytest.fixture
def conf(tmp_path):
    """A folder with a config that names a plugin of each kind."""
    return write(tmp_path / "conf", config=ALL)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder for distributions of strangers, which the default registry finds."""
    with site_on_path(tmp_path / "site", monkeypatch) as site:
        yield site
    registry.refresh()


def problems(config):
    with pytest.raises(ConfigError) as caught:
        registry.recipe(config)
    return {problem.path: problem for problem in caught.value.problems}


def built(config, kind):
    """The spec, or the number of its problems where it has some."""
    try:
        return registry.build(config, kind)
    except ConfigError as error:
        return len(error.problems)


# -- what is composed ------------------------------------------------------------------------------------------------


def test_a_defaults_list_names_plugins(conf):
    """The recipe is that of the same names in a file, and what stands in the application's config is in it."""
    same = {"optimizer": {"type": "AdamW"}, "scheduler": {"type": "cosine"}, "gradient_clipping": {"max_norm": 1}}
    assert registry.recipe(same) == registry.recipe(composed(conf))


def test_the_command_line_swaps_a_plugin_and_sets_its_fields(conf):
    """What the plugin before had is gone with it."""
    recipe = registry.recipe(composed(conf, "optimizer=Muon", "optimizer.config.lr=0.02", "scheduler=linear"))
    assert ("Muon", 0.02, "linear") == (recipe.optimizer.type, recipe.optimizer.config.lr, recipe.scheduler.type)


def test_the_config_has_each_field_and_what_stands_beside(conf):
    """Defaults are filled in, so that the command line can set each, and what must be given is `???`."""
    config = composed(conf, "scheduler=OneCycleLR")
    assert registry.to_config(registry.build({"type": "AdamW"}))["config"] == config.optimizer.config
    assert {"lr_decay_gamma", "param_groups", "no_decay", "layer_decay"} < set(config.optimizer)
    assert OmegaConf.is_missing(config.scheduler.config, "max_lr")


@pytest.mark.parametrize("kind", KINDS)
def test_each_plugin_is_what_it_is_without_hydra(kind):
    """To write every default changes nothing, and the only problems are of fields that must be given."""
    for name in registry.names(kind):
        assert built({"type": name}, kind) == built(OmegaConf.create(plugin_config(kind, name)), kind), name


@pytest.mark.parametrize("name", ["adamw", "Adam-W", "AdamW.yaml", "optim-torch-builtin:AdamW"])
def test_a_name_means_what_it_means_in_a_config(conf, name):
    """Without case, `-` and `_`, with the distribution before it, or as a file would be named."""
    assert "AdamW" == composed(conf, f"optimizer={name}").optimizer.type


def test_a_name_of_a_provider_is_written_as_it_is_listed(conf):
    """A colon needs no quotes."""
    assert "pytorch_optimizer:RAdam" == composed(conf, "optimizer=pytorch_optimizer:RAdam").optimizer.type


@pytest.mark.parametrize(
    "overrides",
    [
        [
            "optimizer.no_decay=[bias]",
            "scheduler.interval=epoch",
            "optimizer.param_groups=[{match:'*.w',lr_multiplier:2}]",
        ],
        [
            "+optimizer.no_decay=[bias]",
            "+scheduler.interval=epoch",
            "+optimizer.param_groups=[{match:'*.w',lr_multiplier:2}]",
        ],
    ],
    ids=["set", "appended"],
)
def test_what_stands_beside_the_fields_is_set_or_appended(conf, overrides):
    """Both are what Hydra's users type."""
    recipe = registry.recipe(composed(conf, *overrides))
    assert (("bias",), "epoch", 2) == (
        recipe.optimizer.no_decay,
        recipe.scheduler.interval,
        recipe.optimizer.param_groups[0].lr_multiplier,
    )


def test_values_of_every_kind_come_through_the_command_line(conf):
    """Numbers with exponents, tuples, durations, null, schedules in a schedule, an optimizer in an optimizer."""
    recipe = registry.recipe(
        composed(
            conf,
            "optimizer=Lookahead",
            "+optimizer@optimizer.config.optimizer=AdamW",
            "optimizer.config.optimizer.config.betas=[0.9,0.95]",
            "optimizer.config.optimizer.config.eps=1e-6",
            "scheduler=SequentialLR",
            "scheduler.config.schedulers=[{type:LinearLR},{type:StepLR,config:{step_size:3}}]",
            "scheduler.config.milestones=[10]",
            "gradient_clipping=null",
        )
    )
    inner = recipe.optimizer.innermost.config
    assert ((0.9, 0.95), 1e-6, None) == (inner.betas, inner.eps, recipe.clipper)
    assert ["LinearLR", "StepLR"] == [spec.type for spec in recipe.scheduler.config.schedulers]
    assert "5%" == composed(conf, "scheduler.config.num_warmup_steps=5%").scheduler.config.num_warmup_steps


@pytest.mark.parametrize(
    ("config", "swapped"),
    [
        ("defaults: [optimizer@training.optimizer: AdamW, clipper@training.gradient_clipping: value, _self_]\n", ""),
        ("defaults: [training: base, _self_]\n", "defaults: [/optimizer: AdamW, /gradient_clipping: value, _self_]\n"),
    ],
    ids=["from above", "in the section"],
)
def test_a_recipe_may_stand_in_a_section(tmp_path, config, swapped):
    """The groups go where the defaults list sends them, and are swapped there."""
    conf = write(tmp_path, config=config, training__base=f"{swapped}epochs: 3\n")
    made = composed(conf, "optimizer@training.optimizer=SGD", "training.gradient_clipping.config.clip_value=2")
    assert {"optimizer", "gradient_clipping"} <= set(made.training)
    recipe = registry.recipe(made)
    assert ("SGD", "value", 2) == (recipe.optimizer.type, recipe.clipper.type, recipe.clipper.config.clip_value)


def test_a_group_may_be_appended_where_no_defaults_list_has_it(tmp_path):
    """As Hydra tells its users; optim-core is in use in this program."""
    conf = write(tmp_path, config="epochs: 3\n")
    made = composed(conf, "+optimizer=SGD", "optimizer.config.lr=2", "+scheduler@other=linear")
    assert ("SGD", 2, "linear") == (made.optimizer.type, made.optimizer.config.lr, made.other.type)
    assert "value" == composed(conf, "+clipper=value", config_name=None).gradient_clipping.type
    with pytest.raises(ConfigCompositionException, match=r"use \+optimizer=SGD"):
        composed(conf, "optimizer=SGD")


def test_a_group_that_a_chosen_config_names_is_one(tmp_path):
    """The defaults list may be that of a config which is chosen on the command line."""
    experiment = "# @package _global_\ndefaults: [override /optimizer: SGD]\noptimizer: {config: {lr: 3}}\n"
    config = "defaults: [optimizer: AdamW, experiment: null, _self_]\n"
    conf = write(tmp_path, config=config, experiment__short=experiment)
    made = composed(conf, "experiment=short")
    assert ("SGD", 3) == (made.optimizer.type, made.optimizer.config.lr)
    assert "Muon" == composed(conf, "experiment=short", "optimizer=Muon").optimizer.type


def test_a_key_of_that_name_stays_a_key(tmp_path):
    """A flat set names its optimizer by a text, and the command line replaces the text."""
    conf = write(tmp_path, config="optimizer: adamw\nlr: 0.5\n")
    recipe = registry.recipe(composed(conf, "optimizer=sgd"))
    assert ("SGD", 0.5) == (recipe.optimizer.type, recipe.optimizer.config.lr)


def test_each_of_several_optimizers_has_its_plugins(tmp_path):
    """Each is a group of its own, by the place that it goes to."""
    config = """\
defaults:
  - optimizer@optimizer_configs.generator.optimizer: AdamW
  - scheduler@optimizer_configs.generator.scheduler: linear
  - optimizer@optimizer_configs.critic.optimizer: Adam
  - _self_
"""
    made = composed(write(tmp_path, config=config), "optimizer@optimizer_configs.critic.optimizer=SGD")
    recipe = registry.recipe(made)
    assert {"generator": "AdamW", "critic": "SGD"} == {name: spec.type for name, spec in recipe.optimizers.items()}
    assert ["generator"] == list(recipe.schedulers)


def test_an_interpolation_crosses_from_the_application_to_the_recipe(conf):
    """A key that only interpolations use stands beside the recipe."""
    write(conf, config=f"{ALL}lr: 0.3\ntrainer: {{steps: 50}}\noptimizer: {{config: {{lr: '${{lr}}'}}}}\n")
    recipe = registry.recipe(composed(conf, "lr=0.4", "scheduler.config.T_max=${trainer.steps}"))
    assert (0.4, Duration.of(50)) == (recipe.optimizer.config.lr, recipe.scheduler.config.T_max)
    assert {"lr": 0.4, "trainer": {"steps": 50}} == recipe.unused


# -- whose config it is ----------------------------------------------------------------------------------------------


def test_the_applications_own_config_comes_before_ours(conf):
    """Of the same name, and beside ours in the same group."""
    write(conf, optimizer__AdamW="type: AdamW\nconfig: {lr: 7}\n", optimizer__mine="type: SGD\nconfig: {lr: 8}\n")
    assert [7, 8, 0.001] == [
        composed(conf, f"optimizer={name}").optimizer.config.lr for name in ("AdamW", "mine", "Adam")
    ]


def test_an_application_without_optim_core_sees_nothing_of_it(tmp_path):
    """Keys stay keys, its configs come first wherever they are, and optim_core is not imported."""
    run_script(str(Path(__file__).with_name("hydra_stranger.py")), str(tmp_path))


def test_a_launcher_may_send_the_search_path_to_another_process(conf):
    """Launchers pickle Hydra's loader: what is ours there still knows whose configs come first."""
    write(conf, optimizer__SGD="mine: 1\n")
    with initialize_config_dir(str(conf), version_base=None):
        loader = pickle.loads(pickle.dumps(GlobalHydra.instance().config_loader()))
    made = [
        loader.load_configuration("config", [f"optimizer={name}"], RunMode.RUN).optimizer for name in ("SGD", "Adam")
    ]
    assert [{"mine": 1}, "Adam"] == [made[0], made[1].type]


# -- what is wrong ---------------------------------------------------------------------------------------------------


def test_mistakes_are_told_by_optim_core(conf):
    """A misspelt field, a wrong type and a value that is missing are told at once, and not as Hydra would."""
    found = problems(
        composed(
            conf, "optimizer.config.lrr=1", "optimizer.config.eps=abc", "scheduler=StepLR", "optimizer.no_deca=[bias]"
        )
    )
    assert [
        "optimizer.config.eps",
        "optimizer.config.lrr",
        "optimizer.no_deca",
        "scheduler.config.step_size",
    ] == sorted(found)
    assert "did you mean `lr`?" in found["optimizer.config.lrr"].hint
    assert "Missing mandatory value" in found["scheduler.config.step_size"].message
    assert "StepLR needs a whole number here" == found["scheduler.config.step_size"].hint


def test_a_field_of_the_plugin_before_is_told(conf):
    """What an application sets for one optimizer, another may not have."""
    write(conf, config=f"{ALL}optimizer: {{config: {{betas: [0.9, 0.95]}}}}\n")
    assert ["optimizer.config.betas"] == list(problems(composed(conf, "optimizer=SGD")))


def test_a_key_that_is_not_there_is_an_error_for_whoever_reads_it(conf):
    """The config takes keys that are new, and invents none."""
    with pytest.raises(ConfigAttributeError, match="Missing key lrr"):
        _ = composed(conf).optimizer.config.lrr


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("optimizer=AdmW", "no optimizer is called `AdmW`, did you mean `AdamW`"),
        ("optimizer=cosine", "`cosine` is a scheduler, not an optimizer"),
        ("scheduler=cosin", "did you mean `cosine`"),
    ],
)
def test_a_name_that_nothing_has_is_told_beside_the_names_that_there_are(conf, override, words):
    """Hydra lists the group and where it looked; there stands what was meant."""
    with pytest.raises(MissingConfigException) as caught:
        composed(conf, override)
    assert words in str(caught.value)
    assert {"SGD", "cosine"} & {option.strip() for option in str(caught.value).splitlines()}


def test_an_optional_config_that_nothing_has_is_left_out(conf):
    """Hydra's `optional` is as ever."""
    write(conf, config="defaults: [optional optimizer: nothing, _self_]\nepochs: 3\n")
    assert {"epochs": 3} == composed(conf)


def test_a_broken_plugin_harms_nothing_but_itself(conf, site):
    """Who names it is told what is wrong with whose plugin, and others are not."""
    site.offer("zoo-optimizers", "Okapi", modules={"zoo_optimizers": "raise RuntimeError('the zoo is closed')\n"})
    site.offer("good-optimizers", "Gnu")
    registry.refresh()

    assert ("Gnu", 0.1) == (
        composed(conf, "optimizer=Gnu").optimizer.type,
        composed(conf, "optimizer=Gnu").optimizer.config.lr,
    )
    with pytest.raises(ConfigCompositionException, match=r"zoo-optimizers 1\.0.*the zoo is closed"):
        composed(conf, "optimizer=Okapi")


# -- programs --------------------------------------------------------------------------------------------------------


def test_a_program_imports_no_torch_for_it(conf, tmp_path):
    """It need not import optim-core before Hydra starts."""
    assert "Muon 0.02 False\n" == run_program(tmp_path, "optimizer=Muon", "optimizer.config.lr=0.02")


def test_a_sweep_goes_over_plugins(conf, tmp_path):
    """By their names, and by a pattern of them."""
    printed = run_program(tmp_path, "--multirun", "optimizer=SGD,AdamW", "scheduler=glob(linear*)")
    assert ["SGD 0.001 False", "AdamW 0.001 False"] == [line for line in printed.splitlines() if line.endswith("False")]


def test_completion_lists_the_plugins_and_the_fields_of_one(conf, tmp_path):
    """As a shell asks for it."""

    def complete(line):
        return run_program(
            tmp_path, "-sc", "query=bash", more={"COMP_LINE": line, "COMP_POINT": str(len(line))}
        ).split()

    names = complete("python program.py optimizer=Ada")
    assert {"optimizer=AdamW", "optimizer=Adafactor"} <= set(names)
    assert all(name.startswith("optimizer=Ada") for name in names)
    assert ["optimizer.config.lr="] == complete("python program.py optimizer.config.l")


def test_listing_imports_no_plugin(site):
    """One that raises when it is imported is listed."""
    site.offer("zoo-optimizers", "Okapi", modules={"zoo_optimizers": "raise RuntimeError('the zoo is closed')\n"})
    registry.refresh()
    configs = PluginConfigs("optim-core", "optim-core://")
    assert "Okapi" in configs.list("optimizer", ObjectType.CONFIG)
    assert ["clipper", "gradient_clipping", "optimizer", "scheduler"] == configs.list("", ObjectType.GROUP)
    assert [] == configs.list("optimizer", ObjectType.GROUP) == configs.list("", ObjectType.CONFIG)


# -- instantiate -----------------------------------------------------------------------------------------------------


def test_instantiate_builds_a_recipe_from_the_groups(conf):
    """``_target_: optim_core.registry.recipe``, with the parts where they stand or below it."""
    parts = "{optimizer: '${optimizer}', scheduler: '${scheduler}', gradient_clipping: '${gradient_clipping}'}"
    write(conf, config=f"{ALL}recipe: {{_target_: optim_core.registry.recipe, config: {parts}}}\n")
    made = composed(conf, "optimizer=SGD")
    assert registry.recipe({key: made[key] for key in ("optimizer", "scheduler", "gradient_clipping")}) == instantiate(
        made.recipe
    )
    config = OmegaConf.create({"_target_": "optim_core.registry.build", "config": {"type": "SGD", "lr": 2}})
    assert registry.build({"type": "SGD", "lr": 2}) == instantiate(config)


def test_instantiate_makes_a_factory_where_a_partial_of_a_class_stood(conf):
    """It makes what the config says, of parameters, and is called as a class of torch's is."""
    write(conf, config=f"{ALL}optimizer: {{_target_: optim_frameworks.hydra.factory, config: {{lr: 0.25}}}}\n")
    made = composed(conf, "optimizer.no_decay=[bias]")
    model = torch.nn.Linear(4, 2)
    assert 0.25 == instantiate(made.optimizer, no_decay=None)(params=model.parameters()).param_groups[0]["lr"]
    groups = instantiate(made.optimizer, model=model)(model.parameters()).param_groups
    assert [0.01, 0.0] == [group["weight_decay"] for group in groups]


SELF_FIRST = """\
defaults: [_self_, optimizer: AdamW, clipper: norm]
lr: 0.1
optimizer: {config: {lr: "${lr}", eps: 1e-8, weight_decay: 0.3}, no_decay: [bias]}
gradient_clipping: {config: {max_norm: 0.5, norm_type: inf}}
"""


def test_values_that_stand_before_the_group_are_told(tmp_path):
    """`_self_` first is what many templates have, and what the group has as a default would win without a word."""
    conf = write(tmp_path / "conf", config=SELF_FIRST)
    with pytest.warns(UnusedConfigWarning, match="put it after the groups") as told:
        composed(conf)
    assert {
        "optimizer.config.lr",
        "optimizer.config.weight_decay",
        "optimizer.no_decay",
        "gradient_clipping.config.norm_type",
    } == {problem.path for warning in told for problem in warning.message.problems}


def test_a_shell_that_completes_a_line_is_told_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("COMP_LINE", "train.py optimizer.config.l")
    assert 1e-3 == composed(write(tmp_path / "conf", config=SELF_FIRST)).optimizer.config.lr


@pytest.mark.parametrize(
    "defaults", ["[optimizer: AdamW, clipper: norm, _self_]", "[optimizer: AdamW, _self_, other: null]"]
)
def test_values_that_stand_after_the_group_are_no_warning(tmp_path, defaults):
    write(tmp_path / "conf", config=SELF_FIRST.replace("[_self_, optimizer: AdamW, clipper: norm]", defaults))
    assert 0.1 == composed(tmp_path / "conf").optimizer.config.lr
