"""From a claim to the live object behind it: the one place where plugin code is imported."""

from __future__ import annotations

import contextlib
import inspect
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import attrs

from optim_core.discovery import Claim, Kind
from optim_core.errors import PluginLoadError

__all__ = ["check_plugin_class", "known_problem", "load_plugin_class", "load_target", "running"]

# What `build` is called with, after self.
BUILD_ARGUMENTS: dict[Kind, tuple[str, ...]] = {
    "optimizer": ("params",),
    "scheduler": ("optimizer", "horizon"),
    "clipper": (),
}


def load_target(claim: Claim) -> Any:
    """The object that an entry point names.

    Raises:
        PluginLoadError: the distribution is broken, an extra that the entry point needs is not installed, its module
            cannot be imported, for whatever reason (SystemExit too; KeyboardInterrupt passes), or lacks the object.
    """
    problem = known_problem(claim)
    if problem:
        raise _error(claim, problem)
    with running(claim):
        found = import_module(claim.module)
        for part in claim.attribute.split("."):
            found = getattr(found, part)
    return found


def load_plugin_class(claim: Claim, kind: Kind) -> type[Any]:
    """The plugin class that an entry point names.

    Raises:
        PluginLoadError: as `load_target`, or the object is not a plugin class of this kind.
    """
    found = claim.target if claim.target is not None else load_target(claim)
    problem = check_plugin_class(found, kind)
    if problem:
        raise _error(claim, problem)
    return found  # type: ignore[no-any-return]


def check_plugin_class(found: Any, kind: Kind) -> str | None:
    """What keeps `found` from being a plugin class of this kind, None where nothing does."""
    name = getattr(found, "__qualname__", type(found).__name__)
    if not isinstance(found, type) or not attrs.has(found):
        article = "a class without attrs fields" if isinstance(found, type) else f"a {type(found).__name__}"
        return f"`{name}` is {article}, not an attrs class; decorate it with @attrs.frozen(kw_only=True)"
    build = getattr(found, "build", None)
    arguments = BUILD_ARGUMENTS[kind]
    wanted = f"def build({', '.join(('self', *arguments))})"
    if not callable(build):
        return f"`{name}` has no method `build`; a {kind} needs `{wanted}`"
    try:
        inspect.signature(build).bind(None, *arguments)
    except TypeError as error:
        return f"`{name}.build` cannot be called as a {kind}'s: {error}; it needs `{wanted}`"
    except ValueError:
        # A build written in C shows no signature; calling it will tell.
        return None
    return None


def known_problem(claim: Claim) -> str | None:
    """What metadata alone says is wrong."""
    if claim.fault or claim.source is None:
        return claim.fault
    if claim.source.fault:
        return claim.source.fault
    missing = claim.source.unmet(claim.extras) if claim.extras else []
    if missing:
        wanted = f"{claim.distribution}[{','.join(claim.extras)}]"
        return f"it needs {', '.join(missing)}, which is not installed: pip install '{wanted}'"
    return None


def _error(claim: Claim, problem: str) -> PluginLoadError:
    return PluginLoadError(
        f"{claim.label} cannot provide `{claim.entry_point}`: {problem}",
        distribution=claim.distribution,
        version=claim.version,
    )


def _cause(error: BaseException, claim: Claim) -> str:
    """The exception in words, with the repair where the exception shows one."""
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, ModuleNotFoundError) and error.name:
        missing = error.name.partition(".")[0]
        if missing != claim.module.partition(".")[0]:
            return f"{said}; install what it depends on: pip install --upgrade {claim.distribution} {missing}"
    if isinstance(error, SyntaxError):
        said = f"{type(error).__name__}: {error.msg} ({error.filename}, line {error.lineno})"
    repair = claim.source.reinstall if claim.source else "register it again"
    return f"{said}; ask its author for a repair, or {repair}"


@contextlib.contextmanager
def running(claim: Claim) -> Iterator[None]:
    """Runs a plugin's code: whatever it raises becomes a PluginLoadError, and what it prints goes to standard error.

    Standard output may be JSON. SystemExit is an error like others; KeyboardInterrupt passes.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _error(claim, _cause(error, claim)) from error
