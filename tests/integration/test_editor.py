"""A config in an editor: the language server of VS Code's YAML extension, with the schema that `optim schema` writes.

The server is npm's; `make` installs it where there is npm.
"""

import shutil
import sys
from pathlib import Path

import pytest
from language_server import LanguageServer

from .conftest import ROOT, succeed

SERVER = ROOT / ".venv/editor/node_modules/yaml-language-server/bin/yaml-language-server"
NODE = shutil.which("node")
pytestmark = [
    pytest.mark.skipif(NODE is None, reason="there is no node"),
    pytest.mark.skipif(not SERVER.exists(), reason="`npm ci` has not installed yaml-language-server"),
]
OPTIM = Path(sys.executable).with_name("optim")
LINE = "# yaml-language-server: $schema=optim.schema.json\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The server in a folder with the schema of what is installed here."""
    folder = tmp_path_factory.mktemp("configs")
    said = succeed(OPTIM, "schema", "-o", "optim.schema.json", cwd=folder)
    assert LINE.strip() in said
    with LanguageServer([NODE, str(SERVER), "--stdio"], folder) as started:
        yield started


RIGHT = {
    "component": "type: AdamW\nconfig: {lr: 3e-4, betas: [0.9, 0.95]}\n",
    "flat": "{type: adamw, learning_rate: '3e-4', betas: [0.9, 0.95]}\n",
    "recipe": "optimizer: {type: AdamW, learning_rate: 1e-3}\nscheduler: {type: cosine, num_warmup_steps: 5%}\n",
    "merged": "defaults: &d {lr: 1e-3}\noptimizer:\n  type: adam_w\n  config:\n    <<: *d\n    weight_decay: 0\n",
    "flat set": "optimizer_name: adamw\nlearning_rate: 1e-4\nscheduler: StepLR\nstep_size: 1e2\nmax_grad_norm: 1.0\n",
    "pair": "optimizer_type: adamw\noptimizer_params: {learning_rate: 1e-3, lr_decay_gamma: 0.95}\n",
    "section": "model: {layers: 12}\ntraining:\n  optimizer: adamw\n  learning_rate: 1e-4\n  amp: true\n",
    "names": "generator: {optimizer: {type: Adam, lr: 1e-4}}\ndiscriminator: {optimizer: {type: Adam}}\n",
}


@pytest.mark.parametrize("name", RIGHT)
def test_nothing_is_said_of_a_right_config(server, name):
    """Whatever form it has."""
    assert [] == server.diagnostics(f"right {name}.yaml", LINE + RIGHT[name])


WRONG = [
    ("optimizer:\n  type: AdamW\n  config:\n    lr: 3e-4\n    weight_decai: 0.1\n", 5, "weight_decai"),
    ("optimizer:\n  type: AdamW\n  weight_decai: 0.1\n", 3, "AdamW takes: lr, betas"),
    ("optimizer:\n  type: AdmaW\n", 2, "No optimizer that is installed has this name."),
    ("optimizer:\n  type: AdamW\n  lr: fast\n", 3, "Expected a number."),
    ("optimizer:\n  type: AdamW\n  config:\n    lr: -1\n", 4, "minimum of 0"),
    ("optimizer: {type: AdamW}\nsheduler: {type: StepLR, step_size: 3}\n", 2, "Unknown key"),
    ("optimizer_name: adamw\nlearning_rate: 1e-4\nweight_decy: 0\n", 3, "Unknown key"),
    ("training:\n  optimizer: adamw\n  learning_rate: true\n", 3, "Expected a number."),
]


@pytest.mark.parametrize(("text", "line", "said"), WRONG, ids=[said for _, _, said in WRONG])
def test_what_is_wrong_is_marked_at_its_line(server, text, line, said):
    """One mistake is one diagnostic, at the line of the mistake, with the first line in place that names the schema."""
    (found,) = server.diagnostics(f"wrong {line} {len(text)}.yaml", LINE + text)

    assert line == found[0]
    assert said in found[1]


def test_types_and_fields_are_completed_and_explained(server):
    """A type is one of the installed plugins, a field one of its own, each with what it is."""
    server.diagnostics("typed.yaml", f"{LINE}optimizer:\n  type: \n")
    server.diagnostics("fields.yaml", f"{LINE}optimizer:\n  type: AdamW\n  config:\n    weight_decay: 0.1\n    \n")
    types = server.completions("typed.yaml", 2, 8)
    fields = server.completions("fields.yaml", 5, 4)

    assert types["AdamW"].startswith("AdamW: Adam with")
    assert {"lr", "betas"} <= fields.keys()
    assert not {"weight_decay", "learning_rate", "momentum"} & fields.keys()
    assert "by default 0.01" in server.hover("fields.yaml", 4, 6)
    assert "AdamW: Adam with" in server.hover("fields.yaml", 2, 9)
