"""YAML as configs in use have it: merges, and what another program reads in the same file."""

from __future__ import annotations

import pytest

from optim_core import ConfigError
from optim_core.config.formats.load import load


@pytest.fixture
def value(tmp_path):
    """A function that reads a text as a file holds it."""

    def value(text):
        file = tmp_path / "train.yaml"
        file.write_text(text, encoding="utf-8")
        return load(str(file)).value

    return value


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("config: {<<: *a, lr: 1}", {"lr": 1, "eps": 2}),
        ("config: {lr: 1, <<: *a}", {"lr": 1, "eps": 2}),
        ("config: {<<: [*a, *b]}", {"lr": 0.5, "eps": 2, "momentum": 3}),
        ("config: {<<: [*b, *a]}", {"lr": 7, "eps": 2, "momentum": 3}),
        ("config: {<<: *c}", {"lr": 0.5, "eps": 9}),
        ("config: {'<<': 1}", {"<<": 1}),
        ("config: *a", {"lr": 0.5, "eps": 2}),
    ],
)
def test_merges(value, text, config):
    """What a mapping says itself counts, then the first of those merged into it, which may merge others."""
    begin = "a: &a {lr: 0.5, eps: 2}\nb: &b {lr: 7, momentum: 3}\nc: &c {<<: *a, eps: 9}\n"
    assert {"type": "SGD", "config": config} == value(f"{begin}optimizer:\n  type: SGD\n  {text}\n")["optimizer"]


def test_what_stands_there_to_be_used_elsewhere_is_no_part_of_the_config(value):
    """Its mistakes are told where it is used; keys of a recipe stay, whoever uses them too."""
    text = "d: &d {lr: 1}\noptimizer: &o {type: SGD, config: *d}\nother: {copy: *o}\nalone: &x {a: 1}\n"
    sgd = {"type": "SGD", "config": {"lr": 1}}
    assert {"optimizer": sgd, "other": {"copy": sgd}, "alone": {"a": 1}} == value(text)


def test_many_merges_of_merges_are_read_at_once(value):
    """Each mapping is looked at once, however many ways lead to it."""
    lines = ["m0: &m0 {lr: 1}"] + [f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}" for n in range(1, 40)]
    assert {"lr": 1} == value("\n".join([*lines, "optimizer: {type: SGD, config: {<<: *m39}}"]))["optimizer"]["config"]


@pytest.mark.parametrize("recipe", ["training: {optimizer: {type: SGD}}", "optimizer: {type: SGD}"])
def test_another_programs_settings_may_be_of_another_kind(value, recipe):
    """Tags, and keys that are no texts, beside the section or the recipe."""
    read = value(f"{recipe}\nmodel: !Net {{layers: !range [1, 2], 3: x}}\nclasses: {{0: cat, null: dog}}\n")
    assert ({"layers": [1, 2], 3: "x"}, {0: "cat", None: "dog"}) == (read["model"], read["classes"])


@pytest.mark.parametrize(
    "text",
    [
        "optimizer: {type: SGD, config: !x {lr: 1}}",
        "training: {optimizer: {type: SGD}, scheduler: {1: x}}",
        "training: {optimizer: {type: !name SGD}}",
        "optimizer: sgd\nlr: !env LR",
        "optimizer: {type: SGD}\n1: x",
    ],
)
def test_what_a_recipe_is_read_from_is_plain(value, text):
    """There a tag, or such a key, would be lost without a word."""
    with pytest.raises(ConfigError, match=r"has the tag|a key must be a text"):
        value(text)
