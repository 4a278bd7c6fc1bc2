"""The group: help, version, and what is no subcommand."""

from __future__ import annotations

from cli_support import install_demo, optim, python_process

from optim_core import __version__
from optim_core.discovery.extras import COMMANDS


def test_version_is_that_of_core():
    """`optim --version` names the version of optim-core and of python."""
    assert optim("--version").stdout.startswith(f"optim-core {__version__} (python 3.")


def test_help_has_every_subcommand_with_a_whole_sentence():
    """`optim --help` shows each subcommand with a line that is not cut short."""
    done = optim("--help", columns=80)

    assert 0 == done.code
    assert ["list", "show", "validate", "resolve", "migrate", "plot", "explain", "schema", "doctor", "new"] == [
        line.split()[0] for line in done.stdout.partition("Commands:\n")[2].splitlines() if line.strip()
    ][:10]
    assert "..." not in done.stdout.partition("Commands:\n")[2]


def test_an_unknown_subcommand_is_wrong_usage():
    """`optim trian` exits with 2."""
    assert 2 == optim("trian").code


def test_a_subcommand_that_an_extra_brings_is_wrong_usage_with_the_line_that_installs_it(monkeypatch):
    """It exits with 2, whatever follows; a name that is like it has it as a hint, and neither is in the help."""
    monkeypatch.setitem(COMMANDS, "wings", ("fly",))
    done, other = optim("fly", "home", "--fast"), optim("flyy")

    assert (2, 2) == (done.code, other.code)
    assert "Error: optim fly comes with: pip install 'optim-core[wings]'\n" in done.stderr
    assert "Error: No such command 'flyy'.\n    did you mean `fly`?\n" in other.stderr
    assert "fly" not in optim("--help").stdout


def test_a_misspelt_subcommand_has_the_one_that_was_meant_as_a_hint():
    """Where none is near, and where an option is unknown, it is what click says."""
    assert "Error: No such command 'vlaidate'.\n    did you mean `validate`?\n" in optim("vlaidate", "a.yaml").stderr
    assert "did you mean `optim validate my/train.yml`?\n" in optim("my/train.yml").stderr
    assert optim("xyzzy").stderr.endswith("Error: No such command 'xyzzy'.\n")
    assert "did you mean" not in optim("--", "--list").stderr


def test_a_plugin_or_a_file_in_place_of_a_subcommand_has_the_one_for_it_as_a_hint(site, tmp_path, monkeypatch):
    """`optim DemoDescent` is told of `optim show DemoDescent`, and a file, whatever it is called, of `validate`."""
    install_demo(site)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").touch()

    assert "did you mean `optim show demodescent`?\n" in optim("demodescent").stderr
    assert "did you mean `optim validate config`?\n" in optim("config", "--strict").stderr


def test_python_runs_the_package_as_the_command(site):
    """`python -m optim_core` is `optim`, by its name too."""
    script = "import runpy, sys; sys.argv = ['', 'validate']; runpy.run_module('optim_core', run_name='__main__')"
    done = python_process(site, script)

    assert 2 == done.code
    assert done.stderr.startswith("Usage: optim validate [OPTIONS] FILE...\n")


def test_a_malformed_setting_is_one_message(monkeypatch):
    """A malformed OPTIM_CORE_PREFER is one message, also for --help, which lists the subcommands."""
    monkeypatch.setenv("OPTIM_CORE_PREFER", "nonsense")

    for arguments in (["list"], ["--help"]):
        done = optim(*arguments)
        assert 1 == done.code
        assert done.stderr.startswith("optim: OPTIM_CORE_PREFER: `nonsense` is not of the form")
