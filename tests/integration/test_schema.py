"""The schema of what is installed, against the configs of this project."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator
from wrong_containers import CONTAINERS
from wrong_misspelt import MISSPELT

from optim_core import ConfigError, PluginError, Registry, registry
from optim_core.plugin_tools import read_document

from .conftest import ROOT
from .test_documents import DOCUMENTS, blocks

pytestmark = pytest.mark.filterwarnings("ignore::optim_core.errors.ConfigWarning")
SCHEMA = Draft202012Validator(registry.schema())
# Of the plugins for which the table of wrong configs is written.
OF_TORCH = Draft202012Validator(Registry(allow=["optim-torch-builtin", "optim-schedules"]).schema())
FORMATS = ("yaml", "json", "toml")
EXAMPLES = [file for ending in FORMATS for file in (ROOT / "examples").rglob(f"*.{ending}")]


def _is_taken(file):
    try:
        registry.build(file)
    except (ConfigError, PluginError):
        return False
    return True


def test_every_right_config_of_the_documents_and_examples_fits(tmp_path):
    """What `build` takes is nowhere marked wrong, in whatever form it is written."""
    files = [*EXAMPLES]
    for number, (document, block) in enumerate((each, block) for each in DOCUMENTS for block in blocks(each)):
        if block.language in FORMATS:
            files.append(tmp_path / f"{document.stem}-{number}.{block.language}")
            files[-1].write_text(block.text, encoding="utf-8")
    taken = [file for file in files if _is_taken(file)]

    assert len(taken) > 40
    assert [] == [file.name for file in taken if not SCHEMA.is_valid(read_document(file).value)]


@pytest.mark.parametrize("wrong", [*MISSPELT, *CONTAINERS], ids=lambda wrong: wrong.mistake)
def test_what_is_misspelt_or_no_config_does_not_fit(wrong):
    """A key or a type that nothing has, a list or a text where a mapping is to stand."""
    assert not OF_TORCH.is_valid(wrong.config)
