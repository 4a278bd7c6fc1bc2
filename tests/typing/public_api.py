"""What the public names take and return, as a type checker sees it. mypy reads this file; nothing runs it."""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, assert_type

from numpy.typing import NDArray
from torch import Tensor, nn
from torch.amp import GradScaler
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from optim_core import (
    Catalog,
    ClipperSpec,
    ConfigError,
    Duration,
    Horizon,
    Optimization,
    OptimizerSpec,
    ParameterInfo,
    PluginError,
    PluginRecord,
    Problem,
    Recipe,
    Registry,
    SchedulerSpec,
    StepResult,
    __version__,
    registry,
)
from optim_core.explain import Explanation, ParameterPlan
from optim_core.groups.rule import GroupRule
from optim_core.protocols import Clipper, ClipperPlugin, OptimizerPlugin, Provider, SchedulerPlugin

model = nn.Linear(2, 2)

assert_type(__version__, str)
assert_type(registry, Registry)

# The registry.
Registry(allow=["optim-torch-builtin"], block=("x",), prefer={"Muon": "optim-muon"}, path=["site-packages"])
assert_type(registry.optimizers, Catalog)
assert_type(registry.schedulers, Catalog)
assert_type(registry.clippers, Catalog)
assert_type(registry.refresh(), None)
assert_type(registry.register("optimizer", "Mine", object), None)
registry.register("optimiser", "Mine", object)  # type: ignore[arg-type]
registry.build("train.yaml", overrides=["optimizer.config.lr=1e-3"])
assert_type(registry.build(Path("train.yaml"), kind="optimizer"), OptimizerSpec)
assert_type(registry.build({"type": "StepLR"}, "scheduler"), SchedulerSpec)
assert_type(registry.build({"type": "norm"}, "clipper"), ClipperSpec)
assert_type(registry.schema(), dict[str, Any])
registry.build(Namespace(optimizer="adamw"))
registry.build(["AdamW"])  # type: ignore[call-overload]

# A catalog is a mapping of names to plugin classes.
catalog = registry.optimizers
as_mapping: Mapping[str, type[Any]] = catalog
assert_type(catalog["AdamW"], type[Any])
assert_type("AdamW" in catalog, bool)
assert_type(list(catalog), list[str])
assert_type(catalog.plugins(), list[PluginRecord])
record = catalog.plugins()[0]
assert_type(record.name, str)
assert_type(record.kind, Literal["optimizer", "scheduler", "clipper", "model", "dataset", "logger", "demo"])
assert_type(record.version, str | None)
assert_type(record.state, Literal["ok", "broken", "blocked", "ambiguous", "incompatible"])
assert_type(record.error, str | None)


def specs(optimizer_spec: OptimizerSpec, scheduler_spec: SchedulerSpec, clipper_spec: ClipperSpec) -> None:
    """Specs make live objects of torch's types."""
    assert_type(optimizer_spec.type, str)
    assert_type(optimizer_spec.provided_by, str)
    assert_type(optimizer_spec.lr_decay_gamma, float | None)
    assert_type(optimizer_spec.create_optimizer(model), Optimizer)
    assert_type(optimizer_spec.create_optimizer(model.parameters(), lr_multipliers={model: 2.0}), Optimizer)
    optimizer = optimizer_spec.create_optimizer_for_multiple([model, model])
    assert_type(optimizer, Optimizer)
    assert_type(optimizer_spec.create_scheduler(optimizer), LRScheduler | None)

    assert_type(scheduler_spec.interval, Literal["step", "epoch"])
    assert_type(scheduler_spec.monitor, str | None)
    horizon = Horizon(total_steps=100, steps_per_epoch=10)
    assert_type(horizon.require("epochs", "a schedule"), int)
    assert_type(scheduler_spec.create_scheduler(optimizer, horizon=horizon, last_step=3), LRScheduler)
    scheduler_spec.create_scheduler(optimizer, horizon)  # type: ignore[call-arg]
    assert_type(scheduler_spec.curve(range(0, 100, 10), 1e-3, horizon=horizon), NDArray[Any])
    assert_type(scheduler_spec.curve(100, base_lr=1e-3, metrics=[0.5]), NDArray[Any])
    assert_type(Duration.of("5%").resolve(horizon, "mine.warmup"), int)

    assert_type(clipper_spec.create_clipper(), Clipper)
    assert_type(clipper_spec.create_clipper().clip(model.parameters()), Tensor)
    assert_type(registry.to_config(optimizer_spec), dict[str, Any])


def recipes(recipe: Recipe) -> None:
    """A recipe makes an Optimization."""
    assert_type(recipe.optimizer, OptimizerSpec)
    assert_type(recipe.scheduler, SchedulerSpec | None)
    assert_type(recipe.clipper, ClipperSpec | None)
    assert_type(registry.recipe("train.yaml", overrides=["optimizer.config.lr=1e-3"]), Recipe)
    assert_type(registry.recipe({"type": "AdamW"}).create(model), Optimization)
    assert_type(recipe.needs, frozenset[Literal["closure", "create_graph", "gradients", "metric", "modes"]])
    assert_type(recipe.optimizers, dict[str, OptimizerSpec])
    assert_type(recipe.schedulers, dict[str, SchedulerSpec])
    run = recipe.create(model, total_steps=100, steps_per_epoch=10, lr_multipliers={model: 0.5})
    assert_type(run, Optimization)
    assert_type(recipe.create({"generator": model, "discriminator": model}), Optimization)
    assert_type(registry.to_config(recipe), dict[str, Any])

    assert_type(run.optimizer, Optimizer)
    assert_type(run.scheduler, LRScheduler | None)
    assert_type(run.clipper, Clipper | None)
    assert_type(run.optimizers["generator"], Optimizer)
    assert_type(run.schedulers["generator"], LRScheduler)
    assert_type(run.state_dict(), dict[str, Any])
    assert_type(run.load_state_dict(run.state_dict()), None)
    run.load_state_dict(run.state_dict(), changed="config")
    run.load_state_dict(run.state_dict(), changed=["optimizer.config.lr"])
    assert_type(iter(run), Iterator[Any])


def loops(run: Optimization, scaler: GradScaler, loss: Tensor) -> None:
    """The training loop."""
    done = run.step(lambda: loss, scaler=scaler, metric={"val_loss": 0.5})
    assert_type(done, StepResult)
    assert_type(run.step(), StepResult)
    assert_type(run.step(loss, metric=0.5), StepResult)
    assert_type(float(done.loss), float)
    assert_type(done.grad_norm, Tensor | None)
    assert_type(done.lr, float | Tensor)
    assert_type(done.skipped, bool | Tensor)
    assert_type(run["generator"].step(loss), StepResult)
    assert_type(run.end_epoch({"val_loss": loss}), None)
    assert_type(run.train(), None)
    assert_type(run.eval(), None)


def errors(config_error: ConfigError, plugin_error: PluginError) -> None:
    """Errors are data."""
    assert_type(config_error.problems, tuple[Problem, ...])
    assert_type(config_error.problems[0].path, str)
    assert_type(config_error.problems[0].line, int | None)
    assert_type(plugin_error.distribution, str | None)


def protocols(
    optimizer: OptimizerPlugin, scheduler: SchedulerPlugin, clipper: ClipperPlugin, provider: Provider
) -> None:
    """The protocols say what `build` is given and returns."""
    made = optimizer.build(model.parameters())
    assert_type(made, Optimizer)
    assert_type(scheduler.build(made, Horizon()), LRScheduler)
    assert_type(clipper.build(), Clipper)
    assert_type(provider.load("AdamW"), type[Any])


def builtin_classes_fit_the_protocols() -> None:
    """Classes of optim-torch-builtin are what the protocols describe."""
    from optim_torch_builtin.clippers.norm import NormClipper
    from optim_torch_builtin.optimizers.adamw import AdamW
    from optim_torch_builtin.schedulers.one_cycle_lr import OneCycleLR

    optimizer: OptimizerPlugin = AdamW(lr=1e-3)
    scheduler: SchedulerPlugin = OneCycleLR(max_lr=1e-3)
    clipper: ClipperPlugin = NormClipper(max_norm=1.0)
    protocols(optimizer, scheduler, clipper, provider=None)  # type: ignore[arg-type]


def parameter_groups(spec: OptimizerSpec, recipe: Recipe, info: ParameterInfo) -> None:
    """Rules, what a hook is told, and what explains them."""
    assert_type(spec.param_groups, tuple[GroupRule, ...])
    assert_type(spec.no_decay, tuple[str, ...])
    assert_type(spec.layer_decay, float | None)
    assert_type(registry.explain(spec, model), Explanation)
    plans = registry.explain(recipe, {"default": model}, lr_multipliers={model: 2.0})
    assert_type(plans["weight"], ParameterPlan)
    assert_type([plan.lr for plan in plans], list[float | None])
    assert_type(plans["weight"].decided_by, tuple[str, ...])
    assert_type(info.shape, tuple[int, ...])
    assert_type(info.is_head, bool | None)
