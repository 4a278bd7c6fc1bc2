"""`optim plot`: what stands in the terminal, on the page and in the pictures."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from cli_support import optim, optim_process
from plotting import BASE, LINEAR, NAMED, config_writer
from rich.cells import cell_len

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


# -- terminal --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [24, 40, 80, 130])
def test_a_chart_is_no_wider_than_the_terminal(file, columns):
    """Labels and titles are cut; the axes are named."""
    name = file(NAMED, f"{'long' * 20}.yaml")
    lines = optim("plot", name, "--epochs", "50", "--steps-per-epoch", "2000", columns=columns).stdout.splitlines()

    assert columns >= max(map(len, lines))
    assert ["learning rate", "optimizer step"] == [lines[1], lines[-3].strip()]
    assert ["a  left", "b  right"] == [line.partition(":")[0] for line in lines[-2:]]


def test_letters_of_two_columns_are_counted_as_two(file):
    """A label in Chinese is cut where the terminal ends."""
    name = file(NAMED, f"{'学' * 30}.yaml")
    lines = optim("plot", name, file(NAMED), "--epochs", "5", columns=40).stdout.splitlines()

    assert {40, 39} >= {cell_len(line) for line in lines if "学" in line}
    assert 3 == sum("学" in line for line in lines)


def test_a_curve_begins_and_ends_where_its_rates_do(file):
    """A line down goes from the upper left corner to the lower right one, between round numbers."""
    lines = optim("plot", file(LINEAR), *RUN, columns=60).stdout.splitlines()
    rows = [line.partition("│")[2] or line.partition("┤")[2] for line in lines[2:18]]
    filled = [[at for at, letter in enumerate(row) if letter != " "] for row in rows]
    starts = [row[0] for row in filled if row]

    assert 0 == starts[0]
    assert sorted(starts) == starts
    assert 53 == filled[-1][-1]
    assert "3e-4 ┤" in "\n".join(lines[2:5])
    assert ["0", "500", "1,000"] == [word for word in lines[19].split() if word not in ("250", "750")]


def test_an_output_without_these_letters_gets_others(file, site):
    """In ASCII, curves are letters."""
    done = optim_process(site, "plot", file(NAMED), "--epochs", "9", "--steps-per-epoch", "9", PYTHONIOENCODING="ascii")

    assert (0, "") == (done.code, done.stderr)
    assert done.stdout.isascii()
    assert re.search(r"^ *2e-3 [+]b+$", done.stdout, re.MULTILINE)


def test_a_rate_of_0_is_no_hindrance_to_a_logarithmic_axis(file):
    """The axis says that it is one, and has powers of ten."""
    done = optim("plot", file(LINEAR), *RUN, "--log", columns=80)

    assert 0 == done.code
    assert "learning rate, logarithmic" in done.stdout
    assert "1e-5 ┤" in done.stdout


# -- page ------------------------------------------------------------------------------------------------------------


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


# -- pictures --------------------------------------------------------------------------------------------------------


def test_an_svg_has_its_text_as_text(file, tmp_path):
    """Title, axes, numbers and legend can be read and searched; the same command gives the same bytes."""
    pytest.importorskip("matplotlib")
    names = file(BASE, HOSTILE), file(LINEAR)
    for output in ("curve.svg", "again.svg"):
        assert f"wrote {output}\n" == optim("plot", *names, *RUN, "-o", output).stdout
    tree = ElementTree.parse(tmp_path / "curve.svg")
    texts = ["".join(element.itertext()).strip() for element in tree.iter("{http://www.w3.org/2000/svg}text")]

    assert {"learning rate", "optimizer step", "1,000", "3e-4", f"{HOSTILE}, train.yaml"} <= set(texts)
    assert [f"{HOSTILE}: no scheduler", "train.yaml: DemoLinear"] == texts[-2:]
    assert (tmp_path / "curve.svg").read_bytes() == (tmp_path / "again.svg").read_bytes()


def test_a_png_is_one(file, tmp_path):
    """With a legend it is higher, and no wider."""
    pytest.importorskip("matplotlib")
    optim("plot", file(LINEAR), *RUN, "-o", "one.png")
    optim("plot", file(NAMED), "--epochs", "3", "--steps-per-epoch", "3", "-o", "two.png")
    headers = [(tmp_path / name).read_bytes()[:24] for name in ("one.png", "two.png")]
    (one, lower), (two, higher) = [
        (int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")) for head in headers
    ]

    assert {b"\x89PNG"} == {head[:4] for head in headers}
    assert one == two
    assert lower < higher


@pytest.mark.parametrize(
    ("missing", "output", "message"),
    [
        ("matplotlib", "curve.png", "a png is drawn by matplotlib, which is not installed: "),
        ("numpy", "curve.csv", "optim plot needs numpy, which is not installed: "),
    ],
)
def test_what_is_not_installed_is_one_line(file, tmp_path, monkeypatch, missing, output, message):
    """It has the command that installs it, and no file is left behind."""
    name = file(LINEAR)
    monkeypatch.setitem(sys.modules, missing, None)
    done = optim("plot", name, *RUN, "-o", output)

    assert (1, f"optim: {message}pip install 'optim-core[plot]'\n") == (done.code, done.stderr)
    assert not (tmp_path / output).exists()


def test_a_file_is_replaced_whole_or_not_at_all(file, tmp_path):
    """Where it cannot be written it is as it was; no other file is left."""
    name = file(LINEAR)
    (tmp_path / "old.csv").write_text("old")
    optim("plot", name, "-o", "old.csv")
    assert "old" == (tmp_path / "old.csv").read_text()
    (tmp_path / "folder.csv").mkdir()
    done = optim("plot", name, *RUN, "-o", "folder.csv")

    assert "optim: folder.csv: cannot be written: is not a regular file\n" == done.stderr
    assert {"site", "train.yaml", "old.csv", "folder.csv"} == {path.name for path in tmp_path.iterdir()}
