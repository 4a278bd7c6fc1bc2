"""`optim show`."""

from __future__ import annotations

import pytest
from cli_support import broken, install_demo, optim

from optim_core.config.formats.yaml_reader import compose, value_of


@pytest.fixture(autouse=True)
def _demo(site):
    install_demo(site)


def test_it_says_all_about_a_plugin():
    """Source, docstring, and each field with type, range, default and meaning, then an example."""
    done = optim("show", "demodescent", columns=80)

    assert 0 == done.code
    assert (
        """\
DemoDescent, an optimizer from optim-demo 1.5, also called demo

Demo descent: goes ≤ downhill (Doe 1999, arXiv:9901.00001).

Unlike torch's SGD it does nothing.

Fields
  lr: a number, > 0; default 0.001
      learning rate, > 0.
  betas: a list of 2 numbers, each in [0, 1); default [0.9, 0.999]
      decay of `two` means, each in [0, 1).
  eps: a number, > 0; default 1e-08
  mode: `fast`, `slow` or null; default null
      how.

Beside `type` and `config` may stand: lr_decay_gamma, param_groups, no_decay,
layer_decay

Example (in a recipe it stands below `optimizer:`)

  type: DemoDescent
  config:
    lr: 0.001
"""
        == done.stdout
    )


def test_a_required_field_is_called_required():
    """A field without default is called required."""
    assert "  step_size: a whole number, > 0; required\n" in optim("show", "DemoSteps").stdout


@pytest.mark.parametrize("name", ["DemoDescent", "DemoSteps", "democlip"])
def test_the_example_validates(name, tmp_path):
    """What is shown as an example, saved as it is, is a valid config."""
    example = optim("show", name).stdout.partition("Example (")[2].partition("\n")[2]
    (tmp_path / "example.yaml").write_text(example)

    assert 0 == optim("validate", str(tmp_path / "example.yaml")).code
    assert name == value_of(compose(example))["type"]


def test_json_has_the_same_as_data():
    """--format json has fields, docstring and example as data."""
    shown = optim("show", "DemoSteps", "--format", "json").json

    assert ("DemoSteps", "scheduler", "optim-demo", "1.5") == tuple(
        shown[key] for key in ("name", "kind", "distribution", "version")
    )
    assert {
        "name": "gamma",
        "type": "a number",
        "range": "in (0, 1]",
        "required": False,
        "default": 0.1,
        "note": None,
        "text": None,
    } == shown["fields"][1]
    assert {"type": "DemoSteps", "config": {"step_size": 10}} == shown["example"]


def test_an_unknown_name_is_an_error_with_the_nearest_one():
    """A misspelt name exits with 1 and names the nearest."""
    done = optim("show", "DemoDecent")

    assert 1 == done.code
    assert "did you mean `DemoDescent` (optim-demo 1.5)?" in done.stderr
    assert "" == done.stdout


def test_a_name_of_another_kind_says_of_which():
    """With the wrong --kind, the right one is named."""
    done = optim("show", "DemoSteps", "--kind", "optimizer")

    assert 1 == done.code
    assert "is a scheduler, not an optimizer" in done.stderr


def test_a_name_of_two_kinds_needs_the_kind(site):
    """One name used for two kinds is wrong usage without --kind."""
    site.offer("optim-twice", "demosteps")

    assert 2 == optim("show", "demosteps").code
    assert "an optimizer from optim-twice 1.0" in optim("show", "demosteps", "--kind", "optimizer").stdout


def test_a_broken_plugin_is_one_message(site):
    """A plugin that cannot be imported is one message and exit status 1."""
    broken(site, "Bad", "raise SystemExit(7)")
    done = optim("show", "Bad")

    assert 1 == done.code
    assert done.stderr.startswith("optim: optim-bad 1.0 cannot provide `Bad = module_of_bad:Bad`: SystemExit: 7")


def test_without_a_possible_example_there_is_none(site):
    """Where no example that builds can be made up, none is shown."""
    source = (
        "import attrs\n@attrs.frozen\nclass Picky:\n    x: int = attrs.field()\n"
        "    @x.validator\n    def _check(self, attribute, value):\n"
        "        if value != 4711: raise ValueError('must be 4711')\n    def build(self, params): ...\n"
    )
    site.add("optim-picky", entry_points={"optim_core.optimizers": {"Picky": "picky:Picky"}}, modules={"picky": source})

    assert "No example" in optim("show", "Picky").stdout
    assert optim("show", "Picky", "--format", "json").json["example"] is None


def test_a_default_that_cannot_be_computed_is_no_traceback(site):
    """What the factory raises is shown where the default would be."""
    source = "import attrs\n@attrs.frozen\nclass Dice:\n    seed: int = attrs.field(factory=lambda: 1 // 0)\n"
    site.offer("optim-dice", "Dice", modules={"optim_dice": f"{source}    def build(self, params): ...\n"})
    done = optim("show", "Dice")

    assert 0 == done.code
    assert "default cannot be computed: ZeroDivisionError: integer division or modulo by zero" in " ".join(
        done.stdout.split()
    )


def test_a_preferred_plugin_is_shown_under_its_name(site, monkeypatch):
    """Of two claims to one name, the preferred one is shown, and the other one by its qualified name."""
    site.offer("optim-first", "Doubled")
    site.offer("optim-second", "Doubled")
    assert 1 == optim("show", "Doubled").code
    monkeypatch.setenv("OPTIM_CORE_PREFER", "Doubled=optim-second")

    assert "from optim-second 1.0" in optim("show", "Doubled").stdout
    assert "from optim-first 1.0" in optim("show", "optim-first:Doubled").stdout


def test_what_a_plugin_declares_that_it_cannot_do_is_shown(site):
    """Each declaration for the conformance kit is told, as text and as data; one that is malformed is none."""
    source = (
        "import attrs\n@attrs.frozen\nclass Picky:\n"
        "    conformance = {'closure': 'refuses: it takes no closure', 'bf16': 7}\n    def build(self, params): ...\n"
    )
    site.offer("optim-picky", "Picky", modules={"optim_picky": source})

    assert "What it cannot do, by its own word" in optim("show", "Picky").stdout
    assert "\n  closure refuses: it takes no closure\n" in optim("show", "Picky").stdout
    assert {"closure": "refuses: it takes no closure"} == optim("show", "Picky", "--format", "json").json["declared"]


def test_what_it_needs_of_the_training_loop_is_said(site):
    """By its `needs`, and by what it declares that it refuses; each need with the call that meets it."""
    source = '''
import attrs

@attrs.frozen
class Needy:
    """Needs much."""

    conformance = {"step_without_closure": "refuses: it searches along a line"}
    needs = ("modes",)

    def build(self, params): ...
'''
    site.add("optim-needy", entry_points={"optim_core.optimizers": {"Needy": "needy:Needy"}}, modules={"needy": source})
    said = """
What it needs of the training loop, where `run` is what a recipe creates
  closure: a function that computes the loss, several times in a step:
        run.step(lambda: loss_of(model(batch)))
  modes: run.eval() before evaluation, and run.train() after it

What it cannot do"""

    assert said in optim("show", "Needy", columns=80).stdout
    assert ["closure", "modes"] == optim("show", "Needy", "--format", "json").json["needs"]
    assert [] == optim("show", "democlip", "--format", "json").json["needs"]


def test_what_moves_a_schedule_on_is_said():
    """By its interval, and where that is told; of what has none nothing is said."""
    assert "\nIn the training loop run.end_epoch() moves it on, once an epoch;" in optim("show", "DemoSteps").stdout
    assert "moves it on" not in optim("show", "democlip").stdout + optim("show", "DemoDescent").stdout
