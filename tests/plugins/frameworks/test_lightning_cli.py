"""LightningCLI with a recipe: what is typed is what is trained with, and a mistake is told with file and line."""

from argparse import Namespace

import lightning.pytorch as pl
import pytest
import torch
import yaml
from jsonargparse import Namespace as Nested
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from optim_core import ConfigError, OptimError, Recipe, registry
from optim_frameworks.lightning import RecipeCLI, RecipeModule, recipe_from
from optim_frameworks.lightning.cli import RecipeArgumentParser

from .lightning_support import LIGHTNINGS_OWN, loader

pytestmark = [
    *LIGHTNINGS_OWN,
    pytest.mark.filterwarnings("ignore:.*LightningCLI's args parameter is intended"),
    # LightningCLI calls what the jsonargparse of today has under other names.
    pytest.mark.filterwarnings("ignore::jsonargparse._deprecated.JsonargparseDeprecationWarning"),
]

ADAMW = """\
optimizer: {type: AdamW, config: {lr: 0.01, betas: [0.9, 0.95]}}
scheduler: {type: cosine}
gradient_clipping: {max_norm: 1.0}
"""
QUIET = {
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "accelerator": "cpu",
    "max_epochs": 1,
}


class Model(RecipeModule, pl.LightningModule):
    """A model that has its recipe set from outside."""

    def __init__(self, width: int = 8):
        super().__init__()
        self.layer = torch.nn.Linear(width, 1)

    def training_step(self, batch):
        return self.layer(batch).square().mean()

    def validation_step(self, batch):
        pass

    def train_dataloader(self):
        return loader(4)

    def val_dataloader(self):
        return loader(2)


class Taking(Model):
    """A model that takes its recipe."""

    def __init__(self, recipe: Recipe, width: int = 8):
        super().__init__(width)
        self.save_hyperparameters()
        self.recipe = recipe


class Passing(Taking):
    """A model that hands on what its parent takes."""

    def __init__(self, depth: int = 1, **kwargs):
        super().__init__(**kwargs)


class WithDefault(Model):
    """A model that does without a recipe."""

    def __init__(self, recipe: Recipe | None = None):
        super().__init__()
        self.recipe = recipe


class Untyped(Model):
    """A model whose argument has no type."""

    def __init__(self, recipe, width: int = 8):
        super().__init__(width)
        self.save_hyperparameters()
        self.recipe = recipe


class Foreign(pl.LightningModule):
    """A model that makes its own optimizer."""

    def training_step(self, batch):
        pass

    def configure_optimizers(self):
        pass


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "adamw.yaml").write_text(ADAMW, encoding="utf-8")
    return tmp_path


def cli(*args, model=Model, run=False, defaults=QUIET, **options):
    """The command line of a program, in which nothing is trained unless `run` is set."""
    return RecipeCLI(
        model, args=list(args), run=run, trainer_defaults=defaults, seed_everything_default=False, **options
    )


def refused(capsys, *args, **options):
    """What a program prints that ends with exit code 2."""
    with pytest.raises(SystemExit) as caught:
        cli(*args, **options)
    assert 2 == caught.value.code
    return capsys.readouterr().err


def test_a_file_and_what_differs_from_it(folder):
    """The values of the file stay where nothing stands in place of them."""
    made = cli("--optimization", "adamw.yaml", "--optimization.set", "optimizer.config.lr=3e-3")
    assert registry.recipe("adamw.yaml", overrides=["optimizer.config.lr=3e-3"]) == made.recipe
    assert made.recipe is made.model.recipe


@pytest.mark.parametrize(
    "args",
    [
        ["--optimization.optimizer.type=Adam"],
        ["--optimization.optimizer.type", "Adam"],
        ["--optimization.set=optimizer.type=Adam"],
        ["--optimization.set+=optimizer.type=Adam"],
        ["--optimization.set", '["optimizer.type=Adam"]'],
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_type_that_is_swapped_loses_nothing(args, is_first):
    """The rate, the betas, the schedule and the clipping stay, wherever the options stand."""
    file = ["--optimization", "adamw.yaml"]
    recipe = cli(*(args + file if is_first else file + args)).recipe
    assert ("Adam", 0.01, (0.9, 0.95)) == (
        recipe.optimizer.type,
        recipe.optimizer.config.lr,
        recipe.optimizer.config.betas,
    )
    assert ("cosine", "norm") == (recipe.scheduler.type, recipe.clipper.type)


def test_several_values_are_replaced():
    """Each option adds one."""
    recipe = cli(
        "--optimization=adamw.yaml",
        "--optimization.set=optimizer.config.lr=1",
        "--optimization.optimizer.config.eps",
        "0.5",
    ).recipe
    assert (1.0, 0.5) == (recipe.optimizer.config.lr, recipe.optimizer.config.eps)


def test_values_alone_make_a_recipe():
    """A file is not needed."""
    assert (
        0.5
        == cli(
            "--optimization.set=optimizer.type=SGD", "--optimization.optimizer.config.lr=0.5"
        ).model.recipe.optimizer.config.lr
    )


def test_a_recipe_on_the_command_line():
    """A mapping may be typed, in YAML or JSON."""
    assert 3e-3 == cli("--optimization", "{optimizer: {type: Adam, config: {lr: 3e-3}}}").recipe.optimizer.config.lr
    assert "Adam" == cli("--optimization", '{"type": "Adam"}').recipe.optimizer.type


@pytest.mark.parametrize("value", ["configs/adamw.yaml", "{file: configs/adamw.yaml}"])
def test_a_path_on_the_command_line_begins_in_this_folder(folder, value):
    """As every path does that is typed."""
    (folder / "configs").mkdir()
    (folder / "adamw.yaml").rename(folder / "configs/adamw.yaml")
    assert 0.01 == cli("--optimization", value).recipe.optimizer.config.lr


def test_a_config_file_holds_the_recipe_or_its_path(folder):
    """A path begins in the folder of the config file."""
    (folder / "configs").mkdir()
    (folder / "adamw.yaml").rename(folder / "configs/adamw.yaml")
    expected = registry.recipe("configs/adamw.yaml", overrides=["optimizer.config.lr=0.5"])
    texts = {
        "path": "adamw.yaml",
        "both": {"file": "adamw.yaml", "set": ["optimizer.config.lr=0.5"]},
        "recipe": yaml.safe_load(ADAMW),
        "recipe_and_set": {**yaml.safe_load(ADAMW), "set": ["optimizer.config.lr=0.5"]},
    }
    for name, value in texts.items():
        (folder / f"configs/{name}.yaml").write_text(yaml.safe_dump({"optimization": value}))
        more = [] if "set" in str(value) else ["--optimization.set=optimizer.config.lr=0.5"]
        assert expected == cli("--config", f"configs/{name}.yaml", *more).recipe, name


def test_null_is_no_recipe(folder):
    """A model that does without one is made without one."""
    (folder / "run.yaml").write_text("optimization: null\n")
    assert cli("--config=run.yaml", model=WithDefault).recipe is None
    assert cli("--optimization=adamw.yaml", "--optimization", "null", model=WithDefault).model.recipe is None
    assert cli(model=WithDefault).model.recipe is None


@pytest.mark.parametrize("model", [Model, Passing, WithDefault, Untyped])
def test_a_model_has_the_recipe_as_its_argument_or_its_attribute(model):
    """Whether the class is fixed or named on the command line."""
    expected = registry.recipe("adamw.yaml")
    assert expected == cli("--optimization=adamw.yaml", model=model).model.recipe
    name = f"--model={model.__module__}.{model.__name__}"
    assert expected == cli(name, "--optimization=adamw.yaml", model=None).model.recipe


def test_a_model_is_trained_by_the_recipe():
    """The run of the model is that of the file."""
    made = cli(
        "fit",
        "--optimization=adamw.yaml",
        "--optimization.set=optimizer.config.lr=0.5",
        run=True,
        save_config_callback=None,
    )
    assert (0.0, 4) == (made.model.run.scheduler.get_last_lr()[0], made.model.run.horizon.total_steps)
    assert [0.5] == made.model.run.scheduler.base_lrs


def test_the_saved_config_builds_the_same_recipe(folder):
    """Every default is in it; no file is needed any more, and single values may be replaced again."""
    options = ["--optimization=adamw.yaml", "--optimization.optimizer.config.eps=0.5"]
    made = cli("fit", *options, run=True, model=Taking)
    (folder / "adamw.yaml").unlink()
    saved = yaml.safe_load((folder / "config.yaml").read_text())
    assert registry.to_config(made.recipe) == saved["optimization"]
    assert "optimization_set" not in saved
    again = cli("validate", "--config=config.yaml", run=True, model=Taking, save_config_callback=None)
    assert made.recipe == again.recipe == again.model.recipe
    other = cli(
        "validate", "--config=config.yaml", "--optimization.optimizer.type=Adam", run=True, save_config_callback=None
    )
    assert ("Adam", 0.5) == (other.recipe.optimizer.type, other.recipe.optimizer.config.eps)


def test_print_config_prints_the_recipe(folder, capsys):
    """What is printed is a config file."""
    with pytest.raises(SystemExit) as caught:
        cli("fit", "--optimization=adamw.yaml", "--optimization.optimizer.config.lr=0.5", "--print_config", run=True)
    assert 0 == caught.value.code
    (folder / "run.yaml").write_text(capsys.readouterr().out)
    expected = registry.recipe("adamw.yaml", overrides=["optimizer.config.lr=0.5"])
    assert expected == cli("validate", "--config=run.yaml", run=True, save_config_callback=None).recipe
    assert registry.to_config(expected) == yaml.safe_load((folder / "run.yaml").read_text())["optimization"]


def test_help_has_the_options(capsys):
    """What they take is said there."""
    with pytest.raises(SystemExit):
        cli("fit", "--help", run=True)
    text = " ".join(capsys.readouterr().out.split())
    assert "--optimization FILE The file of a recipe" in text
    assert "--optimization.set PATH=VALUE" in text
    assert "function" not in text.partition("--optimization FILE")[2].partition("--ckpt_path")[0]


# -- mistakes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--optimization=typo.yaml"], "error: typo.yaml:1:35: optimizer.config.lrr: unknown key"),
        (["--optimization=missing.yaml"], "error: missing.yaml: there is no such file"),
        (["--config=inline.yaml"], "error: inline.yaml:4:14: optimizer.config.lrr: unknown key"),
        (["--config=file.yaml"], "error: typo.yaml:1:35: optimizer.config.lrr: unknown key"),
        (
            ["--optimization=adamw.yaml", "--optimization.set=optimizer.config.lrr=1"],
            "error: --optimization.set: optimizer.config.lrr: unknown key",
        ),
        (
            ["--optimization=adamw.yaml", "--optimization.optimizer.config.lr", "-1"],
            "error: --optimization.set: optimizer.config.lr: must be > 0",
        ),
        (["--optimization=adamw.yaml", "--optimization.optimizer.type=Adan2"], "no optimizer is called `Adan2`"),
        (["--optimization=adamw.yaml", "--optimization.set=lr"], "--optimization.set"),
        (["--optimization={type: Adam"], "neither a path nor a mapping"),
        (["--optimization"], "expected one argument"),
        (["--optimization.optimizer.type"], "expected one argument"),
        (["--config=extra.yaml"], "lr stands beside it"),
        (["--config=twice.yaml"], "twice.yaml:3:3: optimization: the key `type` stands twice"),
        (["--config=list.yaml"], "a config is a mapping, this is a list of 1"),
    ],
)
def test_a_mistake_ends_the_program_before_the_model_is_made(folder, capsys, args, message):
    """It is told with file and line, or with the option that was typed."""

    class Never(Model):
        def __init__(self):
            raise AssertionError("the model is made")

    (folder / "typo.yaml").write_text("optimizer: {type: AdamW, config: {lrr: 1}}\n")
    (folder / "inline.yaml").write_text("optimization:\n  optimizer:\n    type: AdamW\n    config: {lrr: 1e-3}\n")
    (folder / "file.yaml").write_text("optimization: {file: typo.yaml, set: [optimizer.config.lr=1]}\n")
    (folder / "extra.yaml").write_text("optimization: {file: adamw.yaml, lr: 1}\n")
    (folder / "twice.yaml").write_text("optimization:\n  type: AdamW\n  type: SGD\n")
    (folder / "list.yaml").write_text("optimization: [1]\n")
    assert message in refused(capsys, *args, model=Never)


def test_the_lines_of_a_config_for_all_subcommands(folder, capsys):
    """A config file that stands before the subcommand has a section for each."""
    (folder / "run.yaml").write_text("fit:\n  optimization:\n    optimizer: {type: SGDD}\n")
    said = refused(capsys, "--config=run.yaml", "fit", run=True)
    assert "run.yaml:3:17: optimizer.type: no optimizer is called `SGDD`" in said


def test_a_default_config_file_is_told_with_its_lines(folder, capsys):
    """Files that a program reads by itself are config files too."""
    (folder / "defaults.yaml").write_text("optimization:\n  optimizer: {type: SGDD}\n")
    options = {"parser_kwargs": {"default_config_files": ["defaults.yaml"]}}
    assert "defaults.yaml:2:15: optimizer.type" in refused(capsys, **options)


@pytest.mark.parametrize("model", [Taking])
def test_a_model_that_takes_a_recipe_is_not_made_without(capsys, model):
    """What is missing is called by the option."""
    assert "takes a recipe: --optimization FILE is required" in refused(capsys, model=model)
    name = f"--model={model.__module__}.{model.__name__}"
    assert "takes a recipe: --optimization FILE is required" in refused(capsys, name, model=None)


def test_a_model_is_not_trained_without_a_recipe(capsys):
    """It may be validated without one."""
    assert "Model is trained by a recipe: --optimization FILE" in refused(capsys, "fit", run=True)
    assert cli("validate", run=True).recipe is None


def test_a_model_that_makes_its_own_optimizer_is_refused():
    """The recipe would do nothing."""
    with pytest.raises(OptimError, match=r"class Foreign\(RecipeModule, lightning\.LightningModule\)"):
        cli("--optimization=adamw.yaml", model=Foreign)
    assert cli(model=Foreign).recipe is None


@pytest.mark.parametrize(
    "args",
    [
        ["--optimizer=Adam"],
        ["--optimizer", "Adam"],
        ["--optimizer.lr=1"],
        ["--lr_scheduler=StepLR"],
        ["--config=c.yaml"],
    ],
)
def test_the_optimizers_of_lightning_cli_are_refused(folder, capsys, args):
    """One of the two would be ignored."""
    (folder / "c.yaml").write_text("optimizer: {class_path: torch.optim.Adam}\n")
    assert "is LightningCLI's, and the recipe names the" in refused(capsys, "--optimization=adamw.yaml", *args)


def test_what_a_program_adds_of_them_is_refused_too():
    """By the constructor, or by hand."""
    with pytest.raises(OptimError, match="auto_configure_optimizers=True stands beside the recipe"):
        cli(auto_configure_optimizers=True)

    class Own(RecipeCLI):
        def add_arguments_to_parser(self, parser):
            parser.add_optimizer_args(torch.optim.Adam)

    with pytest.raises(OptimError, match="add_optimizer_args and add_lr_scheduler_args stand beside the recipe"):
        Own(Model, args=[], run=False)


# -- what takes the place of what ----------------------------------------------------------------------------------


def test_a_config_file_does_not_silently_take_the_place_of_a_typed_file(folder, capsys):
    """In jsonargparse the later one counts."""
    (folder / "run.yaml").write_text("optimization: {optimizer: {type: SGD}}\n")
    assert "write --optimization after --config" in refused(capsys, "--optimization=adamw.yaml", "--config=run.yaml")
    assert "AdamW" == cli("--config=run.yaml", "--optimization=adamw.yaml").recipe.optimizer.type


@pytest.mark.parametrize("first", ["adamw.yaml", yaml.safe_load(ADAMW)])
def test_a_recipe_that_takes_the_place_of_a_larger_one_is_told(folder, first):
    """The later config file counts, as with every option that is no group; what is lost is told."""
    (folder / "first.yaml").write_text(yaml.safe_dump({"optimization": first}))
    (folder / "second.yaml").write_text("optimization: {optimizer: {type: Adam}}\n")
    with pytest.warns(UserWarning, match=r"stands in place of .*--optimization\.set PATH=VALUE"):
        recipe = cli("--config=first.yaml", "--config=second.yaml").recipe
    assert ("Adam", None) == (recipe.optimizer.type, recipe.scheduler)


def test_a_recipe_that_takes_the_place_of_a_smaller_one_is_not_told(folder):
    """Nothing is lost."""
    (folder / "first.yaml").write_text("optimization: {optimizer: {type: Adam}}\n")
    (folder / "second.yaml").write_text(yaml.safe_dump({"optimization": yaml.safe_load(ADAMW)}))
    assert "AdamW" == cli("--config=first.yaml", "--config=second.yaml").recipe.optimizer.type


# -- what LightningCLI can do besides ------------------------------------------------------------------------------


def test_a_checkpoint_makes_the_model_again(folder):
    """The recipe is among the hyperparameters as plain data."""
    made = cli("fit", "--optimization=adamw.yaml", run=True, model=Taking, save_config_callback=None)
    made.trainer.save_checkpoint("last.ckpt")
    saved = torch.load("last.ckpt", weights_only=True)["hyper_parameters"]
    assert registry.to_config(made.recipe) == saved["recipe"]
    assert made.recipe == Taking.load_from_checkpoint("last.ckpt").recipe
    again = cli(
        "validate",
        "--optimization=adamw.yaml",
        "--ckpt_path=last.ckpt",
        run=True,
        model=Taking,
        save_config_callback=None,
    )
    assert made.recipe == again.model.recipe


def test_environment_variables(monkeypatch):
    """Where a program reads them, the recipe may stand there."""
    monkeypatch.setenv("PL_OPTIMIZATION", "adamw.yaml")
    monkeypatch.setenv("PL_OPTIMIZATION_SET", '["optimizer.config.lr=0.5"]')
    recipe = cli(parser_kwargs={"default_env": True}).recipe
    assert registry.recipe("adamw.yaml", overrides=["optimizer.config.lr=0.5"]) == recipe


def test_references_of_omegaconf(folder, capsys):
    """A value that another names is that value, and a mistake has its line."""
    (folder / "run.yaml").write_text(
        "model: {width: 8}\noptimization:\n  optimizer:\n    type: SGD\n    config: {lr: '${model.width}'}\n"
    )
    options = {"parser_kwargs": {"parser_mode": "omegaconf"}}
    assert 8.0 == cli("--config=run.yaml", **options).recipe.optimizer.config.lr
    (folder / "run.yaml").write_text(
        "model: {width: -8}\noptimization:\n  optimizer:\n    type: SGD\n    config: {lr: '${model.width}'}\n"
    )
    assert "run.yaml:5:14: optimizer.config.lr" in refused(capsys, "--config=run.yaml", **options)


def test_options_as_a_mapping():
    """A program may be given its config in Python."""
    made = RecipeCLI(
        Model,
        args={
            "optimization": registry.recipe("adamw.yaml"),
            "optimization_set": ["optimizer.config.lr=0.5"],
            "trainer": QUIET,
        },
        run=False,
        seed_everything_default=False,
    )
    assert registry.recipe("adamw.yaml", overrides=["optimizer.config.lr=0.5"]) == made.model.recipe


def test_a_default_recipe_of_the_program():
    """`set_defaults` sets it as it does any option."""

    class Own(RecipeCLI):
        def add_arguments_to_parser(self, parser):
            parser.set_defaults({"optimization": "adamw.yaml"})

    made = Own(
        Model,
        args=["--optimization.optimizer.config.lr=0.5"],
        run=False,
        trainer_defaults=QUIET,
        seed_everything_default=False,
    )
    assert registry.recipe("adamw.yaml", overrides=["optimizer.config.lr=0.5"]) == made.recipe


def test_a_parser_of_the_program():
    """It has the options too."""

    class Parser(LightningArgumentParser):
        pass

    made = cli("--optimization=adamw.yaml", parser_class=Parser)
    assert isinstance(made.parser, Parser)
    assert isinstance(made.parser, RecipeArgumentParser)


# -- without the command line --------------------------------------------------------------------------------------


def test_recipe_from_takes_what_parsers_give():
    """A path, a mapping, a namespace, a recipe, or nothing."""
    changed = ["optimizer.config.lr=0.5"]
    expected = registry.recipe("adamw.yaml", overrides=changed)
    plain = yaml.safe_load(ADAMW)
    nested = Nested(optimizer=Nested(type="AdamW", config=plain["optimizer"]["config"]), scheduler=plain["scheduler"])
    nested["gradient_clipping"] = plain["gradient_clipping"]
    for config in ("adamw.yaml", plain, Namespace(**plain), nested, registry.recipe("adamw.yaml")):
        assert expected == recipe_from(config, changed)
    assert expected == recipe_from({"file": "adamw.yaml"}, changed)
    assert "SGD" == recipe_from(None, "type=SGD").optimizer.type
    recipe = registry.recipe("adamw.yaml")
    assert recipe is recipe_from(recipe)


def test_recipe_from_tells_mistakes_as_the_registry_does():
    """With the option that everybody knows."""
    with pytest.raises(ConfigError, match=r"--set: optimizer\.config\.lrr: unknown key"):
        recipe_from("adamw.yaml", ["optimizer.config.lrr=1"])


def test_a_plain_lightning_cli_can_take_a_recipe():
    """A model that takes one needs no class of ours but `Recipe`."""
    made = LightningCLI(
        Taking,
        args=["--model.recipe=adamw.yaml"],
        run=False,
        trainer_defaults=QUIET,
        seed_everything_default=False,
        auto_configure_optimizers=False,
    )
    assert registry.recipe("adamw.yaml") == made.model.recipe
