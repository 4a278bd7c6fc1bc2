"""What plugins of all kinds, and commands, may use of the core beside the names of `optim_core` itself.

A distribution imports from here, and from no module below, so that the core can be rebuilt inside. All of it is light:
neither torch nor a plugin is imported, and what reading a config does not need is imported when it is first asked for.

- words for messages: `listing`, `said`, `shown`, `visible`, `with_article`;
- names: `normalise`, `plain_name`, `nearest`;
- what kinds of plugins there are: `KINDS`, `Kind`;
- patterns of parameter names as ``param_groups`` has them: `REGEX`, `expression_error`, `matching`;
- the fields of a config as arguments of what it builds, and a value as a file holds it: `keyword_arguments`,
  `plain_data`;
- schedules made of others: `Combined`, `follows_no_metric`, `one_interval`;
- names of groups: `group_names` of a live optimizer, `DEFAULT_GROUP`, `rule_name`;
- what a schedule has for each group: `PerGroup`, the type of a field, `for_each_group` and `multiplied`;
- the lowest rate of a schedule, which may be a `Share` of the group's own: `Floor` and `FloorPerGroup`, the types of
  fields, and their validator `rate_or_share`;
- a live optimizer: `restore_base_rates`, and its later groups: `join`, `refuse_fewer_groups`;
- what a run asks of a framework in whose loop it is stepped: `Host`, which is set as ``run[name].host``, and
  `SteppingHost`, which clips and steps too;
- a whole number, or an error that names it: `count`;
- the types of a plugin class's fields: `field_types`;
- what prints, with its output on standard error: `output_diverted`;
- whether there is a module that somebody names: `module_exists`;
- a plugin class in words and plain data: `describe`, `example`, `declarations_of`, and what it, or an
  instance, needs of the training loop: `needs_of`; the schemas of what may stand beside the `type` and `config` of a
  component: `keys_beside`;
- config files: `formats`, `endings`, `format_of`, `has_comments`, `LARGEST` (in bytes), `read_config`, `config_text`,
  and `SECTION`, the key below which configs of whole training runs hold the recipe; the recipe in a file that is
  another program's, with its lines: `read_section`; the projects whose configs can be migrated: `origins`, and whose
  a config is: `sure_origin`;
- the text of a config file, `read_text`, and what such a text holds, which may stand nowhere yet: `document_of`;
- a whole file with the places of its keys, where overrides may stand in for values: `read_document`, `Document`; an
  attrs class that is no plugin, such as the arguments of a command, from a mapping: `structured`;
- what problems of overrides have in place of the name of a file: `OVERRIDE`;
- what breaks where plugins are imported, found in another process: `probe`;
- the extras that bring a plugin or commands, and how to install one: `extra_of`, `commands_of_extras`, `install_line`;
- checkpoints: a file that is whole or not there, `write_durably`, and one of torch's with a checksum,
  `write_checkpoint_file` and `read_checkpoint_file`; what may be in it, `refuse_other_than_plain`; the random
  generators of a process, `random_state`, `load_random_state`; what processes do at one time, `together`.
"""

from __future__ import annotations

import abc
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from optim_core.config.document import OVERRIDE, Document
from optim_core.discovery.output import output_diverted
from optim_core.groups.rule import REGEX
from optim_core.kinds import KINDS, Kind
from optim_core.on_demand import names_on_demand
from optim_core.plugin_class.fields import field_types
from optim_core.run.shares import Floor, FloorPerGroup, Share, rate_or_share
from optim_core.text.names import normalise, plain_name
from optim_core.text.prose import listing, said, visible, with_article
from optim_core.text.values import shown
from optim_core.validators import FieldError, ItemsError

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from optim_core.config.formats.load import (
        LARGEST,
        document_of,
        endings,
        format_of,
        formats,
        has_comments,
        read_text,
    )
    from optim_core.config.formats.write import config_text
    from optim_core.config.keys import SECTION
    from optim_core.config.migrating.origins import origins, sure_origin
    from optim_core.config.section import read_section
    from optim_core.config.structuring.alone import structured
    from optim_core.discovery.extras import commands_of_extras, extra_of, install_line
    from optim_core.discovery.modules import module_exists
    from optim_core.groups.names import DEFAULT_GROUP, group_names, rule_name
    from optim_core.groups.patterns import expression_error, matching
    from optim_core.plugin_class.declarations import declarations_of
    from optim_core.plugin_class.needs import needs_of
    from optim_core.probing.probe import probe
    from optim_core.reference.component_schema import keys_beside
    from optim_core.reference.describe import FieldDescription, PluginDescription, describe, example
    from optim_core.run.each_group import for_each_group
    from optim_core.run.horizon import count
    from optim_core.run.later_groups import join, refuse_fewer_groups
    from optim_core.run.loop import Host, SteppingHost
    from optim_core.run.saving.checkpoint_file import read_checkpoint_file, write_checkpoint_file
    from optim_core.run.saving.durable import write_durably
    from optim_core.run.saving.plain import refuse_other_than_plain
    from optim_core.run.saving.random_state import load_random_state, random_state
    from optim_core.run.saving.ranks import together
    from optim_core.run.stepping import restore_base_rates
    from optim_core.specs import SchedulerSpec
    from optim_core.text.spelling import nearest

__all__ = [
    "DEFAULT_GROUP",
    "KINDS",
    "LARGEST",
    "OVERRIDE",
    "REGEX",
    "SECTION",
    "Combined",
    "Document",
    "FieldDescription",
    "Floor",
    "FloorPerGroup",
    "Host",
    "Kind",
    "PerGroup",
    "PluginDescription",
    "Share",
    "SteppingHost",
    "commands_of_extras",
    "config_text",
    "count",
    "declarations_of",
    "describe",
    "document_of",
    "endings",
    "example",
    "expression_error",
    "extra_of",
    "field_types",
    "follows_no_metric",
    "for_each_group",
    "format_of",
    "formats",
    "group_names",
    "has_comments",
    "install_line",
    "join",
    "keys_beside",
    "keyword_arguments",
    "listing",
    "load_random_state",
    "matching",
    "module_exists",
    "multiplied",
    "nearest",
    "needs_of",
    "normalise",
    "one_interval",
    "origins",
    "output_diverted",
    "plain_data",
    "plain_name",
    "probe",
    "random_state",
    "rate_or_share",
    "read_checkpoint_file",
    "read_config",
    "read_document",
    "read_section",
    "read_text",
    "refuse_fewer_groups",
    "refuse_other_than_plain",
    "restore_base_rates",
    "rule_name",
    "said",
    "shown",
    "structured",
    "sure_origin",
    "together",
    "visible",
    "with_article",
    "write_checkpoint_file",
    "write_durably",
]

PerGroup = float | list[float] | dict[str, float]
"""The type of a schedule's field that has one number for all parameter groups, or one for each: `for_each_group`."""

# Reading a config needs none of these, so they are imported when they are asked for.
__getattr__ = names_on_demand(
    globals(),
    {
        "optim_core.config.formats.load": (
            "LARGEST",
            "document_of",
            "endings",
            "format_of",
            "formats",
            "has_comments",
            "read_text",
        ),
        "optim_core.config.formats.write": ("config_text",),
        "optim_core.config.keys": ("SECTION",),
        "optim_core.config.migrating.origins": ("origins", "sure_origin"),
        "optim_core.config.section": ("read_section",),
        "optim_core.config.structuring.alone": ("structured",),
        "optim_core.discovery.extras": ("commands_of_extras", "extra_of", "install_line"),
        "optim_core.discovery.modules": ("module_exists",),
        "optim_core.groups.names": ("DEFAULT_GROUP", "group_names", "rule_name"),
        "optim_core.groups.patterns": ("expression_error", "matching"),
        "optim_core.plugin_class.declarations": ("declarations_of",),
        "optim_core.plugin_class.needs": ("needs_of",),
        "optim_core.reference.describe": ("FieldDescription", "PluginDescription", "describe", "example"),
        "optim_core.probing.probe": ("probe",),
        "optim_core.reference.component_schema": ("keys_beside",),
        "optim_core.run.each_group": ("for_each_group",),
        "optim_core.run.horizon": ("count",),
        "optim_core.run.loop": ("Host", "SteppingHost"),
        "optim_core.run.saving.checkpoint_file": ("read_checkpoint_file", "write_checkpoint_file"),
        "optim_core.run.saving.durable": ("write_durably",),
        "optim_core.run.saving.plain": ("refuse_other_than_plain",),
        "optim_core.run.saving.random_state": ("load_random_state", "random_state"),
        "optim_core.run.saving.ranks": ("together",),
        "optim_core.run.later_groups": ("join", "refuse_fewer_groups"),
        "optim_core.text.spelling": ("nearest",),
        "optim_core.run.stepping": ("restore_base_rates",),
    },
)


def keyword_arguments(config: Any, *left_out: str) -> dict[str, Any]:
    """Return the fields of an attrs instance by name, as the keyword arguments of what it builds.

    Args:
        config: the instance of a plugin class; values in it that are attrs instances stay so.
        left_out: the names of fields to leave out.

    Example:
        >>> import attrs
        >>> from optim_core.plugin_tools import keyword_arguments
        >>> Config = attrs.make_class("Config", {"lr": attrs.field(default=0.1), "fallback": attrs.field(default="no")})
        >>> keyword_arguments(Config(), "fallback")
        {'lr': 0.1}
    """
    return {
        field.name: getattr(config, field.name) for field in attrs.fields(type(config)) if field.name not in left_out
    }


def plain_data(value: Any) -> Any:
    """Return a value of a field as a config file holds it, and None for what no file can hold, such as a function.

    Example:
        >>> from optim_core import Duration
        >>> from optim_core.plugin_tools import plain_data
        >>> plain_data((0.9, 0.999)), plain_data(Duration.of("5%")), plain_data(print)
        ([0.9, 0.999], '5%', None)
    """
    from optim_core.config.canonical import plain_value

    return plain_value(value, (), [])


def read_config(path: str | os.PathLike[str]) -> Any:
    """Return what a config file holds, as it stands there, whether a recipe can be made of it or not.

    Raises:
        ConfigError: the file cannot be read, or is not of the format that its ending says.

    Example:
        >>> from pathlib import Path
        >>> from optim_core.plugin_tools import read_config
        >>> _ = Path("train.yaml").write_text("type: AdamW")
        >>> read_config("train.yaml")
        {'type': 'AdamW'}
    """
    from optim_core.config.formats.load import load

    return load(os.fspath(path)).value


def read_document(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Document:
    r"""Return what a config file holds, of whatever it is a config, and where in it each key stands.

    Args:
        path: of a YAML, JSON or TOML file.
        overrides: values to replace, each such as ``model.width=3``.

    Raises:
        ConfigError: the file cannot be read, is not of the format that its ending says, or an override leads nowhere.

    Example:
        >>> from pathlib import Path
        >>> from optim_core.plugin_tools import read_document
        >>> _ = Path("model.yaml").write_text("model:\n  width: 3")
        >>> document = read_document("model.yaml", ["model.width=5"])
        >>> document.value, document.place(("model",))
        ({'model': {'width': 5}}, ('model.yaml', 1, 1))
    """
    from optim_core.config.formats.load import load

    document = load(os.fspath(path))
    if not overrides:
        return document
    from optim_core.config.overrides import apply_overrides

    return apply_overrides(document, overrides)


def multiplied(rate: PerGroup | FloorPerGroup, optimizer: Optimizer, field: str = "the rate") -> Any:
    """Return a rate, such as a floor, for each parameter group: an absolute one times the lr multiplier of the group.

    A schedule that gave every group the same absolute rate would lose the factor of a group on the way. A share is one
    of the rate that the group starts from, in which the factor is already.

    Args:
        rate: one rate or share for all groups; or one for each, which no factor changes, as `for_each_group` takes
            them.
        optimizer: has the groups.
        field: what messages call the rate, such as ``"OneCycleLR.max_lr"``.

    Returns:
        A list with one rate for each group; `rate` as it is where it is one, and no group has a multiplier.

    Raises:
        ParamGroupError: the rates do not fit the groups.

    Example:
        >>> import torch
        >>> from optim_core.plugin_tools import Share, multiplied
        >>> groups = [{"params": [torch.zeros(1)], "lr": lr, "lr_multiplier": lr / 0.1} for lr in (0.1, 0.5)]
        >>> optimizer = torch.optim.SGD(groups)
        >>> multiplied(0.01, optimizer), multiplied(Share.of("50%"), optimizer)
        ([0.01, 0.05], [0.05, 0.25])
    """
    from optim_core.run.each_group import for_each_group

    groups = optimizer.param_groups
    rates = for_each_group(rate, optimizer, field)
    if isinstance(rates, Share):
        rates = [rates] * len(groups)
    if isinstance(rates, list):
        return [
            own.fraction * float(group.get("initial_lr", group["lr"])) if isinstance(own, Share) else own
            for own, group in zip(rates, groups, strict=True)
        ]
    factors = [group.get("lr_multiplier", 1.0) for group in groups]
    if all(factor == 1.0 for factor in factors):
        return rates
    return [rates * factor for factor in factors]


def follows_no_metric(_instance: Any, _attribute: attrs.Attribute[Any], value: SchedulerSpec) -> None:
    """Validate a schedule that is a part of another.

    Args:
        _instance: the plugin class's instance, as attrs hands it to a validator.
        _attribute: the field.
        value: its schedule.

    Raises:
        FieldError: it waits for a metric, which only the whole would be given.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.plugin_tools import follows_no_metric
        >>> from optim_core.validators import FieldError
        >>> try:
        ...     follows_no_metric(None, None, registry.build({"type": "ReduceLROnPlateau"}))
        ... except FieldError as error:
        ...     print(error.message)
        ReduceLROnPlateau waits for a metric and cannot be combined with others
    """
    if value.waits_for_metric:
        raise FieldError(
            f"{value.type} waits for a metric and cannot be combined with others",
            "take a schedule that counts steps, or this one alone, which may have `warmup` around it",
        )


def one_interval(instance: Any, attribute: attrs.Attribute[Any], value: Sequence[SchedulerSpec]) -> None:
    """Validate schedules that are stepped together.

    Args:
        instance: the plugin class's instance, as attrs hands it to a validator.
        attribute: the field.
        value: its schedules.

    Raises:
        FieldError: there is none.
        ItemsError: some wait for a metric, or count epochs where the first counts steps, or steps where it does not.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.plugin_tools import one_interval
        >>> from optim_core.validators import ItemsError
        >>> steps = registry.build({"type": "StepLR", "config": {"step_size": 10}, "interval": "step"})
        >>> epochs = registry.build({"type": "StepLR", "config": {"step_size": 10}, "interval": "epoch"})
        >>> try:
        ...     one_interval(None, None, [steps, epochs])
        ... except ItemsError as error:
        ...     print(error.items[1].message)
        StepLR has the interval epoch, and item 0, StepLR, has step
    """
    if not value:
        raise FieldError("must have at least one schedule, is empty")
    wrong: dict[int, ValueError] = {}
    first = value[0]
    for index, spec in enumerate(value):
        try:
            follows_no_metric(instance, attribute, spec)
        except FieldError as error:
            wrong[index] = error
            continue
        if spec.interval != first.interval:
            wrong[index] = FieldError(
                f"{spec.type} has the interval {spec.interval}, and item 0, {first.type}, has {first.interval}",
                "set the same `interval` beside the `type` of each",
            )
    if wrong:
        raise ItemsError(wrong)


class Combined(abc.ABC):
    """The base of a schedule's plugin class that is made of other schedules, all of them stepped together.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.plugin_tools import Combined
        >>> class InTurn(Combined):
        ...     def parts(self):
        ...         return [registry.build({"type": "StepLR", "config": {"step_size": 10}, "interval": "epoch"})]
        >>> InTurn().interval
        'epoch'
    """

    __slots__ = ()

    @abc.abstractmethod
    def parts(self) -> Sequence[SchedulerSpec]:
        """Return the schedules of which this one is made, at least one.

        Example:
            >>> from optim_core import registry
            >>> schedulers = [{"type": "StepLR", "config": {"step_size": 10}}]
            >>> chained = registry.build({"type": "ChainedScheduler", "config": {"schedulers": schedulers}}).config
            >>> [spec.type for spec in chained.parts()]
            ['StepLR']
        """

    @property
    def interval(self) -> str:
        """The time at which ``step()`` is called, "step" or "epoch", which is the same for all parts."""
        return self.parts()[0].interval
