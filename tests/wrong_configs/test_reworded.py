"""Nothing depends on how a mistake is worded: with every sentence reworded, all else stays as it is."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from test_wrong_configs import MAPPINGS
from wrong_extras import EXTRAS
from wrong_files import FILES
from wrong_groups import GROUP_FILES

from optim_core import ConfigError, Registry
from optim_core.cli.group import cli
from optim_core.config.advice.hints import HINTS
from optim_core.config.advice.sentences import SENTENCES

OTHER_WORDS, OTHER_HINT = "ist falsch", "so nicht"
ROWS = [pytest.param(wrong, id=f"{subject}: {wrong.mistake}") for subject, table in MAPPINGS.items() for wrong in table]


@pytest.fixture(scope="module")
def registry():
    return Registry(allow=["optim-torch-builtin", "optim-schedules"])


@pytest.fixture
def reword(monkeypatch):
    """Rewords every sentence and every hint."""

    def reword():
        for code in SENTENCES:
            monkeypatch.setitem(SENTENCES, code, lambda _: OTHER_WORDS)
        for code in HINTS:
            monkeypatch.setitem(HINTS, code, lambda _, **__: OTHER_HINT)

    return reword


def refusal(registry, config):
    with pytest.raises(ConfigError) as caught:
        registry.build(config)
    return caught.value


@pytest.mark.parametrize("wrong", ROWS)
def test_the_same_problems_of_a_mapping_are_told(registry, reword, wrong):
    """At the same paths, in the same order, once each, by the same exception."""
    before = refusal(registry, wrong.config)
    reword()
    after = refusal(registry, wrong.config)
    assert type(before) is type(after)
    assert [path for path, _ in wrong.problems] == [problem.path for problem in after.problems]
    assert {OTHER_WORDS} == {problem.message for problem in after.problems}


@pytest.mark.parametrize("wrong", [pytest.param(wrong, id=wrong.mistake) for wrong in (*FILES, *GROUP_FILES)])
def test_the_same_problems_of_a_file_are_told(registry, reword, tmp_path, wrong):
    """At the same lines and columns."""
    file = tmp_path / wrong.file
    file.write_text(wrong.text, encoding="utf-8", newline="")
    reword()
    found = refusal(registry, file).problems
    assert [problem[:3] for problem in wrong.problems] == [(each.line, each.column, each.path) for each in found]


@pytest.mark.parametrize("wrong", [pytest.param(wrong, id=wrong.mistake) for wrong in EXTRAS])
def test_the_same_problems_of_a_type_that_is_not_installed_are_told(reword, tmp_path, wrong):
    """Whatever extra would bring it."""
    bare = Registry(path=[str(tmp_path)])
    reword()
    assert [path for path, _ in wrong.problems] == [problem.path for problem in refusal(bare, wrong.config).problems]


@pytest.mark.parametrize("text", ["1", "1e3", "true", "[a]"])
def test_an_override_is_still_taken_as_a_text(registry, reword, text):
    """Where a text may stand."""
    reword()
    config = {"optimizer": {"type": "SGD"}, "scheduler": {"type": "ReduceLROnPlateau", "config": {}}}
    built = registry.build(config, overrides=[f"scheduler.config.monitor={text}"])
    assert text == built.scheduler.monitor


def test_an_override_that_leads_nowhere_is_still_refused(registry, reword):
    """At the path as its author wrote it."""
    reword()
    with pytest.raises(ConfigError) as caught:
        registry.build({"type": "SGD", "config": {}}, overrides=["a.b=1", "c", "type.x=1"])
    assert [("a.b", OTHER_WORDS), ("", OTHER_WORDS), ("type.x", OTHER_WORDS)] == [
        (problem.path, problem.message) for problem in caught.value.problems
    ]


def test_the_command_line_still_shows_them(reword, tmp_path):
    """With their places, and with 1 as exit code; a schedule without a length still names the option."""
    reword()
    file = tmp_path / "train.yaml"
    file.write_text("optimizer:\n  type: SGD\n  config: {lrr: 1}\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["validate", str(file)])
    assert 1 == result.exit_code
    assert f"train.yaml:3:12: optimizer.config.lrr: {OTHER_WORDS}\n    {OTHER_HINT}\n" in result.output

    file.write_text("optimizer: {type: SGD}\nscheduler: {type: cosine, num_warmup_steps: 5}\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["plot", str(file)])
    assert 1 == result.exit_code
    assert "--total-steps N" in result.output
