"""`optim list`."""

from __future__ import annotations

import sys

import pytest
from cli_support import broken, install_demo, optim, optim_process
from rich.cells import cell_len
from site_folder import provider_source


@pytest.fixture(autouse=True)
def _demo(site):
    install_demo(site)


def _rows(done):
    return {row["name"]: row for row in done.json if row["distribution"] == "optim-demo"}


def test_json_has_all_that_is_known():
    """--format json has a plugin's record and the first line of its docstring."""
    assert {
        "name": "DemoDescent",
        "kind": "optimizer",
        "distribution": "optim-demo",
        "version": "1.5",
        "target": "demo_plugins:DemoDescent",
        "state": "ok",
        "error": None,
        "alias_of": None,
        "provider": None,
        "summary": "Demo descent: goes ≤ downhill (Doe 1999, arXiv:9901.00001).",
    } == _rows(optim("list", "--format", "json"))["DemoDescent"]


def test_nothing_that_is_listed_is_imported():
    """The docstrings are read from the source files."""
    optim("list")

    assert "demo_plugins" not in sys.modules


def test_a_kind_limits_the_list():
    """`optim list clippers` has the clippers and nothing else."""
    done = optim("list", "clippers", "--format", "json")

    assert ["democlip"] == list(_rows(done))
    assert {"clipper"} == {row["kind"] for row in done.json}


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["descent"], ["demo", "DemoDescent"]),
        (["DEMO-DESCENT"], ["demo", "DemoDescent"]),
        (["downhill"], ["demo", "DemoDescent"]),
        (["optim-demo", "clipping"], ["democlip"]),
        (["scheduler", "optim-demo"], ["DemoSteps"]),
        (["schedulers", "clippers", "optim_demo"], ["DemoSteps", "democlip"]),
        (["optim-demo", "--kind", "clipper", "--kind", "scheduler"], ["DemoSteps", "democlip"]),
        (["demosteps", "--kind", "clipper", "--kind", "scheduler"], ["DemoSteps"]),
    ],
)
def test_words_choose_what_is_listed(words, names):
    """All words are in the name, the text, the distribution or what an alias stands for; kinds are one or another."""
    assert names == [row["name"] for row in optim("list", *words, "--format", "json").json if "demo" in row["target"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["optimisers"], "nothing that is installed has `optimisers`; did you mean `optim list optimizers`?"),
        (["Demo-Decsent"], "nothing that is installed has `Demo-Decsent`; did you mean `optim list DemoDescent`?"),
        (["--kind", "clipper", "steps", "optim-demo"], "nothing that is installed has `steps`"),
        (
            ["downhill", "clipping", "optim-demo"],
            "has all of: downhill, clipping, optim-demo",
        ),
        (["qqqqqq"], "nothing that is installed has `qqqqqq`\n"),
    ],
)
def test_what_nothing_has_is_wrong_usage(words, said):
    """The word that nothing has is named, with the one that was meant."""
    done = optim("list", *words)

    assert (2, "") == (done.code, done.stdout)
    assert said in done.stderr


def test_the_extra_that_brings_what_is_missing_is_named(site):
    """Where no plugin has a name that one of an extra has."""
    done = optim_process(site, "list", "adamw8bit", OPTIM_CORE_BLOCK="optim-bitsandbytes")

    assert 2 == done.code
    assert "bitsandbytes" in done.stderr.partition(";")[2]


def test_an_alias_says_what_it_stands_for():
    """An alias is listed as another name of its plugin."""
    assert any(
        line.startswith("demo ") and line.endswith("another name of DemoDescent")
        for line in optim("list", columns=300).stdout.splitlines()
    )


def test_plugins_stand_below_whose_they_are(site):
    """A heading has kind, distribution and version; a row name and docstring, without the name that it begins with."""
    source = "import attrs\n@attrs.frozen\nclass Own:\n    'Own: begins so.'\n    def build(self, params): ...\n"
    site.add("optim-own", entry_points={"optim_core.optimizers": {"Own": "own:Own"}}, modules={"own": source})
    lines = optim("list", "optim", columns=100).stdout.splitlines()

    assert "optimizers of optim-demo 1.5" in lines
    assert ["DemoSteps", "Demo", "steps."] == next(line for line in lines if line.startswith("DemoSteps")).split()
    assert ["Own", "begins", "so."] == next(line for line in lines if line.startswith("Own ")).split()


@pytest.mark.parametrize("columns", [None, 40, 20])
def test_a_plugin_is_one_line_that_fits(site, columns):
    """In a terminal of any width, and of 80 columns where the output is none: cut after a word, whatever is wide."""
    name, wide = "n" * 50, "\N{CJK UNIFIED IDEOGRAPH-5B66}" * 30
    source = 'import attrs\n@attrs.frozen\nclass A:\n    """{}"""\n    def build(self, params): ...\n'
    names = {"wide": "wide_plugins:A", name: "wide_plugins:A", "Gone": "no_such:" + "A" * 300}
    modules = {"wide_plugins": source.format(f"Word word {wide} {'word ' * 30}")}
    site.add("optim-wide", entry_points={"optim_core.optimizers": names}, modules=modules)
    site.add("optim-lost", entry_points={"optim_core.optimizers": {"Lost": "lost:Lost"}}, metadata=None)
    rows = optim("list", columns=columns).stdout.splitlines()

    assert max(map(cell_len, rows)) <= (columns or 80)
    if columns != 20:
        assert 1 == len([row for row in rows if row.startswith("DemoDescent ") and "goes" in row])
    if columns is None:
        assert f"{name}  another name of wide" in rows
        assert any(row.startswith("wide ") and row.endswith("  Word word…") for row in rows)


@pytest.mark.parametrize(
    ("docstring", "row"),
    [
        (
            "Halving lr, et al. 2017. `Other` is another library's, and differs in its state.",
            "Halving lr, et al. 2017.",
        ),
        (
            "Up from 0, then down half a cosine; as many libraries have it, and with their words.",
            "Up{}a cosine.",
        ),
        ("A sentence so long that neither it nor any part of it fits a row; nor is this a help.", "A sentence{}…"),
    ],
)
def test_a_sentence_that_fits_is_shown_whole(site, docstring, row):
    """What is too long for its row is cut after its first sentence, or before a semicolon, where that fits."""
    source = f'import attrs\n@attrs.frozen\nclass A:\n    """{docstring}"""\n    def build(self, params): ...\n'
    names = {"short": "own_plugins:A", "n" * 20: "own_plugins:A"}
    site.add("optim-own", entry_points={"optim_core.optimizers": names}, modules={"own_plugins": source})
    shown = next(line for line in optim("list").stdout.splitlines() if line.startswith("short "))
    begin, _, end = row.partition("{}")

    assert shown.removeprefix("short").lstrip().startswith(begin)
    assert shown.endswith(end)


def test_what_the_output_has_no_letters_for_fits_too(site):
    """What is written in ASCII instead takes more room."""
    done = optim_process(site, "list", PYTHONIOENCODING="ascii")

    assert (0, "") == (done.code, done.stderr)
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "goes <= downhill" in done.stdout
    assert done.stdout.isascii()


def test_what_is_broken_is_listed_with_the_reason(site):
    """A distribution without METADATA is listed as broken, with the reason."""
    targets = {"optim_core.optimizers": {"Lost": "lost:Lost"}}
    site.add("optim-lost", entry_points=targets, metadata=None)
    done = optim("list", columns=300)

    assert 0 == done.code
    assert any(line.startswith("Lost") and "broken" in line and "METADATA" in line for line in done.stdout.splitlines())


def test_a_provider_that_does_not_work_is_told_of(site):
    """What it would offer is not in the list, which the list does not hide."""
    targets = {"optim_core.providers": {"many": "many_plugins:Provider"}}
    site.add("optim-many", entry_points=targets, modules={"many_plugins": "import library_that_is_not_there\n"})
    done = optim("list")

    assert (0, "something is wrong with optim-many, see `optim doctor`\n") == (done.code, done.stderr)
    missed = optim("list", "what_it_would_offer")
    assert 2 == missed.code
    assert 1 == missed.stderr.count("something is wrong with optim-many, see `optim doctor`")


def test_a_module_that_does_not_parse_has_no_docstring(site):
    """A plugin whose source is not Python is listed all the same."""
    broken(site, "Bad", "def (:")
    row = next(row for row in optim("list", "--format", "json").json if row["name"] == "Bad")

    assert (None, "ok") == (row["summary"], row["state"])


@pytest.mark.parametrize(
    ("says", "shown"),
    [
        ("", "from the provider many"),
        ("    def summary(self, name): return f'What {name} is.\\n\\nMore.'\n", "What Offered is."),
        ("    def summary(self, name): return None\n", "from the provider many"),
        ("    def summary(self, name): raise SystemExit(3)\n", "from the provider many"),
    ],
)
def test_what_a_provider_offers_is_listed_as_the_provider_says(site, says, shown):
    """By the first line of its `summary`; one that has none is named itself."""
    targets = {"optim_core.providers": {"many": "many_plugins:Provider"}}
    site.add("optim-many", entry_points=targets, modules={"many_plugins": provider_source(["Offered"]) + says})

    assert any(
        line.startswith("Offered ") and line.endswith(shown) for line in optim("list", columns=300).stdout.splitlines()
    )
    assert "Offered, an optimizer from optim-many 1.0\n" in optim("show", "Offered").stdout


def test_brackets_in_a_docstring_are_shown_as_they_are(site):
    """A docstring with [bold] in it is no markup."""
    docstring = '    """In [bold] and [0, 1)."""\n'
    source = f"import attrs\n@attrs.frozen\nclass Marked:\n{docstring}    def build(self, params): ...\n"
    site.add(
        "optim-marked", entry_points={"optim_core.optimizers": {"Marked": "marked:Marked"}}, modules={"marked": source}
    )

    assert "In [bold] and [0, 1)." in optim("list", columns=300).stdout


def test_what_an_entry_point_hides_of_a_provider_is_listed_and_shown_qualified(site):
    """Under the name that a config uses for it."""
    targets = {"optim_core.providers": {"many": "many_plugins:Provider"}}
    site.add("optim-many", entry_points=targets, modules={"many_plugins": provider_source(["DEMODESCENT"])})

    rows = {row["name"]: row["distribution"] for row in optim("list", "--format", "json").json}
    assert "optim-demo" == rows["DemoDescent"]
    assert "optim-many" == rows["many:DEMODESCENT"]
    assert "DEMODESCENT" not in rows
    shown = optim("show", "many:demodescent", "--format", "json").json
    assert ("many:DEMODESCENT", "optim-many", []) == (shown["name"], shown["distribution"], shown["aliases"])
    assert "many_plugins:Provider" == shown["target"]
