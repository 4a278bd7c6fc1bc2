"""What the README says of a config that is wrong, beside torch's own classes; and the lists that it stands on."""

import re
import sys

import pytest
import torch
import yaml

from optim_core import OptimError, registry

from .conftest import ROOT, manifests, succeed

README = (ROOT / "README.md").read_text(encoding="utf-8")
LIST = ROOT / "docs/list.md"
ADAMW = "optimizer: {type: AdamW, config: {lr: 1.0e-3}}\n"
RATE = "optimizer: {type: AdamW, config: {lr: %s}}"

# The beginning of a row, its config, and what torch's classes make of it: an error, or a rate that they take.
CONFIGS = [
    ("`lr: true`", RATE % "true", 1.0),
    ('`amsgrad: "false"`', "optimizer: {type: AdamW, config: {lr: 1.0e-3, amsgrad: 'false'}}", 1e-3),
    ("`lr` twice in a mapping", RATE % "1.0e-3, lr: 1.0e-4", 1e-4),
    ("`lr: 1e-4`, which is a text to PyYAML", RATE % "1e-4", TypeError),
    ("`weight_decai: 0.1`", RATE % "1.0e-3, weight_decai: 0.1", TypeError),
    ("`type: AdemW`", "optimizer: {type: AdemW}", AttributeError),
    ("`weight_decay: 0.1` one level too high", "optimizer: {type: AdamW, config: {}, weight_decay: 0.1}", 1e-3),
    ("`max_grad_norm: 1.0` beside the optimizer", f"{ADAMW}max_grad_norm: 1.0", 1e-3),
    (
        "`T_max: 10000`, stepped by epochs",
        f"{ADAMW}scheduler: {{type: CosineAnnealingLR, config: {{T_max: 10000}}}}",
        1e-3,
    ),
    ("`OneCycleLR` without a length", f"{ADAMW}scheduler: {{type: OneCycleLR, config: {{max_lr: 0.01}}}}", ValueError),
    ("a rule for `haed.*`", "optimizer: {type: AdamW, param_groups: [{match: 'haed.*', lr: 0.1}]}", None),
]
# What is no mistake to optim-core, and the rate that it makes.
TAKEN = {"is 0.0001": 1e-4, "has the length of the run": 1e-3}


def row(beginning):
    """The other cells of the row of the README that begins with this one."""
    found = re.search(rf"^\| {re.escape(beginning)} \| (.*) \| (.*) \|$", README, re.MULTILINE)
    assert found, beginning
    return found.groups()


def of_torch(config):
    """The optimizer and the scheduler that `getattr` gives."""
    model = torch.nn.Linear(4, 2)
    chosen = config["optimizer"]
    optimizer = getattr(torch.optim, chosen["type"])(model.parameters(), **chosen.get("config", {}))
    if "scheduler" in config:
        chosen = config["scheduler"]
        getattr(torch.optim.lr_scheduler, chosen["type"])(optimizer, **chosen["config"])
    return optimizer


def of_us(file):
    """The optimizer that a config names, for a run of 10 epochs."""
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 2))
    return registry.recipe(file).create(model, total_steps=1000, steps_per_epoch=100).optimizer


@pytest.mark.parametrize(("beginning", "text", "expected"), CONFIGS, ids=[case[0] for case in CONFIGS])
def test_a_mistake_does_what_the_table_says(beginning, text, expected, tmp_path):
    """torch's classes take it or raise that error; optim-core says the words of the row, or takes it."""
    by_torch, by_us = row(beginning)
    if isinstance(expected, float):
        assert by_torch.startswith("trains")
        assert expected == of_torch(yaml.safe_load(text)).defaults["lr"]
    elif expected:
        assert by_torch.startswith(expected.__name__)
        with pytest.raises(expected):
            of_torch(yaml.safe_load(text))

    (tmp_path / "train.yaml").write_text(text)
    if by_us in TAKEN:
        assert TAKEN[by_us] == of_us(tmp_path / "train.yaml").defaults["lr"]
    else:
        with pytest.raises(OptimError, match=re.escape(by_us.rstrip("… "))):
            of_us(tmp_path / "train.yaml")


def test_a_run_that_goes_on_does_what_the_table_says():
    """torch takes the rate that was saved, whatever the config says; optim-core says that they differ."""
    by_torch, by_us = row("another `lr` for a run that goes on")
    assert "trains, at the rate that was saved" == by_torch
    model = torch.nn.Linear(4, 2)
    saved, other = (torch.optim.AdamW(model.parameters(), lr=lr) for lr in (1e-3, 5e-4))
    other.load_state_dict(saved.state_dict())
    assert 1e-3 == other.param_groups[0]["lr"]

    saved, other = (registry.recipe({"type": "AdamW", "lr": lr}).create(model) for lr in (1e-3, 5e-4))
    with pytest.raises(OptimError, match=re.escape(by_us)):
        other.load_state_dict(saved.state_dict())


def test_biases_and_norms_do_what_the_table_says():
    """`no_decay: [bias, norm]` leaves nothing but the weights of other layers to decay; torch decays all."""
    assert "`no_decay: [bias, norm]`" == row("no decay for biases and norms")[1]
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.LayerNorm(4))
    made = registry.build({"type": "AdamW", "no_decay": ["bias", "norm"]}).create_optimizer(model)
    decaying = [parameter for group in made.param_groups if group["weight_decay"] for parameter in group["params"]]
    assert [id(model[0].weight)] == [id(parameter) for parameter in decaying]


@pytest.mark.parametrize("folder", manifests(), ids=lambda folder: folder.name)
def test_each_distribution_says_how_to_install_it_a_config_and_where_the_documents_are(folder):
    """Its README has its name, both ways to install it, a config or a program, and names documents that exist."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {manifests()[folder]['project']['name']}\n")
    assert {"./core", f"./{folder.relative_to(ROOT)}"} <= set(re.findall(r"\./[a-z_/]+", text))
    assert re.search(r"^pip install 'optim-core\[", text, re.MULTILINE)
    assert re.search(r"^```(yaml|python)", text, re.MULTILINE)
    named = re.findall(r"docs/[\w-]+\.md", text.partition("\n## Documents\n")[2])
    assert "docs/README.md" in named
    assert [] == [name for name in named if not (ROOT / name).exists()]


def test_the_list_is_what_is_installed(tmp_path):
    """docs/list.md is what its script writes, and the README has its numbers."""
    succeed(sys.executable, ROOT / "website/plugin_list.py", tmp_path / "list.md")
    listed = LIST.read_text(encoding="utf-8")
    assert (tmp_path / "list.md").read_text(encoding="utf-8") == listed
    optimizers, schedules, clippers = re.findall(r"^(\d+) of them\.$", listed, re.MULTILINE)
    assert f"{optimizers} optimizers, {schedules} schedules and {clippers} ways of clipping" in README
