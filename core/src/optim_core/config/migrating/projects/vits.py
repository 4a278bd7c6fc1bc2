"""Configs of VITS, HiFi-GAN and their kin: one AdamW and one ExponentialLR each for generator and discriminator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.issues import ConfigPath
from optim_core.config.migrating.library_names import TORCH, qualified
from optim_core.config.migrating.origins import Sure
from optim_core.config.migrating.source import MISSING, Source

__all__ = ["read", "recognise"]

_NAMES = ("generator", "discriminator")
_SECTION = "train"
# The weight decay of torch's AdamW, which these projects leave as it is.
_WEIGHT_DECAY = 0.01
_WHY = "its train.py may read it or not: VITS's does not, so-vits-svc's does"


def recognise(value: Any) -> Sure:
    """Say yes to a rate with `lr_decay` and both betas, in a section `train` or without one."""
    if not isinstance(value, Mapping):
        return "no"
    of = value.get(_SECTION)
    section = of if isinstance(of, Mapping) else value
    if not {"learning_rate", "lr_decay"} <= set(section):
        return "no"
    if "betas" in section and section is of:
        return "yes"
    return "yes" if {"adam_b1", "adam_b2"} <= set(section) else "no"


def read(source: Source) -> None:
    """Read the rate, its decay per epoch and AdamW's numbers, which both networks share."""
    section: ConfigPath = (_SECTION,) if isinstance(source.at((_SECTION,)), Mapping) else ()
    lr = source.number(*section, "learning_rate")
    gamma = source.number(*section, "lr_decay")
    for key, value in (("learning_rate", lr), ("lr_decay", gamma)):
        if value is None and source.at((*section, key)) in (MISSING, None):
            source.wrong((*section, key), "is needed, and missing")
    betas, betas_at = _betas(source, section)
    eps = source.number(*section, "eps", default=1e-8, because="the default of torch's AdamW")
    source.refuse_unless(*section, "init_lr_ratio", allowed=(1, 1.0, None), why=_WHY)
    source.refuse_unless(*section, "warmup_epochs", allowed=(0, 0.0, None), why=_WHY)
    for name in _NAMES:
        at = ("optimizer_configs", name)
        source.put((*at, "optimizer", "type"), qualified(TORCH, "AdamW"), section)
        fields = {
            "lr": (lr, (*section, "learning_rate")),
            "betas": (betas, betas_at),
            "eps": (eps, (*section, "eps")),
            "weight_decay": (_WEIGHT_DECAY, section),
        }
        for field, (value, path) in fields.items():
            source.put((*at, "optimizer", "config", field), value, path)
        source.put((*at, "scheduler", "type"), qualified(TORCH, "ExponentialLR"), section)
        source.put((*at, "scheduler", "config", "gamma"), gamma, (*section, "lr_decay"))
        source.put((*at, "scheduler", "interval"), "epoch", section)
    source.assume(f"weight_decay: {_WEIGHT_DECAY}, torch's default for AdamW, which its train.py leaves as it is")
    source.assume("interval: epoch, as its train.py steps ExponentialLR")


def _betas(source: Source, section: ConfigPath) -> tuple[Any, ConfigPath]:
    """Return both betas, which HiFi-GAN writes apart, and where they stand."""
    if source.at((*section, "adam_b1")) is not MISSING:
        both = [source.number(*section, key, default=0.0) for key in ("adam_b1", "adam_b2")]
        if source.at((*section, "adam_b2")) is MISSING:
            source.wrong((*section, "adam_b2"), "is needed beside `adam_b1`, and missing")
        return both, (*section, "adam_b1")
    default = [0.9, 0.999]
    read = source.numbers(*section, "betas", count=2, default=default, because="the default of torch's AdamW")
    return read, (*section, "betas")
