"""A list for a mapping, a text for a component, nothing at all."""

from __future__ import annotations

from wrong import Wrong

__all__ = ["CONTAINERS"]

CONTAINERS = [
    Wrong(
        "nothing",
        {},
        [("", "`type` is missing")],
        "a component is {type: AdamW, config: {lr: 1e-3}}, a recipe {optimizer: …, scheduler: …}",
    ),
    Wrong(
        "a list of optimizers",
        [{"type": "AdamW", "config": {"lr": 0.001}}],
        [("", "a config is a mapping, this is a list of 1")],
        "write it without the brackets around it: in YAML, without the `-`",
    ),
    Wrong(
        "a list of two components, as Lightning returns them",
        [{"type": "AdamW", "config": {"lr": 0.001}}, {"type": "StepLR", "config": {"step_size": 30}}],
        [("", "a config is a mapping, this is a list of 2")],
        "name each by what it is: {optimizer: {type, config}, scheduler: {type, config}}",
    ),
    Wrong(
        "a pair",
        ({"type": "AdamW", "config": {"lr": 0.001}}, {"type": "StepLR", "config": {"step_size": 30}}),
        [("", "a config is a mapping, this is a list of 2")],
        "name each by what it is: {optimizer: {type, config}, scheduler: {type, config}}",
    ),
    Wrong("null", None, [("", "a config is a mapping, this is null")]),
    Wrong("a number", 0.001, [("", "a config is a mapping, this is 0.001")]),
    Wrong(
        "an optimizer that is a list",
        {"optimizer": [{"type": "AdamW", "config": {"lr": 0.001}}]},
        [("optimizer", "must be a mapping with `type`, is a list of 1")],
        "write it without the brackets around it: in YAML, without the `-`",
    ),
    Wrong(
        "an optimizer that is a number",
        {"optimizer": 0.001},
        [("optimizer", "must be a mapping with `type`, is 0.001")],
    ),
    Wrong(
        "an optimizer that is null",
        {"optimizer": None},
        [("optimizer", "must be a mapping with `type`, is null")],
        "its `type` and `config` stand below it, indented; for example {type: AdamW, config: {lr: 1e-3}}",
    ),
    Wrong("an optimizer that is true", {"optimizer": True}, [("optimizer", "must be a mapping with `type`, is true")]),
    Wrong(
        "an optimizer that is an empty mapping",
        {"optimizer": {}},
        [("optimizer", "`type` is missing")],
        "name the optimizer: {type: …}",
    ),
    Wrong(
        "an optimizer that is an empty text",
        {"optimizer": ""},
        [("optimizer", "must be the name of a plugin, is the text ''")],
    ),
    Wrong(
        "a call in a text",
        {"optimizer": "AdamW(lr=1e-3)"},
        [("optimizer", "no optimizer is called `AdamW(lr=1e-3)`")],
        "did you mean `AdamW`",
    ),
    Wrong(
        "a scheduler that is a list",
        {
            "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
            "scheduler": [{"type": "StepLR", "config": {"step_size": 30}}],
        },
        [("scheduler", "must be a mapping with `type`, is a list of 1")],
        "write it without the brackets around it: in YAML, without the `-`",
    ),
    Wrong(
        "a scheduler that is false",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "scheduler": False},
        [("scheduler", "must be a mapping with `type`, is false")],
        "for no scheduler leave it out, or write null",
    ),
    Wrong(
        "a scheduler that is the text none",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "scheduler": "none"},
        [("scheduler", "no scheduler is called `none`")],
        "for no scheduler leave it out, or write null",
    ),
    Wrong(
        "a scheduler that is a text beside an optimizer that is a mapping",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "scheduler": "StepLR"},
        [("step_size", "is required and missing")],
        "StepLR needs a whole number here",
    ),
    Wrong(
        "a scheduler that is an empty mapping",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "scheduler": {}},
        [("scheduler", "`type` is missing")],
        "name the scheduler: {type: …}",
    ),
    Wrong(
        "a scheduler that is a number",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "scheduler": 0.95},
        [("scheduler", "must be a mapping with `type`, is 0.95")],
    ),
    Wrong(
        "clipping that is a number",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "gradient_clipping": 1.0},
        [("gradient_clipping", "must be a mapping or null, is 1.0")],
        "write gradient_clipping: {max_norm: 1.0}",
    ),
    Wrong(
        "clipping that is a text",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "gradient_clipping": "norm"},
        [("gradient_clipping", "must be a mapping or null, is the text 'norm'")],
        "write gradient_clipping: {max_norm: …}",
    ),
    Wrong(
        "clipping that is the name of a clipper",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "gradient_clipping": "value"},
        [("gradient_clipping", "must be a mapping or null, is the text 'value'")],
        "write gradient_clipping: {type: value}",
    ),
    Wrong(
        "clipping that is 0",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "gradient_clipping": 0},
        [("gradient_clipping", "must be a mapping or null, is 0")],
        "for no clipping write null, or leave it out",
    ),
    Wrong(
        "clipping that is true",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "gradient_clipping": True},
        [("gradient_clipping", "must be a mapping or null, is true")],
        "write gradient_clipping: {max_norm: …}",
    ),
    Wrong(
        "clipping that is false",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "gradient_clipping": False},
        [("gradient_clipping", "must be a mapping or null, is false")],
        "for no clipping write null, or leave it out",
    ),
    Wrong(
        "clipping that is a list",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "gradient_clipping": [{"max_norm": 1.0}]},
        [("gradient_clipping", "must be a mapping or null, is a list of 1")],
        "write gradient_clipping: {max_norm: …}",
    ),
    Wrong(
        "clipping that is an empty mapping",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "gradient_clipping": {}},
        [("gradient_clipping.max_norm", "is required and missing")],
        "norm needs a number here",
    ),
    Wrong(
        "clipping that is enabled, without a norm",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "gradient_clipping": {"enabled": True}},
        [("gradient_clipping.max_norm", "is required and missing")],
        "norm needs a number here",
    ),
    Wrong(
        "clipping enabled by a text",
        {
            "optimizer": {"type": "AdamW", "config": {"lr": 0.001}},
            "gradient_clipping": {"enabled": "false", "max_norm": 1.0},
        },
        [("gradient_clipping.enabled", "must be true or false, is the text 'false'")],
        "write false without quotes",
    ),
    Wrong(
        "clipping with a null norm",
        {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}, "gradient_clipping": {"max_norm": None}},
        [("gradient_clipping.max_norm", "must be a number, is null")],
    ),
    Wrong(
        "config that is a list of pairs",
        {"type": "AdamW", "config": [["lr", 0.001]]},
        [("config", "must be a mapping of AdamW's fields, is a list of 1")],
    ),
    Wrong(
        "config that is a list of mappings",
        {"type": "AdamW", "config": [{"lr": 0.001}, {"weight_decay": 0.1}]},
        [("config", "must be a mapping of AdamW's fields, is a list of 2")],
        "write its keys in one mapping: in YAML, without `-` before them",
    ),
    Wrong(
        "config that is a text",
        {"type": "AdamW", "config": "lr=1e-3"},
        [("config", "must be a mapping of AdamW's fields, is the text 'lr=1e-3'")],
    ),
    Wrong(
        "config that is a number",
        {"type": "AdamW", "config": 0.001},
        [("config", "must be a mapping of AdamW's fields, is 0.001")],
    ),
    Wrong(
        "config that is false",
        {"type": "AdamW", "config": False},
        [("config", "must be a mapping of AdamW's fields, is false")],
    ),
    Wrong(
        "config that is an empty list",
        {"type": "AdamW", "config": []},
        [("config", "must be a mapping of AdamW's fields, is a list of 0")],
    ),
    Wrong(
        "a type that is a list",
        {"type": ["AdamW"], "config": {}},
        [("type", "must be the name of a plugin, is a list of 1")],
    ),
    Wrong(
        "a type that is a mapping",
        {"type": {"name": "AdamW"}},
        [("type", "must be the name of a plugin, is a mapping")],
    ),
    Wrong(
        "a type that is null",
        {"optimizer": {"type": None, "lr": 0.001}},
        [("optimizer.type", "must be the name of a plugin, is null")],
    ),
    Wrong(
        "a type that is an empty text",
        {"optimizer": {"type": "", "lr": 0.001}},
        [("optimizer.type", "must be the name of a plugin, is the text ''")],
    ),
    Wrong("a type that is a number", {"type": 1}, [("type", "must be the name of a plugin, is 1")]),
    Wrong(
        "a type that is a class",
        {"optimizer": {"type": dict}},
        [("optimizer.type", "must be the name of a plugin, is the class dict")],
    ),
    Wrong(
        "training that is a list",
        {"training": [{"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}}]},
        [("training", "must be a mapping with an optimizer, is a list of 1")],
    ),
    Wrong("training that is null", {"training": None}, [("training", "must be a mapping with an optimizer, is null")]),
    Wrong(
        "training without an optimizer",
        {"training": {"epochs": 100, "batch_size": 32}},
        [("training", "names no optimizer")],
        "training: {optimizer: …, scheduler: …}, or training: {optimizer_configs: …}",
    ),
    Wrong(
        "an empty training",
        {"training": {}},
        [("training", "names no optimizer")],
        "training: {optimizer: …, scheduler: …}, or training: {optimizer_configs: …}",
    ),
    Wrong(
        "named optimizers as a list",
        {"optimizer_configs": [{"type": "AdamW", "config": {"lr": 0.001}}, {"type": "AdamW", "config": {"lr": 0.001}}]},
        [("optimizer_configs", "must be a mapping of names to components, is a list of 2")],
        "give each optimizer a name: optimizer_configs: {name: {type, config}, …}",
    ),
    Wrong(
        "named optimizers that are null",
        {"optimizer_configs": None},
        [("optimizer_configs", "must be a mapping of names to components, is null")],
    ),
    Wrong(
        "named optimizers that are empty",
        {"optimizer_configs": {}},
        [("optimizer_configs", "is empty")],
        "name: {type, config} for each",
    ),
    Wrong(
        "one optimizer where named ones are expected",
        {"optimizer_configs": {"type": "AdamW", "config": {"lr": 0.001}}},
        [("optimizer_configs", "is one optimizer, not a mapping of names to several")],
        "call it `optimizer`, or give it a name: optimizer_configs: {name: {type, config}}",
    ),
    Wrong(
        "named optimizers as texts",
        {"optimizer_configs": {"g": "Adam", "d": "Adam"}},
        [
            ("optimizer_configs.g", "must be a mapping with `type`, is the text 'Adam'"),
            ("optimizer_configs.d", "must be a mapping with `type`, is the text 'Adam'"),
        ],
        "write {type: Adam}",
    ),
    Wrong(
        "one of the named optimizers is null",
        {"optimizer_configs": {"g": {"type": "AdamW", "config": {"lr": 0.001}}, "d": None}},
        [("optimizer_configs.d", "must be a mapping with `type`, is null")],
        "its `type` and `config` stand below it, indented; for example {type: AdamW, config: {lr: 1e-3}}",
    ),
    Wrong(
        "one of the named optimizers is a list",
        {
            "optimizer_configs": {
                "g": {"type": "AdamW", "config": {"lr": 0.001}},
                "d": [{"type": "AdamW", "config": {"lr": 0.001}}],
            }
        },
        [("optimizer_configs.d", "must be a mapping with `type`, is a list of 1")],
        "write it without the brackets around it: in YAML, without the `-`",
    ),
    Wrong(
        "named schedulers as a list",
        {
            "optimizer_configs": {
                "g": {"type": "AdamW", "config": {"lr": 0.001}},
                "d": {"type": "AdamW", "config": {"lr": 0.001}},
            },
            "scheduler_configs": [
                {"type": "StepLR", "config": {"step_size": 30}},
                {"type": "StepLR", "config": {"step_size": 30}},
            ],
        },
        [("scheduler_configs", "must be a mapping of names to components, is a list of 2")],
    ),
    Wrong(
        "one scheduler where named ones are expected",
        {
            "optimizer_configs": {
                "g": {"type": "AdamW", "config": {"lr": 0.001}},
                "d": {"type": "AdamW", "config": {"lr": 0.001}},
            },
            "scheduler_configs": {"type": "StepLR", "config": {"step_size": 30}},
        },
        [("scheduler_configs", "is one scheduler, not a mapping of names to several")],
        "call it `scheduler`, or give it a name: scheduler_configs: {name: {type, config}}",
    ),
]
