"""The exceptions of optim-core: data first, a sentence second, and the sentence holds the repair."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

__all__ = [
    "BlockedPluginError",
    "CheckpointError",
    "CheckpointMismatchError",
    "CheckpointWarning",
    "ConfigError",
    "ConfigWarning",
    "DuplicatePluginError",
    "HorizonError",
    "IncompatiblePluginError",
    "MissingCheckpointError",
    "MissingTypeError",
    "OptimError",
    "ParamGroupError",
    "PluginError",
    "PluginLoadError",
    "Problem",
    "UnknownNameError",
    "UnknownTypeError",
    "UnusedConfigWarning",
    "UnusualRateWarning",
]


@attrs.frozen(kw_only=True)
class Problem:
    """One thing that is wrong with a config.

    Args:
        path: where in the config, as the user wrote it: ``optimizer.config.betas[1]``; "" is the whole config.
        message: what is wrong there.
        hint: the repair, where one is known.
        file: the file that holds the config, None for a mapping.
        line: 1-based line in that file.
        column: 1-based column in that line.

    Example:
        >>> from optim_core import Problem
        >>> print(Problem(path="optimizer.config.lr", message="must be > 0, is -1", file="train.yaml", line=3))
        train.yaml:3: optimizer.config.lr: must be > 0, is -1
    """

    path: str
    message: str
    hint: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        text = ": ".join(part for part in (place, self.path, self.message) if part)
        return f"{text}\n    {self.hint}" if self.hint else text


class OptimError(Exception):
    """The base of everything that optim-core raises on purpose.

    Example:
        >>> from optim_core import OptimError, registry
        >>> try:
        ...     registry.build({"type": "AdamW", "config": {"lr": -1}})
        ... except OptimError as error:
        ...     print(error)
        config.lr: must be > 0, is -1.0
    """


class ConfigError(OptimError, ValueError):
    """A config is wrong; `problems` lists everything that is wrong with it, in the order of the config.

    Example:
        >>> from optim_core import ConfigError, registry
        >>> try:
        ...     registry.build({"type": "AdamW", "config": {"lr": -1, "eps": "small"}})
        ... except ConfigError as error:
        ...     print([problem.path for problem in error.problems])
        ['config.lr', 'config.eps']
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __str__(self) -> str:
        # KeyError, a base of some subclasses, would show the repr of the message.
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems,)


class MissingTypeError(ConfigError, KeyError):
    """A component of a config has no `type`.

    Example:
        >>> from optim_core import MissingTypeError, registry
        >>> try:
        ...     registry.build({"optimizer": {"config": {"lr": 0.1}}})
        ... except MissingTypeError as error:
        ...     print(error.problems[0].path, error.problems[0].message)
        optimizer `type` is missing
    """


class UnknownTypeError(ConfigError, AttributeError):
    """A config names a type that nothing installed provides.

    Example:
        >>> from optim_core import UnknownTypeError, registry
        >>> try:
        ...     registry.build({"optimizer": {"type": "NoSuchOptimizer"}})
        ... except UnknownTypeError as error:
        ...     print(error.problems[0].message)
        no optimizer is called `NoSuchOptimizer`
    """

    # AttributeError would carry its own `name` and `obj` through pickle; the problems are all there is.
    __getstate__ = object.__getstate__


class UnknownNameError(UnknownTypeError, KeyError):
    """A catalog was indexed with a name that it does not have.

    Example:
        >>> from optim_core import UnknownNameError, registry
        >>> try:
        ...     registry.optimizers["NoSuchOptimizer"]
        ... except UnknownNameError as error:
        ...     print(error.problems[0].message)
        no optimizer is called `NoSuchOptimizer`
    """


class PluginError(OptimError):
    """Something is wrong with a plugin rather than with the config.

    Args:
        message: what is wrong, and the repair.
        distribution: the distribution that offers the plugin, None where there is none.
        version: its version, None where it cannot be read.

    Example:
        >>> from optim_core import PluginError, registry
        >>> try:
        ...     registry.register("optimizer", "Mine", dict)
        ... except PluginError as error:
        ...     print(error)
        cannot register `Mine`: `dict` is a class without attrs fields; decorate it with @attrs.frozen(kw_only=True)
    """

    def __init__(self, message: str, *, distribution: str | None = None, version: str | None = None) -> None:
        super().__init__(message)
        self.distribution = distribution
        self.version = version

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_plugin_error, (type(self), str(self), self.distribution, self.version)


def _rebuild_plugin_error(
    cls: type[PluginError], message: str, distribution: str | None, version: str | None
) -> PluginError:
    return cls(message, distribution=distribution, version=version)


class PluginLoadError(PluginError):
    """A plugin cannot be imported, or what its entry point names is not a plugin class.

    Example:
        >>> from optim_core import PluginLoadError
        >>> error = PluginLoadError("`Lion` cannot be imported", distribution="lion-plugin", version="1.0.0")
        >>> f"{error.distribution} {error.version}: {error}"
        'lion-plugin 1.0.0: `Lion` cannot be imported'
    """


class DuplicatePluginError(PluginError):
    """Several distributions claim the name that a config uses.

    Example:
        >>> from optim_core import DuplicatePluginError, registry
        >>> try:
        ...     registry.register("optimizer", "AdamW", registry.optimizers["Adam"])
        ... except DuplicatePluginError as error:
        ...     print(error.distribution)
        optim-torch-builtin
    """


class IncompatiblePluginError(PluginError):
    """A plugin's distribution does not admit the installed version of optim-core.

    Example:
        >>> from optim_core import IncompatiblePluginError
        >>> error = IncompatiblePluginError("needs optim-core>=9", distribution="lion-plugin", version="1.0.0")
        >>> f"{error.distribution} {error.version} {error}"
        'lion-plugin 1.0.0 needs optim-core>=9'
    """


class BlockedPluginError(PluginError):
    """A config names a plugin that a registry's `allow` or `block` keeps out.

    Example:
        >>> from optim_core import BlockedPluginError, Registry
        >>> try:
        ...     Registry(block=["AdamW"]).build({"type": "AdamW"})
        ... except BlockedPluginError as error:
        ...     print(error.distribution)
        optim-torch-builtin
    """


class ParamGroupError(OptimError, ValueError):
    """The parameters do not fit what the config or the caller says about them.

    Example:
        >>> import torch
        >>> from optim_core import ParamGroupError, registry
        >>> try:
        ...     registry.build({"type": "AdamW"}).create_optimizer(torch.nn.ReLU())
        ... except ParamGroupError as error:
        ...     print(error)
        ReLU has no parameter that requires a gradient
    """


class CheckpointMismatchError(OptimError, ValueError):
    """A saved state does not fit the objects that it is loaded into.

    Example:
        >>> import torch
        >>> from optim_core import CheckpointMismatchError, registry
        >>> adam, sgd = (registry.build({"optimizer": {"type": name}}) for name in ("Adam", "SGD"))
        >>> model = torch.nn.Linear(2, 1)
        >>> try:
        ...     sgd.create(model).load_state_dict(adam.create(model).state_dict())
        ... except CheckpointMismatchError as error:
        ...     print(error)
        the saved state does not fit:
            optimizers.default: the saved one is Adam, this one is SGD
        nothing was loaded; load the state as it was saved, or an older one

    Args:
        message: what does not fit.
        repair: where `changed` would say what counts, how; a program with another place for that says it instead.
    """

    def __init__(self, message: str, *, repair: str = "") -> None:
        super().__init__(f"{message}\n{repair}" if repair else message)
        self.reason = message
        self.repair = repair

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_mismatch_error, (type(self), self.reason, self.repair)


def _rebuild_mismatch_error(cls: type[CheckpointMismatchError], message: str, repair: str) -> CheckpointMismatchError:
    return cls(message, repair=repair)


class CheckpointError(OptimError, OSError):
    """The file of a checkpoint cannot be written, or cannot be read whole.

    A file that is whole and does not fit is a CheckpointMismatchError.

    Args:
        message: where, what and the repair.
        errno: the number of the system's error, None where there was none.

    Example:
        >>> from optim_core import CheckpointError, load_checkpoint
        >>> with open("last.pt", "w") as file:
        ...     _ = file.write("no checkpoint")
        >>> try:
        ...     load_checkpoint("last.pt")
        ... except CheckpointError as error:
        ...     print(error)
        last.pt is cut off or no checkpoint: File is not a zip file; load an older one
    """

    def __init__(self, message: str, *, errno: int | None = None) -> None:
        super().__init__(message)
        self.errno = errno

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_checkpoint_error, (type(self), str(self), self.errno)


def _rebuild_checkpoint_error(cls: type[CheckpointError], message: str, errno: int | None) -> CheckpointError:
    return cls(message, errno=errno)


class MissingCheckpointError(CheckpointError, FileNotFoundError):
    """There is no checkpoint at a path.

    Example:
        >>> from optim_core import load_checkpoint
        >>> try:
        ...     step = load_checkpoint("last.pt")["step"]
        ... except FileNotFoundError:
        ...     step = 0
        >>> step
        0
    """


class HorizonError(OptimError, ValueError):
    """A schedule needs a length of the run that the caller did not give.

    Args:
        message: what is wrong.
        needs: the length that is missing, as `Recipe.create` calls it: "total_steps", "steps_per_epoch" or "epochs".
        otherwise: what can be done in place of giving it to `create`.

    Example:
        >>> from optim_core import Horizon, HorizonError
        >>> try:
        ...     Horizon(epochs=3).require("total_steps", "OneCycleLR")
        ... except HorizonError as error:
        ...     print(error)
        OneCycleLR needs total_steps: pass total_steps=… to create() or set its length in the config
    """

    def __init__(self, message: str, *, needs: str | None = None, otherwise: str = "") -> None:
        super().__init__(message if needs is None else f"{message}: pass {needs}=… to create(){otherwise}")
        self.reason = message
        self.needs = needs
        self.otherwise = otherwise

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_horizon_error, (type(self), self.reason, self.needs, self.otherwise)


def _rebuild_horizon_error(cls: type[HorizonError], message: str, needs: str | None, otherwise: str) -> HorizonError:
    return cls(message, needs=needs, otherwise=otherwise)


class ConfigWarning(UserWarning):
    """A config is right, and most likely not what its author wants; `problems` lists what is told of it.

    With ``strict=True``, `registry.build` raises a ConfigError with the same problems.

    Example:
        >>> from optim_core.errors import ConfigWarning, Problem
        >>> print(ConfigWarning([Problem(path="max_grad_norm", message="is not read where it stands")]))
        max_grad_norm: is not read where it stands
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems,)


class UnusedConfigWarning(ConfigWarning):
    """Keys beside the recipe of a config speak of optimizers, schedules or clipping, where nothing reads them.

    With ``strict=True``, `registry.build` raises a ConfigError with the same problems. `problems` lists them.

    Example:
        >>> import warnings
        >>> from optim_core import UnusedConfigWarning, registry
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     recipe = registry.build({"training": {"optimizer": "adamw"}, "max_grad_norm": 1.0})
        >>> [problem.path for warning in caught for problem in warning.message.problems]
        ['max_grad_norm']
    """


class UnusualRateWarning(ConfigWarning):
    """The `lr` of a config is a rate for another optimizer, as it stays where nothing but the `type` is changed.

    Of Muon, `lr` is the rate of the matrices, and of LBFGS the length of a step: classes say so by ``lr_meaning``.

    Example:
        >>> import warnings
        >>> from optim_core import UnusualRateWarning, registry
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     spec = registry.build({"type": "LBFGS", "lr": 3e-4})
        >>> [problem.path for warning in caught for problem in warning.message.problems]
        ['lr']
    """


class CheckpointWarning(UserWarning):
    """A saved state is loaded that is not in everything of this run: another version, or values that stay as saved.

    Example:
        >>> from optim_core.errors import CheckpointWarning
        >>> issubclass(CheckpointWarning, UserWarning)
        True
    """
