"""How the house is built: which module may import which, seen in the sources of the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest
from house import PUBLIC, circles, crowded_folders, heavy_imports, inits_with_code, modules_in, reaches

ROOT = Path(__file__).parents[2]

# The kit judges a plugin class as the core reads it.
OF_THE_KIT = {"optim_core.plugin_class", "optim_core.probing", "optim_core.discovery.records"}
# The command stands on what anybody may use, and hands names on as the package itself does.
OF_THE_COMMAND = {"optim_core.cli", "optim_core.on_demand"}

# What these hand on is public.
INITS = {
    "optim_core",
    "optim_core.bridge",
    "optim_core.cli",
    "optim_core.compat",
    "optim_core.compat.timm",
    "optim_core.run.monitors",
    "optim_frameworks.lightning",
    "optim_frameworks.transformers",
}
# About 15, and a little room: one file more is no reason to move others.
MOST = 17
# Folders of many small files that are alike, a plugin or a group of properties each, have no limit.
ALIKE = {
    "optim_conformance.properties",
    "optim_schedules",
    "optim_torch_builtin.optimizers",
    "optim_torch_builtin.schedulers",
}
HEAVY = {"torch", "numpy", "deepspeed", "bitsandbytes", "pytorch_optimizer", "matplotlib"}


@pytest.fixture(scope="module")
def modules():
    return modules_in(ROOT / "core/src", *sorted((ROOT / "plugins").glob("*/src")))


@pytest.fixture(scope="module")
def of_core(modules):
    return {name: file for name, file in modules.items() if name.partition(".")[0] == "optim_core"}


@pytest.fixture
def tree(tmp_path):
    """A function that writes modules, given by their paths, and returns them by their names."""

    def write(**sources):
        for path, source in sources.items():
            file = tmp_path / f"{path.replace('__', '/')}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source, encoding="utf-8")
        for folder in [folder for folder in tmp_path.rglob("*") if folder.is_dir()]:
            (folder / "__init__.py").touch()
        return modules_in(tmp_path)

    return write


def told(faults):
    """Fail with all faults, a line each, where there is one."""
    assert not faults, "\n".join(["", *faults])


def test_the_sources_of_every_distribution_are_found(modules):
    """The sources of the core and of the plugins are there for the other tests to look at."""
    tops = {name.partition(".")[0] for name in modules}
    assert {"optim_core", "optim_conformance", "optim_muon", "optim_schedules", "optim_torch_builtin"} <= tops
    assert "optim_core.registry" in modules


def test_no_module_imports_one_that_imports_it(modules):
    """No import closes a circle, those for type checkers and inside functions included."""
    told(circles(modules))


def test_plugins_import_what_is_public(modules):
    """The core can be rebuilt inside, and no plugin notices."""
    plugins = [name for name in modules if name.partition(".")[0] not in ("optim_core", "optim_conformance")]
    told(reaches(plugins, modules, PUBLIC))


def test_the_kit_imports_what_is_public_and_what_reads_plugin_classes(modules):
    """The kit judges a class by what the core sees of it."""
    kit = [name for name in modules if name.partition(".")[0] == "optim_conformance"]
    told(reaches(kit, modules, PUBLIC, OF_THE_KIT))


def test_the_command_stands_on_what_is_public(modules):
    """The command does little that a stranger's program could not."""
    command = [name for name in modules if name.startswith("optim_core.cli")]
    told(reaches(command, modules, PUBLIC, OF_THE_COMMAND))


def test_the_core_does_not_import_its_command(modules, of_core):
    """Whoever imports optim_core imports no click; `python -m optim_core` is the command."""
    below = [name for name in of_core if not name.startswith(("optim_core.cli", "optim_core.__main__"))]
    others = set(below)
    told(reaches(below, modules, others))


def test_packages_inside_import_nothing(modules):
    """A package costs its docstring; what it imported would cost everybody who needs one of its modules."""
    tops = {name for name in modules if "." not in name}
    told(inits_with_code(modules, INITS | tops))


def test_a_folder_has_about_fifteen_files(modules):
    """A folder has one subject, but for those whose files are alike, which may be many."""
    told(crowded_folders(modules, MOST, ALIKE))


def test_the_folders_of_files_that_are_alike_are_there(modules):
    """No folder stays without a limit after it was renamed."""
    assert ALIKE <= {name.rpartition(".")[0] for name in modules}


def test_the_core_imports_no_torch_at_module_level(of_core):
    """A config is read on a machine without it; functions import what they need."""
    told(heavy_imports(of_core, HEAVY))


@pytest.mark.parametrize(
    "back",
    [
        "from zoo.cat import Cat\n",
        "import zoo.cat\n",
        "from .cat import Cat\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from zoo.cat import Cat\n",
        "def build():\n    from zoo.cat import Cat\n    return Cat\n",
        "from zoo import cat\n",
    ],
)
def test_a_circle_is_found_however_it_is_imported(tree, back):
    """The line names the file of each import in it, and the way around."""
    modules = tree(zoo__cat="from zoo.dog import Dog\n", zoo__dog=back, zoo__eel="from zoo.cat import Cat\n")
    found = circles(modules)

    assert 2 == len(found)
    assert f"{modules['zoo.cat']}:1: zoo.cat -> zoo.dog -> zoo.cat is a circle of imports" == found[0]
    assert found[1].startswith(f"{modules['zoo.dog']}:")


def test_a_circle_through_a_package_is_found(tree):
    """What a package imports runs before each of its modules."""
    modules = tree(zoo__pets__cat="", zoo__dog="from zoo.pets.cat import Cat\n")
    modules["zoo.pets"].write_text("from zoo.dog import Dog\n", encoding="utf-8")
    assert [f"{modules['zoo.dog']}:1: zoo.dog -> zoo.pets -> zoo.dog is a circle of imports"] == [
        line for line in circles(modules) if "dog.py" in line
    ]


def test_a_package_that_hands_on_its_modules_is_no_circle(tree):
    """The modules of a package do not import it by standing below it."""
    modules = tree(zoo__cat="", zoo__dog="from zoo.cat import Cat\n")
    modules["zoo"].write_text("from zoo.dog import Dog\n", encoding="utf-8")
    assert [] == circles(modules)


@pytest.mark.parametrize(
    "line", ["from optim_core.inner import a", "from optim_core import inner", "import optim_core.inner"]
)
def test_a_reach_into_the_core_is_found(tree, line):
    """The line names the file and the module; a name that the package hands on is the package's."""
    modules = tree(optim_core__inner="", optim_core__errors="", zoo="from optim_core.errors import E\n" + line)
    fault = f"{modules['zoo']}:2: imports optim_core.inner, which is not public"

    assert [fault] == reaches(["zoo"], modules, {"optim_core", "optim_core.errors"})
    assert [] == reaches(["zoo"], modules, {"optim_core.errors"}, {"optim_core.inner"})


def test_a_name_that_the_core_hands_on_is_public(tree):
    """A name such as `optim_core.registry`, which is a module and an object, may be imported from the package."""
    modules = tree(optim_core__inner="inner = 1\n", zoo="from optim_core import inner\n")
    modules["optim_core"].write_text("from optim_core.inner import inner\n", encoding="utf-8")
    assert [] == reaches(["zoo"], modules, {"optim_core"})


def test_code_in_a_package_is_found(tree):
    """A package with more than a docstring is told with the line of the code, and one without a docstring is told."""
    modules = tree(zoo__cat="", zoo__pets__dog="")
    modules["zoo"].write_text('"""Animals."""\nfrom zoo.cat import Cat\n', encoding="utf-8")
    found = inits_with_code(modules, ())

    assert [modules["zoo"], modules["zoo.pets"]] == [Path(line.partition(".py:")[0] + ".py") for line in found]
    assert f"{modules['zoo']}:2: the __init__.py" in found[0]
    assert [] == inits_with_code(modules, {"zoo", "zoo.pets"})


def test_a_folder_with_too_many_files_is_found(tree):
    """A folder's packages do not count, and one that has no limit is passed over."""
    modules = tree(zoo__cat="", zoo__dog="", zoo__eel="", zoo__pets__ape="")
    assert [f"{modules['zoo'].parent}: holds 3 modules, and at most 2 are allowed"] == crowded_folders(modules, 2, ())
    assert [] == crowded_folders(modules, 3, ())
    assert [] == crowded_folders(modules, 2, {"zoo"})


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import torch\n", [1]),
        ("import os\n\nfrom torch.nn import Module\n", [3]),
        ("try:\n    import torch.optim\nexcept ImportError:\n    import numpy\n", [2, 4]),
        ("class Cat:\n    import torch\n", [2]),
        ("def cat():\n    import torch\n", []),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\n", []),
        ("from zoo.torch import x\nfrom .torch import y\nimport torchless\n", []),
    ],
)
def test_an_import_of_torch_at_module_level_is_found(tree, source, lines):
    """An import counts in whatever statement, but for functions and what type checkers alone read."""
    modules = tree(zoo__cat=source)
    file = modules["zoo.cat"]
    assert [f"{file}:{line}" for line in lines] == [line.rpartition(": ")[0] for line in heavy_imports(modules, HEAVY)]
