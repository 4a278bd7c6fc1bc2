"""`optim plot`: what it draws, for which length, and what it says where it cannot."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from cli_support import VALID, WRONG, broken, optim
from plotting import BASE, HALVES, LINEAR, NAMED, PLATEAU, STEPS, config_writer

from optim_core import Horizon, registry


@pytest.fixture
def file(site, tmp_path, monkeypatch):
    """Writes a config into the working folder and returns its name."""
    return config_writer(site, tmp_path, monkeypatch)


@pytest.fixture
def table(tmp_path):
    """Runs `optim plot` into a table and returns its rows."""

    def draw(*arguments):
        done = optim("plot", *arguments, "-o", "curve.csv")
        assert (0, "wrote curve.csv\n") == (done.code, done.stdout), done.stderr
        return list(csv.reader(io.StringIO((tmp_path / "curve.csv").read_text(encoding="utf-8"))))

    return draw


# -- curves ----------------------------------------------------------------------------------------------------------


def test_a_table_has_exactly_the_rates_of_the_schedule(file, table):
    """A row for each step, whose number is what `SchedulerSpec.curve` gives, to the last digit."""
    name = file(LINEAR)
    rows = table(name, "--total-steps", "97")
    rates = registry.build(name).scheduler.curve(97, 3e-4, horizon=Horizon(total_steps=97))

    assert ["step", "DemoDescent, DemoLinear, lr 3e-4"] == rows[0]
    assert list(range(97)) == [int(step) for step, _ in rows[1:]]
    assert list(rates) == [float(rate) for _, rate in rows[1:]]


def test_a_config_without_a_schedule_is_a_constant(file, table):
    """Its rate is that of the optimizer at every step."""
    assert [["0", "0.0003"], ["1", "0.0003"], ["2", "0.0003"]] == table(file(BASE), "--total-steps", "3")[1:]


def test_named_optimizers_have_a_curve_each(file, table):
    """Each is called by its name, and by what the others do not have."""
    rows = table(file(NAMED), "--epochs", "2", "--steps-per-epoch", "3")

    assert ["step", "left: DemoEpochs, lr 1e-3", "right: lr 2e-3, no scheduler"] == rows[0]
    assert [["0.001", "0.002"]] * 3 + [["0.0005", "0.002"]] * 3 == [row[1:] for row in rows[1:]]


def test_a_rule_with_a_rate_of_its_own_has_a_curve(file, table):
    """It is called as its group, and by its patterns; a floor is scaled by its multiplier; no other rule has one."""
    rules = """\
  param_groups:
    - {match: ["head.*", "cls"], lr_multiplier: 5}
    - {match: "*.bias", eps: 1e-6}
    - {match: "emb.*", lr: 1e-4}
    - {match: "body.*", freeze: true}
"""
    config = LINEAR.replace("scheduler:", f"{rules}scheduler:").replace("{}", "{floor: 1e-4}")
    rows = table(file(config), "--total-steps", "5")

    assert ["default: lr 3e-4", "param_groups_0: head.*, cls: lr 1.5e-3", "param_groups_2: emb.*: lr 1e-4"] == rows[0][
        1:
    ]
    assert [3e-4, 3e-4 * 5, 1e-4] == [float(rate) for rate in rows[1][1:]]
    assert [1e-4, 5e-4, 1e-4] == [float(rate) for rate in rows[5][1:]]


def test_an_optimizer_with_several_rates_has_a_curve_for_each(file, table):
    """Curves have the names of the class's rates, rules included; a multiplier acts on those that it says."""
    rows = table(file(HALVES), "--total-steps", "2")

    assert ["step", "wide: lr 0.5", "narrow: lr 0.1"] == rows[0]
    assert ["0.5", "0.1"] == rows[1][1:]
    rules = "  param_groups: [{match: a, lr_multiplier: 3}, {match: b, narrow_lr: 0.2}, {match: c, lr: 0.25}]\n"
    rows = table(file(HALVES + rules), "--total-steps", "2")
    assert [
        "wide: lr 0.5",
        "wide_param_groups_2: c: lr 0.25",
        "narrow: lr 0.1",
        "narrow_param_groups_0: a: lr 0.3",
        "narrow_param_groups_1: b: lr 0.2",
    ] == rows[0][1:]


def test_files_that_differ_in_one_of_several_rates_differ_there(file, table):
    """The rate of another curve is not in a label."""
    names = file(HALVES, "a.yaml"), file(HALVES.replace("0.1", "0.3"), "b.yaml")
    labels = table(*names, "--total-steps", "2")[0][1:]
    assert [
        "a.yaml: wide: lr 0.5",
        "a.yaml: narrow: lr 0.1",
        "b.yaml: wide: lr 0.5",
        "b.yaml: narrow: lr 0.3",
    ] == labels


def test_what_depends_on_a_model_is_said_not_to_be_drawn(file):
    """The rates of `layer_decay` are those of layers that no config knows."""
    done = optim("plot", file(BASE + "  layer_decay: 0.9\n"), "--total-steps", "3")

    assert (0, "train.yaml: drawn without layer_decay, whose rates depend on the model\n") == (done.code, done.stderr)


def test_several_files_have_one_table(file, table):
    """A label is the file and what differs; a curve that ends earlier is empty from there on."""
    first = file(LINEAR.replace("{}", "{num_training_steps: 3}"), "a.yaml")
    second = file(LINEAR.replace("{}", "{num_training_steps: 2, floor: 1e-5}"), "b.yaml")
    rows = table(first, second, first)

    assert ["a.yaml: num_training_steps 3, floor 0", "b.yaml: num_training_steps 2, floor 1e-5"] == rows[0][1:]
    assert ["2", "0.0001", ""] == rows[-1]


def test_files_of_one_name_are_called_by_their_folders(file, table, tmp_path):
    """A curve's name has as much of the file's path as tells the files apart."""
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "train.yaml").write_text(BASE)
    assert ["x/train.yaml", "y/train.yaml"] == table("x/train.yaml", "y/train.yaml", "--total-steps", "1")[0][1:]


def test_set_replaces_a_value_first(file, table):
    """`--set` is that of `optim validate`."""
    rows = table(file(BASE), "--set", "optimizer.config.lr=0.5", "--total-steps", "1")
    assert ["0", "0.5"] == rows[1]


def test_a_schedule_alone_starts_from_1_or_base_lr(file, table):
    """What it multiplies is not known."""
    name = file("{type: DemoLinear, config: {num_training_steps: 4}}")

    assert ["0", "1.0"] == table(name)[1]
    assert ["0", "0.2"] == table(name, "--base-lr", "0.2")[1]
    assert "multiple of the base rate" in optim("plot", name).stdout
    assert "learning rate" in optim("plot", name, "--base-lr", "0.2").stdout


# -- lengths ---------------------------------------------------------------------------------------------------------


def test_two_lengths_give_the_third(file, table):
    """Epochs of so many steps are a run of their product."""
    assert 13 == len(table(file(LINEAR), "--epochs", "4", "--steps-per-epoch", "3"))


def test_a_length_in_the_config_needs_no_option(file, table):
    """The run is as long as the schedule; a share of the run still needs it."""
    assert 8 == len(table(file(LINEAR.replace("{}", "{num_training_steps: 7}"))))
    done = optim("plot", file(LINEAR.replace("{}", "{num_training_steps: 50%}")))

    assert 1 == done.code
    assert done.stderr.endswith("is 50%, which needs total_steps: give --total-steps N, or write steps\n")


def test_epochs_are_the_axis_where_no_number_of_steps_is_known(file, table):
    """A schedule that is stepped once an epoch is drawn over epochs, or over steps as stairs."""
    name = file(BASE + "scheduler: {type: DemoEpochs, config: {gamma: 0.5}}\n")

    assert [["epoch", "DemoDescent, DemoEpochs, lr 3e-4"], ["0", "0.0003"], ["1", "0.00015"]] == table(
        name, "--epochs", "2"
    )
    assert ["0.0003", "0.0003", "0.00015"] == [
        rate for _, rate in table(name, "--total-steps", "3", "--steps-per-epoch", "2")[1:]
    ]


@pytest.mark.parametrize(
    ("config", "arguments", "message"),
    [
        (LINEAR, [], "train.yaml: DemoLinear has no length of its own: give --total-steps N"),
        (BASE, [], "train.yaml: DemoDescent has no length of its own: give --total-steps N"),
        (STEPS, [], "train.yaml: DemoEpochs has no length of its own: give --epochs N"),
        (LINEAR, ["--epochs", "3"], "is stepped after each step: give --steps-per-epoch N too, or --total-steps N"),
        (STEPS, ["--total-steps", "3"], "is stepped once an epoch: give --epochs N too, or --steps-per-epoch N"),
        (LINEAR, ["--total-steps", "20000000"], "20,000,000 steps are too many to draw, at most 10,000,000 can be"),
        (LINEAR, ["--metrics", "1,2", "--total-steps", "3"], "--metrics: none of the schedules follows a metric"),
        (LINEAR, ["--base-lr", "1", "--total-steps", "3"], "--base-lr: every file has an optimizer"),
        (PLATEAU, [], "DemoPlateau follows a metric, val_loss: give its values, as --metrics 0.9,0.7,0.71 or"),
        (PLATEAU, ["--metrics", ""], "--metrics is empty: give a list such as 0.9,0.7,0.71, or a file"),
        (PLATEAU, ["--metrics", "1,b"], "1,b is neither a list such as 0.9,0.7,0.71 nor a file"),
        ("{type: democlip, config: {max_norm: 1}}", [], "train.yaml: democlip clips gradients and has no rate to draw"),
        (BASE, ["-o", "curve.gif"], "curve.gif: the ending `.gif` says no format; .png, .svg, .csv, .html do"),
        (BASE, ["--total-steps", "3", "-o", "no/curve.csv"], "no/curve.csv: cannot be written: No such file"),
        (
            BASE,
            ["--total-steps", "50", "--steps-per-epoch", "4", "--epochs", "3"],
            "total_steps=50 does not fit steps_per_epoch=4 and epochs=3",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_drawn_is_one_line(file, config, arguments, message):
    """It says what is missing or wrong, and exits with 1."""
    done = optim("plot", file(config), *arguments)

    assert (1, "", 1) == (done.code, done.stdout, done.stderr.count("\n"))
    assert done.stderr.startswith("optim: ")
    assert message in done.stderr


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero")
def test_metrics_that_do_not_end_are_refused(file):
    """No more is read than a file of metrics may have, be it a file, a pipe or a device."""
    done = optim("plot", file(PLATEAU), "--metrics", "/dev/zero")

    assert (1, "optim: --metrics: /dev/zero has over 64 MiB\n") == (done.code, done.stderr)


def test_steps_and_epochs_on_one_axis_need_the_length_of_an_epoch(file):
    """The message names both schedules."""
    done = optim("plot", file(LINEAR), file(STEPS, "b.yaml"), "--total-steps", "6")

    assert "b.yaml: DemoEpochs is stepped once an epoch and train.yaml: DemoLinear after each step: give" in done.stderr


def test_wrong_configs_are_shown_with_their_places(file):
    """All problems of all files, as `optim validate` shows them; nothing is written."""
    done = optim("plot", file(VALID), file(WRONG, "wrong.yaml"), "missing.yaml", "-o", "x.csv", "--total-steps", "9")

    assert (1, "") == (done.code, done.stdout)
    assert "wrong.yaml:4:5: optimizer.config.lr: must be > 0" in done.stderr
    assert "missing.yaml: there is no such file" in done.stderr


def test_a_broken_plugin_is_named(file, site):
    """With the file that names it."""
    broken(site, "Bad", "import a_module_that_is_missing")
    done = optim("plot", file("optimizer: {type: Bad}"), "--total-steps", "3")

    assert 1 == done.code
    assert "a_module_that_is_missing" in done.stderr


@pytest.mark.parametrize(("option", "value"), [("--total-steps", "0"), ("--base-lr", "0.0"), ("--base-lr", "-1.0")])
def test_a_length_or_rate_of_0_is_wrong_usage(file, option, value):
    """The option's name is in the message."""
    done = optim("plot", file(BASE), option, value)

    assert 2 == done.code
    assert f"'{option}': {value} is not in the range" in done.stderr


def test_values_of_a_sweep_are_curves(file, table):
    """Each combination of values is a curve, called by what differs; commas in brackets and quotes divide nothing."""
    sweeps = ("--sweep", "optimizer.config.lr=0.5,0.25", "--sweep", "optimizer.config.betas=[0.9, 0.95],[0.9, 0.99]")
    rows = table(file(LINEAR), *sweeps, "--set", "scheduler.config.floor=0.125", "--total-steps", "1")

    assert [
        "lr=0.5, betas=[0.9, 0.95]",
        "lr=0.5, betas=[0.9, 0.99]",
        "lr=0.25, betas=[0.9, 0.95]",
        "lr=0.25, betas=[0.9, 0.99]",
    ] == rows[0][1:]
    assert ["0.5", "0.5", "0.25", "0.25"] == rows[1][1:]


def test_one_path_set_to_several_values_is_several_curves(file, table):
    """The values of other paths hold with each of them; the names of groups stand beside the value."""
    left = "optimizer_configs.left.optimizer.config"
    both = ("--set", f"{left}.lr=1", "--set", f"{left}.eps=0.5", "--set", f"{left}.lr=2", "--total-steps", "1")
    rows = table(file(NAMED.replace("interval: epoch", "interval: step")), *both)
    labels = [label.rpartition(": ")[0] for label in rows[0][1:]]

    assert ["lr=1: left", "lr=1: right", "lr=2: left", "lr=2: right"] == labels
    assert ["1.0", "0.002", "2.0", "0.002"] == rows[1][1:]


def test_the_title_of_one_curve_says_what_is_set(file):
    """And that of several what all of them have."""
    lines = optim("plot", file(BASE), "--set", "optimizer.config.lr=0.5", "--total-steps", "9", columns=80).stdout
    assert "train.yaml: DemoDescent, lr 0.5, optimizer.config.lr=0.5" == lines.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sweep", "optimizer.config.lr"], "is not of the form PATH=VALUE,VALUE"),
        (["--sweep", "optimizer.config.lr=1,,2"], "is not of the form PATH=VALUE,VALUE"),
        (["--sweep", "optimizer.config.lr=1,2", "--set", "optimizer.config.lr=3"], "lr: is given twice"),
        (
            ["--sweep", f"optimizer.config.lr={','.join(map(str, range(1, 14)))}"],
            "13 combinations of values are too many",
        ),
    ],
)
def test_what_is_no_sweep_is_one_line(file, arguments, message):
    """It says what to write."""
    done = optim("plot", file(BASE), "--total-steps", "3", *arguments)

    assert (1, "", 1) == (done.code, done.stdout, done.stderr.count("\n"))
    assert message in done.stderr


def test_a_wrong_value_of_a_sweep_is_told_once(file):
    """As one of `--sweep`, whose it is, and nothing is drawn."""
    done = optim("plot", file(LINEAR), "--sweep", "optimizer.config.lr=0.1,-1", "--sweep", "scheduler.config.floor=0,1")

    assert (1, "") == (done.code, done.stdout)
    assert 1 == done.stderr.count("--sweep: optimizer.config.lr: must be > 0, is -1.0")
    typed = ("--sweep", "scheduler.type=DemoSteps,DemoSteep", "--set", "optimizer.config.eps=-1")
    done = optim("plot", file(LINEAR), *typed)
    assert "--sweep: scheduler.type: no scheduler" in done.stderr
    assert "--set: optimizer.config.eps" in done.stderr
    assert (
        "`scheduler.type` was set by --sweep"
        in optim("plot", file(LINEAR), "--sweep", "scheduler.type=DemoSteps").stderr
    )


def test_rates_that_would_lie_flat_have_a_logarithmic_axis(file):
    """By itself, which the caption says, where peaks differ 50-fold; `--linear` has its way, and so has `--log`."""
    name, sweep = file(LINEAR), ("--sweep", "optimizer.config.lr=1e-4,5e-3")
    captions = [
        optim("plot", name, *arguments, "--total-steps", "99", columns=80).stdout.splitlines()[1]
        for arguments in (sweep, (*sweep, "--linear"), (*sweep, "--log"), ("--sweep", "optimizer.config.lr=1e-4,4e-3"))
    ]

    assert [
        "learning rate, logarithmic, as peaks differ 50-fold",
        "learning rate",
        "learning rate, logarithmic",
        "learning rate",
    ] == captions
