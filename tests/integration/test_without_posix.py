"""What Windows lacks is not needed: process groups, forks, most signals and POSIX's modules are taken away here."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# Python runs it at the start of each process, those that commands start included.
WITHOUT_POSIX = """
import builtins, os, signal
for name in '''
    chown chroot fchown fork forkpty get_blocking getegid geteuid getgid getgroups getloadavg getpgid getpgrp
    getpriority getsid getuid initgroups killpg lchown mkfifo mknod nice posix_fallocate posix_spawn pread pwrite
    set_blocking setegid seteuid setgid setpgid setpgrp setpriority setsid setuid sync
    tcgetpgrp wait wait3 wait4
'''.split():
    if hasattr(os, name):
        delattr(os, name)
for name in dir(signal):
    if name.startswith("SIG") and name not in ("SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM", "SIG_DFL",
                                               "SIG_IGN") or name in ("alarm", "pause", "setitimer", "sigwait"):
        delattr(signal, name)
imported = builtins.__import__

def import_of_windows(name, globals=None, *others, **named):
    if name in ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"):
        if str((globals or {}).get("__name__")).startswith("optim_"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return imported(name, globals, *others, **named)

builtins.__import__ = import_of_windows
"""
CONFIG = "optimizer: {type: AdamW, config: {lr: 3e-4}}\nscheduler: {type: cosine, num_warmup_steps: 5%}\n"
PROGRAM = """
import torch
from optim_core import load_checkpoint, registry, save_checkpoint
model = torch.nn.Linear(2, 1)
run = registry.recipe("train.yaml").create(model, total_steps=10)
run.step(lambda: model(torch.ones(1, 2)).sum())
save_checkpoint("last.pt", run=run, model=model)
save_checkpoint("last.pt", run=run, model=model)
load_checkpoint("last.pt", run=run, model=model)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run Python, in a folder with a config, where the names are not there; return what it prints."""
    here = tmp_path_factory.mktemp("without_posix")
    (here / "sitecustomize.py").write_text(WITHOUT_POSIX, encoding="utf-8")
    (here / "train.yaml").write_text(CONFIG, encoding="utf-8")
    (here / "old.yaml").write_text("optimizer_name: adamw\nlr: 1e-4\n", encoding="utf-8")
    # A file that is read in the encoding of the platform is a mistake, too.
    variables = {"PYTHONPATH": str(here), "PYTHONWARNDEFAULTENCODING": "1", "PYTHONWARNINGS": "error::EncodingWarning"}
    # Which torch asks for, of a function that is not there.
    variables["LOGNAME"] = "user"

    def run(*arguments):
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=here, env={**os.environ, **variables}, capture_output=True, timeout=300, check=False
        )
        assert 0 == done.returncode, (done.stdout + done.stderr).decode()
        assert b"Warning" not in done.stderr, done.stderr.decode()
        return done.stdout.decode()

    return run


def test_the_names_are_gone(run):
    """What is taken away is not there, so that the other tests here mean something."""
    assert "False False\n" == run("-c", "import os, signal; print(hasattr(os, 'killpg'), hasattr(signal, 'SIGKILL'))")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["validate", "train.yaml"], "train.yaml"),
        (["list", "optim-muon"], "Muon"),
        (["show", "AdamW"], "weight_decay"),
        (["resolve", "train.yaml", "-o", "whole.yaml"], ""),
        (["migrate", "old.yaml", "-o", "new.yaml"], ""),
        (["plot", "train.yaml", "--total-steps", "100", "-o", "curve.csv"], ""),
        (["plot", "train.yaml", "--total-steps", "100"], "3e-4"),
        (["schema"], '"AdamW"'),
        (["new", "mine", "--kind", "optimizer"], ""),
        (["doctor"], ""),
        (["conformance", "norm"], "norm of optim-torch-builtin"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_runs(run, arguments, says):
    """Each of ours, and the kit, with the processes that they start."""
    assert says in run("-m", "optim_core", *arguments)


def test_a_checkpoint_is_written_and_read(run):
    """Files are replaced whole without locks."""
    run("-c", PROGRAM)
