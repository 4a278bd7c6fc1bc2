"""JSON Schema of what is installed, against what `build` takes."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Literal

import attrs
import pytest
from attrs import validators
from site_folder import provider_source

from optim_core import ClipperSpec, ConfigError, OptimizerSpec, PluginError, Registry, SchedulerSpec
from optim_core.kinds import KINDS
from optim_core.reference.describe import example
from optim_core.validators import each, fraction, in_range, positive

jsonschema = pytest.importorskip("jsonschema")


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


@attrs.frozen(kw_only=True)
class Nested:
    """A nested class."""

    x: int = 1
    again: Nested | None = None


@attrs.frozen(kw_only=True)
class Rich:
    """Rich in types (Doe 1999).

    Args:
        lr: the ``rate``.
    """

    lr: float = attrs.field(default=1e-3, validator=positive)
    betas: tuple[float, float] = attrs.field(default=(0.9, 0.999), validator=each(fraction))
    mixed: tuple[int, str] = (1, "a")
    rates: float | list[float] = attrs.field(default=0.5, validator=each(in_range(gt=0, le=1)))
    steps: list[int] = attrs.field(factory=list, validator=validators.max_len(3))
    many: tuple[int, ...] = ()
    any_list: list = attrs.Factory(list)
    mode: Literal["a", "b"] | None = None
    fused: bool | Literal["auto"] | None = None
    choice: str = attrs.field(default="x", validator=validators.in_(["x", "y"]))
    maybe: int | None = attrs.field(default=None, validator=validators.optional(positive))
    text: str = "t"
    table: dict[str, float] = attrs.Factory(dict)
    nested: Nested = Nested()
    function: Callable[[int], float] | None = None
    expression: str | Callable[[int], float] = "1"
    anything: Any = None

    def build(self, params): ...


@attrs.frozen(kw_only=True)
class Odd:
    size: Size = Size.SMALL
    doubled: float = attrs.field(default=1.0, converter=lambda value: value * 2, validator=in_range(ge=2))

    def build(self, params): ...


@attrs.frozen(kw_only=True)
class NeedsRate:
    lr: float
    momentum: float = attrs.field(default=0.0, validator=fraction)

    def build(self, params): ...


@attrs.frozen(kw_only=True)
class ExponentialLR:
    gamma: float = attrs.field(validator=in_range(gt=0, le=1))

    def build(self, optimizer, horizon): ...


@attrs.frozen(kw_only=True)
class Sequence:
    schedulers: list[SchedulerSpec]
    optimizer: OptimizerSpec | None = None
    clipper: ClipperSpec | None = None

    def build(self, optimizer, horizon): ...


@attrs.frozen(kw_only=True)
class Norm:
    max_norm: float = attrs.field(validator=positive)

    def build(self): ...


@pytest.fixture(scope="module")
def registry():
    filled = Registry(path=[])
    for kind, name, cls in (
        ("optimizer", "Rich", Rich),
        ("optimizer", "NeedsRate", NeedsRate),
        ("optimizer", "Odd", Odd),
        ("scheduler", "ExponentialLR", ExponentialLR),
        ("scheduler", "Sequence", Sequence),
        ("clipper", "norm", Norm),
    ):
        filled.register(kind, name, cls)
    return filled


@pytest.fixture(scope="module")
def schema(registry):
    return registry.schema()


def _fits(schema, config):
    return jsonschema.Draft202012Validator(schema).is_valid(config)


def _builds(registry, config):
    try:
        registry.build(config)
    except ConfigError:
        return False
    return True


def test_it_is_a_schema(schema):
    """It keeps to the meta-schema of 2020-12, and every reference in it leads somewhere."""
    jsonschema.Draft202012Validator.check_schema(schema)

    def references(node):
        if isinstance(node, dict):
            yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
            node = list(node.values())
        if isinstance(node, list):
            for item in node:
                yield from references(item)

    for reference in references(schema):
        node = schema
        for key in reference.removeprefix("#/").split("/"):
            node = node[key]


def rich(**fields):
    return {"optimizer": {"type": "Rich", "config": fields}}


def scheduled(scheduler, **optimizer):
    return {"optimizer": {"type": "Rich", "config": {}, **optimizer}, "scheduler": scheduler}


GOOD_PART = {"type": "ExponentialLR", "config": {"gamma": 0.5}}

GOOD = [
    rich(),
    {"optimizer": {"type": "Rich"}},
    {"optimizer": {"type": "Rich", "config": None}},
    {"optimizer": {"type": "r-I_ch"}},
    {"optimizer": {"type": "this process:Rich"}},
    rich(lr=1),
    rich(learning_rate=1.5),
    rich(betas=[0, 0.5]),
    rich(mixed=[3, "b"]),
    rich(rates=[0.5, 1], steps=[1, 2, 3], many=[1], any_list=[None, "x"]),
    rich(mode="a", fused="auto", choice="y", maybe=3, text="1e-4"),
    rich(mode=None, fused=True, maybe=None),
    rich(table={"a": 1}, nested={"x": 2, "again": {"x": 3}}),
    rich(function=None, expression="0.5 ** epoch", anything=[{"a": None}]),
    {"optimizer": {"type": "NeedsRate", "config": {"learning_rate": 1}}},
    {"optimizer": {"type": "Odd", "config": {"size": "l", "doubled": 1}}},
    scheduled(None),
    scheduled(GOOD_PART),
    scheduled({**GOOD_PART, "interval": "epoch"}),
    scheduled({**GOOD_PART, "interval": None}),
    scheduled(None, lr_decay_gamma=0.5),
    scheduled(None, lr_decay_gamma=None),
    scheduled({"type": "Sequence", "config": {"schedulers": [GOOD_PART, GOOD_PART], "optimizer": {"type": "Rich"}}}),
    {**rich(), "gradient_clipping": None},
    {**rich(), "gradient_clipping": {"max_norm": 1.0}},
    {**rich(), "gradient_clipping": {"type": "norm", "max_norm": 1.0, "enabled": True}},
    {**rich(), "gradient_clipping": {"type": "norm", "config": {"max_norm": 1.0}}},
    {**rich(), "gradient_clipping": {"enabled": False}},
    {"optimizer_configs": {"a": rich(), "b": scheduled(GOOD_PART)}, "gradient_clipping": {"max_norm": 1}},
    {"optimizer_configs": {"a": {"type": "Rich"}}, "scheduler_configs": {"a": GOOD_PART}},
    {"type": "Rich", "config": {"lr": 1.0}},
    {"type": "Rich", "learning_rate": "1e-4", "betas": ["0.5", 0.9], "maybe": "3"},
    {"optimizer": {"type": "NeedsRate", "learning_rate": 1}, "scheduler": {"type": "ExponentialLR", "gamma": 0.5}},
    {"optimizer_type": "rich", "optimizer_params": {"lr": 1.0, "lr_decay_gamma": 0.5}},
    {"optimizer_name": "needs-rate", "learning_rate": 1, "scheduler": "exponential_lr", "gamma": 0.5, "epochs": 3},
    {"training": {"optimizer": "rich", "lr": 1.0, "max_grad_norm": 1.0, "mine": 3}, "model": {"layers": 2}},
    {"a": {"optimizer": {"type": "Rich", "lr": 1.0}}, "b": rich()},
    GOOD_PART,
    {"type": "norm", "config": {"max_norm": 1.0}},
]

WRONG = [
    {},
    {"optimiser": {"type": "Rich"}},
    {**rich(), "schedule": None},
    {"optimizer": None},
    {"optimizer": {"config": {}}},
    {"optimizer": {"type": "Poor"}},
    {"optimizer": {"type": "ExponentialLR", "config": {"gamma": 0.5}}},
    {"optimizer": {"type": "other:Rich"}},
    {"optimizer": {"type": "Rich", "config": {}, "interval": "step"}},
    {"optimizer": {"type": "NeedsRate", "config": {}}},
    {"optimizer": {"type": "NeedsRate"}},
    {"optimizer": {"type": "NeedsRate", "config": None}},
    rich(lr=0),
    rich(lr=True),
    rich(lr=None),
    rich(lr=1, learning_rate=1),
    rich(betas=[0.5, 1.0]),
    rich(betas=[0.5]),
    rich(betas=[0.5, 0.5, 0.5]),
    rich(betas=0.5),
    rich(mixed=["b", 3]),
    rich(rates=0),
    rich(rates=[0.5, 2]),
    rich(steps=[1, 2, 3, 4]),
    rich(steps=[1.5]),
    rich(mode="c"),
    rich(fused="fast"),
    rich(choice="z"),
    rich(maybe=0),
    rich(text=3),
    rich(table={"a": "x"}),
    {"optimizer": {"type": "Odd", "config": {"size": "m"}}},
    rich(nested={"y": 2}),
    rich(nested={"again": 5}),
    rich(function="len"),
    rich(unknown=1),
    scheduled({"type": "ExponentialLR"}),
    scheduled({"type": "ExponentialLR", "config": {"gamma": 2}}),
    scheduled({**GOOD_PART, "interval": "week"}),
    scheduled(None, lr_decay_gamma=2),
    scheduled({"type": "Sequence", "config": {"schedulers": [{"type": "Poor"}]}}),
    scheduled({"type": "Sequence", "config": {"schedulers": [None]}}),
    {**rich(), "gradient_clipping": {"max_norm": 0}},
    {**rich(), "gradient_clipping": {"enabled": True}},
    {**rich(), "gradient_clipping": {"enabled": "yes", "max_norm": 1}},
    {**rich(), "gradient_clipping": {"type": "value", "max_norm": 1}},
    {**rich(), "gradient_clipping": {"type": "norm", "config": {"max_norm": 1}, "max_norm": 1}},
    {**rich(), "gradient_clipping": 1.0},
    {"optimizer_configs": {}},
    {"optimizer_configs": {"a": {"scheduler": None}}},
    {"optimizer_configs": {"a": {"optimizer": {"type": "Rich"}, "clipper": None}}},
    {"scheduler_configs": {"a": GOOD_PART}},
    {"optimizer_configs": {"a": {"type": "Rich"}}, "optimizer": {"type": "Rich"}},
    {"type": "Poor"},
    {"type": "Rich", "lr": 1, "learning_rate": 1},
    {"type": "Rich", "unknown": 1},
    {"type": "Rich", "lr": "fast"},
    {"type": "Rich", "config": {}, "lr": 1},
    {"type": "NeedsRate"},
    {"optimizer_type": "Rich", "optimizer_params": {"unknown": 1}},
    {"optimizer_params": {"lr": 1}},
    {"optimizer_name": "Rich", "optimizer_type": "Rich"},
    {"optimizer_name": "NeedsRate"},
    {"optimizer_name": "Rich", "unknown": 1},
    {"training": {"optimizer": "Rich", "lr": 0}},
    {"training": {"optimizer": {"type": "Rich"}, "sheduler": None}},
    {"optimzer": {"type": "Rich"}},
    {"a": {"optimizer": {"type": "Rich", "unknown": 1}}},
    {"optimizer": {"type": "Rich", "lr_decay_gamma": 0.5}, "scheduler": GOOD_PART},
]


@pytest.mark.parametrize("config", GOOD, ids=str)
def test_what_build_takes_fits(registry, schema, config):
    """A config that `build` takes in canonical form fits the schema."""
    assert _builds(registry, config)
    assert _fits(schema, config)


@pytest.mark.parametrize("config", WRONG, ids=str)
def test_what_does_not_fit_is_refused_by_build(registry, schema, config):
    """Each of these wrong configs is refused by both."""
    assert not _fits(schema, config)
    assert not _builds(registry, config)


@pytest.mark.parametrize("config", [config for config in GOOD if "Odd" not in str(config)], ids=str)
def test_what_to_config_writes_fits(registry, schema, config):
    """The canonical form, with every default, fits the schema."""
    assert _fits(schema, registry.to_config(registry.build(config)))


def test_fields_have_defaults_and_descriptions(schema):
    """Editors are told what a field is, its default, and which name of it not to offer."""
    config = schema["$defs"]["optimizer.Rich"]

    lr = config["properties"]["lr"]
    assert ("the `rate`.\n\nA number > 0; by default 0.001.", 0, 1e-3) == (
        lr["description"],
        lr["exclusiveMinimum"],
        lr["default"],
    )
    assert config["properties"]["learning_rate"]["doNotSuggest"] is True
    assert "Rich in types (Doe 1999)." == config["description"]
    offered = schema["$defs"]["optimizer"]["properties"]["type"]["anyOf"][0]
    assert ["NeedsRate", "Odd", "Rich"] == offered["enum"]
    assert "Rich in types (Doe 1999)." == offered["enumDescriptions"][2]


def test_without_plugins_no_type_fits():
    """Where nothing is installed, the schema is one all the same, and refuses every type."""
    empty = Registry(path=[]).schema()
    jsonschema.Draft202012Validator.check_schema(empty)

    assert not _fits(empty, {"optimizer": {"type": "Rich"}})
    assert not _fits(empty, {**rich(), "gradient_clipping": {"max_norm": 1}})


def test_without_exponential_lr_there_is_no_decay(registry):
    """`lr_decay_gamma` needs the plugin that it stands for; null is allowed without."""
    lone = Registry(path=[])
    lone.register("optimizer", "Rich", Rich)
    schema = lone.schema()

    assert not _fits(schema, scheduled(None, lr_decay_gamma=0.5))
    assert _fits(schema, scheduled(None, lr_decay_gamma=None))


def test_what_is_broken_is_left_out(site):
    """A plugin that cannot be imported, or whose annotations cannot be resolved, is not in the schema."""
    site.offer("optim-good", "Good")
    site.offer("optim-bad", "Bad", modules={"optim_bad": "1 / 0"})
    typed = (
        "from __future__ import annotations\nimport attrs\n@attrs.frozen\nclass Typed:\n"
        "    dtype: torch.dtype = None\n    def build(self, params): ...\n"
    )
    site.offer("optim-typed", "Typed", modules={"optim_typed": typed})
    schema = site.registry().schema()

    assert ["optimizer.Good", "rule.Good"] == [name for name in schema["$defs"] if "." in name]


@pytest.mark.parametrize(
    "field",
    [
        "seed: int = attrs.field(factory=lambda: 1 // 0)",
        "seed: int = attrs.field(factory=lambda: exit(3))",
        "seed: int | Inner = 3",
    ],
    ids=["default", "exit", "annotation of a nested class"],
)
def test_what_build_takes_of_an_odd_class_fits(site, field):
    """A default or a nested class that cannot be worked out leaves the plugin, and its other fields, in the schema."""
    source = (
        "from __future__ import annotations\nimport attrs\n@attrs.frozen\nclass Inner:\n    dtype: torch.dtype = None\n"
        f"@attrs.frozen\nclass Dice:\n    {field}\n    sides: int = 6\n    def build(self, params): ...\n"
    )
    site.offer("optim-dice", "Dice", modules={"optim_dice": source})
    schema = site.registry().schema()

    assert _fits(schema, {"optimizer": {"type": "Dice", "config": {"seed": 1, "sides": 8}}})
    assert not _fits(schema, {"optimizer": {"type": "Dice", "config": {"seed": 1, "sides": "many"}}})
    assert "default" not in schema["$defs"]["optimizer.Dice"]["properties"]["seed"] or "Inner" in field


def test_an_ambiguous_name_is_offered_qualified(site):
    """Two claims to one name are two definitions, each under its qualified name; the plain one fits neither."""
    site.offer("optim-first", "Twin")
    site.offer("optim_second", "Twin")
    registry = site.registry()
    schema = registry.schema()

    for name in ("optim-first:Twin", "optim_second:Twin", "Optim.Second:twin"):
        assert _fits(schema, {"optimizer": {"type": name, "config": {"lr": 0.5}}})
        assert not _fits(schema, {"optimizer": {"type": name, "config": {"lr": "x"}}})
    assert not _fits(schema, {"optimizer": {"type": "Twin"}})


def test_what_an_entry_point_hides_of_a_provider_fits_qualified(site):
    """The plain name is the entry point's; with the provider or its distribution in front it is the provider's."""
    site.offer("optim-first", "Twin")
    site.add(
        "optim-many",
        entry_points={"optim_core.providers": {"many": "many_plugins:Provider"}},
        modules={"many_plugins": provider_source(["TWIN"]).replace("lr: float = 0.1", "sides: int = 6")},
    )
    schema = site.registry().schema()

    assert _fits(schema, {"optimizer": {"type": "TWIN", "config": {"lr": 0.5}}})
    for name in ("many:TWIN", "Optim.Many:twin"):
        assert _fits(schema, {"optimizer": {"type": name, "config": {"sides": 8}}})
        assert not _fits(schema, {"optimizer": {"type": name, "config": {"lr": 0.5}}})
    assert "many:TWIN" in schema["$defs"]["optimizer"]["properties"]["type"]["anyOf"][0]["enum"]


def test_names_that_differ_in_case_only_are_kept_apart(site):
    """Of `Case` and `case`, each is meant by its own spelling."""
    site.offer("optim-first", "Case")
    source = "import attrs\n@attrs.frozen\nclass case:\n    x: int\n    def build(self, params): ...\n"
    site.offer("optim-second", "case", modules={"optim_second": source})
    schema = site.registry().schema()

    assert _fits(schema, {"optimizer": {"type": "Case", "config": {"lr": 1}}})
    assert _fits(schema, {"optimizer": {"type": "case", "config": {"x": 1}}})
    assert not _fits(schema, {"optimizer": {"type": "Case", "config": {"x": 1}}})


def test_every_installed_plugin_fits_its_own_schema():
    """Defaults and example of every plugin that is installed here fit the schema, in canonical form."""
    installed = Registry()
    schema = installed.schema()
    for kind in [kind for kind, row in KINDS.items() if not row.apart]:
        for name in installed.names(kind):
            try:
                cls = installed.catalog(kind)[name]
            except PluginError:
                continue
            spec = installed.build({"type": name, "config": example(cls)}, kind)
            assert _fits(schema, installed.to_config(spec)), name
