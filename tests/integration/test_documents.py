"""The documents are right: files are valid, code runs, and commands print what stands there.

A block's first line may name a file: ``yaml train.yaml``. It is then the content of that file, of the checkout where
it has one of that name, else of the folder in which the document's Python blocks run, in their order and in one
process. A YAML block without a name is ``train.yaml``. In a ``console`` block, what follows a ``$`` line is its output:
of ``optim``, or of ``python`` and a file that the document shows.
"""

import os
import re
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from warm_python import WarmPython

from optim_core import registry
from optim_core.kinds import entry_point_groups

from .conftest import ROOT, run, succeed

DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "SECURITY.md",
    ROOT / "core/README.md",
    *sorted(ROOT.glob("plugins/*/README.md")),
    *sorted(ROOT.glob("docs/*.md")),
]
FENCE = re.compile(r"^```(\w*)[ ]*(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# The command, as pip installs it.
OPTIM = Path(sys.executable).with_name("optim")
# A TOML block without a name is this one too.
MANIFEST = "pyproject.toml"
# What a snippet may take for granted, except in the README at the root.
GIVEN = "import torch\nmodel = torch.nn.Linear(8, 2)\n"
# What frameworks warn of themselves, in programs as short as those of the documents: how each warning begins.
FRAMEWORKS_OWN = [
    "ignore:`isinstance(treespec:FutureWarning",
    "ignore:The 'train_dataloader' does not have many",
    "ignore:LightningCLI's args parameter is intended to run",
    "ignore:`torch.jit.:DeprecationWarning",
]
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))


class Block(NamedTuple):
    language: str
    name: str
    text: str


def blocks(document):
    return [Block(*match.groups()) for match in FENCE.finditer(document.read_text(encoding="utf-8"))]


@pytest.fixture(scope="session")
def lion(tmp_path_factory):
    """A folder into which pip installed examples/lion_plugin."""
    folder = tmp_path_factory.mktemp("lion")
    install(ROOT / "examples/lion_plugin", folder)
    return folder


def install(source, folder):
    pip = (sys.executable, "-m", "pip", "--quiet", "install", "--no-build-isolation", "--no-deps", "--no-index")
    succeed(*pip, "--target", folder, source)


@pytest.fixture(scope="session")
def environment(lion):
    """The environment variables of whoever follows a document."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    warnings = ",".join(["error", *FRAMEWORKS_OWN])
    # LightningCLI calls what the jsonargparse of today has under other names.
    own = {"JSONARGPARSE_DEPRECATION_WARNINGS": "off"}
    return {**os.environ, **own, "PYTHONPATH": str(lion), "PYTHONWARNINGS": warnings, "PATH": path, "COLUMNS": "120"}


@pytest.fixture(scope="session")
def python(environment):
    """A Python that has imported torch; its optimizers import torch._dynamo when they are made."""
    with WarmPython(["torch._dynamo"], env=environment) as started:
        yield started


@pytest.fixture
def folder(document, tmp_path):
    """The folder with the files that a document shows."""
    for block in blocks(document):
        name = block.name or ("train.yaml" if block.language == "yaml" else "")
        if name and not (ROOT / name).exists():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(block.text)
    return tmp_path


@each_document
def test_files_of_the_checkout_are_shown_as_they_are(document):
    """A block that names a file of the checkout is that file."""
    for block in blocks(document):
        if block.name and (ROOT / block.name).exists():
            assert (ROOT / block.name).read_text(encoding="utf-8") == block.text, block.name


@each_document
def test_configs_are_valid_unless_they_are_called_wrong(document, folder, python):
    """Each YAML block validates, and each TOML block that is no manifest; the one called wrong.yaml does not."""
    files = [*folder.glob("*.yaml"), *(file for file in folder.glob("*.toml") if file.name != MANIFEST)]
    wrong = [file for file in files if file.name == "wrong.yaml"]
    right = [file for file in files if file not in wrong]
    for named, expected in ((right, 0), (wrong, 1)):
        if named:
            done = python.file(OPTIM, "validate", *(file.name for file in named), cwd=folder)
            assert expected == done.returncode, done.output


@each_document
def test_manifests_claim_groups_that_are_looked_at(document):
    """A manifest is TOML, and its groups of entry points are those of optim-core."""
    for block in blocks(document):
        if block.language == "toml" and block.name.rpartition("/")[2] in ("", MANIFEST):
            groups = tomllib.loads(block.text)["project"]["entry-points"]
            assert groups.keys() <= entry_point_groups().keys()


@each_document
def test_python_runs_as_written(document, folder, python):
    """The Python blocks of a document run from the first to the last, without a warning."""
    given = "" if document == ROOT / "README.md" else GIVEN
    code = [block.text for block in blocks(document) if block.language == "python" and not block.name]
    if code:
        done = python.code(given + "\n".join(code), cwd=folder)
        assert 0 == done.returncode, done.output


@each_document
def test_commands_print_what_stands_there(document, folder, python):
    """What an `optim` command or a program of the document prints is what follows it, line by line."""
    for block in blocks(document):
        if block.language != "console":
            continue
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            program, *arguments = command.split()
            assert program in ("optim", "python")
            file, *rest = (OPTIM, *arguments) if program == "optim" else (folder / arguments[0], *arguments[1:])
            done = python.file(file, *rest, cwd=folder)
            assert expected.rstrip().splitlines() == [line.rstrip() for line in done.output.rstrip().splitlines()]


@each_document
def test_links_lead_somewhere(document):
    """A relative link names a file of the checkout."""
    for link in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
        assert "://" in link or (document.parent / link).exists(), link


def test_the_command_of_the_document_runs_where_it_is_installed(environment, tmp_path):
    """`optim twins`, as the document shows its files, writes a config in the formats that are not there."""
    for block in blocks(ROOT / "docs/plugins.md"):
        if block.name.startswith("optim-twins/"):
            (tmp_path / block.name).parent.mkdir(exist_ok=True)
            (tmp_path / block.name).write_text(block.text)
    install(tmp_path / "optim-twins", tmp_path / "site")
    (tmp_path / "train.yaml").write_text("optimizer: {type: adamw, lr: 1}\n")
    path = os.pathsep.join([str(tmp_path / "site"), environment["PYTHONPATH"]])
    done = run("optim", "twins", "train.yaml", cwd=tmp_path, env={**environment, "PYTHONPATH": path})

    assert (0, "train.json is new\ntrain.toml is new\n") == (done.returncode, done.output)
    configs = [registry.to_config(registry.build(tmp_path / f"train{end}")) for end in (".yaml", ".json", ".toml")]
    assert configs[:1] * 3 == configs


def test_a_third_party_plugin_is_found_where_it_is_installed(lion, python, tmp_path):
    """Its name appears with its distribution and version, and its class takes a step."""
    assert "lion-plugin" not in {record.distribution for record in registry.optimizers.plugins()}
    code = """
import torch
from optim_core import registry
from optim_core.kinds import entry_point_groups
model = torch.nn.Linear(4, 2)
spec = registry.build({"type": "lion", "lr": 0.1})
optimizer = spec.create_optimizer(model)
before = model.weight.detach().clone()
model(torch.ones(3, 4)).sum().backward()
optimizer.step()
assert torch.allclose((before - model.weight).abs(), torch.tensor(0.1))
print(spec.provided_by)
"""
    done = python.code(code, cwd=tmp_path)
    assert "lion-plugin 1.0.0\n" == done.stdout, done.output
    assert 0 == done.returncode
