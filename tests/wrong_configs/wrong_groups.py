"""What is wrong with `param_groups`, `no_decay` and `layer_decay`."""

from __future__ import annotations

from typing import Any

from wrong import Wrong, WrongFile

__all__ = ["GROUPS", "GROUP_FILES"]


def adamw(**beside: Any) -> dict[str, Any]:
    """AdamW with something beside its config."""
    return {"type": "AdamW", "config": {"lr": 0.001}, **beside}


def rules(*given: Any) -> dict[str, Any]:
    """AdamW with these rules."""
    return adamw(param_groups=list(given))


GROUPS = [
    # -- rules ---------------------------------------------------------------------------------------------------
    Wrong(
        "a misspelt field in the second rule",
        {"optimizer": rules({"match": "a", "lr": 1}, {"match": "*.bias", "weight_decai": 0})},
        [("optimizer.param_groups[1].weight_decai", "unknown key")],
        "did you mean `weight_decay`? a rule takes: match, lr_multiplier, freeze, and AdamW's fields: lr, betas",
    ),
    Wrong(
        "a misspelt multiplier",
        rules({"match": "a", "lr_multiplyer": 2}),
        [("param_groups[0].lr_multiplyer", "unknown key")],
        "did you mean `lr_multiplier`?",
    ),
    Wrong(
        "lr_mult of mmengine in a rule",
        rules({"match": "a", "lr_mult": 2}),
        [("param_groups[0].lr_mult", "unknown key")],
        "did you mean `lr_multiplier`?",
    ),
    Wrong(
        "decay_mult of mmengine in a rule",
        rules({"match": "a", "decay_mult": 0}),
        [("param_groups[0].decay_mult", "unknown key")],
        "write the value itself: `weight_decay: …`",
    ),
    Wrong(
        "wd in a rule",
        rules({"match": "a", "wd": 0}),
        [("param_groups[0].wd", "unknown key")],
        "did you mean `weight_decay`?",
    ),
    Wrong(
        "wd in a rule that has a weight decay",
        rules({"match": "a", "wd": 0, "weight_decay": 0}),
        [("param_groups[0].wd", "unknown key")],
        "`weight_decay` is given already",
    ),
    Wrong(
        "params for match, as torch has it",
        rules({"params": "*.bias", "weight_decay": 0}),
        [("param_groups[0].params", "unknown key")],
        "did you mean `match`?",
    ),
    Wrong(
        "regex for match",
        rules({"regex": "^head", "weight_decay": 0}),
        [("param_groups[0].regex", "unknown key")],
        'did you mean `match: "re:…"`?',
    ),
    Wrong(
        "requires_grad: false in a rule",
        rules({"match": "a", "requires_grad": False}),
        [("param_groups[0].requires_grad", "unknown key")],
        "write `freeze: true`",
    ),
    Wrong(
        "requires_grad: true in a rule",
        rules({"match": "a", "requires_grad": True}),
        [("param_groups[0].requires_grad", "unknown key")],
        "leave it out: parameters are trained",
    ),
    Wrong(
        "config in a rule",
        rules({"match": "a", "config": {"weight_decay": 0}}),
        [("param_groups[0].config", "unknown key")],
        "its fields stand beside `match`, without a key above them",
    ),
    Wrong(
        "another type in a rule",
        rules({"match": "a", "type": "SGD"}),
        [("param_groups[0].type", "unknown key")],
        "all groups have the optimizer's type; others are `optimizer_configs`",
    ),
    Wrong(
        "a rule without match",
        rules({"weight_decay": 0}),
        [("param_groups[0].match", "is required and missing")],
        'a pattern of parameter names, for example match: "*.bias"',
    ),
    Wrong("an empty rule", rules({}), [("param_groups[0].match", "is required and missing")]),
    Wrong("an empty pattern", rules({"match": "", "lr": 1}), [("param_groups[0].match", "is empty")]),
    Wrong("an empty expression", rules({"match": "re:", "lr": 1}), [("param_groups[0].match", "is empty")]),
    Wrong("no pattern", rules({"match": [], "lr": 1}), [("param_groups[0].match", "is empty")]),
    Wrong("an empty pattern of two", rules({"match": ["a", ""]}), [("param_groups[0].match[1]", "is empty")]),
    Wrong(
        "a pattern that is null",
        rules({"match": None, "lr": 1}),
        [("param_groups[0].match", "must be text, a list of texts or {kind: …}, is null")],
    ),
    Wrong(
        "a pattern that is a number",
        rules({"match": ["a", 3], "lr": 1}),
        [("param_groups[0].match[1]", "must be text, is 3")],
    ),
    Wrong(
        "an expression that is none",
        rules({"match": "re:(head", "lr": 1}),
        [
            (
                "param_groups[0].match",
                "is no regular expression: missing ), unterminated subpattern at position 0",
            )
        ],
        "what follows `re:` is Python's `re`",
    ),
    Wrong(
        "a pattern in two rules",
        rules({"match": "a", "lr": 1}, {"match": ["b", "a"], "lr": 2}),
        [("param_groups[1].match[1]", "stands already in param_groups[0], which takes what it matches")],
        "take one of the two away: the first match wins",
    ),
    Wrong(
        "a pattern twice in one rule",
        rules({"match": ["a", "a"], "lr": 1}),
        [("param_groups[0].match[1]", "stands already in this rule")],
    ),
    Wrong(
        "a multiplier of 0",
        rules({"match": "a", "lr_multiplier": 0}),
        [("param_groups[0].lr_multiplier", "must be > 0, is 0.0")],
    ),
    Wrong(
        "a multiplier that is null",
        rules({"match": "a", "lr_multiplier": None}),
        [("param_groups[0].lr_multiplier", "must be a number, is null")],
    ),
    Wrong(
        "a multiplier that is a bool",
        rules({"match": "a", "lr_multiplier": True}),
        [("param_groups[0].lr_multiplier", "must be a number, is true")],
    ),
    Wrong(
        "an infinite multiplier",
        rules({"match": "a", "lr_multiplier": float("inf")}),
        [("param_groups[0].lr_multiplier", "must be a finite number, is inf")],
    ),
    Wrong(
        "freeze as a text",
        rules({"match": "a", "freeze": "true"}),
        [("param_groups[0].freeze", "must be true or false, is the text 'true'")],
        "write true without quotes",
    ),
    Wrong(
        "a frozen rule with a rate",
        rules({"match": "a", "freeze": True, "lr": 0.1, "lr_multiplier": 2}),
        [
            (
                "param_groups[0].freeze",
                "is true, so that lr, lr_multiplier would do nothing: what is frozen is not trained",
            )
        ],
        "take `freeze` away, or what stands beside it and `match`",
    ),
    Wrong(
        "a negative decay in a rule",
        rules({"match": "a", "weight_decay": -1}),
        [("param_groups[0].weight_decay", "must be ≥ 0, is -1.0")],
    ),
    Wrong(
        "a negative decay in a rule and in the config",
        {"type": "AdamW", "config": {"weight_decay": -1}, "param_groups": [{"match": "a", "weight_decay": -2}]},
        [("config.weight_decay", "must be ≥ 0, is -1.0"), ("param_groups[0].weight_decay", "must be ≥ 0, is -2.0")],
    ),
    Wrong(
        "a rate under two names in a rule",
        rules({"match": "a", "lr": 1, "learning_rate": 1}),
        [("param_groups[0].learning_rate", "means the same as `lr`")],
    ),
    Wrong(
        "a rule that takes the momentum from nesterov",
        {"type": "SGD", "lr": 0.1, "momentum": 0.9, "nesterov": True, "param_groups": [{"match": "a", "momentum": 0}]},
        [("param_groups[0]", "makes `nesterov` wrong: needs momentum > 0, which is 0.0")],
        "set momentum, or nesterov: false",
    ),
    Wrong(
        "nesterov in a rule without a momentum",
        {"type": "SGD", "lr": 0.1, "param_groups": [{"match": "a", "nesterov": True}]},
        [("param_groups[0].nesterov", "needs momentum > 0, which is 0.0")],
    ),
    # -- the list of rules ---------------------------------------------------------------------------------------
    Wrong(
        "one rule without its list",
        adamw(param_groups={"match": "*.bias", "weight_decay": 0}),
        [("param_groups", "must be a list of rules, is a mapping")],
        "write it in a list: in YAML, with a `-` before it",
    ),
    Wrong(
        "patterns as keys of rules",
        adamw(param_groups={"*.bias": {"weight_decay": 0}}),
        [("param_groups", "must be a list of rules, is a mapping")],
        'write [{match: "*.bias", …}, …]',
    ),
    Wrong(
        "a pattern for the rules",
        adamw(param_groups="*.bias"),
        [("param_groups", "must be a list of rules, is the text '*.bias'")],
        'for example [{match: "*.bias", weight_decay: 0}]',
    ),
    Wrong(
        "a pattern for a rule",
        rules("*.bias"),
        [("param_groups[0]", "must be a mapping with `match`, is the text '*.bias'")],
        'write {match: "*.bias", …}',
    ),
    # -- no_decay ------------------------------------------------------------------------------------------------
    Wrong(
        "classes of modules without decay",
        adamw(no_decay=["LayerNorm", "bias"]),
        [("no_decay[0]", "must be `bias`, `norm`, `embedding` or `vector`, is the text 'LayerNorm'")],
        "did you mean `norm`?",
    ),
    Wrong(
        "biases without decay",
        adamw(no_decay="biases"),
        [("no_decay", "must be `bias`, `norm`, `embedding` or `vector`, is the text 'biases'")],
        "did you mean `bias`?",
    ),
    Wrong(
        "bn without decay",
        adamw(no_decay=["bn"]),
        [("no_decay[0]", "must be `bias`, `norm`, `embedding` or `vector`, is the text 'bn'")],
        "did you mean `norm`?",
    ),
    Wrong(
        "names without decay",
        adamw(no_decay=["layernorm.weight"]),
        [("no_decay[0]", "must be `bias`, `norm`, `embedding` or `vector`, is the text 'layernorm.weight'")],
        "for parameters by name, `param_groups: [{match: …, weight_decay: 0}]`",
    ),
    Wrong(
        "a kind twice",
        adamw(no_decay=["bias", "bias"]),
        [("no_decay[1]", "`bias` stands already in the list")],
    ),
    Wrong(
        "no_decay: true",
        adamw(no_decay=True),
        [("no_decay", "must be a list of kinds of parameters, is true")],
        "for example [bias, norm]",
    ),
    Wrong(
        "no_decay where there is none",
        {"type": "LBFGS", "no_decay": ["bias"]},
        [("no_decay", "LBFGS has no `weight_decay` that could be left out")],
    ),
    # -- layer_decay ---------------------------------------------------------------------------------------------
    Wrong("a growing layer decay", adamw(layer_decay=1.5), [("layer_decay", "must be in (0, 1], is 1.5")]),
    Wrong("a layer decay of 0", adamw(layer_decay=0), [("layer_decay", "must be in (0, 1], is 0.0")]),
    Wrong("layer_decay: true", adamw(layer_decay=True), [("layer_decay", "must be a number, is true")]),
    # -- in another place, or by another word ----------------------------------------------------------------------
    Wrong(
        "param_groups in config",
        {"type": "AdamW", "config": {"param_groups": [{"match": "a", "lr": 1}]}},
        [("config.param_groups", "unknown key")],
        "`param_groups` belongs beside `type` and `config`, not in `config`",
    ),
    Wrong(
        "layer_decai in config",
        {"type": "AdamW", "config": {"layer_decai": 0.75}},
        [("config.layer_decai", "unknown key")],
        "did you mean `layer_decay`, beside `type` and `config`?",
    ),
    Wrong(
        "no_decay beside the optimizer",
        {"optimizer": adamw(), "no_decay": ["bias"]},
        [("no_decay", "unknown key")],
        "move it into `optimizer`, beside `type`",
    ),
    Wrong(
        "no_decay beside the optimizer in a section",
        {"training": {"optimizer": adamw(), "no_decay": ["bias"], "amp": True}},
        [("training.no_decay", "unknown key")],
        "move it into `optimizer`, beside `type`",
    ),
    Wrong(
        "layer_decay on a scheduler",
        {"type": "StepLR", "config": {"step_size": 30}, "layer_decay": 0.75},
        [("layer_decay", "unknown key")],
        "`layer_decay` belongs into `optimizer`, beside its `type`",
    ),
    Wrong(
        "llrd beside config",
        adamw(llrd=0.75),
        [("llrd", "unknown key")],
        "did you mean `layer_decay`, beside `type`?",
    ),
    Wrong(
        "layer_decay_rate in config",
        {"type": "AdamW", "config": {"layer_decay_rate": 0.75}},
        [("config.layer_decay_rate", "unknown key")],
        "did you mean `layer_decay`, beside `type` and `config`?",
    ),
    Wrong(
        "no_weight_decay in a flat set",
        {"optimizer": "AdamW", "lr": 0.001, "no_weight_decay": ["bias"]},
        [("no_weight_decay", "unknown key")],
        "did you mean `no_decay`?",
    ),
    Wrong(
        "exclude_bias_and_norm beside the optimizer",
        {"optimizer": adamw(), "exclude_bias_and_norm": True},
        [("exclude_bias_and_norm", "unknown key")],
        "write `no_decay: [bias, norm]` in `optimizer`",
    ),
    Wrong(
        "lr_multipliers in a config",
        {"optimizer": adamw(lr_multipliers={"head": 5.0})},
        [("optimizer.lr_multipliers", "unknown key")],
        "did you mean `param_groups: [{match: …, lr_multiplier: …}]`, beside `type`?",
    ),
]

GROUP_FILES = [
    WrongFile(
        "mistakes in rules in YAML",
        "train.yaml",
        (
            "optimizer:\n"
            "  type: AdamW\n"
            "  param_groups:\n"
            '    - {match: "*.bias", weight_decay: 0}\n'
            '    - match: "head.*"\n'
            "      weight_decai: 0\n"
            "      lr_multiplier: -1\n"
            "    - lr: 1e-3\n"
            "  no_decay: [bias, nrom]\n"
        ),
        [
            (6, 7, "optimizer.param_groups[1].weight_decai", "unknown key"),
            (7, 7, "optimizer.param_groups[1].lr_multiplier", "must be > 0, is -1.0"),
            (8, 7, "optimizer.param_groups[2].match", "is required and missing"),
            (9, 20, "optimizer.no_decay[1]", "must be `bias`, `norm`, `embedding` or `vector`, is the text 'nrom'"),
        ],
        "did you mean `weight_decay`?",
    ),
    WrongFile(
        "mistakes in rules in TOML",
        "train.toml",
        (
            '[optimizer]\ntype = "AdamW"\nlayer_decay = 2\n\n'
            '[[optimizer.param_groups]]\nmatch = "*.bias"\nweight_decay = 0\n\n'
            '[[optimizer.param_groups]]\nmatch = "re:["\nwd = 0\n'
        ),
        [
            (3, 1, "optimizer.layer_decay", "must be in (0, 1], is 2.0"),
            (
                10,
                1,
                "optimizer.param_groups[1].match",
                "is no regular expression: unterminated character set at position 0",
            ),
            (11, 1, "optimizer.param_groups[1].wd", "unknown key"),
        ],
    ),
    WrongFile(
        "mistakes in rules in JSON",
        "train.json",
        '{"type": "AdamW",\n "param_groups": [{"match": ["a", ""]},\n  {"match": "b", "freez": true}]}\n',
        [
            (2, 35, "param_groups[0].match[1]", "is empty"),
            (3, 18, "param_groups[1].freez", "unknown key"),
        ],
    ),
]
