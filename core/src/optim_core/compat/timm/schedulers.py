"""timm's create_scheduler_v2: schedules that are told the epoch or the number of updates, and set the rate of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optim_core.compat.arguments import as_arguments, key_of, problem
from optim_core.errors import ConfigError
from optim_core.registry import registry
from optim_core.text.values import shown

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from optim_core.specs import SchedulerSpec

__all__ = ["Scheduler", "create_scheduler", "create_scheduler_v2", "scheduler_kwargs"]

# These end, and may have a cooldown behind that.
_ENDING = ("cosine", "tanh", "poly")
# The keys of timm's args.yaml to the arguments.
_ARGUMENTS = {
    "epochs": "num_epochs",
    "lr_noise": "noise",
    "lr_cycle_limit": "cycle_limit",
    "lr_k_decay": "k_decay",
    "lr": "optimizer",
}
# The rates of so many steps are worked out at first, and of twice as many whenever they do not do.
_FIRST = 512


class Scheduler:
    """A schedule of timm's: a function of the epoch, or of the number of updates, which the training loop counts.

    A group's rate is that of its ``initial_lr``, times its ``lr_scale`` where it has one.

    Args:
        optimizer: its groups' ``lr`` are the base rates, or their ``initial_lr`` where a scheduler wrote that.
        arguments: the arguments of timm's train.py, with lengths in epochs or in updates.
        t_in_epochs: whether `step` acts, which is called after each epoch, or `step_update`, after each update.

    Example:
        >>> import torch
        >>> from optim_core.compat.timm import create_scheduler_v2
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.5)
        >>> scheduler, num_epochs = create_scheduler_v2(optimizer, "cosine", num_epochs=10)
        >>> scheduler.step(5)
        >>> round(optimizer.param_groups[0]["lr"], 6)
        0.25
    """

    def __init__(self, optimizer: Optimizer, arguments: Mapping[str, Any], *, t_in_epochs: bool = True) -> None:
        self.optimizer = optimizer
        self.t_in_epochs = t_in_epochs
        self.metric: float | None = None
        groups = optimizer.param_groups
        self.base_values: list[float] = [float(group.get("initial_lr", group["lr"])) for group in groups]
        self._arguments = dict(arguments)
        self._specs = {base: _spec(self._arguments, base) for base in self.base_values}
        for group, base in zip(groups, self.base_values, strict=True):
            group["initial_lr"] = base
        self._rates: dict[float, Any] = {}
        self._set([self._first(base) for base in self.base_values])

    def step(self, epoch: int, metric: float | None = None) -> None:
        """Set the rates for an epoch: called with ``epoch + 1`` at the end of each; nothing where it goes by updates.

        Example:
            >>> import torch
            >>> from optim_core.compat.timm import create_scheduler_v2
            >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.5)
            >>> scheduler, _ = create_scheduler_v2(optimizer, "step", decay_epochs=3, decay_rate=0.5)
            >>> scheduler.step(3)
            >>> optimizer.param_groups[0]["lr"]
            0.25
        """
        self.metric = metric
        if self.t_in_epochs:
            self._go_to(epoch)

    def step_update(self, num_updates: int, metric: float | None = None) -> None:
        """Set the rates for a number of updates: called after each; nothing where it goes by epochs.

        Example:
            >>> import torch
            >>> from optim_core.compat.timm import create_scheduler_v2
            >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.5)
            >>> scheduler, _ = create_scheduler_v2(
            ...     optimizer, "cosine", num_epochs=10, step_on_epochs=False, updates_per_epoch=4
            ... )
            >>> scheduler.step_update(20)
            >>> round(optimizer.param_groups[0]["lr"], 6)
            0.25
        """
        self.metric = metric
        if not self.t_in_epochs:
            self._go_to(num_updates)

    def state_dict(self) -> dict[str, Any]:
        """Return the base rates; all else is a function of what `step` is told.

        Example:
            >>> import torch
            >>> from optim_core.compat.timm import create_scheduler_v2
            >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.5)
            >>> create_scheduler_v2(optimizer, "cosine", num_epochs=10)[0].state_dict()
            {'base_values': [0.5], 'metric': None}
        """
        return {"base_values": list(self.base_values), "metric": self.metric}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take the base rates of a saved schedule; `step` sets the rates.

        Raises:
            ConfigError: it is of another number of groups.

        Example:
            >>> import torch
            >>> from optim_core.compat.timm import create_scheduler_v2
            >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.5)
            >>> scheduler, _ = create_scheduler_v2(optimizer, "cosine", num_epochs=10)
            >>> scheduler.load_state_dict({"base_values": [0.1], "metric": None})
            >>> scheduler.step(0)
            >>> optimizer.param_groups[0]["lr"]
            0.1
        """
        bases = [float(base) for base in state_dict["base_values"]]
        if len(bases) != len(self.base_values):
            seen = f"has {len(bases)} rates, and the optimizer {len(self.base_values)} groups"
            raise ConfigError([problem("base_values", seen)])
        self._specs |= {base: _spec(self._arguments, base) for base in bases if base not in self._specs}
        self.base_values = bases
        self.metric = state_dict.get("metric")

    def _first(self, base: float) -> float:
        return float(self._arguments["warmup_lr"]) if self._arguments["warmup_epochs"] else base

    def _go_to(self, t: int) -> None:
        self._set([self._rate(base, t) for base in self.base_values])

    def _rate(self, base: float, t: int) -> float:
        if t < 0:
            raise ConfigError([problem("epoch" if self.t_in_epochs else "num_updates", f"must be ≥ 0, is {shown(t)}")])
        spec = self._specs[base]
        if spec is None:
            return base
        known = self._rates.get(base)
        if known is None or t >= len(known):
            known = self._rates[base] = spec.curve(range(max(_FIRST, 2 * t)), base_lr=base)
        return float(known[t])

    def _set(self, values: Sequence[float]) -> None:
        for group, value in zip(self.optimizer.param_groups, values, strict=True):
            group["lr"] = value * group.get("lr_scale", 1.0)


class _Plateau(Scheduler):
    """torch's ReduceLROnPlateau, behind a warmup by epochs."""

    def __init__(self, optimizer: Optimizer, arguments: Mapping[str, Any]) -> None:
        _refuse_noise(arguments)
        config = {
            "mode": arguments["plateau_mode"],
            "factor": arguments["decay_rate"],
            "patience": arguments["patience_epochs"],
            "min_lr": arguments["min_lr"],
        }
        words = {"mode": "plateau_mode", "factor": "decay_rate", "patience": "patience_epochs"}
        with as_arguments(lambda path: words.get(path.removeprefix("config."), path.removeprefix("config."))):
            spec = registry.build({"type": "optim-torch-builtin:ReduceLROnPlateau", "config": config}, "scheduler")
        super().__init__(optimizer, {**arguments, "sched": "none"})
        self.lr_scheduler: Any = spec.create_scheduler(optimizer)

    def step(self, epoch: int, metric: float | None = None) -> None:
        self.metric = metric
        warmup, first = self._arguments["warmup_epochs"], self._arguments["warmup_lr"]
        if epoch <= warmup:
            self._set([first + epoch * (base - first) / warmup if warmup else base for base in self.base_values])
        elif metric is not None:
            self.lr_scheduler.step(metric)

    def step_update(self, num_updates: int, metric: float | None = None) -> None:
        """Do nothing: it goes by epochs."""

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "lr_scheduler": self.lr_scheduler.state_dict()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self.lr_scheduler.load_state_dict(state_dict["lr_scheduler"])


def create_scheduler_v2(
    optimizer: Optimizer,
    sched: str = "cosine",
    num_epochs: int = 300,
    decay_epochs: float | None = None,
    decay_milestones: Sequence[int] = (90, 180, 270),
    cooldown_epochs: int = 0,
    patience_epochs: int = 10,
    decay_rate: float = 0.1,
    min_lr: float = 0.0,
    warmup_lr: float = 1e-5,
    warmup_epochs: int = 0,
    warmup_prefix: bool = False,
    noise: float | Sequence[float] | None = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,  # noqa: ARG001 - timm's signature; without noise it means nothing
    cycle_mul: float = 1.0,
    cycle_decay: float = 0.1,
    cycle_limit: int = 1,
    k_decay: float = 1.0,
    decay_fn: str | None = None,
    stable_timescale: float | None = None,
    plateau_mode: str = "max",
    step_on_epochs: bool = True,
    updates_per_epoch: int = 0,
) -> tuple[Scheduler | None, int]:
    """Make the schedule that timm has under a name, as ``timm.scheduler.create_scheduler_v2`` does.

    Args:
        optimizer: its groups' ``lr`` are the base rates.
        sched: cosine, tanh, poly, step, multistep, constant, plateau, or none.
        num_epochs: the length without the cooldown, and without the warmup where that is a prefix.
        decay_epochs: epochs between two decays, for ``step``; None is 90.
        decay_milestones: epochs of a decay, for ``multistep``.
        cooldown_epochs: epochs at the end with the last rate.
        patience_epochs: epochs without improvement before a decay, for ``plateau``.
        decay_rate: the factor of a decay; for ``poly`` the power.
        min_lr: the lowest rate.
        warmup_lr: the rate with which the warmup begins.
        warmup_epochs: epochs of the warmup.
        warmup_prefix: whether the schedule begins behind the warmup.
        noise: refused: no schedule here has any.
        noise_pct: of the noise.
        noise_std: of the noise.
        noise_seed: of the noise.
        cycle_mul: of cycles.
        cycle_decay: of cycles.
        cycle_limit: 1; more cycles are refused.
        k_decay: the power of the progress, for ``cosine`` and ``poly``.
        decay_fn: refused: it is of ``wsd`` and ``rsqrt``, which are not here.
        stable_timescale: refused, too.
        plateau_mode: "max" where a higher metric is better, or "min".
        step_on_epochs: whether ``step(epoch)`` acts; else ``step_update(num_updates)`` does.
        updates_per_epoch: needed where it goes by updates.

    Returns:
        The schedule, None for "none", and for how many epochs to train, cooldown and prefix included.

    Raises:
        ConfigError: with what is wrong or not here; the path is the argument.

    Example:
        >>> import torch
        >>> from optim_core.compat.timm import create_scheduler_v2
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.5)
        >>> scheduler, num_epochs = create_scheduler_v2(
        ...     optimizer, num_epochs=10, warmup_epochs=2, warmup_prefix=True, cooldown_epochs=3
        ... )
        >>> num_epochs, optimizer.param_groups[0]["lr"]
        (15, 1e-05)
    """
    for name, value in (("decay_fn", decay_fn), ("stable_timescale", stable_timescale)):
        if value is not None:
            raise ConfigError([problem(name, "is of timm's wsd and rsqrt, which are not here")])
    unit = 1 if step_on_epochs else updates_per_epoch
    if unit <= 0:
        raise ConfigError([problem("updates_per_epoch", f"must be > 0 with step_on_epochs=False, is {shown(unit)}")])
    arguments = {
        "sched": sched,
        "epochs": _whole(num_epochs * unit),
        "decay_epochs": _whole((90 if decay_epochs is None else decay_epochs) * unit),
        "decay_milestones": [_whole(each * unit) for each in decay_milestones],
        "patience_epochs": patience_epochs,
        "decay_rate": decay_rate,
        "min_lr": min_lr,
        "warmup_lr": warmup_lr,
        "warmup_epochs": _whole(warmup_epochs * unit),
        "warmup_prefix": warmup_prefix,
        "lr_noise": noise,
        "lr_noise_pct": noise_pct,
        "lr_noise_std": noise_std,
        "lr_cycle_mul": cycle_mul,
        "lr_cycle_decay": cycle_decay,
        "lr_cycle_limit": cycle_limit,
        "lr_k_decay": k_decay,
        "plateau_mode": plateau_mode,
    }
    total = num_epochs + (warmup_epochs if warmup_prefix else 0)
    if sched in _ENDING:
        total += cooldown_epochs
    if sched == "none":
        return None, total
    if sched != "plateau":
        return Scheduler(optimizer, arguments, t_in_epochs=step_on_epochs), total
    if not step_on_epochs:
        raise ConfigError([problem("step_on_epochs", "must be True for plateau, which goes by epochs")])
    return _Plateau(optimizer, arguments), total


def create_scheduler(args: Any, optimizer: Optimizer, updates_per_epoch: int = 0) -> tuple[Scheduler | None, int]:
    """Make the schedule of the arguments of a command line, as timm's train.py has them.

    Example:
        >>> from types import SimpleNamespace
        >>> import torch
        >>> from optim_core.compat.timm import create_scheduler
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.5)
        >>> scheduler, num_epochs = create_scheduler(SimpleNamespace(sched="cosine", epochs=10), optimizer)
        >>> num_epochs
        10
    """
    return create_scheduler_v2(optimizer, **scheduler_kwargs(args), updates_per_epoch=updates_per_epoch)


def scheduler_kwargs(cfg: Any, decreasing_metric: bool | None = None) -> dict[str, Any]:
    """Return the arguments of `create_scheduler_v2` that those of a command line say.

    Args:
        cfg: what argparse gives.
        decreasing_metric: whether a lower metric is better; None asks ``eval_metric``, of which a loss is.

    Example:
        >>> from types import SimpleNamespace
        >>> from optim_core.compat.timm import scheduler_kwargs
        >>> scheduler_kwargs(SimpleNamespace(sched="cosine"))["num_epochs"]
        100
    """
    if decreasing_metric is None:
        decreasing_metric = "loss" in getattr(cfg, "eval_metric", "top1")
    said = {
        argument: getattr(cfg, word, default)
        for argument, word, default in (
            ("num_epochs", "epochs", 100),
            ("decay_epochs", "decay_epochs", 30),
            ("decay_milestones", "decay_milestones", [30, 60]),
            ("warmup_epochs", "warmup_epochs", 5),
            ("cooldown_epochs", "cooldown_epochs", 0),
            ("patience_epochs", "patience_epochs", 10),
            ("decay_rate", "decay_rate", 0.1),
            ("min_lr", "min_lr", 0.0),
            ("warmup_lr", "warmup_lr", 1e-5),
            ("warmup_prefix", "warmup_prefix", False),
            ("noise", "lr_noise", None),
            ("noise_pct", "lr_noise_pct", 0.67),
            ("noise_std", "lr_noise_std", 1.0),
            ("noise_seed", "seed", 42),
            ("cycle_mul", "lr_cycle_mul", 1.0),
            ("cycle_decay", "lr_cycle_decay", 0.1),
            ("cycle_limit", "lr_cycle_limit", 1),
            ("k_decay", "lr_k_decay", 1.0),
            ("decay_fn", "lr_decay_fn", None),
            ("stable_timescale", "lr_stable_timescale", None),
        )
    }
    by_updates = getattr(cfg, "sched_on_updates", False)
    mode = "min" if decreasing_metric else "max"
    return {"sched": cfg.sched, **said, "plateau_mode": mode, "step_on_epochs": not by_updates}


def _whole(number: float) -> float:
    return int(number) if float(number).is_integer() else number


def _refuse_noise(arguments: Mapping[str, Any]) -> None:
    if arguments["lr_noise"] is not None:
        raise ConfigError([problem("noise", "is not here: no schedule has a rate with noise")])


def _spec(arguments: Mapping[str, Any], base: float) -> SchedulerSpec | None:
    """Return the schedule for groups with a base rate, as `optim migrate` makes it; None where the rate stays.

    Raises:
        ConfigError: nothing here is the same; the paths are the arguments of `create_scheduler_v2`.
    """
    if arguments["sched"] == "none":
        return None
    own = {key: value for key, value in arguments.items() if key != "plateau_mode"}
    with as_arguments(lambda path: _ARGUMENTS.get(key_of(path), path)):
        found = registry.migration({"opt": "sgd", "weight_decay": 0.0, "lr": base, **own}, origin="timm").config
        if "scheduler" not in found:
            return None
        return registry.build(_by_steps(found["scheduler"]), "scheduler")


def _by_steps(component: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schedule, and one in it, as stepped by whatever unit its lengths have."""
    config = dict(component.get("config", {}))
    if isinstance(config.get("scheduler"), Mapping):
        config["scheduler"] = _by_steps(config["scheduler"])
    return {**component, "config": config, "interval": "step"}
