"""`optim explain`: the table, the data, and what it says where there is no model."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import model_tree
import pytest
from cli_support import VALID, config_writer, optim, optim_process

MODELS = """
import sys
from model_tree import Dropout, Linear, Model

print("this is printed on import")

def build():
    print("this is printed by build")
    return Model(3)

def pair():
    return {"left": Model(1), "right": Linear()}

def several():
    return [Linear(), Linear()]

class Tower(Model):
    @classmethod
    def small(cls):
        return cls(1)

ready = Linear()

def of_size(size, *, deep):
    return Model(size)

def fails():
    raise ValueError("no weights")

def ends():
    sys.exit(3)

def nothing():
    Model()

def number():
    return 5

def none_of_them():
    return {}
"""

RULES = """\
optimizer:
  type: DemoDescent
  config: {lr: 3e-4}
  param_groups:
    - {match: "head.*", lr_multiplier: 5.0}
    - {match: "embed.*", freeze: true}
"""

NAMED = """\
optimizer_configs:
  left: {type: DemoDescent, config: {lr: 1e-3}}
  right: {type: DemoDescent, config: {lr: 2e-3}}
"""

TABLE = """\
parameter                  shape  group           lr
embed.weight               9x4    frozen
    param_groups[1] `embed.*`: frozen
blocks.{0..2}.norm.weight  4      default         0.0003
blocks.{0..2}.norm.bias    4      default         0.0003
blocks.{0..2}.fc.weight    4x4    default         0.0003
blocks.{0..2}.fc.bias      4      default         0.0003
blocks.{0..2}.out.weight   4x4    default         0.0003
blocks.{0..2}.out.bias     4      default         0.0003
norm.weight                4      default         0.0003
norm.bias                  4      default         0.0003
head.weight                4x4    param_groups_0  0.0015
    param_groups[0] `head.*`: lr_multiplier 5
head.bias                  4      param_groups_0  0.0015
    param_groups[0] `head.*`: lr_multiplier 5

default: 20 tensors, 152 parameters, lr 0.0003
param_groups_0: 2 tensors, 20 parameters, lr 0.0015
frozen: 1 tensor, 36 parameters
"""


@pytest.fixture
def file(site, tmp_path, monkeypatch):
    """Writes a config into the working folder, where a module with models lies, and returns its name."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    # The module is imported from the working folder of each test.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    write = config_writer(site, tmp_path, monkeypatch)
    (tmp_path / "models_of_a_user.py").write_text(MODELS, encoding="utf-8")
    yield write
    for name in ("models_of_a_user", "broken_by_a_user", "trains_on_import"):
        sys.modules.pop(name, None)


def test_the_table_has_a_row_for_layers_that_are_alike(file):
    """Names say which layers they are; a line for each group tells how much it holds; at 80 columns it is readable."""
    done = optim("explain", file(RULES), "--model", "models_of_a_user:build", columns=80)
    assert (0, TABLE) == (done.code, done.stdout)


def test_with_all_each_parameter_has_a_row(file):
    """`--all` writes out what layers that are alike have in common."""
    done = optim("explain", file(RULES), "--model", "models_of_a_user:build", "--all", columns=80)
    assert [f"blocks.{number}.fc.bias" for number in range(3)] == [
        line.split()[0] for line in done.stdout.splitlines() if ".fc.bias" in line
    ]


def test_layers_that_differ_have_rows_of_their_own(file):
    """A rule for one of them takes it out of the row of the others, whose name says so."""
    config = file(RULES.replace('"embed.*", freeze: true', '"blocks.1.fc.*", eps: 1e-6'))
    done = optim("explain", config, "--model", "models_of_a_user:build", columns=200)

    named = [line.split()[0] for line in done.stdout.splitlines() if ".fc.weight" in line]
    assert ["blocks.{0,2}.fc.weight", "blocks.1.fc.weight"] == named
    assert "param_groups_1: 2 tensors, 20 parameters, lr 0.0003, eps 1e-06" in done.stdout


def test_where_the_columns_do_not_fit_all_else_stands_below_the_name(file):
    """No line is longer than the terminal."""
    done = optim("explain", file(RULES), "--model", "models_of_a_user:build", columns=40)

    assert (
        "head.bias\n    4, group param_groups_0, lr 0.0015;\n    param_groups[0] `head.*`:\n    lr_multiplier 5\n"
        in done.stdout
    )
    assert "embed.weight\n    9x4, frozen;" in done.stdout
    assert 40 >= max(map(len, done.stdout.splitlines()))


def test_json_has_every_parameter_and_nothing_that_the_module_prints(file):
    """What the user's code prints goes to standard error; the data have each parameter, and the groups."""
    done = optim("explain", file(RULES), "--model", "models_of_a_user:build", "--format", "json")

    assert 23 == len(done.json["parameters"])
    assert {
        "name": "head.bias",
        "shape": [4],
        "optimizer": "default",
        "group": 1,
        "group_name": "param_groups_0",
        "lr": 3e-4 * 5,
        "weight_decay": None,
        "lr_multiplier": 5.0,
        "options": {},
        "frozen": False,
        "decided_by": ["param_groups[0] `head.*`: lr_multiplier 5"],
    } == done.json["parameters"][-1]
    assert [("default", 0, 20, 152), ("param_groups_0", 1, 2, 20), (None, None, 1, 36)] == [
        (group["name"], group["group"], group["tensors"], group["numbers"]) for group in done.json["groups"]
    ]
    assert "this is printed on import\nthis is printed by build\n" == done.stderr


def test_overrides_come_first(file):
    """`--set` replaces a value of the config."""
    config, change = file(VALID), "optimizer.config.lr=0.5"
    done = optim("explain", config, "--model", "models_of_a_user:ready", "--set", change, "--format", "json")
    assert [0.5, 0.5] == [plan["lr"] for plan in done.json["parameters"]]


def test_named_optimizers_have_a_part_each(file):
    """The callable returns a mapping of their names to models."""
    done = optim("explain", file(NAMED), "--model", "models_of_a_user:pair", columns=80)

    assert done.stdout.startswith("left\n\nparameter")
    assert ["right", "", "parameter   shape   group     lr      decided by"] == done.stdout.splitlines()[-8:-5]
    assert "weight      4x4     default   0.002" == done.stdout.splitlines()[-4]
    assert done.stdout.endswith("\n\ndefault: 2 tensors, 20 parameters, lr 0.002\n")


@pytest.mark.parametrize(
    ("words", "first"),
    [("several", "0.weight"), ("Tower.small", "embed.weight"), ("ready", "weight"), ("Tower", "embed.weight")],
)
def test_a_model_may_come_in_several_ways(file, words, first):
    """Several models of one optimizer, a method, a model that is there already, a class."""
    done = optim("explain", file(VALID), "--model", f"models_of_a_user:{words}", "--format", "json")
    assert first == done.json["parameters"][0]["name"]


WRONG = {
    "models_of_a_user": "write the module without its ending, a colon, and a name in it, such as "
    "models_of_a_user:build_model",
    "models_of_a_user.py:build": "a name in it, such as models_of_a_user:build",
    "models_of_user:build": "there is no module `models_of_user` on the path or in the current folder\n"
    "    did you mean `models_of_a_user:build`?",
    "models_of_a_user.inner:build": "there is no module `models_of_a_user.inner`",
    "models_of_a_user:biuld": "`models_of_a_user` has no `biuld`\n    did you mean `build`?",
    "models_of_a_user:Tower.smal": "`models_of_a_user.Tower` has no `smal`\n    did you mean `small`?",
    "models_of_a_user:of_size": "it takes arguments (missing a required argument: 'size'): "
    "name a function of no arguments that returns of_size(…)",
    "models_of_a_user:fails": "it raises ValueError: no weights (at models_of_a_user.py:",
    "models_of_a_user:ends": "it raises SystemExit(3): it ends the process",
    "models_of_a_user:nothing": "it returns nothing (is a `return` missing?); it is to return a torch.nn.Module",
    "models_of_a_user:number": "it returns an int; it is to return a torch.nn.Module, a mapping of optimizers' names",
    "models_of_a_user:none_of_them": "it returns an empty dict; it is to return",
    "models_of_a_user:sys": "it is a module; name what returns, or is, a torch.nn.Module",
}


@pytest.mark.parametrize("words", WRONG)
def test_without_a_model_it_is_wrong_usage_with_the_repair(file, words):
    """Exit status 2, a message that says what is missing and what to do, and nothing on standard output."""
    done = optim("explain", file(VALID), "--model", words)

    assert (2, "") == (done.code, done.stdout)
    assert f"Error: --model {words}: " in done.stderr
    assert WRONG[words] in done.stderr


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("broken_by_a_user", "import nowhere_to_be_found\n", "ModuleNotFoundError: No module named 'nowhere_to_be_fou"),
        ("broken_by_a_user", "def f(:\n", "SyntaxError: "),
        ("trains_on_import", "raise SystemExit('usage')\n", 'keep what trains below `if __name__ == "__main__":`'),
    ],
)
def test_a_module_that_cannot_be_imported_is_wrong_usage(file, tmp_path, name, source, said):
    """Whatever its import raises is said in words, with the user's line."""
    (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    done = optim("explain", file(VALID), "--model", f"{name}:build")

    assert 2 == done.code
    assert f"Error: --model {name}:build: it cannot be imported: " in done.stderr
    assert said in done.stderr


def test_a_config_that_is_wrong_or_does_not_fit_has_status_1(file):
    """The config's problems, and a rule that matches nothing in this model."""
    unfit = file(RULES.replace("embed", "embeds"), "unfit.yaml")
    done = optim("explain", unfit, "--model", "models_of_a_user:build")
    other = optim("explain", file("scheduler: {type: DemoSteps, config: {step_size: 5}}\n"), "--model", "any:thing")

    assert (1, 1) == (done.code, other.code)
    assert "param_groups[1] `embeds.*` matches no parameter; did you mean `embed.*`?" in done.stderr
    assert "optimizer: is required and missing" in other.stderr


def test_the_installed_command_finds_a_module_in_the_current_folder(site, file):
    """As `python -m` does, and without torch."""
    path = os.pathsep.join([str(site.folder), str(Path(model_tree.__file__).parent)])
    arguments = ("explain", file(VALID), "--model", "models_of_a_user:build", "--format", "json")
    done = optim_process(site, *arguments, PYTHONPATH=path)

    assert (0, "this is printed on import\nthis is printed by build\n") == (done.code, done.stderr)
    assert 23 == len(done.json["parameters"])
