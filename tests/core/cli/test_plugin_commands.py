"""Subcommands of other distributions."""

from __future__ import annotations

import pytest
from cli_support import optim

from optim_core.discovery.extras import COMMANDS

COMMAND = '''
import click
@click.command()
@click.argument("what")
def hello(what):
    """Say hello."""
    click.echo(f"hello {what}")
'''


@pytest.fixture
def add(site):
    """Installs a distribution with one subcommand."""

    def install(name, source, distribution=None):
        module = f"command_{len(list(site.folder.iterdir()))}"
        targets = {"optim_core.commands": {name: f"{module}:hello"}}
        return site.add(distribution or f"optim-{name}", entry_points=targets, modules={module: source})

    return install


def test_a_subcommand_of_another_distribution_runs(add):
    """An entry point of optim_core.commands is a subcommand, with its own help."""
    add("hello", COMMAND)

    assert "hello you\n" == optim("hello", "you").stdout
    assert "Say hello." in optim("--help").stdout


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import a_module_that_is_missing", "a_module_that_is_missing"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("hello = 5", "it names an int, which is no click command"),
        ("", "AttributeError"),
    ],
)
def test_a_broken_subcommand_harms_nothing_but_itself(add, source, cause):
    """It is shown as broken in the help, its use is one clear error, and the others run."""
    add("bad", source)
    add("good", COMMAND)
    help_text = optim("--help").stdout
    used = optim("bad", "--any", "thing")

    assert "(broken, from optim-bad: see `optim doctor`)" in help_text
    assert "Say hello." in help_text
    assert "hello you\n" == optim("good", "you").stdout
    assert 1 == used.code
    assert used.stderr.startswith("optim: optim-bad 1.0 cannot provide `bad = ")
    assert cause in used.stderr


def test_a_subcommand_that_two_distributions_offer_is_an_error(add, monkeypatch):
    """Nothing is chosen silently; blocking one leaves the other."""
    add("hello", COMMAND, "optim-first")
    add("hello", COMMAND, "optim-second")
    done = optim("hello", "you")

    assert 1 == done.code
    assert "optim-first 1.0 and optim-second 1.0 each offer a command called `hello`" in done.stderr
    assert "write `optim-first:hello` or `optim-second:hello`" in done.stderr
    assert "hello you\n" == optim("optim-second:hello", "you").stdout
    monkeypatch.setenv("OPTIM_CORE_BLOCK", "optim-first:hello")
    assert "hello you\n" == optim("hello", "you").stdout


def test_a_blocked_subcommand_says_what_blocks_it(add, monkeypatch):
    """It is not in the help, and its use names the setting to change."""
    add("hello", COMMAND)
    monkeypatch.setenv("OPTIM_CORE_BLOCK", "hello")
    done = optim("hello", "you")

    assert "hello" not in optim("--help").stdout
    assert 1 == done.code
    assert done.stderr.endswith("is blocked: block lists `hello`; take it out of OPTIM_CORE_BLOCK\n")


def test_an_incompatible_subcommand_says_so(site):
    """A subcommand whose distribution does not admit this optim-core is not imported."""
    targets = {"optim_core.commands": {"old": "old_command:hello"}}
    site.add("optim-old", entry_points=targets, requires=["optim-core<0.0.1"], modules={"old_command": "1 / 0"})
    done = optim("old")

    assert 1 == done.code
    assert "it needs optim-core<0.0.1" in done.stderr


def test_an_installed_subcommand_is_preferred_to_the_extra_that_would_bring_it(add, monkeypatch):
    """The table of extras is asked for what is missing, and never to find a subcommand."""
    monkeypatch.setitem(COMMANDS, "wings", ("hello",))
    add("hello", COMMAND)

    assert "hello you\n" == optim("hello", "you").stdout


def test_optims_own_subcommands_win(add):
    """A distribution cannot take the place of `optim validate`; the doctor says that it tried."""
    add("validate", COMMAND, "optim-thief")

    assert 2 == optim("validate").code
    assert "one of optim's own; it can be used as `optim optim-thief:validate`" in optim("doctor", "--no-probe").stdout
    assert "hello you\n" == optim("optim-thief:validate", "you").stdout
