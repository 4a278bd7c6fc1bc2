"""The page in headless Chromium, by its own controls."""

import json
import re

import pytest
from selenium.webdriver.common.keys import Keys

from optim_core import registry
from optim_core.plugin_tools import document_of

from .conftest import serving
from .window import Window

pytestmark = pytest.mark.xdist_group("ui")

TRAIN = """\
# my run
optimizer:
  type: AdamW  # as the paper
  config:
    lr: 3e-4  # found by hand
    weight_decay: 0.1
scheduler: {type: cosine, config: {num_warmup_steps: 5%}}
gradient_clipping: {type: norm, max_norm: 1.0}
"""
FLAT = "optimizer_name: adamw\nlearning_rate: 0.001  # mine\n"
NET = "import torch\n\ndef net():\n    return torch.nn.Sequential(*(torch.nn.Linear(4, 4) for _ in range(3)))\n"
PLACES = {"optimizer": "optimizer", "scheduler": "scheduler", "clipper": "gradient clipping"}


OTHER = "optimizer: {type: SGD, config: {lr: 1e-3}}\nscheduler: {type: linear, config: {}}\n"
FILES = {
    "train.yaml": TRAIN,
    "other.yaml": OTHER,
    "flat.yaml": FLAT,
    "data.json": '{"type": "AdamW", "config": {"lr": 0.1}}\n',
    "data.toml": 'type = "AdamW" # mine\n[config]\nlr = 0.1\n',
}


def build(text):
    return registry.build(document_of(text, "page.yaml"))


@pytest.fixture(scope="module")
def empty(served, chromium):
    """A window of a page without files."""
    return Window(chromium, served)


@pytest.fixture(scope="module")
def with_files(chromium, tmp_path_factory):
    """`optim ui` with several files and a model, in a folder of its own."""
    folder = tmp_path_factory.mktemp("files")
    for name, text in {**FILES, "net.py": NET}.items():
        (folder / name).write_text(text)
    with serving(folder, *FILES, "--model", "net:net") as served:
        yield Window(chromium, served)


@pytest.fixture
def window(with_files):
    """The page with files as it was in the beginning, at the first of them."""
    for name, text in FILES.items():
        (with_files.folder / name).write_text(text)
    with_files.open()
    with_files.go_to("train.yaml")
    if with_files.text != TRAIN:
        with_files.write(TRAIN)
        with_files.until(lambda: with_files.field("optimizer.config.lr").get_attribute("value") == "0.0003")
    with_files.until(lambda: "No problems." in with_files.problems)
    return with_files


def test_every_plugin_can_be_chosen_and_edited(empty):
    """Each plugin that can be used is chosen in the empty page, a field of it is typed in, and no torch comes.

    What the page holds after that builds the plugin, or says at the field what is wrong with the value.
    """
    window = empty
    window.open()
    with window.quick():
        for kind, part in PLACES.items():
            # The last value of the kind before was wrong.
            window.write("# nothing yet")
            window.until(lambda: "oops" not in window.text)
            key = part.replace(" ", "_")
            names = registry.names(kind)
            assert names
            for name in names:
                chosen, place, changed = window.do(
                    f"""
                    const before = text();
                    await choose({json.dumps(part)}, {json.dumps(name)});
                    await until(() => text() !== before && !text().includes("oops"), "another text");
                    const chosen = text();
                    const first = () => [...document.querySelectorAll(`[data-field^="{key}."]`)].find(
                      (box) => box.tagName === "INPUT" && !box.readOnly);
                    if (!first()) return [chosen, "", chosen];
                    await until(() => {{
                      if (first() && first().value !== "oops") type(first(), "oops");
                      return text().includes("oops");
                    }}, "the change of a field");
                    return [chosen, first().dataset.field, text()];
                    """
                )
                config = document_of(chosen, "page.yaml").value[key]
                assert registry.find(kind, name) == registry.find(kind, config["type"])
                registry.build(config, kind)
                assert not place or "oops" in changed
    assert not window.served.has_loaded("libtorch")


def test_a_wrong_value_shows_its_message(window):
    """At the field, in the list with line, column and repair, and the right value takes it away."""
    window.fill("optimizer.config.lr", "-1")
    window.until(lambda: "5:5: optimizer.config.lr: must be > 0, is -1" in window.problems)
    field = window.field("optimizer.config.lr").find_element("xpath", "ancestor::label")
    window.until(lambda: "must be > 0, is -1" in field.text)
    window.fill("optimizer.config.lr", "[1")
    window.until(lambda: "is no YAML value" in field.text)
    assert "lr: -1" in window.text
    window.fill("optimizer.config.lr", "1e-3")
    window.until(lambda: "No problems." in window.problems)
    assert 0.001 == build(window.text).optimizer.config.lr


def test_what_is_typed_in_the_text_is_told_and_shown_in_the_form(empty):
    """A misspelt key is told as it is typed; the form follows the text, and the form's changes keep its comments."""
    window = empty
    window.open()
    window.write("optimizer:\n  type: AdamW # a\n  config: {lr: 0.1, weight_decai: 1}")
    window.until(lambda: "3:21: optimizer.config.weight_decai: unknown key" in window.problems)
    assert "did you mean `weight_decay`?" in window.problems
    window.until(lambda: window.field("optimizer.config.lr").get_attribute("value") == "0.1")
    window.fill("optimizer.config.weight_decai", "")
    window.until(lambda: "No problems." in window.problems)
    window.choose("optimizer", "SGD")
    window.until(lambda: "SGD" in window.text)
    assert "optimizer:\n  type: SGD # a\n  config: {lr: 0.1}" == window.text
    window.write("optimizer: [")
    window.until(lambda: "This text cannot be read" in window.first("main").text)
    assert "optimizer: [" == window.text


def test_what_is_copied_builds(window):
    """The text of the page, and the config with every default, are on the clipboard, or are selected."""
    origin = f"http://127.0.0.1:{window.served.port}"
    grant = {"origin": origin, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    window.browser.execute_cdp_cmd("Browser.grantPermissions", grant)
    read = "return await navigator.clipboard.readText()"
    window.press("Copy")
    window.until(lambda: TRAIN == window.do(read))
    window.press("More")
    window.press("Copy with every default")
    window.until(lambda: "amsgrad" in window.do(read))
    assert registry.to_config(build(TRAIN)) == registry.to_config(build(window.do(read)))
    window.browser.execute_script("navigator.clipboard.writeText = () => Promise.reject(new Error('closed'))")
    window.press("Copy")
    window.until(lambda: window.do("return String(getSelection())").replace("\r", "").strip() == TRAIN.strip())


def test_curves_are_drawn_over_each_other_and_follow_the_text(window):
    """Two files have a curve each; a length, the logarithm and a change of the config draw other ones."""
    chart = window.first(".chart")
    window.until(lambda: "train.yaml" in chart.text and "other.yaml" in chart.text)
    window.until(lambda: "No length was given: drawn as for 1,000 steps." in window.about_the_curve)

    def drawn():
        return window.browser.execute_script("return document.querySelector('.chart svg').innerHTML")

    window.do("type(document.querySelector('[aria-label=\"total steps\"]'), '5000')")
    window.until(lambda: "5,000" in chart.text and "" == window.about_the_curve)
    before = drawn()
    window.first(".q-toggle").click()
    window.until(lambda: before != drawn())
    before = drawn()
    window.fill("optimizer.config.lr", "0.5")
    window.until(lambda: before != drawn())
    window.press("More")
    window.press("Add a variant of this config")
    window.until(lambda: "variant 6" in window.first("nav").text)
    before = drawn()
    window.choose("scheduler", "constant")
    window.until(lambda: "type: constant" in window.text and before != drawn())
    window.write("nonsense: 1")
    window.until(lambda: "variant 6 is wrong, and not drawn" in window.about_the_curve)
    window.press("More")
    window.press("Remove this variant")
    window.until(lambda: "variant 6" not in window.first("nav").text)


def test_the_parameters_of_a_model_are_a_table(window):
    """With --model each parameter is shown with group, rate and decay; they follow the config."""
    table = window.first(".q-table")
    window.until(lambda: "{0..2}.weight" in table.text)
    assert "0.0003" in table.text
    window.fill("optimizer.no_decay", "[bias]")
    window.until(lambda: "no_decay bias: weight_decay 0" in table.text)
    assert "3 tensors, 48 parameters" in window.first('[aria-label="groups"]').text
    assert window.served.has_loaded("libtorch")


def test_a_file_is_written_when_it_is_saved_and_not_before(window):
    """Only Save writes; what somebody else wrote meanwhile is not replaced unasked, and can be loaded."""
    file = window.folder / "train.yaml"
    window.fill("optimizer.config.lr", "0.01")
    window.until(lambda: "Save *" in window.first("header").text)
    assert TRAIN == file.read_text()
    window.first(".cm-content").send_keys(Keys.CONTROL + "s")
    window.until(lambda: TRAIN.replace("3e-4", "0.01") == file.read_text())
    window.until(lambda: "Save *" not in window.first("header").text)
    file.write_text(FLAT)
    window.fill("optimizer.config.lr", "0.02")
    window.press("Save *")
    window.until(lambda: "was changed by something else" in window.first(".q-dialog").text)
    assert FLAT == file.read_text()
    window.press("Load the file")
    window.until(lambda: window.text.startswith("optimizer_name"))
    assert {*FILES, "net.py", "__pycache__"} >= {each.name for each in window.folder.iterdir()}


def test_a_config_of_another_form_is_shown_and_rewritten_when_that_is_asked_for(window):
    """The form of a flat config cannot be typed in; in canonical form it can, and what is lost is told."""
    window.go_to("flat.yaml")
    assert "The form cannot edit a config of this form" in window.first("main").text
    assert not window.field("config.lr").is_enabled()
    assert FLAT.strip() == window.text.strip()
    window.press("Rewrite in canonical form")
    window.until(lambda: window.field("config.lr").is_enabled())
    window.until(lambda: "Comments are gone" in window.first("body").text and "# mine" in window.first("body").text)
    window.fill("config.lr", "0.5")
    window.until(lambda: "lr: 0.5" in window.text)


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("data.json", '"lr": 0.5'),
        ("data.toml", "# mine\n[config]\nlr = 0.5"),
    ],
)
def test_json_and_toml_stay_what_they_are(window, name, after):
    """The form edits the file in its own format."""
    window.go_to(name)
    window.fill("config.lr", "0.5")
    window.until(lambda: after in window.text)


def test_the_page_asks_for_nothing_but_loopback(window):
    """Every request of the page is to its own server, which asks for nothing; nothing is wrong in the log."""
    window.browser.get_log("performance")
    window.browser.get_log("browser")
    window.browser.refresh()
    window.until(lambda: "No problems." in window.problems)
    messages = [json.loads(entry["message"])["message"] for entry in window.browser.get_log("performance")]
    asked = [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    sockets = [each["params"]["url"] for each in messages if each["method"] == "Network.webSocketCreated"]
    assert 10 < len(asked)
    assert sockets
    own = re.compile(rf"(http|ws)://127\.0\.0\.1:{window.served.port}/|data:")
    assert [] == [url for url in asked + sockets if not own.match(url)]
    assert [] == [entry for entry in window.browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_a_phone_and_a_dark_screen(window):
    """At 390 points nothing is wider than the screen; where the system is dark, so is the page."""
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    try:
        window.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        window.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
        window.until(lambda: window.browser.execute_script("return document.body.classList.contains('body--dark')"))
        assert 390 >= window.browser.execute_script("return document.documentElement.scrollWidth")
        theme = "return getComputedStyle(document.querySelector('.cm-editor')).backgroundColor"
        window.until(lambda: sum(map(int, re.findall(r"\d+", window.browser.execute_script(theme))[:3])) < 250)
    finally:
        window.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        window.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
