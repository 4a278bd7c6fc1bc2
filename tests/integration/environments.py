"""Fresh virtual environments in seconds: ours come from wheels, what they need is linked from the running one."""

import sys
import venv
from importlib.metadata import distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from .conftest import manifests, run, succeed

OURS = {canonicalize_name(manifest["project"]["name"]) for manifest in manifests().values()}


class Environment:
    """A virtual environment with every package of the running one, except those of this project.

    Args:
        folder: where it is made; it must not be there yet.
    """

    def __init__(self, folder):
        self.folder = folder
        self.python = folder / "bin/python"
        venv.create(folder, with_pip=False)
        site = next((folder / "lib").glob("python*/site-packages"))
        shared = folder / "shared"
        shared.mkdir()
        for entry in foreign_entries():
            if not (shared / entry.name).exists():
                (shared / entry.name).symlink_to(entry)
        (site / "shared.pth").write_text(f"{shared}\n")

    def install(self, *files):
        """Installs wheels, and nothing that they name."""
        pip = (sys.executable, "-m", "pip", "--python", self.python, "--quiet", "--disable-pip-version-check")
        succeed(*pip, "install", "--no-deps", "--no-index", "--no-compile", "--force-reinstall", *files)

    def uninstall(self, name):
        pip = (sys.executable, "-m", "pip", "--python", self.python, "--quiet", "--disable-pip-version-check")
        succeed(*pip, "uninstall", "--yes", name)

    def optim(self, *arguments, cwd=None):
        """Runs `optim`, whatever its exit code is."""
        return run(self.folder / "bin/optim", *arguments, cwd=cwd)

    def run(self, *arguments, cwd=None):
        """Runs Python, whatever its exit code is."""
        return run(self.python, *arguments, cwd=cwd)


def foreign_entries():
    """The files and folders of site-packages that belong to none of our distributions."""
    folders = [Path(folder) for folder in sys.path if Path(folder).name == "site-packages"]
    own = {Path(str(each._path)).name for each in distributions() if canonicalize_name(each.name) in OURS}
    for folder in folders:
        for entry in folder.iterdir():
            if entry.suffix != ".pth" and entry.name not in own and not entry.name.startswith(("__", "optim_")):
                yield entry


def wheel(project, folder):
    """Builds the wheel of a project, as its author would, and returns it."""
    before = set(folder.glob("*.whl"))
    succeed(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, project)
    (made,) = set(folder.glob("*.whl")) - before
    return made


def ours(dist, *names):
    """The wheels of these distributions of this project."""
    return [next(dist.glob(f"{name.replace('-', '_')}-*.whl")) for name in names]
