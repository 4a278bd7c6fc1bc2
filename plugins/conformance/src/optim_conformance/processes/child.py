"""Imports and uses the plugins that standard input names: ``python -m optim_conformance.processes.child``.

It says on a channel of its own when it begins with a plugin and what it found out. After a plugin that changed the
state of the process another one goes on, so that no other plugin is blamed for that; random numbers that it has drawn
harm no other. Where a process can be copied, plugins are used in a copy of the one that has imported all of them, and
another copy goes on; elsewhere this one ends, and whoever started it starts another.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.util
import os
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from optim_conformance.addresses import subject_at
from optim_conformance.forks import own_process
from optim_conformance.kinds import TRAINING_KINDS
from optim_conformance.processes.process import Say, channels
from optim_conformance.subject import Subject
from optim_conformance.trials.continuing import how_it_continues
from optim_conformance.trials.exceptions import told
from optim_conformance.trials.global_state import RANDOM_NUMBERS, changes, of_python, snapshot
from optim_core.registry import registry

__all__: list[str] = []

HEAVY = ("torch",)
# Elsewhere there are no copies, or libraries of the system that are loaded by then do not bear them.
COPIES = sys.platform == "linux" and hasattr(os, "fork")
LONGEST = 2000


class _NoTorch(importlib.abc.MetaPathFinder):
    """Refuses to import torch, and remembers that it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return None for all other modules, which are then looked for as ever."""
        if fullname.partition(".")[0] in HEAVY and not _is_only_looked_for():
            self.asked.append(fullname)
            raise ImportError(f"{fullname} must not be imported by the module of a plugin class")
        return None


def _is_only_looked_for() -> bool:
    """Tell whether it is `importlib.util.find_spec` that asks, which imports nothing."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code is importlib.util.find_spec.__code__:
            return True
        if frame.f_code.co_name == "_find_and_load":
            return False
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False


def main() -> None:
    """Do what standard input asks for."""
    with channels() as (request, _, say):
        imported = {}
        for plugin in request["plugins"]:
            _tell(say, plugin, through=False)
            imported[plugin["number"]] = _import(plugin)
        registry.refresh()
        _warm_up()
        left = request["plugins"]
        while left:
            go = partial(_go_through, left, imported, Path(request["folder"]), say)
            done = _in_copy(go) if COPIES else go()
            left = left[done:] if COPIES else []


def _go_through(plugins: list[dict[str, Any]], imported: dict[int, Any], folder: Path, say: Say) -> int:
    """Use plugins up to the first that changes the state of the process; return how many that are."""
    for done, plugin in enumerate(plugins, 1):
        _tell(say, plugin, through=False)
        found = _use(plugin, folder)
        at_import = imported[plugin["number"]]
        found["printed"] = (at_import["printed"] + found["printed"])[:LONGEST]
        changes_state = not set(found["changed"]) <= set(RANDOM_NUMBERS)
        found["changed"] = [*at_import["changed"], *found["changed"]]
        leaves = changes_state and not COPIES
        _tell(say, plugin, through=True, leaves=leaves, heavy=at_import["heavy"], **found)
        if changes_state:
            return done
    return len(plugins)


def _in_copy(go: Callable[[], int]) -> int:
    """Return what a copy of this process returns; where it ends otherwise, this process ends as it does."""
    read, write = os.pipe()
    with warnings.catch_warnings():
        # Python warns of copies of processes with threads; the one that there is waits, and holds nothing.
        warnings.simplefilter("ignore", DeprecationWarning)
        copy = os.fork()
    if not copy:
        own_process()
        os.write(write, str(go()).encode())
        os._exit(0)
    os.close(write)
    status = os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
    os.set_blocking(read, False)
    said = b""
    # What the plugin has started may hold the pipe open, and then reading it would take as long as that lives.
    with contextlib.suppress(BlockingIOError):
        said = os.read(read, 20)
    os.close(read)
    if not said:
        _end_as(status)
    return int(said)


def _end_as(status: int) -> None:
    """End this process with the exit status, or by the signal, by which a copy of it has ended."""
    if status < 0:
        # A signal that cannot be caught has no handler to be put back.
        with contextlib.suppress(OSError):
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(abs(status))


def _tell(say: Say, plugin: dict[str, Any], *, through: bool, **found: Any) -> None:
    say({"number": plugin["number"], "through": through, **found})


def _import(plugin: dict[str, Any]) -> dict[str, Any]:
    """Import the plugin class; return what it asks for and must not, or why it fails, what it prints and changes."""
    finder = _NoTorch()
    problem = None
    before = of_python()
    with _printed() as printed:
        sys.meta_path.insert(0, finder)
        try:
            subject_at(plugin)
        except BaseException as error:  # noqa: BLE001 - a stranger's module may raise anything
            problem = told(error)
        finally:
            sys.meta_path.remove(finder)
    changed = [f"{part}, by its import" for part in changes(before, of_python())]
    heavy = f"an import of {finder.asked[0]}" if finder.asked else problem
    return {"heavy": heavy, "printed": printed(), "changed": changed}


@contextlib.contextmanager
def _printed() -> Iterator[Any]:
    """Lead standard output and error to a file, also those of C code; yield a function that says what was printed."""
    with tempfile.TemporaryFile() as file:
        kept = [os.dup(number) for number in (1, 2)]
        text: list[str] = []
        for number in (1, 2):
            os.dup2(file.fileno(), number)
        try:
            yield lambda: "".join(text)
        finally:
            for stream in (sys.stdout, sys.stderr):
                # A plugin may have closed the stream, or put something else in its place.
                with contextlib.suppress(ValueError, AttributeError, OSError):
                    stream.flush()
            for number, own in zip((1, 2), kept, strict=True):
                os.dup2(own, number)
                os.close(own)
            file.seek(0)
            text.append(file.read().decode(errors="replace"))


def _warm_up() -> None:
    """Take a first step: what torch does then is no doing of any plugin."""
    import torch

    parameter = torch.nn.Parameter(torch.ones(3, 3))
    for optimizer in (torch.optim.SGD([parameter], lr=0.1), torch.optim.Adam([parameter])):
        parameter.sum().backward()
        optimizer.step()


def _use(plugin: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Use the plugin, continue the run that was saved for it, and return what that changes and prints."""
    import torch

    unused: str | None = None
    error: str | None = None
    otherwise: tuple[str, str] | None = None
    # Within `catch_warnings` Python shows a warning again that it has shown for another plugin.
    with _printed() as printed, warnings.catch_warnings():
        threads = torch.get_num_threads()
        before = snapshot()
        try:
            subject = subject_at(plugin)
            if subject.kind in TRAINING_KINDS:
                # What a library does to the process when it is first imported is no doing of the plugin that needs it.
                _try(subject)
                before = snapshot()
            _try(subject)
        except BaseException as raised:  # noqa: BLE001 - a plugin may raise anything
            unused = told(raised)
        changed = changes(before, snapshot())
        try:
            if unused is None:
                # The process that saved the run had one thread, and the number of threads can change the last bit.
                torch.set_num_threads(1)
                otherwise = how_it_continues(folder, subject, plugin["number"])
        except BaseException as raised:  # noqa: BLE001 - a plugin may raise anything
            error = told(raised)
        finally:
            torch.set_num_threads(threads)
    return {"changed": changed, "printed": printed(), "unused": unused, "error": error, "otherwise": otherwise}


def _try(subject: Subject) -> None:
    if subject.kind in TRAINING_KINDS:
        from optim_conformance.trials.around_training import use

        use(subject)
    elif subject.kind == "optimizer":
        from optim_conformance.trials.training import begin

        begin(subject, seeded=False).go(12)
    elif subject.kind == "scheduler":
        from optim_conformance.trials.walking import walk

        walk(subject.spec())
    else:
        from optim_conformance.trials.clipping import clip_everything

        clip_everything(subject.spec())


if __name__ == "__main__":
    main()
