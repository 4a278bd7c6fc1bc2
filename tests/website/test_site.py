"""The site: what is generated for it, and what is built."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from checkout import rewritten
from optim_core import registry
from optim_core.plugin_tools import KINDS
from reference import config_of, page_of, shown, shown_of_kind

ROOT = Path(__file__).parents[2]
# Whose formulas stand in docstrings of ours; those of other libraries' classes are as these libraries tell them.
OURS = ("optim-bitsandbytes", "optim-deepspeed-fused", "optim-muon", "optim-schedules", "optim-torch-builtin")
RECIPE_KINDS = ("optimizer", "scheduler", "clipper")

pytestmark = pytest.mark.xdist_group("site")


@pytest.fixture(scope="module")
def every():
    """What `optim show` says of each installed plugin."""
    return [plugin for kind in KINDS for plugin in shown_of_kind(kind)]


def test_each_config_of_reference_is_valid(every):
    """Each YAML block of each page builds; a page without one has a plugin of which no example can be made up."""
    for plugin in every:
        blocks = re.findall(r"^```yaml\n(.*?)^```$", page_of(plugin), re.MULTILINE | re.DOTALL)
        assert bool(blocks) == (config_of(plugin) is not None), plugin["name"]
        for block in blocks:
            config = yaml.safe_load(block)
            if plugin["kind"] in RECIPE_KINDS:
                registry.build(config)
            else:
                name = config.pop(KINDS[plugin["kind"]].type_key)
                fields = config if KINDS[plugin["kind"]].fields_key is None else config.popitem()[1]
                registry.build({"type": name, "config": fields}, plugin["kind"])


def test_each_optimizer_schedule_and_clipper_of_ours_has_its_formula(every):
    """It stands in a section of the docstring."""
    ours = [plugin for plugin in every if plugin["kind"] in RECIPE_KINDS and plugin["distribution"] in OURS]
    assert [] == [plugin["name"] for plugin in ours if not plugin["formula"]]


def test_each_optimizer_schedule_and_clipper_has_a_source(every):
    """A paper or a page, as a link; `sequential` is of this project."""
    without = [plugin["name"] for plugin in every if plugin["kind"] in RECIPE_KINDS and not plugin["sources"]]
    assert ["sequential"] == without


def test_a_page_says_all_about_a_plugin():
    """Distribution, how to install it, formula, fields with ranges, a config, and its source as a link."""
    page = page_of(shown("optimizer", "AdamW"))
    for part in (
        "# AdamW\n",
        "of optim-torch-builtin: `pip install 'optim-core[torch]'`",
        "[arXiv:1711.05101](https://arxiv.org/abs/1711.05101)",
        "## Formula\n\n```text\n",
        r"| `weight_decay` | a number, ≥ 0 | `0.01` | shrinks the weights by `lr * weight_decay` a step, ≥ 0. |",
        "```yaml\noptimizer:\n  type: AdamW\n",
        "- <https://arxiv.org/abs/1711.05101>",
    ):
        assert part in page, part


def test_links_to_files_of_the_checkout_lead_to_pages():
    """A link out of docs/, one into it and one to a folder; blocks of code stay, and their names become titles."""
    text = "[a](config.md#keys) [b](../README.md) [c](../SECURITY.md) [d](../examples/training) <https://e.org>\n"
    block = "```yaml train.yaml\na: '[x](../README.md)'\n```\n"
    assert (
        "[a](config.md#keys) [b](index.md) [c](SECURITY.md) d <https://e.org>\n"
        "```yaml title=\"train.yaml\"\na: '[x](../README.md)'\n```\n"
    ) == rewritten("docs/words.md", text + block)
    assert "[The training loop](loop.md)" == rewritten("docs/words.md", "[docs/loop.md](loop.md)")
    assert "[a](words.md) ![b](schedules.svg)" == rewritten("README.md", "[a](docs/words.md) ![b](docs/schedules.svg)")


class Loaded(HTMLParser):
    """Finds the addresses that a page loads by itself."""

    def __init__(self):
        super().__init__()
        self.addresses = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed"):
            self.addresses.append(given.get("src"))
        if tag == "link" and given.get("rel") not in ("canonical", "next", "prev"):
            self.addresses.append(given.get("href"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder with the site: that of the variable BUILT_SITE, which `make site` made, or one of its own."""
    if built := os.environ.get("BUILT_SITE"):
        return Path(built)
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", folder]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stdout + done.stderr)
    return folder


def test_nothing_is_loaded_from_the_network(site):
    """What pages load lies beside them, and so does what their styles load."""
    found = sorted(site.rglob("*.html"))
    assert len(found) > 200
    for file in found:
        parser = Loaded()
        parser.feed(file.read_text(encoding="utf-8"))
        for address in filter(None, parser.addresses):
            assert not re.match(r"(https?:)?//", address), (file, address)
            place = address.partition("?")[0].partition("#")[0]
            assert file.name == "404.html" or (file.parent / place).is_file(), (file, address)
    for file in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//|@import", file.read_text(encoding="utf-8")), file


def test_the_search_knows_documents_and_reference(site):
    """The index, which is there as a script for readers without a server, has words of both."""
    script = (site / "search/search_index.js").read_text(encoding="utf-8")
    index = json.loads(script.removeprefix("var __index = "))
    texts = {entry["location"]: f"{entry['title']} {entry['text']}" for entry in index["docs"]}
    assert "CosineAnnealingWarmRestarts" in texts["reference/schedules/CosineAnnealingWarmRestarts.html"]
    assert "catalog" in texts["words.html"]
    assert "sandbox" in texts["SECURITY.html#installing-a-plugin"]


def test_each_schedule_shows_its_curve(site):
    """A picture of its own, and one of all, with the name of each."""
    gallery = (site / "schedules.svg").read_text(encoding="utf-8")
    for record in registry.plugins("scheduler"):
        if not record.alias_of:
            page = (site / f"reference/schedules/{record.name}.html").read_text(encoding="utf-8")
            assert f'src="{record.name}.svg"' in page
            assert (site / f"reference/schedules/{record.name}.svg").is_file()
            assert f">{record.name}</text>" in gallery


def test_each_plugin_has_a_page(site):
    """Whatever a registry knows has a page, and the page of its kind leads there."""
    for kind in KINDS:
        folder = "schedules" if kind == "scheduler" else f"{kind}s"
        listed = (site / f"reference/{folder}.html").read_text(encoding="utf-8")
        for record in registry.plugins(kind):
            if not record.alias_of:
                page = f"{folder}/{record.name.replace(':', '-')}.html"
                assert "<h1 id=" in (site / "reference" / page).read_text(encoding="utf-8")
                assert f'href="{page}"' in listed


def test_the_page_of_a_plugin_stands_in_the_section_of_its_list(site):
    """The tab of the list is the one that is marked, and the menu at its left leads back to it."""
    page = (site / "reference/optimizers/AdamW.html").read_text(encoding="utf-8")
    (tab,) = re.findall(r'md-tabs__item--active">\s*<a href="([^"]+)"', page)
    assert "../optimizers.html" == tab
    assert re.search(r'<a href="\.\./schedules\.html" class="md-nav__link"', page)
