"""Curves on a page that stands alone."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from cli_support import optim
from plotting import BASE, LINEAR, NAMED, config_writer

RUN = ("--total-steps", "1000")


HOSTILE = "_$x^2$ <script>alert(1)@@DATA@@.yaml"


@pytest.fixture
def file(site, tmp_path, monkeypatch):
    """Writes a config into the working folder and returns its name."""
    return config_writer(site, tmp_path, monkeypatch)


class Page(HTMLParser):
    """The tags of a page, and the text of each element without children."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self._tag = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._tag = tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self._tag, data))

    def data(self):
        return json.loads(next(text for tag, text in self.texts if tag == "script"))


def test_a_page_stands_alone(file, tmp_path):
    """It names no address, loads no file, and forbids itself to."""
    optim("plot", file(NAMED), "--epochs", "5", "-o", "curve.html")
    text = (tmp_path / "curve.html").read_text(encoding="utf-8")
    page = Page(text)
    policy = next(attributes["content"] for tag, attributes in page.tags if "http-equiv" in attributes)

    assert policy.startswith("default-src 'none'")
    assert not re.search(r"https?:|url\(|@import", text)
    assert not [tag for tag, attributes in page.tags if {"src", "href"} & attributes.keys() or tag == "link"]
    assert "prefers-color-scheme: dark" in text


def test_a_page_has_the_rates_that_it_shows(file, tmp_path):
    """For each kept place, first and last included, each curve's rate; axes are named, curves labelled."""
    optim("plot", file(LINEAR), *RUN, "-o", "curve.html")
    page = Page((tmp_path / "curve.html").read_text(encoding="utf-8"))
    data = page.data()
    rates = dict(zip(data["places"], data["rates"][0], strict=True))

    assert ("3e-4", "1.5e-4", "3e-7") == (rates[0], rates[500], rates[999])
    assert {"learning rate", "optimizer step", "DemoDescent, DemoLinear, lr 3e-4"} <= {text for _, text in page.texts}


def test_names_of_files_are_text_on_a_page(file, tmp_path):
    """A name that is HTML, or a key of the template, stays a name."""
    optim("plot", file(BASE, HOSTILE), file(LINEAR), *RUN, "-o", "curve.html")
    page = Page((tmp_path / "curve.html").read_text(encoding="utf-8"))

    assert [("title", f"{HOSTILE}, train.yaml")] == [found for found in page.texts if found[0] == "title"]
    assert 2 == [tag for tag, _ in page.tags].count("script")


def test_many_steps_make_a_small_page_that_keeps_the_peaks(file, tmp_path):
    """Of a million steps about 2,000 places are kept, the highest and lowest rate among them."""
    name = file(LINEAR.replace("{}", "{num_training_steps: 123457}"))
    optim("plot", name, "--total-steps", "1000000", "-o", "curve.html")
    data = Page((tmp_path / "curve.html").read_text(encoding="utf-8")).data()

    assert 500 < len(data["places"]) < 2100
    assert [0, 999_999] == [data["places"][0], data["places"][-1]]
    assert ["3e-4", "0"] == [data["rates"][0][0], data["rates"][0][-1]]


def test_a_page_fits_a_phone_and_the_dark(file, tmp_path):
    """Numbers keep their size, a narrow page has every second step, and no two of many curves look the same."""
    values = ",".join(f"{number}e-3" for number in range(1, 13))
    optim("plot", file(LINEAR), *RUN, "--sweep", f"optimizer.config.lr={values}", "-o", "curve.html")
    text = (tmp_path / "curve.html").read_text(encoding="utf-8")
    page = Page(text)
    numbers = {data for tag, data in page.texts if tag == "span"}
    looks = [attributes["class"] for tag, attributes in page.tags if tag == "path" and "curve" in attributes["class"]]

    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.tags
    assert "prefers-color-scheme: dark" in text
    assert {"0", "1,000"} <= numbers
    assert any(attributes.get("class") == "place odd" for _, attributes in page.tags)
    assert 12 == len(set(looks))
