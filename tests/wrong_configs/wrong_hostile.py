"""What nobody writes by hand: broken generators, attacks, and values that only Python can hold."""

# ruff: noqa: E501 - a message stands in one line

from __future__ import annotations

from typing import Any

from wrong import Wrong

__all__ = ["HOSTILE"]

OPTIMIZER = {"type": "AdamW", "config": {"lr": 1e-3}}


def nested(levels: int, innermost: Any, key: str = "config") -> dict[str, Any]:
    """Mappings in mappings."""
    value = innermost
    for _ in range(levels):
        value = {key: value}
    return value


def containing_itself() -> dict[str, Any]:
    config: dict[str, Any] = {"type": "AdamW"}
    config["config"] = config
    return config


def list_in_itself() -> list[Any]:
    items: list[Any] = [0.9]
    items.append(items)
    return items


def doubled(levels: int) -> list[Any]:
    """A list of lists whose leaves are one and the same, 2 to the power of `levels` times."""
    items: list[Any] = [0.9, 0.95]
    for _ in range(levels):
        items = [items, items]
    return items


TOO_DEEP = "is nested more than 50 deep, or contains itself"
TOO_MANY = "holds more than 10,000 values"

HOSTILE = [
    Wrong("a mapping 10,000 deep", nested(10_000, {}), [("", TOO_DEEP)]),
    Wrong("a field 10,000 deep", {"type": "AdamW", "config": {"lr": nested(10_000, 1)}}, [("", TOO_DEEP)]),
    Wrong("51 levels", nested(51, 1), [("", TOO_DEEP)]),
    Wrong("a config that contains itself", containing_itself(), [("", TOO_DEEP)]),
    Wrong("a list that contains itself", {"type": "AdamW", "betas": list_in_itself()}, [("", TOO_DEEP)]),
    Wrong("a million shared leaves", {"type": "AdamW", "betas": doubled(20)}, [("", TOO_MANY)]),
    Wrong("a billion shared leaves in one list", {"type": "AdamW", "betas": [0.9] * 20_000}, [("", TOO_MANY)]),
    Wrong("20,000 keys", {"type": "AdamW", "config": {f"key{n}": n for n in range(20_000)}}, [("", TOO_MANY)]),
    Wrong(
        "a number of 5,000 digits",
        {"type": "StepLR", "config": {"step_size": -(10**5000)}},
        [("config.step_size", "must be > 0, is a whole number of 16610 bits")],
    ),
    Wrong(
        "a rate of 5,000 digits",
        {"type": "AdamW", "config": {"lr": 10**5000}},
        [("config.lr", "is too large for a number")],
    ),
    Wrong(
        "a text of 5,000 digits",
        {"type": "StepLR", "config": {"step_size": "9" * 5000}},
        [
            (
                "config.step_size",
                "must be a whole number, is the text '999999999999999999999999999...9999999999999999999999999999'",
            )
        ],
    ),
    Wrong(
        "a text of a million letters",
        {"type": "AdamW", "config": {"lr": "x" * 1_000_000}},
        [("config.lr", "must be a number, is the text 'xxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxxxxxxxx'")],
    ),
    Wrong(
        "a type of a million letters",
        {"optimizer": {"type": "A" * 1_000_000}},
        [
            (
                "optimizer.type",
                "no optimizer is called `AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`",
            )
        ],
    ),
    Wrong(
        "a key of a million letters",
        {"type": "AdamW", "config": {"l" * 1_000_000: 1}},
        [
            (
                "config.llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll…",
                "unknown key",
            )
        ],
    ),
    Wrong(
        "a right-to-left override in a key",
        {"type": "AdamW", "config": {"lr\u202e": 1e-3}},
        [("config.lr\u202e", "unknown key")],
        "did you mean `lr`",
    ),
    Wrong(
        "a zero-width space in a key",
        {"type": "AdamW", "config": {"weight\u200b_decay": 0.1}},
        [("config.weight\u200b_decay", "unknown key")],
        "did you mean `weight_decay`",
    ),
    Wrong(
        "a zero-width space in a type",
        {"optimizer": {"type": "Adam\u200bW"}},
        [("optimizer.type", "no optimizer is called `Adam\\u200bW`")],
        "`\\u200b` in it is ZERO WIDTH SPACE; did you mean `AdamW`",
    ),
    Wrong(
        "a Cyrillic letter in a type",
        {"optimizer": {"type": "\u0410dam"}},
        [("optimizer.type", "no optimizer is called `\u0410dam`")],
        "`\u0410` in it is CYRILLIC CAPITAL LETTER A; did you mean `Adam`",
    ),
    Wrong(
        "an escape sequence in a type",
        {"optimizer": {"type": "\x1b[31mAdamW"}},
        [("optimizer.type", "no optimizer is called `\\x1b[31mAdamW`")],
        "did you mean `AdamW`",
    ),
    Wrong(
        "a line break in a type",
        {"optimizer": {"type": "AdamW\n"}},
        [("optimizer.type", "no optimizer is called `AdamW\\n`")],
        "did you mean `AdamW`",
    ),
    Wrong(
        "a NUL in a type",
        {"optimizer": {"type": "AdamW\0"}},
        [("optimizer.type", "no optimizer is called `AdamW\\x00`")],
        "did you mean `AdamW`",
    ),
    Wrong(
        "a lone surrogate in a type",
        {"optimizer": {"type": "Adam\ud800"}},
        [("optimizer.type", "no optimizer is called `Adam\\ud800`")],
        "`\\ud800` in it is no letter; did you mean `Adam`",
    ),
    Wrong("a number as a key", {"type": "AdamW", "config": {1: 1e-3}}, [("config.1", "is not a key: keys are texts")]),
    Wrong(
        "null as a key", {"type": "AdamW", "config": {None: 1e-3}}, [("config.null", "is not a key: keys are texts")]
    ),
    Wrong(
        "true as a key, which YAML 1.1 makes of `on`",
        {"type": "AdamW", "config": {True: 1e-3}},
        [("config.true", "is not a key: keys are texts")],
    ),
    Wrong(
        "a pair as a key",
        {"type": "AdamW", "config": {("lr", 0): 1e-3}},
        [("config.a list of 2", "is not a key: keys are texts")],
    ),
    Wrong(
        "bytes as a key",
        {"optimizer": {b"type": "AdamW"}},
        [("optimizer", "`type` is missing")],
        "keys are texts, here is a Python object of type bytes",
    ),
    Wrong("a number as a key of the recipe", {"optimizer": OPTIMIZER, 7: 1}, [("7", "is not a key: keys are texts")]),
    Wrong(
        "bytes as a type",
        {"optimizer": {"type": b"AdamW"}},
        [("optimizer.type", "must be the name of a plugin, is a Python object of type bytes")],
    ),
    Wrong(
        "bytes as a rate",
        {"type": "AdamW", "lr": b"1e-3"},
        [("lr", "must be a number, is a Python object of type bytes")],
    ),
    Wrong(
        "a set for betas",
        {"type": "AdamW", "betas": {0.9, 0.95}},
        [("betas", "must be a list of 2 numbers, is a Python object of type set")],
    ),
    Wrong(
        "a generator for betas",
        {"type": "AdamW", "betas": (x for x in (0.9, 0.95))},
        [("betas", "must be a list of 2 numbers, is a Python object of type generator")],
    ),
    Wrong("a complex rate", {"type": "AdamW", "lr": 1e-3 + 0j}, [("lr", "must be a number, is (0.001+0j)")]),
    Wrong(
        "a class for a rate",
        {"type": "AdamW", "lr": float},
        [("lr", "must be a number, is the class float")],
    ),
    Wrong(
        "a function for a rate",
        {"type": "AdamW", "lr": lambda step: 1e-3},
        [("lr", "must be a number, is a Python object of type function")],
    ),
    Wrong(
        "code to run as a type",
        {"optimizer": {"type": "__import__('os').system('id')"}},
        [("optimizer.type", "no optimizer is called `__import__('os').system('id')`")],
    ),
    Wrong(
        "a module's function as a type",
        {"optimizer": {"type": "os.system", "config": {"command": "id"}}},
        [("optimizer.type", "no optimizer is called `os.system`")],
    ),
    Wrong(
        "a function's attribute as an expression",
        {"type": "LambdaLR", "lr_lambda": "min.__globals__"},
        [("lr_lambda", "does not take `min.__globals__`")],
    ),
    Wrong(
        "a power that runs for hours",
        {"type": "LambdaLR", "lr_lambda": "9**9**9**9"},
        [("lr_lambda", "`9**9**9**9` has no value at epoch 0: 9 ** 387420489.0 is too large")],
    ),
    Wrong(
        "an expression of 201 characters",
        {"type": "LambdaLR", "lr_lambda": "1" + "+1" * 100},
        [("lr_lambda", "must be at most 200 characters long, is 201")],
    ),
    Wrong(
        "an expression of many signs",
        {"type": "LambdaLR", "lr_lambda": "-" * 199 + "1"},
        [("lr_lambda", "must be nested at most 40 levels deep")],
    ),
    Wrong(
        "a path out of the folder as a type",
        {"optimizer": {"type": "../../etc/passwd"}},
        [("optimizer.type", "no optimizer is called `../../etc/passwd`")],
    ),
    Wrong(
        "an address as a type",
        {"optimizer": {"type": "https://example.com/adam.py"}},
        [("optimizer.type", "no optimizer is called `https://example.com/adam.py`")],
    ),
    Wrong(
        "a distribution that is not installed",
        {"optimizer": {"type": "optim-nowhere:AdamW"}},
        [("optimizer.type", "no optimizer is called `optim-nowhere:AdamW`")],
        "distributions with plugins are: optim-torch-builtin",
    ),
    Wrong(
        "a distribution that has no such plugin",
        {"optimizer": {"type": "optim-torch-builtin:Lion"}},
        [("optimizer.type", "no optimizer is called `optim-torch-builtin:Lion`")],
        "`optim-torch-builtin` has: Adadelta",
    ),
    Wrong(
        "no name after a distribution",
        {"optimizer": {"type": "optim-torch-builtin:"}},
        [("optimizer.type", "no optimizer is called `optim-torch-builtin:`")],
        "`optim-torch-builtin` has: Adadelta",
    ),
]
