"""Prints the tests that a change of a few lines needs: a fast part of the suite, and what mirrors the change.

What changed is what differs from where this branch left BASE (main, or origin/main), files that git does not know
included. Tests of a module are those in a file of its name, where there is one, and those that import it by name.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]

ALWAYS = ("tests/core", "tests/wrong_configs", "tests/integration/test_contract.py")
# Among them these take long: they start processes, draw pictures, or import torch.
SLOW = (
    "tests/core/bridge/test_library.py",
    "tests/core/cli/commands/test_doctor.py",
    "tests/core/cli/plot",
    "tests/core/cli/test_process.py",
    "tests/core/compat",
    "tests/core/probing",
    "tests/core/test_import_time.py",
)

# What is tested elsewhere than in a file of its name.
ELSEWHERE = {
    ".ci": "tests/integration/test_quick_tests.py",
    "Makefile": "tests/integration/test_quick_tests.py",
    "constraints.txt": "tests/integration/test_checkout.py",
    "examples/digits": "tests/integration/test_digits.py",
    "examples/training": "tests/integration/test_training_examples.py",
    "examples/lion_plugin": "tests/integration/test_strangers_plugin.py",
    "mkdocs.yml": "tests/website/test_site.py",
    "pyproject.toml": "tests/integration/test_checkout.py",
    "website": "tests/website/test_site.py",
}
# What is tested beside that in a file of another name, by patterns of files.
PACKAGING = "tests/integration/test_packaging.py"
NAMES_IN_MESSAGES = f"{PACKAGING}::test_the_hint_for_what_is_not_installed_knows_every_plugin_and_command_of_the_extras"
MANIFESTS = (
    "tests/integration/test_checkout.py",
    f"{PACKAGING}::test_entry_points_are_those_of_the_manifest_and_lead_somewhere",
    f"{PACKAGING}::test_every_plugin_is_an_extra_of_core_and_in_all",
    f"{PACKAGING}::test_there_is_one_version",
    f"{PACKAGING}::test_what_is_imported_is_required",
    NAMES_IN_MESSAGES,
)
WRONG_PLUGINS = "tests/plugins/conformance/test_wrong_plugins.py"
ALSO = {
    "core/pyproject.toml": MANIFESTS,
    "core/src/optim_core/discovery/extras.py": (NAMES_IN_MESSAGES,),
    "plugins/*/pyproject.toml": MANIFESTS,
    "plugins/conformance/src/optim_conformance/properties/*.py": (WRONG_PLUGINS,),
    "plugins/conformance/src/optim_conformance/trials/*.py": (WRONG_PLUGINS,),
}
DOCUMENTS = "tests/integration/test_documents.py"


def changed(base: str = "") -> list[str]:
    """The files that differ from where HEAD left `base`, those that are deleted left out."""
    known = [base] if base else ["main", "origin/main"]
    bases = [found for name in known if (found := _git("merge-base", "HEAD", name, check=False))]
    if base and not bases:
        sys.exit(f"BASE={base} is nothing that HEAD began from")
    since = bases[0][0] if bases else "HEAD"
    names = [
        *_git("diff", "--name-only", "--diff-filter=d", "--no-renames", since),
        *_git("ls-files", "--others", "--exclude-standard"),
    ]
    return sorted(set(names))


def selected(names: Iterable[str]) -> list[str]:
    """What pytest is to be given for changes in these files: files of tests, or single tests in one of them."""
    found = {test for place in ALWAYS for test in _tests_below(place) if not _is_below(test, SLOW)}
    for name in names:
        file = PurePosixPath(name)
        found |= set(_tests_of(file))
        found |= {test for pattern, tests in ALSO.items() if file.match(pattern) for test in tests}
    return sorted(test for test in found if test.partition("::")[0] not in found or "::" not in test)


def _tests_of(file: PurePosixPath) -> list[str]:
    """The tests of one file."""
    for place, test in ELSEWHERE.items():
        if _is_below(str(file), [place]):
            return [test]
    if file.suffix == ".md":
        return _tests_of_document(str(file))
    if file.suffix != ".py":
        return []
    if file.parts[0] == "tests":
        return _tests_of_test_file(file)
    if "src" in file.parts:
        return _tests_of_module(file)
    return []


def _tests_of_test_file(file: PurePosixPath) -> list[str]:
    """A file of tests itself; of what tests share, those that import it, or those in the folder of a conftest.py."""
    if file.name.startswith("test_"):
        return [str(file)]
    if file.name == "conftest.py":
        return _tests_below(str(file.parent)) if len(file.parts) > 2 else []
    place = "tests" if file.parent == PurePosixPath("tests/support") else str(file.parent)
    return _tests_that_say(rf"\b(from|import) \.?{re.escape(file.stem)}\b|{re.escape(file.name)}", place)


def _tests_of_module(file: PurePosixPath) -> list[str]:
    """The tests that mirror a module or import it; where there are none, those of the nearest folder above."""
    distribution, _, inside = str(file).partition("/src/")
    tests = f"tests/{distribution}"
    package, *rooms = PurePosixPath(inside).parent.parts
    mirror = "/".join([tests, *rooms, f"test_{file.stem}.py"])
    found = [mirror] if (ROOT / mirror).is_file() else []
    if file.stem != "__init__":
        found += _tests_that_say(rf"\b{re.escape('.'.join([package, *rooms, file.stem]))}\b", tests)
    # The core's own tests without the slow ones run always.
    depths = range(len(rooms), 0 if distribution == "core" else -1, -1)
    return found or next(filter(None, (_tests_below("/".join([tests, *rooms[:depth]])) for depth in depths)), [])


def _tests_of_document(document: str) -> list[str]:
    """Each test of documents, for this one."""
    text = (ROOT / DOCUMENTS).read_text(encoding="utf-8")
    names = re.findall(r"^@each_document\ndef (\w+)", text, re.MULTILINE)
    is_one = document in ("README.md", "core/README.md") or re.fullmatch(
        r"docs/[^/]+|plugins/[^/]+/README.md", document
    )
    return [f"{DOCUMENTS}::{name}[{document}]" for name in names] if is_one else []


def _tests_below(place: str) -> list[str]:
    """A file of tests, or all in a folder."""
    if place.endswith(".py"):
        return [place] if (ROOT / place).is_file() else []
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / place).rglob("test_*.py"))


def _tests_that_say(pattern: str, place: str) -> list[str]:
    """The files of tests below a folder in whose text a pattern is found."""
    return [test for test in _tests_below(place) if re.search(pattern, (ROOT / test).read_text(encoding="utf-8"))]


def _is_below(name: str, places: Iterable[str]) -> bool:
    return any(name == place or name.startswith(f"{place}/") for place in places)


def _git(*arguments: str, check: bool = True) -> list[str]:
    """The lines that git prints, none where it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=check)
    return done.stdout.splitlines()


if __name__ == "__main__":
    sys.stdout.writelines(f"{test}\n" for test in selected(changed(*sys.argv[1:])))
