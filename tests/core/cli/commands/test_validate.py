"""`optim validate`."""

from __future__ import annotations

import pytest
from cli_support import VALID, WRONG, broken, config_writer, optim


@pytest.fixture
def file(site, tmp_path, monkeypatch):
    """Writes a file into the current folder and returns its name."""
    return config_writer(site, tmp_path, monkeypatch)


def test_a_valid_file_is_one_line_with_what_provides_each_part(file):
    """A valid file is one line that names every part and the distribution and version that provide it."""
    done = optim("validate", file(VALID))

    assert 0 == done.code
    assert (
        "train.yaml: valid (DemoDescent from optim-demo 1.5, DemoSteps each epoch from optim-demo 1.5, "
        "democlip from optim-demo 1.5)\n"
    ) == done.stdout


def test_all_problems_are_shown_at_once_with_line_and_caret(file):
    """Each problem has its place, its message, its hint, and the source line with a caret below the column."""
    done = optim("validate", file(WRONG))

    assert 1 == done.code
    assert (
        "train.yaml:4:5: optimizer.config.lr: must be > 0, is -1.0\n"
        "    4 |     lr: -1\n"
        "      |     ^\n"
        "train.yaml:5:5: optimizer.config.epz: unknown key\n"
        "    did you mean `eps`? DemoDescent takes: lr, betas, eps, mode\n"
        "    5 |     epz: 1e-8\n"
        "      |     ^\n"
        "train.yaml:7:3: scheduler.type: no scheduler is called `DemoStep`\n"
        "    did you mean `DemoSteps` (optim-demo 1.5)?\n"
        "    7 |   type: DemoStep\n"
        "      |   ^\n"
    ) == done.stdout


def test_every_file_is_checked(file):
    """A wrong file, and one that is not there, do not keep the others from being checked."""
    done = optim("validate", file(WRONG), "absent.yaml", file(VALID, "right.yaml"))

    assert 1 == done.code
    assert "train.yaml:4:5: " in done.stdout
    assert "absent.yaml: there is no such file\n" in done.stdout
    assert "right.yaml: valid (" in done.stdout


def test_a_file_that_is_not_yaml_is_shown_where_it_stops_being_yaml(file):
    """What the parser refuses is shown with line and caret, too."""
    done = optim("validate", file("optimizer: {type: [\n"))

    assert 1 == done.code
    assert "train.yaml:2:1: is not YAML" in done.stdout


def test_no_file_is_wrong_usage():
    """Without a file the exit status is 2."""
    done = optim("validate")

    assert 2 == done.code
    assert "Missing argument 'FILE...'" in done.stderr


def test_set_replaces_a_value_first(file):
    """--set can mend a config, any number of times."""
    mended = ("--set", "optimizer.config={lr: 1}", "--set", "scheduler=null")

    assert 0 == optim("validate", file(WRONG), *mended).code


def test_a_problem_that_set_brings_in_is_placed_there(file):
    """A value that --set gives is not blamed on the line of the file that it replaced."""
    done = optim("validate", file(VALID), "--set", "optimizer.config.lr=-1")

    assert 1 == done.code
    assert "--set: optimizer.config.lr: must be > 0, is -1.0\n" == done.stdout


def test_a_set_that_leads_nowhere_is_a_problem(file):
    """--set with a path that the config does not have says what it has."""
    done = optim("validate", file(VALID), "--set", "optimiser.config.lr=1")

    assert 1 == done.code
    assert "did you mean `optimizer`?" in done.stdout


def test_a_broken_plugin_is_one_clear_message(file, site):
    """A plugin that cannot be imported is one message that names its distribution, and no traceback."""
    broken(site, "Bad", "import a_module_that_is_missing")
    done = optim("validate", file("optimizer: {type: Bad}"), file(VALID, "right.yaml"))

    assert 1 == done.code
    assert "train.yaml: optim-bad 1.0 cannot provide `Bad = module_of_bad:Bad`" in done.stdout
    assert "pip install --upgrade optim-bad a_module_that_is_missing" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "right.yaml: valid (" in done.stdout


def test_json_has_every_problem_as_data(file):
    """--format json is a list of files, each with its problems as path, message, hint, file, line and column."""
    done = optim("validate", file(WRONG), file(VALID, "right.yaml"), "--format", "json")

    assert 1 == done.code
    wrong, right = done.json
    assert {"file": "right.yaml", "valid": True, "problems": [], "warnings": [], "unused": []} == right
    assert ("train.yaml", False) == (wrong["file"], wrong["valid"])
    assert {
        "path": "optimizer.config.epz",
        "message": "unknown key",
        "hint": "did you mean `eps`? DemoDescent takes: lr, betas, eps, mode",
        "file": "train.yaml",
        "line": 5,
        "column": 5,
    } == wrong["problems"][1]


def test_a_long_line_is_shown_around_the_column(file):
    """Of a JSON file on one line, the part with the mistake is shown, with the caret below it."""
    padding = ", ".join("0.5" for _ in range(200))
    text = f'{{"optimizer": {{"type": "DemoDescent", "config": {{"betas": [{padding}], "epz": 1}}}}}}'
    done = optim("validate", file(text, "train.json"))

    lines = done.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if "unknown key" in line)
    line, caret = lines[at + 2 : at + 4]
    assert len(line) < 130
    assert line.index('"epz"') == caret.index("^")


def test_a_wide_letter_before_the_column_moves_the_caret(file):
    """The caret counts columns of the terminal, in which a CJK letter takes two."""
    done = optim("validate", file('optimizer: {type: DemoDescent, config: {mode: "漢字", epz: 1}}\n'))

    lines = done.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if "unknown key" in line)
    line, caret = lines[at + 2 : at + 4]
    assert line.index("epz") + 2 == caret.index("^")


def test_control_characters_of_a_file_do_not_reach_the_terminal(file):
    """An escape sequence in a config is not passed on to the terminal."""
    done = optim("validate", file('optimizer: {type: DemoDescent, config: {"epz": "\\e[31m", "\\e[31m": 1}}\n'))

    assert 1 == done.code
    assert "\x1b" not in done.stdout
    assert 2 == done.stdout.count("unknown key")


def test_what_the_training_loop_has_to_give_is_a_line(site, tmp_path, monkeypatch):
    """Where the plugins need nothing of it, there is no such line."""
    write = config_writer(site, tmp_path, monkeypatch)
    source = "import attrs\n\n@attrs.frozen\nclass Needy:\n    needs = ('closure',)\n    def build(self, params): ...\n"
    site.add("optim-needy", entry_points={"optim_core.optimizers": {"Needy": "needy:Needy"}}, modules={"needy": source})
    done = optim("validate", write("optimizer: {type: Needy}\n"), write(VALID, "valid.yaml"))

    assert "    needs of the training loop: closure\n" in done.stdout
    assert 3 == len(done.stdout.splitlines())


BESIDE = """\
training: {optimizer: DemoDescent, lr: 0.1}
trainer:
  gradient_clip_val: 0.5
"""


def test_what_speaks_of_a_recipe_and_is_not_read_is_a_warning(file):
    """It is a line with its place, and the file is as valid as without it; with --format json it is data."""
    name = file(BESIDE)
    done = optim("validate", name)

    assert (0, "") == (done.code, done.stderr)
    assert (
        "warning: train.yaml:3:3: trainer.gradient_clip_val: speaks of what a recipe is about, and is not read where "
        "it stands\n"
        "    write `gradient_clipping: {max_norm: 0.5}`, in `training`\n"
        "    3 |   gradient_clip_val: 0.5\n"
        "      |   ^\n"
    ) in done.stdout
    (report,) = optim("validate", name, "--format", "json").json
    assert (True, [], ["trainer.gradient_clip_val"]) == (
        report["valid"],
        report["problems"],
        [warning["path"] for warning in report["warnings"]],
    )


def test_strict_makes_it_a_problem(file):
    """The exit status is that of a wrong file."""
    done = optim("validate", file(BESIDE), "--strict")

    assert 1 == done.code
    assert done.stdout.startswith("train.yaml:3:3: trainer.gradient_clip_val: ")


@pytest.mark.filterwarnings("default::optim_core.UnusedConfigWarning")
def test_other_commands_say_it_on_standard_error(file):
    """So that what they print is the config alone."""
    name = file(BESIDE)
    for command in ("resolve", "migrate"):
        done = optim(command, name)
        assert (0, 1) == (done.code, done.stderr.count("warning: train.yaml:3:3: trainer.gradient_clip_val"))
        assert "warning" not in done.stdout
