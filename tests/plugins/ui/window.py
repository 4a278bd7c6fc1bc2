"""A window of the page, and what a person does in it."""

import contextlib
import json
import time

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By

PATIENCE = 30

# What a person does, by the events of the controls themselves: so that hundreds of plugins take no minutes.
HANDS = r"""
const until = async (what, told) => {
  for (let n = 0; n < 3000; n++) {
    const found = await what();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("waited in vain for " + told + "; the text is: " + text());
};
const text = () => [...document.querySelectorAll(".cm-line")].map(line => line.textContent).join("\n");
const type = (box, value) => {
  box.focus();
  const kind = box.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
  Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(box, value);
  box.dispatchEvent(new Event("input", {bubbles: true}));
};
const field = (path) => until(() => document.querySelector(`[data-field="${path}"]`), "the field " + path);
const choose = async (part, name) => {
  const box = await until(() => document.querySelector(`input[data-part="${part}"]`), "the list of " + part);
  type(box, name);
  const option = await until(() => [...document.querySelectorAll(".q-menu .q-item")].find(
    item => item.textContent === name || item.textContent.startsWith(name + " ·")), "the plugin " + name);
  option.click();
};
"""


class Window:
    """A window of the page.

    Args:
        browser: Selenium's.
        served: `optim ui`.
    """

    def __init__(self, browser, served):
        self.browser = browser
        self.served = served
        self.folder = served.folder
        self.open()

    def open(self):
        """Loads the page."""
        self.browser.get(self.served.address)
        self.until(lambda: self.first('[aria-label="problems"]').text)

    def go_to(self, label):
        """Goes to a config by its tab."""
        tab = f"[...document.querySelectorAll('.q-tab')].find(tab => tab.textContent.trim() === {json.dumps(label)})"
        self.do(f"(await until(() => {tab}, 'the tab')).click()")
        self.until(lambda: self.first(".q-tab--active").text == label)

    @contextlib.contextmanager
    def quick(self):
        """Draws little and moves nothing, so that what is done hundreds of times takes no minutes."""
        still = "*, *::before, *::after { transition: none !important; animation: none !important }"
        self.browser.set_window_size(500, 400)
        script = "document.head.append(Object.assign(document.createElement('style'), {textContent: arguments[0]}))"
        self.browser.execute_script(script, still)
        try:
            yield
        finally:
            self.browser.set_window_size(1400, 1400)

    def until(self, what):
        """Waits until something is true, and returns it."""
        end = time.monotonic() + PATIENCE
        found = None
        while not found and time.monotonic() < end:
            with contextlib.suppress(StaleElementReferenceException, NoSuchElementException):
                found = what()
            time.sleep(0.02)
        assert found, self.first("body").text
        return found

    def first(self, css):
        return self.browser.find_element(By.CSS_SELECTOR, css)

    def do(self, script, *arguments):
        """Runs JavaScript with the hands above, and returns what it returns."""
        code = f"const done = arguments[arguments.length - 1]; {HANDS}\n(async () => {{ {script} }})()"
        found = self.browser.execute_async_script(
            f"{code}.then(value => done([value, null]), error => done([null, String(error)]))", *arguments
        )
        assert found[1] is None, found[1]
        return found[0]

    @property
    def text(self):
        """The text in the editor."""
        return self.do("return text()")

    @property
    def problems(self):
        return self.first('[aria-label="problems"]').text

    @property
    def about_the_curve(self):
        return self.first('[aria-label="about the curve"]').text

    def field(self, path):
        return self.first(f'[data-field="{path}"]')

    def fill(self, path, value):
        """Types over what is in a field; one of a key that the plugin has not goes with its value."""
        # The form may be being made anew.
        self.do(
            """
            const [path, value] = arguments;
            type(await field(path), value);
            await until(async () => {
              await new Promise((resolve) => setTimeout(resolve, 200));
              const box = document.querySelector(`[data-field="${path}"]`);
              if (box && box.value !== value) type(box, value);
              else return box || value === "";
            }, "what was typed");
            """,
            path,
            value,
        )

    def choose(self, part, name):
        """Chooses a plugin."""
        self.do(f"await choose({json.dumps(part)}, {json.dumps(name)})")

    def press(self, name):
        """Presses a button, or an item of the menu."""
        self.do(
            "(await until(() => [...document.querySelectorAll('button, .q-menu .q-item')].find("
            f"each => each.textContent.trim().endsWith({json.dumps(name)})), {json.dumps(name)})).click()"
        )

    def write(self, text):
        """Types over the whole text."""
        self.do(
            """
            document.querySelector(".cm-content").focus();
            document.execCommand("selectAll");
            document.execCommand("insertText", false, arguments[0]);
            """,
            text,
        )
