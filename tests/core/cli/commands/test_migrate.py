"""`optim migrate`, and what `optim validate` says of keys that are not optim-core's."""

from __future__ import annotations

import json

import pytest
from cli_support import config_writer, optim

SECTION = """\
model: {layers: 3}
training:  # what the trainer reads
  optimizer: demo-descent
  learning_rate: "3e-4"
  scheduler: demo_steps
  step_size: 5
  amp: true
"""
MIGRATED = """\
optimizer:
  type: DemoDescent
  config:
    lr: 0.0003
scheduler:
  type: DemoSteps
  config:
    step_size: 5
"""


@pytest.fixture
def file(site, tmp_path, monkeypatch):
    """Writes a file into the current folder and returns its name."""
    return config_writer(site, tmp_path, monkeypatch)


def test_what_the_file_says_is_written_in_canonical_form(file):
    """Keys, names and numbers are canonical, no default is filled in, and what is left out is said."""
    done = optim("migrate", file(SECTION))

    assert (0, MIGRATED) == (done.code, done.stdout)
    assert "    not read by optim-core: model, training.amp\n    comments are not carried over\n" == done.stderr


def test_a_file_may_be_migrated_in_place(file, tmp_path):
    """`-o` with the name of the file replaces it; migrating once more changes nothing and has nothing to say."""
    name = file(SECTION.replace("# what", "").replace("the trainer reads", ""))
    assert (0, "") == ((done := optim("migrate", name, "-o", name)).code, done.stdout)
    assert MIGRATED == (tmp_path / name).read_text(encoding="utf-8")
    again = optim("migrate", name)
    assert (0, MIGRATED, "") == (again.code, again.stdout, again.stderr)


def test_the_format_is_that_of_the_file_unless_another_is_asked_for(file, tmp_path):
    """JSON stays JSON; `--format` and the ending of `-o` change it."""
    name = file('{"type": "demo", "learning_rate": 1}', "train.json")
    component = {"type": "DemoDescent", "config": {"lr": 1.0}}
    assert component == optim("migrate", name).json
    assert "type: DemoDescent\nconfig:\n  lr: 1.0\n" == optim("migrate", name, "--format", "yaml").stdout
    assert 0 == optim("migrate", name, "-o", "train.toml").code
    assert component == optim("resolve", "train.toml", "--format", "json").json | {"config": {"lr": 1.0}}


@pytest.mark.parametrize("command", ["migrate", "resolve"])
@pytest.mark.parametrize(
    ("name", "text"),
    [("train.yaml", "type: demo  # fast\nlr: 1\n"), ("train.toml", 'type = "demo"\n# fast\nlr = 1\n')],
)
def test_comments_are_not_lost_without_a_word(file, tmp_path, command, name, text):
    """A file with comments is not replaced, whatever name leads to it; the message has both ways out, and they work."""
    file(text, name)
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    for output in (name, f"./{name}", f"link/{name}"):
        done = optim(command, name, "-o", output)
        assert (1, True) == (done.code, "its comments would be lost" in done.stderr)
        assert text == (tmp_path / name).read_text(encoding="utf-8")
    assert 0 == optim(command, name, "-o", "other.yaml").code
    assert 0 == optim(command, name, "-o", name, "--drop-comments").code
    assert "fast" not in (tmp_path / name).read_text(encoding="utf-8")


def test_what_is_canonical_already_stays_as_it_is(file, tmp_path):
    """Migrating it in place changes nothing, so that its comments are no reason to refuse."""
    text = "# fast\ntype: DemoDescent\nconfig: {lr: 3.0}  # once\n"
    name = file(text)
    done = optim("migrate", name, "-o", name)
    assert (0, True) == (done.code, "is canonical already" in done.stderr)
    assert text == (tmp_path / name).read_text(encoding="utf-8")


def test_a_mark_in_a_text_is_no_comment(file):
    """`#` in quotes and in a block of text begins no comment, so that nothing is said and the file is replaced."""
    name = file("type: demo\nlr: 1\n" + 'label: "a # b"\n', "t.yaml")
    assert "comments" not in optim("migrate", name).stderr


def test_a_config_of_another_project_is_read_as_that(file):
    """The origin is found by its keys and told, with what is assumed and left out; what is wrong has its place."""
    text = "net: {_target_: mine.Net}\noptimizer:\n  _target_: demo_plugins.DemoDescent\n  lr: 3\n"
    done = optim("migrate", file(text))
    assert (0, "optimizer:\n  type: DemoDescent\n  config:\n    lr: 3.0\n") == (done.code, done.stdout)
    assert "read as a config of Hydra: _target_ (hydra; --from says otherwise)\n    left out: net" in done.stderr
    wrong = optim("migrate", file(text.replace("lr: 3", "lr: -3")))
    assert 1 == wrong.code
    assert "train.yaml:4:3: optimizer.lr: must be > 0, is -3.0" in wrong.stderr


def test_validate_tells_whose_a_wrong_config_is(file):
    """A config of another project is wrong as one of ours, and the line below says what makes a recipe of it."""
    name = file("optimizer:\n  _target_: demo_plugins.DemoDescent\n  lr: 3\n")
    wrong = optim("validate", name)
    assert 1 == wrong.code
    assert "`optim migrate --from hydra train.yaml` makes a recipe of it" in wrong.stdout
    assert "makes a recipe of it" not in optim("validate", file("optimizer: {type: nothing}\n")).stdout
    assert "makes a recipe of it" not in optim("validate", "gone.yaml").stdout


def test_from_says_whose_a_config_is():
    """Its names are listed, and a wrong one is told with the nearest."""
    wrong = optim("migrate", "train.yaml", "--from", "pytorch-templat")
    assert (1, True) == (wrong.code, "did you mean `pytorch-template`?" in wrong.stderr)
    listed = optim("migrate", "--from", "list")
    assert (0, "hydra") == (listed.code, listed.stdout.split()[0])


def test_a_wrong_file_is_not_migrated(file, tmp_path):
    """Its problems are shown as by validate, and nothing is written."""
    done = optim("migrate", file(SECTION.replace("step_size", "step_sise")), "-o", "new.yaml")

    assert 1 == done.code
    assert "train.yaml:6:3: training.step_sise: unknown key\n    did you mean `step_size`?" in done.stderr
    assert not (tmp_path / "new.yaml").exists()


def test_validate_names_what_it_does_not_read(file):
    """A second line, and a list in JSON, name the keys that are somebody else's, one by one in the section."""
    name = file(SECTION)
    assert (
        "train.yaml: valid (DemoDescent from optim-demo 1.5, DemoSteps each epoch from optim-demo 1.5)\n"
        "    not read by optim-core: model, training.amp\n"
    ) == optim("validate", name).stdout
    assert ["model", "training.amp"] == optim("validate", name, "--format", "json").json[0]["unused"]


def test_problems_of_a_section_have_their_lines(file):
    """A field of a flat set has the line and column of its key."""
    name = file(json.dumps({"training": {"optimizer": "demo", "lr": -1, "scheduler": 3}}, indent=1), "t.json")
    done = optim("validate", name)
    assert "t.json:4:3: training.lr: must be > 0, is -1.0" in done.stdout
    assert "t.json:5:3: training.scheduler: must be a mapping with `type`, is 3" in done.stdout


@pytest.mark.filterwarnings("always::optim_core.errors.ConfigWarning")
def test_each_key_that_is_not_read_has_a_warning_of_its_own(file):
    """Two keys that speak of a recipe beside named sets are two lines that begin alike."""
    sets = {"a": {"optimizer": {"type": "DemoDescent", "config": {"lr": 0.1}}}}
    training = {"optimizer_configs": sets, "learning_rate": 1, "warmup_steps": 2}
    done = optim("migrate", file(json.dumps({"training": training}), "sets.json"))
    warned = [line.split(": ")[2] for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert ["training.learning_rate", "training.warmup_steps"] == warned
