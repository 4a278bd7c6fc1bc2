"""The installed command `optim` as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from cli_support import VALID, WRONG, environment, install_demo, optim_process, python_process


@pytest.fixture(autouse=True)
def _demo(site, tmp_path):
    install_demo(site)
    (tmp_path / "right.yaml").write_text(VALID)
    (tmp_path / "wrong.yaml").write_text(WRONG)


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (0, ["validate", "right.yaml"]),
        (1, ["validate", "right.yaml", "wrong.yaml"]),
        (2, ["validate"]),
        (2, ["validate", "--formt", "json", "right.yaml"]),
        (0, ["show", "DemoSteps"]),
        (1, ["show", "nothing-of-this-name"]),
        (0, ["list"]),
        (0, ["doctor"]),
        (2, ["nothing-of-this-name"]),
        (0, ["--version"]),
    ],
)
def test_the_exit_status_says_how_it_went(site, tmp_path, monkeypatch, code, arguments):
    """0 is good, 1 is something wrong with what was looked at, 2 is wrong usage; none comes with a traceback."""
    monkeypatch.chdir(tmp_path)
    done = optim_process(site, *arguments)

    assert code == done.code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "--format", "json"],
        ["show", "DemoDescent"],
        ["validate", "{folder}/right.yaml"],
        ["resolve", "{folder}/right.yaml"],
        ["schema"],
        ["doctor"],
    ],
)
def test_torch_is_never_imported(site, tmp_path, arguments):
    """No subcommand imports torch, also where it is installed."""
    source = """
        import sys
        from optim_core.cli.group import cli
        code = 0
        try:
            cli(sys.argv[1:])
        except SystemExit as end:
            code = end.code
        assert "torch" not in sys.modules
        sys.exit(code)
    """
    done = python_process(site, source, *(argument.format(folder=tmp_path) for argument in arguments))

    assert 0 == done.code, done.stderr


def test_a_valid_file_needs_nothing_that_only_others_need(site, tmp_path):
    """The path of a valid file imports no plugin that the config does not name, and nothing slow."""
    source = """
        import sys
        from optim_core.cli.group import cli
        cli(sys.argv[1:], standalone_mode=False)
        reference = ("optim_core.reference.describe", "optim_core.reference.recipe_schema")
        slow = ("rich", "difflib", "packaging", *reference)
        print([name for name in slow if name in sys.modules])
    """
    done = python_process(site, source, "validate", f"{tmp_path}/right.yaml")

    assert "[]" == done.stdout.splitlines()[-1], done.stderr


@pytest.mark.parametrize("arguments", ["list", "schema", "list --format json", "show DemoDescent"])
def test_a_closed_pipe_is_silent(site, arguments):
    """`optim list | head -1` says nothing on standard error."""
    command = Path(sys.executable).with_name("optim")
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [command, *arguments.split()], env=environment(site), stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)

    assert b"" == process.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("arguments", ["list", "list --format json", "show DemoDescent"])
def test_a_full_disk_is_one_line(site, arguments):
    """What the command says does not fit on it, and the exit status says so."""
    command = Path(sys.executable).with_name("optim")
    with Path("/dev/full").open("wb") as full:
        process = subprocess.run(
            [command, *arguments.split()], env=environment(site), stdout=full, stderr=subprocess.PIPE, check=False
        )

    expected = b"optim: what it says cannot be written: No space left on device\n"
    assert (1, expected) == (process.returncode, process.stderr)


def test_no_standard_output_is_no_trouble(site):
    """`optim list >&-` says nothing on standard error."""
    script = "import os, sys; os.close(1); os.execv(sys.argv[1], sys.argv[1:])"
    command = Path(sys.executable).with_name("optim")
    process = subprocess.run(
        [sys.executable, "-c", script, command, "list"], env=environment(site), capture_output=True, check=False
    )

    assert (0, b"") == (process.returncode, process.stderr)


@pytest.mark.parametrize("arguments", ["list", "schema", "list --format json", "show DemoDescent", "show DemoSteps"])
def test_an_encoding_without_the_signs_is_no_trouble(site, arguments):
    """Where standard output is ASCII, ≤ and the like are written in ASCII."""
    done = optim_process(site, *arguments.split(), PYTHONIOENCODING="ascii", LC_ALL="C", COLUMNS="200")

    assert 0 == done.code, done.stderr
    assert done.stdout.isascii()


def test_a_sign_that_ascii_lacks_is_written_in_words(site):
    """≤ is <= in ASCII."""
    assert "goes <= downhill" in optim_process(site, "show", "DemoDescent", PYTHONIOENCODING="ascii").stdout


def test_no_color_is_respected(site):
    """With NO_COLOR, or into a pipe, there are no escape sequences."""
    assert "\x1b" not in optim_process(site, "list", COLUMNS="200").stdout
    assert "\x1b" not in optim_process(site, "list", COLUMNS="200", NO_COLOR="1", FORCE_COLOR="1").stdout


def test_what_a_plugin_prints_does_not_spoil_json(site, tmp_path):
    """A plugin that prints when it is imported prints to standard error."""
    source = "print('noise')\nimport attrs\n@attrs.frozen\nclass Loud:\n    def build(self, params): ...\n"
    site.add("optim-loud", entry_points={"optim_core.optimizers": {"Loud": "loud:Loud"}}, modules={"loud": source})
    done = optim_process(site, "show", "Loud", "--format", "json")

    assert "Loud" == done.json["name"]
    assert "noise" in done.stderr


@pytest.mark.parametrize(
    "arguments", ["validate {} --format json", "resolve {} --format json", "schema", "list --format json"]
)
def test_nothing_that_is_printed_meanwhile_spoils_json(site, tmp_path, arguments):
    """A validator, a default and an import print to standard error, from Python, from C and from what they start."""
    source = """
        import os, subprocess, sys, attrs
        def loudly(*_):
            print("noise from python")
            sys.__stdout__.write("noise from the first stream\\n")
            os.write(1, b"noise from c\\n")
            subprocess.run([sys.executable, "-c", "print('noise from a child')"], check=True)
        loudly()
        def default():
            loudly()
            return 0.1
        @attrs.frozen
        class Loud:
            lr: float = attrs.field(factory=default, validator=loudly)
            def build(self, params): ...
    """
    targets = {"optim_core.optimizers": {"Loud": "loud:Loud"}}
    site.add("optim-loud", entry_points=targets, modules={"loud": textwrap.dedent(source)})
    (tmp_path / "train.json").write_text('{"type": "Loud"}')
    done = optim_process(site, *arguments.format(tmp_path / "train.json").split())
    assert 0 == done.code, done.stderr
    assert done.json
    assert "noise from" not in done.stdout
    if not arguments.startswith("list"):
        for who in ("python", "the first stream", "c", "a child"):
            assert f"noise from {who}\n" in done.stderr
