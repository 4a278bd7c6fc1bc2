"""Import every plugin in a child process, and so find those that end the process: os._exit, a crash, endless waiting.

There it also asks those that can say so what keeps them from being built on this machine.

The child is ``python -m optim_core.probing.probe``. It says on a channel of its own when it begins with a plugin and
when it is through; when it ends or falls silent in between, the plugin it had begun is to blame, and a new child does
the rest.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import IO, Any

from optim_core.discovery.claims import Claim
from optim_core.discovery.loading import Loader, known_fault, load_command, load_error, load_plugin_class, running
from optim_core.discovery.policy import Settings
from optim_core.discovery.providers import Providers
from optim_core.discovery.scan import scan
from optim_core.errors import OptimError, PluginError
from optim_core.kinds import KINDS
from optim_core.probing.child_process import Child, own_channel, signal_name, what_is_told
from optim_core.probing.rounds import Ended, in_rounds

__all__ = ["Key", "probe"]

Key = tuple[str, str, str]

# The seconds that the import of one plugin may take.
TIMEOUT = 30.0
# The seconds that the check of one plugin may take, which may import torch.
CHECK_TIMEOUT = 120.0
# How long a child that has fallen silent may take to end, so that its exit status can be told.
GRACE = 5.0
# What the child does with a plugin.
IMPORTING, CHECKING = "importing", "checking"


def probe(timeout: float = TIMEOUT, *, check: bool = False) -> dict[Key, str]:
    """Return what is wrong with the plugins, providers and commands that may be used, as far as an import shows it.

    What metadata alone shows is left to `Registry.plugins` and `Registry.faults`; nothing is imported in this process.

    Args:
        timeout: seconds that the import of one plugin may take, > 0.
        check: whether plugin classes that have ``check()`` are also asked what keeps them from being built here.

    Returns:
        (kind, distribution, name) to what is wrong and the repair, for those that are broken.

    Raises:
        OptimError: the child process does not even begin.

    Example:
        >>> from optim_core.plugin_tools import probe
        >>> {why for (kind, _, _), why in probe().items() if kind == "clipper"}
        set()
    """
    claims = _importable()
    errors: dict[Key, str] = {}

    for heard in in_rounds(
        range(len(claims)), lambda left: _Examiner(claims, left, check), partial(_patience, timeout)
    ):
        claim = claims[heard.number]
        if heard.ended is None:
            error = heard.message["error"]
        elif not heard.message:
            raise OptimError(f"the child process that imports plugins {heard.ended.how} before it began with one")
        else:
            error = _ended(claim, heard.message["doing"], heard.ended)
        if error:
            errors[_key(claim)] = error
    return errors


def _patience(timeout: float, message: Mapping[str, Any]) -> float:
    checks = message.get("doing") == CHECKING and not message["through"]
    return CHECK_TIMEOUT if checks else timeout


def _importable() -> list[Claim]:
    """Return what may be used and shows no fault in its metadata; of several names of one plugin, the first."""
    policy = Settings.of(None, None, None).policy()
    plugins: dict[tuple[object, ...], Claim] = {}
    for claim in scan().claims:
        if policy.reason_against(claim) is None and not known_fault(claim) and not _is_incompatible(claim):
            plugins.setdefault(claim.plugin, claim)
    return list(plugins.values())


def _key(claim: Claim) -> Key:
    return claim.kind, claim.distribution, claim.name


def _is_incompatible(claim: Claim) -> bool:
    return claim.source is not None and claim.source.incompatibility is not None


def _ended(claim: Claim, doing: str, ended: Ended) -> str:
    address = f"{claim.distribution}:{claim.name}"
    fault = (
        f"{doing} it {ended.how}; keep it out with OPTIM_CORE_BLOCK={address}, "
        f"upgrade it (pip install --upgrade {claim.distribution}), or remove it (pip uninstall {claim.distribution})"
    )
    return str(load_error(claim, fault))


# -- the parent ------------------------------------------------------------------------------------------------------


class _Examiner:
    """A child process that imports plugins, and checks them where that is wanted.

    Args:
        claims: the plugins.
        numbers: which of them it examines.
        check: whether it checks them too.
    """

    def __init__(self, claims: list[Claim], numbers: list[int], check: bool) -> None:
        plugins = [(number, *_key(claims[number])) for number in numbers]
        self._child = Child("optim_core.probing.probe", {"plugins": plugins, "check": check})
        self.close = self._child.close

    def answer(self, seconds: float) -> dict[str, Any] | Ended:
        """Return what it says next, or how it ended."""
        try:
            message = self._child.answer(seconds)
        except TimeoutError:
            return Ended(f"takes more than {seconds:g} seconds", late=True)
        return Ended(_exit_in_words(self._child.exit_status(GRACE))) if message is None else message


def _exit_in_words(code: int | None) -> str:
    if code is None:
        return "closes all open files"
    if code >= 0:
        return f"ends the process with exit status {code}"
    return f"ends the process by {signal_name(code)}"


# -- the child -------------------------------------------------------------------------------------------------------


def _child() -> None:
    """Import what standard input names."""
    told = what_is_told()
    with own_channel() as channel:
        request = next(told)
        sys.path[:] = request["path"]
        claims = {_key(claim): claim for claim in scan().claims}
        for number, kind, distribution, name in request["plugins"]:
            # The plugin before this one may have changed the path.
            sys.path[:] = request["path"]
            _examine(partial(_tell, channel, number), claims.get((kind, distribution, name)), request["check"])


def _examine(tell: Callable[..., None], claim: Claim | None, check: bool) -> None:
    """Import and check one plugin, and tell before each what comes."""
    doing = IMPORTING
    tell(doing)
    error = None
    try:
        found = None if claim is None else _import(claim)
        asked = getattr(found, "check", None)
        # Of a kind apart, `check` is a method of a config.
        if check and claim is not None and claim.kind in KINDS and not KINDS[claim.kind].apart and callable(asked):
            doing = CHECKING
            tell(doing)
            error = _obstacles(claim, asked)
    except PluginError as raised:
        error = str(raised)
    tell(doing, through=True, error=error)


def _tell(channel: IO[str], number: int, doing: str, *, through: bool = False, error: str | None = None) -> None:
    channel.write(json.dumps({"number": number, "doing": doing, "through": through, "error": error}) + "\n")
    channel.flush()


def _obstacles(claim: Claim, check: Callable[[], Iterable[str]]) -> str | None:
    """Return what a plugin says keeps it from being built here."""
    with running(claim):
        obstacles = check()
        if isinstance(obstacles, str):
            raise TypeError("check() returned a text; it returns a list of texts")
        lines = [str(obstacle) for obstacle in obstacles]
    return str(load_error(claim, f"it cannot be built here: {'; '.join(lines)}")) if lines else None


def _import(claim: Claim) -> Any:
    """Return what an entry point names; raise a provider's first error, as it keeps them.

    Raises:
        PluginError: it cannot be imported.
    """
    if claim.kind == "provider":
        faults = Providers([claim], Loader()).faults()
        if faults:
            raise PluginError(faults[0][1])
        return None
    for kind in KINDS:
        if claim.kind == kind:
            return load_plugin_class(claim, kind)
    return load_command(claim)


if __name__ == "__main__":
    _child()
