"""Every word of another project that hints know: what is written for it means the same, or nobody can know."""

from __future__ import annotations

import copy

import pytest
from following import followed
from test_followed import problems_of

from optim_core import Duration, Registry
from optim_core.config.advice.foreign_types import FOREIGN_TYPES
from optim_core.config.foreign_words import (
    _FIELDS,
    CLIP_WORDS,
    OTHER_WORDS,
    WORDS_FOR_CONFIG,
    WORDS_FOR_MATCH,
    WORDS_FOR_TYPE,
)
from optim_core.config.loop_keys import LOOP_KEYS

ADAMW = ("AdamW", {})
COSINE = ("cosine", {})
STEP = ("StepLR", {"gamma": 0.5})
MILESTONES = ("MultiStepLR", {"gamma": 0.5})
ANNEALING = ("CosineAnnealingLR", {})
PLATEAU = ("ReduceLROnPlateau", {})


class Unknown(str):
    """Words that say that nobody can know, or that there is no such thing here."""


def each(words, component, value, **expected):
    return dict.fromkeys(words.split(), (component, value, expected))


# Component, value, and what the spec is to hold after the hint is followed.
MEANINGS = {
    "optimizer": {
        **each("base_lr init_lr initial_lr peak_lr lrate rate eta alpha learning_rate lr lr0", ADAMW, 2e-4, lr=2e-4),
        **each("starting_lr start_learning_rate base_learning_rate initial_learning_rate", ADAMW, 2e-4, lr=2e-4),
        **each("peak_learning_rate lr_init", ADAMW, 2e-4, lr=2e-4),
        **each("wd l2 l2_reg l2_penalty l2_lambda l2_regularization", ("Adam", {}), 0.1, weight_decay=0.1),
        **each("weight_decay_rate weightdecay w_decay decay_weight reg weight_dec", ADAMW, 0.1, weight_decay=0.1),
        **each("b1 beta1 beta_1", ADAMW, 0.8, betas=(0.8, 0.999)),
        **each("b2 beta2 beta_2", ADAMW, 0.95, betas=(0.9, 0.95)),
        **each("beta", ADAMW, 0.8, betas=(0.8, 0.999)),
        **each("opt_betas", ADAMW, [0.8, 0.9], betas=(0.8, 0.9)),
        **each("epsilon eps", ADAMW, 1e-6, eps=1e-6),
        **each("mom mu", ("SGD", {"lr": 0.1}), 0.8, momentum=0.8),
        **each(
            "decoupled_weight_decay weight_decouple decouple decoupled adam_w_mode adamw_mode",
            ("Adam", {}),
            True,
            decoupled_weight_decay=True,
        ),
        **each("decouple_weight_decay decoupled_decay", ("Adam", {}), True, decoupled_weight_decay=True),
        **each("use_nesterov", ("SGD", {"lr": 0.1, "momentum": 0.9}), True, nesterov=True),
        **each("correct_bias", ADAMW, False, said="AdamW always corrects the bias"),
        **each("clip_threshold", ("Adafactor", {}), 2.0, d=2.0),
        **each("decay_rate", ("Adafactor", {}), -0.7, beta2_decay=-0.7),
    },
    "scheduler": {
        **each("min_lr lr_min eta_min end_lr lr_end final_lr min_learning_rate", COSINE, 1e-6, eta_min=1e-6),
        **each("end_learning_rate minimum_lr lr_final", ("polynomial", {}), 1e-6, lr_end=1e-6),
        **each("min_lr_ratio min_lr_rate lr_min_ratio cos_min_ratio", ("cosine_with_min_lr", {}), 0.1, min_lr_rate=0.1),
        **each("final_lr_ratio min_lr_fraction final_lr_fraction", ("cosine_with_min_lr", {}), 0.1, min_lr_rate=0.1),
        **each("warmup warmup_steps warmup_iters warmup_updates warmup_iterations", COSINE, 7, num_warmup_steps=7),
        **each(
            "warmup_batches lr_warmup warmup_num_steps n_warmup_steps num_warmup_steps", COSINE, 7, num_warmup_steps=7
        ),
        **each("warmup_num_iters", COSINE, 7, num_warmup_steps=7),
        **each("warmup_ratio warmup_fraction warmup_proportion warmup_percent", COSINE, 0.1, num_warmup_steps="10%"),
        **each("warmup_epochs warmup_t", COSINE, 7, num_warmup_steps="7 epochs"),
        **each(
            "total_steps total_num_steps max_steps max_iters total_iters t_total",
            ("linear", {}),
            90,
            num_training_steps=90,
        ),
        **each("num_training_steps t_max", ("linear", {}), 90, num_training_steps=90),
        **each("epochs max_epochs num_epochs t_initial", ("linear", {}), 90, num_training_steps="90 epochs"),
        **each("total_num_update max_update total_updates max_iter", ("linear", {}), 90, num_training_steps=90),
        **each("decay_iters num_iterations num_steps training_steps", ("linear", {}), 90, num_training_steps=90),
        **each("total_epochs n_epochs", ("linear", {}), 90, num_training_steps="90 epochs"),
        **each("steps lr_steps", MILESTONES, [3, 5], milestones=[3, 5], interval="epoch"),
        **each("decay_milestones lr_decay_milestones", MILESTONES, [3, 5], milestones=[3, 5], interval="epoch"),
        **each("decay_epochs decay_t lr_decay_epochs", STEP, 3, step_size=3, interval="epoch"),
        **each("decay_steps", STEP, 300, step_size=300, interval="step"),
        **each("step every", STEP, 3, step_size=3, interval="epoch"),
        **each("decay_rate decay_factor lr_gamma lr_decay factor", ("StepLR", {"step_size": 3}), 0.2, gamma=0.2),
        **each("gamma", PLATEAU, 0.2, factor=0.2),
        **each("warmup_factor", ("warmup_cosine", {"warmup_epochs": 2}), 0.1, start_factor=0.1),
        **each(
            "warmup_min_ratio",
            ("cosine_warmup_with_min_lr", {"num_warmup_steps": 5, "min_lr_rate": 0.1}),
            0.2,
            warmup_lr_rate=0.2,
        ),
        **each("first_cycle_steps", ("CosineAnnealingWarmRestarts", {}), 300, T_0=300, interval="step"),
        **each("restart_period t_initial_0", ("CosineAnnealingWarmRestarts", {}), 3, T_0=3, interval="epoch"),
        **each("cycle_mult", ("CosineAnnealingWarmRestarts", {"T_0": 3}), 2, T_mult=2),
        **each("metric", PLATEAU, "loss", monitor="loss"),
        **each("peak_lr lr_max max_learning_rate", ("OneCycleLR", {}), 0.1, max_lr=0.1),
        **each("patience_epochs patience_t", PLATEAU, 3, patience=3),
        **each("min_delta", PLATEAU, 0.2, threshold=0.2, threshold_mode="abs"),
    },
    "clipper": {
        **each("max_grad_norm clip_norm max_gradient_norm threshold", ("norm", {}), 2.0, max_norm=2.0),
        **each("clip_val max_value", ("value", {}), 2.0, clip_value=2.0),
        **each("clip", ("norm", {}), 2.0, max_norm=2.0),
    },
}

# What the key alone does not say: its value, what stands beside it, or the schedule decides.
BY_VALUE = {
    "epochs where steps are counted": ("CyclicLR", {"base_lr": 1e-3, "max_lr": 1e-2}, "step_size_up_epochs", 3, None),
    "iterations of a schedule by epochs": (
        *ANNEALING,
        "max_iters",
        9000,
        {"T_max": 9000, "interval": "step"},
    ),
    "epochs of a schedule by epochs": (*ANNEALING, "max_epochs", 90, {"T_max": 90, "interval": "epoch"}),
    "a warmup in steps of a schedule by epochs": (
        "cosine",
        {"T_max": 90},
        "warmup_steps",
        500,
        {"num_warmup_steps": 500, "T_max": "90 epochs", "interval": "step"},
    ),
    "a warmup in steps of one whose fields are epochs": (
        "warmup_cosine",
        {"max_epochs": 90},
        "warmup_steps",
        500,
        {"warmup_epochs": "500 steps", "max_epochs": 90, "interval": "step"},
    ),
    "a share of a schedule by epochs": (
        "cosine",
        {"epochs": 90},
        "warmup_ratio",
        0.1,
        {"num_warmup_steps": "10%", "epochs": 90, "interval": "step"},
    ),
    "milestones in iterations": (*MILESTONES, "decay_iterations", [100, 200], None),
    "mmcv's warmup_ratio": (
        "cosine",
        {"num_warmup_steps": 500},
        "warmup_ratio",
        0.001,
        Unknown("a config cannot say which"),
    ),
    "transformers' warmup_ratio beside steps": (
        "cosine",
        {"num_warmup_steps": 500},
        "warmup_ratio",
        0.0,
        {"num_warmup_steps": 500},
    ),
    "mmcv's warmup": (*COSINE, "warmup", "linear", {"num_warmup_steps": 0}),
    "a warmup of another form": (*COSINE, "warmup_type", "exp", Unknown("and cannot be exp")),
    "DeepSpeed's warmup_min_lr": (*COSINE, "warmup_min_lr", 0, {"num_warmup_steps": 0}),
    "a warmup that begins elsewhere": (*COSINE, "warmup_start_lr", 1e-6, Unknown("begins at 0; one that does not is")),
    "a start as a rate": (
        "warmup_cosine",
        {"warmup_epochs": 2},
        "warmup_start_lr",
        1e-6,
        Unknown("which is not known here"),
    ),
    "DeepSpeed's warmup_max_lr": (*COSINE, "warmup_max_lr", 1e-3, Unknown("the `lr` of the optimizer: write it there")),
    "mmcv's by_epoch": (*COSINE, "by_epoch", True, {"interval": "epoch"}),
    "mmengine's begin": (*COSINE, "begin", 5, Unknown("a config cannot say it here")),
    "a schedule that continues": (*COSINE, "last_epoch", -1, {"num_cycles": 0.5}),
    "Keras' decay": (*ADAMW, "decay", 1e-4, Unknown("which, a config cannot say")),
    "VITS' lr_decay": (*ADAMW, "lr_decay", 0.999, {"lr": 1e-3, "lr_decay_gamma": 0.999}),
    "an L2 penalty of AdamW": (*ADAMW, "l2_reg", 0.1, {"weight_decay": 0.1}),
    "L2 that says what it is": (*ADAMW, "l2_reg", 0.1, Unknown("that of Adam is an L2 penalty")),
    "betas as text": (*ADAMW, "adam_betas", "(0.9, 0.98)", {"betas": (0.9, 0.98)}),
    "no bias correction": (*ADAMW, "correct_bias", False, Unknown("always corrects the bias")),
    "bias correction": (*ADAMW, "correct_bias", True, {"lr": 1e-3}),
    "decoupled already": (*ADAMW, "decoupled_weight_decay", True, {"weight_decay": 0.01}),
    "not decoupled": (*ADAMW, "adam_w_mode", False, Unknown("that of `type: Adam` is an L2 penalty")),
    "Nesterov in Adam": ("Adam", {}, "nesterov", True, Unknown("`type: NAdam`")),
    "Nesterov that is off": ("Adam", {}, "use_nesterov", False, {"lr": 1e-3}),
    "amsgrad of SGD": ("SGD", {"lr": 0.1}, "amsgrad", True, Unknown("SGD cannot; Adam and AdamW have it")),
    "amsgrad that is off": ("SGD", {"lr": 0.1}, "amsgrad", False, {"lr": 0.1}),
    "a kernel": ("Adagrad", {"lr": 0.1}, "capturable", None, None),
    "relative steps": ("Adafactor", {}, "relative_step", True, {"lr": 0.01}),
    "a rate of Adafactor's": ("Adafactor", {"lr": 1e-3}, "relative_step", False, {"lr": 1e-3}),
    "no scale": (
        "Adafactor",
        {},
        "scale_parameter",
        False,
        Unknown("transformers' is `type: pytorch_optimizer:AdaFactor`"),
    ),
    "a scale": ("Adafactor", {}, "scale_parameter", True, {"lr": 0.01}),
    "a first moment": ("Adafactor", {}, "beta1", 0.9, Unknown("torch's Adafactor cannot")),
    "no first moment": ("Adafactor", {}, "beta1", None, {"lr": 0.01}),
    "warmup_init": ("Adafactor", {}, "warmup_init", True, Unknown("torch's Adafactor cannot")),
    **{
        f"auto as {field}": ("AdamW", {}, field, "auto", Unknown("which a config cannot know"))
        for field in ("lr", "betas", "eps", "weight_decay")
    },
    "auto as a warmup": (*COSINE, "num_warmup_steps", "auto", Unknown("which a config cannot know")),
    "auto as a length": ("linear", {}, "num_training_steps", "auto", Unknown("which a config cannot know")),
    "auto as a norm": ("norm", {}, "max_norm", "auto", Unknown("which a config cannot know")),
}

KIND_OF = {"norm": "clipper", "value": "clipper"}
# In a section these may be the training loop's, or the rate stands beside them.
NESTED_ALONE = ("begin", "warmup_start_lr")
PLACES = {"optimizer": "optimizer", "scheduler": "scheduler", "clipper": "gradient_clipping"}


@pytest.fixture(scope="module")
def registry():
    return Registry(allow=["optim-torch-builtin", "optim-schedules"])


def kind_of(registry, name):
    return KIND_OF.get(name) or ("optimizer" if name in registry.optimizers else "scheduler")


def forms_of(kind, name, fields, key, value):
    """Return a recipe in which a component has a key: nested, without `config`, and flat in a section."""
    whole = {**fields, key: value}
    place = PLACES[kind]
    rest = {} if kind == "optimizer" else {"optimizer": {"type": "AdamW"}}
    yield {**rest, place: {"type": name, "config": whole}}
    yield {**rest, place: {"type": name, **whole}}
    if kind != "clipper" and key not in LOOP_KEYS and key not in NESTED_ALONE:
        yield {"training": {**({} if rest == {} else {"optimizer": "adamw", "lr": 1e-3}), place: name, **whole}}


def held(recipe, kind, name):
    """Return what a part of a recipe holds under a name, in its fields or beside them."""
    spec = {"optimizer": recipe.optimizer, "scheduler": recipe.scheduler, "clipper": recipe.clipper}[kind]
    if name == "interval":
        return spec.interval
    if name == "lr_decay_gamma":
        return getattr(spec, name)
    return getattr(spec.config, name)


def holds(recipe, kind, expected):
    """Whether a part of a recipe holds what it is to hold; lengths are compared as lengths."""
    found = {name: held(recipe, kind, name) for name in expected}
    wanted = {
        name: Duration.of(value) if isinstance(found[name], Duration) else value for name, value in expected.items()
    }
    return found == wanted


FIELD_ROWS = [
    pytest.param(kind, word, *row, id=f"{kind}: {word}")
    for kind, table in MEANINGS.items()
    for word, row in table.items()
]


def test_no_word_for_a_field_is_unchecked():
    """Each that hints know has a row in the table."""
    assert {kind: set(table) for kind, table in _FIELDS.items()} == {kind: set(rows) for kind, rows in MEANINGS.items()}


@pytest.mark.parametrize(("kind", "word", "component", "value", "expected"), FIELD_ROWS)
def test_a_word_for_a_field_is_written_as_the_field_with_what_it_means(
    registry, kind, word, component, value, expected
):
    """In every form, the hint that is followed leads to a config that means it."""
    name, fields = component
    for config in forms_of(kind, name, fields, word, value):
        before = problems_of(registry, config)
        if not before:
            # It is a field of this plugin itself, or in a flat set one of the training loop's.
            continue
        if "said" in expected:
            assert any(expected["said"] in (problem.hint or "") for problem in before), before
            continue
        made = end_of_way(registry, config)
        assert holds(made, kind, expected), (config, registry.to_config(made))


def end_of_way(registry, config):
    """Return the recipe to which the hints of a config lead, followed to the letter."""
    config = copy.deepcopy(config)
    while problems := problems_of(registry, config):
        config = next((new for problem in problems if (new := followed(config, problem)) is not None), None)
        assert config is not None, problems
    return registry.recipe(config)


@pytest.mark.parametrize("row", [pytest.param(row, id=mistake) for mistake, row in BY_VALUE.items()])
def test_what_a_word_means_by_its_value_is_written_or_nobody_can_know(registry, row):
    """In every form, the hint gives what its author meant, or says that a config cannot."""
    name, fields, key, value, expected = row
    kind = kind_of(registry, name)
    for config in forms_of(kind, name, fields, key, value):
        hints = [problem.hint or "" for problem in problems_of(registry, config)]
        if isinstance(expected, Unknown):
            assert any(expected in hint for hint in hints), (config, hints)
        elif expected is not None:
            made = end_of_way(registry, config)
            assert holds(made, kind, expected), (config, registry.to_config(made))


def test_no_name_of_a_plugin_is_unchecked(registry):
    """A name of another project that is none here is a row that says so; any other leads to a plugin that there is."""
    for kind, table in FOREIGN_TYPES.items():
        for name, meant in table.items():
            place = {"optimizer": {"type": "AdamW"}, kind: {"type": name}}
            (told,) = [each for each in problems_of(registry, place) if each.path == f"{kind}.type"]
            if meant.plugin is None:
                assert meant.note
                assert meant.note in told.hint
                assert "did you mean" not in told.hint
            else:
                assert f"`{meant.plugin}`" in told.hint
                assert all(f"with `{field}` where none is given" in told.hint for field in meant.fields)


# What a name means is what its own project makes of it where it is given nothing else.
TYPES = {
    ("optimizer", "adamw_torch"): ({}, "AdamW", {"weight_decay": 0.0}),
    ("optimizer", "adamw_hf"): ({"weight_decay": 0.1}, "AdamW", {"weight_decay": 0.1}),
    ("optimizer", "adamw_torch_fused"): ({"lr": 1e-4}, "AdamW", {"weight_decay": 0.0, "lr": 1e-4}),
    ("optimizer", "adamw_apex_fused"): ({}, "AdamW", {"weight_decay": 0.0}),
    ("optimizer", "torch.optim.AdamW"): ({}, "AdamW", {"weight_decay": 0.01}),
    ("optimizer", "nadamw"): ({}, "NAdam", {"decoupled_weight_decay": True}),
    ("optimizer", "RAdamW"): ({}, "RAdam", {"decoupled_weight_decay": True}),
    ("optimizer", "sgd_nesterov"): ({"lr": 0.1, "momentum": 0.9}, "SGD", {"nesterov": True}),
    ("scheduler", "WarmupDecayLR"): (
        {"warmup_num_steps": 5, "total_num_steps": 50, "warmup_min_lr": 0, "warmup_type": "linear"},
        "linear",
        {"num_warmup_steps": 5, "num_training_steps": 50},
    ),
    ("scheduler", "get_cosine_schedule_with_warmup"): ({"num_warmup_steps": 5}, "cosine", {"num_warmup_steps": 5}),
    ("scheduler", "polynomial_decay"): (
        {"total_num_update": 50, "lr_end": 0.001},
        "polynomial",
        {"num_training_steps": 50, "lr_end": 0.001},
    ),
    ("scheduler", "polynomial-decay"): ({}, "polynomial", {"lr_end": 0.0}),
    ("scheduler", "linear_warmup"): ({"warmup_steps": 5}, "constant_with_warmup", {"num_warmup_steps": 5}),
    ("scheduler", "inverse_square_root"): ({"warmup_updates": 5}, "inverse_sqrt", {"num_warmup_steps": 5}),
    ("scheduler", "fixed"): ({}, "constant", {}),
}


@pytest.mark.parametrize(("kind", "name"), TYPES)
def test_a_name_of_another_project_leads_to_what_it_means(registry, kind, name):
    """The hint that is followed gives the plugin, with what its project takes where nothing is given."""
    fields, plugin, expected = TYPES[kind, name]
    rest = {} if kind == "optimizer" else {"optimizer": {"type": "AdamW"}}
    made = end_of_way(registry, {**rest, kind: {"type": name, "config": fields}})
    spec = made.optimizer if kind == "optimizer" else made.scheduler
    assert plugin == spec.type
    assert holds(made, kind, expected), registry.to_config(made)


# A key of another project, its value, and the recipe's own keys that it becomes; None where the author has to decide.
OPTIMIZER = {"type": "SGD", "config": {"lr": 0.1}}
RECIPES = {
    **dict.fromkeys(("clip_grad", "max_norm"), (0.5, {"gradient_clipping": {"max_norm": 0.5}})),
    **dict.fromkeys(CLIP_WORDS, (0.5, {"gradient_clipping": {"max_norm": 0.5}})),
    "clipping": ({"max_norm": 0.5}, {"gradient_clipping": {"max_norm": 0.5}}),
    "gradient_clip_algorithm": ("norm", None),
    **dict.fromkeys(
        (
            *("lr_config", "lr_sched", "lr_schedule", "lr_scheduler", "lr_scheduler_type", "learning_rate_scheduler"),
            *("param_scheduler", "sched", "schedule", "scheduler_cfg", "scheduler_conf", "scheduler_config"),
            *("lr_policy", "lr_scheduler_name", "scheduler_class", "lr_scheduler_config"),
        ),
        ({"type": "ExponentialLR", "gamma": 0.5}, {"scheduler": {"type": "ExponentialLR", "gamma": 0.5}}),
    ),
    **dict.fromkeys(
        ("opt", "optim", "optim_conf", "optimizer_cfg", "optimizer_conf", "optimizer_config"),
        (OPTIMIZER, {"optimizer": OPTIMIZER}),
    ),
    **dict.fromkeys(
        (
            *("paramwise_cfg", "paramwise", "custom_keys", "param_group", "parameter_groups", "parameters_groups"),
            *("optimizer_grouped_parameters", "param_group_rules"),
        ),
        (
            [{"match": "*.bias", "lr": 0.2}],
            {"optimizer": {**OPTIMIZER, "param_groups": [{"match": "*.bias", "lr": 0.2}]}},
        ),
    ),
    **dict.fromkeys(("lr_multipliers", "lr_mult"), ({"head": 10.0}, None)),
    **dict.fromkeys(
        (
            *("no_weight_decay", "no_wd", "no_decay_params", "weight_decay_exclude", "exclude_from_weight_decay"),
            *("skip_weight_decay", "weight_decay_exclusions"),
        ),
        (["bias"], {"optimizer": {**OPTIMIZER, "no_decay": ["bias"]}}),
    ),
    **dict.fromkeys(
        ("exclude_bias_and_norm", "filter_bias_and_bn"),
        (True, {"optimizer": {**OPTIMIZER, "no_decay": ["bias", "norm"]}}),
    ),
    **dict.fromkeys(
        ("bias_weight_decay", "weight_decay_bias"), (0, {"optimizer": {**OPTIMIZER, "no_decay": ["bias"]}})
    ),
    "weight_decay_norm": (0.0, {"optimizer": {**OPTIMIZER, "no_decay": ["norm"]}}),
    "bias_decay": (False, {"optimizer": {**OPTIMIZER, "no_decay": ["bias"]}}),
    "norm_decay": (True, {}),
    "norm_weight_decay": (0.0, {"optimizer": {**OPTIMIZER, "no_decay": ["norm"]}}),
    **dict.fromkeys(
        (
            *("layer_decay_rate", "layer_decay_factor", "layer_lr_decay", "lr_layer_decay", "layerwise_decay"),
            *("layerwise_lr_decay", "layer_wise_lr_decay", "llrd"),
        ),
        (0.75, {"optimizer": {**OPTIMIZER, "layer_decay": 0.75}}),
    ),
}


def test_no_word_for_a_key_of_recipes_is_unchecked():
    """Each that hints know has a row in the table."""
    assert set(OTHER_WORDS) == set(RECIPES)


@pytest.mark.parametrize("word", RECIPES)
def test_a_word_for_a_key_of_recipes_leads_to_what_it_means(registry, word):
    """As a recipe, and in a section, the hints that are followed lead there, or the author has to decide."""
    value, expected = RECIPES[word]
    own = {} if expected and expected.keys() == {"optimizer"} and word.startswith("opt") else {"optimizer": OPTIMIZER}
    if word == "optimizer_grouped_parameters":
        own = {"optimizer": OPTIMIZER}
    for config in ({**own, word: value}, {"training": {**own, word: value, "batch_size": 8}}):
        if expected is None:
            assert problems_of(registry, config)
            continue
        recipe = {"optimizer": OPTIMIZER, **expected}
        assert registry.to_config(registry.recipe(recipe)) == registry.to_config(end_of_way(registry, config))


@pytest.mark.parametrize("word", WORDS_FOR_TYPE)
def test_a_word_for_type_leads_to_it(registry, word):
    """Beside `config` as beside fields."""
    for config in ({"optimizer": {word: "SGD", "config": {"lr": 0.1}}}, {"optimizer": {word: "SGD", "lr": 0.1}}):
        assert 0.1 == end_of_way(registry, config).optimizer.config.lr


def test_adam_of_deepspeed_is_told_how_it_decays(registry):
    """Its JSON has `params` below the name, and decoupled decay unless it says otherwise."""
    told = {
        decay: problems_of(registry, {"optimizer": {"type": "Adam", "params": {"lr": 1e-3, **decay_of}}})[0].hint
        for decay, decay_of in (
            ("some", {"weight_decay": 0.1}),
            ("none", {}),
            ("l2", {"weight_decay": 1, "adam_w_mode": False}),
        )
    }
    assert {"some": True, "none": False, "l2": False} == {
        each: "as `type: AdamW` does" in hint for each, hint in told.items()
    }


@pytest.mark.parametrize("word", WORDS_FOR_CONFIG)
def test_a_word_for_config_leads_to_it(registry, word):
    """What stands below it are the fields."""
    assert 0.1 == end_of_way(registry, {"optimizer": {"type": "SGD", word: {"lr": 0.1}}}).optimizer.config.lr


@pytest.mark.parametrize("word", sorted(WORDS_FOR_MATCH))
def test_a_word_for_match_leads_to_it(registry, word):
    """In a rule of parameters."""
    rule = {word: "head.*", "lr": 0.2}
    made = end_of_way(registry, {"optimizer": {"type": "SGD", "lr": 0.1, "param_groups": [rule]}})
    assert ("head.*",) == made.optimizer.param_groups[0].match
