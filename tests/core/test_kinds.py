"""The table of kinds: a row is all that a new kind of plugin needs to be found, listed, configured and built."""

from __future__ import annotations

import inspect
import json
from typing import Any, Protocol

import pytest
from cli_support import python_process
from site_folder import SiteFolder

from optim_core import ConfigError, PluginError, PluginLoadError, Registry
from optim_core import kinds as table
from optim_core.kinds import KINDS, PluginKind, entry_point_groups, is_kind

SOURCE = """
import attrs

class Average:
    def update(self, parameters):
        return "updated"

@attrs.frozen(kw_only=True)
class EMA:
    \"\"\"Exponential moving average of the weights.

    Args:
        decay: weight of the past.
    \"\"\"

    decay: float = attrs.field(default=0.999, validator=attrs.validators.lt(1))

    def build(self, model, every):
        return Average() if self.decay else "nothing"

@attrs.frozen
class Wrong:
    def build(self, params):
        return None
"""

# What is run where the row has to be there before a command is imported.
COMMANDS = """
import sys
from typing import Protocol
from optim_core.kinds import KINDS, PluginKind

class AveragerPlugin(Protocol):
    def build(self, model, every): ...

KINDS["averager"] = PluginKind(group="optim_core.averagers", protocol=AveragerPlugin, methods=("update(parameters)",))
from optim_core.cli import main
sys.argv = ["optim", *sys.argv[1:]]
main()
"""


class AveragerPlugin(Protocol):
    """The config of an average of the weights."""

    def build(self, model: Any, every: int) -> Any: ...


def install(site: SiteFolder) -> None:
    """Installs averagers, of which one has the wrong `build`."""
    targets = {"optim_core.averagers": {"EMA": "averages:EMA", "Wrong": "averages:Wrong"}}
    site.add("optim-averages", entry_points=targets, modules={"averages": SOURCE})


@pytest.fixture
def averages(site: SiteFolder, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry that knows a kind which the core does not ship: a row, and nothing else."""
    row = PluginKind(group="optim_core.averagers", protocol=AveragerPlugin, methods=("update(parameters)",))
    monkeypatch.setitem(KINDS, "averager", row)
    install(site)
    return site.registry()


def test_a_row_makes_a_kind_that_is_discovered_and_listed(averages):
    """Plugins of a new kind are found under its group, and have records and a catalog."""
    assert [("EMA", "averager", "ok"), ("Wrong", "averager", "ok")] == [
        (record.name, record.kind, record.state) for record in averages.plugins("averager")
    ]
    assert "ema" in averages.catalog("averager")
    assert [] == averages.faults()


def test_a_component_of_a_new_kind_is_structured_and_made(averages):
    """Its config becomes a spec with every check of fields, and the spec makes the object from what `build` takes."""
    spec = averages.build({"type": "ema", "config": {"decay": "0.9"}})
    assert ("EMA", 0.9, "averager") == (spec.type, spec.config.decay, spec.kind)
    assert "updated" == spec.create(None, 5).update([])
    assert {"type": "EMA", "config": {"decay": 0.9}} == averages.to_config(spec)
    assert spec == averages.build(averages.to_config(spec), "averager")


def test_what_is_wrong_with_a_component_of_a_new_kind_is_told_as_for_any_other(averages):
    """Misspelt and wrong fields, keys beside them, and names that nothing has."""
    with pytest.raises(ConfigError) as caught:
        averages.build({"type": "EMA", "config": {"decai": 0.9}, "interval": "step"}, "averager")
    assert {"config.decai", "interval"} == {problem.path for problem in caught.value.problems}
    with pytest.raises(ConfigError, match="no averager is called `EMMA`"):
        averages.build({"type": "EMMA", "config": {}}, "averager")


def test_the_contract_of_a_new_kind_is_that_of_its_row(averages):
    """A class whose `build` takes something else is refused, and so is an object without the methods of the row."""
    with pytest.raises(PluginLoadError, match=r"an averager: .* it needs `def build\(self, model, every\)`"):
        averages.find("averager", "Wrong")
    spec = averages.build({"type": "EMA", "config": {"decay": 0}})
    with pytest.raises(
        PluginError, match=r"averager EMA .*: build returned 'nothing', which has no update\(parameters\)"
    ):
        spec.create(None, 5)


def test_a_class_of_a_new_kind_can_be_registered(averages):
    """`Registry.register` takes the kinds of the table, and names them where it refuses one."""
    averages.register("averager", "Mine", averages.catalog("averager")["EMA"])
    assert "Mine" == averages.build({"type": "Mine"}, "averager").type
    with pytest.raises(
        PluginError, match="the kinds are optimizer, scheduler, clipper, model, dataset, logger, demo, averager"
    ):
        averages.register("average", "Mine", object)


def test_the_schema_has_a_new_kind(averages):
    """A component of it alone is described as the others are."""
    schema = averages.schema()
    assert {"$ref": "#/$defs/averager"} in schema["then"]["anyOf"]
    assert {"decay"} == schema["$defs"]["averager.EMA"]["properties"].keys()


def test_the_commands_know_a_new_kind(site):
    """`list`, `show` and `validate` take it from the table."""
    install(site)
    config = site.folder / "average.yaml"
    config.write_text("type: EMA\nconfig: {decay: 2}\n")
    assert "EMA" in python_process(site, COMMANDS, "list", "averagers").stdout
    shown = json.loads(python_process(site, COMMANDS, "show", "EMA", "--format", "json").stdout)
    assert ("averager", ["decay"]) == (shown["kind"], [field["name"] for field in shown["fields"]])
    refused = python_process(site, COMMANDS, "validate", str(config))
    assert (1, True) == (refused.code, f"{config}:2:10: config.decay" in refused.stdout)


def test_a_new_plugin_can_be_begun_of_the_kinds_that_have_templates(site):
    """`optim new` names those kinds where it is asked for another."""
    done = python_process(site, COMMANDS, "new", "ema", "--kind", "averager")
    assert (2, True) == (done.code, "'averager' is not one of 'optimizer', 'scheduler', 'clipper'" in done.stderr)


@pytest.mark.parametrize("kind", KINDS)
def test_the_arguments_of_a_kind_are_those_of_its_protocol(kind):
    """What a plugin's `build` is checked against is what the protocol shows."""
    shown = list(inspect.signature(KINDS[kind].protocol.build).parameters)
    assert shown == ["self", *KINDS[kind].arguments]


def test_every_group_of_entry_points_offers_one_thing():
    """The groups of the kinds, and of what brings many plugins or commands, are different from each other."""
    groups = entry_point_groups()
    assert len(KINDS) + 2 == len(groups) == len(set(groups.values()))
    assert {"optim_core", "optim_training"} == {group.partition(".")[0] for group in groups}


def test_what_is_no_text_is_no_kind():
    """A kind that somebody hands over may be of any type."""
    assert [True, False, False, False] == [is_kind(value) for value in ("clipper", "clippers", ["clipper"], None)]
    assert table.Kind.__args__ == tuple(KINDS)


def test_a_kind_apart_stands_in_configs_of_its_own(site):
    """`optim show` writes it as there; its names are no names of recipes, nor of components of another kind."""
    source = SOURCE.replace("def build(self, model, every):", "def build(self, data=None, params=None):")
    targets = {"optim_training.models": {"EMA": "apart:EMA"}, "optim_core.optimizers": {"EMA": "apart:EMA"}}
    site.add("optim-apart", entry_points=targets, modules={"apart": source})
    registry = site.registry()
    assert "optimizer" == registry.build({"type": "EMA"}).kind
    assert "model" == registry.build({"type": "EMA"}, "model").kind
    assert "models" not in json.dumps(registry.schema())
    shown = python_process(
        site, "import sys; from optim_core.cli import main; main()", "show", "EMA", "--kind", "model"
    )
    assert "model_type: EMA" in shown.stdout, shown.stderr
    assert {"dataset_type": "x", "size": 3} == KINDS["dataset"].component("x", {"size": 3})
