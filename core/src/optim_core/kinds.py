"""The kinds of plugins: one table, with all in a row that it takes to find, list, configure and build those of a kind.

Such a plugin is a component by itself. Recipes have a place for the first three kinds and for no other: for that, a
kind has to be added to `Recipe` and what `create` makes of it, to `config.keys` and the forms of configs, to what
builds and writes a recipe (`config.builder`, `config.canonical`) and to its JSON schema. `optim new` has templates of
its own for each kind, and the conformance kit properties; both refuse a kind for which they have none. The kinds of a
training command stand in configs of their own.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from optim_core.protocols import ClipperPlugin, OptimizerPlugin, SchedulerPlugin
from optim_core.training_protocols import DatasetPlugin, DemoPlugin, LoggerPlugin, ModelPlugin

__all__ = [
    "GROUP_KEYS",
    "KINDS",
    "LAYER_DECAY",
    "NO_DECAY",
    "PARAM_GROUPS",
    "Kind",
    "PluginKind",
    "entry_point_groups",
    "is_kind",
]

Kind = Literal["optimizer", "scheduler", "clipper", "model", "dataset", "logger", "demo"]

# The keys of an optimizer for what is different for some of its parameters.
PARAM_GROUPS, NO_DECAY, LAYER_DECAY = GROUP_KEYS = ("param_groups", "no_decay", "layer_decay")


class PluginKind(NamedTuple):
    """What is particular to the plugins of one kind.

    Args:
        group: the entry-point group under which distributions offer them.
        protocol: what their classes look like; the arguments of its `build` are those that every `build` is given.
        methods: what the object that `build` makes must have; a message about an object without them names the first.
        key: the key of a recipe that holds such a component, which `optim show` names; None where recipes have none of
            this kind. To set it adds no such key to recipes.
        beside: the keys of a component beside `type` and `config`.
        further: the names of further arguments that a `build` is given, by name, where it declares them.
        apart: whether such components stand in configs of their own: a name of theirs is none of a component without a
            kind where another kind has it too, and the schema of recipes knows nothing of them.
        type_key: the key of a component that names the plugin.
        fields_key: the key below which its fields stand; None where they stand beside `type_key`.
    """

    group: str
    protocol: type[Any]
    methods: tuple[str, ...]
    key: str | None = None
    beside: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    apart: bool = False
    type_key: str = "type"
    fields_key: str | None = "config"

    def component(self, name: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Return a component as a config has it."""
        return {self.type_key: name, **(fields if self.fields_key is None else {self.fields_key: fields})}

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the arguments that `build` takes after self."""
        code = self.protocol.build.__code__
        return tuple(code.co_varnames[1 : code.co_argcount])


KINDS: dict[Kind, PluginKind] = {
    "optimizer": PluginKind(
        group="optim_core.optimizers",
        protocol=OptimizerPlugin,
        methods=("step()", "param_groups"),
        key="optimizer",
        beside=("lr_decay_gamma", *GROUP_KEYS),
        further=("model",),
    ),
    "scheduler": PluginKind(
        group="optim_core.schedulers",
        protocol=SchedulerPlugin,
        methods=("step()",),
        key="scheduler",
        beside=("interval",),
    ),
    "clipper": PluginKind(
        group="optim_core.clippers",
        protocol=ClipperPlugin,
        methods=("clip(parameters)",),
        key="gradient_clipping",
    ),
    "model": PluginKind(
        group="optim_training.models",
        protocol=ModelPlugin,
        methods=("parameters()",),
        apart=True,
        type_key="model_type",
        fields_key="model",
    ),
    "dataset": PluginKind(
        group="optim_training.datasets",
        protocol=DatasetPlugin,
        methods=("__len__()", "__getitem__(index)"),
        further=("training",),
        apart=True,
        type_key="dataset_type",
        fields_key=None,
    ),
    "logger": PluginKind(
        group="optim_training.loggers",
        protocol=LoggerPlugin,
        methods=("log_metrics()",),
        apart=True,
        type_key="logger",
        fields_key=None,
    ),
    "demo": PluginKind(
        group="optim_training.demos",
        protocol=DemoPlugin,
        methods=("show(batch, step, folder)",),
        apart=True,
        type_key="demo_type",
        fields_key=None,
    ),
}

# Entry-point groups that offer no plugins themselves, but what brings many of them, and subcommands of `optim`.
_EXTENSIONS = {"optim_core.providers": "provider", "optim_core.commands": "command"}


def entry_point_groups() -> dict[str, str]:
    """Return what each entry-point group offers: a kind, "provider" or "command"."""
    return {**{row.group: kind for kind, row in KINDS.items()}, **_EXTENSIONS}


def is_kind(value: Any) -> bool:
    """Tell whether a value, of whatever type, is the name of a kind."""
    return isinstance(value, str) and value in KINDS
