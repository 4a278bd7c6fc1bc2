"""Curves as a picture."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree

import pytest
from cli_support import optim
from plotting import BASE, LINEAR, NAMED, config_writer

RUN = ("--total-steps", "1000")


HOSTILE = "_$x^2$ <script>alert(1)@@DATA@@.yaml"


@pytest.fixture
def file(site, tmp_path, monkeypatch):
    """Writes a config into the working folder and returns its name."""
    return config_writer(site, tmp_path, monkeypatch)


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
