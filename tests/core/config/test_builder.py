"""The forms that a config may have, and what each becomes."""

from __future__ import annotations

import sys
from argparse import Namespace

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugin_classes import Clip, ExponentialLR, Momentum, empty_registry

from optim_core import (
    BlockedPluginError,
    ConfigError,
    MissingTypeError,
    OptimError,
    OptimizerSpec,
    PluginError,
    SchedulerSpec,
    UnknownTypeError,
)

OPTIMIZER = {"type": "Momentum", "config": {"lr": 0.5}}
SCHEDULER = {"type": "ExponentialLR", "config": {"gamma": 0.9}}


def problems(config, **arguments):
    with pytest.raises(ConfigError) as caught:
        empty_registry().build(config, **arguments)
    return [(problem.path, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize("name", ["Momentum", "momentum", "MOMENTUM", "mo-men_tum"])
def test_a_type_matches_without_case_hyphen_and_underscore(name):
    """However a type is written, the spec shows its canonical name."""
    assert "Momentum" == empty_registry().build({"type": name}).type


@pytest.mark.parametrize(
    "config",
    [
        {"type": "Momentum", "config": {"lr": 0.5}},
        {"type": "Momentum", "lr": 0.5},
        {"type": "Momentum", "learning_rate": "5e-1"},
    ],
)
def test_nested_and_flat_components_give_the_same_spec(config):
    """A component's fields may stand in `config` or beside `type`."""
    assert OptimizerSpec(type="Momentum", config=Momentum(lr=0.5)) == empty_registry().build(config)


@pytest.mark.parametrize("config", [{"type": "Momentum"}, {"type": "Momentum", "config": None}])
def test_a_component_without_fields_has_the_defaults(config):
    """`type` alone, or an empty `config:`, takes every default."""
    assert Momentum() == empty_registry().build(config).config


def test_a_recipe_holds_optimizer_schedule_and_clipping():
    """The three parts of a recipe become specs; clipping without a type is by norm."""
    recipe = empty_registry().build(
        {"optimizer": OPTIMIZER, "scheduler": SCHEDULER, "gradient_clipping": {"max_norm": 1.0}}
    )
    assert Momentum(lr=0.5) == recipe.optimizer.config
    assert ExponentialLR(gamma=0.9) == recipe.scheduler.config
    assert ("norm", Clip(max_norm=1.0)) == (recipe.clipper.type, recipe.clipper.config)


@pytest.mark.parametrize(
    "clipping", [None, {"enabled": False, "max_norm": 1.0}, {"enabled": False, "type": "norm", "max_norm": 1.0}]
)
def test_clipping_can_be_switched_off(clipping):
    """Null and `enabled: false` mean no clipping."""
    assert empty_registry().build({"optimizer": OPTIMIZER, "gradient_clipping": clipping}).clipper is None


def test_clipping_that_is_switched_off_is_checked_all_the_same():
    """A mistake in a part that is not in use is still a mistake."""
    assert [("gradient_clipping.max_norm", "must be > 0, is -1.0")] == problems(
        {"optimizer": OPTIMIZER, "gradient_clipping": {"enabled": False, "max_norm": -1}}
    )


def test_named_sets_side_by_side_and_nested_are_the_same_recipe():
    """`scheduler_configs` beside `optimizer_configs`, or a scheduler inside each: one meaning."""
    registry = empty_registry()
    parallel = registry.build(
        {"optimizer_configs": {"g": OPTIMIZER, "d": {"type": "Momentum"}}, "scheduler_configs": {"g": SCHEDULER}}
    )
    nested = registry.build(
        {"optimizer_configs": {"g": {"optimizer": OPTIMIZER, "scheduler": SCHEDULER}, "d": {"optimizer": OPTIMIZER}}}
    )
    assert {"g", "d"} == set(parallel.optimizers)
    assert {"g"} == set(parallel.schedulers)
    assert parallel.schedulers == nested.schedulers
    assert parallel.optimizers["g"] == nested.optimizers["g"]


def test_lr_decay_gamma_is_an_exponential_schedule_per_epoch():
    """`lr_decay_gamma` stands beside `type` and becomes ExponentialLR, stepped once an epoch."""
    spec = empty_registry().build({**OPTIMIZER, "lr_decay_gamma": 0.95})
    assert 0.95 == spec.lr_decay_gamma
    assert SchedulerSpec(type="ExponentialLR", config=ExponentialLR(gamma=0.95), interval="epoch") == spec.decay


def test_lr_decay_gamma_in_a_recipe_is_its_schedule():
    """A recipe whose optimizer decays has that decay as its schedule."""
    recipe = empty_registry().build({"optimizer": {**OPTIMIZER, "lr_decay_gamma": 0.95}})
    assert ("ExponentialLR", "epoch") == (recipe.scheduler.type, recipe.scheduler.interval)


def test_an_interval_is_the_classs_unless_the_config_sets_it():
    """`interval` beside `type` overrides the class's own."""
    registry = empty_registry()
    assert "epoch" == registry.build(SCHEDULER).interval
    assert "step" == registry.build({**SCHEDULER, "interval": "step"}).interval


def test_a_scheduler_can_hold_schedulers():
    """A field of type SchedulerSpec takes components, flat ones too."""
    spec = empty_registry().build(
        {"type": "Sequence", "schedulers": [SCHEDULER, {"type": "ExponentialLR", "gamma": 1}]}
    )
    assert [0.9, 1.0] == [piece.config.gamma for piece in spec.config.schedulers]


def test_a_spec_may_stand_where_its_config_may():
    """From Python, a nested component may be a spec already."""
    registry = empty_registry()
    piece = registry.build(SCHEDULER)
    assert [piece] == registry.build({"type": "Sequence", "schedulers": [piece]}).config.schedulers
    parts = {
        "optimizer": registry.build(OPTIMIZER),
        "scheduler": piece,
        "gradient_clipping": registry.build({"type": "norm", "max_norm": 1}),
    }
    recipe = registry.build(parts)
    assert list(parts.values()) == [recipe.optimizer, recipe.scheduler, recipe.clipper]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, [("", "`type` is missing")]),
        ([], [("", "a config is a mapping, this is a list of 0")]),
        (3, [("", "a config is a mapping, this is 3")]),
        ({"type": ""}, [("type", "must be the name of a plugin, is the text ''")]),
        ({"type": None}, [("type", "must be the name of a plugin, is null")]),
        ({"optimizer": {"typ": "x"}}, [("optimizer", "`type` is missing")]),
        ({"type": 3}, [("type", "must be the name of a plugin, is 3")]),
        ({"type": "Momentum", "config": 3}, [("config", "must be a mapping of Momentum's fields, is 3")]),
        ({"type": "Momentum", "config": {}, "lr": 1}, [("lr", "unknown key")]),
        ({"type": "Momentum", 3: 1}, [("3", "is not a key: keys are texts")]),
        ({"type": "Momentum", "config": {3: 1}}, [("config.3", "is not a key: keys are texts")]),
        ({"type": "Momentum", "lr_decay_gamma": -1}, [("lr_decay_gamma", "must be > 0, is -1.0")]),
        ({**SCHEDULER, "interval": "batch"}, [("interval", "must be `step` or `epoch`, is the text 'batch'")]),
        ({"scheduler": SCHEDULER}, [("optimizer", "is required and missing")]),
        ({"optimizer": OPTIMIZER, "schedular": {}}, [("schedular", "unknown key")]),
        ({"optimizer": 3}, [("optimizer", "must be a mapping with `type`, is 3")]),
        ({"optimizer": None}, [("optimizer", "must be a mapping with `type`, is null")]),
        (
            {"optimizer": OPTIMIZER, "gradient_clipping": 1.0},
            [("gradient_clipping", "must be a mapping or null, is 1.0")],
        ),
        (
            {"optimizer": OPTIMIZER, "gradient_clipping": {"enabled": "no", "max_norm": 1}},
            [("gradient_clipping.enabled", "must be true or false, is the text 'no'")],
        ),
        (
            {"optimizer": {**OPTIMIZER, "lr_decay_gamma": 0.9}, "scheduler": SCHEDULER},
            [("scheduler", "the optimizer's lr_decay_gamma is a schedule already; the two would collide")],
        ),
        ({"optimizer_configs": {}}, [("optimizer_configs", "is empty")]),
        (
            {"optimizer_configs": []},
            [("optimizer_configs", "must be a mapping of names to components, is a list of 0")],
        ),
        (
            {"scheduler_configs": {"g": SCHEDULER}},
            [
                ("scheduler_configs.g", "there is no optimizer of this name"),
                ("optimizer_configs", "is required and missing"),
            ],
        ),
        (
            {"optimizer_configs": {"gen": OPTIMIZER}, "scheduler_configs": {"gne": SCHEDULER}},
            [("scheduler_configs.gne", "there is no optimizer of this name")],
        ),
        (
            {
                "optimizer_configs": {"g": {"optimizer": OPTIMIZER, "scheduler": SCHEDULER}},
                "scheduler_configs": {"g": SCHEDULER},
            },
            [("scheduler_configs.g", "optimizer_configs.g has a scheduler already")],
        ),
        (
            {"optimizer_configs": {"g": {"optimizer": OPTIMIZER, "sched": 1}}},
            [("optimizer_configs.g.sched", "unknown key")],
        ),
        (
            {"type": "Sequence", "schedulers": [SCHEDULER, {"type": "ExponentialLR", "config": {"gamma": "x"}}]},
            [("schedulers[1].config.gamma", "must be a number, is the text 'x'")],
        ),
    ],
)
def test_a_wrong_form_is_refused_where_it_is_wrong(config, expected):
    """Every mistake of form is a ConfigError with the path in the user's own config."""
    assert expected == problems(config)


def test_problems_of_all_parts_come_together():
    """Optimizer, schedule and clipping are all checked, whatever is wrong with the others."""
    found = problems(
        {
            "optimizer": {"type": "Momentum", "config": {"lr": -1}},
            "scheduler": {"type": "ExponentialLR"},
            "gradient_clipping": {"max_norm": 0},
        }
    )
    assert ["optimizer.config.lr", "scheduler.gamma", "gradient_clipping.max_norm"] == [path for path, _ in found]


def test_problems_stand_in_the_order_of_the_config():
    """Whatever finds a problem first, it is listed where its key stands; what is missing comes last."""
    config = {"sceduler": 1, "scheduler": {"config": {"x": 1, "gamma": -1}, "type": "ExponentialLR"}, "x": 2}
    assert ["sceduler", "scheduler.config.x", "scheduler.config.gamma", "x", "optimizer"] == [
        path for path, _ in problems(config)
    ]


def test_a_plugin_that_cannot_be_used_does_not_hide_the_mistakes_of_a_config():
    """Beside other problems it is one of them, at its `type`; alone it is a PluginError."""
    registry = empty_registry(block=["ExponentialLR"])
    with pytest.raises(ConfigError) as caught:
        registry.build({"optimizer": {"type": "Momentum", "lr": -1}, "scheduler": SCHEDULER})
    wrong_rate, blocked = caught.value.problems
    assert ("optimizer.lr", "scheduler.type") == (wrong_rate.path, blocked.path)
    assert "the scheduler `ExponentialLR` of this process is blocked" in blocked.message
    with pytest.raises(BlockedPluginError, match="the scheduler `ExponentialLR` of this process is blocked"):
        registry.build({"optimizer": OPTIMIZER, "scheduler": SCHEDULER})
    with pytest.raises(BlockedPluginError):
        registry.build({"type": "Sequence", "schedulers": [SCHEDULER]})


def test_a_missing_type_is_a_key_error_too():
    """Code that caught KeyError for a config without `type` still does."""
    with pytest.raises(KeyError) as caught:
        empty_registry().build({"config": {"lr": 1}})
    assert isinstance(caught.value, MissingTypeError)
    assert "`type` is missing" in str(caught.value)


def test_an_unknown_type_is_an_attribute_error_too_and_names_the_nearest():
    """Code that caught AttributeError for an unknown type still does, and the message has the repair."""
    with pytest.raises(AttributeError) as caught:
        empty_registry().build({"optimizer": {"type": "Momentun"}})
    assert isinstance(caught.value, UnknownTypeError)
    assert ("optimizer.type", "no optimizer is called `Momentun`", "did you mean `Momentum` (this process)?") == (
        caught.value.problems[0].path,
        caught.value.problems[0].message,
        caught.value.problems[0].hint,
    )


def test_a_type_of_another_kind_says_so():
    """A scheduler's name in the optimizer's place is answered with what it is."""
    with pytest.raises(UnknownTypeError) as caught:
        empty_registry().build({"optimizer": {"type": "ExponentialLR", "gamma": 0.9}})
    assert "`ExponentialLR` is a scheduler, not an optimizer" == caught.value.problems[0].hint


def test_a_name_of_two_kinds_needs_the_kind():
    """Where one name means an optimizer and a clipper, `kind` decides, and without it the error says so."""
    registry = empty_registry()
    registry.register("clipper", "Momentum", Clip)
    with pytest.raises(ConfigError, match='pass kind="optimizer" or kind="clipper"'):
        registry.build({"type": "Momentum"})
    assert Momentum() == registry.build({"type": "Momentum"}, kind="optimizer").config


def test_one_class_may_be_registered_under_two_names():
    """Each registration is a plugin of its own, and specs show the name that was used."""
    registry = empty_registry()
    registry.register("optimizer", "Second", Momentum)
    assert {"Momentum", "Second"} <= set(registry.optimizers)
    assert ["Momentum", "Second"] == [registry.build({"type": name}).type for name in ("momentum", "second")]


def test_a_kind_that_does_not_exist_is_an_error():
    """`kind` is one of three words."""
    with pytest.raises(OptimError, match="the kinds are optimizer, scheduler, clipper"):
        empty_registry().build(OPTIMIZER, kind="optimiser")


def test_a_misplaced_key_is_told_where_it_belongs():
    """A field beside `config`, or an envelope key inside it, is answered with its right place."""
    registry = empty_registry()
    with pytest.raises(ConfigError, match="it is a field of Momentum: move it into `config`"):
        registry.build({"type": "Momentum", "config": {}, "lr": 1})
    with pytest.raises(ConfigError, match="`lr_decay_gamma` belongs beside `type` and `config`, not in `config`"):
        registry.build({"type": "Momentum", "config": {"lr_decay_gamma": 0.9}})
    with pytest.raises(ConfigError, match="did you mean `lr_decay_gamma`"):
        registry.build({"type": "Momentum", "lr_decay_gama": 0.9})


def test_of_thousands_of_mistakes_only_the_first_have_a_suggestion():
    """Every problem is listed, and the search for the nearest right name ends after a hundred."""
    with pytest.raises(ConfigError) as caught:
        empty_registry().build({"type": "Momentum", "config": {f"moment{i}": 1 for i in range(1_000)}})
    hints = [problem.hint for problem in caught.value.problems]
    assert 1_000 == len(hints)
    assert 100 == sum(hint.startswith("did you mean `momentum`?") for hint in hints)
    assert "Momentum takes: lr, momentum, betas, weight_decay, nesterov" == hints[-1]


@attrs.frozen(kw_only=True)
class WithAnnotationForCheckersOnly:
    dtype: torch.dtype = None  # noqa: F821 - that it does not exist is the point

    def build(self, params):
        return None


def test_a_class_whose_annotations_do_not_exist_is_refused_with_the_repair():
    """A field typed with what only a type checker sees is the plugin's mistake, and the message says how to mend it."""
    with pytest.raises(
        PluginError, match=r"fields cannot be resolved: NameError: .*; annotate fields with what exists"
    ):
        empty_registry().register("optimizer", "Wrong", WithAnnotationForCheckersOnly)


MISSPELT_KEYS = [34, 120, 9_000]


@pytest.mark.parametrize("number", MISSPELT_KEYS)
def test_a_required_field_that_is_misspelt_is_not_missing_too_beside_any_number_of_mistakes(number):
    """Which key was meant is found however many others are wrong; only the hints of the first hundred say it."""
    strays = {f"key{i}": 1 for i in range(number)}
    config = {"type": "ExponentialLR", "config": {**strays, "gama": 0.5}}
    found = problems(config)
    assert number + 1 == len(found)
    assert {"unknown key"} == {message for _, message in found}


@pytest.mark.parametrize("number", [34, 120, 1_000])
def test_pairs_are_known_by_their_misspelt_keys_however_many_there_are(number):
    """Named sets without the key above them stay named sets, and the right one among them is right."""
    wrong = {f"n{i}": {"optimzer": OPTIMIZER, "schedler": SCHEDULER} for i in range(number)}
    found = problems({"right": {"optimizer": OPTIMIZER, "scheduler": SCHEDULER}, **wrong})
    paths = [f"{name}.{key}" for name in wrong for key in ("optimzer", "schedler")]
    assert [(path, "unknown key") for path in paths] == found


@pytest.mark.parametrize("number", MISSPELT_KEYS)
def test_a_misspelt_optimizer_is_not_missing_too_beside_any_number_of_mistakes(number):
    """The last of the keys is the one that was meant."""
    strays = {f"key{i}": 1 for i in range(number)}
    found = problems({"scheduler": SCHEDULER, **strays, "optimzer": OPTIMIZER})
    assert number + 1 == len(found)
    assert ("optimzer", "unknown key") == found[-1]


@pytest.mark.parametrize("number", MISSPELT_KEYS)
def test_right_parts_stay_right_beside_any_number_of_mistakes(number):
    """Nothing is told of the parts of a recipe whose other keys are wrong."""
    strays = {f"schedulr{i}": 1 for i in range(number)}
    found = problems({"optimizer": {**OPTIMIZER, **strays}, "scheduler": SCHEDULER})
    assert [(f"optimizer.{key}", "unknown key") for key in strays] == found


def loop():
    config = {"type": "Momentum"}
    config["config"] = config
    return config


@pytest.mark.parametrize(
    "hostile",
    [
        loop(),
        {"type": "Momentum", "config": {"betas": [[0.9]] * 200_000}},
        {"type": "Momentum", "config": {"betas": [0.9] * 10_000_000}},
        {"type": "x" * 10_000_000},
        {"type": "Momentum", "k" * 1_000_000: 1},
        {"type": "Momentum", "config": {"lr": "9" * 1_000_000}},
        {"type": "Momentum", "lr": 10**5000},
        {"type": "__import__('os').system('true')"},
        {"type": "os:system"},
        {"type": "\u202emutnemoM"},
        {"type": "Momentum", "config": {f"key{i}": i for i in range(9_000)}},
        {"optimizer_configs": {f"name{i}": {"type": "Momentum", "lr": -1} for i in range(3_000)}},
        {"optimizer_configs": {f"name{i}": {"type": f"Momentum{i}"} for i in range(3_000)}},
    ],
    ids=range(13),
)
def test_hostile_configs_are_config_errors(hostile):
    """What is endless, huge or an attack is refused as a config, and nothing is run."""
    with pytest.raises(ConfigError):
        empty_registry().build(hostile)


nothing_special = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
keys = st.sampled_from(["type", "config", "lr", "learning_rate", "betas", "schedulers", "gamma", "max_norm", "x"])
forms = st.sampled_from(
    ["optimizer", "scheduler", "gradient_clipping", "enabled", "interval", "lr_decay_gamma"]
    + [f"{kind}_configs" for kind in ("optimizer", "scheduler")]
)
names = st.sampled_from(["Momentum", "ExponentialLR", "Sequence", "norm", "Everything", "nothing"])
any_key = keys | forms | st.integers()
configs = st.recursive(
    nothing_special | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_key, inner | names, max_size=5),
    max_leaves=20,
)


@settings(max_examples=400, deadline=None)
@given(config=configs)
def test_whatever_comes_in_build_returns_or_raises_a_config_error(config):
    """No config, however odd, makes `build` fail with anything but ConfigError."""
    if isinstance(config, str):
        config = {"type": config}
    found = outcome(config)
    assert found == outcome(config)


def outcome(config):
    """What `build` returns, or the problems that it raises."""
    try:
        return empty_registry().build(config)
    except ConfigError as error:
        return error.problems


@pytest.mark.parametrize("config", [{"max_nrm": 1.0}, {"limit": 1.0}, {"limit": 1.0, "max_nrm": 2.0}])
def test_a_hint_imports_nothing_that_the_config_does_not_name(site, config):
    """One that would end the process is known by its source: its field leads to it."""
    source = "import attrs, os\nos._exit(9)\n@attrs.frozen\nclass {}:\n    limit: float\n    def build(self): ...\n"
    site.add(
        "hostile",
        entry_points={"optim_core.clippers": {"Last": "hostile:Last"}},
        modules={"hostile": source.format("Last")},
    )
    site.add(
        "mild",
        entry_points={"optim_core.clippers": {"norm": "mild:Norm"}},
        modules={
            "mild": "import attrs\n@attrs.frozen\nclass Norm:\n    max_norm: float = 1.0\n    def build(self): ...\n"
        },
    )
    registry = site.registry()
    registry.register("optimizer", "Momentum", Momentum)
    with pytest.raises(ConfigError) as caught:
        registry.build({"optimizer": OPTIMIZER, "gradient_clipping": config})
    assert "hostile" not in sys.modules
    assert ("type: Last" in str(caught.value)) == ("limit" in config)


def test_a_namespace_or_a_dataclass_is_an_applications(recwarn):
    """What it has of its own may stand beside the recipe, as what argparse parses does."""
    args = Namespace(optimizer="momentum", lr=0.5, data="images", epochs=3)
    recipe = empty_registry().build(args)
    assert (0.5, {"data": "images", "epochs": 3}) == (recipe.optimizer.config.lr, recipe.unused)
    changed = empty_registry().build(args, overrides=["lr=0.25"])
    assert (0.25, 0.5, recipe.unused) == (changed.optimizer.config.lr, args.lr, changed.unused)
    with pytest.raises(ConfigError, match=r"config.lrr: unknown key"):
        empty_registry().build(Namespace(optimizer=Namespace(type="momentum", config=Namespace(lrr=1)), data="x"))
