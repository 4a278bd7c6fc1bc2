"""``python -m optim_core.testing.child``: imports and uses the plugins that standard input names, in a fresh process.

It says on a channel of its own when it begins with a plugin and what it found out. After a plugin that changed the
state of the process it ends, so that no other is blamed for that.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.util
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from optim_core.child_process import own_channel
from optim_core.loading import said
from optim_core.registry import registry
from optim_core.testing.subject import Subject, subject_of

__all__: list[str] = []

HEAVY = ("torch",)
LONGEST = 2000


class _NoTorch(importlib.abc.MetaPathFinder):
    """Refuses to import torch, and remembers that it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Nothing for all other modules, which are then looked for as ever."""
        if fullname.partition(".")[0] in HEAVY and not _is_only_looked_for():
            self.asked.append(fullname)
            raise ImportError(f"{fullname} must not be imported by the module of a plugin class")
        return None


def _is_only_looked_for() -> bool:
    """Whether `importlib.util.find_spec` asks, which imports nothing."""
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
    """Does what standard input asks for."""
    request = json.load(sys.stdin)
    with own_channel() as channel:
        sys.path[:] = request["path"]
        warnings.simplefilter("ignore")
        imported = {}
        for plugin in request["plugins"]:
            _tell(channel, plugin, through=False)
            imported[plugin["number"]] = _import(plugin)
        registry.refresh()
        _warm_up()
        for plugin in request["plugins"]:
            _tell(channel, plugin, through=False)
            found = _use(plugin, Path(request["folder"]))
            heavy, printed = imported[plugin["number"]]
            found["printed"] = (printed + found["printed"])[:LONGEST]
            _tell(channel, plugin, through=True, heavy=heavy, **found)
            if found["changed"]:
                break


def _tell(channel: IO[str], plugin: dict[str, Any], *, through: bool, **found: Any) -> None:
    channel.write(json.dumps({"number": plugin["number"], "through": through, **found}) + "\n")
    channel.flush()


def _import(plugin: dict[str, Any]) -> tuple[str | None, str]:
    """What the import of the plugin class asks for and must not, or why it fails; and what it prints."""
    finder = _NoTorch()
    problem = None
    with _printed() as printed:
        sys.meta_path.insert(0, finder)
        try:
            _subject(plugin)
        except BaseException as error:  # noqa: BLE001 - a stranger's module may raise anything
            problem = said(error)
        finally:
            sys.meta_path.remove(finder)
    return (f"an import of {finder.asked[0]}" if finder.asked else problem), printed()


def _subject(plugin: dict[str, Any]) -> Subject:
    if plugin["name"] is not None:
        return subject_of(plugin["name"], plugin["kind"])
    found: Any = _module(plugin["module"], plugin["file"])
    for part in plugin["qualname"].split("."):
        found = getattr(found, part)
    return subject_of(found, plugin["kind"])


def _module(name: str, file: str) -> ModuleType:
    """The module of that name; where that is another file, or none, the file under that name."""
    with contextlib.suppress(ImportError, ValueError):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin == file and name != "__main__":
            return importlib.import_module(name)
    name = "checked_module" if name == "__main__" else name
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{file} cannot be imported")
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


@contextlib.contextmanager
def _printed() -> Iterator[Any]:
    """Standard output and error led to a file, also those of C code; gives a function that says what was printed."""
    with tempfile.TemporaryFile() as file:
        kept = [os.dup(number) for number in (1, 2)]
        text: list[str] = []
        for number in (1, 2):
            os.dup2(file.fileno(), number)
        try:
            yield lambda: "".join(text)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, own in zip((1, 2), kept, strict=True):
                os.dup2(own, number)
                os.close(own)
            file.seek(0)
            text.append(file.read().decode(errors="replace"))


def _warm_up() -> None:
    """What torch does at its first step belongs to no plugin."""
    import torch

    parameter = torch.nn.Parameter(torch.ones(3, 3))
    for optimizer in (torch.optim.SGD([parameter], lr=0.1), torch.optim.Adam([parameter])):
        parameter.sum().backward()
        optimizer.step()


def _use(plugin: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What using the plugin changes and prints; continues the run that was saved for it."""
    import torch

    from optim_core.testing.global_state import changes, snapshot

    unused: str | None = None
    error: str | None = None
    changed: list[str] = []
    with _printed() as printed:
        threads = torch.get_num_threads()
        before = snapshot()
        try:
            subject = _subject(plugin)
            _try(subject)
        except Exception as raised:  # noqa: BLE001 - a plugin may raise anything
            unused = said(raised)
        changed = changes(before, snapshot())
        try:
            if unused is None:
                _continue(subject, plugin["number"], folder)
        except Exception as raised:  # noqa: BLE001 - a plugin may raise anything
            error = said(raised)
        finally:
            torch.set_num_threads(threads)
    return {"changed": changed, "printed": printed(), "unused": unused, "error": error}


def _try(subject: Subject) -> None:
    if subject.kind == "optimizer":
        from optim_core.testing.training import begin

        begin(subject, seeded=False).go(3)
    elif subject.kind == "scheduler":
        from optim_core.testing.walking import walk

        walk(subject.spec(), 10)
    else:
        from optim_core.testing.clipping import clip_everything

        clip_everything(subject.spec())


def _continue(subject: Subject, number: int, folder: Path) -> None:
    import torch

    from optim_core.testing.fresh_process import continued

    file = folder / f"{number}.pt"
    if file.exists():
        # As in the process that saved it.
        torch.set_num_threads(1)
        torch.save(continued(subject, file), folder / f"{number}.after.pt")


if __name__ == "__main__":
    main()
