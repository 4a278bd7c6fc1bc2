"""Configs of other projects as recipes, without any plugin: what is read, refused and left out."""

from __future__ import annotations

import sys

import pytest

from optim_core import ConfigError, OptimError
from optim_core.config.document import Document
from optim_core.config.migrating.origins import ORIGINS
from optim_core.config.migrating.translating import found_origin, named_origin, translate


def document(value):
    return Document("config.yaml", value, lambda path: (len(path), 1))


def translated(value, origin):
    return translate(document(value), named_origin(origin), lambda _: None)


TEMPLATE = {"optimizer": {"type": "Adam", "args": {"lr": 0.1}}, "n_gpu": 1}
VITS = {"train": {"learning_rate": 2e-4, "lr_decay": 0.999, "betas": [0.8, 0.99], "eps": 1e-9}, "data": {}}
HYDRA = {"optimizer": {"_target_": "torch.optim.Adam", "lr": 0.1}}
LIGHTNING = {"optimizer": {"class_path": "torch.optim.Adam", "init_args": {"lr": 0.1}}}


@pytest.mark.parametrize(
    ("origin", "value"),
    [("pytorch-template", TEMPLATE), ("vits", VITS), ("hydra", HYDRA), ("lightning", LIGHTNING)],
)
def test_an_origin_is_found_by_its_keys(origin, value):
    """Each project's own keys say whose a config is, and nobody else's do."""
    assert origin == found_origin(document(value)).name


def test_a_config_of_nobody_is_of_none():
    """Keys that anybody has, and what is no mapping, are no project's."""
    for value in ({"optimizer": {"type": "AdamW", "config": {}}}, {"lr": 1}, {}, [], None, 3):
        assert found_origin(document(value)) is None


def test_what_is_not_sure_asks_and_names_the_candidates():
    """A config with the signs of two is read as neither; the hint says what to write."""
    with pytest.raises(ConfigError) as caught:
        found_origin(document({**HYDRA, "other": {"class_path": "torch.optim.SGD"}}))
    assert "say which: `--from hydra` or `--from lightning`" == caught.value.problems[0].hint


def test_an_unknown_origin_is_told_with_the_nearest():
    """Origins are named whatever their case; one that nothing is near to is told with all."""
    assert "vits" == named_origin("HiFi_GAN").name
    with pytest.raises(OptimError, match="did you mean `hydra`"):
        named_origin("hydr")
    with pytest.raises(OptimError, match="they are hydra, lightning"):
        named_origin("qqqqq")


@pytest.mark.parametrize("origin", [each.name for each in ORIGINS])
@pytest.mark.parametrize("value", [None, [], 3, "x", {}, {"optimizer": None}, {"train": 3}, {"optimizer": {"type": 3}}])
def test_what_is_no_config_of_a_project_is_refused(origin, value):
    """Whatever stands in a file, it is a ConfigError or a recipe, and never another exception."""
    with pytest.raises(ConfigError):
        translated(value, origin)


def test_values_keep_their_places():
    """A value of the recipe is told at the line, and by the path, at which it stands in the project's config."""
    read = translated(TEMPLATE, "pytorch-template")
    assert ("config.yaml", 3, 1) == read.document.place(("optimizer", "config", "lr"))
    assert "optimizer.args.lr" == read.path_of("optimizer.config.lr")
    assert ("n_gpu",) == read.left_out


def test_what_speaks_of_a_recipe_and_is_not_read_is_told():
    """In a config to which applications add keys of their own it is a sentence, with what to write."""
    read = translated({**TEMPLATE, "trainer": {"grad_norm_clip": 5.0, "epochs": 3}}, "pytorch-template")
    assert 1 == len(read.unread)
    assert "gradient_clipping: {max_norm: 5.0}" in read.unread[0]
    assert ("n_gpu", "trainer") == read.left_out


@pytest.mark.parametrize(
    ("origin", "value", "path", "said"),
    [
        ("pytorch-template", {"optimizer": {"type": "AdaBound", "args": {}}}, "optimizer.type", "has no equal"),
        ("vits", {"train": {**VITS["train"], "warmup_epochs": 5}}, "train.warmup_epochs", "so-vits-svc"),
        ("vits", {"train": {**VITS["train"], "weight_decay": 0.1}}, "train.weight_decay", "speaks of what"),
        ("vits", {"train": {**VITS["train"], "lr_decay": "auto"}}, "train.lr_decay", "must be a number"),
        ("hydra", {"optimizer": {"_target_": "apex.optimizers.FusedAdam"}}, "optimizer._target_", "has no equal"),
        ("hydra", {"net": {"_target_": "bolts.lr_scheduler.Warm"}, **HYDRA}, "net._target_", "has no equal"),
        (
            "hydra",
            {"optimizer": {"_target_": "torch.optim.Adam", "lr": "${model.lr}"}},
            "optimizer.lr",
            "this file does not hold",
        ),
        ("hydra", {"optimizer": {"_target_": "torch.optim.Adam", "lr": "${mul:2,3}"}}, "optimizer.lr", "computes"),
        ("hydra", {"optimizer": {"_target_": "torch.optim.Adam", "lr": "???"}}, "optimizer.lr", "has to be given"),
        ("hydra", {"optimizer": {"_target_": "torch.optim.Adam", "_args_": [1]}}, "optimizer._args_", "no equal"),
        (
            "hydra",
            {**HYDRA, "s": {"scheduler": {"_target_": "torch.optim.lr_scheduler.StepLR"}, "frequency": 3}},
            "s.frequency",
            "has no equal",
        ),
        (
            "lightning",
            {**LIGHTNING, "trainer": {"gradient_clip_val": 1, "gradient_clip_algorithm": "agc"}},
            "trainer.gradient_clip_algorithm",
            "has no equal",
        ),
    ],
)
def test_what_has_no_equal_is_refused(origin, value, path, said):
    """It is told at its own path, and nothing near is taken in its place."""
    with pytest.raises(ConfigError) as caught:
        translated(value, origin)
    assert [path] == [problem.path for problem in caught.value.problems]
    assert said in caught.value.problems[0].message


def test_several_optimizers_are_named_by_their_keys():
    """What is beside the word for an optimizer names it, and its schedule with it."""
    step = {"_target_": "torch.optim.lr_scheduler.StepLR", "step_size": 3}
    value = {"optimizer_g": HYDRA["optimizer"], "optimizer_d": HYDRA["optimizer"], "lr_scheduler_d": step}
    recipe = translated(value, "hydra").document.value["optimizer_configs"]
    assert [("g", ["optimizer"]), ("d", ["optimizer", "scheduler"])] == [
        (name, list(pair)) for name, pair in recipe.items()
    ]
    with pytest.raises(ConfigError, match="does not say whose schedule it is"):
        translated({**value, "scheduler": step}, "hydra")


def test_a_file_of_one_schedule_is_a_schedule():
    """A file of one of Hydra's config groups holds one component, and so does the result."""
    value = {"_target_": "torch.optim.lr_scheduler.StepLR", "_partial_": True, "step_size": 3}
    step = {"type": "optim-torch-builtin:StepLR", "config": {"step_size": 3}, "interval": "epoch"}
    assert step == translated(value, "hydra").document.value
    assert [] == [said for said in translated(value, "hydra").assumed if "interval: epoch" not in said]


def test_what_lightning_is_told_beside_a_schedule_is_read():
    """`interval` and its like stand beside `scheduler`, or in `lightning_args` there."""
    step = {"_target_": "torch.optim.lr_scheduler.StepLR", "step_size": 3}
    for beside in ({"interval": "step", "frequency": 1}, {"lightning_args": {"interval": "step"}}):
        read = translated({**HYDRA, "lr_scheduler": {"scheduler": step, **beside}}, "hydra")
        assert "step" == read.document.value["scheduler"]["interval"]
        assert () == read.left_out


def test_lightnings_cli_steps_every_schedule_once_an_epoch():
    """It says no interval, and neither do its configs; in a model's own arguments the model decides."""
    cycle = {"class_path": "torch.optim.lr_scheduler.OneCycleLR", "init_args": {"max_lr": 0.1, "total_steps": 90}}
    beside = translated({**LIGHTNING, "lr_scheduler": cycle}, "lightning")
    assert ("epoch", 1) == (beside.document.value["scheduler"]["interval"], len(beside.unread))
    within = translated({"model": {"class_path": "M", "init_args": {**LIGHTNING, "lr_scheduler": cycle}}}, "lightning")
    assert ("step", ()) == (within.document.value["scheduler"]["interval"], within.unread)


def test_references_end_or_are_refused():
    """They are followed through others and within texts; what goes round, or grows without end, is an error."""
    adam = {"_target_": "torch.optim.${name}", "lr": "${a}"}
    value = {"name": "Adam", "a": "${b.c}", "b": {"c": 0.5}, "optimizer": adam}
    assert 0.5 == translated(value, "hydra").document.value["optimizer"]["config"]["lr"]
    grown = {f"x{place}": f"${{x{place + 1}}}" * 9 for place in range(30)}
    for wrong in ({"a": "${a}"}, {"a": "1${d}", "d": "2${a}"}, {"a": "${x0}", **grown}, {"a": "${b}", "b": {}}):
        with pytest.raises(ConfigError, match=r"optimizer\.lr: refers to"):
            translated({"name": "Adam", "optimizer": adam, **wrong}, "hydra")


def test_a_schedule_of_noise_is_none_of_rates():
    """What diffusers calls a scheduler is left out with the model."""
    value = {**HYDRA, "scheduler": {"_target_": "diffusers.DDPMScheduler", "beta_start": 1e-4}}
    assert ("scheduler",) == translated(value, "hydra").left_out


def test_nothing_in_a_config_is_imported():
    """A name is looked up, whether it is known, refused, or somebody else's."""
    assert "antigravity" not in sys.modules
    translated({**HYDRA, "net": {"_target_": "antigravity.fly"}}, "hydra")
    with pytest.raises(ConfigError, match="has no equal"):
        translated({"optimizer": {"_target_": "antigravity.optim.Adam"}}, "hydra")
    assert "antigravity" not in sys.modules


def test_the_class_of_a_plugin_is_known_by_its_dotted_name():
    """What nothing but an entry point tells is asked of the registry, and not imported."""
    from optim_core.config.migrating.library_names import Known

    mine = Known("optimizer", "my-dist:Mine", None, "optim-core")
    value = {"optimizer": {"_target_": "my.module.Mine", "lr": 1}}
    read = translate(document(value), named_origin("hydra"), {"my.module.Mine": mine}.get)
    assert {"type": "my-dist:Mine", "config": {"lr": 1}} == read.document.value["optimizer"]


ARGUMENTS = {"lr_scheduler_type": "cosine", "optim": "adamw_torch", "max_steps": 5, "per_device_train_batch_size": 1}
TIMM = {"opt": "adamw", "sched": "cosine", "lr": 0.1, "warmup_epochs": 5, "warmup_lr": 0.0, "opt_betas": None}


@pytest.mark.parametrize(
    ("origin", "value", "wrong"),
    [
        ("training-arguments", {**ARGUMENTS, "learning_rate": 0.1, "optim": "adamw_tourch"}, ["optim"]),
        ("training-arguments", {**ARGUMENTS, "warmup_steps": 3, "lr_scheduler_type": "c"}, ["lr_scheduler_type"]),
        ("timm", {**TIMM, "opt": "adamww", "momentum": 0.9}, ["opt"]),
        ("timm", {key: TIMM[key] for key in TIMM if key != "lr"}, ["lr"]),
    ],
)
def test_a_wrong_name_makes_no_other_key_wrong(origin, value, wrong):
    """Where an optimizer, a schedule or the rate is wrong, the arguments beside it are read as ever."""
    with pytest.raises(ConfigError) as caught:
        translated(value, origin)
    assert wrong == [problem.path for problem in caught.value.problems]


def test_a_misspelt_key_is_told_with_the_one_that_is_read():
    """A key that nothing reads, and that is nearly one that is read and not there, was meant to be that one."""
    with pytest.raises(ConfigError) as caught:
        translated({**ARGUMENTS, "warmup_ration": 0.1}, "training-arguments")
    assert ["did you mean `warmup_ratio`?"] == [problem.hint for problem in caught.value.problems]


def test_what_is_not_installed_is_told_at_its_name_with_what_else_may_be_written():
    """DeepSpeed's own optimizer is told at `type`; its config may say that torch's is meant."""
    read = translated({"optimizer": {"type": "AdamW", "params": {"lr": 0.1}}, "zero_optimization": {}}, "deepspeed")
    assert "optimizer.type" == read.path_of("optimizer.type")
    assert "`torch_adam: true` among the params makes it torch's AdamW" == read.instead["optimizer.type"]
