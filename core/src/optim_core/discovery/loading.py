"""From a claim to the live object behind it: the one place where plugin code is run.

No lock is held meanwhile. Python's own import lock sees to it that a module runs once, and a lock of ours beside it
would be one too many: a plugin whose import asks the registry for another plugin takes the two in the opposite order.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from optim_core.discovery.claims import Claim
from optim_core.errors import PluginLoadError
from optim_core.kinds import Kind
from optim_core.plugin_class.contract import check_plugin_class
from optim_core.text.prose import said, visible, with_article

if TYPE_CHECKING:
    from click import Command

__all__ = [
    "Loader",
    "checked",
    "known_fault",
    "load_command",
    "load_error",
    "load_plugin_class",
    "load_target",
    "running",
]


class Loader:
    """Runs the code behind claims and remembers which failed: a second use says what the first one said.

    A module that failed at its import may have left half of itself behind, so that a second try would fail
    differently. `Registry.refresh` takes a new loader.
    """

    def __init__(self) -> None:
        self._failures: dict[tuple[object, ...], PluginLoadError] = {}
        self._running = threading.local()

    def failure(self, claim: Claim) -> str | None:
        """Return what went wrong when `claim` was used, None where nothing did or it was not used yet."""
        error = self._failures.get(claim.plugin)
        return None if error is None else str(error)

    def refuse_failed(self, claim: Claim) -> None:
        """Raise again what went wrong when `claim` was used before.

        Raises:
            PluginLoadError: something did.
        """
        known = self._failures.get(claim.plugin)
        if known is not None:
            raise _again(known)

    @contextlib.contextmanager
    def once(self, claim: Claim) -> Iterator[None]:
        """Guard everything that runs code of `claim`.

        Raises:
            PluginLoadError: as the code inside raised it now or before, or the code of `claim` is what asks for it.
        """
        self.refuse_failed(claim)
        active = self._running.__dict__.setdefault("plugins", set())
        if claim.plugin in active:
            # This is not remembered, because nothing is wrong with the plugin if its module takes it well.
            raise load_error(claim, "its own import asks the registry for it, which is too early")
        active.add(claim.plugin)
        try:
            yield
        except PluginLoadError as error:
            kept = _again(_without_frames(error))
            # Of threads that fail at once, all say what the first one said.
            known = self._failures.setdefault(claim.plugin, kept)
            if known is not kept:
                raise _again(known) from error
            raise
        finally:
            active.discard(claim.plugin)


def load_target(claim: Claim) -> Any:
    """Return the object that an entry point names.

    Raises:
        PluginLoadError: the distribution is broken, an extra that the entry point needs is not installed, its module
            cannot be imported, for whatever reason (SystemExit too; KeyboardInterrupt passes), or lacks the object.
    """
    fault = known_fault(claim)
    if fault or claim.point is None:
        raise load_error(claim, fault or "it is no entry point")
    with running(claim):
        return claim.point.load()


def load_plugin_class(claim: Claim, kind: Kind) -> type[Any]:
    """Return the plugin class that an entry point names.

    Raises:
        PluginLoadError: as `load_target`, or the object is not a plugin class of this kind.
    """
    return checked(claim, claim.target if claim.target is not None else load_target(claim), kind)


def load_command(claim: Claim) -> Command:
    """Return the click command that an entry point names.

    Raises:
        PluginLoadError: as `load_target`, or the object is no click command.
    """
    from click import Command

    found = load_target(claim)
    if not isinstance(found, Command):
        raise load_error(claim, f"it names {with_article(type(found).__name__)}, which is no click command")
    return found


def checked(claim: Claim, found: Any, kind: Kind) -> type[Any]:
    """Return `found`, which `claim` gave, where it is a plugin class of this kind.

    Raises:
        PluginLoadError: it is not.
    """
    with running(claim):
        fault = check_plugin_class(found, kind)
    if fault:
        raise load_error(claim, fault)
    return found  # type: ignore[no-any-return]


def known_fault(claim: Claim) -> str | None:
    """Return what metadata alone says is wrong."""
    if claim.fault or claim.source is None:
        return claim.fault
    if claim.source.fault:
        return claim.source.fault
    missing = claim.source.unmet(claim.extras) if claim.extras else []
    if missing:
        wanted = f"{claim.distribution}[{','.join(claim.extras)}]"
        return f"it needs {', '.join(missing)}, which is not installed: pip install '{wanted}'"
    return None


@contextlib.contextmanager
def running(claim: Claim, *, asked: bool = False) -> Iterator[None]:
    """Run a plugin's code: whatever it raises becomes a PluginLoadError. What it prints is left as it is.

    SystemExit is an error like others; KeyboardInterrupt passes.

    Args:
        claim: whose code it is.
        asked: whether a LookupError is an answer, by which a provider says what its library lacks: told as it stands,
            for another installation of the provider would say the same.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if asked and type(error) is LookupError:
            # A KeyError or an IndexError is no answer but a mistake.
            raise load_error(claim, said(error).removeprefix("LookupError: ")) from error
        raise load_error(claim, _cause(error, claim)) from error


def load_error(claim: Claim, fault: str) -> PluginLoadError:
    """Return the error that says what keeps `claim` from giving what it offers."""
    return PluginLoadError(
        f"{claim.label} cannot provide `{claim.entry_point}`: {fault}",
        distribution=claim.distribution,
        version=claim.version,
    )


def _without_frames(error: PluginLoadError) -> PluginLoadError:
    """Take the tracebacks off what an error came from, which says as a note what they said.

    The frames of a traceback hold those that called them, with all their variables: a model would be kept as long as
    the error is, and that is as long as the registry.
    """
    first = error.__cause__
    if first is not None and first.__traceback__ is not None:
        import traceback

        frames = [frame for frame in traceback.extract_tb(first.__traceback__) if not _is_of_import(frame.filename)]
        first.add_note("".join(["raised at:\n", *traceback.format_list(frames)]).rstrip())
    left: list[BaseException | None] = [first]
    seen: set[int] = set()
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        each.__traceback__ = None
        left += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            left += each.exceptions
    return error


def _is_of_import(file: str) -> bool:
    """Return whether a frame of this file is ours, or Python's own way to import."""
    return file == __file__ or "importlib" in file or file.startswith("<frozen")


def _again(error: PluginLoadError) -> PluginLoadError:
    """Return the same error, without the traceback that the first one gathered."""
    copy = PluginLoadError(str(error), distribution=error.distribution, version=error.version)
    copy.__cause__ = error.__cause__
    return copy


def _cause(error: BaseException, claim: Claim) -> str:
    """Return the exception in words, with the repair where the exception shows one."""
    in_words = said(error)
    if isinstance(error, ModuleNotFoundError) and isinstance(error.name, str):
        missing = error.name.partition(".")[0]
        if missing != claim.module.partition(".")[0]:
            install = f"pip install --upgrade {claim.distribution} {visible(missing)}"
            return f"{in_words}; install what it depends on: {install}"
    repair = claim.source.reinstall if claim.source else "register it again"
    return f"{in_words}; ask its author for a repair, or {repair}"
