"""What the names of optim_core.compat take and return, as a type checker sees it. mypy reads this file."""

from collections.abc import Mapping
from typing import Any, assert_type

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.tensorboard import SummaryWriter

from optim_core import StepResult
from optim_core.compat import (
    AdamSpec,
    AdamWSpec,
    DistributedOptimizer,
    GradientClipper,
    GradientMonitor,
    MixedPrecisionOptimizer,
    MuonSpec,
    OptimizerAndScheduler,
    OptimizerFactory,
    OptimizerMonitor,
    OptimizerSpecification,
    OptimizerType,
    SchedulerType,
    create_optimizer,
    create_optimizer_and_scheduler,
    create_optimizer_from_config,
    create_scheduler,
    create_scheduler_from_config,
    get_cosine_schedule_with_warmup,
    get_reduce_on_plateau_schedule,
    get_scheduler,
)
from optim_core.protocols import Clipper
from optim_core.run.monitors import CsvWriter

model = nn.Linear(2, 2)


def schedules(optimizer: Optimizer) -> None:
    """Names, and members of enumerations."""
    assert_type(get_scheduler("cosine", optimizer, 10, 100, {"num_cycles": 2}), LRScheduler)
    assert_type(get_scheduler(SchedulerType.LINEAR, optimizer, num_training_steps=100), LRScheduler)
    assert_type(get_cosine_schedule_with_warmup(optimizer, 10, 100, last_epoch=3), LRScheduler)
    assert_type(get_reduce_on_plateau_schedule(optimizer, patience=3), LRScheduler)
    get_scheduler("cosine")  # type: ignore[call-arg]
    as_text: str = OptimizerType.ADAM
    assert_type(as_text, str)


def specifications() -> None:
    """Specifications have typed parameters."""
    spec: OptimizerSpecification = AdamSpec(learning_rate=0.1, betas=(0.9, 0.99))
    assert_type(spec.optimizer_type, str)
    assert_type(MuonSpec.optimizer_type, str)
    assert_type(AdamWSpec().lr_decay_gamma, float | None)
    assert_type(spec.to_dict(), dict[str, Any])
    optimizer = spec.create_optimizer(model, lr_multipliers={model: 2.0})
    assert_type(optimizer, Optimizer)
    assert_type(spec.create_optimizer_for_multiple([model, model]), Optimizer)
    assert_type(spec.create_scheduler(optimizer), LRScheduler | None)
    assert_type(OptimizerSpecification.from_serialized("adam", {}), OptimizerSpecification)
    AdamSpec(lr=0.1)  # type: ignore[call-arg]
    AdamSpec().learning_rate = 0.1  # type: ignore[misc]


def functions() -> None:
    """Functions make live objects of torch's types."""
    optimizer = create_optimizer(model.parameters(), optimizer_name="adam", lr=1e-4)
    assert_type(optimizer, Optimizer)
    assert_type(create_optimizer(model=model, optimizer_type="adam", lr_multipliers={model: 2.0}), Optimizer)
    assert_type(create_scheduler(optimizer, scheduler_name="cosine", epochs=3), LRScheduler)
    assert_type(create_optimizer_from_config({"type": "Adam", "config": {}}, model.parameters()), Optimizer)
    assert_type(create_scheduler_from_config({"type": "StepLR", "config": {"step_size": 3}}, optimizer), LRScheduler)
    created = create_optimizer_and_scheduler(model.parameters(), optimizer_name="adam")
    assert_type(created, OptimizerAndScheduler)
    assert_type(created.clipper, Clipper | None)
    first, second = OptimizerFactory().create_optimizer_and_scheduler(model, {"type": "adam"}, epochs=3)
    assert_type(first, Optimizer)
    assert_type(second, LRScheduler | None)
    assert_type(OptimizerFactory().create_scheduler(optimizer, {"type": "cosine"}, total_steps=9), LRScheduler)


def clipping() -> None:
    """The norm is a tensor."""
    clipper = GradientClipper(max_norm=1.0, norm_type=2, adaptive=True, clip_factor=0.1)
    assert_type(clipper.clip_gradients(model.parameters()), Tensor)
    GradientClipper(max_nrm=1.0)  # type: ignore[call-arg]


def monitors() -> None:
    """Reports go to functions, to what has add_scalar, and to several of these."""
    optimizer = create_optimizer(model=model, optimizer_type="adam")
    reports: list[Mapping[str, float]] = []
    OptimizerMonitor(optimizer=optimizer, log_interval=100).log_lr(0)
    OptimizerMonitor(optimizer, to=[reports.append, CsvWriter("run.csv"), SummaryWriter("runs")])
    GradientMonitor(model=model, log_interval=100, to=print, depth=1).log_gradients()
    GradientMonitor(model, to="run.csv")  # type: ignore[arg-type]


def wrapped() -> None:
    """They step as a run does."""
    mixed = MixedPrecisionOptimizer(model=model, optimizer_type="adamw", learning_rate=1e-4, use_amp=True)
    with mixed.autocast():
        loss = model(torch.ones(1, 8)).sum()
    assert_type(mixed.scale(loss), Tensor)
    assert_type(mixed.step(loss), StepResult)
    divided = DistributedOptimizer(model=model, optimizer_type="adamw", learning_rate=1e-4, world_size=4)
    assert_type(divided.step(), StepResult)
    assert_type(divided.scheduler, LRScheduler | None)
