"""`optim resolve`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from cli_support import VALID, WRONG, install_demo, optim, optim_process

from optim_core import OptimError, registry
from optim_core.config.formats.nulls import without_nulls

# Fields for which null says something else than leaving them out.
KEEPING = '''
import attrs

@attrs.frozen(kw_only=True)
class Keeping:
    """Keeps nulls, for tests."""

    period: int | None = 5
    pair: tuple[float | None, float] = (0.5, 1e-3)
    needed: int | None
    free: int | None = None
    note: str = ""

    def build(self, params):
        return None
'''


def install_keeping(site):
    targets = {"optim_core.optimizers": {"Keeping": "keeping:Keeping"}}
    site.add("optim-keeping", entry_points=targets, modules={"keeping": KEEPING})


@pytest.fixture
def file(site, tmp_path):
    """Writes a file and returns its path."""
    install_demo(site)

    def write(text, name="train.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


def test_every_default_is_written_out(file):
    """The canonical form has every field, short lists on one line, and numbers that YAML 1.1 reads as numbers."""
    done = optim("resolve", file(VALID))

    assert 0 == done.code
    assert (
        """\
optimizer:
  type: DemoDescent
  config:
    lr: 0.0003
    betas: [0.9, 0.999]
    eps: 1.0e-08
    mode: null
scheduler:
  type: DemoSteps
  config:
    step_size: 5
    gamma: 0.1
    warmup: null
  interval: epoch
gradient_clipping:
  type: democlip
  config:
    max_norm: 1.0
    limits: []
"""
        == done.stdout
    )


def test_what_is_written_builds_the_same(file):
    """The resolved file builds an equal recipe, and resolves to itself."""
    original = file(VALID)
    resolved = optim("resolve", original).stdout
    again = file(resolved, "resolved.yaml")

    assert resolved == optim("resolve", again).stdout
    assert registry.build(original) == registry.build(again)


def test_set_is_written_out_too(file):
    """What --set replaces is in the resolved config."""
    assert "lr: 0.5\n" in optim("resolve", file(VALID), "--set", "optimizer.config.lr=0.5").stdout


def test_json_is_the_same_config(file):
    """--format json holds what the YAML holds."""
    done = optim("resolve", file(VALID), "--format", "json")

    assert yaml.safe_load(optim("resolve", file(VALID)).stdout) == done.json


def test_toml_is_the_same_config_without_its_nulls(file):
    """--format toml leaves out what is null and changes nothing of what is built."""
    original = file(VALID)
    done = optim("resolve", original, "--format", "toml")

    assert 0 == done.code
    assert (
        """\
[optimizer]
type = "DemoDescent"

[optimizer.config]
lr = 0.0003
betas = [0.9, 0.999]
eps = 1e-08

[scheduler]
type = "DemoSteps"
interval = "epoch"

[scheduler.config]
step_size = 5
gamma = 0.1

[gradient_clipping]
type = "democlip"

[gradient_clipping.config]
max_norm = 1.0
limits = []
"""
        == done.stdout
    )
    assert registry.build(original) == registry.build(file(done.stdout, "train.toml"))


SEVERAL = """\
optimizer_configs:
  my.net:
    optimizer: {type: DemoDescent, mode: slow}
  other:
    optimizer: {type: DemoDescent, betas: [0, 0.5]}
    scheduler: {type: DemoSteps, config: {step_size: 1, warmup: {type: DemoSteps, step_size: 3}}, interval: step}
gradient_clipping: {type: democlip, max_norm: 1e3, limits: [1, 2, 3]}
"""


@pytest.mark.parametrize("config", [VALID, SEVERAL, "type: demo\n", "{type: DemoClip, max_norm: 3, limits: [1e30]}"])
@pytest.mark.parametrize("form", ["yaml", "json", "toml"])
def test_a_resolved_file_is_stable_under_resolving_again(file, tmp_path, form, config):
    """In each format, and from one to the next."""
    original = file(config.replace("DemoClip", "democlip"))
    resolved = str(tmp_path / f"resolved.{form}")
    assert "" == optim("resolve", original, "-o", resolved).stdout

    assert Path(resolved).read_text(encoding="utf-8") == optim("resolve", resolved, "--format", form).stdout
    assert optim("resolve", original).stdout == optim("resolve", resolved).stdout
    assert registry.build(original) == registry.build(resolved)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ("{type: Keeping, needed: null}", "config.needed"),
        ("{type: Keeping, period: null, needed: 1}", "config.period"),
        ("{type: Keeping, pair: [null, 1], needed: 1}", "config.pair"),
        (
            "{optimizer: {type: Keeping, period: null, needed: null}}",
            "optimizer.config.period, optimizer.config.needed",
        ),
    ],
)
def test_a_null_that_toml_would_lose_is_an_error_that_names_it(site, file, config, named):
    """What would be built without it is something else, or nothing."""
    install_keeping(site)
    done = optim("resolve", file(config), "--format", "toml")

    assert (1, "") == (done.code, done.stdout)
    assert (
        f"optim: TOML has no null, and without it another recipe would be built: {named}; YAML and JSON have null\n"
        == done.stderr
    )


def test_entries_may_be_needed_only_together():
    """Where either of two nulls may be left out and not both, one stays and is named."""

    def build(config):
        return "one" if "a" in config or "b" in config else "none"

    with pytest.raises(OptimError, match="another recipe would be built: b; YAML and JSON have null"):
        without_nulls({"a": None, "b": None}, build, "TOML")


@pytest.mark.parametrize("form", ["yaml", "json", "toml"])
def test_a_number_that_python_does_not_write_is_one_clear_line(site, file, form):
    """Hexadecimal numbers may have more digits than Python converts to text."""
    install_keeping(site)
    done = optim("resolve", file(f"{{type: Keeping, needed: 0x{'f' * 4_000}}}"), "--format", form)

    assert (1, "") == (done.code, done.stdout)
    assert done.stderr.startswith("optim: the config holds a number that cannot be written: Exceeds the limit")


def test_half_a_surrogate_pair_is_written_in_json_only(site, file, tmp_path):
    """JSON files may hold one, as an escape; the other formats cannot."""
    install_keeping(site)
    original = file('{"type": "Keeping", "needed": 1, "note": "\\ud800"}', "train.json")
    assert 0 == optim("resolve", original, "-o", str(tmp_path / "out.json")).code
    assert registry.build(original) == registry.build(tmp_path / "out.json")
    for form in ("yaml", "toml"):
        said = f"optim: the config holds half a surrogate pair, which no {form} file can; JSON can\n"
        assert said == optim("resolve", original, "--format", form).stderr


def test_a_letter_that_the_terminal_lacks_is_escaped(site, file, tmp_path):
    """What is printed in ASCII builds the same, in every format."""
    install_keeping(site)
    original = file('{type: Keeping, needed: 1, note: "é ≤ … \\U0001f600"}')
    for form in ("yaml", "json", "toml"):
        done = optim_process(site, "resolve", original, "--format", form, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
        assert done.stdout.isascii()
        assert registry.build(original) == registry.build(file(done.stdout, f"ascii.{form}"))


@pytest.mark.parametrize("ending", ["yaml", "yml", "json", "toml", "TOML"])
def test_the_ending_of_the_file_says_the_format(file, tmp_path, ending):
    """Where --format is not given, a file is written in the format in which it will be read."""
    target = tmp_path / f"out.{ending}"
    done = optim("resolve", file(VALID), "--output", str(target))

    assert (0, "", "") == (done.code, done.stdout, done.stderr)
    assert registry.build(file(VALID)) == registry.build(target)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["out.txt"], "out.txt: the ending `.txt` says no format; .yaml, .yml, .json, .toml do, or --format"),
        (["out.yml", "--format", "toml"], "out.yml: a file that ends in `.yml` is read as yaml, not as toml"),
        (["none/out.yaml"], "none/out.yaml: cannot be written: No such file or directory"),
        (["folder.yaml"], "folder.yaml: cannot be written: is not a regular file"),
        (["x" * 300 + ".yaml"], "x" * 300 + ".yaml: cannot be written: File name too long"),
    ],
)
def test_a_file_that_cannot_be_written_is_one_clear_line(file, tmp_path, monkeypatch, arguments, message):
    """It is refused before or after the config is built, and nothing is left behind."""
    original = file(VALID)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.yaml").mkdir()
    before = set(tmp_path.iterdir())
    done = optim("resolve", original, "-o", *arguments)

    assert (1, "", f"optim: {message}\n") == (done.code, done.stdout, done.stderr)
    assert before == set(tmp_path.iterdir())


def test_another_ending_may_be_asked_for_by_format(file, tmp_path):
    """--format decides where the ending says nothing."""
    optim("resolve", file(VALID), "-o", str(tmp_path / "out.txt"), "--format", "json")
    assert {"optimizer", "scheduler", "gradient_clipping"} == set(json.loads((tmp_path / "out.txt").read_text()))


def test_a_file_may_be_resolved_into_itself(file):
    """What is read may be what is written."""
    original = file(VALID)
    wanted = optim("resolve", original).stdout
    optim("resolve", original, "-o", original)
    assert wanted == Path(original).read_text(encoding="utf-8")


def test_a_file_is_replaced_whole(file, tmp_path):
    """Whoever has the old file open still reads all of it; links and permissions stay."""
    original = Path(file(VALID))
    original.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(original)
    with original.open(encoding="utf-8") as before:
        optim("resolve", str(original), "-o", str(link))
        assert VALID == before.read()
    assert link.is_symlink()
    assert original.read_text(encoding="utf-8").startswith("optimizer:\n  type: DemoDescent\n")
    assert 0o640 == original.stat().st_mode & 0o777


def test_a_file_stays_as_it_is_where_the_config_cannot_be_written(site, file, tmp_path):
    """A wrong config, or one that TOML cannot hold, does not touch the file."""
    install_keeping(site)
    target = Path(file("before", "out.toml"))
    for config in (WRONG, "{type: Keeping, needed: null}"):
        assert 1 == optim("resolve", file(config), "-o", str(target)).code
    assert "before" == target.read_text(encoding="utf-8")


def test_a_wrong_config_leaves_standard_output_empty(file):
    """Problems go to standard error, as `optim validate` shows them, and nothing is printed that looks resolved."""
    done = optim("resolve", file(WRONG))

    assert 1 == done.code
    assert "" == done.stdout
    assert ":5:5: optimizer.config.epz: unknown key\n" in done.stderr
    assert "    5 |     epz: 1e-8\n      |     ^\n" in done.stderr
