"""The command `optim sweep`."""

from __future__ import annotations

import sys

import pytest
from cli_support import config_writer, optim, optim_process

from optim_core import registry

CONFIG = "optimizer: {type: DemoDescent, config: {lr: 3e-4}}\n"
RATES = ("--sweep", "optimizer.config.lr=0.5,0.25")
WRITE = "import sys, pathlib; pathlib.Path('seen').open('a').write(sys.argv[1] + '|'); sys.exit('0.5' in sys.argv[1])"


@pytest.fixture
def file(site, tmp_path, monkeypatch):
    """Writes a config into the working folder and returns its name."""
    return config_writer(site, tmp_path, monkeypatch)


def test_each_combination_is_a_config_that_a_command_is_run_with(file, site, tmp_path):
    """Resolved, under a name that says it; {} is the file, and the command's output is there, after its line."""
    site_file = file(CONFIG)
    words = (sys.executable, "-c", "import sys; print('got', sys.argv[1])", "in {}")
    done = optim_process(site, "sweep", site_file, *RATES, "--set", "optimizer.config.eps=0.1", "--", *words)
    names = [path.name for path in sorted((tmp_path / "sweep").iterdir())]

    assert (0, "") == (done.code, done.stderr)
    assert ["lr=0.25.yaml", "lr=0.5.yaml"] == names
    assert ["got in sweep/lr=0.5.yaml", "got in sweep/lr=0.25.yaml"] == done.stdout.splitlines()[2::2]
    built = registry.build(tmp_path / "sweep" / names[0]).optimizer
    assert (0.25, 0.1) == (built.config.lr, built.config.eps)


@pytest.mark.parametrize(("more", "seen"), [((), 1), (("--keep-going",), 2)])
def test_a_command_that_fails_ends_it_or_not(file, tmp_path, more, seen):
    """The exit status is 1 either way, and the configs that failed are named."""
    done = optim("sweep", file(CONFIG), *RATES, *more, "--", sys.executable, "-c", WRITE)

    assert (1, "optim: failed: lr=0.5.yaml\n") == (done.code, done.stderr)
    assert seen == (tmp_path / "seen").read_text().count("|")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--sweep", "optimizer.config.lr=0.5,-1"), "optimizer.config.lr: must be > 0, is -1.0"),
        ((*RATES, "-o", "there"), "is there already and not empty"),
        ((*RATES, *RATES), "lr: is given twice"),
    ],
)
def test_where_something_is_wrong_nothing_is_written_or_run(file, tmp_path, arguments, message):
    """A config among others, a folder that has something in it already."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine").touch()
    done = optim("sweep", file(CONFIG), *arguments, "--", sys.executable, "-c", WRITE)

    assert 1 == done.code
    assert message in done.stderr
    assert not (tmp_path / "seen").exists()
    assert not (tmp_path / "sweep").exists()


def test_a_dry_run_does_nothing(file, tmp_path):
    """It says what would be done; without a place for it, the file is the last word of the command."""
    done = optim("sweep", file(CONFIG), *RATES, "--dry-run", "--", "train", "--quick")

    assert ["would write 2 configs into sweep", "train --quick sweep/lr=0.5.yaml"] == done.stdout.splitlines()[:2]
    assert not (tmp_path / "sweep").exists()
