"""A Python that has imported what takes long once, and runs each program in a fork of itself.

A program starts as it would in a fresh interpreter, but for the modules that are there already: it is ``__main__``, has
its own arguments, current folder and first entry of ``sys.path``. It ends as there, but that the modules are not taken
apart, which takes longer than most programs. Of our own modules none is there. Where a test is about the process
itself, or about what is imported, it starts one of its own.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

__all__ = ["Done", "Program", "WarmPython"]

# The parent reads one request a line and answers with two: a process id and, once it has ended, its exit status. The
# child goes on below the loop.
SERVER = """
import atexit, gc, importlib, json, os, runpy, sys, threading, types, warnings

# What is imported is no garbage, and no search for some goes through it.
gc.disable()
# What an import prints is no answer.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for name in sys.argv[1:]:
    importlib.import_module(name)
sys.stdout.flush()
gc.freeze()
gc.enable()

def request():
    for line in sys.stdin:
        asked = json.loads(line)
        with warnings.catch_warnings():
            # Python warns of forks of a process with threads; those of the libraries have not begun.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if not child:
            return asked
        print(child, file=answers, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers, flush=True)
    sys.exit()

asked = request()
answers.close()
for descriptor, file, flags in (
    (0, os.devnull, os.O_RDONLY),
    (1, asked["stdout"], os.O_WRONLY | os.O_CREAT),
    (2, asked["stderr"], os.O_WRONLY | os.O_CREAT),
):
    opened = os.open(file, flags)
    os.dup2(opened, descriptor)
    os.close(opened)
os.chdir(asked["cwd"])
for name, value in asked["env"].items():
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
sys.argv = asked["argv"]
status = 0
try:
    if asked["code"] is None:
        sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
        runpy.run_path(sys.argv[0], run_name="__main__")
    else:
        sys.path[0] = ""
        sys.modules["__main__"] = main = types.ModuleType("__main__")
        exec(compile(asked["code"], "<string>", "exec"), main.__dict__)
except SystemExit as ended:
    status = ended.code or 0
    if not isinstance(status, int):
        print(status, file=sys.stderr)
        status = 1
except BaseException as error:
    sys.excepthook(type(error), error, error.__traceback__)
    status = 1
threading._shutdown()
atexit._run_exitfuncs()
if asked["code"] is not None:
    main.__dict__.clear()
gc.collect()
sys.stdout.flush()
sys.stderr.flush()
os._exit(status)
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

    def file(self, file: Path, *arguments: str, cwd: Path, env: Mapping[str, str | None] | None = None) -> Done:
        """Run a file with arguments, as ``python file arguments`` does; what `env` has as None is unset."""
        return self.begin(file, *arguments, cwd=cwd, env=env).wait()

    def begin(self, file: Path, *arguments: str, cwd: Path, env: Mapping[str, str | None] | None = None) -> Program:
        """Start a file with arguments; it is waited for before another one is started."""
        return self._begun({"argv": [str(file), *arguments], "code": None}, cwd, env)

    def code(self, code: str, *arguments: str, cwd: Path, env: Mapping[str, str | None] | None = None) -> Done:
        """Run a piece of Python, as ``python -c code arguments`` does; what `env` has as None is unset."""
        return self._begun({"argv": ["-c", *arguments], "code": code}, cwd, env).wait()

    def _begun(self, asked: dict[str, object], cwd: Path, env: Mapping[str, str | None] | None) -> Program:
        assert self._server.stdin is not None
        printed = tempfile.TemporaryDirectory()
        stdout, stderr = (str(Path(printed.name, name)) for name in ("stdout", "stderr"))
        asked |= {"cwd": str(cwd), "env": dict(env or {}), "stdout": stdout, "stderr": stderr}
        self._server.stdin.write(f"{json.dumps(asked)}\n")
        self._server.stdin.flush()
        return Program(self._server, printed)


class Program:
    """A program that a `WarmPython` has started.

    Args:
        server: the process that it is forked from.
        printed: the folder with what it prints.
    """

    def __init__(self, server: subprocess.Popen[str], printed: tempfile.TemporaryDirectory[str]) -> None:
        self._server = server
        self._printed = printed
        self._done: Done | None = None
        self.pid = int(self._answer())

    def is_running(self) -> bool:
        """Tell whether it has not ended yet."""
        return self._done is None and not select.select([self._server.stdout], [], [], 0)[0]

    def kill(self) -> None:
        """Kill it, where it has not ended."""
        if self.is_running():
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, seconds: float = 300) -> Done:
        """Wait for its end, and return what it left behind; after so many seconds it is killed."""
        if self._done is None:
            is_late = not select.select([self._server.stdout], [], [], seconds)[0]
            if is_late:
                self.kill()
            status = int(self._answer())
            assert not is_late, f"it has not ended in {seconds:g} seconds"
            texts = (Path(self._printed.name, name) for name in ("stdout", "stderr"))
            self._done = Done(status, *(text.read_text(encoding="utf-8") for text in texts))
            self._printed.cleanup()
        return self._done

    def _answer(self) -> str:
        assert self._server.stdout is not None
        # A line is read by bytes: what a buffer holds is nothing that `select` sees.
        answer = b""
        while not answer.endswith(b"\n"):
            byte = os.read(self._server.stdout.fileno(), 1)
            if not byte:
                raise RuntimeError(f"the Python that runs programs has ended, with exit status {self._server.wait()}")
            answer += byte
        return answer.decode()
