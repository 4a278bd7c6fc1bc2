"""The properties as tests in an author's file."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from running import run_pytest

from optim_conformance import conformance_tests, properties_of
from optim_core import OptimError, registry

TEST_OF_AN_AUTHOR = """
from sound import SoundClip
from wrong_clippers import TellsTheNormAfter
from optim_conformance import conformance_tests

test_conformance = conformance_tests(SoundClip)
test_another = conformance_tests(TellsTheNormAfter)
"""


def test_an_author_has_a_test_for_each_property(tmp_path):
    """`conformance_tests` makes them, each called after its property.

    One that fails shows the sentence, what was expected and seen, and no code of the kit.
    """
    (tmp_path / "test_it.py").write_text(TEST_OF_AN_AUTHOR)
    done = run_pytest("-v", "test_it.py", "-k", "test_conformance or norm_before", cwd=tmp_path)

    assert 1 == done.returncode
    for name in properties_of("clipper"):
        assert f"test_conformance[SoundClip-{name}] PASSED" in done.stdout
    assert f"1 failed, {len(properties_of('clipper'))} passed" in done.stdout
    assert properties_of("clipper")["norm_before"].sentence in done.stdout
    assert "the norm before clipping" in done.stdout
    assert "wanted.check" not in done.stdout


def test_a_test_of_an_author_says_the_kind(site):
    """Where one name is used for two kinds."""
    source = "import attrs\n@attrs.frozen\nclass A:\n    def build(self, *given): ...\n"
    targets = {"optim_core.clippers": {"twice": "twice:A"}, "optim_core.optimizers": {"twice": "twice:A"}}
    site.add("optim-twice", entry_points=targets, modules={"twice": source})
    registry.refresh()
    test = conformance_tests("twice", kind="clipper")

    assert len(properties_of("clipper")) == len(test.pytestmark[0].args[1])
    with pytest.raises(OptimError, match="say which kind"):
        conformance_tests("twice")
