"""A Python that has imported what takes long once, and runs each program in a fork of itself.

A program starts as it would in a fresh interpreter, but for the modules that are there already: it is ``__main__``, has
its own arguments, current folder and first entry of ``sys.path``, and ends as interpreters do. Of our own modules none
is there. Where a test is about the process itself, or about what is imported, it starts one of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

__all__ = ["Done", "WarmPython"]

# The parent reads one request a line and answers with one exit status a line; the child goes on below the loop.
SERVER = """
import importlib, json, os, runpy, sys, types, warnings

for name in sys.argv[1:]:
    importlib.import_module(name)

def request():
    for line in sys.stdin:
        asked = json.loads(line)
        with warnings.catch_warnings():
            # Python warns of forks of a process with threads; those of the libraries have not begun.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if not child:
            return asked
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    sys.exit()

asked = request()
for descriptor, file, flags in (
    (0, os.devnull, os.O_RDONLY),
    (1, asked["stdout"], os.O_WRONLY | os.O_CREAT),
    (2, asked["stderr"], os.O_WRONLY | os.O_CREAT),
):
    opened = os.open(file, flags)
    os.dup2(opened, descriptor)
    os.close(opened)
os.chdir(asked["cwd"])
os.environ.update(asked["env"])
sys.argv = asked["argv"]
if asked["code"] is None:
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")
else:
    sys.path[0] = ""
    sys.modules["__main__"] = main = types.ModuleType("__main__")
    exec(compile(asked["code"], "<string>", "exec"), main.__dict__)
"""


class Done(NamedTuple):
    """What a program left behind, with the names that `subprocess.CompletedProcess` has for it."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """What it printed, to standard output and then to standard error."""
        return self.stdout + self.stderr


class WarmPython:
    """A Python that has imported some modules; use it in a ``with`` statement.

    Args:
        modules: what it imports first.
        env: its environment variables, those of this process without it.
        python: the interpreter.
    """

    def __init__(
        self, modules: Iterable[str], *, env: Mapping[str, str] | None = None, python: str | Path = sys.executable
    ) -> None:
        command = [python, "-c", SERVER, *modules]
        self._server = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> WarmPython:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.communicate()

    def file(self, file: Path, *arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
        """Run a file with arguments, as ``python file arguments`` does."""
        return self._run({"argv": [str(file), *arguments], "code": None}, cwd, env)

    def code(self, code: str, *arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
        """Run a piece of Python, as ``python -c code arguments`` does."""
        return self._run({"argv": ["-c", *arguments], "code": code}, cwd, env)

    def _run(self, asked: dict[str, object], cwd: Path, env: Mapping[str, str] | None) -> Done:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        with tempfile.TemporaryDirectory() as folder:
            stdout, stderr = Path(folder, "stdout"), Path(folder, "stderr")
            asked |= {"cwd": str(cwd), "env": dict(env or {}), "stdout": str(stdout), "stderr": str(stderr)}
            self._server.stdin.write(f"{json.dumps(asked)}\n")
            self._server.stdin.flush()
            status = self._server.stdout.readline()
            if not status:
                raise RuntimeError(f"the Python that runs programs has ended, with exit status {self._server.wait()}")
            return Done(int(status), *(text.read_text(encoding="utf-8") for text in (stdout, stderr)))
