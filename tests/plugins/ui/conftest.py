"""The page as a person has it: `optim ui` in a process, and headless Chromium, each begun once."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--window-size=1400,1400",
)
# Names mean nothing to it: whatever is no address of this machine is out of reach.
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

# The network is closed to the server too, and the disk but for the files that it was given.
CLOSED = """
import os, sys

def closed(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise OSError(f"the network is closed to {event} {arguments[1:]}")
    if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        path = os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes)) else ""
        if path and not path.endswith(ALLOWED) and "__pycache__" not in path and path != os.devnull:
            raise PermissionError(f"{path} is not to be written")

ALLOWED = (".tmp",)
sys.addaudithook(closed)
from optim_core.cli import main
main()
"""


class Served:
    """`optim ui` in a process of its own.

    Args:
        process: that process.
        folder: the one that it runs in.
        address: what it printed, with the token.
    """

    def __init__(self, process, folder, address):
        self.process = process
        self.folder = folder
        self.address = address
        self.port = int(re.search(r":(\d+)/", address)[1])
        self.token = address.partition("token=")[2]
        self.cookie = f"optim-ui-{self.port}={self.token}"

    def has_loaded(self, library):
        """Tells whether a library is in the memory of the process."""
        return library in Path(f"/proc/{self.process.pid}/maps").read_text()


@contextlib.contextmanager
def serving(folder, *arguments):
    """Starts `optim ui`, and ends it."""
    # Under pytest NiceGUI looks for a test of its own.
    environment = {key: value for key, value in os.environ.items() if key != "PYTEST_CURRENT_TEST"}
    command = [sys.executable, "-c", CLOSED, "ui", "--no-browser", *arguments]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            yield Served(process, folder, re.search(r"http://\S+", line)[0])
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """`optim ui` without files."""
    with serving(tmp_path_factory.mktemp("served")) as served:
        yield served


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """Headless Chromium, which logs what it asks the network for."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    if found is None or driver is None:
        pytest.skip("needs Chromium: apt-get install chromium chromium-driver")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = found
    for flag in [*FLAGS, OFFLINE, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    browser.set_script_timeout(120)
    yield browser
    browser.quit()
