"""Imports every plugin in a child process, and so finds those that end the process: os._exit, a crash, endless waiting.

There it also asks those that can say so what keeps them from being built on this machine.

The child is ``python -m optim_core.probing.probe``. It says on a channel of its own when it begins with a plugin and
when it is through; when it ends or falls silent in between, the plugin it had begun is to blame, and a new child does
the rest.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import IO, Any

import attrs

from optim_core.discovery.claims import Claim
from optim_core.discovery.loading import Loader, known_problem, load_command, load_error, load_plugin_class, running
from optim_core.discovery.policy import Settings
from optim_core.discovery.providers import Providers
from optim_core.discovery.scan import scan
from optim_core.errors import OptimError, PluginError
from optim_core.kinds import KINDS
from optim_core.probing.child_process import Child, own_channel, signal_name, what_is_told

__all__ = ["Key", "probe"]

Key = tuple[str, str, str]

TIMEOUT = 30.0
# The same for checking one plugin, which may import torch.
CHECK_TIMEOUT = 120.0
# How long a child that has fallen silent may take to end, so that its exit status can be told.
GRACE = 5.0
# What the child does with a plugin last.
THROUGH = "through"


def probe(timeout: float = TIMEOUT, *, check: bool = False) -> dict[Key, str]:
    """What is wrong with the plugins, providers and commands that may be used, as far as importing them shows it.

    What metadata alone shows is left to `Registry.plugins` and `Registry.faults`; nothing is imported in this process.

    Args:
        timeout: seconds that the import of one plugin may take, > 0.
        check: whether plugin classes that have ``check()`` are also asked what keeps them from being built here.

    Returns:
        (kind, distribution, name) to what is wrong and the repair, for those that are broken.
    """
    claims = {_key(claim): claim for claim in _importable()}
    errors: dict[Key, str] = {}
    left = list(claims)
    while left:
        outcome = _run(left, timeout, check)
        errors |= outcome.errors
        if outcome.ended is not None and outcome.guilty is not None:
            errors[outcome.guilty] = _ended(claims[outcome.guilty], f"{outcome.doing} it {outcome.ended}")
        elif outcome.ended is not None:
            raise OptimError(f"the child process that imports plugins {outcome.ended} before it began with one")
        left = [key for key in left if key not in outcome.done and key != outcome.guilty]
    return errors


def _importable() -> list[Claim]:
    """What may be used and shows no fault in its metadata; of several names of one plugin, the first."""
    policy = Settings.of(None, None, None).policy()
    plugins: dict[tuple[object, ...], Claim] = {}
    for claim in scan().claims:
        if policy.reason_against(claim) is None and not known_problem(claim) and not _is_incompatible(claim):
            plugins.setdefault(claim.plugin, claim)
    return list(plugins.values())


def _key(claim: Claim) -> Key:
    return claim.kind, claim.distribution, claim.name


def _is_incompatible(claim: Claim) -> bool:
    return claim.source is not None and claim.source.incompatibility is not None


def _ended(claim: Claim, how: str) -> str:
    address = f"{claim.distribution}:{claim.name}"
    problem = (
        f"{how}; keep it out with OPTIM_CORE_BLOCK={address}, "
        f"upgrade it (pip install --upgrade {claim.distribution}), or remove it (pip uninstall {claim.distribution})"
    )
    return str(load_error(claim, problem))


# -- the parent ------------------------------------------------------------------------------------------------------


@attrs.define
class _Outcome:
    """What one child found.

    Args:
        done: the plugins that it is through with.
        errors: what is wrong with those of them that are broken.
        guilty: the plugin at which it ended.
        doing: what it did with that plugin: "importing" or "checking".
        ended: how it ended, None where it did everything it was asked.
    """

    done: set[Key] = attrs.Factory(set)
    errors: dict[Key, str] = attrs.Factory(dict)
    guilty: Key | None = None
    doing: str = ""
    ended: str | None = None


def _run(plugins: list[Key], timeout: float, check: bool) -> _Outcome:
    """Has one child import and check `plugins`, until it is through or one of them ends it."""
    child = Child("optim_core.probing.probe", {"plugins": plugins, "check": check})
    try:
        return _listen(child, len(plugins), timeout)
    finally:
        child.close()


def _listen(child: Child, wanted: int, timeout: float) -> _Outcome:
    outcome = _Outcome()
    last: Key | None = None
    while len(outcome.done) < wanted:
        limit = CHECK_TIMEOUT if outcome.doing == "checking" else timeout
        try:
            message = child.answer(limit)
        except TimeoutError:
            outcome.guilty, outcome.ended = last, f"takes more than {limit:g} seconds"
            return outcome
        if message is None:
            outcome.guilty, outcome.ended = last, _exit_in_words(child.exit_status(GRACE))
            return outcome
        last, outcome.doing = tuple(message["plugin"]), message["doing"]
        if message["doing"] == THROUGH:
            outcome.done.add(last)
            if message["error"]:
                outcome.errors[last] = message["error"]
    return outcome


def _exit_in_words(code: int | None) -> str:
    if code is None:
        return "closes all open files"
    if code >= 0:
        return f"ends the process with exit status {code}"
    return f"ends the process by {signal_name(code)}"


# -- the child -------------------------------------------------------------------------------------------------------


def _child() -> None:
    """Imports what standard input names."""
    told = what_is_told()
    with own_channel() as channel:
        request = next(told)
        sys.path[:] = request["path"]
        claims = {_key(claim): claim for claim in scan().claims}
        for kind, distribution, name in request["plugins"]:
            plugin = (kind, distribution, name)
            # Each time anew: the plugin before this one may have changed it.
            sys.path[:] = request["path"]
            _examine(channel, plugin, claims.get(plugin), request["check"])


def _examine(channel: IO[str], plugin: Key, claim: Claim | None, check: bool) -> None:
    """Imports and checks one plugin, and tells before each what comes."""
    _tell(channel, plugin, "importing")
    error = None
    try:
        found = None if claim is None else _import(claim)
        asked = getattr(found, "check", None)
        if check and claim is not None and claim.kind in KINDS and callable(asked):
            _tell(channel, plugin, "checking")
            error = _obstacles(claim, asked)
    except PluginError as problem:
        error = str(problem)
    _tell(channel, plugin, THROUGH, error)


def _tell(channel: IO[str], plugin: Key, doing: str, error: str | None = None) -> None:
    channel.write(json.dumps({"plugin": plugin, "doing": doing, "error": error}) + "\n")
    channel.flush()


def _obstacles(claim: Claim, check: Callable[[], Iterable[str]]) -> str | None:
    """What a plugin says keeps it from being built here."""
    with running(claim):
        obstacles = check()
        if isinstance(obstacles, str):
            raise TypeError("check() returned a text; it returns a list of texts")
        lines = [str(obstacle) for obstacle in obstacles]
    return str(load_error(claim, f"it cannot be built here: {'; '.join(lines)}")) if lines else None


def _import(claim: Claim) -> Any:
    """What an entry point names; of a provider the first error, as it keeps them.

    Raises:
        PluginError: it cannot be imported.
    """
    if claim.kind == "provider":
        problems = Providers([claim], Loader()).problems()
        if problems:
            raise PluginError(problems[0][1])
        return None
    for kind in KINDS:
        if claim.kind == kind:
            return load_plugin_class(claim, kind)
    return load_command(claim)


if __name__ == "__main__":
    _child()
