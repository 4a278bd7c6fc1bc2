"""What must be true of a model."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.around_training import (
    at_work,
    batch_of,
    losses_of,
    require_plain_tensor,
    same,
    trained_by,
)
from optim_core.plugin_tools import listing

__all__: list[str] = []

STEPS = 30
RATE = 1e-3


def _require_own_losses(model: Any) -> None:
    if not callable(getattr(model, "loss", None)) and not callable(getattr(model, "losses", None)):
        raise DoesNotApply("it is a LightningModule, whose own steps count")


@property_of("model")
def losses(subject: Subject) -> None:
    """Its losses are finite tensors of shape (), one or several by name, and computing them leaves the batch alone."""
    with at_work(subject) as model:
        _require_own_losses(model)
        batch = batch_of(subject)
        before = copy.deepcopy(batch)
        if not callable(getattr(model, "losses", None)):
            given = model.loss(batch)
            for name, value in (given if isinstance(given, Mapping) else {"loss": given}).items():
                require_plain_tensor(name, value)
        for name, compute in losses_of(model, batch).items():
            require_plain_tensor(name, compute())
        if not same(before, batch):
            raise Differs("the batch as it was", "computing the loss changed it")


@property_of("model")
def names(subject: Subject) -> None:
    """Where several optimizers train it, `losses` and `trained` have the same names, and share no parameter."""
    with at_work(subject) as model:
        if not callable(getattr(model, "losses", None)):
            raise DoesNotApply("it has one loss")
        found, trained = list(losses_of(model, batch_of(subject))), trained_by(model)
        if set(found) != set(trained):
            raise Differs(f"losses of {listing(trained)}, which `trained` has", listing(found) or "none")
        seen: set[int] = set()
        for name, module in trained.items():
            own = {id(parameter) for parameter in module.parameters()}
            if own & seen:
                raise Differs("each parameter trained by one optimizer", f"{name} trains some of another's")
            seen |= own


@property_of("model")
def gradients(subject: Subject) -> None:
    """Each parameter that a loss trains gets a finite gradient of it."""
    import torch

    with at_work(subject) as model:
        _require_own_losses(model)
        model.train()
        for name, compute in losses_of(model, batch_of(subject)).items():
            model.zero_grad()
            compute().backward()
            own = {key: each for key, each in trained_by(model)[name].named_parameters() if each.requires_grad}
            if not own:
                raise Differs(f"parameters that {name} trains", "there is none")
            idle = [key for key, each in own.items() if each.grad is None]
            if idle:
                raise Differs(f"a gradient of {name} for each parameter", f"none for {listing(idle[:5])}")
            wrong = [key for key, each in own.items() if not torch.isfinite(each.grad).all()]
            if wrong:
                raise Differs("finite gradients", f"others in {listing(wrong[:5])}")


@property_of("model")
def learns(subject: Subject) -> None:
    """In 30 steps of AdamW on one batch its loss falls; of several losses, one of them does."""
    import torch

    with at_work(subject) as model:
        _require_own_losses(model)
        batch, told = batch_of(subject), []
        torch.manual_seed(0)
        model.train()
        optimizers = {name: torch.optim.AdamW(part.parameters(), lr=RATE) for name, part in trained_by(model).items()}
        for _ in range(STEPS):
            values = {}
            for name, compute in losses_of(model, batch).items():
                optimizers[name].zero_grad()
                loss = compute()
                loss.backward()
                optimizers[name].step()
                values[name] = float(loss)
            told.append(values)
        if not any(told[-1][name] < told[0][name] for name in told[0]):
            raise Differs("a loss that falls", f"{told[0]} at first, {told[-1]} after {STEPS} steps")


@property_of("model")
def metrics(subject: Subject) -> None:
    """Its metrics are tensors of shape (); its predictions have a row for each item, from which come those of all."""
    import torch

    with at_work(subject) as model, torch.no_grad():
        model.eval()
        batch = batch_of(subject)
        has = [name for name in ("metrics", "predictions", "metrics_of_all") if callable(getattr(model, name, None))]
        if not has:
            raise DoesNotApply("it tells no metrics")
        if "metrics" in has:
            for name, value in model.metrics(batch).items():
                require_plain_tensor(name, value)
        if "metrics_of_all" not in has:
            return
        if "predictions" not in has:
            raise Differs("predictions(batch) beside metrics_of_all(predictions)", "there is none")
        predictions = dict(model.predictions(batch))
        lengths = {len(rows) for rows in predictions.values()}
        if len(lengths) != 1:
            raise Differs("predictions of one length", f"of {listing(map(str, lengths)) or 'none'}")
        twice = {name: torch.cat([rows, rows]) for name, rows in predictions.items()}
        for name, value in model.metrics_of_all(twice).items():
            require_plain_tensor(name, value)


@property_of("model")
def state(subject: Subject) -> None:
    """What it has learned is in its state_dict: another build that loads it has the same losses, to the last bit."""
    import torch

    with at_work(subject) as model:
        _require_own_losses(model)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.01)
        other = subject.spec().create(_data_again(subject))
        other.load_state_dict(model.state_dict())
        model.eval()
        other.eval()
        with torch.no_grad():
            first, second = (
                {name: compute() for name, compute in losses_of(each, batch_of(subject)).items()}
                for each in (model, other)
            )
        if not same(first, second):
            raise Differs(f"the losses {first}", f"{second}")


def _data_again(subject: Subject) -> Any:
    from optim_conformance.trials.around_training import data_of

    return data_of(subject)
