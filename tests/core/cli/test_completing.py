"""What shells complete, asked of the shells themselves where they are installed."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_support import VALID, environment, install_demo, optim

ASKED = {
    "optim vali": {"validate"},
    "optim show demo": {"demo", "DemoDescent", "DemoSteps", "democlip"},
    "optim list clipp": {"clippers"},
    "optim list --kind clip": {"clipper"},
    "optim validate tr": {"train.yaml"},
    "optim validate train.yaml --set optimizer.config.": {
        f"optimizer.config.{each}=" for each in ("betas", "eps", "lr", "mode")
    },
    "optim validate train.yaml --set scheduler.type=Demo": {"scheduler.type=DemoSteps"},
}
# What click writes for fish cannot have a comma in it.
SWEPT = {"optim plot train.yaml --sweep scheduler.type=DemoSteps,DemoS": {"scheduler.type=DemoSteps,DemoSteps"}}
BASH = """
eval "$(optim completion bash)"
compopt() { echo "$2 $3"; }
COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
for COMP_LINE in "$@"; do
    COMP_POINT=${#COMP_LINE}
    _optim_completion optim
    printf '%s\\n' "${COMPREPLY[@]}" ----
done
"""


@pytest.fixture
def shell(site, tmp_path, monkeypatch):
    """Return the environment of a shell that has the command, in a folder with a config."""
    install_demo(site)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.yaml").write_text(VALID, encoding="utf-8")
    return environment(site, PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", TERM="dumb")


def installed(name):
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed")


@installed("fish")
def test_fish_completes(shell):
    """Commands, options, kinds, plugins whatever their case, files, and what an override changes."""
    for line, expected in ASKED.items():
        script = "optim completion fish | source; complete -C $argv[1]"
        done = subprocess.run(["fish", "--no-config", "-c", script, line], env=shell, capture_output=True, check=True)
        assert expected <= {each.partition("\t")[0] for each in done.stdout.decode().splitlines()}, line


@installed("bash")
def test_bash_completes(shell):
    """The same; bash breaks words at ``:`` and ``=``, and is given what stands behind these."""
    asked = ASKED | SWEPT
    done = subprocess.run(["bash", "--norc", "-c", BASH, "bash", *asked], env=shell, capture_output=True, check=True)
    answers = [set(answer.split("\n")) for answer in done.stdout.decode().split("----\n")]

    for (line, expected), answer in zip(asked.items(), answers, strict=False):
        if "train.yaml" in expected:
            assert "default" in "".join(answer), line
        else:
            behind = {each.removeprefix("scheduler.type=") for each in expected}
            assert behind <= answer, line
            assert "DemoDescent" not in answer or "scheduler" not in line, line


@pytest.mark.parametrize(
    ("command", "start"),
    [
        pytest.param(["bash", "--norc", "--noprofile", "-i"], "", marks=installed("bash")),
        pytest.param(["zsh", "-f", "-i"], "autoload -U compinit; compinit -u -D; ", marks=installed("zsh")),
    ],
    ids=["bash", "zsh"],
)
def test_a_terminal_completes_a_name(shell, command, start):
    """A key is pressed in an interactive shell, and the name that it completes is shown."""
    ours, its = pty.openpty()
    process = subprocess.Popen(command, env=shell, stdin=its, stdout=its, stderr=its, start_new_session=True)
    os.close(its)
    try:
        os.write(ours, f'{start}eval "$(optim completion {command[0]})"; echo re""ady\n'.encode())
        read_until(ours, "ready")
        os.write(ours, b"optim show DemoDes\t")
        read_until(ours, "cent")
        os.write(ours, b"\n")
        read_until(ours, "DemoDescent, an optimizer from optim-demo 1.5")
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read_until(terminal, text, seconds=60):
    os.set_blocking(terminal, False)
    shown, until = "", time.monotonic() + seconds
    while text not in shown:
        assert time.monotonic() < until, shown
        try:
            shown += os.read(terminal, 1 << 16).decode(errors="replace")
        except BlockingIOError:
            time.sleep(0.05)


def test_another_shell_is_wrong_usage():
    """It names those that there are."""
    done = optim("completion", "tcsh")

    assert 2 == done.code
    assert "'bash', 'zsh', 'fish'" in done.stderr
