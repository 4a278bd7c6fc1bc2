"""Specs of an optimizer for stand-in models, the groups that they make, and plugin classes with hooks."""

from __future__ import annotations

import attrs
from plugin_classes import Momentum, empty_registry

from optim_core import ParameterInfo

__all__ = ["Halves", "Largest", "depths", "groups", "hooked", "spec", "value_of"]


def spec(**beside):
    """Return the spec of an optimizer with a rate and a decay; the arguments are keys beside its type."""
    config = beside.pop("config", {"lr": 0.1, "weight_decay": 0.01})
    return empty_registry().build({"type": "Momentum", "config": config, **beside}, "optimizer")


def groups(built, model, **options):
    """Return the names in each group with the options of the group, for the groups that a spec makes of a model."""
    return [
        (
            group["param_names"],
            {key: value for key, value in group.items() if key not in ("params", "param_names", "name")},
        )
        for group in built.create_optimizer(model, **options).param_groups
    ]


def value_of(found, name, key):
    """Return an option of the group that a parameter is in, "not there" where it is in none; see `groups`."""
    return next((options.get(key) for names, options in found if name in names), "not there")


def hooked(cls, **beside):
    """Return the spec of an optimizer of this plugin class; the arguments are keys beside its type."""
    registry = empty_registry()
    registry.register("optimizer", "Hooked", cls)
    return registry.build({"type": "Hooked", **beside}, "optimizer")


@attrs.frozen(kw_only=True)
class Halves(Momentum):
    """Matrices have a rate of their own."""

    matrix_lr: float = 1.0

    def group_options(self, info: ParameterInfo):
        matrix = info.ndim > 1 and not info.is_embedding and not info.is_head
        return {"matrix": True, "lr": self.matrix_lr, "lr_multiplier": 1.0} if matrix else {"matrix": False}


@attrs.frozen(kw_only=True)
class Largest(Momentum):
    """The largest parameter is marked; the choice needs all of them."""

    def group_options_for(self, infos):
        largest = max(info.numel for info in infos)
        return [{"largest": info.numel == largest} for info in infos]


def depths(model, decay=0.5):
    """Return the depth of each parameter by its name, as `explain` says it."""
    plans = empty_registry().explain(spec(layer_decay=decay), model)
    return {plan.name: next(text.split()[2] for text in plan.decided_by if "layer_decay" in text) for plan in plans}
