"""The same training by the calls of somebody who knows the plugin, and by `run.step`, which knows none."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from optim_conformance.subject import Subject
from optim_conformance.trials.training import SEED, WEIGHTS, Run, begin, model_of, seed
from optim_conformance.trials.walking import horizon_of, metric
from optim_core.plugin_class.needs import has_modes
from optim_core.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter

    from optim_core import Optimization, Recipe

__all__ = [
    "STEPS",
    "clipped_by_hand",
    "clipped_by_loop",
    "scheduled_by_hand",
    "scheduled_by_loop",
    "trained_by_hand",
    "trained_by_loop",
]


# Steps of a run, and of an epoch in it.
STEPS, EPOCH = 20, 5
# The name of the optimizer that schedules and clippers are tried with.
PLAIN = "PlainSGD of the kit"
LR = 0.05


@attrs.frozen(kw_only=True)
class PlainSGD:
    """SGD with momentum, which is there whatever is installed.

    Args:
        lr: learning rate.
    """

    lr: float = LR

    def build(self, params: Any) -> Any:
        """Make the optimizer."""
        from torch.optim import SGD

        return SGD(params, lr=self.lr, momentum=0.9)


# -- an optimizer ----------------------------------------------------------------------------------------------------


def trained_by_hand(subject: Subject, steps: int) -> Run:
    """Train as the manual of an optimizer says that needs what this one says that it needs."""
    from torch import enable_grad

    run = begin(subject)
    optimizer: Any = run.optimizer
    for step in range(steps):
        seed(SEED + step)
        if run.sparse:
            run.backward(_weight(step))
            optimizer.step()
            continue

        def compute(step: int = step) -> Tensor:
            optimizer.zero_grad()
            with enable_grad():
                loss = _weighted(run, step)
                loss.backward(create_graph="create_graph" in subject.needs)
            return loss

        if "closure" not in subject.needs or "gradients" in subject.needs:
            compute()
        if "closure" in subject.needs:
            optimizer.step(compute)
        else:
            optimizer.step()
    if has_modes(optimizer):
        optimizer.eval()
    return run


def trained_by_loop(subject: Subject, steps: int) -> Run:
    """Train by `run.step` of a recipe, which is given a function; gradients that are sparse are there already."""
    like = begin(subject)
    config = {"optimizer": {"type": subject.address, "config": subject.config}}
    model = model_of(subject)
    seed(SEED)
    live = subject.known_to.recipe(config).create(model)
    run = attrs.evolve(like, model=model, optimizer=live.optimizer)
    for step in range(steps):
        seed(SEED + step)
        if run.sparse:
            run.backward(_weight(step))
            live.step()
        else:
            live.step(partial(_weighted, run, step))
    live.eval()
    return run


def _weighted(run: Run, step: int) -> Tensor:
    return run.loss() * _weight(step)


def _weight(step: int) -> float:
    return WEIGHTS[step % len(WEIGHTS)]


# -- a schedule ------------------------------------------------------------------------------------------------------


def scheduled_by_hand(subject: Subject) -> list[Any]:
    """Return the rates, and then the parameters, of a run whose schedule is stepped when and with what it says."""
    recipe, parameters = _recipe_with(subject, "scheduler"), _parameters()
    spec = subject.spec()
    optimizer: Any = recipe.optimizer.create_optimizer(parameters)
    scheduler: Any = spec.create_scheduler(optimizer, horizon=horizon_of(spec))
    rates = []
    for step in range(STEPS):
        optimizer.zero_grad()
        _loss(parameters, step).backward()
        optimizer.step()
        if spec.interval == "step" or (step + 1) % EPOCH == 0:
            scheduler.step(*([metric(step)] if spec.waits_for_metric else []))
        rates.append([float(group["lr"]) for group in optimizer.param_groups])
    return [repr(rates), *_copies(parameters)]


def scheduled_by_loop(subject: Subject) -> list[Any]:
    """Return the same of a run that is trained by `run.step` and `run.end_epoch`."""
    parameters = _parameters()
    run = _created(_recipe_with(subject, "scheduler"), parameters, subject)
    rates = []
    for step in range(STEPS):
        run.step(partial(_loss, parameters, step), metric=metric(step))
        if (step + 1) % EPOCH == 0:
            run.end_epoch(metric(step))
        rates.append([float(group["lr"]) for group in run.optimizer.param_groups])
    return [repr(rates), *_copies(parameters)]


def _created(recipe: Recipe, parameters: list[Parameter], subject: Subject) -> Optimization:
    length = horizon_of(subject.spec())
    return recipe.create(
        parameters,
        total_steps=length.total_steps,
        steps_per_epoch=length.steps_per_epoch,
        epochs=None if length.total_steps else length.epochs,
    )


# -- a clipper -------------------------------------------------------------------------------------------------------


def clipped_by_hand(subject: Subject) -> list[Any]:
    """Return the norms, and then the parameters, of a run whose gradients are clipped before each step."""
    recipe, parameters = _recipe_with(subject, "gradient_clipping"), _parameters()
    optimizer: Any = recipe.optimizer.create_optimizer(parameters)
    clipper = subject.spec().create_clipper()
    norms = []
    for step in range(STEPS):
        optimizer.zero_grad()
        _loss(parameters, step).backward()
        norms.append(float(clipper.clip(parameters)))
        optimizer.step()
    return [repr(norms), *_copies(parameters)]


def clipped_by_loop(subject: Subject) -> list[Any]:
    """Return the same of a run that is trained by `run.step`."""
    parameters = _parameters()
    run = _recipe_with(subject, "gradient_clipping").create(parameters)
    done = [run.step(partial(_loss, parameters, step)) for step in range(STEPS)]
    return [repr([float(each.grad_norm) for each in done if each.grad_norm is not None]), *_copies(parameters)]


# -- what both are tried with ----------------------------------------------------------------------------------------


def _recipe_with(subject: Subject, key: str) -> Recipe:
    """Return a recipe of a plain optimizer and the subject."""
    known_to: Registry = subject.known_to.without([])
    known_to.register("optimizer", PLAIN, PlainSGD)
    return known_to.recipe({"optimizer": {"type": PLAIN}, key: {"type": subject.address, "config": subject.config}})


def _parameters() -> list[Parameter]:
    import torch

    return [torch.nn.Parameter(torch.linspace(-1.0, 2.0, count)) for count in (3, 5)]


def _loss(parameters: list[Parameter], step: int) -> Tensor:
    import torch

    return torch.cat([parameter.square() for parameter in parameters]).sum() * _weight(step)


def _copies(parameters: list[Parameter]) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in parameters]
